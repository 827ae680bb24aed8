"""What of a promise stands in the public list, and that lists, spots, tallies and search always agree."""

from datetime import date

import pytest
from sqlalchemy import func, select

from portal.accounts.models import Organisation
from portal.commitments.directory import DirectoryFilter, directory
from portal.commitments.listing_jobs import listed_shops, relist_all
from portal.commitments.listing_models import ListingSpot, ListingTally, PromiseListing
from portal.commitments.listings import DIRECTORY_SEARCH, relist
from portal.commitments.models import Promisor
from portal.commitments.near_names import near_names
from portal.commitments.rules import PromiseState, Way
from portal.commitments.rules.body import OutletRow, ScopeRow, ShopRow
from portal.commitments.rules.directory import Band
from portal.core import facts
from portal.core.actor import SYSTEM
from portal.core.facts import SubjectKind, Topic
from portal.core.search import matching_ids
from portal.enrolment.models import Merchant, Outlet
from portal.worker import dispatch
from tests.conftest import NOW
from tests.factories import people, promises

HULI, SIMING = "350206", "350203"


@pytest.fixture
def district(session):
    return people.authority(session)


def outlet(name, region=HULI, district="湖里区", **changes):
    return OutletRow(name, region=region, city="厦门市", district=district, **changes)


def listed(session, district, name, *, days=7, outlets=None, scopes=None, **words):
    """A merchant whose promise is in force and listed."""
    merchant = people.merchant(session, district, name)
    version = promises.promise(
        session,
        merchant,
        days=days,
        outlets=outlets or (outlet(f"{name}总店", address="金湖路 101 号"),),
        scopes=scopes or (ScopeRow(Way.OFFLINE, category="clothing"),),
        **words,
    )
    relist(session, [version.promisor_id], today=promises.TODAY)
    return version


def again(session, version):
    return relist(session, [version.promisor_id], today=promises.TODAY)


def shops(session, cursor=None, **wanted):
    return [row.shop for row in directory(session, DirectoryFilter(**wanted), cursor).page.rows]


def tallies(session):
    """The tally as it is kept, and as the rows would make it."""
    kept = {(row.area, row.category, row.band): row.shops for row in session.scalars(select(ListingTally))}
    counted = {}
    for row in session.scalars(select(PromiseListing)):
        band = Band.WEEK if row.days <= 7 else Band.FORTNIGHT if row.days <= 15 else Band.LONG
        for area in ("", row.area):
            for category in ("", *row.classes.split()):
                cell = (area, category, band.value)
                counted[cell] = counted.get(cell, 0) + 1
    return kept, counted


def test_a_promise_in_force_is_listed_at_each_of_its_outlets_and_online_shops(session, district):
    version = listed(
        session,
        district,
        "鹭湾百货",
        days=30,
        outlets=(outlet("鹭湾百货五缘湾店", address="金湖路 101 号"), outlet("鹭湾百货中山路店", SIMING, "思明区")),
        scopes=(
            ScopeRow(Way.OFFLINE, category="clothing"),
            ScopeRow(Way.OFFLINE, category="daily", goods="毛巾、水杯"),
        ),
        shops=(ShopRow("天猫", "鹭湾旗舰店", "https://luwan.example/"),),
    )
    rows = session.scalars(select(PromiseListing).order_by(PromiseListing.id)).all()
    assert [(row.shop, row.area, row.way) for row in rows] == [
        ("鹭湾百货五缘湾店", HULI, Way.OFFLINE),
        ("鹭湾百货中山路店", SIMING, Way.OFFLINE),
        ("鹭湾旗舰店", "online", Way.ONLINE),
    ]
    first = rows[0]
    assert (first.goods, first.excluded) == ("全部服装鞋帽类、毛巾、水杯", "贴身内衣")
    assert (first.classes, first.days, first.version_id) == ("clothing daily", 30, version.id)
    kept, counted = tallies(session)
    assert kept == counted


def test_the_fewest_days_of_a_shops_goods_are_shown(session, district):
    scopes = (ScopeRow(Way.OFFLINE, category="clothing", days=30), ScopeRow(Way.OFFLINE, category="daily"))
    listed(session, district, "悦湖家居", days=10, scopes=scopes)
    assert session.scalars(select(PromiseListing.days)).all() == [10]


