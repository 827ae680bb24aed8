"""Who came: recorded by the authority, one by one or from a file, and confirmed by the merchant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal.accounts.models import Membership, Organisation, Person
from portal.clocks.rules import local_day
from portal.core import facts
from portal.core.actor import Actor
from portal.core.errors import NotFound, RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require
from portal.training import rules
from portal.training.access import NOT_INVITED, locked, locked_invitation
from portal.training.models import Training, TrainingAttendee, TrainingInvitation
from portal.training.rules import Standing


@dataclass(frozen=True, slots=True)
class RecordAttendance:
    """Whether one merchant came, with which of its people (sign-in names) and how many others."""

    reference: str
    code: str
    standing: Standing
    people: tuple[str, ...] = ()
    others: int = 0


def record_attendance(session: Session, actor: Actor, command: RecordAttendance, *, now: datetime) -> Training:
    """Record what the authority knows of one merchant's attendance; what was recorded before is replaced."""
    training = _held(session, actor, command.reference, now=now)
    require(actor, Permission.TRAINING_RECORD, training)
    invitation = locked_invitation(session, training, command.code)
    write_attendance(session, training, invitation, command, now=now)
    invitation.recorded_at, invitation.recorded_by = now, actor.name
    invitation.confirmed_at = invitation.confirmed_by = None  # what the merchant said was about something else
    note_attendance(session, actor, training, invitation, now=now)
    return training


@dataclass(frozen=True, slots=True)
class ConfirmAttendance:
    """The merchant's own word: who of its people came, and how many others."""

    reference: str
    people: tuple[str, ...] = ()
    others: int = 0


def confirm_attendance(
    session: Session, actor: Actor, command: ConfirmAttendance, *, now: datetime
) -> TrainingInvitation:
    """Confirm who came, or complete the list; refused where the authority recorded that nobody did."""
    training = _held(session, actor, command.reference, now=now)
    invitation = session.scalars(
        select(TrainingInvitation)
        .where(TrainingInvitation.training_id == training.id, TrainingInvitation.merchant_id == actor.organisation_id)
        .with_for_update()
    ).first()
    if invitation is None:
        raise NotFound(NOT_INVITED)
    require(actor, Permission.TRAINING_CONFIRM, invitation)
    if invitation.standing is Standing.ABSENT:
        raise RuleBroken("监管部门登记的是未参加。如有出入，请联系办培训的监管部门改正。")
    taken = RecordAttendance(command.reference, "", Standing.ATTENDED, command.people, command.others)
    write_attendance(session, training, invitation, taken, now=now)
    invitation.confirmed_at, invitation.confirmed_by = now, actor.name
    note_attendance(session, actor, training, invitation, now=now)
    return invitation


def write_attendance(
    session: Session, training: Training, invitation: TrainingInvitation, command: RecordAttendance, *, now: datetime
) -> None:
    """Put an attendance into the invitation and the training's sums; both are locked.

    Refuses with RuleBroken an attendance of nobody, and a person who is not of the merchant.
    """
    if objection := rules.objection_to_others(command.others):
        raise RuleBroken(objection, field="others")
    came = command.standing is Standing.ATTENDED
    people = _people(session, invitation.merchant_id, command.people) if came else []
    count = len(people) + command.others if came else 0
    if came and not count:
        raise RuleBroken("请勾选参加的人员，或填写其他参加人数。", field="others")
    training.attended += int(came) - int(invitation.standing is Standing.ATTENDED)
    training.people += count - invitation.people
    invitation.standing, invitation.people = command.standing, count
    invitation.others = command.others if came else 0
    session.execute(delete(TrainingAttendee).where(TrainingAttendee.invitation_id == invitation.id))
    session.add_all(TrainingAttendee(invitation_id=invitation.id, person_id=one) for one in people)
    session.flush()


def note_attendance(
    session: Session, actor: Actor, training: Training, invitation: TrainingInvitation, *, now: datetime
) -> None:
    """Tell what was recorded of one merchant."""
    facts.record(
        session,
        actor,
        Topic.TRAINING_ATTENDED,
        SubjectKind.TRAINING,
        training.id,
        at=now,
        merchant_id=invitation.merchant_id,
        standing=invitation.standing.value,
        people=invitation.people,
    )


def _held(session: Session, actor: Actor, reference: str, *, now: datetime) -> Training:
    training = locked(session, actor, reference)
    if training.cancelled_at is not None:
        raise RuleBroken("这次培训已经取消，没有参加情况可登记。")
    if training.held_on > local_day(now):
        raise RuleBroken(f"培训在 {training.held_on:%Y-%m-%d} 举行，到那天才能登记参加情况。")
    return training


def _people(session: Session, merchant_id: int, names: Sequence[str]) -> list[int]:
    wanted = sorted({name.strip().lower() for name in names if name.strip()})
    if not wanted:
        return []
    rows = session.execute(
        select(Person.sign_in_name, Person.id)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.organisation_id == merchant_id, Person.sign_in_name.in_(wanted))
    )
    known = dict(rows.all())
    if missing := [name for name in wanted if name not in known]:
        raise RuleBroken(f"{'、'.join(missing)} 不是这家企业的人员。没有账号的人请计入其他人数。", field="people")
    return sorted(known.values())


def staff_named(session: Session, merchant_ids: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
    """The people of merchants as (sign-in name, name), for choosing and for matching a file."""
    rows = session.execute(
        select(Membership.organisation_id, Person.sign_in_name, Person.name)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.organisation_id.in_(merchant_ids), Person.active)
        .order_by(Membership.organisation_id, Membership.id)
    )
    found: dict[int, list[tuple[str, str]]] = {}
    for merchant_id, sign_in_name, name in rows:
        found.setdefault(merchant_id, []).append((sign_in_name, name))
    return found


def invited_by_code(session: Session, training_id: int) -> dict[str, tuple[TrainingInvitation, str]]:
    """Every invitation of a training with the merchant's name, by the merchant's code; locked."""
    rows = session.execute(
        select(Organisation.code, TrainingInvitation, Organisation.name)
        .join(Organisation, Organisation.id == TrainingInvitation.merchant_id)
        .where(TrainingInvitation.training_id == training_id)
        .order_by(TrainingInvitation.id)
        .with_for_update(of=TrainingInvitation)
    )
    return {code: (invitation, name) for code, invitation, name in rows}


def people_of(session: Session, invitation_id: int) -> frozenset[str]:
    """The sign-in names of those who came on one invitation."""
    return frozenset(
        session.scalars(
            select(Person.sign_in_name)
            .join(TrainingAttendee, TrainingAttendee.person_id == Person.id)
            .where(TrainingAttendee.invitation_id == invitation_id)
        )
    )
