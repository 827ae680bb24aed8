"""A complaint file as lines: XLSX or CSV, whose header is found and whose lines keep their numbers."""

import hashlib
import itertools
import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from portal.core import tables
from portal.core.tables import HEADER_WITHIN, OpenedSheet, Records
from portal.core.tables import UnreadableFile as UnreadableFile
from portal.intake import rules
from portal.intake.rules import ColumnMap, Columns, Field, Row, Source
from portal.intake.rules.cells import is_blank, text_of
from portal.intake.rules.columns import ALIASES
from portal.intake.rules.words import kind_of

SIZE_LIMIT = 100 * 1024**2  # bytes; 100,000 rows are about 20 MB as XLSX and 60 MB as CSV
MIN_HEADERS = 3  # fewer known names are a coincidence

_NO_HEADER = (
    f"前{HEADER_WITHIN}行里没有找到表头（登记编号、类型、登记时间、诉求内容、企业名称等），请确认这是投诉导出文件。"
)
_TOTALS = re.compile(
    r"(合计|总计|小计|共计|总数|汇总)[:\uff1a]?[\s0-9,.]*(条|件|笔|行|宗|元)?.{0,10}|共[计有]?\s*[0-9,]+\s*(条|件|笔|行|宗).{0,12}"
    r"|(制表|导出|统计|打印|填报|审核)(人|时间|日期|单位|部门)?\s*[:\uff1a].*|第\s*[0-9]+\s*页.*"
)


class _NoHeader(UnreadableFile):
    """No line names enough fields."""


@dataclass(frozen=True, slots=True)
class OpenSheet:
    """A complaint file whose header has been understood; readable while its stream stays open."""

    sha256: str
    size: int  # bytes
    name: str  # of the sheet; '' for CSV
    source: Source
    columns: Columns
    last_line: int  # lines of the sheet, for a progress bar
    records: Records

    def rows(self, *, after: int = 0) -> Iterator[Row]:
        """Yield the complaint rows below the header and after a line, without blank, totals and header rows."""
        header = [text for cell in self.columns.headers if (text := text_of(cell))]
        for row in self.records():
            if row.line <= self.columns.line or row.line <= after:
                continue
            first = next((text for cell in row.cells if (text := text_of(cell))), "")
            if (
                first
                and not _is_totals(row, first, self.columns)
                and not (first == header[0] and header == _texts(row))
            ):
                yield row


def _texts(row: Row) -> list[str]:
    return [text for cell in row.cells if (text := text_of(cell))]


def open_sheet(
    stream: BinaryIO,
    *,
    source: Source | None = None,
    mapped: ColumnMap | None = None,
    size_limit: int = SIZE_LIMIT,
    open_workbook: Callable[[BinaryIO], list[OpenedSheet]] = tables.open_workbook,
) -> OpenSheet:
    """Open a seekable file as complaints; whatever cannot be read raises `UnreadableFile` now, not half-way.

    XLSX is told from CSV by content, not by name; CSV may be UTF-8 (with or without BOM) or GB18030. Of several
    sheets the first with a header wins. `source` overrides what the headers say, `mapped` their names.
    `open_workbook` may be `tables.reopen_workbook` for what was opened before and has been sealed since.
    """
    size = tables.check_size(stream, size_limit)
    sha256 = _digest(stream)
    if tables.is_workbook(stream):
        name, columns, last_line, records = _in_workbook(open_workbook(stream), mapped)
    else:
        name, columns, last_line, records = _open_text(stream, mapped)
    _require_mapped(columns, mapped)
    _require_columns(columns)
    return OpenSheet(sha256, size, name, source or rules.detect_source(columns), columns, last_line, records)


