"""What a training must say, and how many a year are due by when (seed 4; a local programme, not law)."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

MAX_TITLE = 80  # characters, as all limits here ours
MAX_TEXT = 1000
MAX_HOURS = 40
MAX_OTHERS = 500
YEARS_BACK = 3  # a training may be recorded so long afterwards


class Mode(StrEnum):
    """How people take part."""

    ONSITE = "onsite"  # 现场
    ONLINE = "online"  # 线上
    BOTH = "both"  # 现场和线上


class Scope(StrEnum):
    """Which merchants are invited."""

    ALL = "all"  # 辖区全部企业
    TIER = "tier"  # 某一类别
    CHOSEN = "chosen"  # 逐家选定


class Standing(StrEnum):
    """What is known of one merchant's attendance."""

    UNKNOWN = "unknown"  # 未登记
    ATTENDED = "attended"  # 已参加
    ABSENT = "absent"  # 未参加


MODE_NAMES = {Mode.ONSITE: "现场", Mode.ONLINE: "线上", Mode.BOTH: "现场和线上"}
SCOPE_NAMES = {Scope.ALL: "辖区全部企业", Scope.TIER: "按类别", Scope.CHOSEN: "选定企业"}
STANDING_NAMES = {Standing.UNKNOWN: "未登记", Standing.ATTENDED: "已参加", Standing.ABSENT: "未参加"}
STANDING_TONES = {Standing.UNKNOWN: "near", Standing.ATTENDED: "good", Standing.ABSENT: "bad"}


@dataclass(frozen=True, slots=True)
class YearPlan:
    """How the year's trainings stand: held, required, and the last day for the next one."""

    year: int
    held: int
    required: int
    next_on: date
    late: bool

    @property
    def is_met(self) -> bool:
        """Whether the year has as many as it needs."""
        return self.held >= self.required


def year_plan(today: date, held: int, required: int) -> YearPlan:
    """Spread the required number evenly over the year: of two, one by the end of June and one by the end of December.

    Where the year has enough, the next is the first of the next year.
    """
    parts = max(required, 1)
    if held >= required:
        return YearPlan(today.year, held, required, _end_of_part(today.year + 1, 1, parts), late=False)
    next_on = _end_of_part(today.year, held + 1, parts)
    return YearPlan(today.year, held, required, next_on, late=next_on < today)


def objection_to_day(held_on: date, today: date) -> str | None:
    """Say why a training cannot be on this day, or None."""
    if held_on < today - timedelta(days=366 * YEARS_BACK):
        return f"培训日期在 {YEARS_BACK} 年以前，不再补登。请核对年份。"
    if held_on > today + timedelta(days=366):
        return "培训日期在一年以后。请核对年份。"
    return None


def objection_to_hours(hours: int) -> str | None:
    """Say why a number of hours is refused, or None."""
    return None if 1 <= hours <= MAX_HOURS else f"学时应在 1 到 {MAX_HOURS} 之间。"


def objection_to_others(others: int) -> str | None:
    """Say why a number of people without an account is refused, or None."""
    return None if 0 <= others <= MAX_OTHERS else f"人数应在 0 到 {MAX_OTHERS} 之间。"


def _end_of_part(year: int, part: int, parts: int) -> date:
    month = -(-12 * part // parts)
    first_behind = date(year + month // 12, month % 12 + 1, 1)
    return first_behind - timedelta(days=1)
