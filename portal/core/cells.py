"""A cell of a table and what a person reads in it."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

Cell = str | int | float | bool | date | datetime | time | timedelta | None

# Controls but tab and newline, bidirectional marks and overrides, BOM, non-characters, lone surrogates:
# none is text, some cannot be stored, some make a page show another text than was written.
_UNWANTED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a sheet: its number counted from 1 as a spreadsheet shows it, and its cells."""

    line: int
    cells: tuple[Cell, ...]


def clean(text: str) -> str:
    """Return the text as it may be stored: unwanted characters removed, line ends as newlines, ends trimmed."""
    if text.isprintable():
        return text.strip()
    return _UNWANTED.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def text_of(cell: Cell) -> str:
    """Return what a person reads in the cell; whole numbers without a decimal point, empty as ''."""
    if isinstance(cell, str):  # nearly all of them
        return clean(cell) if cell else cell
    match cell:
        case None:
            return ""
        case bool():
            return "是" if cell else "否"
        case float():
            return _float_text(cell)
        case datetime():
            return cell.replace(microsecond=0, tzinfo=None).isoformat(" ")
        case _:
            return str(cell)


def folded(text: str) -> str:
    """Return the text with full-width forms made half-width (NFKC) and all white space removed."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def _float_text(value: float) -> str:
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - NaN is unequal to itself
        return ""
    return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
