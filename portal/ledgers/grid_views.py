"""The clerk's pages of a book: looking, storing the rows of the grid, keeping drafts, pasting."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.core.errors import RuleBroken
from portal.ledgers import book_views, check_views, drafts, storing
from portal.ledgers import grid as grids
from portal.ledgers.batches import TypedRow
from portal.ledgers.book_views import Typing
from portal.ledgers.drafts import KeepDraft
from portal.ledgers.filters import EntryFilter
from portal.ledgers.grid import FIELDS, GridRow
from portal.ledgers.page_models import Book
from portal.ledgers.storing import Stored, StoreRows
from portal.ledgers.taking import TakeList


def show_book(book: Book) -> ResponseReturnValue:
    """Show a book with the grid above its entries."""
    return book_views.merchant_page(book)


def enter_rows(book: Book) -> ResponseReturnValue:
    """Store the good rows; the bad ones come back with what is wrong below each."""
    try:
        rows = sent_rows(book)
        stored = web.perform(storing.store_rows, StoreRows(book, rows))
    except RuleBroken as objection:
        return book_views.merchant_page(book, Typing(as_typed(book), problem=objection.text), status=422)
    if stored.refused:
        return book_views.merchant_page(book, refused(book, stored), status=422)
    if web.wants_fragment():
        return book_views.merchant_page(book, Typing(book_views.typed(book, ()), stored=told(stored)))
    flash(told(stored))
    return redirect(url_for(f".{book.value}"), code=303)


def keep_draft(book: Book) -> ResponseReturnValue:
    """Keep what stands in the grid, so that a lost session loses nothing."""
    rows = [{**row.cells, "token": row.token} for row in sent_rows(book)]
    web.perform(drafts.keep_draft, KeepDraft(book, rows))
    return "", 204


def paste_rows(book: Book) -> ResponseReturnValue:
    """Put a block copied out of a spreadsheet into the grid, behind what was typed; nothing is stored yet."""
    try:
        pasted = grids.pasted_rows(book, request.form.get("block", ""))
        rows = [{**row.cells, "token": row.token} for row in sent_rows(book)]
        rows += [{**row, "token": grids.new_token()} for row in pasted]
        web.perform(drafts.keep_draft, KeepDraft(book, rows))
    except RuleBroken as objection:
        return book_views.merchant_page(book, Typing(as_typed(book), problem=objection.text), status=422)
    if web.wants_fragment():
        said = _("已填入 %(count)s 行，还没有存入。请核对后按 Enter 存入。", count=len(pasted))
        return book_views.merchant_page(book, Typing([grid_row(book, row) for row in rows], restored=said))
    return redirect(url_for(f".{book.value}"), code=303)


def export_book(book: Book) -> ResponseReturnValue:
    """Give the list under its filters as a file, masked unless the personal values are asked for; recorded."""
    wanted = EntryFilter.read(book, request.args)
    return check_views.send_list(TakeList(wanted, personal=request.form.get("personal") == "yes"))


def sent_rows(book: Book) -> list[TypedRow]:
    """The rows of the sent form; refuses with RuleBroken one whose columns do not fit."""
    columns = {one.name: request.form.getlist(one.name) for one in FIELDS[book] if one.name in request.form}
    return grids.typed_rows(book, request.form.getlist("token"), columns)


def as_typed(book: Book) -> list[GridRow]:
    """Everything that was sent, as far as it fits; a blank row where nothing does."""
    try:
        rows = [grids.grid_row(book, row.token, row.cells) for row in sent_rows(book)]
    except RuleBroken:
        rows = []
    return rows or book_views.typed(book, ())


def refused(book: Book, stored: Stored) -> Typing:
    """The rows that stay, with their problems, and what was stored all the same."""
    rows = [grids.grid_row(book, row.token, row.cells, result.problems) for row, result in stored.refused]
    return Typing(rows, stored=told(stored) if stored.count else "")


def grid_row(book: Book, row: dict[str, str]) -> GridRow:
    """A kept row as it stands in the grid."""
    return grids.grid_row(book, row["token"], {name: text for name, text in row.items() if name != "token"})


def told(stored: Stored) -> str:
    """What was stored, in a sentence."""
    left = len(stored.refused)
    said = _("已存入 %(count)s 笔。", count=stored.count) if stored.count else _("这些行已经存入过，没有重复登记。")
    return said + (_("还有 %(count)s 行需要修改。", count=left) if left else "")
