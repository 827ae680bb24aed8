"""The public list of promises: a row a shop, the spots in which it is found, and how many stand in each.

Written by `portal.commitments.listings` alone, from the current versions; whatever changes a promise knows nothing of it.
"""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from portal.commitments.rules import Freight, Way
from portal.core.db import Model, Ref


class PromiseListing(Model):
    """An outlet or an online shop in which a promise holds now; everything its card and its line of the file show."""

    __tablename__ = "promise_listing"
    __table_args__ = (
        Index("ix_promise_listing_promisor_id", "promisor_id", "id"),
        Index("ix_promise_listing_version_id", "version_id"),
        CheckConstraint("days > 0", name="days_positive"),
    )

    promisor_id: Mapped[Ref] = mapped_column(ForeignKey("promisor.id"))
    version_id: Mapped[Ref] = mapped_column(ForeignKey("promise_version.id"))
    slug: Mapped[str]  # of /m/<slug>
    code: Mapped[str]  # 统一社会信用代码
    registered: Mapped[str]  # 注册名称
    enrolled: Mapped[bool]  # 入驻企业
    shop: Mapped[str]  # 门店 or 网店名称
    platform: Mapped[str]  # of an online shop
    url: Mapped[str]
    address: Mapped[str]
    area: Mapped[str]  # a key of `rules.directory.area_of`
    city: Mapped[str]
    district: Mapped[str]
    way: Mapped[Way]
    days: Mapped[int]  # natural days, the fewest of its goods
    classes: Mapped[str]  # codes of portal.classification, separated by spaces
    goods: Mapped[str]  # 适用
    excluded: Mapped[str]  # 不适用
    freight: Mapped[Freight]
    since_on: Mapped[date | None]  # 连续承诺
    expires_on: Mapped[date | None]
    listed_on: Mapped[date]


class ListingSpot(Model):
    """One spot (an area, a class, both or neither) in which a shop is found, with the keys of its order."""

    __tablename__ = "promise_listing_spot"
    __table_args__ = (
        Index("ix_promise_listing_spot_listing_id", "listing_id"),
        Index("ix_promise_listing_spot_newest", "spot", "listing_id", "days"),
        Index("ix_promise_listing_spot_days", "spot", "days", "listing_id"),
        Index("ix_promise_listing_spot_shop", "spot", "shop", "listing_id", "days"),
    )

    listing_id: Mapped[Ref] = mapped_column(ForeignKey("promise_listing.id"))
    spot: Mapped[str]
    days: Mapped[int]
    shop: Mapped[str]


class ListingTally(Model):
    """How many shops stand in an area (empty: all), with a class (empty: all), in a band of days; kept by deltas."""

    __tablename__ = "promise_listing_tally"
    __table_args__ = (
        Index("uq_promise_listing_tally_cell", "area", "category", "band", unique=True),
        Index("ix_promise_listing_tally_category", "category", "area"),
        CheckConstraint("shops >= 0", name="shops_not_negative"),
    )

    area: Mapped[str]
    category: Mapped[str]
    band: Mapped[str]
    city: Mapped[str]
    district: Mapped[str]
    shops: Mapped[int]
