"""Problem goods, the authority's notice to its area, and what each merchant answered."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Organisation
from portal.core.db import Model, Ref
from portal.core.privacy import DataKey
from portal.enrolment.models import Merchant
from portal.recalls.rules import Disposal, GoodsEvent, GoodsState, Source, next_state


class ProblemGoods(Model):
    """One article suspected or found to be bad. Without a merchant the authority itself found it."""

    __tablename__ = "problem_goods"
    __table_args__ = (
        Index("ix_problem_goods_merchant", "merchant_id", "id"),
        Index("ix_problem_goods_authority", "authority_id", "state", "id"),
        Index("ix_problem_goods_key_id", "key_id"),
        CheckConstraint("on_hand >= 0", name="on_hand_not_negative"),
        CheckConstraint("removed_quantity IS NULL OR removed_quantity >= 0", name="removed_not_negative"),
        CheckConstraint("(removed_on IS NULL) = (removed_quantity IS NULL)", name="removed_whole"),
        CheckConstraint("(closed_at IS NOT NULL) = (state = 'closed')", name="closed_at_iff_closed"),
    )

    reference: Mapped[str] = mapped_column(unique=True)
    authority_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"))  # who supervises the merchant, or found it
    merchant_id: Mapped[Ref | None] = mapped_column(ForeignKey("merchant.id"))
    key_id: Mapped[Ref] = mapped_column(ForeignKey("data_key.id"))  # of the test report
    source: Mapped[Source]
    state: Mapped[GoodsState]
    entry_seq: Mapped[int | None]  # the return in the merchant's ledger that raised the suspicion

    goods: Mapped[str]
    brand: Mapped[str]
    model: Mapped[str]  # 规格型号
    batch: Mapped[str]  # 批号或生产日期
    barcode: Mapped[str]
    supplier: Mapped[str]
    problem: Mapped[str]  # what is wrong with the goods; nothing about a person
    on_hand: Mapped[int]  # pieces

    laboratory: Mapped[str | None]  # who tests: 生产者、供货商 or a laboratory
    sent_on: Mapped[date | None]
    tested_on: Mapped[date | None]
    report_number: Mapped[str | None]
    finding: Mapped[str | None]  # 不合格项目, or what was found to be in order
    report_address: Mapped[str | None]  # in the file store, sealed
    report_type: Mapped[str | None]  # media type

    removed_on: Mapped[date | None]
    removed_quantity: Mapped[int | None]  # pieces
    disposal: Mapped[Disposal | None]
    reported_at: Mapped[datetime | None]  # the regulator was told
    registered_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    close_reason: Mapped[str | None]

    merchant: Mapped[Merchant | None] = relationship(lazy="raise_on_sql")
    authority: Mapped[Organisation] = relationship(lazy="raise_on_sql", foreign_keys=[authority_id])
    key: Mapped[DataKey] = relationship(lazy="raise_on_sql")

    def apply(self, event: GoodsEvent) -> None:
        """Move along the table; raises IllegalStep."""
        self.state = next_state(self.state, event)


class RecallNotice(Model):
    """What an authority told every merchant of its area about an article."""

    __tablename__ = "recall_notice"
    __table_args__ = (
        Index("ix_recall_notice_authority_id", "authority_id"),
        Index("ix_recall_notice_answer_by", "answer_by"),
        CheckConstraint("answered <= asked", name="answered_of_asked"),
    )

    goods_id: Mapped[Ref] = mapped_column(ForeignKey("problem_goods.id"), unique=True)
    authority_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"))
    text: Mapped[str]  # 要求
    answer_by: Mapped[datetime]
    issued_at: Mapped[datetime]
    issuer_name: Mapped[str]
    chased_at: Mapped[datetime | None]
    chases: Mapped[int] = mapped_column(default=0)
    asked: Mapped[int] = mapped_column(default=0)  # merchants told
    answered: Mapped[int] = mapped_column(default=0)  # of them; counted in the transaction of each answer
    pieces: Mapped[int] = mapped_column(default=0)  # taken off by all of them together

    goods: Mapped[ProblemGoods] = relationship(lazy="raise_on_sql")


class RecallAnswer(Model):
    """One merchant's duty to confirm, and its confirmation."""

    __tablename__ = "recall_answer"
    __table_args__ = (
        Index("uq_recall_answer_once", "notice_id", "merchant_id", unique=True),
        Index("ix_recall_answer_merchant", "merchant_id", "answered_at", "id"),
        CheckConstraint("(answered_at IS NULL) = (quantity IS NULL)", name="quantity_iff_answered"),
        CheckConstraint("quantity IS NULL OR quantity >= 0", name="quantity_not_negative"),
    )

    notice_id: Mapped[Ref] = mapped_column(ForeignKey("recall_notice.id"))
    merchant_id: Mapped[Ref] = mapped_column(ForeignKey("merchant.id"))
    answered_at: Mapped[datetime | None]
    author_name: Mapped[str | None]
    quantity: Mapped[int | None]  # pieces taken off; 0: not in stock
    removed_on: Mapped[date | None]
    disposal: Mapped[Disposal | None]
    remark: Mapped[str | None]

    notice: Mapped[RecallNotice] = relationship(lazy="raise_on_sql")
    merchant: Mapped[Merchant] = relationship(lazy="raise_on_sql")
