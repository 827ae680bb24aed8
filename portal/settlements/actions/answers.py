"""Either side answers the other's round: once, and only the round that was seen."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.cases import access, steps
from portal.cases.models import Case
from portal.cases.rules import CaseEvent
from portal.cases.substitutes import for_whom
from portal.core import facts
from portal.core.actor import Actor
from portal.core.errors import RuleBroken, Stale
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require
from portal.core.privacy import DataKey
from portal.settlements import rounds, rules
from portal.settlements.actions import ending
from portal.settlements.actions.agreeing import Acceptance, make_agreement
from portal.settlements.actions.confirming import ACCEPTING, COUNTERING, confirmed_by_code
from portal.settlements.actions.offers import expiry, refuse_terms
from portal.settlements.drafts import drop_waiting
from portal.settlements.limits import refuse_above_limit
from portal.settlements.models import Agreement, Answer, Offer, Side
from portal.settlements.rounds import Kept, NewRound
from portal.settlements.rules import TermDraft


@dataclass(frozen=True, slots=True)
class AcceptOffer:
    """The consumer's yes to the offer of this digest.

    A code is *tried* before, with `accounts.codes.try_code` (bound to the digest) in a transaction of its own, so that
    a wrong try is kept; here only that a right one was given is asked. `address` is kept as a keyed hash.
    """

    case_id: int
    digest: str
    code: str = ""
    address: str = ""


def accept_offer(session: Session, actor: Actor, command: AcceptOffer, *, now: datetime) -> Agreement:
    """Accept the merchant's offer: the agreement is made and sealed, and the day of performance set.

    Raises Stale with what became of an offer that is not the one waiting, RuleBroken (field "code") without the code
    that decisions 13 asks for.
    """
    case, key, known = _for_consumer(session, actor, command.case_id)
    kept = _waiting_for(case, known, Side.MERCHANT, command.digest, now=now)
    outlay = kept.offer.outlay
    confirmed = confirmed_by_code(session, actor, case, command.digest, outlay, act=ACCEPTING, now=now)
    kept.offer.first_seen_at = kept.offer.first_seen_at or now
    acceptance = Acceptance(Side.CONSUMER, "link_and_code" if confirmed else "link", command.address)
    _record(session, actor, Topic.OFFER_ACCEPTED, case, kept.offer, now=now)
    return make_agreement(session, actor, case, key, kept, acceptance, now=now)


@dataclass(frozen=True, slots=True)
class RefuseOffer:
    """The consumer's no."""

    case_id: int
    digest: str
    reason: str = ""


def refuse_offer(session: Session, actor: Actor, command: RefuseOffer, *, now: datetime) -> Offer:
    """Refuse the merchant's offer; the merchant may make another one."""
    case, key, known = _for_consumer(session, actor, command.case_id)
    kept = _waiting_for(case, known, Side.MERCHANT, command.digest, now=now)
    _refuse_long_reason(command.reason)
    kept.offer.first_seen_at = kept.offer.first_seen_at or now
    sealed = rounds.seal_reason(session, key, command.reason)
    ending.end_round(session, kept.offer, Answer.REFUSED, now=now, sealed=sealed)
    ending.settle_state(session, case, CaseEvent.REFUSE, now=now)
    _record(session, actor, Topic.OFFER_REFUSED, case, kept.offer, now=now)
    return kept.offer


@dataclass(frozen=True, slots=True)
class CounterOffer:
    """The consumer's own terms in answer to the offer of this digest."""

    case_id: int
    digest: str
    terms: tuple[TermDraft, ...]
    message: str = ""


def counter_offer(session: Session, actor: Actor, command: CounterOffer, *, now: datetime) -> Offer:
    """Answer the merchant's offer with terms of the consumer's own; the merchant has the next move.

    Raises RuleBroken (field "code") without the code that decisions 13 asks for as of accepting: the merchant's yes to
    the counter is an agreement without a further word of the consumer's.
    """
    case, key, known = _for_consumer(session, actor, command.case_id)
    kept = _waiting_for(case, known, Side.MERCHANT, command.digest, now=now)
    refuse_terms(command.terms, case.amount, command.message)
    if rules.in_order(command.terms) == kept.terms:
        raise RuleBroken("内容和商家的方案一样。同意的话直接点“接受”；不同意请修改金额、方式或期限。", field="terms")
    outlay = max(kept.offer.outlay, rules.outlay(command.terms))
    confirmed_by_code(session, actor, case, command.digest, outlay, act=COUNTERING, now=now)
    kept.offer.first_seen_at = kept.offer.first_seen_at or now
    ending.end_round(session, kept.offer, Answer.COUNTERED, now=now)
    new = NewRound(
        side=Side.CONSUMER,
        number=len(known) + 1,
        terms=command.terms,
        message=command.message.strip(),
        made_by="",
        visible_at=now,  # no undo for a consumer's answer (decisions 15)
        expires_at=expiry(session, case, now=now),
    )
    counter = rounds.add_round(session, case, key, new, now=now)
    steps.move(case, CaseEvent.COUNTER, now=now)
    ending.follow_round(session, case, counter, now=now)
    _record(session, actor, Topic.OFFER_COUNTERED, case, counter, now=now)
    return counter


