"""Who someone is: the actor behind a session, an organisation, a link."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, bindparam, case, cast, false, func, or_, select, true
from sqlalchemy.orm import Session, aliased, contains_eager

from portal.accounts.models import Membership, Organisation, OrganisationKind, Person
from portal.accounts.rules import PRACTICE, practice_code
from portal.core.actor import ROLE_NAMES, Actor, ActorKind, Role
from portal.core.errors import NotAllowed, NotFound
from portal.core.paging import Page, SortKey, keyset_page

KINDS = {
    OrganisationKind.MERCHANT: ActorKind.MERCHANT,
    OrganisationKind.AUTHORITY: ActorKind.AUTHORITY,
    OrganisationKind.COUNCIL: ActorKind.AUTHORITY,
    OrganisationKind.OPERATOR: ActorKind.ADMIN,
}
AUTHORITIES = (OrganisationKind.AUTHORITY, OrganisationKind.COUNCIL)
REAL = Organisation.code.not_like(f"{PRACTICE}%")  # the condition that an organisation is not for practice only
LEADING = frozenset({Role.SUPERVISOR, Role.PRINCIPAL, Role.CHIEF})  # may look at their house's people


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A live session: the actor, and what the gate asks of it."""

    actor: Actor
    person_id: int
    membership_id: int
    stamp: str
    has_second_factor: bool
    must_change_password: bool
    sign_in_name: str


def signed_in(session: Session, membership_id: int, stamp: str) -> SignedIn | None:
    """The person behind a session cookie; None when the person left, was stopped, or ended all sessions."""
    row = session.execute(_membership(), {"membership": membership_id}).first()
    if row is None or row.session_stamp != stamp:
        return None
    below = frozenset(int(one) for one in (row.below or "").split(",") if one)
    return SignedIn(
        actor=_actor(row.role, row.person_id, row.person_name, row, below),
        person_id=row.person_id,
        membership_id=membership_id,
        stamp=stamp,
        has_second_factor=row.has_second_factor,
        must_change_password=row.must_change_password,
        sign_in_name=row.sign_in_name,
    )


@cache
def _membership() -> Select[*tuple[Any, ...]]:
    """A membership with the jurisdiction of an authority's people beside it: every page of theirs asks for both.

    Columns, not objects: every request asks this.
    """
    below = aliased(Organisation)
    ids = (
        select(func.aggregate_strings(cast(below.id, String), ","))
        .where(below.path.like(Organisation.path + "%"))
        .correlate(Organisation)
        .scalar_subquery()
    )
    return (
        select(
            Membership.role,
            Person.id.label("person_id"),
            Person.name.label("person_name"),
            Person.sign_in_name,
            Person.session_stamp,
            Person.must_change_password,
            Person.second_factor.is_not(None).label("has_second_factor"),
            Organisation.id,
            Organisation.kind,
            Organisation.code,
            Organisation.name,
            case((Organisation.kind.in_(AUTHORITIES), ids)).label("below"),
        )
        .join_from(Membership, Person, Membership.person_id == Person.id)
        .join(Organisation, Membership.organisation_id == Organisation.id)
        .where(Membership.id == bindparam("membership"), Person.active)
    )


def actor_of(session: Session, membership: Membership) -> Actor:
    """The actor that a membership makes; loads the jurisdiction of an authority's people."""
    organisation = membership.organisation
    below = jurisdiction(session, organisation) if organisation.kind in AUTHORITIES else frozenset()
    return _actor(membership.role, membership.person_id, membership.person.name, organisation, below)


def _actor(role: Role, person_id: int, name: str, house: Any, below: frozenset[int]) -> Actor:
    """The actor of this role in a house, an organisation or a row of its columns."""
    kind = ActorKind.ADMIN if role is Role.ADMIN else KINDS[house.kind]
    return Actor(
        kind=kind,
        person_id=person_id,
        name=name,
        role=role,
        organisation_id=house.id,
        organisation_name=house.name,
        jurisdiction=below if kind is ActorKind.AUTHORITY else frozenset(),
        in_practice=house.code.startswith(PRACTICE),
        is_council=house.kind is OrganisationKind.COUNCIL,
    )


def jurisdiction(session: Session, authority: Organisation) -> frozenset[int]:
    """The ids of an authority and of every authority below it."""
    return frozenset(session.scalars(_below(), {"below": f"{authority.path}%"}))


@cache
def _below() -> Select[int]:
    return select(Organisation.id).where(Organisation.path.like(bindparam("below")))


def organisation_by_code(session: Session, code: str) -> Organisation | None:
    """The organisation with this 统一社会信用代码 or authority code."""
    return session.scalars(select(Organisation).where(Organisation.code == code.strip().upper())).first()


def names_of(session: Session, organisations: Sequence[int]) -> dict[int, str]:
    """The names of organisations by their ids."""
    rows = session.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(organisations)))
    return {row.id: row.name for row in rows}


def authority_by_name(session: Session, name: str) -> Organisation | None:
    """The authority or council of exactly this name."""
    return session.scalars(
        select(Organisation)
        .where(
            Organisation.name == name.strip(),
            Organisation.kind.in_([OrganisationKind.AUTHORITY, OrganisationKind.COUNCIL]),
        )
        .order_by(Organisation.id)
    ).first()


