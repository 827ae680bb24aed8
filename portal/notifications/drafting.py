"""Putting messages into the table, each once: the same fact, template and recipient never make a second row."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from portal.accounts import links
from portal.accounts.models import ConsumerLink
from portal.cases.models import Case
from portal.clocks import rules as clocks
from portal.clocks.queries import almanac
from portal.core.facts import Fact
from portal.core.privacy import mask_phone, vault_of
from portal.notifications import recipients, rules
from portal.notifications.models import Message, MessageChannel, MessageState, RecipientKind
from portal.notifications.recipients import Reached
from portal.notifications.templates import TEMPLATES, TemplateCode

SEAL = "message.to"
PRACTISING = "练习环境的短信，不会发出。"


def draft_sms(
    session: Session,
    fact: Fact,
    case: Case,
    template: TemplateCode,
    *,
    now: datetime,
    code_id: int | None = None,
    link_ends_at: datetime | None = None,
    to: Reached | None = None,
    **parameters: str,
) -> Message | None:
    """Write a short message to the consumer's verified phone, or to another one; None where it is already there.

    Without such a phone the row says so and waits for an officer. `link_ends_at` matters for a new link only.
    """
    if _has_message(session, fact, template, RecipientKind.CONSUMER):
        return None
    reached = to or recipients.consumer_phone(session, case)
    practising = case.authority.is_practice
    message = _message(
        fact, case, template, RecipientKind.CONSUMER, now=now,
        parameters={**recipients.sms_parameters(session, case), **parameters}, code_id=code_id,
    )  # fmt: skip
    message.channel = MessageChannel.SMS
    if practising:
        message.state, message.problem = MessageState.CANCELLED, PRACTISING
    elif reached.phone is None:
        message.state, message.problem = MessageState.FAILED, reached.problem
    else:
        address(session, message, reached.phone, now=now, link_ends_at=link_ends_at)
    session.add(message)
    session.flush()
    return message


def address(
    session: Session, message: Message, phone: str, *, now: datetime, link_ends_at: datetime | None = None
) -> None:
    """Point a short message at a number, with that recipient's link where the template has one."""
    vault = vault_of(session)
    message.recipient = vault.blind(phone, "phone")
    message.to_mask, message.to_sealed = mask_phone(phone), vault.seal_secret(phone, SEAL)
    if "link" in TEMPLATES[TemplateCode(message.template)].secrets and message.case_id is not None:
        link: ConsumerLink = links.issue_link(session, message.case_id, phone, now=now, expires_at=link_ends_at)[0]
        message.link_id = link.id


def draft_for_staff(
    session: Session, fact: Fact, case: Case, template: TemplateCode, kind: RecipientKind, *, now: datetime, by: str
) -> None:
    """Put a notice on an organisation's desk, and mail it where an address is known."""
    organisation_id = recipients.desk_of(session, case, kind)
    if organisation_id is None or _has_message(session, fact, template, kind):
        return
    vault = vault_of(session)
    parameters = {"case": case.reference, "by": by}
    notice = _message(fact, case, template, kind, now=now, parameters=parameters)
    notice.channel, notice.state, notice.sent_at = MessageChannel.DESK, MessageState.SENT, now
    notice.organisation_id = organisation_id
    notice.recipient = vault.blind(str(organisation_id), "desk")
    session.add(notice)
    for mail in () if case.authority.is_practice else recipients.staff_mails(session, case, kind, organisation_id):
        letter = _message(fact, case, template, kind, now=now, parameters=parameters)
        letter.channel, letter.organisation_id = MessageChannel.MAIL, organisation_id
        letter.recipient = vault.blind(mail, "mail")
        letter.to_mask, letter.to_sealed = mask_mail(mail), vault.seal_secret(mail, SEAL)
        session.add(letter)
    session.flush()


def draft_for_desks(
    session: Session,
    fact: Fact,
    template: TemplateCode,
    kind: RecipientKind,
    organisations: Sequence[int],
    *,
    now: datetime,
    parameters: Mapping[str, str],
) -> None:
    """Put one notice that is about no case on many desks at once; `parameters["path"]` is the page it leads to."""
    if not organisations or _has_message(session, fact, template, kind):
        return
    vault = vault_of(session)
    rows = [
        {
            "reference": secrets.token_hex(8),
            "fact_id": fact.id,
            "channel": MessageChannel.DESK,
            "recipient_kind": kind,
            "recipient": vault.blind(str(organisation_id), "desk"),
            "organisation_id": organisation_id,
            "to_mask": "",
            "template": template.value,
            "parameters": dict(parameters),
            "idempotency_key": secrets.token_hex(16),
            "state": MessageState.SENT,
            "next_at": now,
            "created_at": now,
            "sent_at": now,
        }
        for organisation_id in organisations
    ]
    session.execute(insert(Message), rows)


def draft_mails(
    session: Session,
    fact: Fact,
    template: TemplateCode,
    kind: RecipientKind,
    organisation_id: int,
    mails: Sequence[str],
    *,
    now: datetime,
    parameters: Mapping[str, str],
) -> None:
    """Write one mail that is about no case to several people of an organisation, each once for a fact."""
    if not mails or _has_message(session, fact, template, kind):
        return
    vault = vault_of(session)
    for mail in mails:
        session.add(
            Message(
                reference=secrets.token_hex(8),
                fact_id=fact.id,
                channel=MessageChannel.MAIL,
                recipient_kind=kind,
                recipient=vault.blind(mail, "mail"),
                organisation_id=organisation_id,
                to_mask=mask_mail(mail),
                to_sealed=vault.seal_secret(mail, SEAL),
                template=template.value,
                parameters=dict(parameters),
                idempotency_key=secrets.token_hex(16),
                next_at=now,
                created_at=now,
            )
        )
    session.flush()


def mask_mail(mail: str) -> str:
    """Write a mail address for lists: li***@example.cn."""
    name, _, host = mail.rpartition("@")
    return f"{name[:2]}***@{host}"


def _has_message(session: Session, fact: Fact, template: TemplateCode, kind: RecipientKind) -> bool:
    found = session.scalars(
        select(Message.id)
        .where(Message.fact_id == fact.id, Message.template == template, Message.recipient_kind == kind)
        .limit(1)
    ).first()
    return found is not None


def _message(
    fact: Fact,
    case: Case,
    template: TemplateCode,
    kind: RecipientKind,
    *,
    now: datetime,
    parameters: dict[str, Any],
    code_id: int | None = None,
) -> Message:
    return Message(
        reference=secrets.token_hex(8),
        fact_id=fact.id,
        case_id=case.id,
        recipient_kind=kind,
        recipient=b"",
        to_mask="",
        template=template.value,
        parameters=parameters,
        code_id=code_id,
        idempotency_key=secrets.token_hex(16),
        next_at=now,
        created_at=now,
    )


def limit_words(session: Session, end: datetime) -> str:
    """The day of a limit in working days as messages write it, marked where its year's holidays are not published."""
    day = clocks.due_day(end)
    return f"{rules.day_words(day)}{clocks.provisional_mark(day, almanac(session).calendar)}"
