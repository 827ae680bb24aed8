"""One's own account, and the people of one's organisation: added, stopped, helped back in."""

import time

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from portal import web
from portal.accounts import actions, gate, import_views, passwords, people, queries, second_factor
from portal.accounts.forms import CodeForm, PersonForm
from portal.accounts.import_views import LAYOUTS
from portal.accounts.people import ResetPassword, ResetSecondFactor, SetActive
from portal.accounts.public_views import HOMES, open_session, safe_target
from portal.core.actor import MERCHANT_ROLES, ActorKind, Role
from portal.core.errors import NotFound, Refused
from portal.core.permissions import Permission, can

bp = Blueprint("accounts_staff", __name__)
bp.get("/staff/import")(import_views.start_import)
bp.get("/staff/import/template")(import_views.staff_template)
bp.post("/staff/import/check")(import_views.check_import)
bp.post("/staff/import")(import_views.carry_out_import)

HANDED = "handed_over"  # a first password, sealed, shown once on the next page
HANDED_SEAL = "person.handed"


@bp.get("/account")
def account() -> ResponseReturnValue:
    """Show one's own account."""
    return account_page(CodeForm())


@bp.post("/account/end-sessions")
def end_sessions() -> ResponseReturnValue:
    """End every other session; this one goes on."""
    live = current_user.live
    person = web.perform(actions.end_sessions, actions.EndSessions(live.person_id))
    open_session(live.membership_id, person.session_stamp, proven=bool(session.get("second_factor")))
    session["told"] = _("其他地方的登录都已结束。")
    return redirect(url_for(".account"), code=303)


@bp.post("/account/remove-second-factor")
def remove_second_factor() -> ResponseReturnValue:
    """Take off one's own second factor with a valid code, to set up another."""
    form = CodeForm()
    if not form.validate_on_submit():
        return account_page(form, status=422)
    result = web.perform(second_factor.remove_second_factor, form.command(int(time.time())))
    if objection := second_factor.OBJECTIONS.get(result):
        form.code.errors = [objection]
        return account_page(form, status=422)
    session.pop("second_factor", None)
    session["told"] = _("第二验证已停用。")
    return redirect(url_for(".account"), code=303)


@bp.post("/staff/switch-practice")
def switch_practice() -> ResponseReturnValue:
    """Go over to the practice tenant that was prepared, or back to work; what was proven at sign-in stays proven."""
    live = current_user.live
    membership_id = queries.other_side(web.database(), live.actor)
    if membership_id is None:
        raise NotFound(_("还没有练习环境。"))
    gone = open_session(membership_id, live.stamp, proven=bool(session.get("second_factor")))
    return redirect(HOMES[gone.actor.kind], code=303)


@bp.get("/staff", endpoint="people")
def people_list() -> ResponseReturnValue:
    """Show the people of one's own organisation."""
    return staff_page(None, PersonForm())


@bp.post("/staff/add")
def add_person() -> ResponseReturnValue:
    """Add someone with a first password that is shown once."""
    code = request.form.get("organisation") or None
    organisation = queries.organisation_seen(web.database(), web.current_actor(), code)
    form = PersonForm().offer(actions.roles_of(organisation.kind))
    if not form.validate_on_submit():
        return staff_page(code, form, status=422)
    password = passwords.generated_password()
    try:
        membership = web.perform(actions.add_person, form.command(organisation.code, password))
    except Refused as objection:
        web.show_objection(form, objection)
        return staff_page(code, form, status=422)
    hand_over(membership.person.name, membership.person.sign_in_name, password)
    return back_to_staff()


@bp.post("/staff/reset-password")
def reset_password() -> ResponseReturnValue:
    """Give someone a new password that is shown once."""
    password = passwords.generated_password()
    person = web.perform(people.reset_password, ResetPassword(request.form.get("person", ""), password))
    hand_over(person.name, person.sign_in_name, password)
    return back_to_staff()


@bp.post("/staff/reset-second-factor")
def reset_second_factor() -> ResponseReturnValue:
    """Remove the second factor of someone whose authenticator is gone."""
    person = web.perform(people.reset_second_factor, ResetSecondFactor(request.form.get("person", "")))
    session["told"] = _("%(name)s的第二验证已清除，下次登录时重新设置。", name=person.name)
    return back_to_staff()


@bp.post("/staff/deactivate")
def deactivate() -> ResponseReturnValue:
    """Stop someone's sign-in."""
    person = web.perform(people.set_active, SetActive(request.form.get("person", ""), active=False))
    session["told"] = _("%(name)s已停用，不能再登录。", name=person.name)
    return back_to_staff()


@bp.post("/staff/activate")
def activate() -> ResponseReturnValue:
    """Let someone sign in again."""
    person = web.perform(people.set_active, SetActive(request.form.get("person", ""), active=True))
    session["told"] = _("%(name)s可以重新登录。", name=person.name)
    return back_to_staff()


def account_page(form: CodeForm, status: int = 200) -> ResponseReturnValue:
    """One's own account: password, second factor, sessions, organisations."""
    live = current_user.live
    return web.page(
        "accounts/staff_account.html",
        status=status,
        layout=LAYOUTS[live.actor.kind],
        live=live,
        form=form,
        failed=status != 200,
        compulsory=gate.needs_second_factor(live),
        choices=queries.choices_of(web.database(), live.person_id),
        told=session.pop("told", None),
    )


def staff_page(code: str | None, form: PersonForm, status: int = 200) -> ResponseReturnValue:
    """The people of one organisation, with a form for a new one where the reader may add some."""
    actor = web.current_actor()
    organisation = queries.organisation_seen(web.database(), actor, code)
    is_admin = actor.kind is ActorKind.ADMIN
    roles = tuple(role for role in actions.roles_of(organisation.kind) if is_admin or role is not Role.ADMIN)
    return web.page(
        "accounts/staff_people.html",
        status=status,
        layout=LAYOUTS[actor.kind],
        failed=status != 200,
        organisation=organisation,
        people=queries.people_of(web.database(), actor, organisation),
        may_manage=can(actor, Permission.PERSON_MANAGE, actions.Belongs(organisation.id)),
        form=form.offer(roles),
        here=request.full_path.rstrip("?")
        if request.method == "GET"
        else safe_target(request.form.get("next")) or "/staff",
        handed=handed_over(),
        told=session.pop("told", None),
        now=web.now(),
        is_merchant=MERCHANT_ROLES.issuperset(roles),
    )


def hand_over(name: str, sign_in_name: str, password: str) -> None:
    """Keep a first password, sealed, for the very next page."""
    text = f"{name}\n{sign_in_name}\n{password}"
    session[HANDED] = web.runtime().config.vault.seal_secret(text, HANDED_SEAL).hex()


def handed_over() -> tuple[str, ...] | None:
    """The name, sign-in name and password to be handed over now; None at any later look."""
    sealed = session.pop(HANDED, None)
    if sealed is None:
        return None
    return tuple(web.runtime().config.vault.open_secret(bytes.fromhex(sealed), HANDED_SEAL).split("\n"))


def back_to_staff() -> ResponseReturnValue:
    """Return to the list that the form was on."""
    return redirect(safe_target(request.form.get("next")) or url_for(".people"), code=303)
