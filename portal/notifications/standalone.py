"""Short messages about no case: to a phone that somebody gave us with a request or an application.

The link is the path of a page with its token, sealed in the row and put into the text at the moment of sending.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.core.facts import Fact, SubjectKind
from portal.core.privacy import mask_phone, takes_sms, vault_of
from portal.notifications import rules
from portal.notifications.drafting import SEAL, mask_mail
from portal.notifications.models import Message, MessageChannel, MessageState, RecipientKind
from portal.notifications.recipients import LANDLINE, signing
from portal.notifications.templates import TemplateCode

PATH_SEAL = "message.path"


def draft_to_phone(
    session: Session,
    fact: Fact,
    template: TemplateCode,
    phone: str,
    *,
    now: datetime,
    path: str | None,
    parameters: Mapping[str, str],
    authority_id: int | None = None,
) -> Message | None:
    """Write a short message about no case to a phone, once for a fact, template and phone; None where it is there.

    `path` begins with a slash and follows the installation's address; None for a template without a link. Officers
    of `authority_id` see the message where it could not be sent. `parameters` hold no personal data.
    """
    vault = vault_of(session)
    recipient = vault.blind(phone, "phone")
    if _is_there(session, fact, template, recipient):
        return None
    reachable = takes_sms(phone)
    message = Message(
        reference=secrets.token_hex(8),
        fact_id=fact.id,
        channel=MessageChannel.SMS,
        recipient_kind=RecipientKind.CONSUMER,
        recipient=recipient,
        organisation_id=authority_id,
        to_mask=mask_phone(phone),
        to_sealed=vault.seal_secret(phone, SEAL) if reachable else None,
        path_sealed=vault.seal_secret(path, PATH_SEAL) if path else None,
        template=template.value,
        parameters=dict(parameters),
        idempotency_key=secrets.token_hex(16),
        state=MessageState.WAITING if reachable else MessageState.FAILED,
        problem=None if reachable else LANDLINE,
        next_at=now,
        created_at=now,
    )
    session.add(message)
    session.flush()
    return message


def draft_to_mail(
    session: Session,
    fact: Fact,
    template: TemplateCode,
    mail: str,
    *,
    now: datetime,
    path: str,
    parameters: Mapping[str, str],
) -> None:
    """Write a mail about no case to an address that somebody gave us, once for a fact; its link is put in at sending.

    `parameters["path"]` is a public page, for the foot of the mail.
    """
    vault = vault_of(session)
    recipient = vault.blind(mail, "mail")
    if _is_there(session, fact, template, recipient):
        return
    session.add(
        Message(
            reference=secrets.token_hex(8),
            fact_id=fact.id,
            channel=MessageChannel.MAIL,
            recipient_kind=RecipientKind.CONSUMER,
            recipient=recipient,
            to_mask=mask_mail(mail),
            to_sealed=vault.seal_secret(mail, SEAL),
            path_sealed=vault.seal_secret(path, PATH_SEAL),
            template=template.value,
            parameters=dict(parameters),
            idempotency_key=secrets.token_hex(16),
            next_at=now,
            created_at=now,
        )
    )
    session.flush()


def sender_words(session: Session, authority_id: int, merchant: str) -> dict[str, str]:
    """The authority's signature and the merchant's short name, as the parameters of a message name them."""
    authority = session.get_one(Organisation, authority_id)
    return {
        "signature": rules.short_authority(signing(session, authority).name),
        "merchant": rules.short_merchant(merchant),
    }


def forget_phones(session: Session, subject_kind: SubjectKind, subject_id: int) -> int:
    """Wipe number and link of every message about a subject, as when its personal data is erased; returns how many."""
    about = select(Fact.id).where(Fact.subject_kind == subject_kind, Fact.subject_id == subject_id)
    held = (Message.fact_id.in_(about), Message.case_id.is_(None), Message.recipient_kind == RecipientKind.CONSUMER)
    session.execute(
        update(Message)
        .where(*held, Message.state.in_([MessageState.WAITING, MessageState.UNCERTAIN]))
        .values(state=MessageState.CANCELLED)
    )
    session.execute(
        update(Message)
        .where(*held, Message.state.in_([MessageState.KEPT, MessageState.DELIVERED]))
        .values(state=MessageState.SENT)
    )
    wiped = session.execute(
        update(Message)
        .where(*held, Message.state != MessageState.SENDING)
        .values(to_sealed=None, path_sealed=None, to_mask="", recipient=b"")
    )
    assert isinstance(wiped, CursorResult)
    return wiped.rowcount


def _is_there(session: Session, fact: Fact, template: TemplateCode, recipient: bytes) -> bool:
    found = session.scalars(
        select(Message.id).where(
            Message.fact_id == fact.id,
            Message.template == template,
            Message.recipient_kind == RecipientKind.CONSUMER,
            Message.recipient == recipient,
        )
    ).first()
    return found is not None
