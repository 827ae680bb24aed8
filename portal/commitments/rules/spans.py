"""The days of a version: when it begins, how long it is valid, since when the promise is unbroken."""

import calendar
from collections.abc import Iterable
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)


def first_day(wished: date, passed_on: date, *, replaces: bool) -> date:
    """The first day of purchase of a version that was just passed.

    Behind its wished day it begins at once – but one that replaces another begins on the next day at the earliest:
    who bought in the morning did so under the words that were public then.
    """
    return max(wished, passed_on + ONE_DAY if replaces else passed_on)


def expiry(first_on: date, months: int | None) -> date | None:
    """The last valid day of so many months from a first day: 12 months from 2026-03-01 end on 2027-02-28."""
    if months is None:
        return None
    year, month = divmod(first_on.year * 12 + first_on.month - 1 + months, 12)
    month += 1
    return date(year, month, min(first_on.day, calendar.monthrange(year, month)[1])) - ONE_DAY


def unbroken_since(first_on: date, former_last_on: date | None, former_since: date | None) -> date:
    """Since when the promise holds without a gap: a former version ended at most the day before (连续承诺)."""
    if former_since is None or former_last_on is None or former_last_on < first_on - ONE_DAY:
        return first_on
    return former_since


def next_look(last_on: date | None, expires_on: date | None, warn_before: Iterable[int], *, after: date) -> date | None:
    """The next day on which a current version wants attention: a warning, or the day behind its end; None if never.

    `warn_before` are days before the expiry; a version whose end is fixed is not warned of.
    """
    if last_on is not None:
        return max(last_on, after) + ONE_DAY
    if expires_on is None:
        return None
    days = [expires_on - timedelta(days=before) for before in warn_before] + [expires_on + ONE_DAY]
    return min((day for day in days if day > after), default=after + ONE_DAY)
