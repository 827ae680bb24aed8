"""Looking after people: further memberships, resets, leaving; a person's own password."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from portal.accounts import passwords
from portal.accounts.actions import SignInResult, count_failure, require_role
from portal.accounts.models import Membership, Organisation, Person
from portal.accounts.rules import PRACTICE
from portal.core import facts
from portal.core.actor import Actor, ActorKind, Role
from portal.core.errors import NotAllowed, NotFound, RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require

HOUSEKEEPERS = frozenset({ActorKind.ADMIN, ActorKind.OPERATOR, ActorKind.SYSTEM})
NOBODY = "没有这个人员。"


@dataclass(frozen=True, slots=True)
class AddMembership:
    """A further organisation for a person who exists."""

    sign_in_name: str
    role: Role
    organisation_code: str


def add_membership(session: Session, actor: Actor, command: AddMembership, *, now: datetime) -> Membership:
    """Let a person work for one more organisation. For administrators and the command line only.

    An organisation's head may not: whoever shares a person could reset the password of another's account.
    """
    if actor.kind not in HOUSEKEEPERS:
        raise NotAllowed("已有登录名的人员要加入另一单位，请联系系统管理员。", field="sign_in_name")
    organisation = session.scalars(
        select(Organisation).where(Organisation.code == command.organisation_code.strip().upper())
    ).first()
    if organisation is None or organisation.is_practice:
        raise NotFound(f"没有代码为 {command.organisation_code} 的单位。", field="organisation_code")
    require_role(actor, organisation.kind, command.role)
    person = _locked(session, command.sign_in_name)
    held = select(Membership).where(Membership.person_id == person.id, Membership.organisation_id == organisation.id)
    if session.scalars(held).first() is not None:
        raise RuleBroken(f"{person.sign_in_name} 已经是{organisation.name}的人员。", field="sign_in_name")
    membership = Membership(person=person, organisation=organisation, role=command.role)
    session.add(membership)
    session.flush()
    facts.record(
        session,
        actor,
        Topic.PERSON_ADDED,
        SubjectKind.PERSON,
        person.id,
        at=now,
        role=command.role.value,
        organisation_id=organisation.id,
    )
    return membership


@dataclass(frozen=True, slots=True)
class ResetPassword:
    """A new password to be handed over; it must be changed at the next sign-in."""

    sign_in_name: str
    password: str


def reset_password(session: Session, actor: Actor, command: ResetPassword, *, now: datetime) -> Person:
    """Give someone a new password, lift a lock, and end every session of that person."""
    person = _managed(session, actor, command.sign_in_name)
    if objection := passwords.objection_to_password(command.password, sign_in_name=person.sign_in_name):
        raise RuleBroken(objection, field="password")
    _give_password(person, command.password, must_change=True, now=now)
    person.failures, person.locked_until = 0, None
    _note_change(session, actor, person, "password_reset", now=now)
    return person


@dataclass(frozen=True, slots=True)
class ResetSecondFactor:
    """Someone whose authenticator is gone."""

    sign_in_name: str


def reset_second_factor(session: Session, actor: Actor, command: ResetSecondFactor, *, now: datetime) -> Person:
    """Remove someone's second factor and end every session; where it is compulsory, the next sign-in sets up a new one."""
    person = _managed(session, actor, command.sign_in_name)
    if person.second_factor is None:
        raise RuleBroken(f"{person.name}没有设置第二验证。")
    person.second_factor = person.second_factor_step = None
    person.session_stamp = secrets.token_hex(8)
    _note_change(session, actor, person, "second_factor_reset", now=now)
    return person


@dataclass(frozen=True, slots=True)
class SetActive:
    """Somebody leaves, or comes back."""

    sign_in_name: str
    active: bool


def set_active(session: Session, actor: Actor, command: SetActive, *, now: datetime) -> Person:
    """Stop or allow someone's sign-in; what that person did stays under the name. Nobody stops himself."""
    person = _managed(session, actor, command.sign_in_name)
    if person.id == actor.person_id and not command.active:
        raise RuleBroken("不能停用自己。请由本单位另一位负责人或系统管理员操作。")
    if person.active == command.active:
        raise RuleBroken(f"{person.name}已经是{'在用' if command.active else '停用'}状态。")
    person.active = command.active
    person.session_stamp = secrets.token_hex(8)
    _note_change(session, actor, person, "activated" if command.active else "deactivated", now=now)
    return person


@dataclass(frozen=True, slots=True)
class ChangePassword:
    """One's own password, with the present one as proof."""

    current: str
    new: str


class ChangeResult(StrEnum):
    """What came of it; a wrong present password is a result, not a refusal, because it must be counted."""

    CHANGED = "changed"
    WRONG = "wrong"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class Changed:
    """The result and, when changed, the stamp of the sessions that stay."""

    result: ChangeResult
    stamp: str = ""


def change_password(session: Session, actor: Actor, command: ChangePassword, *, now: datetime) -> Changed:
    """Change one's own password; every other session ends. Refuses a weak password and the present one again."""
    person = session.scalars(select(Person).where(Person.id == actor.person_id).with_for_update()).first()
    if person is None:
        raise NotFound(NOBODY)
    if person.locked_until is not None and person.locked_until > now:
        return Changed(ChangeResult.LOCKED)
    if not passwords.matches(person.password_hash, command.current):
        outcome = count_failure(session, person, now=now)
        return Changed(ChangeResult.LOCKED if outcome.result is SignInResult.LOCKED else ChangeResult.WRONG)
    if command.new == command.current:
        raise RuleBroken("新密码不能和现在的相同。请换一个。", field="new")
    if objection := passwords.objection_to_password(command.new, sign_in_name=person.sign_in_name):
        raise RuleBroken(objection, field="new")
    _give_password(person, command.new, must_change=False, now=now)
    person.failures = 0
    _note_change(session, actor, person, "password_changed", now=now)
    return Changed(ChangeResult.CHANGED, person.session_stamp)


def _locked(session: Session, sign_in_name: str) -> Person:
    person = session.scalars(
        select(Person).where(Person.sign_in_name == sign_in_name.strip().lower()).with_for_update()
    ).first()
    if person is None:
        raise NotFound(NOBODY, field="sign_in_name")
    return person


def _managed(session: Session, actor: Actor, sign_in_name: str) -> Person:
    """The person, locked; refused unless the actor may manage every membership that person has."""
    person = _locked(session, sign_in_name)
    memberships = session.scalars(
        select(Membership)
        .join(Membership.organisation)
        .where(Membership.person_id == person.id, Organisation.code.not_like(f"{PRACTICE}%"))
        .options(contains_eager(Membership.organisation))
    ).all()
    if actor.kind not in HOUSEKEEPERS:
        if all(one.organisation_id != actor.organisation_id for one in memberships):
            raise NotFound(NOBODY)  # not of this house: as if there were nobody
        for membership in memberships:
            require(actor, Permission.PERSON_MANAGE, membership)
            if membership.role is Role.ADMIN:
                raise NotAllowed("系统管理员的账号只能由系统管理员或运维人员处理。")
    return person


def _give_password(person: Person, password: str, *, must_change: bool, now: datetime) -> None:
    person.password_hash = passwords.hash_password(password)
    person.password_set_at = now
    person.must_change_password = must_change
    person.session_stamp = secrets.token_hex(8)


def _note_change(session: Session, actor: Actor, person: Person, change: str, *, now: datetime) -> None:
    facts.record(session, actor, Topic.PERSON_CHANGED, SubjectKind.PERSON, person.id, at=now, change=change)
