"""What officers change about how a consumer is reached."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.cases.models import Case
from portal.core.db import Model, Ref


class PhoneReason(StrEnum):
    """Why a consumer's number is changed; codes only, for free words could hold the number."""

    ASKED = "asked"  # 消费者本人要求更换
    WRONG = "wrong"  # 登记的号码有误
    OUT_OF_USE = "out_of_use"  # 原号码已停用
    MISSING = "missing"  # 登记时没有可用号码


class ChangeState(StrEnum):
    """Where a change of number stands."""

    PENDING = "pending"  # 待另一名经办人员复核
    APPLIED = "applied"
    REFUSED = "refused"


class PhoneChange(Model):
    """A consumer's number as an officer changed it, or wants to (decisions 10)."""

    __tablename__ = "phone_change"
    __table_args__ = (
        Index("ix_phone_change_case_id", "case_id", "id"),
        Index("ix_phone_change_asked_by", "asked_by"),
        Index("ix_phone_change_decided_by", "decided_by"),
        Index(
            "uq_phone_change_pending",
            "case_id",
            unique=True,
            postgresql_where=text("state = 'pending'"),
            sqlite_where=text("state = 'pending'"),
        ),
        CheckConstraint("(state = 'pending') = (decided_at IS NULL)", name="decided_at_iff_decided"),
        CheckConstraint(
            "NOT (needs_second AND state = 'applied') OR decided_by <> asked_by", name="nobody_confirms_himself"
        ),
    )

    case_id: Mapped[Ref] = mapped_column(ForeignKey("dispute_case.id"))
    state: Mapped[ChangeState]
    needs_second: Mapped[bool]  # an offer was open when it was asked
    reason: Mapped[PhoneReason]
    new_sealed: Mapped[bytes]
    new_mask: Mapped[str]
    old_sealed: Mapped[bytes | None]  # the verified number that is told; set when the change is applied
    asked_by: Mapped[Ref] = mapped_column(ForeignKey("person.id"))
    asked_by_name: Mapped[str]
    asked_at: Mapped[datetime]
    decided_by: Mapped[Ref | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]

    case: Mapped[Case] = relationship(lazy="raise_on_sql")
