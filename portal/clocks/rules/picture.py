"""What pages draw of a deadline: the ten-tick ruler and the calendar of its derivation."""

from dataclasses import dataclass
from datetime import date, timedelta

from portal.clocks.rules.calendar import ONE_DAY, Calendar
from portal.clocks.rules.limits import Derivation, Unit

TICKS = 10  # the merchant's ten working days (look/DESIGN.md 5)


@dataclass(frozen=True, slots=True)
class Cell:
    """One day in the calendar of a derivation."""

    on: date
    label: str  # "24", or "10/1" on the first of a month
    mark: str  # 收到, 到期, 休, 班 or nothing
    number: int | None  # the day's number within the limit; the due day shows its mark instead
    css: str  # off, ran, end, today

    @property
    def text(self) -> str:
        """Mark and number together: 班6."""
        return f"{self.mark}{self.number or ''}"


def ruler_ticks(start_on: date, due_on: date, today: date, calendar: Calendar) -> int:
    """Return how many of ten ticks are used; today counts as used, and all ten are from the due day on.

    A tick is a tenth of the limit's working days, so for the ten working days of a merchant it is one of them.
    """
    total = calendar.count_working_days(start_on, due_on)
    if today >= due_on or total <= 0:
        return TICKS
    used = calendar.count_working_days(start_on, today)
    return max(0, TICKS * used // total)


def calendar_weeks(derivation: Derivation, today: date) -> tuple[tuple[Cell, ...], ...]:
    """Return whole weeks, Monday first, from the week of the start to the week of the due day."""
    first = derivation.start - timedelta(days=derivation.start.weekday())
    weeks = (derivation.due - first).days // 7 + 1
    numbers = {counted.on: counted.ordinal for counted in derivation.counted}
    marks = dict.fromkeys(derivation.skipped, "休") | dict.fromkeys(derivation.makeup, "班")
    marks |= {derivation.start: "收到", derivation.due: "到期"}

    def cell(day: date) -> Cell:
        return Cell(
            on=day,
            label=f"{day.month}/{day.day}" if day.day == 1 else str(day.day),
            mark=marks.get(day, ""),
            number=None if day == derivation.due else numbers.get(day),
            css=_css(derivation, day, today, is_skipped=marks.get(day) == "休"),
        )

    return tuple(tuple(cell(first + (week * 7 + n) * ONE_DAY) for n in range(7)) for week in range(weeks))


def explanation(derivation: Derivation, calendar: Calendar) -> tuple[str, ...]:
    """Tell the derivation in sentences: what is not counted, what is, and what is not yet certain."""
    sentences = [f"{_spoken(derivation.start)}收到，当日不计。"]
    names = dict.fromkeys(calendar.off[day] for day in derivation.skipped if day in calendar.off)
    if names and derivation.unit is Unit.WORKING_DAY:
        sentences.append(f"{'、'.join(names)}假期不计。")
    if names and derivation.unit is Unit.NATURAL_DAY:
        last = derivation.counted[-1].on
        sentences.append(f"最后一天 {_spoken(last)}在{'、'.join(names)}假期内，顺延至假期后第一天。")
    sentences += [f"{_spoken(day)}调休上班，计入。" for day in derivation.makeup]
    if derivation.provisional:
        unpublished = [
            year for year in range(derivation.start.year, derivation.due.year + 1) if year not in calendar.years
        ]
        years = "、".join(str(year) for year in unpublished)
        sentences.append(f"{years} 年放假安排尚未公布，暂按周末推算，公布后重新计算。")
    return tuple(sentences)


def _css(derivation: Derivation, day: date, today: date, *, is_skipped: bool) -> str:
    classes = []
    if day == derivation.due:
        classes.append("end")
    elif day < derivation.start or day > derivation.due or is_skipped:
        classes.append("off")
    elif derivation.start < day <= today:
        classes.append("ran")
    if day == today:
        classes.append("today")
    return " ".join(classes)


def _spoken(day: date) -> str:
    return f"{day.month} 月 {day.day} 日"
