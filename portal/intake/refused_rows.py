"""The file of refused rows: the lines as they came, with their number and the reason, to be corrected."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, BinaryIO

import xlsxwriter

from portal.intake.rules import LINE_HEADER, REASON_HEADER, Cell, Refusal, Row
from portal.intake.rules.cells import clean, text_of
from portal.intake.rules.columns import normalised_header

CELL_LENGTH = 32_767  # characters, a limit of XLSX
_NARROW, _WIDE = 18, 60  # column widths in characters


def write_refused_rows(
    target: BinaryIO, headers: Sequence[str], refused: Iterable[tuple[Row, Refusal]], *, folder: str | None = None
) -> int:
    """Write an XLSX of refused rows and return how many; corrected, the file can be imported as it is.

    Strings stay strings (no formula, no link, no number). Memory does not grow with the rows: they pass
    through a temporary file in `folder` (the system's by default), which is removed at the end.
    """
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": True,
        "tmpdir": folder,
    }
    kept = _kept(headers)
    with xlsxwriter.Workbook(target, options) as book:
        bold = book.add_format({"bold": True})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet = book.add_worksheet("退件")
        sheet.freeze_panes(1, 2)
        sheet.set_column(0, 0, 8)
        sheet.set_column(1, 1, _WIDE)
        sheet.set_column(2, len(kept) + 1, _NARROW)
        for place, header in enumerate([LINE_HEADER, REASON_HEADER, *(headers[p] for p in kept)]):
            sheet.write_string(0, place, clean(header)[:CELL_LENGTH], bold)
        count = 0
        for count, (row, refusal) in enumerate(refused, 1):
            sheet.write_number(count, 0, refusal.line)
            sheet.write_string(count, 1, refusal.sentence)
            _write_cells(sheet, count, [row.cells[p] if p < len(row.cells) else None for p in kept], moment)
    return count


def _kept(headers: Sequence[str]) -> list[int]:
    """Return the original columns: a file of refused rows that is refused again does not collect ours."""
    compared = [normalised_header(header) for header in headers]
    ours = (LINE_HEADER, REASON_HEADER) if LINE_HEADER in compared else ()
    return [position for position, header in enumerate(compared) if header not in ours]


def _write_cells(sheet: Any, line: int, cells: Sequence[Cell], moment: Any) -> None:
    for place, cell in enumerate(cells, 2):
        if isinstance(cell, datetime | date):
            sheet.write_datetime(line, place, cell, moment)
        elif isinstance(cell, int | float) and not isinstance(cell, bool):
            sheet.write_number(line, place, cell)
        elif text := text_of(cell):
            sheet.write_string(line, place, text[:CELL_LENGTH])
