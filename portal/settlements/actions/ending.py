"""How a round ends without agreement, and what that means for the case."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases import steps, warnings
from portal.cases.models import Case
from portal.cases.rules import CaseEvent, CaseState, FailureCause
from portal.clocks.queries import almanac
from portal.core import facts
from portal.core.actor import Actor
from portal.core.facts import SubjectKind, Topic
from portal.settlements import rounds, rules
from portal.settlements.models import Answer, Offer
from portal.settlements.rounds import Kept
from portal.settlements.rules import PastRound


def end_round(session: Session, offer: Offer, answer: Answer, *, now: datetime, sealed: bytes | None = None) -> None:
    """Give a pending round its one answer, before another round may become pending."""
    offer.answer, offer.answered_at = answer, now
    if sealed is not None:
        offer.answer_reason_sealed = sealed
    session.flush()


def void_pending(session: Session, case: Case, *, now: datetime) -> Offer | None:
    """Void the round that waits for an answer because a locked case ends otherwise (withdrawn, escalated)."""
    offer = session.scalars(select(Offer).where(Offer.case_id == case.id, Offer.answer == Answer.PENDING)).first()
    if offer is not None:
        end_round(session, offer, Answer.VOID, now=now)
    return offer


def settle_state(session: Session, case: Case, event: CaseEvent | None, *, now: datetime) -> None:
    """Move the case after a round ended without agreement, and back to where it stood if it had failed or breached.

    An offer after a failure or a breach is one more chance, not a new negotiation: without agreement the case is
    again what it was, and nothing is told or counted a second time.
    """
    if event is not None:
        steps.move(case, event, now=now)
    else:
        case.answer = case.answered_at = None  # the merchant has moved
    if case.cause is not None:
        steps.move(case, CaseEvent.FAIL, now=now)
    elif case.agreed_at is not None:
        steps.move(case, CaseEvent.BREACH, now=now)
    steps.set_clocks(session, case, now=now)


def follow_round(session: Session, case: Case, offer: Offer, *, now: datetime) -> None:
    """Set the case's clocks while a round waits; in a case that had failed or breached only the round's end burns."""
    steps.set_clocks(session, case, now=now)
    if case.cause is not None or case.agreed_at is not None:
        case.due_at, case.next_action_at = offer.expires_at, None


def is_over(case: Case, *, now: datetime) -> bool:
    """Say whether the merchant's limit has ended while the first negotiation still runs."""
    return steps.limit_runs(case) and case.respond_by is not None and case.respond_by <= now


def end_limit(session: Session, actor: Actor, case: Case, known: tuple[Kept, ...], *, now: datetime) -> FailureCause:
    """Let a negotiation fail at the end of the merchant's limit, with its last warning and its cause (decisions 5)."""
    assert case.respond_by is not None
    warnings.tell_reached(session, actor, case, now=now)
    book, authorities = almanac(session), steps.authorities_upwards(session, case.authority_id)
    past = [
        PastRound(
            one.offer.side, one.offer.answer, book.derive("consumer_silent", one.offer.made_at, authorities).due_at
        )
        for one in known
    ]
    if waiting := rounds.pending_of(known):
        end_round(session, waiting.offer, Answer.EXPIRED, now=now)
    cause = rules.failure_cause(past, case.respond_by)
    steps.fail(session, actor, case, cause, now=now)
    return cause


def lapse(session: Session, actor: Actor, case: Case, offer: Offer, *, now: datetime) -> None:
    """Let a round expire; a counter leaves the case where it is, an offer gives the merchant the next move."""
    end_round(session, offer, Answer.EXPIRED, now=now)
    settle_state(session, case, CaseEvent.LAPSE if case.state is CaseState.OFFERED else None, now=now)
    facts.record(
        session,
        actor,
        Topic.OFFER_EXPIRED,
        SubjectKind.CASE,
        case.id,
        at=now,
        round=offer.round,
        side=offer.side.value,
    )
