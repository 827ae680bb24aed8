"""Mystery visits: planned, made, released to the merchant, put right, checked again."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, false, select, true
from sqlalchemy.orm import Session, contains_eager

from portal.clocks.rules import local_day
from portal.commitments.models import Promisor
from portal.core import facts
from portal.core.actor import Actor, ActorKind
from portal.core.errors import NotFound, RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require
from portal.core.privacy import DataKey, vault_of
from portal.core.uploads import Upload
from portal.documents.numbers import take_numbers
from portal.enrolment.rules import code_of
from portal.supervision.attachments import attach
from portal.supervision.rules.findings import objection_to_recheck
from portal.supervision.rules.visits import VisitEvent, VisitRecord, VisitState, problem_of_record, visit_allows
from portal.supervision.visit_models import MysteryVisit, VisitLapse

MISSING = "没有这次暗访，或者它不归你的单位办理。"
MOVED_ON = "这次暗访的状态已经变了，这一步现在不能做。请刷新页面。"
NO_PROMISOR = "辖区的承诺名录里没有这个代码。只能对作出承诺的商家暗访。"


def may_see(actor: Actor, row: MysteryVisit) -> bool:
    """Say whether the actor may look at a visit; the twin of `visible_to`. The merchant only once it was released."""
    match actor.kind:
        case ActorKind.MERCHANT:
            return row.released_at is not None and row.merchant_id == actor.organisation_id
        case ActorKind.AUTHORITY:
            return not actor.is_council and row.authority_id in actor.jurisdiction
        case ActorKind.OPERATOR | ActorKind.SYSTEM:
            return True
        case _:
            return False


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The condition under which a visit is the actor's to see."""
    match actor.kind:
        case ActorKind.MERCHANT:
            if actor.organisation_id is None:
                return false()
            return MysteryVisit.released_at.is_not(None) & (MysteryVisit.merchant_id == actor.organisation_id)
        case ActorKind.AUTHORITY:
            return false() if actor.is_council else MysteryVisit.authority_id.in_(sorted(actor.jurisdiction))
        case ActorKind.OPERATOR | ActorKind.SYSTEM:
            return true()
        case _:
            return false()


@dataclass(frozen=True, slots=True)
class PlanVisit:
    """A visit that is to be made; the promisor is named by its code and need not be enrolled."""

    code: str
    outlet: str
    scenario: str
    planned_on: date


def plan_visit(session: Session, actor: Actor, command: PlanVisit, *, now: datetime) -> MysteryVisit:
    """Plan a visit; the merchant learns nothing of it."""
    promisor = promisor_named(session, actor, command.code)
    require(actor, Permission.VISIT_RECORD, promisor)
    if command.planned_on < local_day(now):
        raise RuleBroken("计划的日期不能早于今天。已经走访的，走访后在这里登记结果。", field="planned_on")
    if not command.scenario.strip():
        raise RuleBroken("请写明情景：以什么身份、买什么、问什么。", field="scenario")
    assert actor.organisation_id is not None
    key = vault_of(session).new_key(session, now=now)
    session.flush()
    row = MysteryVisit(
        reference=_reference(session, now),
        promisor=promisor,
        promisor_id=promisor.id,
        merchant_id=promisor.merchant_id,
        authority_id=actor.organisation_id,
        key_id=key.id,
        state=VisitState.PLANNED,
        outlet=command.outlet.strip(),
        scenario=command.scenario.strip(),
        planned_on=command.planned_on,
        officer=actor.name,
        second_officer="",
        asked="",
        answered="",
        created_at=now,
    )
    session.add(row)
    session.flush()
    _record(session, actor, Topic.VISIT_PLANNED, row, now=now)
    return row


@dataclass(frozen=True, slots=True)
class RecordVisit:
    """What a planned visit found."""

    reference: str
    record: VisitRecord
    uploads: tuple[Upload, ...] = ()


def record_visit(session: Session, actor: Actor, command: RecordVisit, *, now: datetime) -> MysteryVisit:
    """Write down what was asked, answered and found, with photos; still nobody outside the authority sees it."""
    row = locked(session, actor, command.reference)
    require(actor, Permission.VISIT_RECORD, row)
    _move(row, VisitEvent.VISIT, now=now)
    record = command.record
    if problem := problem_of_record(record, local_day(now)):
        raise RuleBroken(problem[1], field=problem[0])
    row.visited_on, row.rectify_on = record.visited_on, record.rectify_on
    row.second_officer, row.asked, row.answered = (
        record.second_officer.strip(),
        record.asked.strip(),
        record.answered.strip(),
    )
    row.lapses = len(record.lapses)
    session.add_all([VisitLapse(visit_id=row.id, kind=one.kind, text=one.text) for one in record.lapses])
    session.flush()
    _attach(session, row, command.uploads, now=now, by_merchant=False)
    _record(session, actor, Topic.VISIT_RECORDED, row, now=now)
    return row


@dataclass(frozen=True, slots=True)
class AddVisitFiles:
    """More photos of a visit."""

    reference: str
    uploads: tuple[Upload, ...]


