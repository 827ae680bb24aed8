"""What an application holds, opened and closed: the contact person, the wanted accounts, what is filled in."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation, OrganisationKind
from portal.core.actor import Role
from portal.core.errors import RuleBroken
from portal.core.privacy import DataKey, takes_sms, usable_phone, vault_of
from portal.enrolment.application_models import Application, ApplicationPage
from portal.enrolment.application_rules import Account, Filled
from portal.enrolment.models import Merchant, MerchantState

CONTACT_SEAL, ACCOUNTS_SEAL = "application.contact", "application.accounts"


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom the authority reaches about the application."""

    name: str
    phone: str
    mail: str = ""


def seal_contact(session: Session, application: Application, contact: Contact) -> None:
    """Keep the contact person sealed under the application's key."""
    written = json.dumps(asdict(contact), ensure_ascii=False)
    application.contact_sealed = vault_of(session).seal(application.key, written, CONTACT_SEAL)


def contact_of(session: Session, application: Application, key: DataKey) -> Contact:
    """The contact person; empty once erased."""
    if application.contact_sealed is None:
        return Contact("", "")
    return Contact(**json.loads(vault_of(session).open(key, application.contact_sealed, CONTACT_SEAL)))


def seal_accounts(session: Session, application: Application, accounts: Sequence[Account]) -> None:
    """Keep who is to sign in, sealed under the application's key."""
    written = json.dumps([asdict(one) for one in accounts], ensure_ascii=False)
    application.accounts_sealed = vault_of(session).seal(application.key, written, ACCOUNTS_SEAL)


def accounts_of(session: Session, application: Application, key: DataKey) -> list[Account]:
    """Who is to sign in, the principal first; empty once erased."""
    if application.accounts_sealed is None:
        return []
    rows = json.loads(vault_of(session).open(key, application.accounts_sealed, ACCOUNTS_SEAL))
    return [Account(**one) for one in rows]


def filled(session: Session, application: Application) -> Filled:
    """What is filled in, for the question what is missing."""
    kinds = session.scalars(
        select(ApplicationPage.kind).where(ApplicationPage.application_id == application.id).distinct()
    )
    accounts = accounts_of(session, application, application.key)
    return Filled(
        name=application.name,
        address=application.address,
        phone=application.phone,
        licence_until_on=application.licence_until_on,
        licence_open_ended=application.licence_open_ended,
        conditions=frozenset(application.conditions),
        documents=frozenset(kind.value for kind in kinds),
        principals=sum(one.role == Role.PRINCIPAL.value for one in accounts),
    )


def outlets_of(application: Application) -> Sequence[tuple[str, str]]:
    """The shops with their addresses."""
    return [(str(name), str(address)) for name, address in application.outlets.get("outlets", ())]


def chosen_authority(session: Session, code: str) -> Organisation:
    """The authority of this code that an application is addressed to; RuleBroken where there is none."""
    found = session.scalars(
        select(Organisation).where(Organisation.code == code, Organisation.kind == OrganisationKind.AUTHORITY)
    ).first()
    if found is None:
        raise RuleBroken("请选择企业所在地的市场监督管理部门。", field="authority_code")
    return found


def refuse_admitted(session: Session, code: str) -> None:
    """Refuse with RuleBroken the code of a merchant that was admitted, and say what to do instead."""
    row = session.execute(
        select(Merchant.state, Organisation.name).join(Merchant.organisation).where(Organisation.code == code)
    ).first()
    if row is None:
        return
    if row.state is MerchantState.EXITED:
        raise RuleBroken(
            f"“{row.name}”曾经入驻，现已退出。重新入驻由原来的市场监督管理部门办理，请联系它。", field="code"
        )
    raise RuleBroken(
        f"“{row.name}”已经入驻，不用再申请。请用企业负责人的账号登录；找不到账号的，联系辖区市场监督管理部门。",
        field="code",
    )


def mobile_of(phone: str) -> str:
    """The digits of a mobile number; RuleBroken for what takes no short message."""
    digits = usable_phone(phone)
    if digits is None or not takes_sms(digits):
        raise RuleBroken("联系人手机号应是 11 位手机号码，用来接收申请的链接和结果。", field="contact_phone")
    return digits
