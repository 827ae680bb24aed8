"""Commands: the directory of promises from a file, and the public list made anew."""

from pathlib import Path

import click

from portal import terminal
from portal.commitments.list_files import read_list, take_list
from portal.commitments.listing_jobs import listed_shops, relist_all
from portal.core.actor import OPERATOR


@click.group(help="无理由退货承诺：导入名录。")
def commitments() -> None:
    """Promises of no-reason returns."""


@commitments.command("import", help="导入承诺名录（CSV 或 XLSX，省级模板的列）；已有的按信用代码更新，没有变化的不动。")
@click.argument("file", type=terminal.Upload())
@click.option("--authority", "authority_code", required=True, help="名录所属监管部门的代码。")
@terminal.json_option
def import_file(file: Path, authority_code: str, as_json: bool) -> None:
    """Put the firms of a list under their promises; faulty rows are told, good firms kept."""
    with terminal.installation() as house:
        with terminal.reading_file(file) as stream:
            firms = read_list(stream)
        imported = take_list(house, OPERATOR, authority_code, firms)
        terminal.tell_imported(as_json, imported, "承诺名录")


@commitments.command("relist", help="按现行承诺重建公开名录和计数；平时会自动更新，不用运行。")
@terminal.json_option
def relist(as_json: bool) -> None:
    """Make the public list anew from the promises in force."""
    with terminal.installation() as house:
        changed = relist_all(house)
        with house.reading() as session:
            shops = listed_shops(session)
    terminal.answer(as_json, {"shops": shops, "changed": changed}, f"名录共 {shops} 家门店，更正 {changed} 处。")
