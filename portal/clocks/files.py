"""A year's holiday notice as a table: 日期, 类型 (放假 or 上班), 名称."""

from datetime import date
from typing import BinaryIO

from portal.clocks.rules import CalendarDay, DayKind
from portal.core import tables
from portal.core.errors import RuleBroken

KINDS = {"放假": DayKind.OFF, "休": DayKind.OFF, "上班": DayKind.MAKEUP, "班": DayKind.MAKEUP}
COLUMNS = {"day": ("日期",), "kind": ("类型",), "name": ("名称", "节日")}
MAX_SIZE = 1024 * 1024  # bytes; a year has some forty lines
SHOWN_FAULTS = 5


def read_calendar(stream: BinaryIO) -> tuple[int, list[CalendarDay]]:
    """Read one year's days off and make-up workdays; refuses with RuleBroken, naming lines, and UnreadableFile."""
    table = tables.read_named(stream, COLUMNS, required=("day", "kind", "name"), size_limit=MAX_SIZE)
    days, faults = [], []
    for row in table.rows:
        day, kind = _day(row.values["day"]), KINDS.get(row.values["kind"].strip())
        if day is None or kind is None:
            faults.append(f"第 {row.line} 行的{'日期' if day is None else '类型'}不对")
        else:
            days.append(CalendarDay(day, kind, row.values["name"].strip()))
    if faults:
        raise RuleBroken(
            f"{'；'.join(faults[:SHOWN_FAULTS])}。日期应写成 2027-01-01，类型应为“放假”或“上班”。没有导入。"
        )
    if len({day.day for day in days}) != len(days):
        raise RuleBroken("同一天出现了两次。请改正后再导入。")
    years = {day.day.year for day in days}
    if len(years) != 1:
        raise RuleBroken("一个文件只能是一年的放假安排。请按年份分开导入。")
    return years.pop(), days


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip().split(" ")[0].replace("/", "-"))
    except ValueError:
        return None
