"""Messages to consumers and staff, and how each attempt went."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import ConsumerLink, PhoneCode
from portal.core.db import Json, Model, Ref


class MessageChannel(StrEnum):
    """The ways out."""

    SMS = "sms"
    MAIL = "mail"


class MessageState(StrEnum):
    """Where a message stands."""

    WAITING = "waiting"  # to be sent at next_at
    SENDING = "sending"  # handed to the gateway; a crash here leaves it so
    SENT = "sent"
    DELIVERED = "delivered"
    KEPT = "kept"  # no gateway: only the operator reads it
    FAILED = "failed"
    UNCERTAIN = "uncertain"  # 可能已发送: a person decides
    CANCELLED = "cancelled"


class Message(Model):
    """One message. Its row holds template and parameters, never the link and never personal text."""

    __tablename__ = "message"
    __table_args__ = (
        Index("uq_message_once", "fact_id", "template", "recipient_kind", unique=True),
        Index("ix_message_state_next", "state", "next_at", "id"),
        Index("ix_message_case_id", "case_id", "id"),
        Index("ix_message_link_id", "link_id"),
        Index("ix_message_code_id", "code_id"),
    )

    fact_id: Mapped[Ref] = mapped_column(ForeignKey("fact.id"))
    case_id: Mapped[Ref | None]
    channel: Mapped[MessageChannel]
    recipient_kind: Mapped[str]  # consumer, merchant, officer
    to_mask: Mapped[str]
    to_sealed: Mapped[bytes]  # under the sealing key: number or mail address
    template: Mapped[str]
    parameters: Mapped[Json]
    link_id: Mapped[Ref | None] = mapped_column(ForeignKey("consumer_link.id"))
    code_id: Mapped[Ref | None] = mapped_column(ForeignKey("phone_code.id"))
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    state: Mapped[MessageState] = mapped_column(default=MessageState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    gateway_id: Mapped[str | None]
    problem: Mapped[str | None]

    link: Mapped[ConsumerLink | None] = relationship(lazy="raise_on_sql")
    code: Mapped[PhoneCode | None] = relationship(lazy="raise_on_sql")
