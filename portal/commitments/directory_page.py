"""What the page of the public list shows, put into words and addresses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from portal.classification.rules import CLASS_NAMES
from portal.commitments import directory as lists
from portal.commitments.directory import FEW, DirectoryFilter, Facets
from portal.commitments.listing_models import PromiseListing
from portal.commitments.near_names import NearName, near_names
from portal.commitments.rules import FREIGHT_NAMES, Way
from portal.commitments.rules.directory import BAND_NAMES, names_its_firm

PATH = "/commitments"
KEPT = ("q", "region", "class", "days", "sort", "show")
SHOWN_TEXT = 40  # characters of a card's line
MOST_AREAS = 200  # options of one box; the file has all of them
MOST_PLACE = 10_000_000  # of the first card on a page: an address may say anything


@dataclass(frozen=True, slots=True)
class Card:
    """A shop as its card shows it."""

    shop: str
    registered: str  # empty where the shop's name says it
    href: str
    days: int
    address: str
    goods: str
    excluded: str
    freight: str
    since: str  # 2024-03, empty where it is not known
    enrolled: bool


def directory_page(session: Session, asked: Mapping[str, str], today: date) -> dict[str, Any]:
    """Everything the template needs; with words four or five statements, else two."""
    wanted = lists.filter_of(asked)
    kept = {name: asked[name] for name in KEPT if asked.get(name)}
    found = lists.directory(session, wanted, asked.get("cursor"))
    few = bool(wanted.q) and not wanted.too_short and found.facets.total < FEW and not asked.get("cursor")
    first = _first(asked)
    return {
        "wanted": wanted,
        "facets": found.facets,
        "heading": heading(wanted, found.facets),
        "cards": [card(row) for row in found.page.rows],
        "as_list": asked.get("show") == "list",
        "near": _near(session, wanted, found.page.rows) if few else [],
        "classes": _classes(wanted, found.facets, kept),
        "bands": _bands(wanted, found.facets, kept),
        "areas": area_options(found.facets, wanted),
        "chips": _chips(wanted, found.facets, kept),
        "sorts": _sorts(wanted, kept),
        "shapes": _shapes(kept),
        "kept": kept,
        "path": PATH,
        "today": today,
        "place": _place(found.facets, first, len(found.page.rows)),
        "next": _turn(kept, found.page.next_cursor, first + len(found.page.rows)),
        "previous": _turn(kept, found.page.previous_cursor, max(first - lists.PAGE_SIZE, 1)),
    }


def _near(session: Session, wanted: DirectoryFilter, rows: Sequence[PromiseListing]) -> list[NearName]:
    """Near names beside those that are on the page already."""
    shown = {name for row in rows for name in (row.shop, row.registered)}
    return [one for one in near_names(session, wanted.q) if one.name not in shown]


def card(row: PromiseListing) -> Card:
    """A line of the list for its card."""
    place = f"{row.platform} · 网上店铺" if row.way is Way.ONLINE else row.address
    return Card(
        shop=row.shop,
        registered="" if names_its_firm(row.shop, row.registered) else row.registered,
        href=f"/m/{row.slug}",
        days=row.days,
        address=place or f"{row.city}{row.district}",
        goods=shortened(row.goods),
        excluded=shortened(row.excluded) or "没有列出",
        freight=FREIGHT_NAMES[row.freight],
        since=f"{row.since_on:%Y-%m}" if row.since_on else "",
        enrolled=row.enrolled,
    )


def shortened(text: str) -> str:
    """A text for one line of a card; the merchant's page has the whole."""
    return text if len(text) <= SHOWN_TEXT else f"{text[: SHOWN_TEXT - 1]}…"


def number(count: int, *, capped: bool = False) -> str:
    """A count as people read it; + where more were not looked at."""
    return f"{count:,}{'+' if capped else ''}"


def heading(wanted: DirectoryFilter, facets: Facets) -> str:
    """Where and how many: 湖里区 214 家门店."""
    where = next((one.district for one in facets.areas if one.key == wanted.area), "") if wanted.area else ""
    count = number(facets.total, capped=facets.capped)
    return f"{where} {count} 家门店".strip()


