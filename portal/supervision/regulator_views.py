"""Inspections as the authority keeps them: record, re-check, list."""

from flask import redirect, request, send_file, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.core.errors import NotFound, RuleBroken
from portal.core.permissions import Permission, can
from portal.supervision import (
    actions,
    desk_views,
    figure_views,
    listing,
    queries,
    sanction_views,
    trigger_views,
    violation_views,
    visit_views,
)
from portal.supervision.desk_views import TOLD, XLSX
from portal.supervision.forms import InspectionForm, RecheckForm
from portal.supervision.listing import ExportInspections
from portal.supervision.rules import FINDING_NAMES, MANNER_NAMES, STATE_NAMES, InspectionEvent, allows

bp = desk_views.regulator
PARTS = (
    sanction_views,
    trigger_views,
    visit_views,
    violation_views,
    figure_views,
)  # their doors stand in the same desk

LIST = "/regulator/inspections"


@bp.get("/inspections")
def list_inspections() -> ResponseReturnValue:
    """List the inspections of the jurisdiction."""
    found = listing.list_page(web.database(), web.current_actor(), request.args, LIST)
    return web.page("supervision/regulator_list.html", **found)


@bp.post("/inspections/export")
def export() -> ResponseReturnValue:
    """Give the list as XLSX; that it left the house is recorded."""
    content = web.perform(listing.export_inspections, ExportInspections(listing.filter_of(request.args)))
    return send_file(content, XLSX, as_attachment=True, download_name="台账检查.xlsx")


@bp.get("/inspections/new")
def new() -> ResponseReturnValue:
    """Show the form of a record, for the merchant that the address names."""
    return record_page(InspectionForm(formdata=None, data={"code": request.args.get("code", "")}))


@bp.post("/inspections/new")
def record() -> ResponseReturnValue:
    """Store the record of an inspection."""
    form = InspectionForm()
    if not form.validate_on_submit():
        return record_page(form, status=422)
    try:
        row = web.perform(actions.record_inspection, form.command())
    except (NotFound, RuleBroken) as objection:
        web.show_objection(form, objection)
        return record_page(form, status=422)
    session[TOLD] = _("已登记，企业会收到通知并确认。")
    return redirect(url_for(".show", reference=row.reference), code=303)


@bp.get("/inspections/<reference>")
def show(reference: str) -> ResponseReturnValue:
    """Show one inspection."""
    return inspection_page(reference, RecheckForm(formdata=None))


@bp.post("/inspections/<reference>/recheck")
def recheck(reference: str) -> ResponseReturnValue:
    """Record the re-check."""
    form = RecheckForm()
    if not form.validate_on_submit():
        return inspection_page(reference, form, status=422)
    try:
        web.perform(actions.recheck_inspection, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return inspection_page(reference, form, status=422)
    session[TOLD] = _("复查结果已登记。")
    return redirect(url_for(".show", reference=reference), code=303)


def record_page(form: InspectionForm, status: int = 200) -> ResponseReturnValue:
    """Render the form of a record."""
    return web.page("supervision/regulator_new.html", status=status, form=form)


def inspection_page(reference: str, form: RecheckForm, status: int = 200) -> ResponseReturnValue:
    """Render one inspection with what the authority can do."""
    actor = web.current_actor()
    found = queries.inspection_page(web.database(), actor, reference)
    may = can(actor, Permission.INSPECTION_RECORD, found.row)
    return web.page(
        "supervision/regulator_inspection.html",
        status=status,
        found=found,
        may_recheck=may and allows(found.row.state, InspectionEvent.PASS_RECHECK),
        form=form,
        state=STATE_NAMES[found.row.state],
        manners=MANNER_NAMES,
        kinds=FINDING_NAMES,
        told=session.pop(TOLD, None),
    )
