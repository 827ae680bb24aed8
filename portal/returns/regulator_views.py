"""The authority's view of return requests: possible breaches first, always masked, closed with a finding."""

from flask import Blueprint, redirect, request, send_file, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.clocks.rules import local_day
from portal.core.errors import RuleBroken
from portal.core.permissions import Permission, can
from portal.returns import actions, listing, showing
from portal.returns.forms import FindingForm
from portal.returns.listing import ExportReturns
from portal.returns.merchant_views import XLSX

bp = Blueprint("returns_regulator", __name__, url_prefix="/regulator/returns-asked")

LIST = "/regulator/returns-asked"
TOLD = "return-found"


@bp.get("")
def list_requests() -> ResponseReturnValue:
    """List the jurisdiction's requests, possible breaches first."""
    found = listing.list_page(web.database(), web.current_actor(), request.args, LIST, now=web.now())
    return web.page("returns/regulator_list.html", **found)


@bp.post("/export")
def export() -> ResponseReturnValue:
    """Give the list as XLSX, masked; that it left the house is recorded."""
    wanted = listing.filter_of(request.args, web.current_actor())
    content = web.perform(listing.export_returns, ExportReturns(wanted))
    return send_file(content, XLSX, as_attachment=True, download_name=f"退货申请-{local_day(web.now())}.xlsx")


@bp.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    """Show one request, masked."""
    return _page(reference, FindingForm(formdata=None))


@bp.post("/<reference>/finding")
def find(reference: str) -> ResponseReturnValue:
    """Close a possible breach with a finding."""
    form = FindingForm()
    if not form.validate_on_submit():
        return _page(reference, form, status=422)
    try:
        web.perform(actions.find_breach, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return _page(reference, form, status=422)
    session[TOLD] = _("结论已登记，企业会看到。")
    return redirect(url_for(".show", reference=reference), code=303)


def _page(reference: str, form: FindingForm, status: int = 200) -> ResponseReturnValue:
    actor = web.current_actor()
    shown = showing.shown_to_staff(web.database(), actor, reference, now=web.now())
    made = shown.request
    open_breach = made.breach is not None and made.finding is None
    return web.page(
        "returns/regulator_request.html",
        status=status,
        shown=shown,
        form=form if open_breach and can(actor, Permission.RETURN_FIND, made) else None,
        history=showing.history(shown),
        told=session.pop(TOLD, ""),
        failed=status != 200,
    )
