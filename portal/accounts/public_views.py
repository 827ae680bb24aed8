"""Signing in and out; the doors that everyone may try."""

import time
from urllib.parse import urlsplit

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_user, logout_user

from portal import web
from portal.accounts import actions, queries
from portal.accounts.actions import SignInOutcome, SignInResult
from portal.accounts.forms import SignInForm
from portal.accounts.gate import User
from portal.core.actor import Actor, ActorKind
from portal.extensions import limiter

bp = Blueprint("accounts_public", __name__)

HOMES = {
    ActorKind.MERCHANT: "/merchant/",
    ActorKind.AUTHORITY: "/regulator/",
    ActorKind.ADMIN: "/admin/",
}


@bp.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """Show the sign-in page."""
    return web.page("accounts/public_sign_in.html", form=SignInForm(next=request.args.get("next", "")))


@bp.post("/sign-in")
@limiter.limit("30 per minute")
def enter() -> ResponseReturnValue:
    """Check name and password and open a session."""
    form = SignInForm()
    if not form.validate_on_submit():
        return web.page("accounts/public_sign_in.html", status=422, form=form, failed=True)
    outcome = web.perform(actions.sign_in, form.command())
    if outcome.result is not SignInResult.OPEN or not outcome.membership_ids:
        form.form_errors = [*form.form_errors, refusal(outcome)]
        return web.page("accounts/public_sign_in.html", status=422, form=form, failed=True)
    actor = open_session(outcome.membership_ids[0], outcome.stamp)
    return redirect(safe_target(form.next.data) or HOMES[actor.kind], code=303)


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """Close the session."""
    logout_user()
    session.clear()
    return redirect(url_for(".sign_in"), code=303)


def open_session(membership_id: int, stamp: str) -> Actor:
    """Start a fresh session for a membership; the old one's contents are dropped."""
    session.clear()
    live = queries.signed_in(web.database(), membership_id, stamp)
    assert live is not None
    session["seen"] = int(time.time())
    login_user(User(live))
    return live.actor


def refusal(outcome: SignInOutcome) -> str:
    """Why nobody was let in, the same for a wrong name and a wrong password."""
    if outcome.result is SignInResult.LOCKED:
        return _("连续输错次数太多，这个登录名暂停使用 %(minutes)s 分钟。请稍后再试。", minutes=actions.LOCK_MINUTES)
    return _("登录名或密码不对。请检查后重新输入。")


def safe_target(target: str | None) -> str | None:
    """A path of this site to return to, or None for anything else."""
    parts = urlsplit(target or "")
    if parts.scheme or parts.netloc or not parts.path.startswith("/") or parts.path.startswith("//"):
        return None
    return target
