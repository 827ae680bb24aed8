"""Steps that several capabilities take with a case: dispatch, fail, withdraw, and setting the clocks again.

Each expects the case locked, moves it along the table, sets its clocks and records one fact.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.cases.models import FAR_FUTURE_YEAR, Case
from portal.cases.rules import BEFORE_AGREEMENT, CaseEvent, CaseState, FailureCause, allows
from portal.clocks import rules as clocks
from portal.clocks.queries import Almanac, almanac
from portal.core import facts, search
from portal.core.actor import Actor
from portal.core.errors import RuleBroken
from portal.core.facts import SubjectKind, Topic

NEVER = datetime(FAR_FUTURE_YEAR, 1, 1, tzinfo=UTC)


def authorities_upwards(session: Session, authority_id: int) -> list[int]:
    """The ids of an authority and of those above it, the nearest first."""
    path = session.scalars(select(Organisation.path).where(Organisation.id == authority_id)).one()
    return [int(part) for part in reversed(path.split("/")) if part]


def move(case: Case, event: CaseEvent, *, now: datetime) -> None:
    """Move the case along the table; refuses with RuleBroken where the table has no such step."""
    if not allows(case.state, event):
        raise RuleBroken("这件纠纷的状态已经变了，这一步现在不能做。请刷新页面，按新的状态办理。")
    case.apply(event, at=now)


def dispatch(session: Session, actor: Actor, case: Case, merchant_id: int, *, now: datetime, **detail: Any) -> None:
    """Give the case to a merchant: its limit of working days starts now (decisions 2)."""
    authorities = authorities_upwards(session, case.authority_id)
    move(case, CaseEvent.DISPATCH, now=now)
    case.merchant_id = merchant_id  # before any query flushes the new state
    case.wait_reason = None
    case.dispatched_at = now
    first = first_clocks(almanac(session), platform_end(case), authorities, now=now)
    case.respond_by, case.contact_by = first.respond_by, first.contact_by
    case.due_at, case.next_action_at = first.due_at, first.next_action_at
    case.concluded_at = None
    case.assignee_id = None
    rescope(session, case, authorities)
    facts.record(
        session, actor, Topic.CASE_DISPATCHED, SubjectKind.CASE, case.id, at=now, merchant_id=merchant_id, **detail
    )


@dataclass(frozen=True, slots=True)
class FirstClocks:
    """The merchant's clocks as they start when a case is dispatched."""

    respond_by: datetime
    contact_by: datetime
    due_at: datetime
    next_action_at: datetime | None


def first_clocks(
    book: Almanac, platform_end: datetime | None, authorities: Sequence[int], *, now: datetime
) -> FirstClocks:
    """Compute the clocks of a case dispatched now, for one case as for an import of many (decisions 2, 5, 7)."""
    respond_by = book.derive("odr", now, authorities).due_at
    due_at = earlier(respond_by, platform_end)
    return FirstClocks(
        respond_by=respond_by,
        contact_by=book.derive("accept", now, authorities).due_at,
        due_at=due_at,
        next_action_at=coming_warning(book, now, due_at, now=now),
    )


def fail(session: Session, actor: Actor, case: Case, cause: FailureCause, *, now: datetime) -> None:
    """End the negotiation without agreement; settling stays possible."""
    move(case, CaseEvent.FAIL, now=now)
    case.cause = cause
    set_clocks(session, case, now=now)
    facts.record(session, actor, Topic.CASE_FAILED, SubjectKind.CASE, case.id, at=now, cause=cause.value)


def withdraw(session: Session, actor: Actor, case: Case, *, now: datetime) -> None:
    """End the case because the consumer takes the complaint back."""
    move(case, CaseEvent.WITHDRAW, now=now)
    case.closed_at = now
    set_clocks(session, case, now=now)
    facts.record(session, actor, Topic.CASE_WITHDRAWN, SubjectKind.CASE, case.id, at=now)


def set_clocks(session: Session, case: Case, *, now: datetime) -> None:
    """Set the date that burns next and the moment at which tick must look at the case again (decisions 5)."""
    if case.state in BEFORE_AGREEMENT and case.respond_by is not None:
        case.due_at = earlier(case.respond_by, platform_end(case))
        case.next_action_at = next_warning(session, case, now=now)
    elif case.state in (CaseState.AGREED, CaseState.BREACHED) and case.perform_by is not None:
        case.due_at = case.perform_by
        case.next_action_at = case.perform_by if case.perform_by > now else None
    elif case.state is CaseState.PERFORMED and case.performed_at is not None:
        case.due_at = almanac(session).derive("receipt_silence", case.performed_at).due_at
        case.next_action_at = case.due_at
    elif case.state in (CaseState.WAITING, CaseState.RETURNED):
        case.next_action_at = None
    else:
        case.due_at, case.next_action_at = NEVER, None


def next_warning(session: Session, case: Case, *, now: datetime) -> datetime | None:
    """The next warning of the merchant's limit, the last of which is the end itself."""
    if case.dispatched_at is None:
        return None
    if coming := coming_warning(almanac(session), case.dispatched_at, case.due_at, now=now):
        return coming
    # At the limit's end the case must be looked at again, also where the platform's day ended before, or where somebody
    # acted after the end; an offer that follows a failure or a breach has no such end.
    return case.respond_by if case.cause is None and case.agreed_at is None else None


def coming_warning(book: Almanac, dispatched_at: datetime, due_at: datetime, *, now: datetime) -> datetime | None:
    """The first warning after now of a limit that ran from `dispatched_at` to `due_at`."""
    points = clocks.warnings_schedule(clocks.local_day(dispatched_at), clocks.due_day(due_at), book.calendar)
    coming = clocks.next_warning(points, now)
    return coming.at if coming else None


def platform_end(case: Case) -> datetime | None:
    """The end of the platform's own day that binds the merchant (decisions 7), None where none does."""
    if case.platform_due_on is None or case.platform_due_inferred:
        return None
    return binding_platform_end(case.platform_due_on, case.dispatched_at)


def binding_platform_end(due_on: date, dispatched_at: datetime | None) -> datetime | None:
    """The end of a day the platform gave; one already over at dispatch only informs, for a backlog makes nobody late."""
    end = clocks.end_of_day(due_on)
    return None if dispatched_at is not None and end <= dispatched_at else end


def earlier(first: datetime, second: datetime | None) -> datetime:
    """The earlier of two moments, the second of which may be missing."""
    return first if second is None or first <= second else second


def rescope(session: Session, case: Case, authorities: list[int]) -> None:
    """Let search find the case for its merchant and for every authority above it, and for nobody else."""
    search.rescope(session, search.CASE_SEARCH, case.id, search_scopes(case.merchant_id, authorities))


def search_scopes(merchant_id: int | None, authorities: list[int]) -> tuple[str, ...]:
    """The scopes inside which a case may be found."""
    own = (search.merchant_scope(merchant_id),) if merchant_id is not None else ()
    return (*own, *(search.authority_scope(authority) for authority in authorities))
