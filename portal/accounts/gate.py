"""The gate before every view: who is signed in, for how long, and whether this door is theirs."""

import time
from dataclasses import dataclass
from urllib.parse import quote

from flask import Flask, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, current_user

from portal import web
from portal.accounts import queries
from portal.accounts.queries import SignedIn
from portal.core.actor import Actor, ActorKind
from portal.core.errors import NotFound

IDLE_MINUTES = 30  # our limit; GB/T 22239 身份鉴别 b asks for one without a number

OPEN_TO_HALF_SIGNED = frozenset({"accounts_public", "static"})


@dataclass(frozen=True, slots=True)
class User:
    """What Flask-Login keeps of a request's person."""

    live: SignedIn
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    @property
    def actor(self) -> Actor:
        """The actor behind the session."""
        return self.live.actor

    def get_id(self) -> str:
        """Membership and stamp, as the cookie holds them."""
        return f"{self.live.membership_id}:{self.live.stamp}"


def install(app: Flask, login: LoginManager) -> None:
    """Hang the gate before every view of the application."""
    login.user_loader(load_user)
    login.session_protection = None  # addresses of phones change; the stamp and the idle limit protect instead
    app.before_request(guard)


def load_user(cookie: str) -> User | None:
    """Find the person behind a cookie; None ends the session."""
    membership, _, stamp = cookie.partition(":")
    if not membership.isdigit():
        return None
    live = queries.signed_in(web.database(), int(membership), stamp)
    return User(live) if live else None


def guard() -> ResponseReturnValue | None:
    """Let in who belongs here; strangers get what a missing page gives, visitors the sign-in page."""
    blueprint = request.blueprint or ""
    if request.endpoint is None or request.endpoint == "static":
        return None
    audience = web.AUDIENCES[blueprint.rpartition("_")[2]]
    if ActorKind.VISITOR in audience:
        return None
    if not current_user.is_authenticated or is_idle():
        session.clear()
        return ask_to_sign_in()
    session["seen"] = int(time.time())
    if next_step := unfinished_sign_in(current_user.live):
        return redirect(next_step, code=303)
    if web.current_actor().kind not in audience:
        raise NotFound("没有这个页面。")
    return None


def is_idle() -> bool:
    """Say whether the session slept longer than it may."""
    return time.time() - session.get("seen", 0) > IDLE_MINUTES * 60


def ask_to_sign_in() -> ResponseReturnValue:
    """Send the visitor to the sign-in page and back afterwards; htmx follows by itself."""
    wanted = request.full_path.rstrip("?") if request.method == "GET" else request.referrer or "/"
    target = f"{url_for('accounts_public.sign_in')}?next={quote(wanted)}"
    if web.wants_fragment():
        return "", 401, {"HX-Redirect": target}
    return redirect(target, code=303)


def unfinished_sign_in(live: SignedIn) -> str | None:
    """Where a half-signed-in person must go first: a new password, or the second factor of authority roles."""
    if live.must_change_password:
        return url_for("accounts_public.change_password")
    described = web.runtime().clock.describe()
    needs_factor = live.actor.kind is ActorKind.AUTHORITY and not (described and described.demo)
    if (needs_factor or live.has_second_factor) and not session.get("second_factor"):
        return url_for("accounts_public.second_factor")
    return None
