"""The public list, small and larger: as many statements at any size, pages from indexes. No second is asserted."""

import pytest
from sqlalchemy import event, func, select, text

from portal.commitments.directory import SORTS, DirectoryFilter, directory
from portal.commitments.listing_models import ListingTally
from portal.commitments.rules.directory import Band
from portal.core.actor import OPERATOR
from portal.core.db import refresh_statistics
from portal.core.errors import RuleBroken
from portal.core.installation import Installation
from portal.demo.directory_bench import directory_bench
from portal.demo.promise_bulk import pour_listings
from tests.conftest import NOW
from tests.factories import people

PAGES = ("first", "deep", "narrowed", "name", "search_2", "search_4", "search_region", "near", "firm")
WORDS = ("search_2", "search_4", "search_region", "near")  # two more where little fits: near names
SHOPS = 2000


@pytest.fixture
def house(own_runtime, clock):
    clock.row = Installation(id=1, rehearsal=True, demo=False, clock_offset=0, made_at=NOW)
    with own_runtime.writing() as session:
        people.authority(session)
        session.commit()
    return own_runtime


def test_a_hundred_times_more_shops_ask_no_more_of_the_database(house):
    found = {one.name: one for one in directory_bench(house, shops=SHOPS, repeats=3, told=lambda _what: None)}
    sizes = sorted({int(name.rpartition("_")[2]) for name in found if name != "bare"})
    assert len(sizes) == 2
    assert sizes[0] * 50 < sizes[1]
    asked = {name: [found[f"{name}_{size}"].statements for size in sizes] for name in PAGES}
    assert {name: both for name, both in asked.items() if name not in WORDS and both[0] != both[1]} == {}
    assert all(both[1] <= 5 for both in asked.values() if both is not asked["firm"])
    assert asked["firm"][1] <= 8
    assert all(500 < found[f"{name}_{size}"].bytes < 35_000 for name in PAGES for size in sizes)


def test_a_real_installation_is_left_alone(house, clock):
    clock.row = Installation(id=1, rehearsal=False, demo=False, clock_offset=0, made_at=NOW)
    with pytest.raises(RuleBroken, match="正式安装"):
        directory_bench(house, shops=SHOPS, repeats=3, told=lambda _what: None)


def plans(house, wanted):
    """How the database would read the list: the plan of each statement of a page."""
    said = []

    def listen(_connection, _cursor, statement, values, *_rest):
        if statement.startswith("SELECT"):
            said.append((statement, values))

    event.listen(house.engine, "before_cursor_execute", listen)
    with house.reading() as session:
        directory(session, wanted, None)
    event.remove(house.engine, "before_cursor_execute", listen)
    explain = "EXPLAIN QUERY PLAN " if house.engine.dialect.name == "sqlite" else "EXPLAIN "
    with house.reading() as session:
        connection = session.connection()
        told = [row for sql, values in said for row in connection.exec_driver_sql(explain + sql, values)]
    return "\n".join(map(str, told))


def test_every_order_comes_from_an_index_and_counts_from_few_rows(house):
    pour_listings(house, SHOPS)
    house.perform(OPERATOR, refresh_statistics, None)
    if house.engine.dialect.name == "postgresql":
        with house.writing() as session:
            session.execute(text("ANALYZE"))
            session.commit()
    for sort in SORTS:
        for band in (None, Band.WEEK):
            told = plans(house, DirectoryFilter(sort=sort, band=band))
            for scan in (
                "SCAN promise_listing",
                "TEMP B-TREE",
                "Seq Scan on promise_listing ",
                "Seq Scan on promise_listing_spot",
                "Sort",
            ):
                assert scan not in told, told
    with house.reading() as session:
        assert session.scalar(select(func.count()).select_from(ListingTally)) < 700
