"""The fast grid: its columns, its rows as they were typed, and a block pasted from a spreadsheet."""

import csv
import io
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from portal.core.cells import folded
from portal.core.errors import RuleBroken
from portal.ledgers.batches import TypedRow
from portal.ledgers.models import EntryKind
from portal.ledgers.page_models import Book
from portal.ledgers.rules import returns
from portal.ledgers.rules.cells import Refusal, tidy, word_of
from portal.ledgers.rules.entries import HAND_OUTCOME, HAND_RECEIVED, CellProblem, Field
from portal.ledgers.rules.returns import RETURN_FIELDS
from portal.ledgers.sheets import COLUMNS, PRICE_AND_QUANTITY

MOST_ROWS = 200  # of one grid; more is a file for the import
MOST_PASTED = 1_000_000  # characters

WORDS: dict[str, Mapping[str, Any]] = {  # every way to write a value of a list
    "category": returns.CATEGORIES,
    "cause": returns.CAUSES,
    "condition": returns.CONDITIONS,
    "decision": returns.DECISIONS,
    "destroy_basis": returns.DESTROY_BASES,
    "disposition": returns.DISPOSITIONS,
    "lab_result": returns.LAB_RESULTS,
    "outcome": HAND_OUTCOME,
    "received": HAND_RECEIVED,
    "recovery": returns.RECOVERIES,
}
FIELDS: dict[Book, tuple[Field, ...]] = {  # a complaint's row may name the goods too: columns ⑤–⑧
    Book.RETURNS: RETURN_FIELDS,
    Book.COMPLAINTS: tuple(one for one in COLUMNS[EntryKind.COMPLAINT] if one is not PRICE_AND_QUANTITY),
}
LAYOUT: dict[Book, tuple[tuple[str, ...], ...]] = {  # the cells of a grid row, each from top to bottom
    Book.RETURNS: (
        ("occurred_on", "barcode"),
        ("consumer_name", "consumer_phone"),
        ("goods", "category"),
        ("price",),
        ("quantity",),
        ("decision", "cause"),
        ("disposition", "condition"),
        ("label_number",),
    ),
    Book.COMPLAINTS: (
        ("occurred_on",),
        ("consumer_name", "consumer_phone"),
        ("received",),
        ("outcome",),
        ("settled",),
        ("first_response_on",),
        ("staff",),
    ),
}
WIDE: dict[Book, tuple[str, ...]] = {Book.RETURNS: (), Book.COMPLAINTS: ("content",)}  # on a line of their own
AMOUNTS = frozenset({"price", "refund", "recovered", "settled"})
SIZES = {"occurred_on": 6, "consumer_name": 7, "consumer_phone": 12, "goods": 14, "price": 7, "quantity": 4}
SHORT = {
    "occurred_on": "日期",
    "consumer_name": "消费者",
    "consumer_phone": "电话",
    "goods": "商品",
    "category": "类别",
    "decision": "是否退换",
    "cause": "原因",
    "disposition": "退回商品处理",
    "condition": "状况",
}
DEFAULTS = {"decision": "returned", "condition": "intact", "received": "counter", "outcome": "open", "occurred_on": ""}
CHOSEN = frozenset({*WORDS, "occurred_on", "outlet"})  # filled beforehand or by choosing: alone they make no row


@dataclass(frozen=True, slots=True)
class Input:
    """One control of a grid row."""

    name: str
    title: str
    choices: tuple[tuple[str, str], ...] = ()  # value and name; empty: a text
    required: bool = False
    size: int = 10

    @property
    def short(self) -> str:
        """What stands in the empty control where no head of a column names it."""
        return SHORT.get(self.name, self.title)

    @property
    def keyboard(self) -> str:
        """Which keys a phone shows for it; empty for letters."""
        return "decimal" if self.is_number else "numeric" if self.name == "barcode" else ""

    @property
    def is_number(self) -> bool:
        """Say whether it is written at the right."""
        return self.name in AMOUNTS or self.name == "quantity"


@dataclass(frozen=True, slots=True)
class Grid:
    """The controls of a row: in cells, on a line below them, and behind 其他栏目."""

    cells: tuple[tuple[Input, ...], ...]
    wide: tuple[Input, ...]
    more: tuple[Input, ...]


@dataclass(frozen=True, slots=True)
class GridRow:
    """A row as it stands in the grid, with what is wrong with it."""

    token: str
    values: Mapping[str, str]
    problems: tuple[CellProblem, ...] = ()
    opens: frozenset[str] = field(default_factory=frozenset)  # fields behind 其他栏目 that say something

    @property
    def faults(self) -> frozenset[str]:
        """The fields that are at fault."""
        return frozenset(problem.field for problem in self.problems)


def grid_of(book: Book, outlets: Sequence[str]) -> Grid:
    """The grid of a book."""
    inputs = {one.name: _input(book, one, outlets) for one in FIELDS[book]}
    shown = {name for cell in LAYOUT[book] for name in cell} | set(WIDE[book])
    if not outlets:
        inputs.pop("outlet", None)
    return Grid(
        cells=tuple(tuple(inputs[name] for name in cell) for cell in LAYOUT[book]),
        wide=tuple(inputs[name] for name in WIDE[book]),
        more=tuple(one for name, one in inputs.items() if name not in shown),
    )


