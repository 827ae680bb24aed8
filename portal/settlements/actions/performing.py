"""The merchant does what was agreed and proves it; the consumer has the last word, and rates."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases import access, bookkeeping, steps
from portal.cases.evidence import Purpose, store_evidence
from portal.cases.models import Case
from portal.cases.rules import CaseEvent, CaseState
from portal.clocks.queries import almanac
from portal.clocks.rules import consumer_day, end_of_day, local_day
from portal.core import facts
from portal.core.actor import Actor
from portal.core.errors import RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require
from portal.core.privacy import DataKey, vault_of
from portal.core.uploads import Upload
from portal.documents.models import Document, DocumentState
from portal.settlements import rules
from portal.settlements.actions import callbacks
from portal.settlements.models import Agreement, CallbackOccasion, Performance, Rating, Receipt, Verdict
from portal.settlements.rules import RatingReason

SEAL_REMARK = "performance.remark"
NO_AGREEMENT = "这件纠纷还没有和解协议。请刷新页面，查看最新进展。"


@dataclass(frozen=True, slots=True)
class RecordPerformance:
    """What was done, on which day, with proof."""

    reference: str
    performed_on: date
    proof: Upload | None = None
    remark: str = ""


def record_performance(session: Session, actor: Actor, command: RecordPerformance, *, now: datetime) -> Performance:
    """Record that the agreement was performed; the consumer is asked 收到 or 没收到.

    Refuses with RuleBroken (fields "performed_on", "proof", "remark").
    """
    case = access.locked(session, actor, command.reference)
    require(actor, Permission.PERFORMANCE_RECORD, case)
    agreement = current_agreement(session, case.id)
    if agreement is None or case.state not in (CaseState.AGREED, CaseState.BREACHED):
        raise RuleBroken("只有达成和解、还没有履行的纠纷才能记录履行。请刷新页面，查看最新进展。")
    _refuse_record(command, agreement, now=now)
    proof = None
    if command.proof is not None:
        proof = store_evidence(session, actor, case, command.proof, Purpose.PERFORMANCE_PROOF, now=now)
        if proof is None:
            raise RuleBroken("这个文件已经在证据里。请上传这次履行的凭证。", field="proof")
    key = session.get_one(DataKey, case.key_id)
    remark = command.remark.strip()
    row = Performance(
        agreement_id=agreement.id,
        performed_on=command.performed_on,
        proof_id=proof.id if proof else None,
        remark_sealed=vault_of(session).seal(key, remark, SEAL_REMARK) if remark else None,
        recorded_at=now,
        recorded_by=actor.name,
    )
    session.add(row)
    steps.move(case, CaseEvent.PERFORM, now=now)
    case.performed_at, case.receipt_asked_at = now, None
    steps.set_clocks(session, case, now=now)
    session.flush()
    bookkeeping.book_outcome(session, actor, case, now=now, settled=agreement.outlay)
    facts.record(
        session,
        actor,
        Topic.PERFORMANCE_RECORDED,
        SubjectKind.CASE,
        case.id,
        at=now,
        performance_id=row.id,
        performed_on=command.performed_on.isoformat(),
        proved=proof is not None,
    )
    return row


def _refuse_record(command: RecordPerformance, agreement: Agreement, *, now: datetime) -> None:
    if command.performed_on > local_day(now):
        raise RuleBroken("履行日期不能晚于今天。请填写实际完成的日期。", field="performed_on")
    agreed_on = local_day(agreement.accepted_at)
    if command.performed_on < agreed_on:
        raise RuleBroken(f"履行日期不能早于达成和解的 {agreed_on.isoformat()}。", field="performed_on")
    if command.proof is None and not command.remark.strip():
        raise RuleBroken("请上传履行凭证；没有凭证的，请在说明里写明怎么履行的。", field="proof")
    if len(command.remark) > rules.MAX_MESSAGE:
        raise RuleBroken(f"说明最多 {rules.MAX_MESSAGE} 字。", field="remark")


@dataclass(frozen=True, slots=True)
class AnswerReceipt:
    """收到 or 没收到."""

    case_id: int
    received: bool


def answer_receipt(session: Session, actor: Actor, command: AnswerReceipt, *, now: datetime) -> Case:
    """Take the consumer's word: received closes the case as settled, not received is a breach that alerts."""
    case = access.locked_by_id(session, actor, command.case_id)
    require(actor, Permission.CONSUMER_ANSWER, case)
    agreement = current_agreement(session, case.id)
    if agreement is None:
        raise RuleBroken(NO_AGREEMENT)
    if command.received:
        confirm(session, actor, case, agreement, now=now)
    else:
        _deny(session, actor, case, agreement, now=now)
    return case