def test_a_shop_without_a_district_stands_where_its_authority_sits(session, district):
    office = people.authority(session, "江头市场监督管理所", parent=district)
    listed(session, office, "东浦鞋业", outlets=(OutletRow("东浦鞋业"),))
    row = session.scalars(select(PromiseListing)).one()
    assert (row.city, row.district) == ("厦门市", "湖里区")
    assert row.area == district.code


def test_relisting_what_has_not_changed_writes_nothing(session, district):
    version = listed(session, district, "鹭湾百货")
    before = session.scalars(select(PromiseListing.id)).all()
    assert again(session, version) == 0
    assert session.scalars(select(PromiseListing.id)).all() == before


def test_a_new_version_replaces_the_lines_of_the_former(session, district):
    former = listed(session, district, "鹭湾百货", days=30)
    former.state, former.last_on = PromiseState.REPLACED, promises.TODAY
    session.flush()
    later = promises.promise(session, people_merchant(session, former), days=7, first_on=promises.TODAY)
    assert again(session, later) == 2
    assert session.scalars(select(PromiseListing.days)).all() == [7]
    kept, counted = tallies(session)
    assert kept == counted


def people_merchant(session, version):

    return session.get_one(Merchant, session.get_one(Promisor, version.promisor_id).merchant_id)


@pytest.mark.parametrize("state", [PromiseState.ENDED, PromiseState.EXPIRED])
def test_what_is_no_longer_in_force_leaves_nothing_behind(session, district, state):
    version = listed(session, district, "鹭湾百货")
    version.state, version.last_on = state, promises.TODAY
    assert again(session, version) == 1
    for model in (PromiseListing, ListingSpot, ListingTally):
        assert session.scalar(select(func.count()).select_from(model)) == 0
    assert matching_ids(session, DIRECTORY_SEARCH, "鹭湾", "sx") == []


def test_a_closed_outlet_is_not_listed(session, district):
    merchant = people.merchant(session, district, "鹭湾百货")
    row = Outlet(merchant_id=merchant.id, name="五缘湾店", normalised="五缘湾店", address="金湖路 101 号")
    session.add(row)
    session.flush()
    version = promises.promise(session, merchant, outlets=(outlet("五缘湾店", outlet_id=row.id), outlet("殿前店")))
    again(session, version)
    assert set(shops(session)) == {"鹭湾百货 五缘湾店", "鹭湾百货 殿前店"}
    row.closed_at = NOW
    again(session, version)
    assert shops(session) == ["鹭湾百货 殿前店"]


def test_a_renamed_merchant_is_found_by_its_new_name(session, district):
    version = listed(session, district, "鹭湾百货", outlets=(outlet("总店"),))
    session.get_one(Organisation, people_merchant(session, version).id).name = "云帆商贸有限公司"
    again(session, version)
    assert shops(session, q="云帆商贸") == ["云帆商贸 总店"]
    assert shops(session, q="鹭湾") == []


def test_the_list_is_narrowed_sorted_and_counted(session, district):
    listed(session, district, "甲店", days=7)
    listed(session, district, "乙店", days=30, scopes=(ScopeRow(Way.OFFLINE, category="daily"),))
    listed(session, district, "丙店", days=15, outlets=(outlet("丙店", SIMING, "思明区"),))
    assert shops(session) == ["乙店总店", "丙店", "甲店总店"]
    assert shops(session, sort="newest") == ["丙店", "乙店总店", "甲店总店"]
    assert shops(session, sort="name") == sorted(["乙店总店", "丙店", "甲店总店"])
    assert shops(session, area=HULI) == ["乙店总店", "甲店总店"]
    assert shops(session, category="clothing") == ["丙店", "甲店总店"]
    assert shops(session, area=HULI, category="clothing") == ["甲店总店"]
    assert shops(session, band=Band.FORTNIGHT) == ["丙店"]
    found = directory(session, DirectoryFilter(area=HULI), None).facets
    assert (found.total, found.every_area) == (2, 3)
    assert found.classes == {"clothing": 1, "daily": 1}
    assert found.bands == {Band.WEEK: 1, Band.LONG: 1}
    assert [(one.key, one.shops) for one in found.areas] == [(SIMING, 1), (HULI, 2)]
    narrowed = directory(session, DirectoryFilter(area=HULI, category="clothing", band=Band.WEEK), None).facets
    assert (narrowed.total, narrowed.every_class) == (1, 1)
    assert [(one.key, one.shops) for one in narrowed.areas] == [(HULI, 1)]


