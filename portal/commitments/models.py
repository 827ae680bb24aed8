"""Promises: who makes them, their versions, and what each version says."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.commitments.rules import (
    BasisKind,
    DeliveryStart,
    Freight,
    Origin,
    PickupStart,
    PromiseState,
    Way,
)
from portal.core.db import Json, Model, Ref


class Promisor(Model):
    """A shop or firm that promises; enrolled merchants have `merchant_id`, shops of imported lists need not."""

    __tablename__ = "promisor"
    __table_args__ = (
        Index("ix_promisor_authority_id", "authority_id", "id"),
        Index(
            "uq_promisor_merchant",
            "merchant_id",
            unique=True,
            postgresql_where=text("merchant_id IS NOT NULL"),
            sqlite_where=text("merchant_id IS NOT NULL"),
        ),
    )

    code: Mapped[str] = mapped_column(unique=True)  # 统一社会信用代码
    slug: Mapped[str] = mapped_column(unique=True)  # enrolment.rules.slug_of(code): /m/<slug>
    name: Mapped[str]  # 注册名称
    normalised_name: Mapped[str]
    merchant_id: Mapped[Ref | None] = mapped_column(ForeignKey("merchant.id"))
    authority_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"))  # who reviews first
    council_id: Mapped[Ref | None] = mapped_column(ForeignKey("organisation.id"), index=True)  # who reviews second
    phone: Mapped[str]  # for consumers; a shop's line, never a person's own
    association: Mapped[str | None]  # 行业协会
    created_at: Mapped[datetime]


class PromiseVersion(Model):
    """One version of a promise; the one in force on the day of purchase holds, also after change or exit."""

    __tablename__ = "promise_version"
    __table_args__ = (
        Index("uq_promise_version_number", "promisor_id", "number", unique=True),
        Index("ix_promise_version_state", "state", "next_on", "id"),  # what tick begins, ends or warns of
        Index("ix_promise_version_newest", "state", "id"),  # the authority's roll
        Index(
            "uq_promise_version_open",  # at most one version on its way
            "promisor_id",
            unique=True,
            postgresql_where=text(
                "state IN ('draft', 'submitted', 'district_passed', 'passed', 'refused', 'second_refused')"
            ),
            sqlite_where=text(
                "state IN ('draft', 'submitted', 'district_passed', 'passed', 'refused', 'second_refused')"
            ),
        ),
        Index(
            "uq_promise_version_current",
            "promisor_id",
            unique=True,
            postgresql_where=text("state = 'current'"),
            sqlite_where=text("state = 'current'"),
        ),
        CheckConstraint("days > 0", name="days_positive"),
        CheckConstraint("last_on IS NULL OR first_on <= last_on", name="span_ordered"),
        CheckConstraint("(removed_on IS NOT NULL) = (state = 'removed')", name="removed_on_iff_removed"),
    )

    reference: Mapped[str] = mapped_column(unique=True)  # 24 hexadecimal characters, for addresses
    promisor_id: Mapped[Ref] = mapped_column(ForeignKey("promisor.id"))
    number: Mapped[int]  # 1, 2, 3 …
    state: Mapped[PromiseState] = mapped_column(default=PromiseState.DRAFT)
    origin: Mapped[Origin] = mapped_column(default=Origin.MERCHANT)
    way: Mapped[Way]  # what it is mainly for; scopes say it row by row
    days: Mapped[int]  # natural days, of goods that no scope row names otherwise
    pickup_start: Mapped[PickupStart] = mapped_column(default=PickupStart.RECEIPT_DAY)
    delivery_start: Mapped[DeliveryStart] = mapped_column(default=DeliveryStart.DAY_AFTER_SIGNING)
    conditions: Mapped[str]  # 退货条件
    freight: Mapped[Freight]
    freight_note: Mapped[str]
    gifts: Mapped[str]  # 赠品
    procedure: Mapped[str]  # 退货流程
    receipt_lost: Mapped[str]  # 小票遗失时
    days_to_answer: Mapped[int]  # natural days in which a request is answered
    days_to_refund: Mapped[int]  # natural days from receiving the goods back to the refund
    any_outlet: Mapped[bool]  # 异地异店退换
    any_outlet_note: Mapped[str]
    easy_exchange: Mapped[bool]  # 无障碍退换货
    easy_exchange_note: Mapped[str]
    advances: Mapped[bool]  # 先行赔付
    advances_note: Mapped[str]
    other: Mapped[str]  # 其他承诺
    first_on: Mapped[date | None]  # first day of purchase for which it holds
    last_on: Mapped[date | None]  # last such day; open while None
    expires_on: Mapped[date | None]  # 有效止: expires behind this day unless renewed
    next_on: Mapped[date | None]  # when tick looks again: begins, warns or expires
    warned_on: Mapped[date | None]  # of the coming expiry
    since_on: Mapped[date | None]  # 连续承诺
    programme: Mapped[Json]  # the programme's rows it was passed under, as they stood
    submitted_at: Mapped[datetime | None]
    first_at: Mapped[datetime | None]  # 县级
    first_by: Mapped[str | None]
    first_person_id: Mapped[Ref | None] = mapped_column(ForeignKey("person.id"), index=True)  # never reviews second
    first_organisation_id: Mapped[Ref | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    first_opinion: Mapped[str | None]
    second_at: Mapped[datetime | None]  # 市级或协会
    second_by: Mapped[str | None]
    second_opinion: Mapped[str | None]
    published_on: Mapped[date | None]  # 公示时间
    removed_on: Mapped[date | None]  # 摘牌时间
    removal_reason: Mapped[str | None]
    ended_reason: Mapped[str | None]
    created_at: Mapped[datetime]

    promisor: Mapped[Promisor] = relationship(lazy="raise_on_sql")


class PromiseScope(Model):
    """A row of 适用商品: a class, or named goods of it, with its own days where they differ."""

    __tablename__ = "promise_scope"
    __table_args__ = (
        Index("ix_promise_scope_version_id", "version_id", "position"),
        CheckConstraint("days IS NULL OR days > 0", name="days_positive"),
    )

    version_id: Mapped[Ref] = mapped_column(ForeignKey("promise_version.id"))
    position: Mapped[int]
    way: Mapped[Way]
    category: Mapped[str]  # of portal.classification; empty: every class
    goods: Mapped[str]  # 、-separated names; empty: all of the class
    days: Mapped[int | None]  # natural days; None: the version's


class PromiseExclusion(Model):
    """A row of 不适用商品, with its legal or declared basis."""

    __tablename__ = "promise_exclusion"
    __table_args__ = (Index("ix_promise_exclusion_version_id", "version_id", "position"),)

    version_id: Mapped[Ref] = mapped_column(ForeignKey("promise_version.id"))
    position: Mapped[int]
    way: Mapped[Way]
    code: Mapped[str]  # of the programme's allowed exclusions, or "declared"
    text: Mapped[str]  # what the consumer reads
    basis_kind: Mapped[BasisKind]
    basis: Mapped[str]  # the article, or where it is declared (店堂公告、小票背面 …)
    category: Mapped[str]  # of portal.classification; empty: any
    goods: Mapped[str]  # 、-separated names it covers; empty: by its text only


class PromiseOutlet(Model):
    """Where a version holds: an outlet of the merchant, or a shop that an imported list names."""

    __tablename__ = "promise_outlet"
    __table_args__ = (Index("ix_promise_outlet_version_id", "version_id", "position"),)

    version_id: Mapped[Ref] = mapped_column(ForeignKey("promise_version.id"))
    position: Mapped[int]
    outlet_id: Mapped[Ref | None] = mapped_column(ForeignKey("outlet.id"), index=True)
    name: Mapped[str]  # 门店名称
    region: Mapped[str]  # six digits of GB/T 2260; empty where unknown
    city: Mapped[str]
    district: Mapped[str]
    address: Mapped[str]


class PromiseShop(Model):
    """An online shop in which a version holds."""

    __tablename__ = "promise_shop"
    __table_args__ = (Index("ix_promise_shop_version_id", "version_id", "position"),)

    version_id: Mapped[Ref] = mapped_column(ForeignKey("promise_version.id"))
    position: Mapped[int]
    platform: Mapped[str]
    name: Mapped[str]
    url: Mapped[str]


class Programme(Model):
    """What a promise of one way may say, from a day on: law, or a local programme that its authority edits.

    Online 7 days (消法25, 令90); offline by default 7, "local programme, not law" (decisions 28).
    """

    __tablename__ = "promise_programme"
    __table_args__ = (
        Index("ix_promise_programme_way", "way", "valid_from"),
        Index("ix_promise_programme_organisation_id", "organisation_id"),
        CheckConstraint("least_days > 0", name="least_days_positive"),
    )

    way: Mapped[Way]
    organisation_id: Mapped[Ref | None] = mapped_column(ForeignKey("organisation.id"))  # None: everywhere
    least_days: Mapped[int]  # natural days
    exclusions: Mapped[Json]  # {"free": bool, "allowed": [{"code","text","basis_kind","basis"}]}
    most_days_to_answer: Mapped[int]  # natural days to answer a request
    most_days_to_refund: Mapped[int]  # natural days to refund
    valid_months: Mapped[int | None]  # how long a passed promise is valid; None: until ended
    second_review: Mapped[bool]  # whether a second level (市级或协会) reviews
    council_id: Mapped[Ref | None] = mapped_column(ForeignKey("organisation.id"), index=True)  # 消委会; None: 市级
    article: Mapped[str]
    basis: Mapped[str]
    is_law: Mapped[bool]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
