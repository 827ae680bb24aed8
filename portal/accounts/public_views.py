"""The doors that everyone may try: sign-in, then whatever finishes it; and out again."""

import time
from urllib.parse import urlsplit

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_user, logout_user

from portal import web
from portal.accounts import actions, gate, people, queries, second_factor
from portal.accounts.actions import SignInOutcome, SignInResult
from portal.accounts.forms import CodeForm, NewPasswordForm, SignInForm
from portal.accounts.gate import User
from portal.accounts.people import ChangeResult
from portal.accounts.qr import qr_of
from portal.accounts.queries import SignedIn
from portal.accounts.second_factor import FactorResult
from portal.core.actor import ActorKind
from portal.core.errors import NotFound, RuleBroken
from portal.extensions import limiter

bp = Blueprint("accounts_public", __name__)

HOMES = {
    ActorKind.MERCHANT: "/merchant/",
    ActorKind.AUTHORITY: "/regulator/",
    ActorKind.ADMIN: "/admin/",
}
PENDING = "pending_factor"  # the sealed secret of a set-up, in the session's cookie
PENDING_SEAL = "person.totp.pending"
NOT_THE_PRESENT_ONE = "现在的密码不对。请重新输入。"


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
    live = open_session(outcome.membership_ids[0], outcome.stamp)
    target = safe_target(form.next.data)
    if len(outcome.membership_ids) > 1:
        return redirect(url_for(".organisations", next=target), code=303)
    return redirect(target or HOMES[live.actor.kind], code=303)


@bp.get("/choose-organisation")
def organisations() -> ResponseReturnValue:
    """Show for whom a person may work."""
    live = gate.half_signed()
    if live is None:
        return gate.ask_to_sign_in()
    return web.page(
        "accounts/public_organisations.html",
        choices=queries.choices_of(web.database(), live.person_id),
        next=safe_target(request.args.get("next")) or "",
    )


@bp.post("/choose-organisation")
def choose_organisation() -> ResponseReturnValue:
    """Go on for another organisation; what was proven at sign-in stays proven."""
    live = gate.half_signed()
    if live is None:
        return gate.ask_to_sign_in()
    wanted = request.form.get("code", "")
    chosen = [one for one in queries.choices_of(web.database(), live.person_id) if one.code == wanted]
    if not chosen:
        raise NotFound(_("你不是这个单位的人员。"))
    live = open_session(chosen[0].membership_id, live.stamp, proven=bool(session.get("second_factor")))
    return redirect(safe_target(request.form.get("next")) or HOMES[live.actor.kind], code=303)


@bp.get("/second-factor")
def show_second_factor() -> ResponseReturnValue:
    """Ask for the code of the second factor, or show how to set one up."""
    live = gate.half_signed()
    if live is None:
        return gate.ask_to_sign_in()
    return factor_page(live, CodeForm(next=request.args.get("next", "")))


@bp.post("/second-factor")
@limiter.limit("30 per minute")
def prove() -> ResponseReturnValue:
    """Take a code: as the proof of a sign-in, or of a set-up."""
    live = gate.half_signed()
    if live is None:
        return gate.ask_to_sign_in()
    form = CodeForm()
    if not form.validate_on_submit():
        return factor_page(live, form, status=422)
    web.act_as(live.actor)
    if objection := proven(live, form) if live.has_second_factor else set_up(form):
        form.code.errors = [objection]
        return factor_page(live, form, status=422)
    session["second_factor"] = True
    return redirect(safe_target(form.next.data) or HOMES[live.actor.kind], code=303)


@bp.get("/new-password")
def new_password() -> ResponseReturnValue:
    """Show the form for one's own new password."""
    live = gate.half_signed()
    if live is None:
        return gate.ask_to_sign_in()
    return password_page(live, NewPasswordForm())


