"""The steps of sending: take one message, write down what came of it, take back what a crash left, decide by hand."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.core import facts
from portal.core.access import AccessKind, note_access
from portal.core.actor import Actor
from portal.core.errors import NotFound, RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.installation import ONLY_ROW
from portal.core.permissions import Permission, require
from portal.notifications import rules
from portal.notifications.contents import Gone, outgoing_of
from portal.notifications.drafting import address
from portal.notifications.gateways import Answer, Outgoing, Verdict
from portal.notifications.models import Message, MessageChannel, MessageState
from portal.notifications.queries import unsettled
from portal.notifications.recipients import LANDLINE, case_of, consumer_phone
from portal.notifications.templates import TemplateCode, TooLong
from portal.settlements.actions import StartSilence, start_silence

LEASE = timedelta(minutes=5)  # longer than any gateway call may take; then the sender is taken for dead
KEPT_AT_ONCE = 200

ENDED = "链接或验证码在发出前已失效，没有发出。"
TOO_LONG = "PORTAL_BASE_URL 太长，短信超过两条，没有发出。请换成较短的地址。"
GAVE_UP = "多次没有发出，已停止重试。"
CRASHED = "发送中断，可能已发送。请向消费者或短信平台核实后再决定。"
UNCLEAR = "短信平台没有明确答复，可能已发送。请核实后再决定。"


@dataclass(frozen=True, slots=True)
class TakeNext:
    """The channels that are open now, and the address that links start with."""

    channels: tuple[MessageChannel, ...]
    base_url: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that is ours to send; `outgoing` is None where there was nothing left to send."""

    message_id: int
    attempt: int
    channel: MessageChannel
    outgoing: Outgoing | None


def take_next(session: Session, actor: Actor, command: TakeNext, *, now: datetime) -> Taken | None:
    """Take the message that waits longest and mark it `sending` for five minutes; None where none is due.

    What it needs of link, code and number is read now and never stored in the clear.
    """
    message = session.scalars(
        select(Message)
        .where(
            Message.state == MessageState.WAITING,
            Message.next_at <= now,
            Message.channel.in_(command.channels),
        )
        .order_by(Message.next_at, Message.id)
        .limit(1)
        .options(joinedload(Message.link), joinedload(Message.code))
        .with_for_update(of=Message, skip_locked=True)
    ).first()
    if message is None:
        return None
    message.attempts += 1
    try:
        outgoing = outgoing_of(session, message, base_url=command.base_url, now=now)
    except Gone:
        message.state, message.problem = MessageState.CANCELLED, ENDED
        return Taken(message.id, message.attempts, message.channel, None)
    except TooLong:
        _fail(session, actor, message, TOO_LONG, now=now)
        return Taken(message.id, message.attempts, message.channel, None)
    message.state, message.next_at = MessageState.SENDING, now + LEASE
    return Taken(message.id, message.attempts, message.channel, outgoing)


@dataclass(frozen=True, slots=True)
class Conclude:
    """What a gateway said to one attempt, and whether it knows a message again by its key."""

    message_id: int
    idempotency_key: str
    attempt: int
    answer: Answer
    honours_key: bool


def conclude(session: Session, actor: Actor, command: Conclude, *, now: datetime) -> MessageState | None:
    """Write down what came of an attempt; None where another process has gone on with the message."""
    message = session.scalars(select(Message).where(Message.id == command.message_id).with_for_update()).one()
    ours = (message.idempotency_key, message.attempts) == (command.idempotency_key, command.attempt)
    if not ours or message.state not in (MessageState.SENDING, MessageState.UNCERTAIN):
        return None
    answer = command.answer
    if answer.verdict is Verdict.ACCEPTED:
        message.state, message.sent_at, message.problem = MessageState.SENT, now, None
        message.gateway_id = answer.gateway_id
        _let_silence_run(session, actor, message, now=now)
    elif answer.verdict is Verdict.REFUSED:
        _fail(session, actor, message, answer.problem, now=now)
    elif answer.verdict is Verdict.UNCLEAR and not command.honours_key:
        _leave_open(session, actor, message, UNCLEAR, now=now)
    else:
        _put_off(session, actor, message, answer, now=now)
    return message.state


@dataclass(frozen=True, slots=True)
class TakeBack:
    """For each open channel, whether its gateway knows a message again by its key."""

    honours_key: Mapping[MessageChannel, bool]


