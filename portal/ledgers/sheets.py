"""Sheets of the two ledgers: their columns by the headers people use, reading them, and the file of bad rows."""

import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import xlsxwriter

from portal.core.cells import clean
from portal.core.errors import RuleBroken
from portal.core.tables import UnreadableFile, read_named
from portal.ledgers.batches import TypedRow
from portal.ledgers.models import EntryKind
from portal.ledgers.rules.entries import COMPLAINT_FIELDS, Field
from portal.ledgers.rules.returns import RETURN_FIELDS

SIZE_LIMIT = 20 * 1024**2  # bytes, our limit
MOST_ROWS = 50_000  # our limit: a sheet is read whole
PROBLEM_HEADER, LINE_HEADER = "问题", "原行号"
PRICE_AND_QUANTITY = Field("price_quantity", "退换商品价格和数量", ("价格和数量", "价格及数量"))  # column ⑥ in one cell
CELL_LENGTH = 32_767  # characters, a limit of XLSX

_TOGETHER = re.compile(r"\s*([^×xX*/、,，;；]+?)\s*元?\s*[×xX*/、,，;；]\s*(.+?)\s*")
_INSIDE = tuple(one for one in RETURN_FIELDS if one.name not in {field.name for field in COMPLAINT_FIELDS})
COLUMNS: Mapping[EntryKind, tuple[Field, ...]] = {
    EntryKind.RETURN: (*RETURN_FIELDS, PRICE_AND_QUANTITY),
    EntryKind.COMPLAINT: (*COMPLAINT_FIELDS, *(one for one in _INSIDE if one.name != "reference"), PRICE_AND_QUANTITY),
}
REQUIRED: Mapping[EntryKind, tuple[str, ...]] = {
    EntryKind.RETURN: ("occurred_on", "goods", "category", "cause", "decision"),
    EntryKind.COMPLAINT: ("occurred_on", "consumer_name", "consumer_phone", "content"),
}


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A line of a sheet, its texts by the fields' names."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ReadSheet:
    """A file that could be read as a ledger's sheet."""

    kind: EntryKind
    name: str
    content: bytes
    digest: str  # SHA-256, hexadecimal
    rows: tuple[SheetRow, ...]

    def typed(self, start: int, count: int) -> tuple[TypedRow, ...]:
        """Some rows with the tokens that make them the same when the file comes again."""
        some = self.rows[start : start + count]
        return tuple(TypedRow(f"{self.digest[:48]}:{row.line}", row.cells) for row in some)


def read_sheet(kind: EntryKind, name: str, content: bytes) -> ReadSheet:
    """Read an XLSX or CSV file of a ledger's rows; refuses with RuleBroken (field "file") what is none.

    Columns may stand in any order and go by other common names; unknown ones are left alone.
    """
    names = {one.name: (one.title, *one.aliases) for one in COLUMNS[kind]}
    try:
        table = read_named(io.BytesIO(content), names, required=REQUIRED[kind], size_limit=SIZE_LIMIT)
    except UnreadableFile as fault:
        raise RuleBroken(fault.text, field="file") from None
    if not table.rows:
        raise RuleBroken("表头下面没有数据。请检查文件后再导入。", field="file")
    if len(table.rows) > MOST_ROWS:
        raise RuleBroken(f"文件有 {len(table.rows)} 行，最多 {MOST_ROWS} 行。请按月拆分后再导入。", field="file")
    rows = tuple(SheetRow(row.line, _cells(row.values)) for row in table.rows)
    return ReadSheet(kind, name[-200:], content, hashlib.sha256(content).hexdigest(), rows)


def _cells(values: Mapping[str, str]) -> dict[str, str]:
    """The row's texts; price and quantity written in one cell are taken apart."""
    cells = {name: text for name, text in values.items() if name != PRICE_AND_QUANTITY.name}
    together = values.get(PRICE_AND_QUANTITY.name, "")
    if together and not cells.get("price"):
        found = _TOGETHER.fullmatch(together)
        cells["price"] = found[1] if found else together
        if found and not cells.get("quantity"):
            cells["quantity"] = found[2]
    return cells


def write_corrections(target: BinaryIO, sheet: ReadSheet, problems: Mapping[int, Sequence[str]]) -> int:
    """Write the bad rows with what is wrong with each; corrected, the file can be imported as it is. How many.

    Nothing is ever a formula, whatever a cell begins with.
    """
    fields = [one for one in COLUMNS[sheet.kind] if one.name != PRICE_AND_QUANTITY.name]
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    count = 0
    with xlsxwriter.Workbook(target, options) as book:
        page = book.add_worksheet("待更正")
        bold = book.add_format({"bold": True})
        page.freeze_panes(1, 2)
        page.set_column(0, 0, 8)
        page.set_column(1, 1, 60)
        page.set_column(2, len(fields) + 1, 16)
        for place, title in enumerate((LINE_HEADER, PROBLEM_HEADER, *(one.title for one in fields))):
            page.write_string(0, place, title, bold)
        for row in sheet.rows:
            if row.line not in problems:
                continue
            count += 1
            page.write_number(count, 0, row.line)
            page.write_string(count, 1, "\n".join(problems[row.line])[:CELL_LENGTH])
            for place, one in enumerate(fields, 2):
                if text := clean(row.cells.get(one.name, "")):
                    page.write_string(count, place, text[:CELL_LENGTH])
    return count
