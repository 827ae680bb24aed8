"""What must hold before an XLSX is given to the reader.

The reader unpacks without limit and keeps a sheet as one dense block: a few bytes that unpack to gigabytes,
or two cells at opposite corners of a sheet, would end the whole process.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from portal.core.errors import Refused

UNPACKED_LIMIT = 1024**3  # bytes, all parts of the workbook together
CELL_LIMIT = 1_048_576 * 26  # rows × columns of one sheet, 32 bytes each in the reader; a sheet formatted to its end
MAX_PARTS = 2_000
_CHUNK = 1 << 20
_LONGEST = 1 << 20  # bytes from one tag to the next; a cell holds at most 32,767 characters
_ATTRIBUTE = rb"""\s*[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*')"""
_PLACE = re.compile(
    rb"<(?:[\w.-]+:)?(?:c|row)\b(?:" + _ATTRIBUTE + rb""")*?\s*\br\s*=\s*["']([A-Za-z]{0,3})([0-9]{1,10})["']"""
    rb"""(?!(?:\s+\w+="\w*")*\s*/>)"""  # an empty cell that only has a style takes no room
)


class UnreadableFile(Refused):
    """The file cannot be read as a table; the text is one sentence that says what to do."""


def check_workbook(stream: BinaryIO, *, unpacked_limit: int = UNPACKED_LIMIT, cell_limit: int = CELL_LIMIT) -> None:
    """Refuse with `UnreadableFile` what is no XLSX, is broken, locked, or would unpack beyond the limits.

    The declared sizes are checked first; then each part is really unpacked in pieces and counted,
    because the declaration may lie.
    """
    try:
        with zipfile.ZipFile(stream) as archive:
            parts = archive.infolist()
            _check_parts(parts, unpacked_limit)
            left = unpacked_limit
            for part in parts:
                left -= _check_part(archive, part, left, cell_limit)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError, RuntimeError):
        raise UnreadableFile("文件已损坏，无法打开，请重新导出后再导入。") from None


def _check_parts(parts: list[zipfile.ZipInfo], unpacked_limit: int) -> None:
    names = {part.filename for part in parts}
    if not any(name.lower() == "xl/workbook.xml" for name in names):
        raise UnreadableFile("这不是XLSX表格，请用表格软件另存为“Excel工作簿（.xlsx）”后再导入。")
    if any(part.flag_bits & 0x1 for part in parts):
        raise UnreadableFile("文件设有密码，请去掉密码另存后再导入。")
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > unpacked_limit:
        raise UnreadableFile("文件解压后过大，不予打开，请按日期拆分成几个文件后再导入。")


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, left: int, cell_limit: int) -> int:
    size = check_sum = 0
    extent = _Extent()
    rest = b""  # from the last tag on: it may be cut in two
    for chunk in _unpacked(archive, part):
        size += len(chunk)
        check_sum = zlib.crc32(chunk, check_sum)
        if size > left:
            raise UnreadableFile("文件解压后过大，不予打开，请按日期拆分成几个文件后再导入。")
        seen = rest + chunk
        cut = max(seen.rfind(b"<"), 0)
        extent.look_at(seen[:cut])
        rest = seen[cut:]
        if len(rest) > _LONGEST:
            extent.is_strange, rest = True, b""
    extent.look_at(rest)
    if check_sum != part.CRC:
        raise zipfile.BadZipFile
    if extent.is_strange or extent.cells > cell_limit:
        raise UnreadableFile("表格的行列范围过大，请删除数据以外的空行空列，或拆分成几个文件后再导入。")
    return size


def _unpacked(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield what is really packed, not only as much as was declared."""
    if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise zipfile.BadZipFile
    real = zipfile.ZipInfo(part.filename)
    real.header_offset, real.compress_size, real.file_size = part.header_offset, part.compress_size, part.compress_size
    real.flag_bits, real.orig_filename = part.flag_bits, part.orig_filename
    unpack = zlib.decompressobj(-15) if part.compress_type == zipfile.ZIP_DEFLATED else None
    with archive.open(real) as packed:  # opened as if stored: the packed bytes themselves, no check sum
        while chunk := packed.read(_CHUNK):
            while unpack and chunk:
                yield unpack.decompress(chunk, _CHUNK)
                chunk = unpack.unconsumed_tail
            if chunk:
                yield chunk


@dataclass(slots=True)
class _Extent:
    """How many rows and columns a sheet's cells span, as far as it has been looked at."""

    rows: int = 1
    columns: int = 1
    is_strange: bool = False  # holds something between two tags that no cell can hold
    _rows_met: int = field(default=0)
    _in_row: int = field(default=0)

    @property
    def cells(self) -> int:
        return self.rows * self.columns

    def look_at(self, xml: bytes) -> None:
        """Take in a piece that ends before a tag."""
        places = set(_PLACE.findall(xml))
        self.rows = max([self.rows, *(int(row) for row in {row for _, row in places})])
        self.columns = max([self.columns, *(_column(letters) for letters in {letters for letters, _ in places})])
        # Cells may also come without a place, one after the other.
        first, *further = xml.split(b"<row")
        self._rows_met += len(further)
        counts = [self._in_row + first.count(b"<c"), *(piece.count(b"<c") for piece in further)]
        self._in_row = counts[-1]
        if self._rows_met:
            self.rows = max(self.rows, self._rows_met)
            self.columns = max(self.columns, *counts)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
