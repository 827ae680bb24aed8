"""Who someone is: the actor behind a session, an organisation, a link."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from portal.accounts.models import Membership, Organisation, OrganisationKind, Person
from portal.core.actor import Actor, ActorKind, Role

KINDS = {
    OrganisationKind.MERCHANT: ActorKind.MERCHANT,
    OrganisationKind.AUTHORITY: ActorKind.AUTHORITY,
    OrganisationKind.COUNCIL: ActorKind.AUTHORITY,
    OrganisationKind.OPERATOR: ActorKind.ADMIN,
}


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A live session: the actor, and what the gate asks of it."""

    actor: Actor
    person_id: int
    membership_id: int
    stamp: str
    has_second_factor: bool
    must_change_password: bool


def signed_in(session: Session, membership_id: int, stamp: str) -> SignedIn | None:
    """The person behind a session cookie; None when the person left, was stopped, or ended all sessions."""
    membership = session.scalars(
        select(Membership)
        .join(Membership.person)
        .join(Membership.organisation)
        .where(Membership.id == membership_id, Person.active)
        .options(contains_eager(Membership.person), contains_eager(Membership.organisation))
    ).first()
    if membership is None or membership.person.session_stamp != stamp:
        return None
    return SignedIn(
        actor=actor_of(session, membership),
        person_id=membership.person_id,
        membership_id=membership.id,
        stamp=stamp,
        has_second_factor=membership.person.second_factor is not None,
        must_change_password=membership.person.must_change_password,
    )


def actor_of(session: Session, membership: Membership) -> Actor:
    """The actor that a membership makes; loads the jurisdiction of an authority's people."""
    organisation = membership.organisation
    kind = ActorKind.ADMIN if membership.role is Role.ADMIN else KINDS[organisation.kind]
    return Actor(
        kind=kind,
        person_id=membership.person_id,
        name=membership.person.name,
        role=Role(membership.role),
        organisation_id=organisation.id,
        organisation_name=organisation.name,
        jurisdiction=jurisdiction(session, organisation) if kind is ActorKind.AUTHORITY else frozenset(),
        is_council=organisation.kind is OrganisationKind.COUNCIL,
    )


def jurisdiction(session: Session, authority: Organisation) -> frozenset[int]:
    """The ids of an authority and of every authority below it."""
    return frozenset(session.scalars(select(Organisation.id).where(Organisation.path.like(f"{authority.path}%"))).all())


def organisation_by_code(session: Session, code: str) -> Organisation | None:
    """The organisation with this 统一社会信用代码 or authority code."""
    return session.scalars(select(Organisation).where(Organisation.code == code.strip().upper())).first()


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
