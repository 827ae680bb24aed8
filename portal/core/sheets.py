"""Lists as XLSX files: written row by row to a temporary file, masked as on the page, text always as text."""

import tempfile
from collections.abc import Iterable, Sequence
from typing import IO

import xlsxwriter

MAX_ROWS = 100_000  # our limit; a filter narrows what is more
_WIDTH = 18  # characters of a column


def write_sheet(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str | float | None]], *, widths: Sequence[int] = ()
) -> IO[bytes]:
    """Write one sheet and return it as an open temporary file at its start; numbers stay numbers.

    `widths` are characters by column, the same for all where none are given. Nothing is ever written as a formula, whatever a complaint's text begins with.
    """
    out = tempfile.TemporaryFile(suffix=".xlsx")  # noqa: SIM115  the sender closes it
    book = xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet(title)
    bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    money = book.add_format({"num_format": "#,##0.00", "valign": "top"})
    sheet.freeze_panes(1, 0)
    for column, width in enumerate(widths or [_WIDTH] * len(columns)):
        sheet.set_column(column, column, width)
    sheet.write_row(0, 0, columns, bold)
    for line, cells in enumerate(rows, start=1):
        for column, cell in enumerate(cells):
            if isinstance(cell, int | float):
                sheet.write_number(line, column, cell, money)
            elif cell:
                sheet.write_string(line, column, cell, wrapped)
    book.close()
    out.seek(0)
    return out
