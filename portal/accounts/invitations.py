"""People whose account was asked for with an application: nobody knows a password until they set one themselves."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts import passwords
from portal.accounts.actions import objection_to_role
from portal.accounts.models import Membership, Organisation, Person
from portal.core import facts
from portal.core.actor import Actor, Role
from portal.core.errors import RuleBroken
from portal.core.facts import SubjectKind, Topic


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody who is to work for an organisation, with the sign-in name wished for."""

    name: str
    sign_in_name: str
    role: Role


def invite_people(
    session: Session, actor: Actor, organisation: Organisation, people: list[Invited], *, now: datetime
) -> list[Membership]:
    """Give people accounts without a password that anybody knows; for the action that admits their organisation.

    A sign-in name that is taken gets the next free number behind it, so that nobody learns whose names exist by
    applying. Whoever calls has been found to be allowed to admit the organisation.
    """
    nobody_knows = passwords.hash_password(secrets.token_hex(32))  # one for all: a hash costs a tenth of a second
    made = []
    for one in people:
        if objection := objection_to_role(organisation.kind, one.role):
            raise RuleBroken(objection, field="role")
        person = Person(
            sign_in_name=free_sign_in_name(session, one.sign_in_name),
            name=one.name.strip() or one.sign_in_name,
            password_hash=nobody_knows,
            password_set_at=now,
            must_change_password=False,
            session_stamp=secrets.token_hex(8),
            created_at=now,
        )
        membership = Membership(person=person, organisation=organisation, role=one.role)
        session.add(membership)
        session.flush()
        _note_added(session, actor, membership, now=now)
        made.append(membership)
    return made


def free_sign_in_name(session: Session, wished: str) -> str:
    """The wished sign-in name in lower case, or with the first number behind it that nobody has."""
    plain = wished.strip().lower()
    taken = set(
        session.scalars(select(Person.sign_in_name).where(Person.sign_in_name.startswith(plain, autoescape=True)))
    )
    if plain not in taken:
        return plain
    return next(name for number in range(2, len(taken) + 3) if (name := f"{plain}{number}") not in taken)


def set_first_password(session: Session, actor: Actor, person: Person, password: str, *, now: datetime) -> None:
    """Give an invited person the password that he typed himself; refuses a weak one (field "new")."""
    if objection := passwords.objection_to_password(password, sign_in_name=person.sign_in_name):
        raise RuleBroken(objection, field="new")
    person.password_hash, person.password_set_at = passwords.hash_password(password), now
    person.must_change_password, person.failures, person.locked_until = False, 0, None
    person.session_stamp = secrets.token_hex(8)
    facts.record(
        session, actor, Topic.PERSON_CHANGED, SubjectKind.PERSON, person.id, at=now, change="first_password_set"
    )


def _note_added(session: Session, actor: Actor, membership: Membership, *, now: datetime) -> None:
    facts.record(
        session,
        actor,
        Topic.PERSON_ADDED,
        SubjectKind.PERSON,
        membership.person_id,
        at=now,
        role=membership.role.value,
        organisation_id=membership.organisation_id,
    )
