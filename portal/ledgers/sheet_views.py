"""Bringing a spreadsheet into a book, and what became of it: progress, totals, the file of bad rows."""

from flask import redirect, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.core.errors import RuleBroken
from portal.ledgers import importing
from portal.ledgers.entry_models import SheetImport, SheetState
from portal.ledgers.filters import TITLES
from portal.ledgers.forms import SheetForm
from portal.ledgers.grid import FIELDS
from portal.ledgers.importing import IN_REQUEST, UNFINISHED, StartSheet, TakeCorrections
from portal.ledgers.integrity import moment
from portal.ledgers.models import EntryKind
from portal.ledgers.page_models import Book
from portal.ledgers.queries import FIRST_KIND
from portal.ledgers.sheets import REQUIRED, SIZE_LIMIT, read_sheet

STATES = {
    SheetState.QUEUED: ("等待导入", "theirs"),
    SheetState.RUNNING: ("正在导入", "ours"),
    SheetState.DONE: ("已导入", "good"),
    SheetState.FAILED: ("没有完成", "bad"),
}
SHOWN = 50  # bad rows on the page; all of them stand in the file
BOOKS = {EntryKind.COMPLAINT: Book.COMPLAINTS, EntryKind.RETURN: Book.RETURNS}


def ask_file(book: Book) -> ResponseReturnValue:
    """Show the form for a file and the imports before."""
    return upload_page(book, SheetForm(formdata=None))


def start_import(book: Book) -> ResponseReturnValue:
    """Take a file in; a short one is read at once, a long one by a worker."""
    form = SheetForm()
    if not form.validate_on_submit():
        return upload_page(book, form, status=422)
    try:
        name, content = form.upload()
        run = web.perform(importing.start_sheet, StartSheet(read_sheet(FIRST_KIND[book], name, content)))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return upload_page(book, form, status=422)
    if run.state is SheetState.QUEUED:
        queued = run.total_rows > IN_REQUEST and web.runtime().enqueue(
            "ledger-import", job_id=f"ledger-import-{run.id}", run_id=run.id
        )
        if not queued and run.total_rows <= IN_REQUEST:
            importing.run_sheet(web.runtime(), run.id)
    return redirect(url_for(".import_run", reference=run.reference), code=303)


def upload_page(book: Book, form: SheetForm, status: int = 200) -> ResponseReturnValue:
    """Render the form for a file."""
    now, kind = web.now(), FIRST_KIND[book]
    titles = {one.name: one.title for one in FIELDS[book]}
    runs = [run for run in importing.sheet_runs(web.database(), web.current_actor()) if run.kind is kind]
    return web.page(
        "ledgers/merchant_import.html",
        status=status,
        form=form,
        failed=status != 200,
        book_title=TITLES[book],
        book_to=url_for(f".{book.value}"),
        here=url_for(f".start_{book.value}"),
        required="、".join(titles[name] for name in REQUIRED[kind]),
        others="、".join(one.title for one in FIELDS[book] if one.name not in REQUIRED[kind]),
        limit=SIZE_LIMIT,
        runs=runs,
        states=STATES,
        when=lambda at: moment(at, now),
    )


def import_run(reference: str) -> ResponseReturnValue:
    """Show an import: its progress while it is at work, then its totals and what was refused."""
    run = importing.sheet_run(web.database(), web.current_actor(), reference)
    now, book = web.now(), BOOKS[run.kind]
    titles = {one.name: one.title for one in FIELDS[Book.RETURNS] + FIELDS[Book.COMPLAINTS]}
    return web.page(
        "ledgers/merchant_run.html",
        fragment="run",
        run=run,
        state=STATES[run.state],
        is_at_work=run.state in UNFINISHED,
        bar=progress_of(run),
        problems=[(line, titles.get(field, ""), sentence) for line, field, sentence in problems_of(run)[:SHOWN]],
        book_title=TITLES[book],
        book_to=url_for(f".{book.value}"),
        again_to=url_for(f".import_{book.value}"),
        corrections_to=url_for(".corrections", reference=reference),
        here=url_for(".import_run", reference=reference),
        when=lambda at: moment(at, now),
    )


def corrections(reference: str) -> ResponseReturnValue:
    """Give the bad rows as a file to be corrected and imported again, and record it."""
    out = web.perform(importing.take_corrections, TakeCorrections(reference))
    return send_file(out, as_attachment=True, download_name=f"待更正-{reference}.xlsx")


def problems_of(run: SheetImport) -> list[tuple[int, str, str]]:
    """Line of the sheet, field and sentence, in the order of the sheet."""
    found = sorted((int(line), problems) for line, problems in run.problems.items())
    return [(line, field, sentence) for line, problems in found for field, sentence in problems]


def progress_of(run: SheetImport) -> dict[str, object]:
    """The figures as `ui.progress` draws them."""
    return {
        "done": run.next_row,
        "total": run.total_rows,
        "rate_text": "",
        "left_text": "",
        "failed": run.refused,
        "unit": _("行"),
    }
