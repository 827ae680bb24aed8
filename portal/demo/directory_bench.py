"""The benchmark of the public list: the same pages at a hundredth of the shops and at all of them, in one run.

The list is filled with invented shops up to each size; what matters is the ratio of the two, not the machine.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import quote

from flask.testing import FlaskClient
from sqlalchemy import select

from portal.app import create_app
from portal.commitments.directory import PAGE_SIZE
from portal.commitments.listing_models import ListingSpot, PromiseListing
from portal.commitments.rules.directory import spot_of
from portal.core.actor import OPERATOR
from portal.core.db import refresh_statistics
from portal.core.errors import RuleBroken
from portal.core.paging import encode_cursor
from portal.demo.bench import REAL, asked
from portal.demo.measuring import Figures, Sample, StatementCount, counting, figures, measure
from portal.demo.promise_bulk import DISTRICTS, pour_listings
from portal.extensions import limiter
from portal.runtime import Runtime

SMALLER = 100  # times: the first size
DEEP = 1000  # the page that must cost what the first costs, or the deepest there is
TWO, FOUR, NOBODY = "百货", "厨房电器", "鹭湾悦百贷商场"
PATH = "/commitments"


Taken = tuple[str, str, list[Sample]]  # name, label, samples


@dataclass(frozen=True, slots=True)
class Page:
    """A page to ask for."""

    name: str
    label: str
    path: str


def directory_bench(house: Runtime, *, shops: int, repeats: int, told: Callable[[str], None]) -> list[Figures]:
    """Fill the list and measure it at both sizes. Raises RuleBroken in a real installation, or without authorities."""
    described = house.clock.describe()
    if described is None or not described.rehearsal:
        raise RuleBroken(REAL)
    app = create_app(house)
    limiter.enabled = False  # a visitor may not ask so often
    try:
        with counting(house.engine) as count:
            client = app.test_client()
            bare = measure(count, lambda: asked(client, "/healthz"), repeats)
            found = [figures("bare", "空页面 /healthz", bare, bare)]
            small = _measured(house, client, count, max(shops // SMALLER, PAGE_SIZE + 1), repeats, told)
            large = _measured(house, client, count, shops, repeats, told)
    finally:
        limiter.enabled = True
    for before, after in zip(small, large, strict=True):
        found += [figures(*before, bare), _compared(figures(*before, bare), figures(*after, bare))]
    return found


def _compared(before: Figures, after: Figures) -> Figures:
    times = after.cpu_ms / before.cpu_ms if before.cpu_ms else 0.0
    return replace(after, note=f"CPU 是少时的 {times:.2f} 倍")


def _measured(
    house: Runtime, client: FlaskClient, count: StatementCount, shops: int, repeats: int, told: Callable[[str], None]
) -> list[Taken]:
    told(f"补足名录到 {shops} 家")
    held = pour_listings(house, shops)
    house.perform(OPERATOR, refresh_statistics, None)  # as in a house that runs: its planner knows the rows
    found = []
    for page in _pages(house):
        told(page.label)
        samples = measure(count, lambda page=page: asked(client, page.path), repeats)  # type: ignore[misc]
        found.append((f"{page.name}_{held}", f"{page.label}，{held:,} 家", samples))
    return found


def _pages(house: Runtime) -> Iterator[Page]:
    region = DISTRICTS[0][0]
    with house.reading() as session:
        order = (ListingSpot.days.desc(), ListingSpot.listing_id.desc())
        held = session.scalars(select(ListingSpot.id).where(ListingSpot.spot == spot_of())).all()
        page = max(1, min(DEEP, len(held) // PAGE_SIZE))
        last = session.execute(
            select(ListingSpot.days, ListingSpot.listing_id)
            .where(ListingSpot.spot == spot_of())
            .order_by(*order)
            .offset(max((page - 1) * PAGE_SIZE - 1, 0))
            .limit(1)
        ).one()
        slug = session.scalars(select(PromiseListing.slug).order_by(PromiseListing.id).limit(1)).one()
    yield Page("first", "名录首页", PATH)
    yield Page("deep", "名录深页", f"{PATH}?cursor={encode_cursor(tuple(last))}&at={(page - 1) * PAGE_SIZE + 1}")
    yield Page("narrowed", "选地区、类别、期限", f"{PATH}?region={region}&class=clothing&days=15")
    yield Page("name", "按店名排序", f"{PATH}?sort=name")
    yield Page("search_2", "搜索两字", f"{PATH}?q={quote(TWO)}")
    yield Page("search_4", "搜索四字", f"{PATH}?q={quote(FOUR)}")
    yield Page("search_region", "搜索两字，选地区", f"{PATH}?q={quote(TWO)}&region={region}")
    yield Page("near", "没有这个名字，给出相近的", f"{PATH}?q={quote(NOBODY)}")
    yield Page("firm", "商家页面", f"/m/{slug}")
