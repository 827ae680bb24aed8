"""The lines that promises in force would have in the public list, read from their versions in six statements."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from portal.accounts.models import Organisation, OrganisationKind
from portal.classification.rules import CLASS_NAMES, GoodsClass
from portal.commitments.models import (
    PromiseExclusion,
    PromiseOutlet,
    PromiseScope,
    PromiseShop,
    PromiseVersion,
    Promisor,
)
from portal.commitments.rules import Freight, PromiseState, Way
from portal.commitments.rules.directory import ONLINE_AREA, Area, area_of, cut, seat_of, shop_title
from portal.core.db import Model, among
from portal.enrolment.models import Merchant, MerchantState, Outlet

EVERYTHING = "全部商品"
ONLINE = Area(ONLINE_AREA, "", "网上店铺")

T = TypeVar("T", bound=Model)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the list, but for its key and day; the fields are named as the columns of PromiseListing."""

    promisor_id: int
    version_id: int
    slug: str
    code: str
    registered: str
    enrolled: bool
    shop: str
    platform: str
    url: str
    address: str
    area: str
    city: str
    district: str
    way: Way
    days: int
    classes: str
    goods: str
    excluded: str
    freight: Freight
    since_on: date | None
    expires_on: date | None


@dataclass(frozen=True, slots=True)
class Said:
    """What a version says for one way of buying."""

    days: int
    classes: str
    goods: str
    excluded: str


@dataclass(frozen=True, slots=True)
class Promise:
    """A current version with all that its lines need."""

    version: PromiseVersion
    promisor: Promisor
    registered: str
    enrolled: bool
    seat: Area | None
    scopes: Sequence[PromiseScope]
    exclusions: Sequence[PromiseExclusion]
    outlets: Sequence[PromiseOutlet]  # those that are open
    shops: Sequence[PromiseShop]
    names_places: bool


def entries_of(session: Session, promisor_ids: Sequence[int]) -> list[Entry]:
    """Every line that these promisors should have now; none where nothing is in force."""
    rows = session.execute(
        select(PromiseVersion, Promisor, Merchant.state, Organisation.name)
        .join(PromiseVersion.promisor)
        .outerjoin(Merchant, Merchant.id == Promisor.merchant_id)
        .outerjoin(Organisation, Organisation.id == Merchant.id)
        .where(
            among(Promisor.id, list(promisor_ids)),
            PromiseVersion.state == PromiseState.CURRENT,
            Merchant.practice_of_id.is_(None),  # those that only practise promise nobody anything
        )
        .order_by(Promisor.id)
        .execution_options(populate_existing=True)
    ).all()
    if not rows:
        return []
    versions = [row[0].id for row in rows]
    scopes = _by_version(session, PromiseScope, PromiseScope.version_id, versions)
    exclusions = _by_version(session, PromiseExclusion, PromiseExclusion.version_id, versions)
    outlets, placed = _open_outlets(session, versions)
    shops = _by_version(session, PromiseShop, PromiseShop.version_id, versions)
    seats = _seats(session)
    found: list[Entry] = []
    for version, promisor, state, name in rows:
        parts = (scopes[version.id], exclusions[version.id], outlets[version.id], shops[version.id])
        placing = version.id in placed or bool(shops[version.id])
        enrolled = state is not None and state is not MerchantState.EXITED
        seat = seats.get(promisor.authority_id)
        found += _lines(Promise(version, promisor, name or promisor.name, enrolled, seat, *parts, placing))
    return found


def _lines(promise: Promise) -> Iterator[Entry]:
    offline, online = _said(promise, Way.OFFLINE), _said(promise, Way.ONLINE)
    for outlet in promise.outlets:
        area = area_of(outlet.region, outlet.city, outlet.district, promise.seat)
        name = shop_title(outlet.name, promise.registered, area.city)
        yield _entry(promise, Way.OFFLINE, offline, area, name, address=outlet.address)
    for shop in promise.shops:
        yield _entry(promise, Way.ONLINE, online, ONLINE, shop.name, platform=shop.platform, url=shop.url)
    if not promise.names_places:
        way = promise.version.way
        area = ONLINE if way is Way.ONLINE else area_of("", "", "", promise.seat)
        yield _entry(promise, way, online if way is Way.ONLINE else offline, area, promise.registered)


