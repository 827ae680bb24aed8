"""Officers' pages of the register of tips; they stand under /regulator only."""

from flask import redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue

from portal import web
from portal.cases import lookups
from portal.cases.lookups import RecordExport
from portal.clocks import rules as clocks
from portal.core.paging import shown_count
from portal.intake import exports
from portal.intake import tips as register
from portal.intake.forms import RevealForm
from portal.intake.tips import SOURCES, TipFilter


def tips() -> ResponseReturnValue:
    """List the tips of the jurisdiction."""
    filters = TipFilter.read(request.args)
    page, count = register.tips(web.database(), web.current_actor(), filters, request.args.get("cursor"))
    return web.page(
        "intake/regulator_tips.html",
        rows=page.rows,
        page=page,
        count_text=shown_count(count),
        filters=filters,
        chips=filters.chips(url_for(".tips")),
        address=filters.address(url_for(".tips")),
        export_to=filters.address(url_for(".export_tips")),
        sources=list(SOURCES.items()),
        zone=clocks.SHANGHAI,
    )


def export_tips() -> ResponseReturnValue:
    """Give the register as a file, masked as on the page, and record it."""
    filters = TipFilter.read(request.args)
    web.perform(lookups.record_export, RecordExport("tips", filters.address("")))
    rows = register.every_row(web.database(), web.current_actor(), filters)
    name = f"举报-{clocks.local_day(web.now()).isoformat()}.xlsx"
    return send_file(exports.tips_file(rows), as_attachment=True, download_name=name)


def tip(source: str, number: str) -> ResponseReturnValue:
    """Show one tip, masked unless a look was granted."""
    return tip_page(source, number, RevealForm(formdata=None))


def reveal_tip(source: str, number: str) -> ResponseReturnValue:
    """Open a tip for thirty minutes, with a reason."""
    form = RevealForm()
    if not form.validate_on_submit():
        return tip_page(source, number, form, status=422)
    web.perform(register.reveal_tip, form.tip_command(source, number))
    return redirect(url_for(".tip", source=source, number=number), code=303)


def tip_page(source: str, number: str, form: RevealForm, status: int = 200) -> ResponseReturnValue:
    """Render one tip."""
    view = register.tip_view(web.database(), web.current_actor(), source, number, now=web.now())
    return web.page("intake/regulator_tip.html", status=status, view=view, form=form, failed=status != 200)
