"""How the public list of promises is cut: areas, bands of days, and the spots in which a shop is listed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from zlib import crc32

ONLINE_AREA = "online"  # where online shops are listed
NO_AREA = "other"  # where nothing says which district it is
MAX_TEXT = 300  # characters of a card's texts; the merchant's page has all of them
_COMPANY = re.compile(r"(?:集团)?(?:股份|责任)?有限(?:责任)?公司$")
_REGION = re.compile(r"\d{6}")
_DISTRICT = re.compile(r"(?:(?P<city>.{1,8}?[市州盟]))?(?P<district>.{1,10}?[区县旗市])(?:市场监督|市监|$)")


class Band(StrEnum):
    """A span of natural days by which people narrow the list; ours, as in look/public-directory.html."""

    WEEK = "7"
    FORTNIGHT = "15"
    LONG = "16"


BAND_DAYS: dict[Band, tuple[int, int]] = {  # both included
    Band.WEEK: (1, 7),
    Band.FORTNIGHT: (8, 15),
    Band.LONG: (16, 36_500),
}
BAND_NAMES = {Band.WEEK: "7 天", Band.FORTNIGHT: "8 至 15 天", Band.LONG: "16 天以上"}


@dataclass(frozen=True, slots=True)
class Area:
    """A district as the list knows it: a key for addresses, and its names."""

    key: str
    city: str
    district: str


def band_of(days: int) -> Band:
    """The band in which a number of days lies."""
    return next(band for band, (_least, most) in BAND_DAYS.items() if days <= most)


def area_of(region: str, city: str, district: str, seat: Area | None) -> Area:
    """The area of a shop: its own region, else its district's name, else the district in which its authority sits."""
    if district:
        return Area(region if _REGION.fullmatch(region) else named_key(city, district), city, district)
    return seat or Area(NO_AREA, "", "其他地区")


def seat_of(code: str, name: str) -> Area | None:
    """The district in which an authority of this code and name sits; None where its name has none (所)."""
    found = _DISTRICT.match(name)
    if found is None:
        return None
    city, district = found["city"] or "", found["district"]
    return Area(code if _REGION.fullmatch(code) else named_key(city, district), city, district)


def named_key(city: str, district: str) -> str:
    """The key of a district of which only the name is known."""
    return f"z{crc32(f'{city} {district}'.encode()):08x}"


def spot_of(area: str = "", category: str = "") -> str:
    """The name of a spot: an area, a class, both or neither; letters and digits only, for it scopes a search too."""
    return f"s{area}x{category}"


def spots_of(area: str, categories: Sequence[str]) -> list[str]:
    """Every spot in which a shop of an area with these classes is listed."""
    return [spot_of(one, category) for one in ("", area) for category in ("", *categories)]


def plain_area(text: str) -> str:
    """An area's key as an address carries it; empty where it cannot be one."""
    return text if re.fullmatch(r"\d{6}|z[0-9a-f]{8}|online|other", text) else ""


def cut(text: str) -> str:
    """A text for a card, ended by … where it is longer."""
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"


def shop_title(name: str, registered: str, city: str) -> str:
    """A shop's name as people look for it: 五缘湾店 alone says nothing, 鹭湾百货 五缘湾店 does."""
    short = city.removesuffix("市")
    firm = _COMPANY.sub("", registered)
    brand = firm.removeprefix(short).removeprefix("市") if short else firm
    says_it = name in registered or any(name[place : place + 3] in registered for place in range(len(name) - 2))
    return name if says_it or brand in name else f"{brand} {name}"


def names_its_firm(shop: str, registered: str) -> bool:
    """Whether a shop's name says whose it is, so that the registered name need not stand beside it."""
    return any(shop[place : place + 4] in registered for place in range(len(shop) - 3))
