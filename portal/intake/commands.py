"""`portal import`: complaints from a file, on the command line."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from portal import terminal
from portal.core.actor import OPERATOR
from portal.core.errors import RuleBroken
from portal.intake import queries
from portal.intake.actions import StartImport, start_import
from portal.intake.importing import Progress, run_import
from portal.intake.rules import FILED, Source, blank_column_map
from portal.intake.uploads import Upload, read_upload, too_big
from portal.runtime import Runtime


def _print_map(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        click.echo(blank_column_map(), nl=False)
        context.exit()


@click.command("import")
@click.argument("file", type=terminal.Upload())
@click.option("--source", type=click.Choice([one.value for one in FILED]), help="来源；不给时按表头判断。")
@click.option("--map", "map_file", type=terminal.Upload(), help="列对照（TOML），用于其他来源的表。")
@click.option(
    "--blank-map", is_flag=True, is_eager=True, expose_value=False, callback=_print_map, help="打印空白的列对照后结束。"
)
@click.option("--authority", "authority_code", metavar="CODE", help="监管部门代码；不给时按文件的处理机构。")
@terminal.json_option
def import_file(
    file: Path, source: str | None, map_file: Path | None, authority_code: str | None, as_json: bool
) -> None:
    """从文件导入投诉举报（XLSX 或 CSV）；中断后再次运行会接着导入，重复运行不会重复登记。"""
    with terminal.installation() as house:
        upload = read_file(file, source, map_file)
        report = import_upload(house, upload, authority_code)
    terminal.answer(as_json, report, in_words(report))


def read_file(file: Path, source: str | None, map_file: Path | None) -> Upload:
    """Read the file and its column map; refuses with RuleBroken what cannot be read."""
    if objection := too_big(file.stat().st_size):
        raise RuleBroken(objection)
    toml = None
    if map_file is not None:
        try:
            toml = map_file.read_text(encoding="utf-8-sig")  # Notepad writes a mark in front
        except UnicodeDecodeError:
            raise RuleBroken("列对照文件不是UTF-8编码的TOML，请另存为UTF-8后再导入。") from None
    return read_upload(file.name, file.read_bytes(), source=Source(source) if source else None, toml=toml)


def import_upload(house: Runtime, upload: Upload, authority_code: str | None) -> dict[str, Any]:
    """Start or resume the file's run, read it to the end and report totals of the whole file (contract)."""
    run = house.perform(OPERATOR, start_import, StartImport(upload, authority_code))
    with _progress_bar() as progress:
        run_import(house, OPERATOR, run.id, progress)
    with house.reading() as session:
        return queries.import_report(session, run.id)


def in_words(report: dict[str, Any]) -> str:
    """Tell the result to a person at a terminal."""
    counted = (
        f"读取 {report['read']} 行：新建纠纷 {report['created']} 件"
        f"（已派发 {report['routed']}，待分流 {report['waiting']}，并入已有纠纷 {report['merged']}），"
        f"举报 {report['tips']} 件，重复 {report['repeated']} 行（其中有变更 {report['changed']}），"
        f"退回 {report['refused']} 行。"
    )
    refused = [f"  第 {one['row']} 行 {one['number']} {one['reason']}" for one in with_reasons(report)]
    return "\n".join([counted, *refused])


def with_reasons(report: dict[str, Any]) -> list[dict[str, Any]]:
    """The refused rows with what is to be corrected."""
    return [{**one, "reason": queries.reason_of(one["code"])} for one in report["refusals"]]


@contextmanager
def _progress_bar() -> Iterator[Progress]:
    with click.progressbar(length=1, label="导入", file=sys.stderr, show_pos=True) as bar:

        def told(done: int, total: int, refused: int) -> None:
            bar.length = max(total, done, 1)
            bar.label = f"导入（退回 {refused} 行）" if refused else "导入"
            bar.update(done - bar.pos)

        yield told
