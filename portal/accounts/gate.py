"""The gate before every view: who is signed in, for how long, and whether this door is theirs."""

import time
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from flask import Flask, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, current_user

from portal import web
from portal.accounts import queries
from portal.accounts.queries import SignedIn
from portal.accounts.rooms import is_for_practice
from portal.core.actor import VISITOR, Actor, ActorKind
from portal.core.errors import NotFound

IDLE_MINUTES = 30  # our limit; GB/T 22239 身份鉴别 b asks for one without a number
SEEN_EVERY = 30  # seconds: by so much the idle time is counted too early at most


@dataclass(frozen=True, slots=True)
class User:
    """What Flask-Login keeps of a request's person."""

    live: SignedIn
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    @property
    def actor(self) -> Actor:
        """The actor behind the session; a visitor while the sign-in is unfinished or has gone to sleep."""
        return VISITOR if is_idle() or unfinished_sign_in(self.live) else self.live.actor

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
    _note_presence()
    if next_step := unfinished_sign_in(current_user.live):
        wanted = f"?next={quote(wanted_page())}" if request.method == "GET" else ""
        return redirect(f"{next_step}{wanted}", code=303)
    if web.current_actor().kind not in audience:
        raise NotFound("没有这个页面。")
    if web.current_actor().in_practice and not is_for_practice(request.endpoint):
        raise NotFound("练习环境里没有这个页面。请先回到工作。")
    return None


def wanted_page() -> str:
    """The page to come back to: the one that is asked for, or the one whose form was sent."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    form = urlsplit(request.referrer or "")
    return form._replace(scheme="", netloc="").geturl() if form.netloc == request.host else "/"


def half_signed() -> SignedIn | None:
    """Who gave a name and a password a moment ago, whether or not the sign-in is finished; None for a visitor."""
    if not current_user.is_authenticated or is_idle():
        return None
    live: SignedIn = current_user.live
    return live


def is_idle() -> bool:
    """Say whether the session slept longer than it may."""
    return time.time() - session.get("seen", 0) > IDLE_MINUTES * 60


def _note_presence() -> None:
    now = int(time.time())
    if not 0 <= now - session.get("seen", 0) < SEEN_EVERY:  # each change signs and sends the cookie again
        session["seen"] = now


def ask_to_sign_in() -> ResponseReturnValue:
    """Send the visitor to the sign-in page and back afterwards; htmx follows by itself."""
    target = f"{url_for('accounts_public.sign_in')}?next={quote(wanted_page())}"
    if web.wants_fragment():
        return "", 401, {"HX-Redirect": target}
    return redirect(target, code=303)


def unfinished_sign_in(live: SignedIn) -> str | None:
    """Where a half-signed-in person must go first: a new password, or the second factor of authority roles."""
    if live.must_change_password:
        return url_for("accounts_public.new_password")
    if (live.has_second_factor or needs_second_factor(live)) and not session.get("second_factor"):
        return url_for("accounts_public.show_second_factor")
    return None


def needs_second_factor(live: SignedIn) -> bool:
    """Say whether the role demands a second factor: authorities' people, outside a demo."""
    described = web.runtime().clock.describe()
    return live.actor.kind is ActorKind.AUTHORITY and not (described and described.demo)
