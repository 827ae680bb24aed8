"""Recording a training and inviting merchants; changing and cancelling it."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, insert, literal, select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.clocks.rules import local_day
from portal.core import facts
from portal.core.actor import Actor, ActorKind
from portal.core.errors import NotAllowed, RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import REFUSAL, Permission, require
from portal.documents.numbers import take_numbers
from portal.enrolment.models import Merchant, MerchantState
from portal.training import rules
from portal.training.access import area_of, locked
from portal.training.models import Training, TrainingInvitation
from portal.training.rules import Mode, Scope, Standing

MOST_CHOSEN = 500  # merchants named one by one: our limit


@dataclass(frozen=True, slots=True)
class TrainingBody:
    """What a training is about; nothing of it is personal."""

    title: str
    held_on: date
    hours: int
    mode: Mode
    place: str
    lecturers: str
    topics: str
    materials: str = ""


@dataclass(frozen=True, slots=True)
class RecordTraining:
    """A training and whom it invites: everybody, one tier, or the merchants of these codes."""

    body: TrainingBody
    scope: Scope
    tier: str = ""
    codes: tuple[str, ...] = ()


def record_training(session: Session, actor: Actor, command: RecordTraining, *, now: datetime) -> Training:
    """Record a training of one's own authority and invite the merchants of its area, in one statement.

    Refuses with RuleBroken a day out of reach, an empty circle, and a code that is no merchant of the area.
    """
    if actor.kind is not ActorKind.AUTHORITY or actor.organisation_id is None:
        raise NotAllowed(REFUSAL)
    row = Training(
        reference=f"PX{local_day(now):%y%m}-{take_numbers(session, f'PX{local_day(now):%y%m}')[0]:04d}",
        authority_id=actor.organisation_id,
        scope=command.scope,
        tier=command.tier if command.scope is Scope.TIER else "",
        recorded_at=now,
        author_name=actor.name,
    )
    require(actor, Permission.TRAINING_RECORD, row)
    _write(row, command.body, now=now)
    session.add(row)
    session.flush()
    row.invited = _invite(session, actor, row, command)
    facts.record(
        session,
        actor,
        Topic.TRAINING_RECORDED,
        SubjectKind.TRAINING,
        row.id,
        at=now,
        reference=row.reference,
        merchants=row.invited,
    )
    return row


@dataclass(frozen=True, slots=True)
class ChangeTraining:
    """What a training is about, put right; whom it invites stays."""

    reference: str
    body: TrainingBody


def change_training(session: Session, actor: Actor, command: ChangeTraining, *, now: datetime) -> Training:
    """Put a training right; merchants are told again only where day or place moved before it was held."""
    row = own_training(session, actor, command.reference)
    before = (row.held_on, row.place, row.mode)
    _write(row, command.body, now=now)
    moved = before != (row.held_on, row.place, row.mode) and row.held_on >= local_day(now)
    facts.record(
        session,
        actor,
        Topic.TRAINING_CHANGED,
        SubjectKind.TRAINING,
        row.id,
        at=now,
        reference=row.reference,
        moved=moved,
    )
    return row


@dataclass(frozen=True, slots=True)
class CancelTraining:
    """A training that does not take place, with the reason that merchants read."""

    reference: str
    reason: str


def cancel_training(session: Session, actor: Actor, command: CancelTraining, *, now: datetime) -> Training:
    """Call a training off; refused once somebody is recorded as having come."""
    row = own_training(session, actor, command.reference)
    if not command.reason.strip():
        raise RuleBroken("请写明取消的原因，企业会看到。", field="reason")
    if row.attended:
        raise RuleBroken("已经登记了参加情况，不能取消。登记有误请先改正参加情况。", field="reason")
    row.cancelled_at, row.cancel_reason = now, command.reason.strip()
    facts.record(
        session, actor, Topic.TRAINING_CANCELLED, SubjectKind.TRAINING, row.id, at=now, reference=row.reference
    )
    return row


def own_training(session: Session, actor: Actor, reference: str) -> Training:
    """A training that the actor may change, locked; refuses strangers, whoever only looks, and one that is off."""
    row = locked(session, actor, reference)
    require(actor, Permission.TRAINING_RECORD, row)
    if row.cancelled_at is not None:
        raise RuleBroken("这次培训已经取消。")
    return row


def _write(row: Training, body: TrainingBody, *, now: datetime) -> None:
    if objection := rules.objection_to_day(body.held_on, local_day(now)):
        raise RuleBroken(objection, field="held_on")
    if objection := rules.objection_to_hours(body.hours):
        raise RuleBroken(objection, field="hours")
    row.title, row.held_on, row.hours, row.mode = body.title, body.held_on, body.hours, body.mode
    row.place, row.lecturers, row.topics, row.materials = body.place, body.lecturers, body.topics, body.materials


def _invite(session: Session, actor: Actor, row: Training, command: RecordTraining) -> int:
    wanted = [area_of(actor), Merchant.state != MerchantState.EXITED]
    if command.scope is Scope.TIER:
        if not command.tier:
            raise RuleBroken("请选择要通知哪一类企业。", field="tier")
        wanted.append(Merchant.tier == command.tier)
    if command.scope is Scope.CHOSEN:
        wanted.append(Merchant.id.in_(_chosen(session, actor, command.codes)))
    invited = select(literal(row.id), Merchant.id, literal(Standing.UNKNOWN.value), literal(0), literal(0))
    session.execute(
        insert(TrainingInvitation).from_select(
            ["training_id", "merchant_id", "standing", "others", "people"], invited.where(*wanted).order_by(Merchant.id)
        )
    )
    count = session.scalars(
        select(func.count()).select_from(TrainingInvitation).where(TrainingInvitation.training_id == row.id)
    ).one()
    if not count:
        raise RuleBroken("没有企业会收到通知：辖区里没有符合这个范围的企业。", field="scope")
    return count


def _chosen(session: Session, actor: Actor, codes: tuple[str, ...]) -> list[int]:
    wanted = list(dict.fromkeys(code.strip().upper() for code in codes if code.strip()))
    if not wanted:
        raise RuleBroken("请填写要通知的企业的统一社会信用代码，一行一个。", field="codes")
    if len(wanted) > MOST_CHOSEN:
        raise RuleBroken(f"一次最多选定 {MOST_CHOSEN} 家。更多请按类别或通知全部。", field="codes")
    rows = session.execute(
        select(Organisation.code, Merchant.id)
        .join(Merchant, Merchant.id == Organisation.id)
        .where(Organisation.code.in_(wanted), area_of(actor), Merchant.state != MerchantState.EXITED)
    )
    known = dict(rows.all())
    if missing := [code for code in wanted if code not in known]:
        named = "、".join(missing[:5])
        raise RuleBroken(f"辖区里没有代码为 {named} 的在册企业。请核对，或去掉这几行。", field="codes")
    return sorted(known.values())
