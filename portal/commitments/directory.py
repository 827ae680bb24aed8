"""The public list as people search it: one page of shops, what each narrowing would leave, near names.

Without words the list is read by its spot and counted from the tallies, so that its cost knows no number of shops.
With words at most the newest `MATCH_CAP` matches are looked at (ADR 0009), and counts stop there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from portal.classification.rules import CLASS_NAMES
from portal.commitments.listing_models import ListingSpot, ListingTally, PromiseListing
from portal.commitments.listings import DIRECTORY_SEARCH
from portal.commitments.rules.directory import BAND_DAYS, Band, band_of, plain_area, spot_of
from portal.core.db import among, is_postgresql
from portal.core.paging import Listing, Page, SortKey
from portal.core.search import MATCH_CAP, matching_ids, phrases

PAGE_SIZE = 18  # cards: rows of one, two or three; below 35 KB
FEW = 3  # below it near names are offered
MAX_WORDS = 60  # characters of a query


@dataclass(frozen=True, slots=True)
class DirectoryFilter:
    """What the list is narrowed to; empty values narrow nothing."""

    q: str = ""
    area: str = ""
    category: str = ""
    band: Band | None = None
    sort: str = "days"

    @property
    def narrows(self) -> bool:
        """Whether any condition holds."""
        return bool(self.q or self.area or self.category or self.band)

    @property
    def too_short(self) -> bool:
        """Whether there are words, but none of two characters."""
        return bool(self.q) and not phrases(self.q)


@dataclass(frozen=True, slots=True)
class AreaCount:
    """A district with the number of its shops."""

    key: str
    city: str
    district: str
    shops: int


@dataclass(frozen=True, slots=True)
class Facets:
    """What each narrowing would leave; under a search only among the matches that were looked at."""

    total: int
    classes: Mapping[str, int]  # by code, the most first
    every_class: int
    bands: Mapping[Band, int]
    every_band: int
    areas: Sequence[AreaCount]  # by city and name
    every_area: int
    capped: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A page of the list with its facets."""

    page: Page[PromiseListing]
    facets: Facets


SORTS = ("days", "name", "newest")


def filter_of(asked: Mapping[str, str]) -> DirectoryFilter:
    """Read the filter from a request's arguments; what is unknown narrows nothing."""
    category, band, sort = asked.get("class", ""), asked.get("days", ""), asked.get("sort", "")
    return DirectoryFilter(
        q=" ".join(asked.get("q", "").split())[:MAX_WORDS],
        area=plain_area(asked.get("region", "")),
        category=category if category in CLASS_NAMES else "",
        band=Band(band) if band in set(Band) else None,
        sort=sort if sort in SORTS else "days",
    )


def directory(session: Session, wanted: DirectoryFilter, cursor: str | None) -> Found:
    """One page of the list and its facets: two statements, with words three."""
    if not wanted.q or wanted.too_short:
        wanted = replace(wanted, q="")
        spot = spot_of(wanted.area, wanted.category)
        page = _by_spot(wanted.sort, wanted.band, knows_spans=is_postgresql(session)).page(
            session, cursor, {"spot": spot}
        )
        return Found(page, facets(session, wanted))
    ids = matching_ids(session, DIRECTORY_SEARCH, wanted.q, spot_of(wanted.area, wanted.category)) or []
    page = _by_ids(wanted.sort, wanted.band).page(session, cursor, {"ids": ids})
    return Found(page, _facets_of(session, wanted, ids))


