"""A table in a file as numbered lines of cells: XLSX told from CSV by its content, CSV in UTF-8 or GB18030."""

import csv
import io
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum

from portal.core.cells import Cell, Row, folded, text_of
from portal.core.workbooks import UnreadableFile as UnreadableFile
from portal.core.workbooks import check_workbook

Records = Callable[[], Iterator[Row]]

ENCODINGS = ("utf-8-sig", "gb18030")
DELIMITERS = ",\t;|"
HEADER_WITHIN = 15  # lines; above the header people put a title, a unit, a period
_FOREIGN = (
    (b"\xd0\xcf\x11\xe0", "这是旧版XLS表格或加密的表格，请用表格软件另存为“Excel工作簿（.xlsx）”后再导入。"),
    (b"%PDF", "这是PDF文件，请从平台导出XLSX或CSV文件后再导入。"),
    (b"\x89PNG", "这是图片，请从平台导出XLSX或CSV文件后再导入。"),
    (b"\xff\xd8\xff", "这是图片，请从平台导出XLSX或CSV文件后再导入。"),
    (b"Rar!", "这是压缩包，请解压后导入其中的XLSX或CSV文件。"),
    (b"7z\xbc\xaf", "这是压缩包，请解压后导入其中的XLSX或CSV文件。"),
    (b"\x1f\x8b", "这是压缩包，请解压后导入其中的XLSX或CSV文件。"),
    (b"\xff\xfe", "文件是UTF-16编码，请另存为UTF-8编码的CSV或XLSX后再导入。"),
    (b"\xfe\xff", "文件是UTF-16编码，请另存为UTF-8编码的CSV或XLSX后再导入。"),
)
_WEB_PAGE = re.compile(rb"\s*<(!doctype|html|table|\?xml|head|meta)", re.IGNORECASE)
_TOTALS = re.compile(r"(合计|总计|小计|共计|制表|填报|审核|导出)")  # sums and signatures below a table
NOT_TEXT = "无法识别文件的文字编码或表头，请另存为UTF-8编码的CSV或XLSX后再导入。"


@dataclass(frozen=True, slots=True)
class OpenedSheet:
    """One filled sheet of a workbook, readable while its stream stays open."""

    name: str
    last_line: int
    records: Records


@dataclass(frozen=True, slots=True)
class NamedRow:
    """A row below the header, its texts by the names that were asked for; '' where the cell is empty."""

    line: int
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NamedTable:
    """A table whose header has been understood: the columns it has, and its rows that are not blank."""

    columns: frozenset[str]
    rows: Sequence[NamedRow]


def check_size(stream: BinaryIO, limit: int) -> int:
    """Return a file's size in bytes; refuses an empty one and one over the limit with `UnreadableFile`."""
    size = stream.seek(0, io.SEEK_END)
    if size > limit:
        raise UnreadableFile(f"文件超过{limit // 1024**2}MB，请拆分成几个文件后再导入。")
    if size == 0:
        raise UnreadableFile("文件是空的，请重新导出后再导入。")
    return size


def is_workbook(stream: BinaryIO) -> bool:
    """Say whether the file is an XLSX; refuses with `UnreadableFile` what is neither that nor text."""
    stream.seek(0)
    start = stream.read(64 * 1024)
    if start.startswith(b"PK"):
        return True
    for signature, sentence in _FOREIGN:
        if start.startswith(signature):
            raise UnreadableFile(sentence)
    if _WEB_PAGE.match(start):
        raise UnreadableFile("这是网页格式的表格，请用表格软件打开后另存为“Excel工作簿（.xlsx）”再导入。")
    if b"\x00" in start:
        raise UnreadableFile("这不是XLSX或CSV表格，请从平台导出XLSX或CSV文件后再导入。")
    return False


def open_workbook(stream: BinaryIO) -> list[OpenedSheet]:
    """Open the filled sheets of an XLSX, in order; raises `UnreadableFile` where there is nothing to read."""
    check_workbook(stream)
    return reopen_workbook(stream)


