"""When a running limit warns (decisions 5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum

from portal.clocks.rules.calendar import ONE_DAY, Calendar
from portal.clocks.rules.moments import start_of_day


class Severity(IntEnum):
    """How loud a warning is; the greater wins."""

    HALF = 1  # half of the working days are used
    THREE_LEFT = 2  # 3 working days left
    ONE_LEFT = 3  # 1 working day left
    OVERDUE = 4  # the due day has ended


@dataclass(frozen=True, slots=True)
class WarningPoint:
    """One warning of a limit and the day it belongs to."""

    severity: Severity
    on: date

    @property
    def at(self) -> datetime:
        """00:00 of that day in China, as aware UTC; for OVERDUE this is the `due_at` itself."""
        return start_of_day(self.on)


def warnings_schedule(start_on: date, due_on: date, calendar: Calendar) -> tuple[WarningPoint, ...]:
    """Return the warnings of a limit by day: at 50 %, 3 and 1 working days left, overdue (our limits, not law).

    Points not after the start are dropped; of points on one day only the most severe stays.
    """
    total = calendar.count_working_days(start_on, due_on)
    days = {  # in rising severity, so that the later entry of a day replaces the earlier one
        Severity.HALF: calendar.add_working_days(start_on, (total + 1) // 2),
        Severity.THREE_LEFT: calendar.subtract_working_days(due_on, 3),
        Severity.ONE_LEFT: calendar.subtract_working_days(due_on, 1),
        Severity.OVERDUE: due_on + ONE_DAY,
    }
    loudest = {day: severity for severity, day in days.items() if day > start_on}
    return tuple(WarningPoint(severity, day) for day, severity in sorted(loudest.items()))


def next_warning(points: Sequence[WarningPoint], now: datetime) -> WarningPoint | None:
    """Return the first warning still to come, whose `at` is the row's `next_action_at`."""
    return next((point for point in points if point.at > now), None)


def reached_warning(points: Sequence[WarningPoint], now: datetime) -> WarningPoint | None:
    """Return the most severe warning reached by now: after an outage the ones below it are not made up for."""
    return max((point for point in points if point.at <= now), key=lambda point: point.severity, default=None)