@dataclass(frozen=True, slots=True)
class AcceptCounter:
    """The merchant's yes to the consumer's counter of this digest."""

    reference: str
    digest: str


def accept_counter(session: Session, actor: Actor, command: AcceptCounter, *, now: datetime) -> Agreement:
    """Accept the consumer's counter: the agreement is made; it cannot be undone.

    Refuses with RuleBroken (field "approval") where the actor may not promise so much.
    """
    case = access.locked(session, actor, command.reference)
    require(actor, Permission.OFFER_MAKE, case)
    key = rounds.key_of(session, case)
    kept = waiting_counter(session, case, key, command.digest, now=now)
    authority = refuse_above_limit(session, actor, case, kept.offer.outlay, now=now)
    drop_waiting(session, actor, case, now=now)
    acceptance = Acceptance(Side.MERCHANT, "merchant", "", for_whom(authority.acting_for))
    return make_agreement(session, actor, case, key, kept, acceptance, now=now)


def waiting_counter(session: Session, case: Case, key: DataKey, digest: str, *, now: datetime) -> Kept:
    """The consumer's counter of this digest that waits; raises Stale with what became of any other."""
    return _waiting_for(case, rounds.rounds_of(session, case.id, key), Side.CONSUMER, digest, now=now)


@dataclass(frozen=True, slots=True)
class RefuseCounter:
    """The merchant's no to the consumer's counter; a reason is due."""

    reference: str
    digest: str
    reason: str


def refuse_counter(session: Session, actor: Actor, command: RefuseCounter, *, now: datetime) -> Offer:
    """Refuse the consumer's counter with a reason that the consumer reads."""
    case = access.locked(session, actor, command.reference)
    require(actor, Permission.OFFER_MAKE, case)
    key = rounds.key_of(session, case)
    kept = waiting_counter(session, case, key, command.digest, now=now)
    if not command.reason.strip():
        raise RuleBroken("请写明不接受的理由，消费者会看到。", field="reason")
    _refuse_long_reason(command.reason)
    drop_waiting(session, actor, case, now=now)
    sealed = rounds.seal_reason(session, key, command.reason)
    ending.end_round(session, kept.offer, Answer.REFUSED, now=now, sealed=sealed)
    ending.settle_state(session, case, None, now=now)
    _record(session, actor, Topic.OFFER_REFUSED, case, kept.offer, now=now)
    return kept.offer


def _for_consumer(session: Session, actor: Actor, case_id: int) -> tuple[Case, DataKey, tuple[Kept, ...]]:
    case = access.locked_by_id(session, actor, case_id)
    require(actor, Permission.CONSUMER_ANSWER, case)
    key = rounds.key_of(session, case)
    return case, key, rounds.rounds_of(session, case.id, key)


def _waiting_for(case: Case, known: tuple[Kept, ...], side: Side, digest: str, *, now: datetime) -> Kept:
    """The round that waits, if it is the one the actor saw; else says what became of that one."""
    waiting = rounds.pending_of(known)
    visible = waiting is not None and waiting.offer.visible_at <= now and waiting.offer.side is side
    if waiting is not None and visible and waiting.offer.digest == digest:
        if waiting.offer.expires_at <= now:
            raise Stale(rules.what_became(side, Answer.EXPIRED))
        return waiting
    seen = next((one.offer for one in known if one.offer.digest == digest and one.offer.side is side), None)
    if seen is not None and seen.answer is not Answer.PENDING:
        raise Stale(rules.what_became(side, seen.answer))
    raise Stale(rules.CHANGED if waiting is not None and visible else rules.NO_OFFER)


def _refuse_long_reason(reason: str) -> None:
    if len(reason) > rules.MAX_REASON:
        raise RuleBroken(f"理由最多 {rules.MAX_REASON} 字，现在 {len(reason)} 字。", field="reason")


def _record(session: Session, actor: Actor, topic: Topic, case: Case, offer: Offer, *, now: datetime) -> None:
    facts.record(
        session,
        actor,
        topic,
        SubjectKind.CASE,
        case.id,
        at=now,
        round=offer.round,
        side=offer.side.value,
        outlay=offer.outlay,
    )
