"""Messages to look at: by the operator, by officers who must decide, on desks, and on the demo's own phone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload

from portal.cases.access import visible_to
from portal.cases.models import Case
from portal.core.actor import Actor
from portal.core.paging import Page, SortKey, keyset_page
from portal.notifications.contents import link_of, shown_text
from portal.notifications.models import Message, MessageChannel, MessageState
from portal.notifications.templates import TEMPLATES, TemplateCode, subject_of

UNSETTLED = (MessageState.FAILED, MessageState.UNCERTAIN)
SHOWN_ON_PHONE = 30
SHOWN_PHONES = 20


@dataclass(frozen=True, slots=True)
class PrintedMessage:
    """A message as `portal messages` prints it (contract)."""

    to: str
    channel: MessageChannel
    state: MessageState
    text: str
    link: str | None
    case: str | None
    at: datetime


def printed_messages(
    session: Session, *, limit: int, base_url: str, openly: bool, now: datetime
) -> list[PrintedMessage]:
    """What was sent to whom by which channel, newest first; links and codes only `openly`."""
    rows = session.execute(
        select(Message, Case.reference)
        .outerjoin(Case, Case.id == Message.case_id)
        .where(Message.to_sealed.is_not(None), Message.state != MessageState.CANCELLED)
        .order_by(Message.id.desc())
        .limit(limit)
        .options(joinedload(Message.link), joinedload(Message.code))
    )
    return [
        PrintedMessage(
            to=message.to_mask,
            channel=message.channel,
            state=message.state,
            text=shown_text(session, message, base_url=base_url, now=now, openly=openly),
            link=link_of(session, message, base_url=base_url) if openly else None,
            case=reference,
            at=message.created_at,
        )
        for message, reference in rows
    ]


def unsettled(actor: Actor) -> Select[Message]:
    """Messages that failed or are uncertain: of the actor's cases, and of no case where its authority sees to them."""
    about_none = and_(Message.case_id.is_(None), Message.organisation_id.in_(actor.jurisdiction))
    seen = or_(and_(Message.case_id.is_not(None), visible_to(actor)), about_none)
    return select(Message).outerjoin(Case, Case.id == Message.case_id).where(Message.state.in_(UNSETTLED), seen)


@dataclass(frozen=True, slots=True)
class OpenMessage:
    """A message that a person must decide about, without its link, code or number."""

    reference: str
    authority_id: int
    case: str | None  # its reference, where the message is about one
    name: str
    to: str
    channel: MessageChannel
    is_uncertain: bool
    has_address: bool
    problem: str
    attempts: int
    at: datetime


def open_messages(session: Session, actor: Actor, cursor: str | None) -> Page[OpenMessage]:
    """The messages that wait for an officer's decision, newest first."""
    keys = [SortKey(Message.__table__.c.id, lambda row: row[0].id, descending=True)]
    found = keyset_page(
        session,
        unsettled(actor).add_columns(Case.reference, func.coalesce(Case.authority_id, Message.organisation_id)),
        keys,
        cursor,
        scalars=False,
    )
    return Page([_open(*row) for row in found.rows], found.next_cursor, found.previous_cursor)


def _open(message: Message, reference: str | None, authority_id: int) -> OpenMessage:
    return OpenMessage(
        reference=message.reference,
        authority_id=authority_id,
        case=reference,
        name=TEMPLATES[TemplateCode(message.template)].name,
        to=message.to_mask,
        channel=message.channel,
        is_uncertain=message.state is MessageState.UNCERTAIN,
        has_address=message.to_sealed is not None,
        problem=message.problem or "",
        attempts=message.attempts,
        at=message.created_at,
    )


@dataclass(frozen=True, slots=True)
class Notice:
    """A line on a desk."""

    case: str | None  # its reference, where the notice is about one
    path: str  # else the page it leads to
    title: str
    text: str
    at: datetime


def notices(session: Session, actor: Actor, cursor: str | None) -> Page[Notice]:
    """What came to the desk of the actor's organisation, newest first; only of cases it still may see."""
    query: Any = (
        select(Message, Case.reference)
        .outerjoin(Case, Case.id == Message.case_id)
        .where(
            Message.channel == MessageChannel.DESK,
            Message.organisation_id == actor.organisation_id,
            or_(Message.case_id.is_(None), visible_to(actor)),
        )
    )
    keys = [SortKey(Message.__table__.c.id, lambda row: row[0].id, descending=True)]
    found = keyset_page(session, query, keys, cursor, scalars=False)
    rows = [
        Notice(
            reference,
            one.parameters.get("path", ""),
            subject_of(one.template, one.parameters),
            _text_of(one),
            one.created_at,
        )
        for one, reference in found.rows
    ]
    return Page(rows, found.next_cursor, found.previous_cursor)


def told_at(session: Session, case_id: int, template: TemplateCode) -> datetime | None:
    """When the consumer's newest message of a kind went out (or was kept where there is no gateway); else None.

    The seven days of silence after 已履行 begin no earlier (decisions 6).
    """
    return session.scalars(
        select(func.max(func.coalesce(Message.delivered_at, Message.sent_at))).where(
            Message.case_id == case_id,
            Message.template == template,
            Message.state.in_([MessageState.SENT, MessageState.DELIVERED, MessageState.KEPT]),
        )
    ).one()


@dataclass(frozen=True, slots=True)
class PhoneMessage:
    """A short message on the demo's phone, its text parted around the link."""

    before: str
    link: str | None
    after: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone of the demo: its masked number and how many messages it got."""

    key: str
    number: str
    count: int


def demo_phones(session: Session) -> list[Phone]:
    """The phones that got short messages, the latest first."""
    rows = session.execute(
        select(Message.recipient, func.min(Message.to_mask), func.count())
        .where(*_ON_PHONES)
        .group_by(Message.recipient)
        .order_by(func.max(Message.id).desc())
        .limit(SHOWN_PHONES)
    )
    return [Phone(recipient.hex(), number, count) for recipient, number, count in rows]


def phone_messages(session: Session, phone: Phone, *, base_url: str, now: datetime) -> list[PhoneMessage]:
    """The newest messages of one phone, the latest first."""
    rows = session.scalars(
        select(Message)
        .where(*_ON_PHONES, Message.recipient == bytes.fromhex(phone.key))
        .order_by(Message.id.desc())
        .limit(SHOWN_ON_PHONE)
        .options(joinedload(Message.link), joinedload(Message.code))
    )
    return [_on_phone(session, message, base_url=base_url, now=now) for message in rows]


_ON_PHONES = (
    Message.channel == MessageChannel.SMS,
    Message.to_sealed.is_not(None),
    Message.state != MessageState.CANCELLED,
)


def _on_phone(session: Session, message: Message, *, base_url: str, now: datetime) -> PhoneMessage:
    text = shown_text(session, message, base_url=base_url, now=now, openly=True)
    link = link_of(session, message, base_url=base_url)
    if link is None or link not in text:
        return PhoneMessage(text, None, "", message.created_at)
    before, _, after = text.partition(link)
    return PhoneMessage(before, link, after, message.created_at)


def _text_of(message: Message) -> str:
    return TEMPLATES[TemplateCode(message.template)].text.format_map(message.parameters)
