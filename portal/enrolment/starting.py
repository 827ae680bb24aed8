"""Beginning an application: one of a code at a time, its link to the contact person's phone."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.accounts.links import ALPHABET, hash_of, new_token
from portal.accounts.rules import normalised_company
from portal.core import facts
from portal.core.actor import Actor
from portal.core.errors import RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.privacy import mask_phone, vault_of
from portal.enrolment import application_rules as rules
from portal.enrolment.application_contents import Contact, chosen_authority, mobile_of, refuse_admitted, seal_contact
from portal.enrolment.application_links import TOKEN_SEAL, send_link
from portal.enrolment.application_models import Application
from portal.enrolment.application_rules import ApplicationState
from portal.enrolment.rules import code_of, objection_to_code

MAX_STARTED_A_DAY = 3  # by one phone, our limit
REFERENCE_LENGTH = 10


@dataclass(frozen=True, slots=True)
class StartApplication:
    """Enough to send the link: the code, the name, the district, the contact person. `anew` leaves a draft aside."""

    code: str
    name: str
    authority_code: str
    contact: Contact
    anew: bool = False


@dataclass(frozen=True, slots=True)
class Started:
    """The token of a new application; none where one of this code is open, whose link went to its phone."""

    token: str | None
    known: ApplicationState | None = None


def start_application(session: Session, actor: Actor, command: StartApplication, *, now: datetime) -> Started:
    """Begin an application. Refuses a wrong code (which character), an admitted merchant, a number without SMS.

    Where an application of this code is open, nothing is made: its link goes to the phone registered with it.
    """
    code = code_of(command.code)
    if objection := objection_to_code(code):
        raise RuleBroken(objection, field="code")
    authority = chosen_authority(session, command.authority_code)
    refuse_admitted(session, code)
    phone = _phone_of(session, command.contact.phone, now=now)
    if (known := _open_of(session, code, drafts=not command.anew)) is not None:
        send_link(session, actor, known, now=now)
        return Started(None, known.state)
    vault, token = vault_of(session), new_token()
    application = Application(
        reference=_reference(),
        token_hash=hash_of(token),
        token_sealed=vault.seal_secret(token, TOKEN_SEAL),
        key=vault.new_key(session, now=now),
        authority=authority,
        code=code,
        name=command.name.strip(),
        normalised_name=normalised_company(command.name),
        outlets={"outlets": []},
        conditions={},
        phone_index=vault.blind(phone, "phone"),
        phone_mask=mask_phone(phone),
        created_at=now,
        changed_at=now,
    )
    session.add(application)
    session.flush()
    seal_contact(session, application, Contact(command.contact.name.strip(), phone, command.contact.mail.strip()))
    facts.record(session, actor, Topic.APPLICATION_STARTED, SubjectKind.APPLICATION, application.id, at=now)
    return Started(token)


def _phone_of(session: Session, written: str, *, now: datetime) -> str:
    phone = mobile_of(written)
    started = session.scalars(
        select(func.count())
        .select_from(Application)
        .where(
            Application.phone_index == vault_of(session).blind(phone, "phone"),
            Application.created_at > now - timedelta(days=1),
        )
    ).one()
    if started >= MAX_STARTED_A_DAY:
        raise RuleBroken(
            f"这个手机号一天内已经开始了 {MAX_STARTED_A_DAY} 份申请。请打开短信里的链接继续填写。",
            field="contact_phone",
        )
    return phone


def _open_of(session: Session, code: str, *, drafts: bool) -> Application | None:
    states = rules.OPEN if drafts else rules.UNDER_REVIEW
    return session.scalars(
        select(Application)
        .where(Application.code == code, Application.state.in_(sorted(states)))
        .order_by(Application.state.desc(), Application.id.desc())
        .limit(1)
    ).first()


def _reference() -> str:
    return "RZ" + "".join(secrets.choice(ALPHABET) for _ in range(REFERENCE_LENGTH)).upper()
