"""Signing in and out, adding people, and the tree of authorities."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.accounts import passwords
from portal.accounts.models import Membership, Organisation, OrganisationKind, Person
from portal.accounts.rules import PRACTICE
from portal.core import facts
from portal.core.access import AccessKind, note_access
from portal.core.actor import ROLE_NAMES, VISITOR, Actor, ActorKind, Role
from portal.core.errors import NotAllowed, NotFound, RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require

MAX_FAILURES = 5  # our limit (GB/T 22239 身份鉴别 b asks for one without a number)
LOCK_MINUTES = 15


@dataclass(frozen=True, slots=True)
class SignIn:
    """A name and a password, as typed."""

    sign_in_name: str
    password: str


class SignInResult(StrEnum):
    """What came of an attempt; it is a result, not a refusal, because the failure itself must be kept."""

    OPEN = "open"
    WRONG = "wrong"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class SignInOutcome:
    """The result and, when open, the memberships to choose from with the stamp of the session."""

    result: SignInResult
    person_id: int | None = None
    stamp: str = ""
    membership_ids: tuple[int, ...] = ()
    locked_until: datetime | None = None


def sign_in(session: Session, actor: Actor, command: SignIn, *, now: datetime) -> SignInOutcome:
    """Check a name and a password; five failures lock the name for fifteen minutes, in the database."""
    person = session.scalars(
        select(Person).where(Person.sign_in_name == command.sign_in_name.strip().lower()).with_for_update()
    ).first()
    if person is not None and person.locked_until is not None and person.locked_until > now:
        return SignInOutcome(SignInResult.LOCKED, locked_until=person.locked_until)
    fits = passwords.matches(person.password_hash if person else None, command.password)
    if person is None:
        return SignInOutcome(SignInResult.WRONG)
    if not fits or not person.active:
        return count_failure(session, person, now=now)
    person.failures, person.locked_until = 0, None
    memberships = session.scalars(
        select(Membership.id)
        .join(Membership.organisation)
        .where(Membership.person_id == person.id, Organisation.code.not_like(f"{PRACTICE}%"))
        .order_by(Membership.id)
    ).all()
    note_access(session, _as_person(person), AccessKind.SIGN_IN, SubjectKind.PERSON, person.id, at=now)
    return SignInOutcome(SignInResult.OPEN, person.id, person.session_stamp, tuple(memberships))


def count_failure(session: Session, person: Person, *, now: datetime) -> SignInOutcome:
    """Count a wrong password or code; the fifth in a row locks the name."""
    person.failures += 1
    locked = person.failures >= MAX_FAILURES
    if locked:
        person.failures, person.locked_until = 0, now + timedelta(minutes=LOCK_MINUTES)
    note_access(session, VISITOR, AccessKind.SIGN_IN_FAILED, SubjectKind.PERSON, person.id, at=now, locked=locked)
    result = SignInResult.LOCKED if locked else SignInResult.WRONG
    return SignInOutcome(result, locked_until=person.locked_until if locked else None)


def _as_person(person: Person) -> Actor:
    return Actor(VISITOR.kind, person_id=person.id, name=person.name)


@dataclass(frozen=True, slots=True)
class AddPerson:
    """A new person with a first membership."""

    sign_in_name: str
    name: str
    role: Role
    organisation_code: str
    password: str
    must_change: bool = True


def add_person(session: Session, actor: Actor, command: AddPerson, *, now: datetime) -> Membership:
    """Add someone to an organisation; refuses a role that does not fit it and a weak password."""
    organisation = session.scalars(
        select(Organisation).where(Organisation.code == command.organisation_code.strip().upper())
    ).first()
    if organisation is None:
        raise NotFound(
            f"没有代码为 {command.organisation_code} 的单位。请先导入监管部门或企业。", field="organisation_code"
        )
    require(actor, Permission.PERSON_MANAGE, Belongs(organisation.id))
    if organisation.is_practice:
        raise NotAllowed("练习环境里不添加人员。请回到工作后再添加。")
    require_role(actor, organisation.kind, command.role)
    sign_in_name = command.sign_in_name.strip().lower()
    if session.scalars(select(Person.id).where(Person.sign_in_name == sign_in_name)).first() is not None:
        raise RuleBroken(f"登录名 {sign_in_name} 已经有人使用。请换一个。", field="sign_in_name")
    if objection := passwords.objection_to_password(command.password, sign_in_name=sign_in_name):
        raise RuleBroken(objection, field="password")
    person = Person(
        sign_in_name=sign_in_name,
        name=command.name.strip() or sign_in_name,
        password_hash=passwords.hash_password(command.password),
        password_set_at=now,
        must_change_password=command.must_change,
        session_stamp=secrets.token_hex(8),
        created_at=now,
    )
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
class Belongs:
    """What the access table asks about the people of an organisation."""

    organisation_id: int


def require_role(actor: Actor, kind: OrganisationKind, role: Role) -> None:
    """Refuse a role that does not fit the organisation, and an administrator made by anyone but his like."""
    if role is Role.ADMIN and actor.kind not in (ActorKind.ADMIN, ActorKind.OPERATOR):
        raise NotAllowed("系统管理员只能由系统管理员或运维人员添加。", field="role")
    if objection := objection_to_role(kind, role):
        raise RuleBroken(objection, field="role")


def objection_to_role(kind: OrganisationKind, role: Role) -> str | None:
    """Say why a role does not fit an organisation, or None."""
    fitting = roles_of(kind)
    if role in fitting:
        return None
    names = "、".join(f"{ROLE_NAMES[one]}（{one.value}）" for one in fitting)
    return f"{ROLE_NAMES[role]}（{role.value}）不是这类单位的岗位。可用的岗位：{names}。"


def roles_of(kind: OrganisationKind) -> tuple[Role, ...]:
    """The roles that fit an organisation; administrators may be employed by an authority."""
    return {
        OrganisationKind.MERCHANT: (Role.AGENT, Role.SUPERVISOR, Role.PRINCIPAL),
        OrganisationKind.AUTHORITY: (Role.OFFICER, Role.AUDITOR, Role.CHIEF, Role.ADMIN),
        OrganisationKind.COUNCIL: (Role.OFFICER, Role.AUDITOR, Role.CHIEF),
        OrganisationKind.OPERATOR: (Role.ADMIN,),
    }[kind]


@dataclass(frozen=True, slots=True)
class EndSessions:
    """Sign someone out everywhere."""

    person_id: int


def end_sessions(session: Session, actor: Actor, command: EndSessions, *, now: datetime) -> Person:
    """End every session of a person by changing the stamp."""
    person = session.scalars(select(Person).where(Person.id == command.person_id).with_for_update()).first()
    if person is None:
        raise NotFound("没有这个人员。")
    membership = session.scalars(
        select(Membership).where(Membership.person_id == person.id).options(joinedload(Membership.organisation))
    ).first()
    if actor.person_id != person.id and membership is not None:
        require(actor, Permission.PERSON_MANAGE, membership)
    person.session_stamp = secrets.token_hex(8)
    facts.record(session, actor, Topic.PERSON_CHANGED, SubjectKind.PERSON, person.id, at=now, change="sessions_ended")
    return person
