"""The calendar of days off and make-up workdays, and counting by it."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType

ONE_DAY = timedelta(days=1)


class DayKind(StrEnum):
    """What the yearly notice of the State Council says about a day."""

    OFF = "off"  # 放假
    MAKEUP = "makeup"  # 调休上班


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One day that is not what its weekday says, with the holiday it belongs to (`国庆节`)."""

    day: date
    kind: DayKind
    name: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days off and make-up workdays with their holidays' names, for the years that have been published.

    In other years Monday to Friday count as working days and whatever is derived from them is provisional.
    """

    off: Mapping[date, str]
    makeup: Mapping[date, str]
    years: frozenset[int]
    _lost: tuple[int, ...] = field(init=False, repr=False, compare=False)  # ordinals of weekdays off, sorted
    _gained: tuple[int, ...] = field(init=False, repr=False, compare=False)  # ordinals of weekend workdays, sorted

    def __post_init__(self) -> None:
        lost = (day.toordinal() for day in self.off if day.weekday() < 5)
        gained = (day.toordinal() for day in self.makeup if day.weekday() >= 5)
        object.__setattr__(self, "_lost", tuple(sorted(lost)))
        object.__setattr__(self, "_gained", tuple(sorted(gained)))

    def covers(self, first: date, last: date) -> bool:
        """Say whether every year from `first` to `last` has been published."""
        return all(year in self.years for year in range(first.year, last.year + 1))

    def is_working_day(self, day: date) -> bool:
        """Say whether a day is worked: make-up days are, days off and other weekends are not."""
        return day in self.makeup or (day.weekday() < 5 and day not in self.off)

    def add_working_days(self, start: date, n: int) -> date:
        """Return the n-th working day after `start`, which is not counted (令121第四十五条); n < 0 raises ValueError."""
        if n < 0:
            raise ValueError("working days are added forwards; see subtract_working_days")
        day = start
        while n:
            day += ONE_DAY
            n -= self.is_working_day(day)
        return day

    def subtract_working_days(self, day: date, n: int) -> date:
        """Return the last working day after which n working days are left until the end of `day`."""
        day = self.working_day_until(day)
        for _ in range(n):
            day = self.working_day_until(day - ONE_DAY)
        return day

    def count_working_days(self, after: date, until: date) -> int:
        """Count the working days later than `after` up to and including `until`; negative when `until` is earlier."""
        return self._worked_through(until.toordinal()) - self._worked_through(after.toordinal())

    def working_day_from(self, day: date) -> date:
        """Return the day itself when it is worked, else the next working day."""
        while not self.is_working_day(day):
            day += ONE_DAY
        return day

    def working_day_until(self, day: date) -> date:
        """Return the day itself when it is worked, else the working day before it."""
        while not self.is_working_day(day):
            day -= ONE_DAY
        return day

    def roll_over_holiday(self, day: date) -> date:
        """Return the day itself, or the first day after the holiday when the day is off by notice (令121第四十五条).

        A plain weekend is not a 法定节假日 and stays: earlier is safer. A weekend that adjoins the holiday is passed too,
        because notices of some years join it to the holiday without listing it.
        """
        return self.working_day_from(day) if day in self.off else day

    def _worked_through(self, ordinal: int) -> int:
        """Count the working days since 0001-01-01, a Monday, without walking through them."""
        weeks, rest = divmod(ordinal, 7)
        weekdays = weeks * 5 + min(rest, 5)
        return weekdays - bisect_right(self._lost, ordinal) + bisect_right(self._gained, ordinal)


def calendar_of(days: Iterable[CalendarDay], years: Iterable[int]) -> Calendar:
    """Build the calendar from its rows and the years that have been published.

    A day that is both off and made up raises ValueError.
    """
    by_kind: dict[DayKind, dict[date, str]] = {kind: {} for kind in DayKind}
    for row in days:
        by_kind[row.kind][row.day] = row.name
    off, makeup = by_kind[DayKind.OFF], by_kind[DayKind.MAKEUP]
    if both := off.keys() & makeup.keys():
        raise ValueError(f"off and made up at once: {', '.join(sorted(day.isoformat() for day in both))}")
    return Calendar(MappingProxyType(off), MappingProxyType(makeup), frozenset(years))


def add_natural_days(start: date, n: int) -> date:
    """Return the n-th day after `start`, which is not counted (令121第四十五条)."""
    return start + timedelta(days=n)


def report_due_on(period_end: date, calendar: Calendar) -> date:
    """Return when a report is due: the day after its period, or the next working day (half-monthly notice, S1)."""
    return calendar.working_day_from(period_end + ONE_DAY)
