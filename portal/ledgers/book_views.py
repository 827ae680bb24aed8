"""A merchant's book as its page shows it: head, integrity, filters, grid, rows, who looked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import get_flashed_messages, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.clocks.queries import almanac
from portal.clocks.rules import local_day, staff_day
from portal.core.errors import NotFound
from portal.core.money import yuan
from portal.core.paging import Page, shown_count
from portal.ledgers import grid as grids
from portal.ledgers import queries
from portal.ledgers.drafts import rows_in
from portal.ledgers.filters import OUTCOME_TITLES, TITLES, EntryFilter, options
from portal.ledgers.grid import Grid, GridRow
from portal.ledgers.integrity import Integrity, integrity
from portal.ledgers.onlookers import onlookers
from portal.ledgers.opening import Firm, own_book
from portal.ledgers.page_models import Book
from portal.ledgers.prefilling import prefilled_return
from portal.ledgers.queries import Head
from portal.ledgers.rows import COLUMNS, NUMBERS, Row

TOLD_IN = {Book.RETURNS: 4, Book.COMPLAINTS: 1}  # the column in which an amendment says what it amends
MOST_BLANK = 20  # rows that a page without script is given at once


@dataclass(frozen=True, slots=True)
class Line:
    """A line of 谁看过本台账."""

    unit: str
    purpose: str
    day: str


@dataclass(frozen=True, slots=True)
class BookList:
    """What merchant and regulator see alike: head, integrity, filters, one page of rows."""

    title: str
    month: str
    panel: Integrity | None
    wanted: EntryFilter
    chips: list[dict[str, str]]
    lists: dict[str, dict[str, str]]
    outlets: tuple[str, ...]
    outcome_title: str
    category_title: str
    columns: Any
    numbers: frozenset[str]
    told_in: int
    rows: Sequence[Row]
    page: Page[Row]
    count: str
    span: str
    address: str
    here: str


@dataclass(frozen=True, slots=True)
class Typing:
    """What stands in the grid, and what is said above it."""

    rows: Sequence[GridRow]
    restored: str = ""
    problem: str = ""
    stored: str = ""


def book_list(firm: Firm, head: Head, wanted: EntryFilter, address: str, *, reasons: bool) -> BookList:
    """Read one page of a book of a firm that the actor may read."""
    now = web.now()
    found = queries.entries(
        web.database(), firm, head.ledger, wanted, request.args.get("cursor"), now=now, reasons=reasons
    )
    outcome, category = OUTCOME_TITLES[wanted.book]
    return BookList(
        title=TITLES[wanted.book],
        month=month_words(head, wanted.book),
        panel=integrity(head, now) if head.size else None,
        wanted=wanted,
        chips=wanted.chips(address),
        lists=options(wanted.book),
        outlets=found.outlets,
        outcome_title=outcome,
        category_title=category,
        columns=COLUMNS[wanted.book],
        numbers=NUMBERS,
        told_in=TOLD_IN[wanted.book],
        rows=found.page.rows,
        page=found.page,
        count=shown_count(found.count),
        span=span_words(found.page.rows, found.count),
        address=address,
        here=wanted.address(address),
    )


def merchant_page(book: Book, typing: Typing | None = None, status: int = 200) -> ResponseReturnValue:
    """Render the merchant's page of a book; without `typing` the kept draft stands in the grid."""
    session, actor, now = web.database(), web.current_actor(), web.now()
    firm = own_book(actor)
    head = queries.head(session, actor, firm, book, now=now)
    wanted = EntryFilter.read(book, request.args)
    listed = book_list(firm, head, wanted, url_for(f".{book.value}"), reasons=True)
    typing = typing or _kept(book, head, now)
    view = {
        **{name: getattr(listed, name) for name in BookList.__slots__},
        **_addresses(book, wanted),
        "grid": grids.grid_of(book, listed.outlets),
        "grid_rows": typing.rows,
        "restored": typing.restored,
        "problem": typing.problem,
        "stored": typing.stored or "".join(str(text) for text in get_flashed_messages()),
        "footing": _("共 %(count)s 笔。更正只增不改，原记录一直保留。", count=listed.count),
        "empty": _("还没有登记过退换货") if book is Book.RETURNS else _("还没有登记过消费投诉"),
        "paste_help": paste_help(grids.grid_of(book, ())),
        "onlookers": _onlookers(head, now) if not (wanted.narrows or request.args.get("cursor")) else None,
        "nobody_looked": _(
            "监管部门查阅本台账的单位、日期和事由，在查阅 %(days)s 天后显示在这里。", days=_days(head, now)
        ),
    }
    return web.page("ledgers/merchant_book.html", fragment="book", status=status, view=view)


