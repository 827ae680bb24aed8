"""The command line of clocks: explain a deadline, list the limits in force, import next year's holidays."""

from datetime import date
from pathlib import Path

import click

from portal.clocks import actions, rules
from portal.clocks.files import read_calendar
from portal.clocks.queries import read_almanac
from portal.core.actor import OPERATOR
from portal.core.errors import RuleBroken
from portal.terminal import Upload, answer, installation, json_option, reading_file


class Day(click.ParamType[date]):
    """A date as 2026-09-24."""

    name = "日期"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read the date; wrong usage otherwise."""
        try:
            return value if isinstance(value, date) else date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"“{value}”不是日期，应写成 2026-09-24。", param, ctx)


@click.group(help="期限：推算到期日并说明理由")
def deadlines() -> None:
    """Deadlines."""


@deadlines.command()
@click.argument("limit")
@click.argument("start", type=Day())
@json_option
def explain(limit: str, start: date, *, as_json: bool) -> None:
    """推算 LIMIT（odr、triage、mediation、notice、clue 等）自 START 起的到期日。"""
    with installation() as house, house.reading() as session:
        almanac = read_almanac(session)
        rows = almanac.limits_in_force(limit, start)
        if not all(row.unit in (rules.Unit.WORKING_DAY, rules.Unit.NATURAL_DAY) for row in rows):
            raise RuleBroken(f"“{rules.limit_title(limit)}”（{limit}）不是以天计的期限，没有到期日。")
        derivation = rules.derive_earliest(rows, start, almanac.calendar)
    told = [f"{rules.limit_title(limit)}：{derivation.due} 到期", *rules.explanation(derivation, almanac.calendar)]
    answer(as_json, derivation.to_json(), "\n".join([*told, f"依据：{derivation.basis}"]))


@click.group(help="期限表：各项期限的天数、依据与起止")
def limits() -> None:
    """Limits."""


@limits.command("list")
@click.option("--at", type=Day(), default=None, help="哪一天生效的，默认今天。")
@json_option
def list_limits(at: date | None, *, as_json: bool) -> None:
    """列出生效的期限。"""
    with installation() as house, house.reading() as session:
        on = at or rules.local_day(house.now())
        found = [row for row in read_almanac(session).limits if rules.in_force([row], row.code, on)]
    rows = [
        {
            "limit": row.code,
            "title": rules.limit_title(row.code),
            "amount": row.amount,
            "unit": row.unit.value,
            "basis": row.source,
            "is_law": row.is_law,
            "valid_from": row.valid_from.isoformat(),
            "valid_to": row.valid_to.isoformat() if row.valid_to else None,
        }
        for row in found
    ]
    text = "\n".join(
        f"{row['limit']:<18}{row['amount']:>8} {row['unit']:<13}{row['title']}（{row['basis']}）" for row in rows
    )
    answer(as_json, {"at": on.isoformat(), "limits": rows}, text)


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