def _entry(
    promise: Promise,
    way: Way,
    said: Said,
    area: Area,
    shop: str,
    *,
    address: str = "",
    platform: str = "",
    url: str = "",
) -> Entry:
    version, promisor = promise.version, promise.promisor
    return Entry(
        promisor_id=promisor.id,
        version_id=version.id,
        slug=promisor.slug,
        code=promisor.code,
        registered=promise.registered,
        enrolled=promise.enrolled,
        shop=shop,
        platform=platform,
        url=url,
        address=address,
        area=area.key,
        city=area.city,
        district=area.district,
        way=way,
        days=said.days,
        classes=said.classes,
        goods=said.goods,
        excluded=said.excluded,
        freight=version.freight,
        since_on=version.since_on or version.first_on,
        expires_on=version.expires_on,
    )


def _said(promise: Promise, way: Way) -> Said:
    version = promise.version
    scopes = [one for one in promise.scopes if one.way is way]
    classes = dict.fromkeys(one.category for one in scopes)
    if "" in classes:  # all goods: found under each class of goods, none of services
        classes = dict.fromkeys(GoodsClass)
    return Said(
        days=min((one.days or version.days for one in scopes), default=version.days),
        classes=" ".join(classes),
        goods=cut("、".join(dict.fromkeys(_goods(one) for one in scopes)) or EVERYTHING),
        excluded=cut("、".join(one.text for one in promise.exclusions if one.way is way)),
    )


def _goods(scope: PromiseScope) -> str:
    if scope.goods:
        return scope.goods
    return f"全部{CLASS_NAMES.get(scope.category, scope.category)}" if scope.category else EVERYTHING


def _open_outlets(
    session: Session, versions: Sequence[int]
) -> tuple[Mapping[int, list[PromiseOutlet]], frozenset[int]]:
    """The open outlets of each version, and the versions that name any, open or closed."""
    found: dict[int, list[PromiseOutlet]] = defaultdict(list)
    rows = session.execute(
        select(PromiseOutlet, Outlet.closed_at)
        .outerjoin(Outlet, Outlet.id == PromiseOutlet.outlet_id)
        .where(among(PromiseOutlet.version_id, versions))
        .order_by(PromiseOutlet.version_id, PromiseOutlet.position, PromiseOutlet.id)
    ).all()
    for outlet, closed_at in rows:
        if closed_at is None:
            found[outlet.version_id].append(outlet)
    return found, frozenset(outlet.version_id for outlet, _closed_at in rows)


def _by_version(
    session: Session, model: type[T], column: InstrumentedAttribute[int], versions: Sequence[int]
) -> Mapping[int, list[T]]:
    found: dict[int, list[T]] = defaultdict(list)
    rows: Any = model
    for row in session.scalars(select(model).where(among(column, versions)).order_by(column, rows.position, model.id)):
        found[rows_version(row)].append(row)
    return found


def rows_version(row: Any) -> int:
    """The version that a row of scopes, exclusions or shops belongs to."""
    version: int = row.version_id
    return version


def _seats(session: Session) -> dict[int, Area]:
    """The district in which each authority sits: its own name's, else that of the nearest one above it."""
    rows = session.execute(
        select(Organisation.id, Organisation.code, Organisation.name, Organisation.path).where(
            Organisation.kind == OrganisationKind.AUTHORITY
        )
    ).all()
    named = {row.id: seat for row in rows if (seat := seat_of(row.code, row.name)) is not None}
    found: dict[int, Area] = {}
    for row in rows:
        upwards = [int(part) for part in reversed(row.path.split("/")) if part]
        if (nearest := next((named[key] for key in upwards if key in named), None)) is not None:
            found[row.id] = nearest
    return found
