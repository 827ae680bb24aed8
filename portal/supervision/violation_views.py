"""Breaches of promises as the authority handles them: record, decide, remove the promise or not."""

from typing import Any

from flask import redirect, request, send_file, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.core.errors import NotFound, RuleBroken
from portal.core.permissions import Permission, can
from portal.supervision import violations, visit_listing
from portal.supervision import visit_queries as queries
from portal.supervision.desk_views import TOLD, XLSX
from portal.supervision.desk_views import regulator as bp
from portal.supervision.rules.visits import SOURCE_NAMES, VIOLATION_STATES, ViolationState
from portal.supervision.visit_forms import AskRemovalForm, RemovalForm, VerdictForm, ViolationForm
from portal.supervision.visit_listing import ExportSupervision

LIST = "/regulator/violations"


@bp.get("/violations")
def list_violations() -> ResponseReturnValue:
    """List the breaches of the jurisdiction."""
    known = visit_listing.violation_list(web.database(), web.current_actor(), request.args, LIST)
    return web.page("supervision/regulator_violations.html", **known)


@bp.post("/violations/export")
def export_violations() -> ResponseReturnValue:
    """Give the list as XLSX; that it left the house is recorded."""
    wanted = visit_listing.filter_of(request.args, VIOLATION_STATES)
    content = web.perform(visit_listing.export_violations, ExportSupervision(wanted))
    return send_file(content, XLSX, as_attachment=True, download_name="违反承诺.xlsx")


@bp.get("/violations/new")
def new_violation() -> ResponseReturnValue:
    """Show the form of a breach, for what the address names."""
    known = {name: request.args.get(name, "") for name in ("code", "source", "source_reference")}
    return recording_page(ViolationForm(formdata=None, data=known))


@bp.post("/violations/new")
def record_violation() -> ResponseReturnValue:
    """Store a breach."""
    form = ViolationForm()
    if not form.validate_on_submit():
        return recording_page(form, status=422)
    try:
        row = web.perform(violations.record_violation, form.command())
    except (NotFound, RuleBroken) as objection:
        web.show_objection(form, objection)
        return recording_page(form, status=422)
    session[TOLD] = _("已登记，请核实。")
    return redirect(url_for(".show_violation", reference=row.reference), code=303)


@bp.get("/violations/<reference>")
def show_violation(reference: str) -> ResponseReturnValue:
    """Show one breach."""
    return violation_page(reference)


@bp.post("/violations/<reference>/decide")
def decide_violation(reference: str) -> ResponseReturnValue:
    """Confirm or dismiss it."""
    form = VerdictForm()
    if not form.validate_on_submit():
        return violation_page(reference, deciding=form, status=422)
    try:
        web.perform(violations.decide_violation, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return violation_page(reference, deciding=form, status=422)
    session[TOLD] = _("核实结果已登记。")
    return redirect(url_for(".show_violation", reference=reference), code=303)


@bp.post("/violations/<reference>/ask-removal")
def ask_removal(reference: str) -> ResponseReturnValue:
    """Put the removal before the chief."""
    form = AskRemovalForm()
    if not form.validate_on_submit():
        return violation_page(reference, asking=form, status=422)
    try:
        web.perform(violations.ask_removal, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return violation_page(reference, asking=form, status=422)
    session[TOLD] = _("已建议摘牌，由负责人决定。")
    return redirect(url_for(".show_violation", reference=reference), code=303)


@bp.post("/violations/<reference>/removal")
def decide_removal(reference: str) -> ResponseReturnValue:
    """Remove the promise, or leave it."""
    form = RemovalForm()
    if not form.validate_on_submit():
        return violation_page(reference, removing=form, status=422)
    try:
        web.perform(violations.decide_removal, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return violation_page(reference, removing=form, status=422)
    session[TOLD] = _("决定已登记。")
    return redirect(url_for(".show_violation", reference=reference), code=303)


def recording_page(form: ViolationForm, status: int = 200) -> ResponseReturnValue:
    """Render the form of a breach."""
    return web.page("supervision/regulator_violation_new.html", status=status, form=form)


def violation_page(
    reference: str,
    *,
    deciding: VerdictForm | None = None,
    asking: AskRemovalForm | None = None,
    removing: RemovalForm | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    """Render one breach with what the authority can do."""
    actor = web.current_actor()
    found = queries.violation_page(web.database(), actor, reference)
    state = found.row.state
    may: bool = can(actor, Permission.VIOLATION_DECIDE, found.row)
    chief: bool = can(actor, Permission.SANCTION_ORDER, found.row)
    known: dict[str, Any] = {
        "found": found,
        "may_decide": may and state is ViolationState.POSSIBLE,
        "may_ask": may and state is ViolationState.CONFIRMED and found.current is not None,
        "may_remove": chief and state is ViolationState.REMOVAL_ASKED,
        "deciding": deciding or VerdictForm(formdata=None),
        "asking": asking or AskRemovalForm(formdata=None),
        "removing": removing or RemovalForm(formdata=None),
        "state": VIOLATION_STATES[state],
        "states": VIOLATION_STATES,
        "sources": SOURCE_NAMES,
        "told": session.pop(TOLD, None),
    }
    return web.page("supervision/regulator_violation.html", status=status, **known)
