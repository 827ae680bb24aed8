"""Recording an inspection, the merchant's word on it, rectification and re-check."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.clocks.rules import local_day
from portal.core import facts
from portal.core.actor import Actor, ActorKind
from portal.core.errors import NotFound, RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require
from portal.documents.numbers import take_numbers
from portal.enrolment.models import Merchant
from portal.ledgers.models import Ledger
from portal.supervision.models import Inspection, InspectionFinding
from portal.supervision.rules import InspectionEvent, InspectionState, Manner, Visit, allows, problem_of
from portal.supervision.rules.findings import objection_to_recheck

MISSING = "没有这份检查记录，或者它不归你的单位办理。"
MOVED_ON = "这份检查记录的状态已经变了，这一步现在不能做。请刷新页面。"


def may_see(actor: Actor, row: Inspection) -> bool:
    """Say whether the actor may look at an inspection; the twin of `visible_to`."""
    match actor.kind:
        case ActorKind.MERCHANT:
            return row.merchant_id == actor.organisation_id
        case ActorKind.AUTHORITY:
            return row.authority_id in actor.jurisdiction or row.merchant.authority_id in actor.jurisdiction
        case ActorKind.OPERATOR | ActorKind.SYSTEM:
            return True
        case _:
            return False


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The condition under which an inspection is the actor's to see; the statement joins Merchant."""
    match actor.kind:
        case ActorKind.MERCHANT:
            return false() if actor.organisation_id is None else Inspection.merchant_id == actor.organisation_id
        case ActorKind.AUTHORITY:
            ids = sorted(actor.jurisdiction)
            return or_(Inspection.authority_id.in_(ids), Merchant.authority_id.in_(ids))
        case ActorKind.OPERATOR | ActorKind.SYSTEM:
            return true()
        case _:
            return false()


@dataclass(frozen=True, slots=True)
class RecordInspection:
    """An inspection of a merchant that is named by its code."""

    code: str
    manner: Manner
    visit: Visit


def record_inspection(session: Session, actor: Actor, command: RecordInspection, *, now: datetime) -> Inspection:
    """Store the record of an inspection; the merchant is asked to confirm it."""
    merchant = session.scalars(
        select(Merchant)
        .join(Organisation, Organisation.id == Merchant.id)
        .where(Organisation.code == command.code.strip().upper(), Merchant.authority_id.in_(sorted(actor.jurisdiction)))
    ).first()
    if merchant is None or actor.organisation_id is None:
        raise NotFound("没有这家企业，或者它不在你的辖区。", field="code")
    require(actor, Permission.INSPECTION_RECORD, merchant)
    visit = command.visit
    if problem := problem_of(visit, local_day(now)):
        raise RuleBroken(problem[1], field=problem[0])
    _check_places(session, merchant, visit)
    row = Inspection(
        reference=_reference(session, now),
        merchant_id=merchant.id,
        authority_id=actor.organisation_id,
        manner=command.manner,
        inspected_on=visit.inspected_on,
        period_first=visit.period_first,
        period_last=visit.period_last,
        sample=visit.sample,
        officer=actor.name,
        second_officer=visit.second_officer.strip(),
        findings=len(visit.findings),
        rectify_on=visit.rectify_on,
        recorded_at=now,
    )
    session.add(row)
    session.flush()
    session.add_all(
        [InspectionFinding(inspection_id=row.id, kind=one.kind, seq=one.seq, text=one.text) for one in visit.findings]
    )
    _record(session, actor, Topic.INSPECTION_RECORDED, row, now=now)
    return row


@dataclass(frozen=True, slots=True)
class ConfirmInspection:
    """The merchant's word: it has read the record, and may object."""

    reference: str
    objection: str = ""


