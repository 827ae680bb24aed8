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
from portal.cases.bookkeeping import book_outcome
from portal.cases.models import FAR_FUTURE_YEAR, Case
from portal.cases.rules import BEFORE_AGREEMENT, CaseEvent, CaseState, Channel, FailureCause, allows
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
    book = almanac(session)
    decision_ends = None
    if negotiates_before_acceptance(session, authorities):
        decision_ends = statutory_end(book, case.channel, case.registered_at, authorities)
    first = first_clocks(book, platform_end(case), authorities, statutory_end=decision_ends, now=now)
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
    book: Almanac,
    platform_end: datetime | None,
    authorities: Sequence[int],
    *,
    now: datetime,
    statutory_end: datetime | None = None,
) -> FirstClocks:
    """Compute the clocks of a case dispatched now, for one case as for an import of many (decisions 2, 5, 7).

    `statutory_end` is given only where the authority negotiates before it decides on 受理.
    """
    respond_by = merchants_limit(book, statutory_end, authorities, now=now)
    due_at = earlier(respond_by, platform_end)
    return FirstClocks(
        respond_by=respond_by,
        contact_by=book.derive("accept", now, authorities).due_at,
        due_at=due_at,
        next_action_at=coming_warning(book, now, due_at, after=now),
    )


def merchants_limit(
    book: Almanac, statutory_end: datetime | None, authorities: Sequence[int], *, now: datetime
) -> datetime:
    """When the limit of a merchant ends to whom a case is dispatched now (decisions 2).

    Ten working days; with `statutory_end` max(now + odr_least, min(now + odr, statutory_end - odr_margin)), so that
    the authority has the margin left to decide, and a backlog never makes a merchant late at the first tick.
    """
    full = book.derive("odr", now, authorities).due_at
    if statutory_end is None:
        return full
    margin = book.amount("odr_margin", clocks.local_day(now), authorities)
    before = clocks.end_of_day(book.calendar.subtract_working_days(clocks.due_day(statutory_end), margin))
    return max(book.derive("odr_least", now, authorities).due_at, min(full, before))


def negotiates_before_acceptance(session: Session, authorities: Sequence[int]) -> bool:
    """Say whether the switch `odr_before_acceptance` is on at one of these authorities: a 所 follows its district."""
    switched = select(Organisation.id).where(Organisation.id.in_(authorities), Organisation.odr_before_acceptance)
    return session.scalars(switched.limit(1)).first() is not None


def statutory_end(
    book: Almanac, channel: Channel, registered_at: datetime, authorities: Sequence[int]
) -> datetime | None:
    """When the authority must have decided on 受理 (令121第十五条); None in channel A and before any such limit."""
    if channel is Channel.GREEN:
        return None
    try:
        return book.derive("triage", registered_at, authorities).due_at
    except RuleBroken:  # registered before 2020: no limit is known
        return None


def fail(session: Session, actor: Actor, case: Case, cause: FailureCause, *, now: datetime) -> None:
    """End the negotiation without agreement; settling stays possible."""
    move(case, CaseEvent.FAIL, now=now)
    case.cause = cause
    set_clocks(session, case, now=now)
    book_outcome(session, actor, case, now=now)
    facts.record(session, actor, Topic.CASE_FAILED, SubjectKind.CASE, case.id, at=now, cause=cause.value)


def withdraw(session: Session, actor: Actor, case: Case, *, now: datetime) -> None:
    """End the case because the consumer takes the complaint back."""
    move(case, CaseEvent.WITHDRAW, now=now)
    case.closed_at = now
    set_clocks(session, case, now=now)
    book_outcome(session, actor, case, now=now)
    facts.record(session, actor, Topic.CASE_WITHDRAWN, SubjectKind.CASE, case.id, at=now)


def set_clocks(session: Session, case: Case, *, now: datetime) -> None:
    """Set the date that burns next and the moment at which tick must look at the case again (decisions 5).

    `next_action_at` is read by the duties of `cases` (warnings), `settlements` (end of the limit, breach, silence) and
    `mediation` (the consumer's choice), told apart by the state; it may lie in the past where tick was away.
    """
    if case.state in BEFORE_AGREEMENT and case.respond_by is not None:
        if limit_runs(case):
            case.due_at = earlier(case.respond_by, platform_end(case))
            case.next_action_at = next_look(session, case)
        else:  # an offer after a failure or a breach: its own end burns, see settlements
            case.next_action_at = None
    elif case.state in (CaseState.AGREED, CaseState.BREACHED) and case.perform_by is not None:
        case.due_at = case.perform_by
        case.next_action_at = case.perform_by if case.state is CaseState.AGREED else None
    elif case.state is CaseState.PERFORMED and case.performed_at is not None:
        # until the consumer was told, the day is only the earliest possible (decisions 6)
        case.due_at = _end(session, case, "receipt_silence", case.receipt_asked_at or case.performed_at)
        case.next_action_at = case.due_at if case.receipt_asked_at else None
    elif case.state in (CaseState.WAITING, CaseState.RETURNED, CaseState.KEPT):
        case.next_action_at = None
    else:
        case.due_at, case.next_action_at = NEVER, None
        if case.state is CaseState.FAILED and case.channel is Channel.GREEN and case.closed_at is None:
            case.next_action_at = _end(session, case, "consumer_choice", case.concluded_at or now)


def _end(session: Session, case: Case, limit: str, start: datetime) -> datetime:
    return almanac(session).derive(limit, start, authorities_upwards(session, case.authority_id)).due_at


def limit_runs(case: Case) -> bool:
    """Say whether the merchant's limit runs: in the first negotiation, before any failure or agreement."""
    return (
        case.state in BEFORE_AGREEMENT
        and case.cause is None
        and case.agreed_at is None
        and case.respond_by is not None
        and case.dispatched_at is not None
    )


def next_look(session: Session, case: Case) -> datetime | None:
    """The first warning not yet told, in the past where tick was away; behind the last one the end of the limit.

    The end may lie behind every warning, where the platform's own day ended before it.
    """
    assert case.dispatched_at is not None
    told = max(case.warned_at or case.dispatched_at, case.dispatched_at)
    return coming_warning(almanac(session), case.dispatched_at, case.due_at, after=told) or case.respond_by


def coming_warning(book: Almanac, dispatched_at: datetime, due_at: datetime, *, after: datetime) -> datetime | None:
    """The first warning after a moment, of a limit that ran from `dispatched_at` to `due_at`."""
    coming = clocks.next_warning(warnings_of(book, dispatched_at, due_at), after)
    return coming.at if coming else None


def warnings_of(book: Almanac, dispatched_at: datetime, due_at: datetime) -> tuple[clocks.WarningPoint, ...]:
    """The warnings of a limit that ran from `dispatched_at` to `due_at`."""
    return clocks.warnings_schedule(clocks.local_day(dispatched_at), clocks.due_day(due_at), book.calendar)


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
