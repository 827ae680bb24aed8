"""Filling the calendar and the limits."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.clocks import queries, seed
from portal.clocks.models import CalendarDay, CalendarYear, LegalLimit
from portal.core.actor import Actor


@dataclass(frozen=True, slots=True)
class Seed:
    """Fill an empty installation."""


def seed_clocks(session: Session, actor: Actor, command: Seed, *, now: datetime) -> int:
    """Store the seeded calendar years and limits that are not there yet; safe to run again. Returns rows added."""
    added = _seed_calendar(session) + _seed_limits(session)
    queries.forget_almanac()
    return added


def _seed_calendar(session: Session) -> int:
    known = set(session.scalars(select(CalendarYear.year)))
    years = {year: source for year, source in seed.calendar_years().items() if year not in known}
    days = [day for day in seed.calendar_days() if day.day.year in years]
    session.add_all([CalendarYear(year=year, source=source) for year, source in years.items()])
    session.add_all([CalendarDay(day=day.day, kind=day.kind, name=day.name) for day in days])
    return len(days)


def _seed_limits(session: Session) -> int:
    known = {tuple(row) for row in session.execute(select(LegalLimit.code, LegalLimit.basis, LegalLimit.valid_from))}
    rows = [limit for limit in seed.limits() if (limit.code, limit.basis, limit.valid_from) not in known]
    session.add_all(
        [
            LegalLimit(
                code=limit.code,
                amount=limit.amount,
                unit=limit.unit,
                rolls=limit.rolls,
                article=limit.article,
                basis=limit.basis,
                is_law=limit.is_law,
                valid_from=limit.valid_from,
                valid_to=limit.valid_to,
            )
            for limit in rows
        ]
    )
    return len(rows)