def confirm_inspection(session: Session, actor: Actor, command: ConfirmInspection, *, now: datetime) -> Inspection:
    """Confirm a record for one's own merchant; an objection is kept beside it and changes nothing in it."""
    row = locked(session, actor, command.reference)
    require(actor, Permission.INSPECTION_ANSWER, row)
    clean = row.findings == 0
    _move(row, InspectionEvent.CONFIRM_CLEAN if clean else InspectionEvent.CONFIRM)
    row.confirmed_at, row.confirmed_by, row.objection = now, actor.name, command.objection.strip() or None
    row.closed_at = now if clean else None
    _record(session, actor, Topic.INSPECTION_CONFIRMED, row, now=now)
    return row


@dataclass(frozen=True, slots=True)
class ReportRectification:
    """What the merchant has put right."""

    reference: str
    text: str


def report_rectification(session: Session, actor: Actor, command: ReportRectification, *, now: datetime) -> Inspection:
    """Report that what was found is put right; the authority checks again."""
    row = locked(session, actor, command.reference)
    require(actor, Permission.INSPECTION_ANSWER, row)
    _move(row, InspectionEvent.RECTIFY)
    row.rectified_at, row.rectification = now, command.text.strip()
    _record(session, actor, Topic.INSPECTION_RECTIFIED, row, now=now)
    return row


@dataclass(frozen=True, slots=True)
class RecheckInspection:
    """What the re-check found; without a pass there is a new day to put things right."""

    reference: str
    passed: bool
    text: str
    rectify_on: date | None = None


def recheck_inspection(session: Session, actor: Actor, command: RecheckInspection, *, now: datetime) -> Inspection:
    """Close an inspection after the re-check, or ask again with a new day."""
    row = locked(session, actor, command.reference)
    require(actor, Permission.INSPECTION_RECORD, row)
    _move(row, InspectionEvent.PASS_RECHECK if command.passed else InspectionEvent.FAIL_RECHECK)
    if objection := objection_to_recheck(command.rectify_on, local_day(now), passed=command.passed):
        raise RuleBroken(objection, field="rectify_on")
    row.rechecked_on, row.recheck = local_day(now), command.text.strip()
    if command.passed:
        row.closed_at = now
    else:
        row.rectify_on = command.rectify_on
    _record(session, actor, Topic.INSPECTION_RECHECKED, row, now=now, passed=command.passed)
    return row


def locked(session: Session, actor: Actor, reference: str) -> Inspection:
    """The inspection of this reference, locked for an action; raises NotFound for strangers."""
    row = session.scalars(
        select(Inspection)
        .join(Merchant, Merchant.id == Inspection.merchant_id)
        .where(and_(Inspection.reference == reference, visible_to(actor)))
        .with_for_update(of=Inspection)
    ).first()
    if row is None:
        raise NotFound(MISSING)
    return row


def can_confirm(row: Inspection) -> bool:
    """Say whether the merchant's word is still awaited."""
    return row.state is InspectionState.RECORDED


def _move(row: Inspection, event: InspectionEvent) -> None:
    if not allows(row.state, event):
        raise RuleBroken(MOVED_ON)
    row.apply(event)


def _check_places(session: Session, merchant: Merchant, visit: Visit) -> None:
    named = [one.seq for one in visit.findings if one.seq is not None]
    if not named:
        return
    size = session.scalars(select(Ledger.size).where(Ledger.merchant_id == merchant.id)).first() or 0
    beyond = [seq for seq in named if not 0 < seq <= size]
    if beyond:
        raise RuleBroken(f"台账共 {size} 笔，没有第 {beyond[0]} 笔。请核对序号。", field="findings")


def _reference(session: Session, now: datetime) -> str:
    series = f"JC{local_day(now):%y%m}"
    return f"{series}-{take_numbers(session, series)[0]:04d}"


def _record(
    session: Session, actor: Actor, topic: Topic, row: Inspection, *, now: datetime, passed: bool | None = None
) -> None:
    known = {"findings": row.findings} if passed is None else {"findings": row.findings, "passed": passed}
    facts.record(session, actor, topic, SubjectKind.INSPECTION, row.id, at=now, not_before=None, **known)
