"""What follows a measure: receipt, statement, report or request, re-check; lifted, prolonged, or the next step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, false, select, true
from sqlalchemy.orm import Session, contains_eager

from portal.clocks.rules import local_day
from portal.core import facts
from portal.core.actor import Actor, ActorKind
from portal.core.errors import NotFound, RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require
from portal.core.privacy import DataKey
from portal.core.uploads import Upload
from portal.documents.models import Document, DocumentState
from portal.enrolment.actions import ResumeMerchant, resume_merchant
from portal.enrolment.exiting import ReadmitMerchant, readmit_merchant
from portal.enrolment.models import Merchant, MerchantState
from portal.supervision import sanctions
from portal.supervision.attachments import attach
from portal.supervision.rules.sanctions import (
    CHIEFS_OWN,
    OPEN_MEASURES,
    Level,
    MeasureEvent,
    NoteKind,
    Order,
    ends_with_receipt,
    heavier,
    measure_allows,
    objection_to_answer,
)
from portal.supervision.sanction_models import Measure, MeasureNote, SanctionProposal

MISSING = "没有这份监管措施，或者它不归你的单位办理。"
MOVED_ON = "这份监管措施的状态已经变了，这一步现在不能做。请刷新页面。"
OVER = "这份监管措施已经结束，不用再提交。"


def may_see(actor: Actor, row: Measure) -> bool:
    """Say whether the actor may look at a measure; the twin of `visible_to`."""
    match actor.kind:
        case ActorKind.MERCHANT:
            return row.merchant_id == actor.organisation_id
        case ActorKind.AUTHORITY:
            return not actor.is_council and row.authority_id in actor.jurisdiction
        case ActorKind.OPERATOR | ActorKind.SYSTEM:
            return True
        case _:
            return False


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The condition under which a measure is the actor's to see."""
    match actor.kind:
        case ActorKind.MERCHANT:
            return false() if actor.organisation_id is None else Measure.merchant_id == actor.organisation_id
        case ActorKind.AUTHORITY:
            return false() if actor.is_council else Measure.authority_id.in_(sorted(actor.jurisdiction))
        case ActorKind.OPERATOR | ActorKind.SYSTEM:
            return true()
        case _:
            return false()


@dataclass(frozen=True, slots=True)
class ConfirmMeasure:
    """The merchant has read the paper."""

    number: str


def confirm_measure(session: Session, actor: Actor, command: ConfirmMeasure, *, now: datetime) -> Measure:
    """Confirm receipt for one's own merchant; a reminder without a date is over with it."""
    row = locked(session, actor, command.number)
    require(actor, Permission.MEASURE_ANSWER, row)
    last = ends_with_receipt(row.level, row.rectify_on)
    _move(row, MeasureEvent.CONFIRM_LAST if last else MeasureEvent.CONFIRM, now=now)
    row.confirmed_at, row.confirmed_by = now, actor.name
    _note(session, actor, row, NoteKind.RECEIPT, "", now=now)
    _record(session, actor, Topic.MEASURE_CONFIRMED, row, now=now)
    return row


@dataclass(frozen=True, slots=True)
class StateObjection:
    """What the merchant says for itself; it changes nothing by itself."""

    number: str
    text: str
    uploads: tuple[Upload, ...] = ()


def state_objection(session: Session, actor: Actor, command: StateObjection, *, now: datetime) -> Measure:
    """Put a statement of the merchant beside the measure, as often as it has something to say while it holds."""
    row = locked(session, actor, command.number)
    require(actor, Permission.MEASURE_ANSWER, row)
    if row.closed_at is not None:
        raise RuleBroken(OVER)
    _said(session, actor, row, NoteKind.STATEMENT, command.text, command.uploads, now=now)
    _record(session, actor, Topic.MEASURE_STATED, row, now=now)
    return row


@dataclass(frozen=True, slots=True)
class AnswerMeasure:
    """What was put right; of a suspension or an exit, why the way back should be open."""

    number: str
    text: str
    uploads: tuple[Upload, ...] = ()


def answer_measure(session: Session, actor: Actor, command: AnswerMeasure, *, now: datetime) -> Measure:
    """Report rectification, or ask for the way back; who left asks not before the day that was fixed."""
    row = locked(session, actor, command.number)
    require(actor, Permission.MEASURE_ANSWER, row)
    if objection := objection_to_answer(row.level, row.earliest_on, local_day(now)):
        raise RuleBroken(objection, field="text")
    _move(row, MeasureEvent.ANSWER, now=now)
    _said(session, actor, row, NoteKind.ANSWER, command.text, command.uploads, now=now)
    _record(session, actor, Topic.MEASURE_ANSWERED, row, now=now)
    return row


@dataclass(frozen=True, slots=True)
class LiftMeasure:
    """The measure ends, and why."""

    number: str
    text: str


