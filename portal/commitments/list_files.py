"""Directory lists as files: the provincial template's columns, read into the rows of each firm."""

from collections.abc import Sequence
from typing import BinaryIO

from portal.commitments.importing import ROWS_A_COMMIT, ImportPromises, import_promises
from portal.commitments.rules.lists import ListRow, portions
from portal.core.actor import Actor
from portal.core.imported import Imported
from portal.core.tables import NamedRow, read_named
from portal.enrolment.rules import code_of
from portal.runtime import Runtime

SIZE_LIMIT = 50 * 1024**2  # bytes: some 200,000 rows
COLUMNS = {  # the template's headings first; 负责人姓名 is not read: nobody here needs the name
    "name": ("注册名称", "经营者注册名称", "企业名称"),
    "code": ("信用代码", "统一社会信用代码"),
    "shop": ("门店名称", "店铺名称"),
    "city": ("市", "地市", "所在市"),
    "district": ("区县", "区", "县区", "所在区县"),
    "address": ("详细地址", "门店地址", "经营地址"),
    "kind": ("经营类别",),
    "classes": ("类别明细",),
    "phone": ("电话", "门店电话", "联系电话"),
    "goods": ("适用商品",),
    "days": ("退货期限(天)", "退货期限（天）", "退货期限"),
    "words": ("退货约定",),
    "applied_on": ("企业申请日期", "申请日期"),
    "expires_on": ("有效止", "有效期止"),
}
REQUIRED = ("name", "code", "days")


def read_list(stream: BinaryIO) -> list[list[ListRow]]:
    """Read a CSV or XLSX; the rows of one code come together, in the order of the file. Raises UnreadableFile."""
    table = read_named(stream, COLUMNS, required=REQUIRED, size_limit=SIZE_LIMIT)
    firms: dict[str, list[ListRow]] = {}
    for row in table.rows:
        read = _row(row)
        firms.setdefault(read.code or f"line {read.line}", []).append(read)
    return list(firms.values())


def take_list(house: Runtime, actor: Actor, authority_code: str, firms: Sequence[Sequence[ListRow]]) -> Imported:
    """Import the firms in portions of some 200 rows, each committed by itself."""
    total = Imported()
    for portion in portions(firms, ROWS_A_COMMIT):
        total += house.perform(actor, import_promises, ImportPromises(authority_code, portion))
    return total


def _row(row: NamedRow) -> ListRow:
    values = {name: " ".join(row.values.get(name, "").split()) for name in COLUMNS}
    return ListRow(line=row.line, **{**values, "code": code_of(values["code"])})