def typed(book: Book, rows: Sequence[GridRow]) -> list[GridRow]:
    """Rows that were typed, and a blank one to go on with."""
    return [*rows, grids.blank_row(book, local_day(web.now()))]


def month_words(head: Head, book: Book) -> str:
    """Word the month: 2026 年 10 月，38 笔，退款 ¥9,416.80."""
    what = _("退款") if book is Book.RETURNS else _("解决金额")
    return _(
        "%(year)s 年 %(month)s 月，%(count)s 笔，%(what)s ¥%(sum)s",
        year=head.month_on.year,
        month=head.month_on.month,
        count=f"{head.entries:,}",
        what=what,
        sum=yuan(head.amount),
    )


def span_words(rows: Sequence[Row], count: int) -> str:
    """Word which entries stand on the page."""
    if not rows or not count:
        return ""
    return _("第 %(first)s 至 %(last)s 笔", first=f"{rows[0].seq:,}", last=f"{rows[-1].seq:,}")


def paste_help(grid: Grid) -> str:
    """Say which columns a pasted block without header has."""
    titles = [one.title for cell in grid.cells for one in cell] + [one.title for one in grid.wide]
    return _(
        "带表头的可以是任意几列；不带表头的应为 %(count)s 列：%(titles)s。", count=len(titles), titles="、".join(titles)
    )


def _kept(book: Book, head: Head, now: datetime) -> Typing:
    kept = rows_in(web.database(), head.draft)
    rows = [grids.grid_row(book, row.pop("token", "") or grids.new_token(), row) for row in kept]
    reference = request.args.get("case", "").strip()[:40]
    if reference and book is Book.RETURNS:
        return _begun(reference, head, rows, now)
    if rows:
        return Typing(rows, restored=_("已恢复没有存入的 %(count)s 行。", count=len(rows)))
    wanted = request.args.get("rows", "")
    count = min(int(wanted), MOST_BLANK) if wanted.isdecimal() and wanted != "0" else 1
    return Typing([grids.blank_row(book, local_day(now)) for _row in range(count)])


def _begun(reference: str, head: Head, rows: list[GridRow], now: datetime) -> Typing:
    """A return begun from its complaint, before the rows that were typed already."""
    session, book = web.database(), Book.RETURNS
    if any(row.values.get("reference") == reference for row in rows):
        return Typing(rows, restored=_("已恢复没有存入的 %(count)s 行。", count=len(rows)))
    try:
        begun = prefilled_return(session, web.current_actor(), reference, now=now)
    except NotFound as missing:
        return Typing(rows or [grids.blank_row(book, local_day(now))], problem=missing.text)
    goods = begun.cells.get("goods", "")
    same = queries.last_of_same_goods(session, head.firm, head.ledger, goods) if head.ledger and goods else {}
    cells = grids.valued({**grids.blank_row(book, local_day(now)).values, **same, **begun.cells})
    said = _("已从投诉 %(reference)s 带入，处理结果：%(outcome)s。", reference=reference, outcome=begun.agreed)
    if begun.returns:
        said += _("这件投诉已经登记过 %(count)s 笔退换。", count=begun.returns)
    return Typing([grids.grid_row(book, grids.new_token(), cells), *rows], restored=said)


def _addresses(book: Book, wanted: EntryFilter) -> dict[str, str]:
    word = book.value
    return {
        "import_to": url_for(f".import_{word}"),
        "export_to": wanted.address(url_for(f".export_{word}")),
        "keep_to": url_for(f".keep_{word}"),
        "paste_to": url_for(f".paste_{word}"),
        "verify_to": url_for(".verify"),
        "entry_to": url_for(".entry", seq="0").removesuffix("/0"),
        "more_rows_to": url_for(f".{word}", rows=10),
    }


def _onlookers(head: Head, now: datetime) -> list[Line]:
    if head.ledger is None:
        return []
    today = local_day(now)
    found = onlookers(web.database(), head.ledger.id, days=_days(head, now), now=now)
    return [Line(one.unit, one.purpose, staff_day(one.read_on, today)) for one in found]


def _days(head: Head, now: datetime) -> int:
    if head.days is not None:
        return head.days
    return almanac(web.database()).amount("ledger_reads", local_day(now))
