"""The command line of clocks: import next year's holidays."""

from pathlib import Path

import click

from portal.clocks import actions
from portal.clocks.files import read_calendar
from portal.core.actor import OPERATOR
from portal.terminal import Upload, answer, installation, json_option, reading_file


@click.group(help="日历：导入公布的放假安排")
def calendar() -> None:
    """The calendar."""


@calendar.command("import")
@click.argument("file", type=Upload())
@json_option
def import_calendar(file: Path, *, as_json: bool) -> None:
    """导入一年的放假安排：列为 日期、类型（放假或上班）、名称。"""
    with reading_file(file) as stream:
        year, days = read_calendar(stream)
    with installation() as house:
        changed = house.perform(OPERATOR, actions.replace_year, actions.ReplaceYear(year, tuple(days), file.name))
    answer(
        as_json, {"year": year, "days": len(days), "changed": changed}, f"{year} 年放假安排已导入，共 {len(days)} 天。"
    )
