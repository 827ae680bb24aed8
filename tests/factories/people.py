"""Organisations, merchants and people."""

import itertools
from datetime import datetime

from sqlalchemy.orm import Session

from portal.accounts.models import Membership, Organisation, OrganisationKind, Person
from portal.accounts.queries import actor_of
from portal.accounts.rules import normalised_company
from portal.cases.models import Substitution
from portal.cases.substitutes import NameSubstitute, name_substitute
from portal.clocks.rules import local_day
from portal.core.actor import Actor, Role
from portal.enrolment.models import Merchant
from portal.enrolment.rules import slug_of
from tests.conftest import NOW

_serial = itertools.count(1)
QUICK_HASH = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$H/iC1T+HvPLqB4rl5nKEIA"  # of no password anyone has


def authority(
    session: Session,
    name: str = "厦门市湖里区市场监督管理局",
    *,
    parent: Organisation | None = None,
    kind: OrganisationKind = OrganisationKind.AUTHORITY,
    prefix: str | None = "HL",
) -> Organisation:
    """An authority, below `parent` where one is given."""
    row = Organisation(
        kind=kind,
        code=f"35{next(_serial):04d}",
        name=name,
        level="所" if parent else "区",
        parent_id=parent.id if parent else None,
        prefix=None if parent else prefix,
    )
    session.add(row)
    session.flush()
    row.path = f"{parent.path if parent else '/'}{row.id}/"
    session.flush()
    return row


def merchant(
    session: Session, authority: Organisation, name: str | None = None, *, code: str | None = None
) -> Merchant:
    """An admitted merchant of an authority."""
    serial = next(_serial)
    name = name or f"厦门鹭湾{serial}百货有限公司"
    organisation = Organisation(kind=OrganisationKind.MERCHANT, code=code or f"TEST{serial:014d}", name=name)
    session.add(organisation)
    session.flush()
    row = Merchant(
        id=organisation.id,
        organisation=organisation,
        slug=slug_of(organisation.code),
        authority_id=authority.id,
        address="厦门市湖里区嘉禾路11号",
        phone="0592-5500000",
        normalised_name=normalised_company(name),
        admitted_at=NOW,
    )
    session.add(row)
    session.flush()
    return row


def member(
    session: Session, organisation_id: int, role: Role = Role.AGENT, *, name: str = "林晓燕", now: datetime = NOW
) -> Membership:
    """A person with a role in an organisation, able to sign in through `client_for` only."""
    serial = next(_serial)
    person = Person(
        sign_in_name=f"person{serial}",
        name=name,
        password_hash=QUICK_HASH,
        password_set_at=now,
        session_stamp=f"stamp{serial}",
        created_at=now,
    )
    organisation = session.get_one(Organisation, organisation_id)
    row = Membership(person=person, organisation=organisation, role=role)
    session.add(row)
    session.flush()
    return row


def stand_in(session: Session, away: Membership, substitute: Membership, *, now: datetime = NOW) -> Substitution:
    """A substitute for a day, named by the one who is away."""
    names = (away.person.sign_in_name, substitute.person.sign_in_name)
    command = NameSubstitute(*names, local_day(now), local_day(now))
    return name_substitute(session, actor(session, away), command, now=now)


def actor(session: Session, membership: Membership) -> Actor:
    """The actor behind a membership."""
    return actor_of(session, membership)
