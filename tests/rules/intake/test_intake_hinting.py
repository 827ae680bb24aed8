"""What officers are told beside a complaint: counts, likeness, and why two filings stayed apart."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.intake import rules
from portal.intake.rules import HintLimits, Neighbour

AT = datetime(2026, 8, 12, 1, tzinfo=UTC)
LIMITS = HintLimits(timedelta(days=30), people=2, complaints=3, likeness=85)
OWN = Neighbour(1, "HL2608-0001", "12315", "1", AT, b"phone", b"name", 7, 12_900, "瓷砖", "色差", is_open=True)


def others(number, **changes):
    return [replace(OWN, case_id=n + 2, **changes) for n in range(number)]


def test_an_ordinary_complaint_is_told_nothing_of():
    assert rules.sentences(OWN, [], LIMITS) == ()
    assert rules.sentences(OWN, others(1), LIMITS) == ()


def test_one_phone_of_several_people_is_told_with_their_number():
    (said,) = rules.sentences(OWN, others(1, name=b"another"), LIMITS)
    assert said.startswith("同一电话 2 个姓名：")
    assert "2 个不同姓名" in said
    assert "30 天内" in said


def test_masked_names_and_other_phones_count_for_nobody():
    assert rules.sentences(OWN, others(1, name=None), LIMITS) == ()
    assert rules.sentences(OWN, others(1, name=b"another", phone=b"other"), LIMITS) == ()
    nobody = replace(OWN, phone=None, name=None)
    assert rules.sentences(nobody, others(5, phone=None, name=None), LIMITS) == ()


@pytest.mark.parametrize("same", [{"phone": b"phone", "name": b"x"}, {"phone": None, "name": b"name"}])
def test_many_like_complaints_of_one_phone_or_name_are_counted_by_case(same):
    said = rules.sentences(OWN, others(2, **same), replace(LIMITS, people=99))
    assert len(said) == 1
    assert "3 件" in said[0]
    joined = [replace(one, case_id=2) for one in others(2, **same)]  # two filings of one case are one complaint
    assert rules.sentences(OWN, joined, replace(LIMITS, people=99)) == ()


def test_where_there_are_many_nobody_is_told_how_many():
    (said,) = rules.sentences(OWN, others(19), LIMITS)
    assert said.startswith("同类投诉 20 件以上：")
    assert "内有 20 件以上商品或问题相同的投诉" in said
    (said,) = rules.sentences(OWN, others(18), LIMITS)
    assert said.startswith("同类投诉 19 件：")
    names = [replace(OWN, case_id=n + 2, name=b"%d" % n, goods="", problem="") for n in range(30)]
    (said,) = rules.sentences(OWN, names, LIMITS)
    assert said.startswith("同一电话 20 个以上姓名：")


def test_complaints_about_something_else_or_long_ago_do_not_count():
    assert rules.sentences(OWN, others(4, goods="茶叶", problem="过期"), LIMITS) == ()
    assert rules.sentences(OWN, others(4, registered_at=AT - timedelta(days=31)), LIMITS) == ()
    assert rules.sentences(replace(OWN, goods="", problem=""), others(4, goods="", problem=""), LIMITS) == ()


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 6))
def test_from_the_limit_on_and_not_below(people, complaints, number):
    limits = HintLimits(timedelta(days=30), people, complaints, likeness=85)
    around = [replace(one, name=b"%d" % one.case_id) for one in others(number)]
    said = rules.sentences(OWN, around, limits)
    assert any("不同姓名" in one for one in said) is (number + 1 >= people)
    assert any("同类投诉" in one for one in said) is (number + 1 >= complaints)


def test_likeness_is_a_figure_from_0_to_100():
    assert rules.likeness("瓷砖色差明显，要求退货", "瓷砖色差明显，要求退货") == 100
    assert rules.likeness("", "瓷砖") == 0
    assert rules.likeness("瓷砖色差明显，要求退货", "茶叶过期，要求十倍赔偿") < 60


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"phone": None}, "电话不同"),
        ({"phone": b"other"}, "电话不同"),
        ({"merchant_id": None}, "企业不同"),
        ({"source": "12315"}, "同一渠道"),
        ({"amount": 1}, "金额不一致"),
        ({"registered_at": AT + timedelta(hours=73)}, "相隔超过 72 小时"),
        ({"is_open": False}, "已办结"),
        ({}, "已不能并入"),
    ],
)
def test_why_two_filings_stayed_apart_is_said(change, words):
    other = replace(OWN, case_id=2, **{"source": "12345", **change})
    assert words in rules.why_apart(OWN, other, timedelta(hours=72))
