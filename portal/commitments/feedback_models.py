"""What consumers tell about a promise: sealed, for the promise's authority; no complaint."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.commitments.models import Promisor
from portal.core.db import Model, Ref
from portal.core.privacy import DataKey


class FeedbackState(StrEnum):
    """Where it stands (domain 3.3: 0 待处理, 1 已处理)."""

    WAITING = "waiting"
    HANDLED = "handled"


class FeedbackReason(StrEnum):
    """What it is about; ours."""

    REFUSED = "refused"
    SLOW = "slow"
    NOT_SHOWN = "not_shown"
    EXTRA = "extra"
    NOT_THERE = "not_there"
    PRAISE = "praise"
    OTHER = "other"


STATE_NAMES = {FeedbackState.WAITING: ("待处理", "ours"), FeedbackState.HANDLED: ("已处理", "good")}
REASON_NAMES = {
    FeedbackReason.REFUSED: "没有照承诺退货",
    FeedbackReason.SLOW: "拖延办理或退款",
    FeedbackReason.NOT_SHOWN: "店里没有公示承诺",
    FeedbackReason.EXTRA: "另加条件或收费",
    FeedbackReason.NOT_THERE: "门店已关闭或信息不对",
    FeedbackReason.PRAISE: "照承诺办了，值得表扬",
    FeedbackReason.OTHER: "其他",
}


class PromiseFeedback(Model):
    """One consumer's word on a promise. Text, phone and result are sealed under a key of its own."""

    __tablename__ = "promise_feedback"
    __table_args__ = (
        Index("ix_promise_feedback_authority_id", "authority_id", "state", "id"),
        Index("ix_promise_feedback_promisor_id", "promisor_id", "id"),
        Index("ix_promise_feedback_key_id", "key_id"),
        CheckConstraint("(state = 'handled') = (handled_at IS NOT NULL)", name="handled_at_iff_handled"),
        CheckConstraint("passed_at IS NULL OR handled_at IS NOT NULL", name="passed_on_when_handled"),
    )

    reference: Mapped[str] = mapped_column(unique=True)
    promisor_id: Mapped[Ref] = mapped_column(ForeignKey("promisor.id"))
    authority_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"))  # the promisor's when it was given
    state: Mapped[FeedbackState] = mapped_column(default=FeedbackState.WAITING)
    reason: Mapped[FeedbackReason]
    place: Mapped[str]  # the outlet or online shop by name; empty: not said
    happened_on: Mapped[date | None]
    key_id: Mapped[Ref] = mapped_column(ForeignKey("data_key.id"))
    text_sealed: Mapped[bytes]
    phone_sealed: Mapped[bytes | None]
    result_sealed: Mapped[bytes | None]
    given_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
    handled_by: Mapped[str | None]
    passed_at: Mapped[datetime | None]  # when the officer let the merchant see it

    promisor: Mapped[Promisor] = relationship(lazy="raise_on_sql")
    key: Mapped[DataKey] = relationship(lazy="raise_on_sql")