def test_words_find_names_addresses_and_goods_inside_the_chosen_spot(session, district):
    listed(session, district, "鹭湾百货", days=30)
    listed(session, district, "东浦鞋业", outlets=(outlet("东浦鞋业", SIMING, "思明区", address="嘉禾路 468 号"),))
    assert shops(session, q="鹭湾") == ["鹭湾百货总店"]
    assert shops(session, q="嘉禾路") == ["东浦鞋业"]
    assert shops(session, q="服装鞋帽") == ["鹭湾百货总店", "东浦鞋业"]
    assert shops(session, q="服装鞋帽", area=SIMING) == ["东浦鞋业"]
    assert shops(session, q="服装鞋帽", band=Band.LONG) == ["鹭湾百货总店"]
    found = directory(session, DirectoryFilter(q="服装鞋帽", band=Band.LONG), None).facets
    assert (found.total, found.every_band, found.classes) == (1, 2, {"clothing": 1})
    assert [one.key for one in found.areas] == [HULI]


def test_a_name_of_one_character_searches_nothing_and_says_so(session, district):
    listed(session, district, "鹭湾百货")
    assert DirectoryFilter(q="鹭").too_short
    assert shops(session, q="鹭") == ["鹭湾百货总店"]


def test_near_names_are_those_that_share_the_most_pairs(session, district):
    listed(session, district, "鹭湾百货", outlets=(outlet("鹭湾百货"),))
    listed(session, district, "东浦鞋业", outlets=(outlet("东浦鞋业"),))
    assert [one.name for one in near_names(session, "鹭湾百贷商场")] == ["鹭湾百货"]
    assert near_names(session, "云帆数码") == []
    assert near_names(session, "店") == []


def test_paging_shows_every_shop_once_in_every_order(session, district):
    outlets = tuple(outlet(f"分店{number:02d}") for number in range(41))
    listed(session, district, "鹭湾百货", outlets=outlets)
    listed(session, district, "东浦鞋业", days=30, outlets=tuple(outlet(f"鞋店{number:02d}") for number in range(20)))
    for sort in ("days", "name", "newest"):
        for q in ("", "服装鞋帽"):
            cursor, seen = None, []
            while True:
                page = directory(session, DirectoryFilter(q=q, sort=sort), cursor).page
                seen += [row.shop for row in page.rows]
                if (cursor := page.next_cursor) is None:
                    break
            assert len(seen) == len(set(seen)) == 61


def test_a_promise_of_an_imported_list_needs_no_places(session, district):
    version = promises.promise(
        session, people.merchant(session, district, "悦湖家居城"), outlets=(), first_on=date(2025, 6, 1)
    )
    again(session, version)
    row = session.scalars(select(PromiseListing)).one()
    assert (row.shop, row.since_on) == ("悦湖家居城", date(2025, 6, 1))
    assert set(row.classes.split()) >= {"clothing", "food", "daily"}


def test_the_list_is_made_anew_from_nothing(own_runtime):
    with own_runtime.writing() as session:
        district = people.authority(session)
        for serial in range(3):
            promises.promise(session, people.merchant(session, district), outlets=(outlet(f"第{serial}店"),))
        session.add(ListingTally(area="999999", category="", band="7", city="", district="", shops=9))
        session.commit()
    assert relist_all(own_runtime) == 3
    assert relist_all(own_runtime) == 0
    with own_runtime.reading() as session:
        kept, counted = tallies(session)
        assert kept == counted
        assert listed_shops(session) == 3


def test_the_list_follows_the_facts_of_a_promise(own_runtime):
    with own_runtime.writing() as session:
        district = people.authority(session)
        merchant = people.merchant(session, district, "鹭湾百货")
        version = promises.promise(session, merchant, outlets=(outlet("总店"),))
        begun = {"reference": version.reference, "number": 1, "first_on": version.first_on.isoformat()}
        facts.record(session, SYSTEM, Topic.PROMISE_BEGUN, SubjectKind.PROMISE, version.promisor_id, at=NOW, **begun)
        session.commit()
    dispatch(own_runtime)
    with own_runtime.reading() as session:
        assert shops(session) == ["鹭湾百货 总店"]
    with own_runtime.writing() as session:
        session.get_one(Organisation, merchant.id).name = "云帆商贸有限公司"
        facts.record(session, SYSTEM, Topic.MERCHANT_CHANGED, SubjectKind.MERCHANT, merchant.id, at=NOW)
        session.commit()
    dispatch(own_runtime)
    with own_runtime.reading() as session:
        assert session.scalars(select(PromiseListing.registered)).one() == "云帆商贸有限公司"