def read_column_map(toml: str) -> ColumnMap:
    """Read a TOML map of field to header for a generic file.

    Keys are the values of `Field` or a usual header (`number = "单据号"`), at the top or under [columns];
    `default_type = "投诉"` serves files without a type column. Anything else raises `UnreadableFile`.
    """
    try:
        table = tomllib.loads(toml)
    except tomllib.TOMLDecodeError as fault:
        line = re.search(r"line (\d+)", str(fault))
        where = f"第 {line[1]} 行" if line else "末尾"
        raise UnreadableFile(
            f'列对照文件{where}写法不对：应像 number = "单据号"，列名放在英文双引号里。请更正后再导入。'
        ) from None
    default_type = table.pop("default_type", None)
    if default_type is not None and (not isinstance(default_type, str) or kind_of(default_type) is None):
        raise UnreadableFile("列对照文件的 default_type 只能是“投诉”或“举报”，请更正后再导入。")
    named = table.pop("columns", {})
    if not isinstance(named, dict):
        raise UnreadableFile("列对照文件的 columns 应是一节 [columns]，请更正后再导入。")
    headers: dict[Field, str] = {}
    for key, header in (table | named).items():
        known = rules.field_named(key)
        if known is None or not isinstance(header, str):
            raise UnreadableFile(f"列对照文件中的“{key}”无法识别，可用的字段有：{'、'.join(Field)}。")
        headers[known] = header
    return ColumnMap(headers, default_type)


def _digest(stream: BinaryIO) -> str:
    stream.seek(0)
    digest = hashlib.sha256()
    while chunk := stream.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()


def _in_workbook(filled: Sequence[OpenedSheet], mapped: ColumnMap | None) -> tuple[str, Columns, int, Records]:
    best: Columns | None = None
    for sheet in filled:
        columns = _find_header(sheet.records(), mapped)
        if columns and not columns.missing:
            return sheet.name, columns, sheet.last_line, sheet.records
        best = best or columns
    if best is None:
        raise _NoHeader(_NO_HEADER)
    return filled[0].name, best, 0, lambda: iter(())


def _open_text(stream: BinaryIO, mapped: ColumnMap | None) -> tuple[str, Columns, int, Records]:
    for encoding in tables.ENCODINGS:
        try:
            delimiter, columns = _find_delimiter(stream, encoding, mapped)
            records = tables.text_records(stream, encoding, delimiter)
            return "", columns, tables.count_lines(records), records
        except UnicodeDecodeError:
            continue
        except _NoHeader:
            if encoding == tables.ENCODINGS[0]:
                raise  # certainly UTF-8; almost any bytes are GB18030
    raise UnreadableFile(tables.NOT_TEXT)


def _find_delimiter(stream: BinaryIO, encoding: str, mapped: ColumnMap | None) -> tuple[str, Columns]:
    tables.check_encoding(stream, encoding)
    best: tuple[str, Columns] | None = None
    for delimiter in tables.DELIMITERS:
        columns = _find_header(tables.until_fault(tables.text_records(stream, encoding, delimiter)()), mapped)
        if columns and (best is None or len(columns.positions) > len(best[1].positions)):
            best = delimiter, columns
    if best is None:
        raise _NoHeader(_NO_HEADER)
    return best


def _find_header(rows: Iterator[Row], mapped: ColumnMap | None) -> Columns | None:
    """Return the line within the first few that names most fields, the upper one of equals."""
    candidates = [rules.match_header(row, mapped) for row in itertools.islice(rows, HEADER_WITHIN)]
    best = max(candidates, key=lambda columns: len(columns.positions), default=None)
    return best if best and len(best.positions) >= MIN_HEADERS else None


def _require_mapped(columns: Columns, mapped: ColumnMap | None) -> None:
    """A header that only the map knows is a slip: its values would be lost without a word."""
    given = {rules.normalised_header(header) for header in columns.headers}
    lost = [
        header for header in (mapped.headers.values() if mapped else ()) if rules.normalised_header(header) not in given
    ]
    if lost:
        known = "、".join(header for header in columns.headers if header)
        raise UnreadableFile(f"表头里没有列对照所写的列：{'、'.join(lost)}。表头是：{known}。请更正列对照后再导入。")


def _require_columns(columns: Columns) -> None:
    if columns.missing:
        names = "、".join(ALIASES[field][0] for field in columns.missing)
        raise UnreadableFile(f"表格缺少必需的列：{names}，请确认这是投诉导出文件，补上后再导入。")


def _is_totals(row: Row, first: str, columns: Columns) -> bool:
    """Say whether a row sums up or signs the sheet; a row that has a type and a text is a complaint."""
    if not _TOTALS.fullmatch(first):
        return False
    has_type = kind_of(text_of(columns.cell(row, Field.TYPE))) is not None
    return not has_type or is_blank(text_of(columns.cell(row, Field.TEXT)))
