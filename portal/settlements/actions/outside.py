"""An agreement reached outside the portal, for a consumer whom no code can reach: recorded with proof (decisions 10).

It counts apart until an officer has called the consumer back, who confirms or disowns it.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases import access, bookkeeping, steps
from portal.cases.evidence import Purpose, store_evidence
from portal.cases.models import Case, Evidence
from portal.cases.rules import CaseEvent, CaseState, allows
from portal.cases.substitutes import for_whom
from portal.clocks.rules import end_of_day
from portal.core import facts
from portal.core.actor import Actor
from portal.core.errors import RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require
from portal.core.uploads import Upload
from portal.documents.models import Document, DocumentState
from portal.settlements import rounds, rules
from portal.settlements.actions import callbacks, ending
from portal.settlements.actions.agreeing import Acceptance, make_agreement
from portal.settlements.actions.confirming import VERIFIED
from portal.settlements.actions.offers import expiry, refuse_terms, still_waiting
from portal.settlements.actions.performing import current_agreement
from portal.settlements.drafts import drop_waiting
from portal.settlements.limits import refuse_above_limit
from portal.settlements.models import Agreement, Answer, CallbackOccasion, Offer, Side
from portal.settlements.rounds import Kept, NewRound
from portal.settlements.rules import TermDraft

HAS_PHONE = "消费者有核实过的手机号。请在本页提方案，由消费者在短信链接里确认，不用登记线下协议。"
NO_PROOF = "请上传双方签字的协议、收据等凭证，照片或 PDF。没有凭证的不能登记。"
KNOWN_PROOF = "这个文件已经在证据里。请上传双方签字的那一份，或者重新拍照。"


@dataclass(frozen=True, slots=True)
class RecordOutside:
    """What was agreed outside, with the paper that shows it."""

    reference: str
    terms: tuple[TermDraft, ...]
    proof: Upload | None
    message: str = ""


def record_outside(session: Session, actor: Actor, command: RecordOutside, *, now: datetime) -> Agreement:
    """Record an agreement reached outside; the case is agreed, marked, and put on the officers' call-back list.

    Refuses with RuleBroken a consumer with a verified phone, terms that are not allowed (fields as of `make_offer`),
    a missing or known file (field "proof"), and an outlay above the actor's limit (field "approval").
    """
    case = access.locked(session, actor, command.reference)
    require(actor, Permission.OFFER_MAKE, case)
    if objection := objection_to_outside(case):
        raise RuleBroken(objection)
    key = rounds.key_of(session, case)
    known = rounds.rounds_of(session, case.id, key)
    refuse_terms(command.terms, case.amount, command.message)
    authority = refuse_above_limit(session, actor, case, rules.outlay(command.terms), now=now)
    proof = _proof(session, actor, case, command.proof, now=now)
    drop_waiting(session, actor, case, now=now)
    if waiting := still_waiting(session, actor, case, known, now=now):
        ending.end_round(session, waiting.offer, Answer.VOID, now=now)
    new = NewRound(
        side=Side.MERCHANT,
        number=len(known) + 1,
        terms=command.terms,
        message=command.message.strip(),
        made_by=actor.name,
        visible_at=now,
        expires_at=expiry(session, case, now=now),
    )
    offer = rounds.add_round(session, case, key, new, now=now)
    if case.state is not CaseState.OFFERED:
        steps.move(case, CaseEvent.OFFER, now=now)
    detail = {"unverified": True, **for_whom(authority.acting_for)}
    kept = Kept(offer, rules.in_order(command.terms))
    agreement = make_agreement(
        session, actor, case, key, kept, Acceptance(Side.CONSUMER, "paper", "", detail, proof), now=now
    )
    case.answer = case.answered_at = None  # the merchant says so, not the consumer
    callbacks.add_callback(session, case, CallbackOccasion.UNVERIFIED, now=now)
    return agreement


def objection_to_outside(case: Case) -> str | None:
    """Say why no agreement reached outside can be recorded now, or None."""
    if case.phone_source in VERIFIED:
        return HAS_PHONE
    if case.state is CaseState.OFFERED:
        return None
    return rules.objection_to_offering(case.state, None)


def confirm_agreement(session: Session, actor: Actor, case: Case, *, now: datetime) -> None:
    """Take the consumer's word that the agreement is true; it counts as any other from now on."""
    case.unverified_at = None
    facts.record(session, actor, Topic.AGREEMENT_CONFIRMED, SubjectKind.CASE, case.id, at=now)


def disown_agreement(session: Session, actor: Actor, case: Case, *, now: datetime) -> None:
    """Take the consumer's word that nothing was agreed: the paper is void, and the case stands where it stood.

    What was not performed yet is a negotiation again, at whose end the limit is looked at; what a former agreement
    still owes, or what was called performed, is a breach.
    """
    agreement = current_agreement(session, case.id)
    if agreement is None or case.unverified_at is None:
        return
    _void(session, agreement, now=now)
    was_agreed = case.state is CaseState.AGREED
    if allows(case.state, CaseEvent.DISOWN):
        steps.move(case, CaseEvent.DISOWN, now=now)
    case.unverified_at = case.closed_at = case.recovered = None
    facts.record(session, actor, Topic.AGREEMENT_DISOWNED, SubjectKind.CASE, case.id, at=now)
    former = _revive_former(session, case, agreement)
    if former is not None:
        case.agreed_at, case.perform_by = former.accepted_at, end_of_day(former.perform_on)
    if was_agreed and former is None:
        _negotiate_again(session, actor, case, now=now)
        return
    if was_agreed:
        steps.move(case, CaseEvent.BREACH, now=now)
    steps.set_clocks(session, case, now=now)
    bookkeeping.book_outcome(session, actor, case, now=now)
    facts.record(session, actor, Topic.CASE_BREACHED, SubjectKind.CASE, case.id, at=now, cause="disowned")


def _negotiate_again(session: Session, actor: Actor, case: Case, *, now: datetime) -> None:
    case.agreed_at = case.perform_by = case.concluded_at = None
    steps.set_clocks(session, case, now=now)
    bookkeeping.take_back_outcome(session, actor, case, now=now)
    if ending.is_over(case, now=now):
        known = rounds.rounds_of(session, case.id, rounds.key_of(session, case))
        ending.end_limit(session, actor, case, known, now=now)


def _void(session: Session, agreement: Agreement, *, now: datetime) -> None:
    session.get_one(Document, agreement.document_id).state = DocumentState.REPLACED
    offer = session.get_one(Offer, agreement.offer_id)
    offer.answer, offer.answered_at = Answer.VOID, now
    session.flush()


def _revive_former(session: Session, case: Case, disowned: Agreement) -> Agreement | None:
    """The agreement that the disowned one had replaced is in force again."""
    former = session.scalars(
        select(Agreement)
        .join(Offer, Offer.id == Agreement.offer_id)
        .where(Agreement.case_id == case.id, Agreement.id < disowned.id, Offer.answer == Answer.ACCEPTED)
        .order_by(Agreement.id.desc())
        .limit(1)
    ).first()
    if former is not None:
        session.get_one(Document, former.document_id).state = DocumentState.IN_FORCE
    return former


def _proof(session: Session, actor: Actor, case: Case, upload: Upload | None, *, now: datetime) -> Evidence:
    if upload is None:
        raise RuleBroken(NO_PROOF, field="proof")
    proof = store_evidence(session, actor, case, upload, Purpose.AGREEMENT_PROOF, now=now)
    if proof is None:
        raise RuleBroken(KNOWN_PROOF, field="proof")
    return proof
