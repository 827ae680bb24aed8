"""Officers' pages of triage: waiting cases, one of them, giving them to merchants."""

from flask import flash, get_flashed_messages, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.cases import actions as case_actions
from portal.cases import lookups
from portal.cases.lookups import RecordExport
from portal.clocks import rules as clocks
from portal.clocks.queries import almanac
from portal.core.errors import RuleBroken
from portal.core.paging import shown_count
from portal.intake import dispatching, exports
from portal.intake import triage as queries
from portal.intake.dispatching import Confirmed, ConfirmRoutes
from portal.intake.forms import EmptyForm, KeepForm, RevealForm, RouteForm, SendBackForm
from portal.intake.triage import REASON_NAMES, SOURCES, TriageFilter
from portal.intake.triage_case import TriageCase, triage_case


def triage() -> ResponseReturnValue:
    """List the waiting cases of the jurisdiction."""
    return list_page(EmptyForm(formdata=None))


def confirm_routes() -> ResponseReturnValue:
    """Give the chosen cases each to its only suggestion."""
    form = EmptyForm()
    if not form.validate_on_submit():
        return list_page(form, status=422)
    try:
        outcome = web.perform(dispatching.confirm_routes, ConfirmRoutes(tuple(request.form.getlist("case"))))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return list_page(form, status=422)
    flash(said_of(outcome))
    return redirect(wanted().address(url_for(".triage")), code=303)


def said_of(outcome: Confirmed) -> str:
    """The outcome in a sentence."""
    said = _("已派发 %(count)s 件。", count=outcome.count)
    if not outcome.left:
        return said
    first = "；".join(f"{reference} {reason}" for reference, reason in outcome.left[:3])
    return said + _("%(count)s 件没有派发：%(first)s。", count=len(outcome.left), first=first)


def export_triage() -> ResponseReturnValue:
    """Give the list as a file, masked as on the page, and record it."""
    web.perform(lookups.record_export, RecordExport("triage", wanted().address("")))
    session = web.database()
    rows = queries.every_row(session, web.current_actor(), wanted(), now=web.now(), book=almanac(session))
    name = f"待分流-{clocks.local_day(web.now()).isoformat()}.xlsx"
    return send_file(exports.triage_file(rows), as_attachment=True, download_name=name)


def wanted() -> TriageFilter:
    """The filters of the address."""
    return TriageFilter.read(request.args)


def list_page(form: EmptyForm, status: int = 200) -> ResponseReturnValue:
    """Render the list."""
    session, filters = web.database(), wanted()
    page, count = queries.triage(
        session, web.current_actor(), filters, request.args.get("cursor"), now=web.now(), book=almanac(session)
    )
    return web.page(
        "intake/regulator_triage.html",
        status=status,
        rows=page.rows,
        page=page,
        count_text=shown_count(count),
        filters=filters,
        chips=filters.chips(url_for(".triage")),
        address=filters.address(url_for(".triage")),
        confirm_to=filters.address(url_for(".confirm_routes")),
        export_to=filters.address(url_for(".export_triage")),
        reasons=list(REASON_NAMES.items()),
        sources=list(SOURCES.items()),
        form=form,
        tabs=views_of_triage("triage"),
        failed=status != 200,
        toast=toast(),
    )


def views_of_triage(current: str) -> list[dict[str, object]]:
    """The three lists between which an officer goes: waiting, kept, returned."""
    lists = (
        ("triage", _("待分流"), url_for(".triage")),
        ("kept", _("自行办理"), url_for(".kept")),
        ("sent-back", _("退回来源单位"), url_for(".sent_back")),
    )
    return [{"label": label, "href": href, "current": name == current} for name, label, href in lists]


def toast() -> dict[str, object] | None:
    """What was done just before, once."""
    told = get_flashed_messages()
    return {"text": " ".join(str(one) for one in told), "undo": "", "seconds": 0} if told else None


def waiting_case(reference: str) -> ResponseReturnValue:
    """Show one waiting case with all there is to judge."""
    return case_page(reference, RouteForm(formdata=None), RevealForm(formdata=None))


def reveal_case(reference: str) -> ResponseReturnValue:
    """Open the consumer's particulars and the whole text for thirty minutes, with a reason."""
    form = RevealForm()
    if not form.validate_on_submit():
        return case_page(reference, RouteForm(formdata=None), form, status=422)
    web.perform(case_actions.reveal_consumer, form.case_command(reference))
    return redirect(url_for(".waiting_case", reference=reference), code=303)


def route_case(reference: str) -> ResponseReturnValue:
    """Give the case to the chosen merchant."""
    form = RouteForm()
    if not form.validate_on_submit():
        return case_page(reference, form, RevealForm(formdata=None), status=422)
    try:
        web.perform(dispatching.route_case, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return case_page(reference, form, RevealForm(formdata=None), status=422)
    flash(_("%(reference)s 已派发。", reference=reference))
    return redirect(url_for(".triage"), code=303)


def case_page(
    reference: str,
    form: RouteForm,
    reveal: RevealForm,
    status: int = 200,
    *,
    keep: KeepForm | None = None,
    back: SendBackForm | None = None,
) -> ResponseReturnValue:
    """Render one waiting case; what was typed is kept."""
    session, words = web.database(), request.args.get("m", "").strip()[:100]
    view: TriageCase = triage_case(
        session, web.current_actor(), reference, words=words, now=web.now(), book=almanac(session)
    )
    if status == 200 and view.draft:
        form.redacted.data = view.draft
    return web.page(
        "intake/regulator_waiting_case.html",
        status=status,
        view=view,
        form=form,
        reveal=reveal,
        keep=keep or KeepForm(formdata=None),
        back=back or SendBackForm(formdata=None),
        words=words,
        failed=status != 200,
    )
