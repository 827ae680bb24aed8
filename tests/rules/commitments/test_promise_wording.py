"""A version in words, two versions side by side, and where a fault belongs in the steps."""

from dataclasses import replace
from datetime import date

import pytest

from portal.commitments import step_forms
from portal.commitments.rules import BasisKind, DeliveryStart, Freight, PickupStart, Way, wording
from portal.commitments.rules.body import ScopeRow
from portal.commitments.rules.differences import CHANGED, GONE, NEW, SAME, differences
from portal.commitments.rules.terms import Exclusion, Place, Scope, Shop
from tests.factories.promises import BODY, terms

UNDERWEAR = Exclusion(
    1, Way.OFFLINE, "declared", "贴身内衣", BasisKind.DECLARED, "店堂公告", "clothing", ("内衣", "泳衣")
)


def test_days_are_said_row_by_row_and_as_a_span():
    one = terms(days=7)
    assert wording.days_words(one) == "7"
    assert wording.days_words(replace(one, scopes=())) == "7"
    assert wording.scope_pairs(replace(one, scopes=())) == (("7 天", "门店购买的全部商品"),)
    two = replace(one, scopes=(Scope(Way.OFFLINE, "clothing", (), 30), Scope(Way.OFFLINE, "", ("床品",), None)))
    assert wording.days_words(two) == "7–30"
    assert wording.scope_pairs(two) == (("30 天", "门店购买的服装鞋帽类"), ("7 天", "门店购买的床品"))


def test_the_start_is_said_for_what_is_sold():
    shop = replace(terms(), pickup_start=PickupStart.DAY_AFTER)
    assert wording.start_words(shop).startswith("当场拿走的，从小票或发票日期的次日算起；送货的")
    online = replace(shop, way=Way.ONLINE, scopes=(), delivery_start=DeliveryStart.SIGNING_DAY)
    assert wording.start_words(online) == "送货的，从签收当天算起"


def test_what_is_not_promised_is_not_said():
    plain = dict(wording.term_pairs(terms()))
    assert set(plain) == {"期限起算", "退货运费", "答复申请", "退款"}
    full = replace(
        terms(),
        freight=Freight.MERCHANT,
        freight_note="上门取件",
        any_outlet=True,
        easy_exchange=True,
        easy_exchange_note="当场换",
        advances=True,
        other="节假日顺延",
    )
    said = dict(wording.term_pairs(full))
    assert said["退货运费"] == "商家付。上门取件"
    assert said["异地异店退换"] == "可以在其他门店退换"
    assert said["无障碍退换货"] == "承诺。当场换"
    assert said["先行赔付"] == "承诺"
    assert said["其他承诺"] == "节假日顺延"


def test_an_exclusion_names_its_way_only_where_there_are_two():
    one = replace(terms(), exclusions=(UNDERWEAR,))
    assert wording.exclusion_pairs(one) == (("服装鞋帽类：贴身内衣（列明：内衣、泳衣）", "购买前明示，店堂公告"),)
    both = replace(one, scopes=(*one.scopes, Scope(Way.ONLINE, "", (), None)))
    bare = replace(UNDERWEAR, category="", goods=("贴身内衣",))
    assert wording.exclusion_words(bare, both) == "门店购买：贴身内衣"


def test_places_and_shops_are_lines():
    found = replace(
        terms(),
        places=(Place(1, "总店", "嘉禾路11号", "湖里区"), Place(None, "二店", "", "")),
        shops=(Shop("天猫", "旗舰店", "https://x.example/"), Shop("", "小店", "")),
    )
    assert wording.place_lines(found) == ("总店 湖里区 嘉禾路11号", "二店", "天猫 旗舰店（https://x.example/）", "小店")
    assert wording.said(found).places == wording.place_lines(found)


@pytest.mark.parametrize(
    ("before", "after", "is_shorter"),
    [
        (terms(days=30), terms(2, days=7), True),
        (terms(days=7), terms(2, days=7), False),
        (terms(days=7), terms(2, days=7, scopes=(Scope(Way.OFFLINE, "clothing", (), 3),)), True),
        (terms(days=7, scopes=()), terms(2, days=15, scopes=()), False),
    ],
)
def test_fewer_days_are_noticed_in_any_row(before, after, is_shorter):
    assert wording.shorter(before, after) is is_shorter


def test_earlier_purchases_keep_the_days_of_their_version():
    assert wording.kept_words(terms(3, days=30), date(2026, 9, 1)).startswith(
        "2026年9月1日 以前购买的商品，仍按第 3 版的 30 天办理"
    )


def test_versions_are_compared_term_by_term():
    before = replace(terms(days=30), gifts="赠品退回", other="")
    after = replace(terms(2, days=7), gifts="", other="节假日顺延", exclusions=(UNDERWEAR,))
    found = {one.term: one for one in differences(before, after)}
    assert found["退货期限"].change == CHANGED
    assert (found["退货期限"].ours, found["退货期限"].theirs) == ("30 天", "7 天")
    assert found["赠品"].change == GONE
    assert found["其他承诺"].change == NEW
    assert found["退货运费"].change == SAME
    assert not found["退货运费"].moved
    order = list(found)
    assert order.index("赠品") == order.index("退货运费") + 1


def test_a_first_version_is_new_throughout():
    assert {one.change for one in differences(None, terms()) if one.theirs} == {NEW}


@pytest.mark.parametrize(
    ("field", "step"),
    [
        ("scopes-0-days", "scope"),
        ("first_on", "days"),
        ("exclusions-2-code", "terms"),
        ("outlets", "places"),
        ("shops-0-url", "places"),
        ("advances_note", "extras"),
        ("something else", "extras"),
    ],
)
def test_every_fault_belongs_to_a_step(field, step):
    assert step_forms.step_for(field).name == step


def test_every_field_of_the_body_is_written_in_one_step():
    written = [name for step in step_forms.STEPS for name in step.fields]
    assert sorted(written) == sorted(set(written))
    assert set(written) == set(type(BODY).__slots__)


def test_days_of_their_own_in_every_row_are_the_versions():
    rows = (ScopeRow(Way.OFFLINE, "clothing", days=30), ScopeRow(Way.OFFLINE, "food", days=15))
    assert step_forms.with_own_days(replace(BODY, scopes=rows)).days == 15
    assert step_forms.with_own_days(replace(BODY, scopes=(*rows, ScopeRow(Way.OFFLINE)))).days == BODY.days
    assert step_forms.with_own_days(replace(BODY, scopes=())).days == BODY.days
