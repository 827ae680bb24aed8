"""Return requests, their proofs, and forms that were begun and not sent."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.commitments.models import PromiseExclusion, PromiseVersion
from portal.commitments.rules import Way
from portal.core.db import Fen, Json, Model, Ref
from portal.core.privacy import DataKey
from portal.enrolment.models import Merchant, Outlet
from portal.returns.rules import Breach, Finding, Ground, ReturnEvent, ReturnState, next_state


class ReturnDraft(Model):
    """A form that was begun: what was typed, sealed, and the files that arrived; the browser's session knows its token."""

    __tablename__ = "return_draft"
    __table_args__ = (
        Index("ix_return_draft_merchant_id", "merchant_id"),
        Index("ix_return_draft_key_id", "key_id"),
        Index("ix_return_draft_kept_at", "kept_at", "id"),
    )

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    merchant_id: Mapped[Ref] = mapped_column(ForeignKey("merchant.id"))
    key_id: Mapped[Ref] = mapped_column(ForeignKey("data_key.id"))  # becomes the request's
    typed_sealed: Mapped[bytes | None]
    kept_at: Mapped[datetime]

    key: Mapped[DataKey] = relationship(lazy="raise_on_sql")


class ReturnRequest(Model):
    """What a consumer asks of a merchant under its promise; name, phone and words are sealed."""

    __tablename__ = "return_request"
    __table_args__ = (
        Index("ix_return_request_merchant_id", "merchant_id", "state", "id"),
        Index("ix_return_request_authority_id", "authority_id", "breach", "id"),
        Index("ix_return_request_next_at", "next_at", "id"),
        Index("ix_return_request_asked_at", "authority_id", "asked_at"),
        Index("ix_return_request_closed_at", "closed_at", "id"),
        Index("ix_return_request_phone_index", "merchant_id", "phone_index"),
        Index("ix_return_request_version_id", "version_id"),
        Index("ix_return_request_exclusion_id", "exclusion_id"),
        Index("ix_return_request_outlet_id", "outlet_id"),
        Index("ix_return_request_key_id", "key_id"),
        CheckConstraint("price > 0", name="price_positive"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("(breach IS NULL) = (breach_at IS NULL)", name="breach_at_iff_breach"),
        CheckConstraint("(finding IS NULL) = (found_at IS NULL)", name="found_at_iff_finding"),
        CheckConstraint("state != 'refunded' OR refund IS NOT NULL", name="refunded_says_how_much"),
        CheckConstraint("state != 'refused' OR ground IS NOT NULL", name="refused_says_why"),
    )

    reference: Mapped[str] = mapped_column(unique=True)
    merchant_id: Mapped[Ref] = mapped_column(ForeignKey("merchant.id"))
    authority_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"))  # who supervises the merchant
    version_id: Mapped[Ref | None] = mapped_column(ForeignKey("promise_version.id"))  # of the day of purchase
    key_id: Mapped[Ref] = mapped_column(ForeignKey("data_key.id"))
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    token_sealed: Mapped[bytes | None]  # under the sealing key, so that a message can be composed
    state: Mapped[ReturnState] = mapped_column(default=ReturnState.ASKED)

    way: Mapped[Way]
    purchased_on: Mapped[date]
    received_on: Mapped[date | None]
    outlet_id: Mapped[Ref | None] = mapped_column(ForeignKey("outlet.id"))
    category: Mapped[str]  # of portal.classification
    goods: Mapped[str]  # numbers in it masked
    price: Mapped[Fen]  # of one piece
    quantity: Mapped[int]
    name_mask: Mapped[str]
    phone_mask: Mapped[str]
    name_sealed: Mapped[bytes | None]
    phone_sealed: Mapped[bytes | None]
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    reason_sealed: Mapped[bytes | None]

    verdict: Mapped[str]  # of coverage at the moment of sending; anything but "covered" is a wish
    sentences: Mapped[Json]  # why, as the consumer read it
    last_on: Mapped[date | None]  # last day to ask
    asked_at: Mapped[datetime]
    answer_by: Mapped[datetime | None]  # None for a wish: nobody promised an answer
    answered_at: Mapped[datetime | None]
    answer_name: Mapped[str | None]  # who answered
    answer_sealed: Mapped[bytes | None]  # how to send the goods back, or the words of a refusal
    agreed_refund: Mapped[Fen | None]
    ground: Mapped[Ground | None]
    exclusion_id: Mapped[Ref | None] = mapped_column(ForeignKey("promise_exclusion.id"))
    goods_back_at: Mapped[datetime | None]
    condition: Mapped[str | None]  # of the ledger's words
    pay_by: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]  # refunded or exchanged
    refund: Mapped[Fen | None]
    entry_seq: Mapped[int | None]  # of the merchant's return ledger
    confirmed_at: Mapped[datetime | None]  # 消费者确认收到
    denied_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    lapses_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]  # when tick looks again
    warned_at: Mapped[datetime | None]  # of the state's due moment

    breach: Mapped[Breach | None]
    breach_at: Mapped[datetime | None]
    finding: Mapped[Finding | None]
    found_at: Mapped[datetime | None]
    found_name: Mapped[str | None]
    found_words: Mapped[str | None]
    erased_at: Mapped[datetime | None]

    key: Mapped[DataKey] = relationship(lazy="raise_on_sql")
    merchant: Mapped[Merchant] = relationship(lazy="raise_on_sql")
    outlet: Mapped[Outlet | None] = relationship(lazy="raise_on_sql")
    version: Mapped[PromiseVersion | None] = relationship(lazy="raise_on_sql")
    exclusion: Mapped[PromiseExclusion | None] = relationship(lazy="raise_on_sql")

    def apply(self, event: ReturnEvent) -> None:
        """Move along the table; raises IllegalStep."""
        self.state = next_state(self.state, event)

    @property
    def is_wish(self) -> bool:
        """Whether no promise covers it: the merchant is free to refuse."""
        return self.verdict != "covered"

    @property
    def due_at(self) -> datetime | None:
        """The promised moment that runs now; None where none does."""
        return {ReturnState.ASKED: self.answer_by, ReturnState.RECEIVED: self.pay_by}.get(self.state)


class ReturnFile(Model):
    """A proof, of a request or still of a form that was begun."""

    __tablename__ = "return_file"
    __table_args__ = (
        Index("ix_return_file_request_id", "request_id", "id"),
        Index("ix_return_file_draft_id", "draft_id", "id"),
        CheckConstraint("(request_id IS NULL) != (draft_id IS NULL)", name="of_one"),
    )

    reference: Mapped[str] = mapped_column(unique=True)
    request_id: Mapped[Ref | None] = mapped_column(ForeignKey("return_request.id"))
    draft_id: Mapped[Ref | None] = mapped_column(ForeignKey("return_draft.id"))
    media_type: Mapped[str]
    size: Mapped[int]  # bytes
    digest: Mapped[str]  # SHA-256 of the file as it came
    name_sealed: Mapped[bytes]
    original: Mapped[str]  # addresses in the file store, sealed under the request's key
    shown: Mapped[str | None]  # a clean copy of a picture
    thumbnail: Mapped[str | None]
    at: Mapped[datetime]
