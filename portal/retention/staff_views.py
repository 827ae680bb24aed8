"""Retention for both sides that must agree: what is due, the lists, the approvals, the holds."""

from dataclasses import dataclass

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.clocks.rules import SHANGHAI
from portal.core.actor import ActorKind
from portal.core.errors import NotFound, RuleBroken
from portal.core.permissions import Permission, can
from portal.ledgers.models import EntryKind
from portal.retention import actions, queries
from portal.retention.actions import DrawList, PlaceHold, ReleaseHold
from portal.retention.due import counted_ledgers
from portal.retention.forms import DecisionForm, HoldForm, PlainForm
from portal.retention.rules import LIST_STATES, ListState

bp = Blueprint("retention_staff", __name__, url_prefix="/staff/retention")

TOLD = "told"  # one sentence for the next page
KINDS = {
    EntryKind.COMPLAINT: "投诉",
    EntryKind.RETURN: "退换货",
    EntryKind.AMENDMENT: "更正",
    EntryKind.DISPOSAL: "清除",
}


@bp.get("")
def show() -> ResponseReturnValue:
    """Show the term, what is due, the lists and the holds."""
    return overview(HoldForm(formdata=None))


@bp.post("/draw")
def draw() -> ResponseReturnValue:
    """Draw a list of what is due."""
    database, actor = web.database(), web.current_actor()
    own = actor.kind is ActorKind.MERCHANT
    merchant_id = (
        (actor.organisation_id or 0) if own else queries.merchant_of_code(database, actor, request.form.get("code", ""))
    )
    try:
        row = web.perform(actions.draw_list, DrawList(merchant_id))
    except RuleBroken as objection:
        session[TOLD] = objection.text
        return redirect(url_for(".show"), code=303)
    session[TOLD] = _("已拟定清单，须由企业负责人和监管部门分别批准。")
    return redirect(url_for(".show_list", reference=row.reference), code=303)


@bp.get("/lists/<reference>")
def show_list(reference: str) -> ResponseReturnValue:
    """Show one list with its entries."""
    return list_page(reference, DecisionForm(formdata=None))


@bp.post("/lists/<reference>")
def decide(reference: str) -> ResponseReturnValue:
    """Approve or reject a list."""
    form = DecisionForm()
    if not form.validate_on_submit():
        return list_page(reference, form, status=422)
    try:
        web.perform(actions.decide_list, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return list_page(reference, form, status=422)
    session[TOLD] = _("审批意见已记录。")
    return redirect(url_for(".show_list", reference=reference), code=303)


@bp.post("/holds")
def place_hold() -> ResponseReturnValue:
    """Keep a ledger or an entry from erasure."""
    form = HoldForm()
    if not form.validate_on_submit():
        return overview(form, status=422)
    try:
        merchant_id = queries.merchant_of_code(web.database(), web.current_actor(), form.code.data)
        web.perform(actions.place_hold, PlaceHold(merchant_id, form.reason.data.strip(), form.seq.data))
    except (NotFound, RuleBroken) as objection:
        objection.field = objection.field or "code"
        web.show_objection(form, objection)
        return overview(form, status=422)
    session[TOLD] = _("已冻结，冻结期间不清除。")
    return redirect(url_for(".show"), code=303)


@bp.post("/holds/<reference>/release")
def release_hold(reference: str) -> ResponseReturnValue:
    """Release a hold."""
    try:
        web.perform(actions.release_hold, ReleaseHold(reference))
        session[TOLD] = _("已解除冻结。")
    except RuleBroken as objection:
        session[TOLD] = objection.text
    return redirect(url_for(".show"), code=303)


def overview(form: HoldForm, status: int = 200) -> ResponseReturnValue:
    """Render the overview for a merchant or an authority."""
    database, actor = web.database(), web.current_actor()
    if actor.kind not in (ActorKind.MERCHANT, ActorKind.AUTHORITY):
        raise NotFound(_("没有台账。"))
    own = actor.kind is ActorKind.MERCHANT
    here = _Place(merchant_id=actor.organisation_id) if own else _Place(authority_id=actor.organisation_id)
    return web.page(
        "retention/staff_overview.html",
        status=status,
        layout=f"layouts/{'merchant' if own else 'regulator'}.html",
        own=queries.own_term(database, actor.organisation_id or 0, now=web.now()) if own else None,
        due=[] if own else counted_ledgers(database, authority_ids=sorted(actor.jurisdiction)),
        lists=queries.lists(database, actor, request.args.get("cursor")),
        holds=queries.holds(database, actor),
        states=LIST_STATES,
        may_draw=can(actor, Permission.DISPOSAL_DRAW, here),
        may_hold=can(actor, Permission.HOLD_PLACE, here),
        form=form,
        zone=SHANGHAI,
        told=session.pop(TOLD, None),
        failed=status != 200,
    )


def list_page(reference: str, form: DecisionForm, status: int = 200) -> ResponseReturnValue:
    """Render one list."""
    database, actor = web.database(), web.current_actor()
    found = queries.one_list(database, actor, reference)
    own = actor.kind is ActorKind.MERCHANT
    return web.page(
        "retention/staff_list.html",
        status=status,
        layout=f"layouts/{'merchant' if own else 'regulator'}.html",
        found=found,
        items=queries.items(database, found, request.args.get("cursor")),
        may_decide=found.row.state is ListState.DRAWN,
        form=form,
        plain=PlainForm(formdata=None),
        states=LIST_STATES,
        kinds=KINDS,
        zone=SHANGHAI,
        told=session.pop(TOLD, None),
        failed=status != 200,
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """One's own merchant or authority, as the access table asks for it."""

    merchant_id: int | None = None
    authority_id: int | None = None
