"""A published calendar replaces a computed one: dates that leaned on the former days are derived again.

Once the holidays of a year are imported, every open case whose dates reach into that year is looked at. A date that
the former calendar gave is derived by the new one, and the difference is a fact of the case; a date set by a person or
by another rule stays. Batches follow each other as facts, so that no transaction is long and none is done twice.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, true
from sqlalchemy.orm import Session

from portal.cases import steps
from portal.cases.models import Case
from portal.cases.rules import CaseState
from portal.clocks import rules as clocks
from portal.clocks.queries import Almanac, Recount, recount_of
from portal.core import facts
from portal.core.actor import SYSTEM
from portal.core.facts import Fact, SubjectKind, Topic

AT_ONCE = 200  # cases a transaction
SECOND_LOOK = timedelta(hours=1)  # no import of complaints runs longer
PART = "cases"
BEFORE_A_MERCHANT = frozenset({CaseState.WAITING, CaseState.RETURNED, CaseState.KEPT})


def redate_next(session: Session, fact: Fact, *, now: datetime) -> None:
    """Derive the dates of the next open cases again after a calendar was imported; nothing where the fact is of another part."""
    if fact.topic is Topic.CALENDAR_SPREAD and fact.detail["part"] != PART:
        return
    recount = recount_of(session, fact.detail["year"], fact.detail["former"])
    cases = session.scalars(
        select(Case)
        .where(Case.id > fact.detail.get("after", 0), *_reaching(recount.year))
        .order_by(Case.id)
        .limit(AT_ONCE)
        .with_for_update()
    ).all()
    for case in cases:
        redate(session, case, recount, now=now)
    go_on(session, fact, PART, cases[-1].id if len(cases) == AT_ONCE else None, now=now)


def go_on(session: Session, fact: Fact, part: str, after: int | None, *, now: datetime) -> None:
    """Record that one part has been gone through up to a row; the fact wakes the next batch.

    `after` None: to its end. An hour later it is gone through once more, for an import of complaints that had begun
    before may have gone on counting by the former calendar.
    """
    again = after is None
    if again and fact.detail.get("last"):
        return
    facts.record(
        session,
        SYSTEM,
        Topic.CALENDAR_SPREAD,
        SubjectKind.INSTALLATION,
        1,
        at=now,
        not_before=now + SECOND_LOOK if again else now,
        year=fact.detail["year"],
        former=fact.detail["former"],
        part=part,
        after=after or 0,
        last=again or fact.detail.get("last", False),
    )


@dataclass(frozen=True, slots=True)
class _Dates:
    """The dates of a case that are derived by the calendar."""

    respond_by: datetime | None
    contact_by: datetime | None
    due_at: datetime


def redate(session: Session, case: Case, recount: Recount, *, now: datetime) -> bool:
    """Derive a locked case's dates again and record each that moved, old and new; says whether one did."""
    before = _dates(case)
    authorities = steps.authorities_upwards(session, case.authority_id)
    if case.dispatched_at is not None and steps.limit_runs(case):
        case.respond_by = _merchants_limit(case, recount, authorities)
        if case.contact_by is not None:
            case.contact_by = recount.again(case.contact_by, [("accept", case.dispatched_at)], authorities)
    elif case.state in BEFORE_A_MERCHANT:
        starts = [
            ("triage", case.registered_at),
            ("triage", case.kept_at),
            ("dispatch", case.opened_at),
            ("dispatch", case.last_event_at),
        ]
        case.due_at = recount.again(case.due_at, starts, authorities)
    if case.platform_due_on is not None and case.platform_due_inferred:
        inferred = recount.again(clocks.end_of_day(case.platform_due_on), [("odr", case.registered_at)], authorities)
        case.platform_due_on = clocks.due_day(inferred)
    if _dates(case) == before:
        return False
    if steps.limit_runs(case):
        steps.set_clocks(session, case, now=now)
    facts.record(
        session,
        SYSTEM,
        Topic.CASE_REDATED,
        SubjectKind.CASE,
        case.id,
        at=now,
        year=recount.year,
        moved=_difference(before, _dates(case)),
    )
    return True


def _reaching(year: int) -> tuple[ColumnElement[bool], ...]:
    """Open cases with a date in the year or after it, that were open before it ended."""
    begin, end = clocks.start_of_day(date(year, 1, 1)), clocks.end_of_day(date(year, 12, 31))
    reaches = or_(Case.due_at >= begin, and_(Case.respond_by.is_not(None), Case.respond_by >= begin))
    return (Case.is_open == true(), Case.registered_at < end, reaches)


def _merchants_limit(case: Case, recount: Recount, authorities: list[int]) -> datetime:
    """The end of the merchant's limit again, in whichever of its two forms it was made (decisions 2)."""
    assert case.dispatched_at is not None
    assert case.respond_by is not None
    for negotiates_first in (False, True):

        def limit(book: Almanac, *, first: bool = negotiates_first) -> datetime:
            assert case.dispatched_at is not None
            ends = steps.statutory_end(book, case.channel, case.registered_at, authorities) if first else None
            return steps.merchants_limit(book, ends, authorities, now=case.dispatched_at)

        if limit(recount.before) == case.respond_by:
            return limit(recount.after)
    return case.respond_by


def _dates(case: Case) -> _Dates:
    return _Dates(case.respond_by, case.contact_by, case.due_at if case.state in BEFORE_A_MERCHANT else steps.NEVER)


def _difference(before: _Dates, after: _Dates) -> dict[str, list[str]]:
    """Old and new day by name, for the fact."""
    pairs = {
        "respond_by": (before.respond_by, after.respond_by),
        "contact_by": (before.contact_by, after.contact_by),
        "due": (before.due_at, after.due_at),
    }
    return {
        name: [clocks.due_day(old).isoformat(), clocks.due_day(new).isoformat()]
        for name, (old, new) in pairs.items()
        if old is not None and new is not None and old != new
    }
