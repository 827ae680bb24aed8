"""Mystery visits as the authority keeps them: plan, record, release, check again."""

from typing import Any

from flask import redirect, request, send_file, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy

from portal import web
from portal.core.errors import NotFound, RuleBroken
from portal.core.permissions import Permission, can
from portal.supervision import visit_listing, visits
from portal.supervision import visit_queries as queries
from portal.supervision.desk_views import TOLD, XLSX
from portal.supervision.desk_views import regulator as bp
from portal.supervision.forms import RecheckForm
from portal.supervision.rules.visits import LAPSE_NAMES, VISIT_STATES, VisitEvent, VisitState, visit_allows
from portal.supervision.visit_forms import PlanForm, VisitFilesForm, VisitForm, recheck_of_visit
from portal.supervision.visit_listing import ExportSupervision
from portal.supervision.visits import StepVisit

LIST = "/regulator/visits"
SAID = {
    VisitEvent.CANCEL: lazy("已取消。"),
    VisitEvent.RELEASE: lazy("已公开，企业会收到通知并整改。"),
    VisitEvent.CLOSE_UNSEEN: lazy("已办结。"),
}


@bp.get("/visits")
def list_visits() -> ResponseReturnValue:
    """List the visits of the jurisdiction."""
    known = visit_listing.visit_list(web.database(), web.current_actor(), request.args, LIST)
    return web.page("supervision/regulator_visits.html", **known)


@bp.post("/visits/export")
def export_visits() -> ResponseReturnValue:
    """Give the list as XLSX; that it left the house is recorded."""
    wanted = visit_listing.filter_of(request.args, VISIT_STATES)
    content = web.perform(visit_listing.export_visits, ExportSupervision(wanted))
    return send_file(content, XLSX, as_attachment=True, download_name="暗访.xlsx")


@bp.get("/visits/new")
def new_visit() -> ResponseReturnValue:
    """Show the form of a plan, for the promisor that the address names."""
    return planning_page(PlanForm(formdata=None, data={"code": request.args.get("code", "")}))


@bp.post("/visits/new")
def plan_visit() -> ResponseReturnValue:
    """Plan a visit."""
    form = PlanForm()
    if not form.validate_on_submit():
        return planning_page(form, status=422)
    try:
        row = web.perform(visits.plan_visit, form.command())
    except (NotFound, RuleBroken) as objection:
        web.show_objection(form, objection)
        return planning_page(form, status=422)
    session[TOLD] = _("已计划。走访后在本页登记结果，企业看不到。")
    return redirect(url_for(".show_visit", reference=row.reference), code=303)


@bp.get("/visits/<reference>")
def show_visit(reference: str) -> ResponseReturnValue:
    """Show one visit."""
    return visit_page(reference)


@bp.post("/visits/<reference>/record")
def record_visit(reference: str) -> ResponseReturnValue:
    """Store what a visit found."""
    form = VisitForm()
    if not form.validate_on_submit():
        return visit_page(reference, recording=form, status=422)
    try:
        web.perform(visits.record_visit, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return visit_page(reference, recording=form, status=422)
    session[TOLD] = _("已登记。公开以前企业看不到。")
    return redirect(url_for(".show_visit", reference=reference), code=303)


@bp.post("/visits/<reference>/files")
def add_visit_files(reference: str) -> ResponseReturnValue:
    """Store more photos."""
    form = VisitFilesForm()
    if not form.validate_on_submit():
        return visit_page(reference, adding=form, status=422)
    try:
        web.perform(visits.add_visit_files, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, RuleBroken(objection.text, field="more_files"))
        return visit_page(reference, adding=form, status=422)
    return redirect(url_for(".show_visit", reference=reference), code=303)


@bp.post("/visits/<reference>/cancel")
def cancel_visit(reference: str) -> ResponseReturnValue:
    """Cancel a plan."""
    return stepped(reference, VisitEvent.CANCEL)


@bp.post("/visits/<reference>/release")
def release_visit(reference: str) -> ResponseReturnValue:
    """Let the merchant read the record."""
    return stepped(reference, VisitEvent.RELEASE)


@bp.post("/visits/<reference>/close")
def close_visit(reference: str) -> ResponseReturnValue:
    """End a visit that needs nothing of the merchant."""
    return stepped(reference, VisitEvent.CLOSE_UNSEEN)


@bp.post("/visits/<reference>/recheck")
def recheck_visit(reference: str) -> ResponseReturnValue:
    """Record the re-check."""
    form = RecheckForm()
    if not form.validate_on_submit():
        return visit_page(reference, rechecking=form, status=422)
    try:
        web.perform(visits.recheck_visit, recheck_of_visit(form, reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return visit_page(reference, rechecking=form, status=422)
    session[TOLD] = _("复查结果已登记。")
    return redirect(url_for(".show_visit", reference=reference), code=303)


def stepped(reference: str, event: VisitEvent) -> ResponseReturnValue:
    """Take one step and show the visit again."""
    web.perform(visits.step_visit, StepVisit(reference, event))
    session[TOLD] = str(SAID[event])
    return redirect(url_for(".show_visit", reference=reference), code=303)


def planning_page(form: PlanForm, status: int = 200) -> ResponseReturnValue:
    """Render the form of a plan."""
    return web.page("supervision/regulator_visit_new.html", status=status, form=form)


def visit_page(
    reference: str,
    *,
    recording: VisitForm | None = None,
    adding: VisitFilesForm | None = None,
    rechecking: RecheckForm | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    """Render one visit with what the authority can do."""
    actor = web.current_actor()
    found = queries.visit_page(web.database(), actor, reference)
    row = found.row
    may: bool = can(actor, Permission.VISIT_RECORD, row)
    known: dict[str, Any] = {
        "found": found,
        "may_record": may and visit_allows(row.state, VisitEvent.VISIT),
        "may_add": may and row.state is not VisitState.PLANNED and row.closed_at is None,
        "may_release": may and visit_allows(row.state, VisitEvent.RELEASE) and row.merchant_id is not None,
        "may_close": may and visit_allows(row.state, VisitEvent.CLOSE_UNSEEN),
        "may_recheck": may and visit_allows(row.state, VisitEvent.PASS_RECHECK),
        "recording": recording or VisitForm(formdata=None),
        "adding": adding or VisitFilesForm(formdata=None),
        "rechecking": rechecking or RecheckForm(formdata=None),
        "state": VISIT_STATES[row.state],
        "kinds": LAPSE_NAMES,
        "told": session.pop(TOLD, None),
    }
    return web.page("supervision/regulator_visit.html", status=status, **known)
