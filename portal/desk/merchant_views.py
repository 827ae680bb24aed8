"""The merchant's desk: 今日, the worklist, one case, and what still has to be filled in elsewhere."""

from flask import Blueprint, get_flashed_messages, redirect, request, send_file
from flask.typing import ResponseReturnValue

from portal import web
from portal.cases import lookups
from portal.cases.filters import Filters
from portal.cases.forms import FilesForm, NoteForm, RevealForm, ViewForm, contact_form
from portal.cases.lookups import RecordExport
from portal.clocks.queries import almanac
from portal.clocks.rules import local_day
from portal.core import sheets
from portal.core.errors import RuleBroken
from portal.desk import found, level_views, merchant_page, screen, today, unfilled
from portal.desk.forms import ConsumerSearchForm
from portal.desk.merchant_page import LIST, Asked
from portal.settlements import queries as settlements
from portal.widgets import blank

bp = Blueprint("desk_merchant", __name__, url_prefix="/merchant")

bp.get("/levels")(level_views.levels)
bp.post("/levels/limits")(level_views.set_limits)
bp.post("/levels/substitutes")(level_views.name_substitute)
bp.post("/levels/substitutes/<substitution>/end")(level_views.end_substitute)


@bp.get("/", endpoint="today")
def show_today() -> ResponseReturnValue:
    """Show what burns; every number opens its list."""
    session = web.database()
    view = today.today(
        session,
        web.current_actor(),
        web.now(),
        almanac(session),
        lambda reference, filters: filters.address(f"{LIST}/{reference}"),
    )
    return web.page("desk/merchant_today.html", view=view, toast=said())


@bp.get("/cases")
def worklist() -> ResponseReturnValue:
    """List the merchant's cases under the filters of the address."""
    return worklist_page(ConsumerSearchForm(formdata=None))


@bp.post("/cases/find")
def find_consumer() -> ResponseReturnValue:
    """Look for a full phone number or name among the merchant's cases: a recorded act."""
    form = ConsumerSearchForm()
    if not form.validate_on_submit():
        return worklist_page(form, status=422)
    try:
        sought = web.perform(lookups.find_consumer, form.command())
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return worklist_page(form, status=422)
    return redirect(Filters(found=found.token_for(web.current_actor(), sought)).address(LIST), code=303)


@bp.post("/cases/export")
def export() -> ResponseReturnValue:
    """Give the list as a file, masked as on the page, and record it."""
    filters = Filters.from_query(request.form.get("query", ""))
    web.perform(lookups.record_export, RecordExport("worklist", filters.kept_query()))
    rows = merchant_page.export_rows(web.database(), asked_by(filters))
    file = sheets.write_sheet("纠纷", merchant_page.EXPORT_COLUMNS, rows)
    return send_file(file, as_attachment=True, download_name=file_name("纠纷"))


@bp.get("/cases/<reference>")
def show_case(reference: str) -> ResponseReturnValue:
    """Show one case on one screen, inside the list it was opened from."""
    filters = filters_now()
    session, actor = web.database(), web.current_actor()
    view = screen.screen(session, asked_by(filters), reference)
    return web.page(
        "desk/merchant_case.html",
        view=view,
        negotiation=settlements.negotiation(session, actor, view.case, now=web.now()),
        history=view.history,
        evidence=view.evidence,
        filters=filters,
        list_address=filters.address(LIST),
        reveal_form=blank(RevealForm),
        contact_form=contact_form(web.now()),
        note_form=blank(NoteForm),
        files_form=blank(FilesForm),
        said="",
        toast=said(),
    )


@bp.get("/backfill")
def backfill() -> ResponseReturnValue:
    """Show finished cases whose result still has to be typed into the platform."""
    view = unfilled.fill_list(web.database(), web.current_actor(), web.now())
    return web.page("desk/merchant_backfill.html", view=view, toast=said())


@bp.post("/backfill/export")
def export_backfill() -> ResponseReturnValue:
    """Give the four fields of many cases as a file, and record it."""
    web.perform(lookups.record_export, RecordExport("backfill", ""))
    listed = unfilled.fill_list(web.database(), web.current_actor(), web.now(), limit=unfilled.IN_A_FILE)
    file = sheets.write_sheet("回填", unfilled.COLUMNS, unfilled.export_rows(listed))
    return send_file(file, as_attachment=True, download_name=file_name("回填"))


def worklist_page(form: ConsumerSearchForm, status: int = 200) -> ResponseReturnValue:
    """Render the worklist with the form of the search by consumer."""
    asked = asked_by(filters_now())
    view = merchant_page.worklist(web.database(), asked, request.args.get("cursor"))
    return web.page(
        "desk/merchant_worklist.html",
        fragment="list",
        status=status,
        view=view,
        form=form,
        view_form=ViewForm(formdata=None, query=asked.filters.query()),
        failed=status != 200,
        toast=said(),
    )


def asked_by(filters: Filters) -> Asked:
    """What filters ask for, narrowed to what the actor may see."""
    session, actor = web.database(), web.current_actor()
    sought = found.sought_by(actor, filters.found)
    return merchant_page.asked_for(session, actor, filters, sought, web.now(), almanac(session))


def filters_now() -> Filters:
    """The filters of the address."""
    return Filters.read(request.args.to_dict(flat=False))


def said() -> dict[str, object] | None:
    """What was just done, as a toast; None where nothing was."""
    texts = [str(text) for text in get_flashed_messages()]
    return {"text": "，".join(texts), "undo": "", "seconds": 0} if texts else None


def file_name(title: str) -> str:
    """The name of an exported file: 纠纷-2026-10-12.xlsx."""
    return f"{title}-{local_day(web.now()).isoformat()}.xlsx"