def lift_measure(session: Session, actor: Actor, command: LiftMeasure, *, now: datetime) -> Measure:
    """Lift a measure after the re-check: enrolment resumes or readmits; the chief's own are lifted by the chief."""
    row = _judged(session, actor, command.number)
    _move(row, MeasureEvent.LIFT, now=now)
    merchant, code = row.merchant, row.merchant.organisation.code
    if row.level is Level.SUSPEND and merchant.state is MerchantState.SUSPENDED:
        resume_merchant(session, actor, ResumeMerchant(code), now=now)
    elif row.level is Level.EXIT and merchant.state is MerchantState.EXITED:
        merchant.readmit_on = None  # a decision that was wrong is taken back at once; the reason stands in the note
        readmit_merchant(session, actor, ReadmitMerchant(code), now=now)
    _end(session, actor, row, NoteKind.LIFTED, command.text, now=now)
    _record(session, actor, Topic.MEASURE_LIFTED, row, now=now)
    return row


@dataclass(frozen=True, slots=True)
class ProlongMeasure:
    """A new day: to put things right by, or from which one who left may ask again."""

    number: str
    text: str
    until_on: date


def prolong_measure(session: Session, actor: Actor, command: ProlongMeasure, *, now: datetime) -> Measure:
    """Keep a measure with a new day; the merchant reads why."""
    row = _judged(session, actor, command.number)
    if command.until_on <= local_day(now):
        raise RuleBroken("新的期限须在今天之后。", field="until_on")
    _move(row, MeasureEvent.PROLONG, now=now)
    if row.level is Level.EXIT:
        row.earliest_on = row.merchant.readmit_on = command.until_on
    else:
        row.rectify_on = command.until_on
    _note(session, actor, row, NoteKind.PROLONGED, f"{command.text.strip()}（新的期限 {command.until_on}）", now=now)
    _record(session, actor, Topic.MEASURE_PROLONGED, row, now=now, until_on=command.until_on.isoformat())
    return row


@dataclass(frozen=True, slots=True)
class ReplaceMeasure:
    """A heavier measure follows."""

    number: str
    order: Order


def replace_measure(session: Session, actor: Actor, command: ReplaceMeasure, *, now: datetime) -> Measure:
    """Take the next step: the old measure ends, the new one has a paper of its own. Returns the new one."""
    row = _judged(session, actor, command.number)
    if not heavier(command.order.level, row.level):
        raise RuleBroken("下一步措施须比现在的重；不变的请选延长。", field="level")
    _move(row, MeasureEvent.REPLACE, now=now)
    proposal = _proposal(session, row)
    made = sanctions.issue_measure(session, actor, proposal, command.order, row, now=now)
    _end(session, actor, row, NoteKind.REPLACED, f"{command.order.reason.strip()}（{made.number}）", now=now)
    _record(session, actor, Topic.MEASURE_REPLACED, row, now=now, number=made.number)
    return made


def locked(session: Session, actor: Actor, number: str) -> Measure:
    """The measure of this number with its merchant, locked for an action; NotFound for strangers."""
    row = session.scalars(
        select(Measure)
        .join(Measure.merchant)
        .join(Merchant.organisation)
        .where(Measure.number == number, visible_to(actor))
        .options(contains_eager(Measure.merchant).contains_eager(Merchant.organisation))
        .with_for_update(of=Measure)
    ).first()
    if row is None:
        raise NotFound(MISSING)
    return row


def _judged(session: Session, actor: Actor, number: str) -> Measure:
    row = locked(session, actor, number)
    chiefs = row.level in CHIEFS_OWN
    require(actor, Permission.SANCTION_ORDER if chiefs else Permission.SANCTION_DECIDE, row)
    return row


def _proposal(session: Session, row: Measure) -> SanctionProposal:
    return session.scalars(
        select(SanctionProposal)
        .join(SanctionProposal.merchant)
        .join(Merchant.organisation)
        .where(SanctionProposal.id == row.proposal_id)
        .options(contains_eager(SanctionProposal.merchant).contains_eager(Merchant.organisation))
    ).one()


def _move(row: Measure, event: MeasureEvent, *, now: datetime) -> None:
    if not measure_allows(row.state, event):
        raise RuleBroken(MOVED_ON)
    row.apply(event)
    row.closed_at = None if row.state in OPEN_MEASURES else now


def _end(session: Session, actor: Actor, row: Measure, kind: NoteKind, text: str, *, now: datetime) -> None:
    """Say why a measure ended; whoever verifies its paper reads that it holds no more."""
    session.get_one(Document, row.document_id).state = DocumentState.REPLACED
    _note(session, actor, row, kind, text, now=now)


def _said(
    session: Session,
    actor: Actor,
    row: Measure,
    kind: NoteKind,
    text: str,
    uploads: Sequence[Upload],
    *,
    now: datetime,
) -> None:
    if not text.strip():
        raise RuleBroken("请写明情况。", field="text")
    note = _note(session, actor, row, kind, text, now=now)
    if uploads:
        key = session.get_one(DataKey, row.key_id)
        attach(session, key, uploads, now=now, by_merchant=True, note_id=note.id)


def _note(session: Session, actor: Actor, row: Measure, kind: NoteKind, text: str, *, now: datetime) -> MeasureNote:
    by_merchant = actor.kind is ActorKind.MERCHANT
    note = MeasureNote(
        measure_id=row.id, kind=kind, text=text.strip(), author_name=actor.name, by_merchant=by_merchant, at=now
    )
    session.add(note)
    session.flush()
    return note


def _record(session: Session, actor: Actor, topic: Topic, row: Measure, *, now: datetime, **known: Any) -> None:
    facts.record(session, actor, topic, SubjectKind.MEASURE, row.id, at=now, level=row.level.value, **known)
