"""Officers' pages of what left triage without a merchant: kept by officers, returned to senders."""

from flask import flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.cases import lookups
from portal.cases.lookups import RecordExport
from portal.clocks import rules as clocks
from portal.clocks.queries import almanac
from portal.core.errors import RuleBroken
from portal.core.paging import shown_count
from portal.intake import aside, exports, keeping
from portal.intake.aside import REASONS, Aside, AsideFilter
from portal.intake.forms import KeepForm, RevealForm, RouteForm, SendBackForm
from portal.intake.triage import SOURCES
from portal.intake.triage_views import case_page, toast, views_of_triage

LISTS = {Aside.KEPT: ".kept", Aside.SENT_BACK: ".sent_back"}
EXPORTS = {Aside.KEPT: ".export_kept", Aside.SENT_BACK: ".export_sent_back"}


def keep_case(reference: str) -> ResponseReturnValue:
    """Handle the case oneself, with a reason."""
    form = KeepForm()
    if not form.validate_on_submit():
        return refused(reference, keep=form)
    try:
        web.perform(keeping.keep_case, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return refused(reference, keep=form)
    flash(_("%(reference)s 由你自行办理。", reference=reference))
    return redirect(url_for(".kept", keeper=aside.MINE), code=303)


def send_back(reference: str) -> ResponseReturnValue:
    """Return the case to its sender, with a reason."""
    form = SendBackForm()
    if not form.validate_on_submit():
        return refused(reference, back=form)
    try:
        web.perform(keeping.send_back, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return refused(reference, back=form)
    flash(_("%(reference)s 已退回来源单位，请在原平台同样退回。", reference=reference))
    return redirect(url_for(".sent_back"), code=303)


def refused(reference: str, *, keep: KeepForm | None = None, back: SendBackForm | None = None) -> ResponseReturnValue:
    """Render the waiting case again with what was chosen."""
    form, reveal = RouteForm(formdata=None), RevealForm(formdata=None)
    return case_page(reference, form, reveal, status=422, keep=keep, back=back)


def kept() -> ResponseReturnValue:
    """List the cases that officers of the jurisdiction handle themselves."""
    return list_page(Aside.KEPT)


def sent_back() -> ResponseReturnValue:
    """List the cases that were returned to their senders."""
    return list_page(Aside.SENT_BACK)


def export_kept() -> ResponseReturnValue:
    """Give the kept cases as a file, masked as on the page, and record it."""
    return export(Aside.KEPT, "自行办理")


def export_sent_back() -> ResponseReturnValue:
    """Give the returned filings in the platform's columns, to be returned there too, and record it."""
    return export(Aside.SENT_BACK, "退回来源单位")


def list_page(kind: Aside) -> ResponseReturnValue:
    """Render one of the two lists."""
    session, filters = web.database(), AsideFilter.read(kind, request.args)
    page, count = aside.put_aside(
        session, web.current_actor(), filters, request.args.get("cursor"), now=web.now(), book=almanac(session)
    )
    here = url_for(LISTS[kind])
    return web.page(
        f"intake/regulator_{kind.name.lower()}.html",
        rows=page.rows,
        page=page,
        count_text=shown_count(count),
        filters=filters,
        tabs=views_of_triage(kind.value),
        chips=filters.chips(here),
        address=filters.address(here),
        here=here,
        export_to=filters.address(url_for(EXPORTS[kind])),
        reasons=list(REASONS[kind].items()),
        sources=list(SOURCES.items()),
        zone=clocks.SHANGHAI,
        toast=toast(),
    )


def export(kind: Aside, title: str) -> ResponseReturnValue:
    """Write one of the two lists."""
    filters = AsideFilter.read(kind, request.args)
    web.perform(lookups.record_export, RecordExport(kind.value, filters.address("")))
    session = web.database()
    rows = aside.every_row(session, web.current_actor(), filters, now=web.now(), book=almanac(session))
    name = f"{title}-{clocks.local_day(web.now()).isoformat()}.xlsx"
    write = exports.kept_file if kind is Aside.KEPT else exports.sent_back_file
    return send_file(write(rows), as_attachment=True, download_name=name)