def facets(session: Session, wanted: DirectoryFilter) -> Facets:
    """Read the facets from the tallies: a few hundred rows at any size of the list."""
    rows = session.execute(
        select(
            ListingTally.area,
            ListingTally.category,
            ListingTally.band,
            ListingTally.city,
            ListingTally.district,
            ListingTally.shops,
        ).where(or_(ListingTally.area == wanted.area, ListingTally.category == wanted.category))
    ).all()
    classes: dict[str, int] = {}
    bands: dict[Band, int] = {}
    areas: dict[str, AreaCount] = {}
    every_area = 0
    for row in rows:
        inside = wanted.band is None or row.band == wanted.band
        if row.area == wanted.area and inside:
            classes[row.category] = classes.get(row.category, 0) + row.shops
        if row.area == wanted.area and row.category == wanted.category:
            bands[Band(row.band)] = row.shops
        if row.category == wanted.category and inside:
            if row.area:
                before = areas.get(row.area)
                shops = row.shops + (before.shops if before else 0)
                areas[row.area] = AreaCount(row.area, row.city, row.district, shops)
            else:
                every_area += row.shops
    return Facets(
        total=classes.get(wanted.category, 0),
        classes=_by_number({code: shops for code, shops in classes.items() if code}),
        every_class=classes.get("", 0),
        bands=bands,
        every_band=sum(bands.values()),
        areas=sorted(areas.values(), key=lambda one: (one.city, one.key)),
        every_area=every_area,
    )


def _facets_of(session: Session, wanted: DirectoryFilter, ids: Sequence[int]) -> Facets:
    """Count the matches by area, classes and days in one look at them."""
    bands: dict[Band, int] = {}
    classes: dict[str, int] = {}
    areas: dict[str, AreaCount] = {}
    for area, city, district, codes, days, shops in session.execute(_matched(), {"ids": list(ids)}):
        band = band_of(days)
        bands[band] = bands.get(band, 0) + shops
        if wanted.band not in (None, band):
            continue
        before = areas.get(area)
        areas[area] = AreaCount(area, city, district, shops + (before.shops if before else 0))
        for code in codes.split():
            classes[code] = classes.get(code, 0) + shops
    total = sum(one.shops for one in areas.values())
    return Facets(
        total=total,
        classes=_by_number(classes),
        every_class=total,
        bands=bands,
        every_band=sum(bands.values()),
        areas=sorted(areas.values(), key=lambda one: (one.city, one.key)),
        every_area=total,
        capped=len(ids) >= MATCH_CAP,
    )


@cache
def _matched() -> Any:
    row = PromiseListing
    named = (func.min(row.city), func.min(row.district))
    return (
        select(row.area, *named, row.classes, row.days, func.count())
        .where(among(row.id, bindparam("ids")))
        .group_by(row.area, row.classes, row.days)
    )


def _by_number(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


@cache
def _by_spot(sort: str, band: Band | None, *, knows_spans: bool) -> Listing:
    """The list of a spot, in an order that one of its indexes has."""
    query = (
        select(PromiseListing)
        .join(ListingSpot, ListingSpot.listing_id == PromiseListing.id)
        .where(ListingSpot.spot == bindparam("spot"))
    )
    if band is not None:  # SQLite takes any span for a narrow one and would sort what it finds: + 0 hides it
        days = ListingSpot.days if sort == "days" or knows_spans else ListingSpot.days + 0
        query = query.where(days.between(*BAND_DAYS[band]))
    newest = SortKey(ListingSpot.listing_id.expression, lambda row: row.id, descending=True)
    keys = {
        "days": [SortKey(ListingSpot.days.expression, lambda row: row.days, descending=True), newest],
        "name": [
            SortKey(ListingSpot.shop.expression, lambda row: row.shop),
            _oldest(ListingSpot.listing_id.expression),
        ],
        "newest": [newest],
    }
    return Listing(query, keys[sort], size=PAGE_SIZE)


@cache
def _by_ids(sort: str, band: Band | None) -> Listing:
    """The list of what a search found: at most `MATCH_CAP` rows, sorted as they are."""
    query: Select[PromiseListing] = select(PromiseListing).where(among(PromiseListing.id, bindparam("ids")))
    if band is not None:
        query = query.where(and_(PromiseListing.days.between(*BAND_DAYS[band])))
    newest = SortKey(PromiseListing.id.expression, lambda row: row.id, descending=True)
    keys: dict[str, list[SortKey]] = {
        "days": [SortKey(PromiseListing.days.expression, lambda row: row.days, descending=True), newest],
        "name": [SortKey(PromiseListing.shop.expression, lambda row: row.shop), _oldest(PromiseListing.id.expression)],
        "newest": [newest],
    }
    return Listing(query, keys[sort], size=PAGE_SIZE)


def _oldest(column: Any) -> SortKey:
    return SortKey(column, lambda row: row.id)
