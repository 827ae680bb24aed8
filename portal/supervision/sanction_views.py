"""Proposals and measures as the authority handles them: look, decide, check again."""

from typing import Any

from flask import redirect, request, send_file, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.clocks.rules import SHANGHAI
from portal.core.errors import NotFound, Refused, RuleBroken
from portal.core.permissions import Permission, can
from portal.supervision import measures, sanction_listing, sanctions
from portal.supervision import sanction_queries as queries
from portal.supervision.desk_views import TOLD, XLSX
from portal.supervision.desk_views import regulator as bp
from portal.supervision.rules.sanctions import (
    CHIEFS_OWN,
    LEVEL_NAMES,
    MEASURE_STATES,
    NOTE_NAMES,
    PROPOSAL_STATES,
    MeasureEvent,
    ProposalState,
    measure_allows,
    step_after,
)
from portal.supervision.rules.triggers import DEFINITIONS
from portal.supervision.sanction_forms import LIFT, DeclineForm, JudgeForm, OrderForm, ProposeForm
from portal.supervision.sanction_listing import ExportSanctions

PROPOSALS, MEASURES = "/regulator/sanctions", "/regulator/measures"


@bp.get("/sanctions")
def list_proposals() -> ResponseReturnValue:
    """List the proposals of the jurisdiction."""
    known = sanction_listing.proposal_list(web.database(), web.current_actor(), request.args, PROPOSALS)
    return web.page("supervision/regulator_sanctions.html", zone=SHANGHAI, **known)


@bp.post("/sanctions/export")
def export_proposals() -> ResponseReturnValue:
    """Give the list as XLSX; that it left the house is recorded."""
    wanted = sanction_listing.proposal_filter(request.args)
    content = web.perform(sanction_listing.export_proposals, ExportSanctions(wanted))
    return send_file(content, XLSX, as_attachment=True, download_name="处置建议.xlsx")


@bp.get("/sanctions/new")
def new_proposal() -> ResponseReturnValue:
    """Show the form of a proposal by hand, for the merchant that the address names."""
    return proposing_page(ProposeForm(formdata=None, data={"code": request.args.get("code", "")}))


@bp.post("/sanctions/new")
def propose() -> ResponseReturnValue:
    """Put a proposal by hand."""
    form = ProposeForm()
    if not form.validate_on_submit():
        return proposing_page(form, status=422)
    try:
        row = web.perform(sanctions.propose_by_hand, form.command())
    except (NotFound, RuleBroken) as objection:
        web.show_objection(form, objection)
        return proposing_page(form, status=422)
    session[TOLD] = _("已提出处置建议，请决定。")
    return redirect(url_for(".show_proposal", reference=row.reference), code=303)


@bp.get("/sanctions/<reference>")
def show_proposal(reference: str) -> ResponseReturnValue:
    """Show one proposal with its figures and what was done before."""
    return proposal_page(reference, DeclineForm(formdata=None), None)