def take_back(session: Session, actor: Actor, command: TakeBack, *, now: datetime) -> int:
    """See to messages whose sender died while sending: repeat where that is safe, else leave it to a person.

    A mail, and a gateway that honours the key, are repeated; any other is 可能已发送 (decisions 16).
    """
    rows = session.scalars(
        select(Message)
        .where(Message.state == MessageState.SENDING, Message.next_at <= now)
        .order_by(Message.id)
        .limit(KEPT_AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    for message in rows:
        if message.channel is MessageChannel.MAIL or command.honours_key.get(message.channel, False):
            message.state, message.next_at = MessageState.WAITING, now
        else:
            _leave_open(session, actor, message, CRASHED, now=now)
    return len(rows)


@dataclass(frozen=True, slots=True)
class KeepMessages:
    """The channels without a gateway."""

    channels: tuple[MessageChannel, ...]


def keep_messages(session: Session, actor: Actor, command: KeepMessages, *, now: datetime) -> int:
    """Keep what no gateway can send, for the operator to read; returns how many."""
    rows = session.scalars(
        select(Message)
        .where(Message.state == MessageState.WAITING, Message.next_at <= now, Message.channel.in_(command.channels))
        .order_by(Message.next_at, Message.id)
        .limit(KEPT_AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    for message in rows:
        message.state, message.sent_at = MessageState.KEPT, now
        _let_silence_run(session, actor, message, now=now)
    return len(rows)


class Decision(StrEnum):
    """What a person decides about a message."""

    REPEAT = "repeat"  # 再发一次
    TOLD = "told"  # 已告知


@dataclass(frozen=True, slots=True)
class ResolveMessage:
    """A message that failed or is uncertain, and what is to become of it."""

    reference: str
    decision: Decision


@dataclass(frozen=True, slots=True)
class _InCharge:
    """The authority that sees to a message about no case, as the policy asks for it."""

    authority_id: int | None


def resolve_message(session: Session, actor: Actor, command: ResolveMessage, *, now: datetime) -> Message:
    """Repeat a message under a new key, or close it as told otherwise; refuses one that needs no decision."""
    message = session.scalars(
        unsettled(actor).where(Message.reference == command.reference).with_for_update(of=Message)
    ).first()
    if message is None:
        raise NotFound("没有这条待处理的消息，或者别人已经处理过了。")
    case = case_of(session, message.case_id) if message.case_id is not None else None
    require(actor, Permission.MESSAGE_RESOLVE, case or _InCharge(message.organisation_id))
    if command.decision is Decision.REPEAT:
        if case is None or message.template == TemplateCode.PHONE_CHANGED:  # never to another number
            if message.to_sealed is None:
                raise RuleBroken(LANDLINE)
        elif message.channel is MessageChannel.SMS:
            reached = consumer_phone(session, case)
            if reached.phone is None:
                raise RuleBroken(reached.problem or "")
            address(session, message, reached.phone, now=now)
        message.state, message.next_at, message.attempts = MessageState.WAITING, now, 0
        message.idempotency_key = secrets.token_hex(16)
    else:
        message.state, message.sent_at = MessageState.SENT, now
        _let_silence_run(session, actor, message, now=now)
    message.problem = None
    facts.record(
        session,
        actor,
        Topic.MESSAGE_RESOLVED,
        SubjectKind.MESSAGE,
        message.id,
        at=now,
        decision=command.decision.value,
        case=case.reference if case else "",
    )
    return message


@dataclass(frozen=True, slots=True)
class ReadMessages:
    """How many messages the operator prints, and whether their links."""

    count: int
    with_links: bool


def note_reading(session: Session, actor: Actor, command: ReadMessages, *, now: datetime) -> None:
    """Record that the operator reads the messages."""
    require(actor, Permission.MESSAGES_READ, None)
    note_access(
        session,
        actor,
        AccessKind.MESSAGES_READ,
        SubjectKind.INSTALLATION,
        ONLY_ROW,
        at=now,
        count=command.count,
        with_links=command.with_links,
    )


def _let_silence_run(session: Session, actor: Actor, message: Message, *, now: datetime) -> None:
    """The days of silence begin when the consumer was asked, not when the merchant said it was done (decisions 6)."""
    if message.template == TemplateCode.RECEIPT_ASKED and message.case_id is not None:
        start_silence(session, actor, StartSilence(message.case_id), now=now)


def _put_off(session: Session, actor: Actor, message: Message, answer: Answer, *, now: datetime) -> None:
    wait = rules.next_attempt(message.attempts)
    if wait is not None:
        message.state, message.next_at, message.problem = MessageState.WAITING, now + wait, answer.problem
    elif answer.verdict is Verdict.UNCLEAR:
        _leave_open(session, actor, message, UNCLEAR, now=now)
    else:
        _fail(session, actor, message, f"{GAVE_UP}{answer.problem}", now=now)


def _fail(session: Session, actor: Actor, message: Message, problem: str, *, now: datetime) -> None:
    message.state, message.problem = MessageState.FAILED, problem
    _record_failure(session, actor, message, now=now)


def _leave_open(session: Session, actor: Actor, message: Message, problem: str, *, now: datetime) -> None:
    message.state, message.problem = MessageState.UNCERTAIN, problem
    _record_failure(session, actor, message, now=now)


def _record_failure(session: Session, actor: Actor, message: Message, *, now: datetime) -> None:
    facts.record(
        session,
        actor,
        Topic.MESSAGE_FAILED,
        SubjectKind.MESSAGE,
        message.id,
        at=now,
        state=message.state.value,
        attempts=message.attempts,
    )
