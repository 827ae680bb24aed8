"""Filling the calendar and the limits."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal.clocks import queries, rules, seed
from portal.clocks.models import CalendarDay, CalendarYear, LegalLimit
from portal.core import facts
from portal.core.actor import Actor
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require


@dataclass(frozen=True, slots=True)
class ReplaceYear:
    """A year's published holidays, in the place of what was known or computed."""

    year: int
    days: tuple[rules.CalendarDay, ...]
    source: str


def replace_year(session: Session, actor: Actor, command: ReplaceYear, *, now: datetime) -> int:
    """Store a year's days off and make-up workdays instead of the former ones; returns how many days differ.

    The fact keeps the former days: from them whoever keeps dates finds those that leaned on them, and derives them
    again. That begins once no process counts by the former calendar any more (`queries.KEPT_SECONDS`).
    """
    require(actor, Permission.CALENDAR_IMPORT, None)
    span = CalendarDay.day.between(date(command.year, 1, 1), date(command.year, 12, 31))
    known = {(row.day, row.kind) for row in session.scalars(select(CalendarDay).where(span))}
    session.execute(delete(CalendarDay).where(span))
    session.execute(delete(CalendarYear).where(CalendarYear.year == command.year))
    session.add(CalendarYear(year=command.year, source=command.source))
    session.add_all([CalendarDay(day=day.day, kind=day.kind, name=day.name) for day in command.days])
    changed = len(known ^ {(day.day, day.kind) for day in command.days})
    facts.record(
        session,
        actor,
        Topic.CALENDAR_IMPORTED,
        SubjectKind.INSTALLATION,
        1,
        at=now,
        not_before=now + timedelta(seconds=queries.KEPT_SECONDS),
        year=command.year,
        changed=changed,
        former=sorted([day.isoformat(), kind.value] for day, kind in known),
    )
    queries.forget_almanac()
    return changed


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