@bp.post("/sanctions/<reference>/decline")
def decline(reference: str) -> ResponseReturnValue:
    """Decide that nothing is done."""
    form = DeclineForm()
    if not form.validate_on_submit():
        return proposal_page(reference, form, None, status=422)
    try:
        web.perform(sanctions.decline_proposal, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return proposal_page(reference, form, None, status=422)
    session[TOLD] = _("已决定不采取措施。")
    return redirect(url_for(".show_proposal", reference=reference), code=303)


@bp.post("/sanctions/<reference>/take")
def take(reference: str) -> ResponseReturnValue:
    """Take a measure."""
    form = OrderForm()
    if not form.validate_on_submit():
        return proposal_page(reference, DeclineForm(formdata=None), form, status=422)
    try:
        row = web.perform(sanctions.take_measure, form.taking(reference))
    except Refused as objection:
        if isinstance(objection, NotFound):
            raise
        web.show_objection(form, objection)
        return proposal_page(reference, DeclineForm(formdata=None), form, status=422)
    session[TOLD] = _("已作出监管措施，文书已生成，企业会收到通知。")
    return redirect(url_for(".show_measure", number=row.number), code=303)


@bp.get("/measures")
def list_measures() -> ResponseReturnValue:
    """List the measures of the jurisdiction."""
    known = sanction_listing.measure_list(web.database(), web.current_actor(), request.args, MEASURES)
    return web.page("supervision/regulator_measures.html", zone=SHANGHAI, **known)


@bp.post("/measures/export")
def export_measures() -> ResponseReturnValue:
    """Give the list as XLSX; that it left the house is recorded."""
    wanted = sanction_listing.measure_filter(request.args)
    content = web.perform(sanction_listing.export_measures, ExportSanctions(wanted))
    return send_file(content, XLSX, as_attachment=True, download_name="监管措施.xlsx")


@bp.get("/measures/<number>")
def show_measure(number: str) -> ResponseReturnValue:
    """Show one measure with everything about it."""
    return measure_page(number, JudgeForm(formdata=None), None)


@bp.post("/measures/<number>/judge")
def judge(number: str) -> ResponseReturnValue:
    """Lift a measure after the re-check, or keep it with a new day."""
    form = JudgeForm()
    if not form.validate_on_submit():
        return measure_page(number, form, None, status=422)
    try:
        if form.verdict.data == LIFT:
            web.perform(measures.lift_measure, form.lifting(number))
        elif longer := form.prolonging(number):
            web.perform(measures.prolong_measure, longer)
        else:
            return measure_page(number, form, None, status=422)
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return measure_page(number, form, None, status=422)
    session[TOLD] = _("复查结果已登记，企业会收到通知。")
    return redirect(url_for(".show_measure", number=number), code=303)


@bp.post("/measures/<number>/replace")
def replace(number: str) -> ResponseReturnValue:
    """Take the next step."""
    form = OrderForm()
    if not form.validate_on_submit():
        return measure_page(number, JudgeForm(formdata=None), form, status=422)
    try:
        row = web.perform(measures.replace_measure, form.replacing(number))
    except Refused as objection:
        if isinstance(objection, NotFound):
            raise
        web.show_objection(form, objection)
        return measure_page(number, JudgeForm(formdata=None), form, status=422)
    session[TOLD] = _("已转下一步措施，文书已生成，企业会收到通知。")
    return redirect(url_for(".show_measure", number=row.number), code=303)


def proposing_page(form: ProposeForm, status: int = 200) -> ResponseReturnValue:
    """Render the form of a proposal by hand."""
    return web.page("supervision/regulator_sanction_new.html", status=status, form=form)


def proposal_page(
    reference: str, declining: DeclineForm, ordering: OrderForm | None, status: int = 200
) -> ResponseReturnValue:
    """Render one proposal with what may be decided."""
    actor = web.current_actor()
    found = queries.proposal_page(web.database(), actor, reference)
    is_open = found.row.state is ProposalState.OPEN
    known: dict[str, Any] = {
        "found": found,
        "trigger": DEFINITIONS[found.row.code],
        "may_decide": is_open and can(actor, Permission.SANCTION_DECIDE, found.row),
        "may_order": can(actor, Permission.SANCTION_ORDER, found.row),
        "declining": declining,
        "ordering": ordering or OrderForm(formdata=None, data={"level": found.row.level.value}),
        "state": PROPOSAL_STATES[found.row.state],
        "levels": LEVEL_NAMES,
        "states": MEASURE_STATES,
        "zone": SHANGHAI,
    }
    return web.page("supervision/regulator_sanction.html", status=status, told=session.pop(TOLD, None), **known)


def measure_page(number: str, judging: JudgeForm, ordering: OrderForm | None, status: int = 200) -> ResponseReturnValue:
    """Render one measure with what may follow."""
    actor = web.current_actor()
    found = queries.measure_page(web.database(), actor, number)
    row = found.row
    chiefs = row.level in CHIEFS_OWN
    may = can(actor, Permission.SANCTION_ORDER if chiefs else Permission.SANCTION_DECIDE, row)
    known: dict[str, Any] = {
        "found": found,
        "trigger": DEFINITIONS[found.proposal.code],
        "may_judge": may and measure_allows(row.state, MeasureEvent.LIFT),
        "may_replace": may and measure_allows(row.state, MeasureEvent.REPLACE) and step_after(row.level) != row.level,
        "may_order": can(actor, Permission.SANCTION_ORDER, row),
        "judging": judging,
        "ordering": ordering or OrderForm(formdata=None, data={"level": step_after(row.level).value}),
        "opened": ordering is not None,
        "state": MEASURE_STATES[row.state],
        "levels": LEVEL_NAMES,
        "states": MEASURE_STATES,
        "notes": NOTE_NAMES,
        "zone": SHANGHAI,
    }
    return web.page("supervision/regulator_measure.html", status=status, told=session.pop(TOLD, None), **known)
