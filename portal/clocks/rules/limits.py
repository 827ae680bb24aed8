"""Limits in force on a day, and how a due date is derived from one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from portal.clocks.rules.calendar import ONE_DAY, Calendar, add_natural_days
from portal.clocks.rules.moments import end_of_day


class Unit(StrEnum):
    """What a limit is counted in."""

    WORKING_DAY = "working_day"  # 工作日
    NATURAL_DAY = "natural_day"  # 自然日
    HOUR = "hour"  # 小时; a span between two moments, never a due date
    FEN = "fen"  # 分; a threshold of money that is a dated row like the limits
    PERCENT = "percent"  # 百分比
    COUNT = "count"  # 件、人; a number from which officers are told or no more is taken, never a due date


@dataclass(frozen=True, slots=True)
class Limit:
    """One dated row: how long something may take, on what basis, and from when until when that holds.

    The fields are those of the table `legal_limit`.
    """

    code: str
    amount: int  # in units of `unit`
    unit: Unit
    rolls: bool  # the last day moves behind a public holiday: statutory natural days only (令121第四十五条)
    article: str  # "第十五条"; empty where no article says it
    basis: str  # the regulation, or in plain words that it is not one
    is_law: bool
    valid_from: date
    valid_to: date | None = None  # the last day on which it holds; None while it does

    @property
    def source(self) -> str:
        """Basis and article in one line, as pages and `deadlines explain` show it."""
        return self.basis + self.article


@dataclass(frozen=True, slots=True)
class CountedDay:
    """A day that counts, with its number within the limit from 1."""

    on: date
    ordinal: int


@dataclass(frozen=True, slots=True)
class Derivation:
    """How a due date came about, day by day, so that it can be shown and not only stated."""

    limit: Limit
    start: date  # not counted
    due: date
    counted: tuple[CountedDay, ...]
    skipped: tuple[date, ...]  # days passed over: free days between, or the holiday the last day rolled over
    makeup: tuple[date, ...]  # weekend days that count because they are worked
    provisional: bool  # leans on a year whose holidays are not published

    @property
    def unit(self) -> Unit:
        """The unit of the limit."""
        return self.limit.unit

    @property
    def basis(self) -> str:
        """The limit's basis with its article."""
        return self.limit.source

    @property
    def due_at(self) -> datetime:
        """24:00 of the due day in China, as aware UTC."""
        return end_of_day(self.due)

    def to_json(self) -> dict[str, Any]:
        """Return the object that `portal deadlines explain --json` prints."""
        return {
            "limit": self.limit.code,
            "start": self.start.isoformat(),
            "due": self.due.isoformat(),
            "unit": self.unit.value,
            "skipped": [day.isoformat() for day in self.skipped],
            "makeup": [day.isoformat() for day in self.makeup],
            "basis": self.basis,
            "provisional": self.provisional,
        }


def in_force(limits: Iterable[Limit], code: str, on: date) -> tuple[Limit, ...]:
    """Return the rows of a code that hold on a day, oldest first.

    More than one row may hold: from 2024-07-01 to 2026-04-14 mediation had 45 working days by one text and 60 days by
    another, and the earlier end binds.
    """
    rows = (row for row in limits if row.code == code and row.valid_from <= on)
    return tuple(sorted((row for row in rows if row.valid_to is None or on <= row.valid_to), key=_age))


def derive(limit: Limit, start_on: date, calendar: Calendar) -> Derivation:
    """Derive the due date of a limit that starts on a day in China; the start day is not counted (令121第四十五条).

    Hours, money and shares have no due day and raise ValueError.
    """
    if limit.unit is Unit.WORKING_DAY:
        return _by_working_days(limit, start_on, calendar)
    if limit.unit is Unit.NATURAL_DAY:
        return _by_natural_days(limit, start_on, calendar)
    raise ValueError(f"{limit.code} is counted in {limit.unit} and has no due day")


def derive_earliest(limits: Sequence[Limit], start_on: date, calendar: Calendar) -> Derivation:
    """Derive by each limit and return the one that ends first; an empty sequence raises ValueError."""
    if not limits:
        raise ValueError(f"no limit in force on {start_on.isoformat()}")
    return min((derive(limit, start_on, calendar) for limit in limits), key=lambda derivation: derivation.due)


def span(limit: Limit) -> timedelta:
    """Return a limit in hours as a span; other units raise ValueError, because days differ in length."""
    if limit.unit is not Unit.HOUR:
        raise ValueError(f"{limit.code} is counted in {limit.unit}, not in hours")
    return timedelta(hours=limit.amount)


def _by_working_days(limit: Limit, start: date, calendar: Calendar) -> Derivation:
    due = calendar.add_working_days(start, limit.amount)
    days = [start + timedelta(days=n) for n in range(1, (due - start).days + 1)]
    worked = [day for day in days if calendar.is_working_day(day)]
    return Derivation(
        limit=limit,
        start=start,
        due=due,
        counted=_numbered(worked),
        skipped=tuple(day for day in days if not calendar.is_working_day(day)),
        makeup=tuple(day for day in worked if day in calendar.makeup),
        provisional=bool(days) and not calendar.covers(days[0], due),
    )


def _by_natural_days(limit: Limit, start: date, calendar: Calendar) -> Derivation:
    last = add_natural_days(start, limit.amount)
    due = calendar.roll_over_holiday(last) if limit.rolls else last
    return Derivation(
        limit=limit,
        start=start,
        due=due,
        counted=_numbered([start + timedelta(days=n) for n in range(1, limit.amount + 1)]),
        skipped=tuple(last + n * ONE_DAY for n in range((due - last).days)),
        makeup=(),
        provisional=limit.rolls and not calendar.covers(last, due),
    )


def _numbered(days: Sequence[date]) -> tuple[CountedDay, ...]:
    return tuple(CountedDay(on=day, ordinal=n) for n, day in enumerate(days, start=1))


def _age(limit: Limit) -> tuple[date, date]:
    return limit.valid_from, limit.valid_to or date.max
