"""The merchant offers terms, and takes an offer back while nobody has seen it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from portal.cases import access, steps
from portal.cases.models import Case
from portal.cases.rules import Answered, CaseEvent, CaseState
from portal.cases.substitutes import for_whom
from portal.clocks.queries import almanac
from portal.core import facts
from portal.core.actor import Actor
from portal.core.errors import NotFound, RuleBroken, Stale
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require
from portal.settlements import rounds, rules
from portal.settlements.actions import ending
from portal.settlements.drafts import drop_waiting
from portal.settlements.limits import refuse_above_limit
from portal.settlements.models import Answer, Offer, Side
from portal.settlements.rounds import Kept, NewRound
from portal.settlements.rules import Objection, TermDraft


@dataclass(frozen=True, slots=True)
class MakeOffer:
    """Terms for the consumer; `consumer_asked` says that he wants an offer although less than a working day is left."""

    reference: str
    terms: tuple[TermDraft, ...]
    message: str = ""
    consumer_asked: bool = False


def make_offer(session: Session, actor: Actor, command: MakeOffer, *, now: datetime) -> Offer:
    """Offer terms to the consumer; each offer is a round of its own and answers a counter that waits.

    Visible, and told to the consumer, once the seconds of undo are over. Refuses with RuleBroken (field
    "terms-<n>-<field>" or "terms", "consumer_asked", "message"; "approval" where the actor may not send so much).
    """
    case = access.locked(session, actor, command.reference)
    require(actor, Permission.OFFER_MAKE, case)
    ready = ready_to_offer(session, actor, case, command, now=now)
    authority = refuse_above_limit(session, actor, case, rules.outlay(command.terms), now=now)
    drop_waiting(session, actor, case, now=now)
    return send_round(session, actor, case, command, ready, now=now, **for_whom(authority.acting_for))


@dataclass(frozen=True, slots=True)
class Ready:
    """Where a new round may stand: its number, and the counter that it answers."""

    number: int
    waiting: Kept | None


def ready_to_offer(session: Session, actor: Actor, case: Case, command: MakeOffer, *, now: datetime) -> Ready:
    """Refuse an offer that rules forbid; a round or a limit whose time is over ends here first."""
    known = rounds.rounds_of(session, case.id, rounds.key_of(session, case))
    waiting = still_waiting(session, actor, case, known, now=now)
    if ending.is_over(case, now=now):
        ending.end_limit(session, actor, case, known, now=now)
        waiting = None
    if objection := rules.objection_to_offering(case.state, waiting.offer.side if waiting else None):
        raise RuleBroken(objection)
    refuse_terms(command.terms, case.amount, command.message)
    refuse_without_request(session, case, asked=command.consumer_asked or waiting is not None, now=now)
    return Ready(len(known) + 1, waiting)


def send_round(
    session: Session, actor: Actor, case: Case, command: MakeOffer, ready: Ready, *, now: datetime, **detail: Any
) -> Offer:
    """Send an offer that was found ready and allowed to this actor (fact OFFER_MADE, with further detail)."""
    if ready.waiting is not None:
        ending.end_round(session, ready.waiting.offer, Answer.COUNTERED, now=now)
    visible_at = now + timedelta(seconds=session.info["undo_seconds"])
    new = NewRound(
        side=Side.MERCHANT,
        number=ready.number,
        terms=command.terms,
        message=command.message.strip(),
        made_by=actor.name,
        visible_at=visible_at,
        expires_at=expiry(session, case, now=now),
    )
    offer = rounds.add_round(session, case, rounds.key_of(session, case), new, now=now)
    steps.move(case, CaseEvent.OFFER, now=now)
    ending.follow_round(session, case, offer, now=now)
    facts.record(
        session,
        actor,
        Topic.OFFER_MADE,
        SubjectKind.CASE,
        case.id,
        at=now,
        not_before=visible_at,
        round=offer.round,
        offer_id=offer.id,
        outlay=offer.outlay,
        consumer_asked=command.consumer_asked,
        **detail,
    )
    return offer


@dataclass(frozen=True, slots=True)
class UndoOffer:
    """An offer to take back."""

    reference: str
    round: int


def undo_offer(session: Session, actor: Actor, command: UndoOffer, *, now: datetime) -> Offer:
    """Take an offer back before it becomes visible (decisions 15); a counter it had answered waits again."""
    case = access.locked(session, actor, command.reference)
    require(actor, Permission.OFFER_MAKE, case)
    known = rounds.rounds_of(session, case.id, rounds.key_of(session, case))
    offer = next((k.offer for k in known if k.offer.round == command.round and k.offer.side is Side.MERCHANT), None)
    if offer is None:
        raise NotFound("没有这个方案。请刷新页面。")
    if offer.answer is not Answer.PENDING:
        raise Stale(f"这个方案{rules.ANSWER_NAMES[offer.answer]}，不用再撤回。请刷新页面。")
    if now >= offer.visible_at:
        raise RuleBroken("撤回时间已过，方案已经发给消费者，不能撤回。需要调整的，请等答复后再提方案。")
    ending.end_round(session, offer, Answer.UNDONE, now=now)
    steps.move(case, CaseEvent.LAPSE, now=now)
    _wait_again(session, case, _answered_by(known, offer), now=now)
    facts.record(session, actor, Topic.OFFER_UNDONE, SubjectKind.CASE, case.id, at=now, round=offer.round)
    return offer


def _wait_again(session: Session, case: Case, counter: Offer | None, *, now: datetime) -> None:
    """Let the counter that the undone offer had answered wait again, unless its time is over."""
    if counter is None or counter.expires_at <= now:
        if counter is not None:
            counter.answer = Answer.EXPIRED
        ending.settle_state(session, case, None, now=now)
        return
    counter.answer, counter.answered_at = Answer.PENDING, None
    session.flush()
    case.answer, case.answered_at = Answered.COUNTERED, counter.made_at
    ending.follow_round(session, case, counter, now=now)


def _answered_by(known: tuple[Kept, ...], offer: Offer) -> Offer | None:
    """The consumer's counter that this offer had answered."""
    before = [one.offer for one in known if one.offer.round < offer.round]
    if before and before[-1].answer is Answer.COUNTERED and before[-1].side is Side.CONSUMER:
        return before[-1]
    return None


