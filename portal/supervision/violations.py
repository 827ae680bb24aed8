"""Breaches of promises: what was found by whom, whether it is so, and whether the promise is removed for it."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, contains_eager

from portal.clocks.rules import local_day
from portal.commitments.actions import RemovePromise, remove_promise
from portal.commitments.feedback_models import PromiseFeedback
from portal.commitments.models import PromiseVersion, Promisor
from portal.commitments.queries import promisor_of
from portal.commitments.rules import PromiseState
from portal.core import facts
from portal.core.actor import SYSTEM, Actor
from portal.core.errors import NotFound, RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require
from portal.documents.numbers import take_numbers
from portal.returns.models import ReturnRequest
from portal.returns.rules import Finding
from portal.supervision.own_records import may_see_own, own_to
from portal.supervision.rules.visits import (
    IllegalVisitStep,
    ViolationEvent,
    ViolationSource,
    ViolationState,
)
from portal.supervision.visit_models import MysteryVisit, PromiseViolation
from portal.supervision.visits import promisor_named

MISSING = "没有这条违反承诺的记录，或者它不归你的单位办理。"
MOVED_ON = "这条记录的状态已经变了，这一步现在不能做。请刷新页面。"


def may_see(actor: Actor, row: PromiseViolation) -> bool:
    """Say whether the actor may look at a breach; the twin of `visible_to`."""
    return may_see_own(actor, row)


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The condition under which a breach is the actor's to see."""
    return own_to(actor, PromiseViolation.authority_id)


@dataclass(frozen=True, slots=True)
class RecordViolation:
    """A breach that an officer found, or learned from a visit or from feedback, by its reference there."""

    code: str
    source: ViolationSource
    source_reference: str
    happened_on: date
    text: str


def record_violation(session: Session, actor: Actor, command: RecordViolation, *, now: datetime) -> PromiseViolation:
    """Write down a breach as possible; whether it is so is decided with a reason."""
    promisor = promisor_named(session, actor, command.code)
    require(actor, Permission.VIOLATION_DECIDE, promisor)
    if command.happened_on > local_day(now):
        raise RuleBroken("发生的日期不能晚于今天。", field="happened_on")
    if not command.text.strip():
        raise RuleBroken("请写明违反了承诺的哪一条、怎样违反。", field="text")
    reference = command.source_reference.strip().upper() or _own_reference(session, now)
    if not _is_about(session, command.source, reference, promisor):
        raise RuleBroken("没有关于这家商家的这个编号，请核对暗访或反馈的编号。", field="source_reference")
    if _known(session, command.source, reference):
        raise RuleBroken("这件事已经登记过，不能重复登记。", field="source_reference")
    row = _row(promisor, command.source, reference, command.happened_on, command.text, actor, session, now=now)
    session.add(row)
    session.flush()
    _record(session, actor, Topic.VIOLATION_RECORDED, row, now=now)
    return row


def keep_found(session: Session, request_id: int, *, now: datetime) -> None:
    """Keep what an officer found broken in a return request as a breach of the promise; once for a request."""
    request = session.get_one(ReturnRequest, request_id)
    promisor = promisor_of(session, request.merchant_id)
    if request.finding is not Finding.BROKEN or promisor is None:
        return
    if _known(session, ViolationSource.RETURN, request.reference):
        return
    found = request.found_words or ""
    day = local_day(request.found_at or now)
    row = _row(promisor, ViolationSource.RETURN, request.reference, day, found, SYSTEM, session, now=now)
    row.recorded_by = request.found_name or SYSTEM.name
    row.state, row.decided_at, row.decided_by = ViolationState.CONFIRMED, now, row.recorded_by
    row.decision = "退货申请的核查结论：承诺有违反。"
    session.add(row)
    session.flush()
    _record(session, SYSTEM, Topic.VIOLATION_RECORDED, row, now=now)


@dataclass(frozen=True, slots=True)
class DecideViolation:
    """Whether it is so, and why."""

    reference: str
    confirmed: bool
    reason: str


def decide_violation(session: Session, actor: Actor, command: DecideViolation, *, now: datetime) -> PromiseViolation:
    """Confirm or dismiss a possible breach; only what was confirmed counts."""
    row = locked(session, actor, command.reference)
    require(actor, Permission.VIOLATION_DECIDE, row)
    if not command.reason.strip():
        raise RuleBroken("请写明核实情况。", field="reason")
    _move(row, ViolationEvent.CONFIRM if command.confirmed else ViolationEvent.DISMISS, now=now)
    row.decided_by, row.decision = actor.name, command.reason.strip()
    _record(session, actor, Topic.VIOLATION_DECIDED, row, now=now)
    return row


@dataclass(frozen=True, slots=True)
class AskRemoval:
    """Why the promise should be taken off the list."""

    reference: str
    reason: str