def add_visit_files(session: Session, actor: Actor, command: AddVisitFiles, *, now: datetime) -> int:
    """Store more photos of a visit that is not over; returns how many."""
    row = locked(session, actor, command.reference)
    require(actor, Permission.VISIT_RECORD, row)
    if row.closed_at is not None:
        raise RuleBroken("这次暗访已经办结，不能再加照片。", field="files")
    return _attach(session, row, command.uploads, now=now, by_merchant=False)


@dataclass(frozen=True, slots=True)
class StepVisit:
    """Cancel a plan, release a record, or end one that needs nothing of the merchant."""

    reference: str
    event: VisitEvent


STEPS = {
    VisitEvent.CANCEL: Topic.VISIT_CANCELLED,
    VisitEvent.RELEASE: Topic.VISIT_RELEASED,
    VisitEvent.CLOSE_UNSEEN: Topic.VISIT_CLOSED,
}


def step_visit(session: Session, actor: Actor, command: StepVisit, *, now: datetime) -> MysteryVisit:
    """Cancel, release or end a visit; what is released can be read by the merchant from now on."""
    row = locked(session, actor, command.reference)
    require(actor, Permission.VISIT_RECORD, row)
    if command.event is VisitEvent.RELEASE and row.merchant_id is None:
        raise RuleBroken("这家商家没有入驻，看不到暗访记录。请线下通知，复查后办结。")
    _move(row, command.event, now=now)
    if command.event is VisitEvent.RELEASE:
        row.released_at = now
    _record(session, actor, STEPS[command.event], row, now=now)
    return row


@dataclass(frozen=True, slots=True)
class RectifyVisit:
    """What the merchant put right, with photos."""

    reference: str
    text: str
    uploads: tuple[Upload, ...] = ()


def rectify_visit(session: Session, actor: Actor, command: RectifyVisit, *, now: datetime) -> MysteryVisit:
    """Report that what a visit found is put right; the authority checks again."""
    row = locked(session, actor, command.reference)
    require(actor, Permission.VISIT_ANSWER, row)
    _move(row, VisitEvent.RECTIFY, now=now)
    row.rectified_at, row.rectification = now, command.text.strip()
    _attach(session, row, command.uploads, now=now, by_merchant=True)
    _record(session, actor, Topic.VISIT_RECTIFIED, row, now=now)
    return row


@dataclass(frozen=True, slots=True)
class RecheckVisit:
    """What the re-check found; without a pass there is a new day to put things right."""

    reference: str
    passed: bool
    text: str
    rectify_on: date | None = None


def recheck_visit(session: Session, actor: Actor, command: RecheckVisit, *, now: datetime) -> MysteryVisit:
    """Close a visit after the re-check, or ask again with a new day."""
    row = locked(session, actor, command.reference)
    require(actor, Permission.VISIT_RECORD, row)
    today = local_day(now)
    if objection := objection_to_recheck(command.rectify_on, today, passed=command.passed):
        raise RuleBroken(objection, field="rectify_on")
    _move(row, VisitEvent.PASS_RECHECK if command.passed else VisitEvent.FAIL_RECHECK, now=now)
    row.rechecked_on, row.recheck = today, command.text.strip()
    if not command.passed:
        row.rectify_on = command.rectify_on
    _record(session, actor, Topic.VISIT_RECHECKED, row, now=now)
    return row


def locked(session: Session, actor: Actor, reference: str) -> MysteryVisit:
    """The visit of this reference with its promisor, locked for an action; NotFound for strangers."""
    row = session.scalars(
        select(MysteryVisit)
        .join(MysteryVisit.promisor)
        .where(MysteryVisit.reference == reference, visible_to(actor))
        .options(contains_eager(MysteryVisit.promisor))
        .with_for_update(of=MysteryVisit)
    ).first()
    if row is None:
        raise NotFound(MISSING)
    return row


def promisor_named(session: Session, actor: Actor, code: str) -> Promisor:
    """The promisor of this code in the actor's jurisdiction; raises NotFound (field "code")."""
    row = session.scalars(
        select(Promisor).where(Promisor.code == code_of(code), Promisor.authority_id.in_(sorted(actor.jurisdiction)))
    ).first()
    if row is None:
        raise NotFound(NO_PROMISOR, field="code")
    return row


def _move(row: MysteryVisit, event: VisitEvent, *, now: datetime) -> None:
    if not visit_allows(row.state, event):
        raise RuleBroken(MOVED_ON)
    row.apply(event)
    row.closed_at = now if row.state in (VisitState.CLOSED, VisitState.CANCELLED) else None


def _attach(
    session: Session, row: MysteryVisit, uploads: tuple[Upload, ...], *, now: datetime, by_merchant: bool
) -> int:
    if not uploads:
        return 0
    key = session.get_one(DataKey, row.key_id)
    return attach(session, key, uploads, now=now, by_merchant=by_merchant, visit_id=row.id)


def _record(session: Session, actor: Actor, topic: Topic, row: MysteryVisit, *, now: datetime) -> None:
    facts.record(session, actor, topic, SubjectKind.VISIT, row.id, at=now, lapses=row.lapses or 0)


def _reference(session: Session, now: datetime) -> str:
    series = f"AF{local_day(now):%y%m}"
    return f"{series}-{take_numbers(session, series)[0]:04d}"