def _input(book: Book, one: Field, outlets: Sequence[str]) -> Input:
    named: dict[str, str] = {}
    for written, word in WORDS.get(one.name, {}).items():
        named.setdefault(str(word), written)
    choices = [(name, name) for name in outlets] if one.name == "outlet" else list(named.items())
    required = one.required and (book is Book.RETURNS or one not in RETURN_FIELDS)
    return Input(one.name, one.title, tuple(choices), required, SIZES.get(one.name, 12))


def new_token() -> str:
    """A name for a row, so that it is stored once however often it is sent."""
    return secrets.token_hex(8)


def blank_row(book: Book, today: date) -> GridRow:
    """A row to type into, with what goes without saying."""
    names = {one.name for one in FIELDS[book]}
    values = {name: value for name, value in DEFAULTS.items() if name in names}
    return GridRow(new_token(), {**values, "occurred_on": f"{today:%m-%d}"})


def grid_row(book: Book, token: str, values: Mapping[str, str], problems: tuple[CellProblem, ...] = ()) -> GridRow:
    """A row with what was typed; a field behind 其他栏目 that says something or is at fault shows itself."""
    shown = {name for cell in LAYOUT[book] for name in cell} | set(WIDE[book])
    speaking = {name for name, text in values.items() if text} | {problem.field for problem in problems}
    return GridRow(token, values, problems, frozenset(speaking - shown - {"token"}))


def typed_rows(book: Book, tokens: Sequence[str], columns: Mapping[str, Sequence[str]]) -> list[TypedRow]:
    """Read the rows of a sent form: every column has a value for every token; empty rows fall away.

    Refuses with RuleBroken a form whose columns do not fit, and more rows than a grid holds.
    """
    names = [one.name for one in FIELDS[book] if one.name in columns]
    if any(len(columns[name]) != len(tokens) for name in names):
        raise RuleBroken("表格的行和列对不上，没有存入。请刷新页面，草稿会自动恢复。")
    if len(tokens) > MOST_ROWS:
        raise RuleBroken(f"一次最多登记 {MOST_ROWS} 行，更多的请用“导入 Excel”。")
    rows = [TypedRow(token, {name: columns[name][place] for name in names}) for place, token in enumerate(tokens)]
    return [row for row in rows if says_something(row.cells)]


def says_something(cells: Mapping[str, str]) -> bool:
    """Say whether anybody typed into the row."""
    return any(text.strip() for name, text in cells.items() if name not in CHOSEN and name != "token")


def pasted_rows(book: Book, text: str) -> list[dict[str, str]]:
    """Read a block copied out of a spreadsheet, with or without its header; refuses with RuleBroken, in one sentence.

    Words of lists are turned into their values where they are known; whatever else was written stays as it is.
    """
    if len(text) > MOST_PASTED:
        raise RuleBroken("粘贴的内容太多。请改用“导入 Excel”。")
    lines = [[tidy(cell) for cell in line] for line in csv.reader(io.StringIO(text), delimiter="\t")]
    lines = [line for line in lines if any(line)]
    if not lines:
        raise RuleBroken("没有可粘贴的内容。请在 Excel 里选中几行后复制。")
    names = _header(book, lines[0])
    body = lines[1:] if names else lines
    order = names or [name for cell in LAYOUT[book] for name in cell] + list(WIDE[book])
    wrong = next((len(line) for line in body if len(line) != len(order)), None)
    if wrong is not None:
        raise RuleBroken(_wrong_columns(book, order, wrong, with_header=names is not None))
    if len(body) > MOST_ROWS:
        raise RuleBroken(f"粘贴了 {len(body)} 行，一次最多 {MOST_ROWS} 行。更多的请用“导入 Excel”。")
    if not body:
        raise RuleBroken("粘贴的内容只有表头，没有数据行。")
    return [{name: _value(name, cell) for name, cell in zip(order, line, strict=True) if name} for line in body]


def valued(cells: Mapping[str, str]) -> dict[str, str]:
    """Turn the words of lists into their values where they are known."""
    return {name: _value(name, text) for name, text in cells.items()}


def _header(book: Book, line: Sequence[str]) -> list[str] | None:
    """The fields that a header names ('' for columns that are none of ours); None where the line is no header."""
    known: dict[str, str] = {}
    for one in FIELDS[book]:
        for title in (one.title, one.title.removesuffix("（元）"), *one.aliases):
            known.setdefault(folded(title), one.name)
    names = [known.get(folded(cell), "") for cell in line]
    found = [name for name in names if name]
    if len(found) < 2 or len(found) * 2 < len([cell for cell in line if cell]):
        return None
    return [name if name not in names[:place] else "" for place, name in enumerate(names)]


def _wrong_columns(book: Book, order: Sequence[str], found: int, *, with_header: bool) -> str:
    if with_header:
        return f"粘贴的内容有一行是 {found} 列，表头是 {len(order)} 列，对不上。请连同表头选中整块再复制。"
    titles = {one.name: one.title for one in FIELDS[book]}
    wanted = "、".join(titles[name] for name in order)
    return f"粘贴的内容是 {found} 列，应为 {len(order)} 列：{wanted}。请补齐列，或连同表头一起复制。"


def _value(name: str, cell: str) -> str:
    if name not in WORDS or not cell:
        return cell
    found = word_of(cell, WORDS[name], name)
    return cell if isinstance(found, Refusal) else str(found)