@bp.post("/new-password")
@limiter.limit("30 per minute")
def change_password() -> ResponseReturnValue:
    """Change one's own password; this session goes on, every other one ends."""
    live = gate.half_signed()
    if live is None:
        return gate.ask_to_sign_in()
    form = NewPasswordForm()
    if not form.validate_on_submit():
        return password_page(live, form, status=422)
    web.act_as(live.actor)
    try:
        changed = web.perform(people.change_password, form.command())
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return password_page(live, form, status=422)
    if changed.result is not ChangeResult.CHANGED:
        locked = changed.result is ChangeResult.LOCKED
        form.current.errors = [second_factor.OBJECTIONS[FactorResult.LOCKED] if locked else _(NOT_THE_PRESENT_ONE)]
        return password_page(live, form, status=422)
    live = open_session(live.membership_id, changed.stamp, proven=bool(session.get("second_factor")))
    return redirect(HOMES[live.actor.kind], code=303)


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """Close the session."""
    logout_user()
    session.clear()
    return redirect(url_for(".sign_in"), code=303)


def open_session(membership_id: int, stamp: str, *, proven: bool = False) -> SignedIn:
    """Start a fresh session for a membership; the old one's contents are dropped, but for a proven second factor."""
    session.clear()
    live = queries.signed_in(web.database(), membership_id, stamp)
    assert live is not None
    session["seen"] = int(time.time())
    if proven:
        session["second_factor"] = True
    login_user(User(live))
    return live


def factor_page(live: SignedIn, form: CodeForm, status: int = 200) -> ResponseReturnValue:
    """The page that asks for a code; with the secret to be learnt where there is none yet."""
    failed = status != 200
    if live.has_second_factor:
        return web.page("accounts/public_second_factor.html", status=status, form=form, failed=failed)
    secret = pending_secret()
    address = second_factor.address_of(secret, live.sign_in_name)
    grouped = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    return web.page(
        "accounts/public_second_factor_setup.html",
        status=status,
        form=form,
        failed=failed,
        qr=qr_of(address),
        secret=grouped,
        compulsory=gate.needs_second_factor(live),
    )


def pending_secret() -> str:
    """The secret of the set-up under way: made once, kept sealed in the cookie until a code proves it."""
    vault = web.runtime().config.vault
    if kept := session.get(PENDING):
        return vault.open_secret(bytes.fromhex(kept), PENDING_SEAL)
    secret = second_factor.new_secret()
    session[PENDING] = vault.seal_secret(secret, PENDING_SEAL).hex()
    return secret


def set_up(form: CodeForm) -> str | None:
    """Store the pending secret; says why not, or None."""
    try:
        web.perform(second_factor.set_second_factor, form.setting(pending_secret(), int(time.time())))
    except RuleBroken as objection:
        return objection.text
    session.pop(PENDING, None)
    return None


def proven(live: SignedIn, form: CodeForm) -> str | None:
    """Check a code of the second factor; says why not, or None."""
    result = web.perform(second_factor.confirm_second_factor, form.command(int(time.time())))
    return second_factor.OBJECTIONS.get(result)


def password_page(live: SignedIn, form: NewPasswordForm, status: int = 200) -> ResponseReturnValue:
    """The page of one's own new password."""
    return web.page(
        "accounts/public_new_password.html",
        status=status,
        form=form,
        failed=status != 200,
        first=live.must_change_password,
        sign_in_name=live.sign_in_name,
    )


def refusal(outcome: SignInOutcome) -> str:
    """Why nobody was let in, the same for a wrong name and a wrong password."""
    if outcome.result is SignInResult.LOCKED:
        return _("连续输错次数太多，这个登录名暂停使用 %(minutes)s 分钟。请稍后再试。", minutes=actions.LOCK_MINUTES)
    return _("登录名或密码不对。请检查后重新输入。")


def safe_target(target: str | None) -> str | None:
    """A path of this site to return to, or None for anything else."""
    parts = urlsplit(target or "")
    if parts.scheme or parts.netloc or not parts.path.startswith("/") or parts.path.startswith(("//", "/\\")):
        return None
    return target
