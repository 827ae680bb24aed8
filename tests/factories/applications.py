"""Applications for enrolment as applicants would make them."""

import io
import itertools
from datetime import date, datetime
from typing import Any

from PIL import Image
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.core.actor import VISITOR, Actor
from portal.core.privacy import vault_of
from portal.enrolment import applying, starting
from portal.enrolment.application_contents import Contact
from portal.enrolment.application_documents import AddPage, add_page
from portal.enrolment.application_links import INVITE_SEAL, TOKEN_SEAL, application_by_token
from portal.enrolment.application_models import Application
from portal.enrolment.application_rules import CONDITIONS, Account, DocumentKind
from portal.enrolment.rules import check_character
from portal.enrolment.starting import StartApplication
from tests.conftest import NOW

PHONE = "13860005678"
CONTACT = Contact("陈立", PHONE, "chen@example.cn")
ACCOUNTS = (Account("principal", "陈立", "chenli"), Account("agent", "王小梅", "wangxm"))
_serial = itertools.count(1)


def new_code() -> str:
    """A credit code that nobody has, with its check character."""
    body = f"91350206MA{next(_serial):07d}"
    return body + check_character(body)


def contact() -> Contact:
    """A contact person with a phone of his own: one phone begins few applications a day."""
    return Contact("陈立", f"1386001{next(_serial):04d}")


def picture(colour: str = "white") -> bytes:
    """A small photo."""
    out = io.BytesIO()
    Image.new("RGB", (30, 20), colour).save(out, "PNG")
    return out.getvalue()


def begun(session: Session, authority: Organisation, *, now: datetime = NOW, **changes: Any) -> str:
    """A draft; returns the token of its link."""
    values = {
        "code": new_code(),
        "name": "厦门鹭岛家居有限公司",
        "authority_code": authority.code,
        "contact": contact(),
    }
    token = starting.start_application(session, VISITOR, StartApplication(**{**values, **changes}), now=now).token
    assert token is not None
    return token


def completed(session: Session, authority: Organisation, *, now: datetime = NOW, **changes: Any) -> str:
    """A draft with everything that is needed; returns the token of its link."""
    changes = {"contact": contact(), **changes}
    token = begun(session, authority, now=now, **changes)
    named = {name: value for name, value in changes.items() if name in {"name", "contact"}}
    applying.save_firm(session, VISITOR, firm(token, authority, **named), now=now)
    said = tuple((one.value, f"{words[0]}，已备。") for one, words in CONDITIONS.items())
    applying.save_conditions(session, VISITOR, applying.SaveConditions(token, said), now=now)
    for kind in DocumentKind:
        add_page(session, VISITOR, AddPage(token, kind, f"{kind}.png", picture()), now=now)
    applying.save_accounts(session, VISITOR, applying.SaveAccounts(token, ACCOUNTS), now=now)
    session.flush()
    return token


def submitted(session: Session, authority: Organisation, *, now: datetime = NOW, **changes: Any) -> Application:
    """An application that waits for the authority."""
    token = completed(session, authority, now=now, **changes)
    return applying.submit_application(session, VISITOR, applying.SubmitApplication(token, declared=True), now=now)


def firm(token: str, authority: Organisation, **changes: Any) -> applying.SaveFirm:
    """Particulars that are good."""
    values: dict[str, Any] = {
        "token": token,
        "name": "厦门鹭岛家居有限公司",
        "authority_code": authority.code,
        "address": "厦门市湖里区鹭岛路 10 号",
        "phone": "0592-5500000",
        "tier": "重点行业",
        "licence_until_on": date(2030, 12, 31),
        "licence_open_ended": False,
        "outlets": (("江头店", "江头街 1 号"), ("枋湖店", "")),
        "contact": CONTACT,
    }
    return applying.SaveFirm(**{**values, **changes})


def token_of(session: Session, row: Application) -> str:
    """The token of an application's link."""
    assert row.token_sealed is not None
    return vault_of(session).open_secret(row.token_sealed, TOKEN_SEAL)


def invitation_of(session: Session, row: Application) -> str:
    """The token of the way to the first password."""
    assert row.invite_sealed is not None
    return vault_of(session).open_secret(row.invite_sealed, INVITE_SEAL)


def row_of(session: Session, token: str) -> Application:
    """The application of a link."""
    return application_by_token(session, token)


def applicant() -> Actor:
    """Whoever holds the link."""
    return VISITOR
