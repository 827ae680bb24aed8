"""A complaint file as it is handed in: read once, refused in one sentence, before anything is stored."""

import io
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.core import tables
from portal.core.errors import RuleBroken
from portal.intake import rules
from portal.intake.rules import ColumnMap, Field, Source
from portal.intake.rules.cells import text_of
from portal.intake.sheets import SIZE_LIMIT, OpenSheet, UnreadableFile, open_sheet, read_column_map

LOOKED_THROUGH = 2000  # rows whose 处理机构 is read to find the file's authority


@dataclass(frozen=True, slots=True)
class Upload:
    """A readable complaint file and what its header says."""

    name: str
    content: bytes
    digest: str  # SHA-256, hexadecimal
    source: Source
    mapping: Mapping[str, Any]  # as `ImportRun.mapping` keeps it
    headers: tuple[str, ...]
    lines: int  # below the header
    authorities: tuple[str, ...]  # the names in 处理机构, as far as looked through


def read_upload(name: str, content: bytes, *, source: Source | None = None, toml: str | None = None) -> Upload:
    """Read a file's header and authority names; refuses with RuleBroken what cannot be read as complaints."""
    try:
        mapped = read_column_map(toml) if toml is not None else None
        sheet = open_sheet(io.BytesIO(content), source=source, mapped=mapped)
    except UnreadableFile as fault:
        raise RuleBroken(str(fault), field="file") from None
    return Upload(
        name=name,
        content=content,
        digest=sheet.sha256,
        source=sheet.source,
        mapping=_kept(mapped),
        headers=sheet.columns.headers,
        lines=max(sheet.last_line - sheet.columns.line, 0),
        authorities=_authorities(sheet),
    )


def reopen(content: bytes, source: str | None, mapping: Mapping[str, Any]) -> OpenSheet:
    """Open a stored file again as it was first opened; raises UnreadableFile."""
    return open_sheet(
        io.BytesIO(content),
        source=Source(source) if source else None,
        mapped=_restored(mapping),
        open_workbook=tables.reopen_workbook,
    )


def too_big(size: int) -> str | None:
    """Say why a file of so many bytes is refused unread, or None."""
    if size <= SIZE_LIMIT:
        return None
    return f"文件有{size // 1024**2}MB，最多{SIZE_LIMIT // 1024**2}MB。请按日期拆分成几个文件后再导入。"


def _kept(mapped: ColumnMap | None) -> dict[str, Any]:
    if mapped is None:
        return {}
    headers = {field.value: header for field, header in mapped.headers.items()}
    return {"headers": headers, "default_type": mapped.default_type}


def _restored(mapping: Mapping[str, Any]) -> ColumnMap | None:
    if not mapping:
        return None
    headers = {Field(field): header for field, header in mapping["headers"].items()}
    return ColumnMap(headers, mapping["default_type"])


def _authorities(sheet: OpenSheet) -> tuple[str, ...]:
    position = sheet.columns.positions.get(Field.AUTHORITY)
    if position is None:
        return ()
    rows = itertools.islice(sheet.rows(), LOOKED_THROUGH)
    written = (text_of(row.cells[position]) for row in rows if position < len(row.cells))
    return tuple(dict.fromkeys(text for text in written if text and not rules.is_masked(text)))
