"""Inspections as the merchant sees them: confirm the record, report what was put right."""

from typing import Any

from flask import redirect, request, send_file, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.core.errors import RuleBroken
from portal.core.permissions import Permission, can
from portal.supervision import actions, desk_views, listing, measure_views, queries, visit_merchant_views
from portal.supervision.desk_views import TOLD, XLSX
from portal.supervision.forms import ConfirmForm, RectifyForm
from portal.supervision.listing import ExportInspections
from portal.supervision.rules import FINDING_NAMES, MANNER_NAMES, STATE_NAMES, InspectionEvent, allows

bp = desk_views.merchant
PARTS = (measure_views, visit_merchant_views)  # their doors stand in the same desk

LIST = "/merchant/inspections"


@bp.get("/inspections")
def list_inspections() -> ResponseReturnValue:
    """List the inspections of one's own ledgers."""
    found = listing.list_page(web.database(), web.current_actor(), request.args, LIST)
    return web.page("supervision/merchant_list.html", **found)


@bp.post("/inspections/export")
def export() -> ResponseReturnValue:
    """Give the list as XLSX; that it left the house is recorded."""
    content = web.perform(listing.export_inspections, ExportInspections(listing.filter_of(request.args)))
    return send_file(content, XLSX, as_attachment=True, download_name="台账检查.xlsx")


@bp.get("/inspections/<reference>")
def show(reference: str) -> ResponseReturnValue:
    """Show one inspection."""
    return inspection_page(reference, ConfirmForm(formdata=None), RectifyForm(formdata=None))


@bp.post("/inspections/<reference>/confirm")
def confirm(reference: str) -> ResponseReturnValue:
    """Confirm the record."""
    form = ConfirmForm()
    if not form.validate_on_submit():
        return inspection_page(reference, form, RectifyForm(formdata=None), status=422)
    try:
        web.perform(actions.confirm_inspection, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return inspection_page(reference, form, RectifyForm(formdata=None), status=422)
    session[TOLD] = _("已确认。")
    return redirect(url_for(".show", reference=reference), code=303)


@bp.post("/inspections/<reference>/rectify")
def rectify(reference: str) -> ResponseReturnValue:
    """Report what was put right."""
    form = RectifyForm()
    if not form.validate_on_submit():
        return inspection_page(reference, ConfirmForm(formdata=None), form, status=422)
    try:
        web.perform(actions.report_rectification, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return inspection_page(reference, ConfirmForm(formdata=None), form, status=422)
    session[TOLD] = _("已报告整改，等待复查。")
    return redirect(url_for(".show", reference=reference), code=303)


def inspection_page(
    reference: str, confirming: ConfirmForm, rectifying: RectifyForm, status: int = 200
) -> ResponseReturnValue:
    """Render one inspection with what the merchant can do."""
    actor = web.current_actor()
    found = queries.inspection_page(web.database(), actor, reference)
    may: bool = can(actor, Permission.INSPECTION_ANSWER, found.row)
    known: dict[str, Any] = {
        "found": found,
        "may_confirm": may and actions.can_confirm(found.row),
        "may_rectify": may and allows(found.row.state, InspectionEvent.RECTIFY),
        "confirming": confirming,
        "rectifying": rectifying,
        "state": STATE_NAMES[found.row.state],
        "manners": MANNER_NAMES,
        "kinds": FINDING_NAMES,
    }
    return web.page("supervision/merchant_inspection.html", status=status, told=session.pop(TOLD, None), **known)
