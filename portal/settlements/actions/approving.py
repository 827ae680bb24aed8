"""What one may not send oneself is handed up ready to be sent; whoever may sends it, or gives it back with a reason.

Every step locks the case, so that of two at once one wins and the other is told what became of it.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases import access, levels
from portal.cases.models import Case
from portal.cases.rules import Level
from portal.cases.substitutes import Authority, acting_as, for_whom, own_level
from portal.core.actor import Actor
from portal.core.errors import RuleBroken, Stale
from portal.core.facts import Topic
from portal.core.permissions import Permission, require
from portal.core.privacy import vault_of
from portal.settlements import rounds, rules
from portal.settlements.actions.agreeing import Acceptance, make_agreement
from portal.settlements.actions.answers import AcceptCounter, waiting_counter
from portal.settlements.actions.offers import MakeOffer, ready_to_offer, send_round
from portal.settlements.drafts import (
    SEAL_BACK,
    Written,
    decide,
    draft_digest,
    drop_waiting,
    is_of_now,
    open_draft,
    seal_draft,
    waiting_draft,
    what_became_of,
)
from portal.settlements.limits import refuse_above_limit, sending
from portal.settlements.models import Agreement, DraftKind, DraftState, Offer, OfferDraft, Side

WITHIN = "这笔支出在你的权限以内，不用审批。请直接发送。"


def hold_offer(session: Session, actor: Actor, command: MakeOffer, *, now: datetime) -> OfferDraft:
    """Keep an offer for approval and hand the case up to the level that may send it; nothing reaches the consumer.

    Refuses as `make_offer` does, and with RuleBroken what the actor may send himself.
    """
    case = access.locked(session, actor, command.reference)
    require(actor, Permission.OFFER_MAKE, case)
    ready_to_offer(session, actor, case, command, now=now)
    written = Written(command.terms, command.message.strip(), command.consumer_asked)
    return _hold(session, actor, case, DraftKind.OFFER, written, None, now=now)


def hold_acceptance(session: Session, actor: Actor, command: AcceptCounter, *, now: datetime) -> OfferDraft:
    """Hand a counter up to be accepted; it goes on waiting, and running out, until somebody does."""
    case = access.locked(session, actor, command.reference)
    require(actor, Permission.OFFER_MAKE, case)
    kept = waiting_counter(session, case, rounds.key_of(session, case), command.digest, now=now)
    return _hold(session, actor, case, DraftKind.ACCEPTANCE, Written(kept.terms), command.digest, now=now)


def _hold(
    session: Session,
    actor: Actor,
    case: Case,
    kind: DraftKind,
    written: Written,
    counter_digest: str | None,
    *,
    now: datetime,
) -> OfferDraft:
    outlay = rules.outlay(written.terms)
    found = sending(session, actor, case, outlay, now=now)
    if found.objection is None:
        raise RuleBroken(WITHIN)
    needs = rules.needed_level(outlay, found.limits)
    drop_waiting(session, actor, case, now=now)
    if not levels.is_at_least(case, needs):
        levels.refuse_raising(session, case, needs)
    assert case.merchant_id is not None
    draft = OfferDraft(
        case_id=case.id,
        merchant_id=case.merchant_id,
        kind=kind,
        needs=needs,
        outlay=outlay,
        content_sealed=seal_draft(session, rounds.key_of(session, case), written),
        counter_digest=counter_digest,
        digest=draft_digest(case, written, counter_digest, now=now),
        made_at=now,
        made_by_id=actor.person_id,
        made_by=actor.name,
        decided_by="",
    )
    session.add(draft)
    session.flush()
    to = case.raised_to if case.raised_to and levels.is_at_least(case, needs) else needs
    levels.raise_case(session, actor, case, to, now=now, draft=kind.value, outlay=outlay)
    return draft


@dataclass(frozen=True, slots=True)
class SendDraft:
    """The draft of this digest, as it was seen."""

    reference: str
    digest: str


def send_draft(session: Session, actor: Actor, command: SendDraft, *, now: datetime) -> Offer | Agreement:
    """Send the offer that waits, or accept the counter, as it was handed up.

    Raises Stale with what became of a draft that does not wait any more, RuleBroken (field "approval") where the actor
    may not send so much, and whatever forbids the offer itself: then the draft goes on waiting.
    """
    case, draft, authority = _deciding(session, actor, command.reference, command.digest, now=now)
    lent = refuse_above_limit(session, actor, case, draft.outlay, now=now)
    written = open_draft(session, rounds.key_of(session, case), draft)
    decide(draft, DraftState.SENT, actor, now=now)
    detail = {"drafted_by": draft.made_by, **for_whom(lent.acting_for or authority.acting_for)}
    if draft.kind is DraftKind.ACCEPTANCE:
        made: Offer | Agreement = _accept(session, actor, case, draft, detail, now=now)
    else:
        offer = MakeOffer(case.reference, written.terms, written.message, written.consumer_asked)
        ready = ready_to_offer(session, actor, case, offer, now=now)
        made = send_round(session, actor, case, offer, ready, now=now, **detail)
    levels.lower_case(session, actor, case, Level.AGENT, Topic.CASE_LOWERED, now=now, sent=True)
    return made


def _accept(
    session: Session, actor: Actor, case: Case, draft: OfferDraft, detail: dict[str, str], *, now: datetime
) -> Agreement:
    key = rounds.key_of(session, case)
    kept = waiting_counter(session, case, key, draft.counter_digest or "", now=now)
    return make_agreement(session, actor, case, key, kept, Acceptance(Side.MERCHANT, "merchant", "", detail), now=now)


@dataclass(frozen=True, slots=True)
class GiveBack:
    """The draft of this digest, with the reason why it is not sent so."""

    reference: str
    digest: str
    reason: str


def give_back(session: Session, actor: Actor, command: GiveBack, *, now: datetime) -> OfferDraft:
    """Give a draft back to be changed; the case goes down with it. Refuses with RuleBroken (field "reason")."""
    case, draft, authority = _deciding(session, actor, command.reference, command.digest, now=now)
    reason = command.reason.strip()
    if not reason:
        raise RuleBroken("请写明退回的理由，提交的人据此修改。", field="reason")
    if len(reason) > rules.MAX_REASON:
        raise RuleBroken(f"理由最多 {rules.MAX_REASON} 字，现在 {len(reason)} 字。", field="reason")
    decide(draft, DraftState.GIVEN_BACK, actor, now=now)
    draft.reason_sealed = vault_of(session).seal(rounds.key_of(session, case), reason, SEAL_BACK)
    detail = {"draft": draft.kind.value, **for_whom(authority.acting_for)}
    levels.lower_case(session, actor, case, Level.AGENT, Topic.CASE_LOWERED, now=now, **detail)
    return draft


@dataclass(frozen=True, slots=True)
class TakeBackDraft:
    """The draft of this digest, by the one who handed it up."""

    reference: str
    digest: str


def take_back_draft(session: Session, actor: Actor, command: TakeBackDraft, *, now: datetime) -> OfferDraft:
    """Take one's own draft back before it is decided; what was written stays at hand to start from."""
    case = access.locked(session, actor, command.reference)
    require(actor, Permission.CASE_RAISE, case)
    draft = _seen(session, case, command.digest)
    if draft.made_by_id != actor.person_id:
        raise RuleBroken(f"这个方案由{draft.made_by}提交，只有提交的人可以收回；负责人可以退回。")
    decide(draft, DraftState.TAKEN_BACK, actor, now=now)
    levels.lower_case(session, actor, case, own_level(actor), Topic.CASE_TAKEN_BACK, now=now)
    return draft


def _deciding(
    session: Session, actor: Actor, reference: str, digest: str, *, now: datetime
) -> tuple[Case, OfferDraft, Authority]:
    case = access.locked(session, actor, reference)
    draft = _seen(session, case, digest)
    authority = levels.deciding(session, actor, case, now=now)
    require(acting_as(actor, authority), Permission.OFFER_APPROVE, case)
    return case, draft, authority


def _seen(session: Session, case: Case, digest: str) -> OfferDraft:
    draft = waiting_draft(session, case)
    if draft is not None and draft.digest == digest and is_of_now(case, draft):
        return draft
    seen = session.scalars(
        select(OfferDraft).where(OfferDraft.case_id == case.id, OfferDraft.digest == digest).limit(1)
    ).first()
    raise Stale(what_became_of(draft if draft is not None and seen is None else seen))