def reopen_workbook(stream: BinaryIO) -> list[OpenedSheet]:
    """Open a workbook that `open_workbook` has opened before: looking through it once is enough."""
    stream.seek(0)
    try:
        workbook = CalamineWorkbook.from_filelike(stream)
        names = [sheet.name for sheet in workbook.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
        sheets = [(name, workbook.get_sheet_by_name(name)) for name in names]
    except (CalamineError, OSError, ValueError):
        raise UnreadableFile("文件已损坏，无法打开，请重新导出后再导入。") from None
    filled = [
        OpenedSheet(name, sheet.end[0] + 1 if sheet.end else 0, _numbered(sheet.iter_rows))
        for name, sheet in sheets
        if sheet.height
    ]
    if not filled:
        raise UnreadableFile("表格里没有内容，请重新导出后再导入。")
    return filled


def text_records(stream: BinaryIO, encoding: str, delimiter: str) -> Records:
    """Make the reader of a CSV file's lines; a line that is not well quoted raises csv.Error while reading."""

    def records() -> Iterator[Row]:
        stream.seek(0)
        text = io.TextIOWrapper(stream, encoding=encoding, newline="")
        try:
            # strict: an unclosed quotation mark would otherwise swallow the rows that follow it
            for line, cells in enumerate(csv.reader(text, delimiter=delimiter, strict=True), 1):
                yield Row(line, tuple(cells))
        finally:
            text.detach()

    return records


def check_encoding(stream: BinaryIO, encoding: str) -> None:
    """Raise UnicodeDecodeError unless the whole file is text in this encoding."""
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding=encoding, newline="")
    try:
        while text.read(1 << 20):
            pass
    finally:
        text.detach()


def until_fault(rows: Iterator[Row]) -> Iterator[Row]:
    """Yield lines up to the first that is not well quoted."""
    try:
        yield from rows
    except csv.Error:
        return


def count_lines(records: Records) -> int:
    """Count a CSV file's lines; raises `UnreadableFile`, naming the line, where one is not well quoted."""
    line = 0
    try:
        for row in records():
            line = row.line
    except csv.Error:
        raise UnreadableFile(f"CSV第{line + 1}行的引号不配对或内容过长，请更正该行，或另存为XLSX后再导入。") from None
    return line


def read_named(
    stream: BinaryIO, names: Mapping[str, Sequence[str]], *, required: Sequence[str], size_limit: int
) -> NamedTable:
    """Read a small table whole. `names` are the columns wanted with the headers they go by, in any order.

    The header is the line within the first few that names most of them. Raises `UnreadableFile` where none names a
    required one, saying which.
    """
    check_size(stream, size_limit)
    candidates = [sheet.records for sheet in open_workbook(stream)] if is_workbook(stream) else _readings(stream)
    wanted = {folded(header): name for name, headers in names.items() for header in headers}
    found = [(positions, header, records) for records in candidates for header, positions in _headers(records, wanted)]
    if not found:
        raise UnreadableFile(_without([names[name][0] for name in required]))
    positions, header, records = max(found, key=lambda one: len(one[0]))
    if missing := [names[name][0] for name in required if name not in positions]:
        raise UnreadableFile(_without(missing))
    count_lines(records)
    rows = [_named(row, positions) for row in records() if row.line > header]
    return NamedTable(frozenset(positions), [row for row in rows if _says_something(row, required)])


def _readings(stream: BinaryIO) -> list[Records]:
    for encoding in ENCODINGS:
        try:
            check_encoding(stream, encoding)
        except UnicodeDecodeError:
            continue
        return [text_records(stream, encoding, delimiter) for delimiter in DELIMITERS]
    raise UnreadableFile(NOT_TEXT)


def _headers(records: Records, wanted: Mapping[str, str]) -> Iterator[tuple[int, dict[str, int]]]:
    for row in itertools.islice(until_fault(records()), HEADER_WITHIN):
        positions: dict[str, int] = {}
        for position, cell in enumerate(row.cells):
            name = wanted.get(folded(text_of(cell)))
            if name is not None:
                positions.setdefault(name, position)
        if positions:
            yield row.line, positions


def _named(row: Row, positions: Mapping[str, int]) -> NamedRow:
    def text(position: int) -> str:
        return text_of(row.cells[position]) if position < len(row.cells) else ""

    return NamedRow(row.line, {name: text(position) for name, position in positions.items()})


def _says_something(row: NamedRow, required: Sequence[str]) -> bool:
    texts = [text for text in row.values.values() if text]
    missing = sum(not row.values[name] for name in required)
    return bool(texts) and not (missing and _TOTALS.match(texts[0]))


def _without(missing: Sequence[str]) -> str:
    return f"表格缺少必需的列：{'、'.join(missing)}。请补上后再导入。"


def _numbered(records: Callable[[], Iterable[Iterable[Cell]]]) -> Records:
    return lambda: (Row(line, tuple(cells)) for line, cells in enumerate(records(), 1))