def still_waiting(session: Session, actor: Actor, case: Case, known: tuple[Kept, ...], *, now: datetime) -> Kept | None:
    """The round that waits for an answer; one past its end lapses here, for tick may not have come by yet."""
    waiting = rounds.pending_of(known)
    if waiting is None or waiting.offer.expires_at > now:
        return waiting
    if case.state in (CaseState.OFFERED, CaseState.NEGOTIATING):
        ending.lapse(session, actor, case, waiting.offer, now=now)
    return None


def expiry(session: Session, case: Case, *, now: datetime) -> datetime:
    """When a round made now ends."""
    authorities = steps.authorities_upwards(session, case.authority_id)
    return rules.expiry(almanac(session).derive("offer_answer", now, authorities).due_at, case.respond_by, now)


def refuse_terms(terms: tuple[TermDraft, ...], in_dispute: int | None, message: str) -> None:
    """Refuse terms that are not allowed, with the first objection, or words that are too long."""
    found = rules.objections_to_terms(terms, in_dispute)
    if found:
        raise RuleBroken(found[0].text, field=field_of(found[0]))
    if len(message) > rules.MAX_MESSAGE:
        raise RuleBroken(f"说明最多 {rules.MAX_MESSAGE} 字，现在 {len(message)} 字。", field="message")


def field_of(objection: Objection) -> str:
    """The form field an objection belongs to."""
    return "terms" if objection.position is None else f"terms-{objection.position}-{objection.field}"


def refuse_without_request(session: Session, case: Case, *, asked: bool, now: datetime) -> None:
    """Refuse an offer at the last moment unless the consumer wants it (decisions 5)."""
    authorities = steps.authorities_upwards(session, case.authority_id)
    notice_ends = almanac(session).derive("offer_notice", now, authorities).due_at
    if not asked and rules.needs_request(notice_ends, case.respond_by, now):
        raise RuleBroken(rules.NEEDS_REQUEST, field="consumer_asked")
