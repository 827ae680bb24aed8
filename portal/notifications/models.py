"""Messages to consumers and staff, and how each attempt went."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import ConsumerLink, PhoneCode
from portal.core.db import Json, Model, Ref


class MessageChannel(StrEnum):
    """The ways out."""

    SMS = "sms"
    MAIL = "mail"
    DESK = "desk"  # 站内: on the desk of an organisation, nothing leaves the house


class MessageState(StrEnum):
    """Where a message stands."""

    WAITING = "waiting"  # to be sent at next_at
    SENDING = "sending"  # handed to the gateway until next_at; a crash here leaves it so
    SENT = "sent"
    DELIVERED = "delivered"
    KEPT = "kept"  # no gateway: only the operator reads it
    FAILED = "failed"
    UNCERTAIN = "uncertain"  # 可能已发送: a person decides
    CANCELLED = "cancelled"


class RecipientKind(StrEnum):
    """Whom a message is for."""

    CONSUMER = "consumer"
    MERCHANT = "merchant"
    OFFICER = "officer"


class Message(Model):
    """One message. Its row holds template and parameters, never the link and never personal text."""

    __tablename__ = "message"
    __table_args__ = (
        Index("uq_message_once", "fact_id", "template", "recipient_kind", "recipient", unique=True),
        Index("ix_message_state_next", "state", "next_at", "id"),
        Index("ix_message_case_id", "case_id", "id"),
        Index("ix_message_organisation_id", "organisation_id", "id"),
        Index("ix_message_link_id", "link_id"),
        Index("ix_message_code_id", "code_id"),
        CheckConstraint(
            "to_sealed IS NOT NULL OR state IN ('sent', 'failed', 'cancelled')", name="sent_only_to_an_address"
        ),
    )

    reference: Mapped[str] = mapped_column(unique=True)  # random, for URLs
    fact_id: Mapped[Ref] = mapped_column(ForeignKey("fact.id"))
    case_id: Mapped[Ref | None]
    channel: Mapped[MessageChannel]
    recipient_kind: Mapped[RecipientKind]
    recipient: Mapped[bytes] = mapped_column(LargeBinary(16))  # blind index of the address; empty where none is known
    organisation_id: Mapped[Ref | None] = mapped_column(
        ForeignKey("organisation.id")
    )  # whose desk or mail; about no case: who sees to it
    to_mask: Mapped[str]
    to_sealed: Mapped[bytes | None]  # under the sealing key: number or mail address; None on a desk
    template: Mapped[str]
    parameters: Mapped[Json]
    link_id: Mapped[Ref | None] = mapped_column(ForeignKey("consumer_link.id"))
    code_id: Mapped[Ref | None] = mapped_column(ForeignKey("phone_code.id"))
    path_sealed: Mapped[bytes | None]  # about no case: the page and its token, under the sealing key
    idempotency_key: Mapped[str] = mapped_column(unique=True)  # renewed only when a person repeats the message
    state: Mapped[MessageState] = mapped_column(default=MessageState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    gateway_id: Mapped[str | None]
    problem: Mapped[str | None]  # a sentence for an officer, without personal data

    link: Mapped[ConsumerLink | None] = relationship(lazy="raise_on_sql")
    code: Mapped[PhoneCode | None] = relationship(lazy="raise_on_sql")
