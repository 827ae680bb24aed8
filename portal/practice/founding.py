"""The practice tenant: one hidden authority for all, one practice merchant beside each real one, made at first use."""

import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Membership, Organisation, OrganisationKind
from portal.accounts.rules import PRACTICE, normalised_company, practice_code
from portal.core.actor import Role
from portal.documents.queries import OF_PRACTICE
from portal.enrolment.models import Merchant

AUTHORITY_NAME = "练习环境（不对外）"
PREFIX = OF_PRACTICE  # of references: no district's, so that none of its numbers is used up


def practice_authority(session: Session) -> Organisation:
    """The authority under which everything invented lies; nobody works there and nobody is above it."""
    found = session.scalars(select(Organisation).where(Organisation.code == PRACTICE)).first()
    if found is not None:
        return found
    row = Organisation(kind=OrganisationKind.AUTHORITY, code=PRACTICE, name=AUTHORITY_NAME, prefix=PREFIX)
    session.add(row)
    session.flush()
    row.path = f"/{row.id}/"
    session.flush()
    return row


def practice_merchant(session: Session, real_id: int, *, now: datetime) -> Merchant:
    """The practice merchant of a real one; the real one is locked, so that two at once make one."""
    session.execute(select(Merchant.id).where(Merchant.id == real_id).with_for_update())
    found = session.scalars(select(Merchant).where(Merchant.practice_of_id == real_id)).first()
    if found is not None:
        return found
    real = session.get_one(Organisation, real_id)
    name = f"{real.name}（练习）"
    organisation = Organisation(kind=OrganisationKind.MERCHANT, code=practice_code(real_id), name=name)
    session.add(organisation)
    session.flush()
    row = Merchant(
        id=organisation.id,
        organisation=organisation,
        slug=secrets.token_hex(16),  # of no page
        authority_id=practice_authority(session).id,
        practice_of_id=real_id,
        address="",
        phone="",
        normalised_name=normalised_company(name),
        admitted_at=now,
    )
    session.add(row)
    session.flush()
    return row


def membership_in(session: Session, person_id: int, organisation_id: int, role: Role) -> Membership:
    """A person's membership of a practice merchant, with the role of the real one."""
    held = select(Membership).where(Membership.person_id == person_id, Membership.organisation_id == organisation_id)
    row = session.scalars(held).first()
    if row is None:
        row = Membership(person_id=person_id, organisation_id=organisation_id, role=role)
        session.add(row)
    row.role = role
    session.flush()
    return row