def ask_removal(session: Session, actor: Actor, command: AskRemoval, *, now: datetime) -> PromiseViolation:
    """Put the removal of the promise before the chief."""
    row = locked(session, actor, command.reference)
    require(actor, Permission.VIOLATION_DECIDE, row)
    if not command.reason.strip():
        raise RuleBroken("请写明建议摘牌的理由。", field="reason")
    _move(row, ViolationEvent.ASK_REMOVAL, now=now)
    row.removal = command.reason.strip()
    _record(session, actor, Topic.REMOVAL_ASKED, row, now=now)
    return row


@dataclass(frozen=True, slots=True)
class DecideRemoval:
    """The chief's word on the removal."""

    reference: str
    removed: bool
    reason: str


def decide_removal(session: Session, actor: Actor, command: DecideRemoval, *, now: datetime) -> PromiseViolation:
    """Take the promise in force off the list (摘牌), or leave it; the reason is public where it is removed."""
    row = locked(session, actor, command.reference)
    require(actor, Permission.SANCTION_ORDER, row)
    if not command.reason.strip():
        raise RuleBroken("请写明理由。", field="reason")
    _move(row, ViolationEvent.REMOVE if command.removed else ViolationEvent.DECLINE_REMOVAL, now=now)
    if command.removed:
        current = session.scalars(
            select(PromiseVersion.reference).where(
                PromiseVersion.promisor_id == row.promisor_id, PromiseVersion.state == PromiseState.CURRENT
            )
        ).first()
        if current is None:
            raise RuleBroken("这家商家现在没有在期的承诺，不用摘牌。")
        remove_promise(session, actor, RemovePromise(current, command.reason), now=now)
    row.removal = f"{row.removal or ''}　决定：{command.reason.strip()}"
    _record(session, actor, Topic.REMOVAL_DECIDED, row, now=now)
    return row


def locked(session: Session, actor: Actor, reference: str) -> PromiseViolation:
    """The breach of this reference with its promisor, locked for an action; NotFound for strangers."""
    row = session.scalars(
        select(PromiseViolation)
        .join(PromiseViolation.promisor)
        .where(PromiseViolation.reference == reference, visible_to(actor))
        .options(contains_eager(PromiseViolation.promisor))
        .with_for_update(of=PromiseViolation)
    ).first()
    if row is None:
        raise NotFound(MISSING)
    return row


def _move(row: PromiseViolation, event: ViolationEvent, *, now: datetime) -> None:
    try:
        row.apply(event)
    except IllegalVisitStep:
        raise RuleBroken(MOVED_ON) from None
    row.decided_at = row.decided_at or now


def _row(
    promisor: Promisor,
    source: ViolationSource,
    reference: str,
    day: date,
    text: str,
    actor: Actor,
    session: Session,
    *,
    now: datetime,
) -> PromiseViolation:
    series = f"WF{local_day(now):%y%m}"
    return PromiseViolation(
        reference=f"{series}-{take_numbers(session, series)[0]:04d}",
        promisor_id=promisor.id,
        merchant_id=promisor.merchant_id,
        authority_id=promisor.authority_id,
        source=source,
        source_reference=reference,
        state=ViolationState.POSSIBLE,
        happened_on=day,
        text=text.strip(),
        recorded_at=now,
        recorded_by=actor.name,
    )


def _known(session: Session, source: ViolationSource, reference: str) -> bool:
    same = PromiseViolation.source == source, PromiseViolation.source_reference == reference
    return session.scalars(select(PromiseViolation.id).where(*same)).first() is not None


def _is_about(session: Session, source: ViolationSource, reference: str, promisor: Promisor) -> bool:
    """Say whether a visit or feedback of this reference is about the promisor; what an officer found has none."""
    if source is ViolationSource.VISIT:
        visited = MysteryVisit.reference == reference, MysteryVisit.promisor_id == promisor.id
        return session.scalars(select(MysteryVisit.id).where(*visited)).first() is not None
    if source is ViolationSource.FEEDBACK:
        told = PromiseFeedback.reference == reference, PromiseFeedback.promisor_id == promisor.id
        return session.scalars(select(PromiseFeedback.id).where(*told)).first() is not None
    return True


def _own_reference(session: Session, now: datetime) -> str:
    """A name for what came from nowhere else, so that the same is not taken for another."""
    series = f"FX{local_day(now):%y%m}"
    return f"{series}-{take_numbers(session, series)[0]:04d}"


def _record(session: Session, actor: Actor, topic: Topic, row: PromiseViolation, *, now: datetime) -> None:
    source = row.source.value
    facts.record(session, actor, topic, SubjectKind.VIOLATION, row.id, at=now, source=source, state=row.state.value)
