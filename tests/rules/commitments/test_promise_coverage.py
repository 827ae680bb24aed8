"""Which promise covers which purchase: a scripted year of a merchant, and what holds for every purchase."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.commitments.rules import BasisKind, DeliveryStart, PickupStart, PromiseState, Way
from portal.commitments.rules.coverage import (
    Answer,
    Exclusion,
    Place,
    Purchase,
    Scope,
    coverage,
    days_for,
    fitting_exclusions,
    last_day,
    terms_at,
)
from tests.factories.promises import terms

V1_FROM, V2_FROM, EXIT = date(2026, 1, 15), date(2026, 6, 1), date(2026, 10, 31)
YEAR = (
    terms(1, days=30, first_on=V1_FROM, last_on=V2_FROM - timedelta(days=1)),
    terms(2, days=7, first_on=V2_FROM, last_on=EXIT, state=PromiseState.ENDED),
)
DAYS = st.dates(date(2025, 12, 1), date(2027, 1, 31))


def bought(on: date, *, received: date | None = None, **changes: object) -> Purchase:
    purchase = Purchase(Way.OFFLINE, on, received, "daily", "保温杯")
    return replace(purchase, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("on", "asked", "answer", "number", "last"),
    [
        (date(2026, 1, 14), date(2026, 1, 20), Answer.BEFORE, None, None),
        (date(2026, 1, 15), date(2026, 2, 13), Answer.COVERED, 1, date(2026, 2, 13)),
        (date(2026, 1, 15), date(2026, 2, 14), Answer.TOO_LATE, 1, date(2026, 2, 13)),
        (date(2026, 5, 31), date(2026, 6, 29), Answer.COVERED, 1, date(2026, 6, 29)),
        (date(2026, 6, 1), date(2026, 6, 7), Answer.COVERED, 2, date(2026, 6, 7)),
        (date(2026, 6, 1), date(2026, 6, 8), Answer.TOO_LATE, 2, date(2026, 6, 7)),
        (date(2026, 10, 31), date(2026, 11, 6), Answer.COVERED, 2, date(2026, 11, 6)),
        (date(2026, 11, 1), date(2026, 11, 2), Answer.AFTER, None, None),
    ],
)
def test_each_purchase_of_the_year_falls_under_the_version_of_its_day(on, asked, answer, number, last):
    found = coverage(YEAR, bought(on), today=asked)
    assert (found.answer, found.terms and found.terms.number, found.last_on) == (answer, number, last)
    assert found.sentences


def test_the_reason_names_version_span_and_counted_day():
    found = coverage(YEAR, bought(date(2026, 5, 31)), today=date(2026, 6, 15))
    text = "".join(found.sentences)
    assert "第 1 版承诺（2026年1月15日至2026年5月31日的购买）；商家后来改了承诺，不影响此前的购买" in text
    assert "30 天无理由退货" in text
    assert "2026年6月29日" in text


@given(DAYS, DAYS)
def test_what_happens_after_a_purchase_never_changes_its_version(on, asked):
    then = coverage(YEAR, bought(on), today=on)
    later = coverage(YEAR, bought(on), today=max(on, asked))
    assert then.terms == later.terms
    if later.answer is Answer.TOO_LATE:
        assert then.answer is Answer.COVERED


@given(DAYS)
def test_a_version_holds_on_its_days_and_on_no_other(on):
    found = terms_at(YEAR, on)
    expected = next((row for row in YEAR if row.first_on <= on <= (row.last_on or on)), None)
    assert found == expected


@given(st.sampled_from(PickupStart), st.sampled_from(DeliveryStart), DAYS, st.integers(0, 20), st.integers(1, 400))
def test_a_promise_of_n_days_covers_exactly_n_days(pickup, delivery, on, after, days):
    row = terms(1, days=days, first_on=date(2025, 1, 1), pickup_start=pickup, delivery_start=delivery)
    received = on + timedelta(days=after)
    taken, sent = bought(on), bought(on, received=received)
    first = on if pickup is PickupStart.RECEIPT_DAY else on + timedelta(days=1)
    signed = received if delivery is DeliveryStart.SIGNING_DAY else received + timedelta(days=1)
    for purchase, day_one in ((taken, first), (sent, signed)):
        last = last_day(row, purchase, days)
        assert last is not None
        assert (last - day_one).days + 1 == days
        assert coverage([row], purchase, today=last).answer is Answer.COVERED
        assert coverage([row], purchase, today=last + timedelta(days=1)).answer is Answer.TOO_LATE


def test_goods_bought_online_that_have_not_come_are_not_late():
    row = terms(1, way=Way.ONLINE, scopes=(Scope(Way.ONLINE, "", (), None),))
    found = coverage([row], bought(date(2026, 2, 1), way=Way.ONLINE), today=date(2026, 6, 1))
    assert (found.answer, found.last_on) == (Answer.COVERED, None)
    assert "期限尚未开始" in found.sentences[1]


def test_days_in_the_future_are_asked_again():
    today = date(2026, 2, 1)
    for purchase in (bought(today + timedelta(days=1)), bought(today, received=today + timedelta(days=1))):
        assert coverage(YEAR, purchase, today=today).answer is Answer.FUTURE


def test_who_never_promised_promised_nothing():
    assert coverage((), bought(date(2026, 2, 1)), today=date(2026, 2, 2)).answer is Answer.NO_PROMISE


def test_a_promise_for_the_shop_holds_for_no_purchase_online():
    found = coverage(YEAR, bought(V1_FROM, way=Way.ONLINE), today=V1_FROM)
    assert found.answer is Answer.WRONG_WAY
    assert "消费者权益保护法" in found.sentences[-1]


def test_a_version_past_its_expiry_holds_no_longer_though_nobody_ended_it():
    row = terms(1, expires_on=date(2026, 3, 1))
    assert terms_at([row], date(2026, 3, 1)) is row
    assert coverage([row], bought(date(2026, 3, 2)), today=date(2026, 3, 2)).answer is Answer.AFTER


SCOPES = (
    Scope(Way.OFFLINE, "", (), None),
    Scope(Way.OFFLINE, "clothing", (), 15),
    Scope(Way.OFFLINE, "clothing", ("大衣", "羽绒服"), 30),
)


@pytest.mark.parametrize(
    ("category", "goods", "days"),
    [("daily", "保温杯", 7), ("clothing", "衬衫", 15), ("clothing", "羊毛 大衣", 30), ("clothing", "大衣", 30)],
)
def test_named_goods_go_before_a_class_and_a_class_before_everything(category, goods, days):
    row = terms(1, scopes=SCOPES)
    assert days_for(row, bought(V1_FROM, category=category, goods=goods)) == days


def test_goods_outside_the_scope_are_told_what_is_inside():
    row = terms(1, scopes=(Scope(Way.OFFLINE, "appliances", ("电水壶",), None),))
    for purchase in (bought(V1_FROM, category="clothing"), bought(V1_FROM, category="appliances", goods="电视机")):
        found = coverage([row], purchase, today=V1_FROM)
        assert found.answer is Answer.NOT_IN_SCOPE
        assert "家用电子电器类中的电水壶" in found.sentences[-1]


@pytest.mark.parametrize(
    ("word", "category", "goods", "answer"),
    [
        ("服装", "clothing", "大衣", Answer.COVERED),
        ("服装鞋帽类", "clothing", "皮鞋", Answer.COVERED),
        ("服装鞋帽", "clothing", "围巾", Answer.COVERED),
        ("服装", "clothing", "皮鞋", Answer.NOT_IN_SCOPE),
        ("鞋帽", "clothing", "雪地靴", Answer.COVERED),
        ("鞋帽", "clothing", "大衣", Answer.NOT_IN_SCOPE),
        ("服装", "daily", "大衣", Answer.NOT_IN_SCOPE),
        ("服装", "", "大衣", Answer.NOT_IN_SCOPE),  # what class it is was not said
        ("家电", "appliances", "电饭煲", Answer.COVERED),
        ("饮料", "drinks", "白酒", Answer.NOT_IN_SCOPE),
        ("首饰", "jewellery", "球拍", Answer.NOT_IN_SCOPE),
        ("毛衣", "clothing", "大衣", Answer.NOT_IN_SCOPE),
    ],
)
def test_a_word_that_names_a_class_takes_in_its_goods(word, category, goods, answer):
    row = terms(1, scopes=(Scope(Way.OFFLINE, "", (word,), None),))
    assert coverage([row], bought(V1_FROM, category=category, goods=goods), today=V1_FROM).answer is answer


def test_a_word_read_as_a_class_is_told():
    row = terms(1, scopes=(Scope(Way.OFFLINE, "", ("服装", "雨伞"), None),))
    text = "".join(coverage([row], bought(V1_FROM, category="clothing", goods="大衣"), today=V1_FROM).sentences)
    assert "写的是“服装”，按类别理解；你选的类别是服装鞋帽类" in text
    for goods, category in (("童装服装", "clothing"), ("雨伞", "daily")):
        plain = coverage([row], bought(V1_FROM, category=category, goods=goods), today=V1_FROM)
        assert "按类别理解" not in "".join(plain.sentences)


def test_a_word_that_names_a_class_weighs_no_more_than_the_class():
    scopes = (
        Scope(Way.OFFLINE, "", (), 3),
        Scope(Way.OFFLINE, "", ("服装",), 15),
        Scope(Way.OFFLINE, "clothing", ("大衣",), 10),
        Scope(Way.OFFLINE, "clothing", (), 20),
    )
    row = terms(1, scopes=scopes)
    days = {
        goods: days_for(row, bought(V1_FROM, category="clothing", goods=goods)) for goods in ("大衣", "衬衫", "皮鞋")
    }
    assert days == {"大衣": 10, "衬衫": 20, "皮鞋": 20}
    assert days_for(row, bought(V1_FROM, category="daily", goods="雨伞")) == 3


UNDERWEAR = Exclusion(
    1, Way.OFFLINE, "declared", "贴身衣物", BasisKind.DECLARED, "店堂公告", "clothing", ("内衣", "泳衣")
)
SEALED = Exclusion(2, Way.OFFLINE, "opened", "拆封的食品", BasisKind.CONFIRMED, "令90第七条", "food", ("散装食品",))
BY_TEXT = Exclusion(3, Way.OFFLINE, "declared", "断码清仓商品", BasisKind.DECLARED, "价签", "", ())


def test_excluded_goods_are_told_the_exclusion_and_its_basis():
    row = terms(1, exclusions=(UNDERWEAR, SEALED))
    found = coverage([row], bought(V1_FROM, category="clothing", goods="纯棉内衣 L"), today=V1_FROM)
    assert (found.answer, found.exclusion) == (Answer.EXCLUDED, UNDERWEAR)
    assert "“贴身衣物”（列明：内衣、泳衣）" in found.sentences[-1]
    assert "购买前明示，店堂公告" in found.sentences[-1]


def test_what_needed_the_consumers_confirmation_says_so():
    found = coverage(
        [terms(1, exclusions=(SEALED,))], bought(V1_FROM, category="food", goods="散装食品"), today=V1_FROM
    )
    assert found.answer is Answer.EXCLUDED
    assert "经你单独确认" in found.sentences[-1]


def test_a_coat_is_not_excluded_because_coats_made_to_order_are():
    made = replace(UNDERWEAR, text="定制大衣", goods=("定制大衣",))
    row = terms(1, exclusions=(made,))
    coat = bought(V1_FROM, category="clothing", goods="大衣")
    found = coverage([row], coat, today=V1_FROM)
    assert found.answer is Answer.COVERED
    assert "定制大衣" in found.sentences[-1]
    assert fitting_exclusions(row, coat) == (made,)


@pytest.mark.parametrize(
    ("purchase", "fitting"),
    [
        (bought(V1_FROM, category="clothing", goods="泳衣"), (UNDERWEAR, BY_TEXT)),
        (bought(V1_FROM, category="clothing", goods="衬衫"), (BY_TEXT,)),
        (bought(V1_FROM, category="food", goods="饼干"), (BY_TEXT,)),
        (bought(V1_FROM, way=Way.ONLINE, category="clothing", goods="泳衣"), ()),
        (bought(V1_FROM, category="", goods="泳衣"), (UNDERWEAR, BY_TEXT)),
        (bought(V1_FROM, category="clothing", goods=""), (BY_TEXT,)),
    ],
)
def test_only_exclusions_of_this_way_class_and_goods_could_be_named(purchase, fitting):
    assert fitting_exclusions(terms(1, exclusions=(UNDERWEAR, SEALED, BY_TEXT)), purchase) == fitting


def test_a_shop_that_is_not_on_the_list_is_another_outlet():
    places = (Place(11, "湖里店", "", ""), Place(12, "思明店", "", ""))
    row = terms(1, places=places)
    assert coverage([row], bought(V1_FROM, outlet_id=12), today=V1_FROM).answer is Answer.COVERED
    found = coverage([row], bought(V1_FROM, outlet_id=13), today=V1_FROM)
    assert found.answer is Answer.OTHER_OUTLET
    assert "湖里店、思明店" in found.sentences[-1]


def test_shops_known_by_name_only_refuse_nobody():
    row = terms(1, places=(Place(None, "湖里店", "", ""),))
    assert coverage([row], bought(V1_FROM, outlet_id=13), today=V1_FROM).answer is Answer.COVERED


@pytest.mark.parametrize("state", [PromiseState.ENDED, PromiseState.EXPIRED, PromiseState.REMOVED])
def test_however_a_promise_ended_earlier_purchases_stay_covered(state):
    row = terms(1, days=30, last_on=date(2026, 3, 1), state=state)
    assert coverage([row], bought(date(2026, 3, 1)), today=date(2026, 3, 20)).answer is Answer.COVERED
    assert coverage([row], bought(date(2026, 3, 2)), today=date(2026, 3, 20)).answer is Answer.AFTER


def test_a_promise_for_online_shops_holds_for_no_purchase_in_a_shop():
    row = terms(1, way=Way.ONLINE, scopes=(Scope(Way.ONLINE, "", (), None),))
    found = coverage([row], bought(V1_FROM), today=V1_FROM)
    assert found.answer is Answer.WRONG_WAY
    assert found.sentences[-1] == "第 1 版承诺只管网上购买的商品，不管门店购买的商品。"


def test_a_version_without_rows_holds_for_everything_of_its_way():
    row = terms(1, scopes=())
    assert coverage([row], bought(V1_FROM), today=V1_FROM).answer is Answer.COVERED
    assert coverage([row], bought(V1_FROM, way=Way.ONLINE), today=V1_FROM).answer is Answer.WRONG_WAY


def test_many_cautions_are_counted():
    rows = tuple(replace(BY_TEXT, id=i, text=f"第{i}种") for i in range(7))
    found = coverage([terms(1, exclusions=rows)], bought(V1_FROM), today=V1_FROM)
    assert found.sentences[-1].endswith("等 7 项。")
