"""A merchant's list of shops from a file: 门店名称 and 地址."""

from typing import BinaryIO

from portal.core.errors import RuleBroken
from portal.core.tables import UnreadableFile, read_named
from portal.enrolment.keeping import OpenOutlet

SIZE_LIMIT = 5 * 1024**2  # bytes
MAX_OUTLETS = 2_000  # of one file, our limit
COLUMNS = {
    "name": ("门店名称", "门店", "店名", "名称", "店铺名称"),
    "address": ("门店地址", "地址", "经营地址", "详细地址"),
}


def read_outlets(stream: BinaryIO) -> tuple[OpenOutlet, ...]:
    """Read the shops of an XLSX or CSV file; RuleBroken, in words, for a file that cannot be read or has none."""
    if not stream.read(1):
        raise RuleBroken("请选择一个 Excel 或 CSV 文件，其中有“门店名称”一列，可以有“地址”一列。")
    stream.seek(0)
    try:
        table = read_named(stream, COLUMNS, required=("name",), size_limit=SIZE_LIMIT)
    except UnreadableFile as problem:
        raise RuleBroken(f"文件没有导入：{problem}") from problem
    named = {
        row.values["name"].strip(): OpenOutlet(row.values["name"].strip(), row.values.get("address", "").strip())
        for row in table.rows
        if row.values["name"].strip()
    }
    if not named:
        raise RuleBroken("文件里没有门店。请在“门店名称”一列填写。")
    if len(named) > MAX_OUTLETS:
        raise RuleBroken(f"一次最多导入 {MAX_OUTLETS} 家门店。请分成几个文件。")
    return tuple(named.values())