def person_exists(session: Session, sign_in_name: str) -> bool:
    """Say whether somebody has this sign-in name."""
    return (
        session.scalars(select(Person.id).where(Person.sign_in_name == sign_in_name.strip().lower())).first()
        is not None
    )


def operator_code(session: Session) -> str | None:
    """The code of the operator's own organisation, made with the installation."""
    return session.scalars(select(Organisation.code).where(Organisation.kind == OrganisationKind.OPERATOR)).first()


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the organisations that a person works for."""

    membership_id: int
    code: str
    name: str
    role: Role

    @property
    def role_label(self) -> str:
        """The role as people read it."""
        return ROLE_NAMES[self.role]


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A member of an organisation, as its head looks after people."""

    sign_in_name: str
    name: str
    role: Role
    active: bool
    has_second_factor: bool
    locked_until: datetime | None
    organisation: str
    organisation_code: str

    @property
    def role_label(self) -> str:
        """The role as people read it."""
        return ROLE_NAMES[self.role]


def choices_of(session: Session, person_id: int) -> list[Choice]:
    """The organisations that a person works for, in the order of joining."""
    rows = session.execute(
        select(Membership.id, Organisation.code, Organisation.name, Membership.role)
        .join(Membership.organisation)
        .where(Membership.person_id == person_id, REAL)
        .order_by(Membership.id)
    )
    return [Choice(row.id, row.code, row.name, row.role) for row in rows]


def other_side(session: Session, actor: Actor) -> int | None:
    """The person's membership on the other side: of practice while at work, of the work while practising; or None."""
    own = session.get(Organisation, actor.organisation_id)
    if own is None or actor.person_id is None:
        return None
    real = own.code.removeprefix(PRACTICE)
    wanted = Organisation.id == int(real) if own.is_practice else Organisation.code == practice_code(own.id)
    return session.scalars(
        select(Membership.id).join(Membership.organisation).where(Membership.person_id == actor.person_id, wanted)
    ).first()


def people_visible_to(actor: Actor) -> ColumnElement[bool]:
    """The condition that the actor may look at a membership: an administrator at all, others at their own house's."""
    if actor.kind in (ActorKind.ADMIN, ActorKind.OPERATOR):
        return true()
    return Membership.organisation_id == actor.organisation_id if actor.role in LEADING else false()


def organisation_seen(session: Session, actor: Actor, code: str | None = None) -> Organisation:
    """An organisation whose people the actor may look at; without a code his own.

    NotFound for strangers, NotAllowed for those who lead nobody.
    """
    if actor.kind not in (ActorKind.ADMIN, ActorKind.OPERATOR) and actor.role not in LEADING:
        raise NotAllowed("人员由本单位负责人管理。需要添加或停用人员时，请联系他们。")
    own = Organisation.id == actor.organisation_id
    mine = own if code is None else Organisation.code == code.strip().upper()
    anyone = true() if actor.kind in (ActorKind.ADMIN, ActorKind.OPERATOR) else own
    found = session.scalars(select(Organisation).where(mine, anyone)).first()
    if found is None:
        raise NotFound("没有这个单位。")
    return found


def people_of(session: Session, actor: Actor, organisation: Organisation) -> list[PersonLine]:
    """An organisation's people, those in service first, at most a thousand."""
    return _people(session, actor, Membership.organisation_id == organisation.id, limit=1000)


def people_named(session: Session, actor: Actor, words: str, *, limit: int = 50) -> list[PersonLine]:
    """The people whose name or sign-in name holds the words."""
    named = or_(
        Person.sign_in_name.contains(words.strip().lower(), autoescape=True),
        Person.name.contains(words.strip(), autoescape=True),
    )
    return _people(session, actor, and_(named, REAL), limit=limit)


def organisations(session: Session, words: str, cursor: str | None) -> Page[Organisation]:
    """One page of organisations whose name or code holds the words, by code. For administrators."""
    query = select(Organisation).where(REAL)
    if plain := words.strip():
        query = query.where(
            or_(
                Organisation.name.contains(plain, autoescape=True),
                Organisation.code.contains(plain.upper(), autoescape=True),
            )
        )
    return keyset_page(session, query, [SortKey(Organisation.code.expression, lambda row: row.code)], cursor)


def _people(session: Session, actor: Actor, condition: ColumnElement[bool], *, limit: int) -> list[PersonLine]:
    rows = session.scalars(
        select(Membership)
        .join(Membership.person)
        .join(Membership.organisation)
        .where(condition, people_visible_to(actor))
        .options(contains_eager(Membership.person), contains_eager(Membership.organisation))
        .order_by(Person.active.desc(), Membership.id)
        .limit(limit)
    )
    return [
        PersonLine(
            sign_in_name=row.person.sign_in_name,
            name=row.person.name,
            role=row.role,
            active=row.person.active,
            has_second_factor=row.person.second_factor is not None,
            locked_until=row.person.locked_until,
            organisation=row.organisation.name,
            organisation_code=row.organisation.code,
        )
        for row in rows
    ]
