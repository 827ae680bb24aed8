"""How the public list is cut: bands of days, areas, spots."""

import pytest

from portal.commitments.rules.directory import (
    MAX_TEXT,
    Area,
    Band,
    area_of,
    band_of,
    cut,
    names_its_firm,
    plain_area,
    seat_of,
    shop_title,
    spot_of,
    spots_of,
)

HULI = Area("350206", "厦门市", "湖里区")


@pytest.mark.parametrize(
    ("days", "band"),
    [(1, Band.WEEK), (7, Band.WEEK), (8, Band.FORTNIGHT), (15, Band.FORTNIGHT), (16, Band.LONG), (365, Band.LONG)],
)
def test_every_number_of_days_lies_in_one_band(days, band):
    assert band_of(days) is band


def test_a_shop_stands_in_its_own_district_before_that_of_its_authority():
    assert area_of("350203", "厦门市", "思明区", HULI) == Area("350203", "厦门市", "思明区")
    assert area_of("", "", "", HULI) == HULI
    assert area_of("350203", "", "", HULI) == HULI
    assert area_of("", "", "", None).key == "other"


def test_a_district_known_by_name_alone_has_a_key_of_its_own_in_each_city():
    first, second = (area_of("", city, "城关区", None).key for city in ("兰州市", "拉萨市"))
    assert first != second
    assert first == area_of("6201", "兰州市", "城关区", HULI).key
    assert plain_area(first) == first


@pytest.mark.parametrize(
    ("code", "name", "seat"),
    [
        ("350206", "厦门市湖里区市场监督管理局", HULI),
        ("350206", "湖里区市场监督管理局", Area("350206", "", "湖里区")),
        ("350206001", "江头市场监督管理所", None),
    ],
)
def test_an_authority_sits_in_the_district_of_its_name(code, name, seat):
    assert seat_of(code, name) == seat


def test_a_seat_without_a_region_code_is_known_by_its_name():
    seat = seat_of("HL", "厦门市湖里区市场监督管理局")
    assert seat is not None
    assert seat.key.startswith("z")


def test_a_shop_is_found_in_every_pair_of_area_and_class():
    assert spots_of("350206", ["clothing", "daily"]) == [
        spot_of(),
        spot_of(category="clothing"),
        spot_of(category="daily"),
        spot_of("350206"),
        spot_of("350206", "clothing"),
        spot_of("350206", "daily"),
    ]


@pytest.mark.parametrize("text", ["350206", "zdeadbeef", "online", "other"])
def test_an_area_is_read_from_an_address(text):
    assert plain_area(text) == text
    assert spot_of(text, "clothing").isalnum()


@pytest.mark.parametrize("text", ["", "35020", "湖里区", "z", "350206 OR 1=1", "350206\n"])
def test_what_is_no_area_narrows_nothing(text):
    assert plain_area(text) == ""


def test_a_long_text_is_cut_for_a_card():
    assert cut("短") == "短"
    assert len(cut("长" * (MAX_TEXT + 1))) == MAX_TEXT


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("五缘湾店", "鹭湾百货 五缘湾店"),
        ("鹭湾百货五缘湾店", "鹭湾百货五缘湾店"),
        ("鹭湾", "鹭湾"),
        ("鹭湾一店", "鹭湾百货 鹭湾一店"),
    ],
)
def test_a_shop_is_called_by_its_firm_too(name, title):
    assert shop_title(name, "厦门鹭湾百货有限公司", "厦门市") == title
    assert shop_title("二店", "厦门市东浦鞋业有限公司", "厦门市") == "东浦鞋业 二店"
    assert shop_title("二店", "东浦鞋业", "") == "东浦鞋业 二店"


def test_the_registered_name_stands_beside_a_shop_that_does_not_say_it():
    assert names_its_firm("鹭湾百货 五缘湾店", "厦门鹭湾百货有限公司")
    assert not names_its_firm("海岚优选", "厦门鹭湾百货有限公司")
    assert not names_its_firm("鹭湾", "厦门鹭湾百货有限公司")
