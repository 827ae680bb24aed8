"""Merchants and what they are known by."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Organisation
from portal.core.db import Model, Ref


class MerchantState(StrEnum):
    """Where a merchant stands."""

    ADMITTED = "admitted"  # 已入驻
    SUSPENDED = "suspended"  # 暂停分流
    EXITED = "exited"  # 已退出


class Merchant(Model):
    """An ODR enterprise; its key is its organisation's."""

    __tablename__ = "merchant"
    __table_args__ = (
        Index("ix_merchant_authority_id", "authority_id", "id"),
        CheckConstraint("(state = 'suspended') = (suspended_at IS NOT NULL)", name="suspended_at_iff_suspended"),
    )

    id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"), primary_key=True, autoincrement=False)
    authority_id: Mapped[Ref] = mapped_column(
        ForeignKey("organisation.id")
    )  # who supervises it: the 所 or the district
    slug: Mapped[str] = mapped_column(unique=True)  # of its public page
    state: Mapped[MerchantState] = mapped_column(default=MerchantState.ADMITTED)
    tier: Mapped[str | None]  # 重点企业 重点行业 维权网点 服务站
    address: Mapped[str]
    phone: Mapped[str]  # the merchant's own public line
    normalised_name: Mapped[str] = mapped_column(index=True)
    admitted_at: Mapped[datetime]
    suspended_at: Mapped[datetime | None]
    suspension_reason: Mapped[str | None]
    exited_on: Mapped[date | None]
    exit_reason: Mapped[str | None]
    readmit_on: Mapped[date | None]  # the earliest day on which it may come back
    licence_until_on: Mapped[date | None]  # last day of the business licence; None: open-ended or not known
    licence_warned_on: Mapped[date | None]  # the last day for which the warning was given
    data_confirmed_at: Mapped[datetime | None]  # of the yearly confirmation; None: not since admission
    data_warned_at: Mapped[datetime | None]
    practice_of_id: Mapped[Ref | None] = mapped_column(
        ForeignKey("merchant.id"), unique=True
    )  # it is only for learning

    organisation: Mapped[Organisation] = relationship(lazy="raise_on_sql", foreign_keys="Merchant.id")

    @property
    def merchant_id(self) -> int:
        """Its own id, as the access table asks for it."""
        return self.id


class MerchantAlias(Model):
    """Another name by which complaints call the merchant."""

    __tablename__ = "merchant_alias"
    __table_args__ = (Index("uq_merchant_alias_name", "merchant_id", "normalised", unique=True),)

    merchant_id: Mapped[Ref] = mapped_column(ForeignKey("merchant.id"))
    name: Mapped[str]
    normalised: Mapped[str] = mapped_column(index=True)


class Outlet(Model):
    """A shop of the merchant."""

    __tablename__ = "outlet"
    __table_args__ = (Index("uq_outlet_name", "merchant_id", "normalised", unique=True),)

    merchant_id: Mapped[Ref] = mapped_column(ForeignKey("merchant.id"))
    name: Mapped[str]
    normalised: Mapped[str] = mapped_column(index=True)
    address: Mapped[str]
    closed_at: Mapped[datetime | None]