def area_options(facets: Facets, wanted: DirectoryFilter) -> list[tuple[str, list[dict[str, Any]]]]:
    """The districts by city, those with the most shops where there are too many."""
    most = sorted(facets.areas, key=lambda one: -one.shops)[:MOST_AREAS]
    kept = {one.key for one in most} | {wanted.area}
    groups: dict[str, list[dict[str, Any]]] = {}
    for one in facets.areas:
        if one.key in kept:
            line = {
                "key": one.key,
                "label": one.district,
                "count": number(one.shops),
                "current": one.key == wanted.area,
            }
            groups.setdefault(one.city, []).append(line)
    return list(groups.items())


def _classes(wanted: DirectoryFilter, facets: Facets, kept: Mapping[str, str]) -> list[dict[str, Any]]:
    href = _without(kept, "class")
    every = {"label": "全部", "count": number(facets.every_class), "href": href, "current": not wanted.category}
    shown = dict(facets.classes)
    if wanted.category:
        shown.setdefault(wanted.category, 0)
    return [every] + [
        {
            "label": CLASS_NAMES[code],
            "count": number(count),
            "href": _with(kept, "class", code),
            "current": code == wanted.category,
        }
        for code, count in shown.items()
    ]


def _bands(wanted: DirectoryFilter, facets: Facets, kept: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "label": label,
            "count": number(facets.bands.get(band, 0)),
            "href": _without(kept, "days") if band is wanted.band else _with(kept, "days", band.value),
            "current": band is wanted.band,
        }
        for band, label in BAND_NAMES.items()
    ]


def _chips(wanted: DirectoryFilter, facets: Facets, kept: Mapping[str, str]) -> list[dict[str, str]]:
    found: list[tuple[str, str]] = []
    if wanted.q:
        found.append((f"查找：{wanted.q}", "q"))
    if wanted.area:
        named = next((one.district for one in facets.areas if one.key == wanted.area), "所选地区")
        found.append((f"地区：{named}", "region"))
    if wanted.category:
        found.append((CLASS_NAMES[wanted.category], "class"))
    if wanted.band:
        found.append((BAND_NAMES[wanted.band], "days"))
    return [{"label": label, "href": _without(kept, name)} for label, name in found]


def _sorts(wanted: DirectoryFilter, kept: Mapping[str, str]) -> list[dict[str, Any]]:
    labels = {"days": "按期限从长到短", "name": "按店名", "newest": "最近加入"}
    return [
        {"label": label, "href": _with(kept, "sort", key), "current": key == wanted.sort}
        for key, label in labels.items()
    ]


def _shapes(kept: Mapping[str, str]) -> list[dict[str, Any]]:
    as_list = kept.get("show") == "list"
    return [
        {"label": "卡片", "href": _without(kept, "show"), "current": not as_list},
        {"label": "列表", "href": _with(kept, "show", "list"), "current": as_list},
    ]


def _first(asked: Mapping[str, str]) -> int:
    """The place of the first card on this page, as the address tells; 1 where it tells nothing sensible."""
    told = asked.get("at", "")
    return min(int(told), MOST_PLACE) if asked.get("cursor") and told.isdecimal() and len(told) < 9 and int(told) else 1


def _place(facets: Facets, first: int, count: int) -> str:
    total = number(facets.total, capped=facets.capped)
    last = first + count - 1
    return f"第 {number(first)}–{number(last)} 家，共 {total} 家"


def _turn(kept: Mapping[str, str], cursor: str | None, at: int) -> str:
    return f"{PATH}?{urlencode({**kept, 'cursor': cursor, 'at': at})}" if cursor else ""


def _with(kept: Mapping[str, str], name: str, value: str) -> str:
    return f"{PATH}?{urlencode({**kept, name: value})}"


def _without(kept: Mapping[str, str], name: str) -> str:
    rest = {key: value for key, value in kept.items() if key != name}
    return f"{PATH}?{urlencode(rest)}" if rest else PATH
