"""Rows of a directory list: what is wrong with one, what several say together, what is read from a cell."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.commitments.rules import Way
from portal.commitments.rules.body import ScopeRow
from portal.commitments.rules.lists import (
    ListRow,
    day_of,
    days_of,
    firm_of,
    objection_to_firm,
    objection_to_row,
    portions,
    scopes_of,
    shop_line,
)

TODAY = date(2026, 8, 12)
ROW = ListRow(
    line=3,
    code="92350206MA2XQ0001H",
    name="湖里区阿梅服装店",
    shop="阿梅服装店",
    city="厦门市",
    district="湖里区",
    address="嘉禾路22号",
    kind="商品类",
    classes="服装鞋帽类",
    phone="0592-5500001",
    goods="全部商品",
    days="7",
    words="吊牌完整",
    applied_on="2026-06-08",
)


def test_a_good_row_is_free_of_objections():
    assert objection_to_row(ROW, today=TODAY) is None


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"code": ""}, "没有信用代码"),
        ({"code": "92350206MA2XQ0001I"}, "第 18 位“I”"),
        ({"name": ""}, "注册名称必须填写"),
        ({"shop": "店" * 201}, "最多 200 个字"),
        ({"kind": "其他"}, "经营类别“其他”"),
        ({"classes": "服装鞋帽类、古玩类"}, "类别明细“古玩类”"),
        ({"days": "一周"}, "退货期限“一周”"),
        ({"days": "0"}, "退货期限“0”"),
        ({"goods": "衣" * 501}, "适用商品最多 500 个字"),
        ({"words": "好" * 1001}, "退货约定最多 1000 个字"),
        ({"applied_on": "去年"}, "企业申请日期“去年”"),
        ({"applied_on": "2026-08-13"}, "晚于今天"),
        ({"expires_on": "明年"}, "有效止“明年”"),
        ({"expires_on": "2026-08-11"}, "已于 2026-08-11 到期"),
    ],
)
def test_each_fault_of_a_row_is_told(cells, words):
    assert words in (objection_to_row(replace(ROW, **cells), today=TODAY) or "")


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"name": "湖里区阿妹服装店"}, "第 3 行的注册名称"),
        ({"shop": "阿梅服装店"}, "已经出现过"),
        ({"days": "15"}, "退货期限不同（7 与 15）"),
    ],
)
def test_rows_of_one_firm_may_not_contradict_each_other(cells, words):
    second = replace(ROW, line=4, **{"shop": "阿梅二店", **cells})
    contradiction = objection_to_firm([ROW, second])
    assert contradiction is not None
    assert contradiction[0] is second
    assert words in contradiction[1]
    assert objection_to_firm([ROW, replace(ROW, line=4, shop="阿梅二店")]) is None


@pytest.mark.parametrize(
    ("goods", "classes", "scopes"),
    [
        ("全部商品", "", [("", "")]),
        ("店内所有商品", "服装鞋帽", [("clothing", "")]),
        ("", "服装鞋帽类,食品类", [("clothing", ""), ("food", "")]),
        ("除内衣外的商品", "服装鞋帽类", [("clothing", "")]),
        ("羽绒服， 大衣", "服装鞋帽类", [("clothing", "羽绒服、大衣")]),
    ],
)
def test_goods_are_named_only_where_words_name_goods(goods, classes, scopes):
    read = scopes_of(replace(ROW, goods=goods, classes=classes))
    assert read == tuple(ScopeRow(Way.OFFLINE, category, named) for category, named in scopes)


def test_a_firm_takes_its_newest_application_and_its_earliest_end():
    rows = [
        replace(ROW, expires_on="2027-06-07"),
        replace(ROW, line=4, shop="二店", goods="大衣", days="15", applied_on="2026-07-01", expires_on="2027-05-01"),
        replace(ROW, line=5, shop="", applied_on="", words="凭小票"),
    ]
    firm = firm_of(rows)
    assert (firm.applied_on, firm.expires_on) == (date(2026, 7, 1), date(2027, 5, 1))
    assert [row.name for row in firm.body.outlets] == ["阿梅服装店", "二店", "湖里区阿梅服装店"]
    assert [(row.goods, row.days) for row in firm.body.scopes] == [("", None), ("大衣", 15)]
    assert firm.body.conditions == "吊牌完整\n凭小票"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-05-01", date(2026, 5, 1)),
        ("2026/5/1", date(2026, 5, 1)),
        ("20260501", date(2026, 5, 1)),
        ("2026年5月1日", date(2026, 5, 1)),
        ("2026-05-01 00:00:00", date(2026, 5, 1)),
        ("2026-02-30", None),
        ("五月一日", None),
        ("", None),
    ],
)
def test_days_are_read_as_lists_write_them(text, day):
    assert day_of(text) == day


@pytest.mark.parametrize(
    ("text", "days"),
    [("7", 7), ("7天", 7), (" 15 日", 15), ("7个自然日", 7), ("约7天", None), ("", None), ("99999", None)],
)
def test_numbers_of_days_are_read_with_their_units(text, days):
    assert days_of(text) == days


@pytest.mark.parametrize(
    "line", ["0592-5500001", "05925500001", "(0592)5500001", "5500001", "400-800-1234", "0592-5500001转8"]
)
def test_a_shops_line_is_kept(line):
    assert shop_line(line) == line


@pytest.mark.parametrize("line", ["13800000001", "138 0000 0001", "+8613800000001", "无", ""])
def test_a_persons_number_is_not(line):
    assert shop_line(line) == ""


@given(st.lists(st.integers(1, 9), max_size=40), st.integers(1, 12))
def test_portions_keep_every_firm_whole_and_in_order(sizes, size):
    firms = [[ROW] * rows for rows in sizes]
    cut = portions(firms, size)
    assert [firm for portion in cut for firm in portion] == firms
    assert all(portion for portion in cut)
    assert all(len(portion) == 1 or sum(map(len, portion)) <= size for portion in cut)