def confirm(session: Session, actor: Actor, case: Case, agreement: Agreement, *, now: datetime) -> None:
    """Close a locked case as settled: what was agreed was done, and so was agreed (decisions 10)."""
    if objection := rules.objection_to_confirming(case.state):
        raise RuleBroken(objection)
    _answer_performance(session, agreement, Receipt.RECEIVED, now=now)
    steps.move(case, CaseEvent.CONFIRM, now=now)
    case.performed_at = case.performed_at or now
    case.closed_at, case.recovered = now, agreement.outlay
    case.unverified_at = None
    steps.set_clocks(session, case, now=now)
    bookkeeping.book_outcome(session, actor, case, now=now)
    facts.record(
        session,
        actor,
        Topic.PERFORMANCE_CONFIRMED,
        SubjectKind.CASE,
        case.id,
        at=now,
        recovered=agreement.outlay,
    )


def _deny(session: Session, actor: Actor, case: Case, agreement: Agreement, *, now: datetime) -> None:
    ends = end_of_day(agreement.perform_on)
    days = almanac(session).amount("not_received", local_day(now))
    objection = rules.objection_to_denying(
        case.state,
        due_passed=ends <= now,
        window_open=case.performed_at is not None and now < case.performed_at + timedelta(days=days),
        due_words=consumer_day(agreement.perform_on),
    )
    if objection:
        raise RuleBroken(objection)
    _answer_performance(session, agreement, Receipt.NOT_RECEIVED, now=now)
    event = CaseEvent.BREACH if case.state is CaseState.AGREED else CaseEvent.DENY
    breach(session, actor, case, event, "not_received", now=now)


def breach(session: Session, actor: Actor, case: Case, event: CaseEvent, cause: str, *, now: datetime) -> None:
    """Open a locked case again because what was agreed was not done, and alert (fact CASE_BREACHED)."""
    steps.move(case, event, now=now)
    case.closed_at = case.recovered = None
    steps.set_clocks(session, case, now=now)
    bookkeeping.book_outcome(session, actor, case, now=now)
    facts.record(session, actor, Topic.CASE_BREACHED, SubjectKind.CASE, case.id, at=now, cause=cause)


@dataclass(frozen=True, slots=True)
class RateSettlement:
    """The consumer's rating; a reason code of `RatingReason` where not satisfied."""

    case_id: int
    verdict: Verdict
    reason: str | None = None


def rate_settlement(session: Session, actor: Actor, command: RateSettlement, *, now: datetime) -> Rating:
    """Rate once after fulfilment; 未履行 and 与约定不符 are a breach, anything else is called back (decisions 6)."""
    case = access.locked_by_id(session, actor, command.case_id)
    require(actor, Permission.CONSUMER_ANSWER, case)
    agreement = current_agreement(session, case.id)
    if agreement is None:
        raise RuleBroken(NO_AGREEMENT)
    has_rated = session.scalars(select(Rating.id).where(Rating.agreement_id == agreement.id)).first() is not None
    if objection := rules.objection_to_rating(
        case.state, has_rated=has_rated, window_open=rating_open(session, case, now=now)
    ):
        raise RuleBroken(objection)
    reason = _reason_of(command)
    rating = Rating(agreement_id=agreement.id, verdict=command.verdict, reason=reason.value if reason else None, at=now)
    session.add(rating)
    session.flush()
    facts.record(
        session,
        actor,
        Topic.SETTLEMENT_RATED,
        SubjectKind.CASE,
        case.id,
        at=now,
        verdict=command.verdict.value,
        reason=rating.reason,
    )
    if reason in rules.BREACHING_REASONS:
        event = CaseEvent.DENY if case.state is CaseState.CLOSED_UNCONFIRMED else CaseEvent.BREACH
        breach(session, actor, case, event, reason.value, now=now)
    elif reason is not None:
        callbacks.add_callback(session, case, CallbackOccasion.RATING, now=now)
    return rating


def rating_open(session: Session, case: Case, *, now: datetime) -> bool:
    """Say whether the fifteen days after the case closed still run."""
    if case.closed_at is None:
        return False
    authorities = steps.authorities_upwards(session, case.authority_id)
    return now < almanac(session).derive("rating", case.closed_at, authorities).due_at


def _reason_of(command: RateSettlement) -> RatingReason | None:
    if command.verdict is Verdict.SATISFIED:
        return None
    if command.reason not in set(RatingReason):
        raise RuleBroken("请选择不满意的原因。", field="reason")
    return RatingReason(command.reason)


def current_agreement(session: Session, case_id: int) -> Agreement | None:
    """The agreement in force; none where the consumer disowned what the merchant had recorded."""
    return session.scalars(
        select(Agreement)
        .join(Document, Document.id == Agreement.document_id)
        .where(Agreement.case_id == case_id, Document.state == DocumentState.IN_FORCE)
        .order_by(Agreement.id.desc())
        .limit(1)
    ).first()


def last_performance(session: Session, agreement_id: int) -> Performance | None:
    """The merchant's latest record under an agreement."""
    return session.scalars(
        select(Performance).where(Performance.agreement_id == agreement_id).order_by(Performance.id.desc()).limit(1)
    ).first()


def _answer_performance(session: Session, agreement: Agreement, receipt: Receipt, *, now: datetime) -> None:
    row = last_performance(session, agreement.id)
    if row is not None:
        row.receipt, row.answered_at = receipt, now
