"""What time does by itself: offers lapse, limits end, promises break, silence closes. Each looks again under the lock."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.cases import access, bookkeeping, steps
from portal.cases.rules import CaseEvent, CaseState
from portal.core import facts
from portal.core.actor import Actor
from portal.core.facts import SubjectKind, Topic
from portal.settlements import rounds
from portal.settlements.actions import callbacks, ending
from portal.settlements.actions.performing import breach, current_agreement, last_performance
from portal.settlements.models import Receipt


@dataclass(frozen=True, slots=True)
class DueCase:
    """A case at which something was found to be due."""

    case_id: int


def expire_offer(session: Session, actor: Actor, command: DueCase, *, now: datetime) -> bool:
    """Let the waiting round lapse if its time is over; False where it was answered in the meantime."""
    case = access.locked_by_id(session, actor, command.case_id)
    waiting = rounds.pending_of(rounds.rounds_of(session, case.id, rounds.key_of(session, case)))
    if waiting is None or waiting.offer.expires_at > now:
        return False
    ending.lapse(session, actor, case, waiting.offer, now=now)
    return True


def fail_late(session: Session, actor: Actor, command: DueCase, *, now: datetime) -> bool:
    """Let the negotiation fail if the merchant's limit is over; the cause says whose delay it was (decisions 5)."""
    case = access.locked_by_id(session, actor, command.case_id)
    if not ending.is_over(case, now=now):
        return False
    known = rounds.rounds_of(session, case.id, rounds.key_of(session, case))
    ending.end_limit(session, actor, case, known, now=now)
    return True


def breach_late(session: Session, actor: Actor, command: DueCase, *, now: datetime) -> bool:
    """Call the agreement broken if its day is over and nothing was recorded."""
    case = access.locked_by_id(session, actor, command.case_id)
    if case.state is not CaseState.AGREED or case.perform_by is None or case.perform_by > now:
        return False
    breach(session, actor, case, CaseEvent.BREACH, "overdue", now=now)
    return True


@dataclass(frozen=True, slots=True)
class StartSilence:
    """A case whose consumer was just told that the agreement was performed."""

    case_id: int


def start_silence(session: Session, actor: Actor, command: StartSilence, *, now: datetime) -> bool:
    """Let the days of silence run from a message that went out (decisions 6); False where nothing waits for a word.

    A message that is repeated starts them again.
    """
    case = access.locked_by_id(session, actor, command.case_id)
    if case.state is not CaseState.PERFORMED:
        return False
    case.receipt_asked_at = now
    steps.set_clocks(session, case, now=now)
    facts.record(session, actor, Topic.RECEIPT_ASKED, SubjectKind.CASE, case.id, at=now)
    return True


def close_unconfirmed(session: Session, actor: Actor, command: DueCase, *, now: datetime) -> bool:
    """Close a performed case whose consumer stays silent, counted apart; 没收到 stays open on the link for a year.

    A share is drawn for 回访. Nobody is silent who was not told (decisions 6).
    """
    case = access.locked_by_id(session, actor, command.case_id)
    if case.state is not CaseState.PERFORMED or case.receipt_asked_at is None or case.due_at > now:
        return False
    agreement = current_agreement(session, case.id)
    performance = last_performance(session, agreement.id) if agreement else None
    if performance is not None:
        performance.receipt, performance.answered_at = Receipt.SILENT, now
    steps.move(case, CaseEvent.SILENCE, now=now)
    case.closed_at = now
    steps.set_clocks(session, case, now=now)
    bookkeeping.book_outcome(session, actor, case, now=now)
    drawn = callbacks.draw(session, case, now=now)
    facts.record(
        session, actor, Topic.CASE_CLOSED, SubjectKind.CASE, case.id, at=now, outcome="unconfirmed", drawn=drawn
    )
    return True
