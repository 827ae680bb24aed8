"""Who is told about a case and how they are reached, and the words by which a message names the case."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, joinedload

from portal.accounts.models import Membership, Organisation, OrganisationKind, Person
from portal.cases.models import Case, PhoneSource
from portal.core.actor import Role
from portal.core.privacy import Erased, takes_sms, vault_of
from portal.enrolment.models import Merchant
from portal.intake.models import Filing
from portal.notifications import rules
from portal.notifications.models import RecipientKind

WORKING = (Role.OFFICER, Role.CHIEF)  # who works cases at an authority; auditors only look
MOST_MAILS = 20  # of one organisation and one message

NO_PHONE = "没有已核实的手机号，短信没有发出。请电话联系，或寄送带二维码的一页信函。"
LANDLINE = "登记的是座机，收不到短信。请电话联系，或寄送带二维码的一页信函。"


@dataclass(frozen=True, slots=True)
class Reached:
    """A verified number, or why there is none."""

    phone: str | None
    problem: str | None = None


def case_of(session: Session, case_id: int) -> Case:
    """The case of a fact, with everything a message names."""
    return session.scalars(
        select(Case)
        .where(Case.id == case_id)
        .options(
            joinedload(Case.key),
            joinedload(Case.authority),
            joinedload(Case.merchant).joinedload(Merchant.organisation),
        )
    ).one()


def consumer_phone(session: Session, case: Case) -> Reached:
    """The consumer's verified mobile number; only the filing's and an officer's count (decisions 10)."""
    if case.phone_sealed is None or case.phone_source not in (PhoneSource.FILING, PhoneSource.OFFICER):
        return Reached(None, NO_PHONE)
    try:
        phone = vault_of(session).open(case.key, case.phone_sealed, "case.phone")
    except Erased:
        return Reached(None, NO_PHONE)
    return reached_at(phone)


def reached_at(phone: str) -> Reached:
    """A number that counts, as far as short messages reach it."""
    return Reached(phone) if takes_sms(phone) else Reached(None, LANDLINE)


def sms_parameters(session: Session, case: Case) -> dict[str, str]:
    """The regulator's signature, the merchant's short name and the tail of the 登记编号."""
    number = session.scalars(
        select(Filing.number).where(Filing.case_id == case.id).order_by(Filing.id).limit(1)
    ).first()
    return {
        "signature": rules.short_authority(signing(session, case.authority).name),
        "merchant": rules.short_merchant(case.merchant.organisation.name if case.merchant else ""),
        "tail": rules.number_tail(number or case.reference),
    }


def desk_of(session: Session, case: Case, kind: RecipientKind) -> int | None:
    """The id of the organisation on whose desk a message about the case is read.

    Of authorities the nearest where somebody works cases: a 所 without a sign-in of its own leaves that to its district.
    """
    if kind is RecipientKind.MERCHANT:
        return case.merchant_id
    upwards = case.authority.ancestry()[::-1]
    staffed = set(
        session.scalars(
            select(Membership.organisation_id)
            .join(Person, Person.id == Membership.person_id)
            .where(Membership.organisation_id.in_(upwards), Membership.role.in_(WORKING), Person.active)
            .distinct()
        )
    )
    return next((one for one in upwards if one in staffed), case.authority_id)


def staff_mails(session: Session, case: Case, kind: RecipientKind, organisation_id: int) -> list[str]:
    """The known mail addresses of those who answer for the case: sign-in names that are addresses.

    A merchant's assignee and heads, an authority's officers and chiefs; at most twenty.
    """
    names = session.scalars(
        select(Person.sign_in_name)
        .join(Membership, Membership.person_id == Person.id)
        .where(
            Membership.organisation_id == organisation_id,
            Person.active,
            Person.sign_in_name.contains("@", autoescape=True),
            _answers_for(case, kind),
        )
        .order_by(Person.id)
        .limit(MOST_MAILS)
    )
    return list(names)


def organisation_mails(session: Session, organisation_id: int, roles: Sequence[Role]) -> list[str]:
    """The known mail addresses of an organisation's people in these roles; at most twenty."""
    names = session.scalars(
        select(Person.sign_in_name)
        .join(Membership, Membership.person_id == Person.id)
        .where(
            Membership.organisation_id == organisation_id,
            Membership.role.in_(roles),
            Person.active,
            Person.sign_in_name.contains("@", autoescape=True),
        )
        .order_by(Person.id)
        .limit(MOST_MAILS)
    )
    return list(names)


def _answers_for(case: Case, kind: RecipientKind) -> ColumnElement[bool]:
    if kind is RecipientKind.OFFICER:
        return Membership.role.in_(WORKING)
    return or_(Membership.role.in_([Role.SUPERVISOR, Role.PRINCIPAL]), Person.id == case.assignee_id)


def signing(session: Session, authority: Organisation) -> Organisation:
    """Return the district above a 所, for its name is what people know; any other authority signs itself."""
    if authority.level != "所" or authority.parent_id is None:
        return authority
    parent = session.get(Organisation, authority.parent_id)
    return parent if parent is not None and parent.kind is OrganisationKind.AUTHORITY else authority
