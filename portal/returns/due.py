"""What the clock does: warn, find overdue, let lapse, and erase what was kept long enough."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, joinedload

from portal.clocks.queries import almanac
from portal.clocks.rules import local_day
from portal.core import facts
from portal.core.actor import Actor
from portal.core.facts import SubjectKind, Topic
from portal.returns import proofs
from portal.returns.access import record
from portal.returns.actions import look_again, mark
from portal.returns.asking import standing_of
from portal.returns.models import ReturnRequest
from portal.returns.rules import Breach, ReturnEvent, ReturnState

AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Look:
    """At most so many requests at a time."""

    most: int = AT_ONCE


def look_at_due(session: Session, actor: Actor, command: Look, *, now: datetime) -> int:
    """Warn of, or mark as overdue, every request whose moment has come; returns how many were looked at.

    Overdue is a possible breach that a person judges, nothing is decided here.
    """
    query = (
        select(ReturnRequest)
        .where(ReturnRequest.next_at <= now)
        .order_by(ReturnRequest.next_at, ReturnRequest.id)
        .limit(command.most)
        .with_for_update(skip_locked=True)
    )
    rows = session.scalars(query).all()
    for request in rows:
        _look(session, actor, request, now=now)
        look_again(session, request, now=now)
    return len(rows)


def erase_finished(session: Session, actor: Actor, command: Look, *, now: datetime) -> int:
    """Destroy the keys of requests that ended, or were left open, longer than limit "return_kept"; returns how many.

    A possible breach without a finding is kept. The ledger keeps its own commitments.
    """
    days = almanac(session).amount("return_kept", local_day(now))
    before = now - timedelta(days=days)
    query = (
        select(ReturnRequest)
        .where(
            or_(
                ReturnRequest.closed_at < before,
                and_(ReturnRequest.closed_at.is_(None), ReturnRequest.asked_at < before),
            ),
            ReturnRequest.erased_at.is_(None),
            or_(ReturnRequest.breach.is_(None), ReturnRequest.finding.is_not(None)),
        )
        .order_by(ReturnRequest.id)
        .limit(command.most)
        .options(joinedload(ReturnRequest.key, innerjoin=True))
        .with_for_update(of=ReturnRequest, skip_locked=True)
    )
    rows = session.scalars(query).all()
    for request in rows:
        _erase(session, request, now=now)
        facts.record(session, actor, Topic.RETURN_ERASED, SubjectKind.RETURN, request.id, at=now)
    return len(rows)


def _look(session: Session, actor: Actor, request: ReturnRequest, *, now: datetime) -> None:
    due, standing = request.due_at, standing_of(request)
    if due is not None and not standing.overdue:
        if now < due:
            request.warned_at = now
            record(session, actor, Topic.RETURN_WARNED, request, now=now)
            return
        breach = Breach.UNANSWERED if request.state is ReturnState.ASKED else Breach.UNPAID
        mark(request, breach, now=now)
        record(session, actor, Topic.RETURN_OVERDUE, request, now=now, breach=breach.value)
    elif request.lapses_at is not None and request.lapses_at <= now:
        request.apply(ReturnEvent.LAPSE)
        request.closed_at, request.lapses_at = now, None
        record(session, actor, Topic.RETURN_LAPSED, request, now=now)


def _erase(session: Session, request: ReturnRequest, *, now: datetime) -> None:
    proofs.drop_files(session, request)
    request.name_sealed = request.phone_sealed = request.reason_sealed = request.answer_sealed = None
    request.phone_index = request.token_hash = request.token_sealed = None
    request.name_mask = request.phone_mask = ""
    request.erased_at, request.next_at = now, None
    request.key.wrapped, request.key.destroyed_at = None, now
