"""Commands: merchants from a file."""

from collections.abc import Sequence
from pathlib import Path

import click

from portal import terminal
from portal.core.actor import OPERATOR, Actor
from portal.core.cells import folded
from portal.core.imported import Imported
from portal.core.tables import NamedRow, read_named
from portal.enrolment.importing import ROWS_A_COMMIT, ImportMerchants, MerchantRow, import_merchants
from portal.enrolment.rules import code_of, split_names
from portal.runtime import Runtime

SIZE_LIMIT = 50 * 1024**2  # bytes: some 300,000 rows
COLUMNS = {
    "name": ("企业名称", "名称", "主体名称", "注册名称", "经营者名称", "单位名称", "经营者注册名称"),
    "code": ("统一社会信用代码", "信用代码", "社会信用代码", "统一信用代码", "企业统一社会信用代码"),
    "authority": (
        "辖区市场监管所",
        "辖区监管所",
        "辖区市场监督管理所",
        "市场监管所",
        "监管所",
        "所属市场监管所",
        "辖区",
        "监管部门",
        "管辖单位",
    ),
    "address": ("经营地址", "地址", "企业地址", "住所", "详细地址", "经营场所"),
    "phone": ("联系电话", "电话", "联系方式", "企业电话", "客服电话"),
    "tier": ("类别", "企业类别", "类型", "企业类型"),
    "aliases": ("别名", "简称", "曾用名", "店铺名称"),
    "outlets": ("门店", "门店名称"),
}


@click.group(help="企业：导入入驻企业。")
def merchants() -> None:
    """ODR enterprises."""


@merchants.command("import", help="导入入驻企业（CSV 或 XLSX）；已有的按统一社会信用代码更新。")
@click.argument("file", type=terminal.Upload())
@terminal.json_option
def import_file(file: Path, as_json: bool) -> None:
    """Admit or update the merchants of a file; faulty rows are told, good ones kept."""
    with terminal.installation() as house:
        with terminal.reading_file(file) as stream:
            table = read_named(stream, COLUMNS, required=("name", "code", "authority"), size_limit=SIZE_LIMIT)
        imported = take_rows(house, OPERATOR, [merchant_row(row) for row in table.rows])
        terminal.tell_imported(as_json, imported, "企业")


def take_rows(house: Runtime, actor: Actor, rows: Sequence[MerchantRow]) -> Imported:
    """Import the rows in portions, each committed by itself, so that nobody waits long for the database."""
    total = Imported()
    seen: dict[str, int] = {}
    for start in range(0, len(rows), ROWS_A_COMMIT):
        portion = tuple(rows[start : start + ROWS_A_COMMIT])
        done = house.perform(actor, import_merchants, ImportMerchants(portion, dict(seen)))
        refused = {problem.line for problem in done.problems}
        seen |= {code_of(row.code): row.line for row in portion if row.line not in refused}
        total += done
    return total


def merchant_row(row: NamedRow) -> MerchantRow:
    """Read a line of the file."""
    values = row.values
    return MerchantRow(
        line=row.line,
        code=values["code"],
        name=" ".join(values["name"].split()),
        authority=folded(values["authority"]),
        address=values.get("address", ""),
        phone=values.get("phone", ""),
        tier=values.get("tier", ""),
        aliases=split_names(values.get("aliases", "")),
        outlets=split_names(values.get("outlets", "")),
    )
