"""Joining (decisions 9): which open case a filing belongs to, by hand and by property; headlines."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.intake import rules
from portal.intake.rules import Demand, Newcomer, OpenCase

AT = datetime(2026, 8, 12, 1, tzinfo=UTC)
WITHIN = timedelta(hours=72)


def case(key=1, merchant=7, amount=12_900, source="12315", at=AT):
    return OpenCase(key, merchant, amount, ((source, at),))


def newcomer(merchant=7, amount=None, source="12345", at=AT + timedelta(hours=60)):
    return Newcomer(source, merchant, amount, at)


def joined(new, *cases):
    return rules.case_to_join(new, cases, WITHIN)


def test_the_same_grievance_through_another_channel_joins():
    assert joined(newcomer(), case()) == 1
    assert joined(newcomer(amount=12_900), case()) == 1
    assert joined(newcomer(amount=12_900), case(amount=None)) == 1


def test_it_may_also_have_come_first():
    assert joined(newcomer(at=AT - timedelta(hours=72)), case()) == 1


@pytest.mark.parametrize(
    "new",
    [
        newcomer(merchant=8),
        newcomer(source="12315"),
        newcomer(amount=12_901),
        newcomer(at=AT + timedelta(hours=72, seconds=1)),
        newcomer(at=AT - timedelta(hours=72, seconds=1)),
    ],
)
def test_anything_else_makes_a_case_of_its_own(new):
    assert joined(new, case()) is None


def test_the_nearest_in_time_is_joined_and_of_equals_the_first():
    far, near = case(1), case(2, at=AT + timedelta(hours=59))
    assert joined(newcomer(), far, near) == 2
    assert joined(newcomer(), case(3), case(2)) == 2


def test_a_channel_joins_a_case_only_once():
    both = OpenCase(1, 7, None, (("12315", AT), ("12345", AT)))
    assert joined(newcomer(), both) is None


@given(
    st.integers(0, 3), st.sampled_from(["12315", "12345", "generic"]), st.none() | st.integers(0, 3),
    st.integers(-200, 200), st.none() | st.integers(0, 3), st.integers(0, 3),
)  # fmt: skip
def test_nothing_is_joined_against_the_rule(merchant, source, amount, hours, other_amount, other_merchant):
    new = Newcomer(source, merchant, amount, AT + timedelta(hours=hours))
    found = joined(new, case(merchant=other_merchant, amount=other_amount))
    fits = (
        merchant == other_merchant
        and source != "12315"
        and abs(hours) <= 72
        and (amount is None or other_amount is None or amount == other_amount)
    )
    assert (found == 1) is fits


@pytest.mark.parametrize(
    ("path", "leaf"),
    [
        ("商品（产品）->服装、鞋帽->羊毛大衣", "羊毛大衣"),
        ("质量 → 起球", "起球"),
        ("食品>糕点", "糕点"),
        ("起球", "起球"),
        ("", ""),
        (None, ""),
        ("商品->电话 13800001111 的人", "电话 **** 的人"),
        ("商品->" + "很长" * 40, "很长" * 12),
    ],
)
def test_a_leaf_is_short_and_holds_no_number(path, leaf):
    assert rules.leaf(path) == leaf


def test_a_headline_is_made_of_structured_words():
    assert rules.headline_of("羊毛大衣", "起球", (Demand.RETURN, Demand.REFUND)) == "羊毛大衣 起球，要求退货、退款"
    assert rules.headline_of("", "", (Demand.REFUND,)) == "未注明商品和问题，要求退款"
    assert rules.headline_of("瓷砖", "", ()) == "瓷砖"


channels = st.lists(st.tuples(st.integers(0, 2), st.none() | st.integers(1, 2), st.integers(0, 100)), max_size=4)


def partition(first, second, one, other):
    """Import `first` as cases, then let `second` join: pairs of places, whichever file came first."""
    cases = [
        case(place, merchant, amount, one, AT + timedelta(hours=hours))
        for place, (merchant, amount, hours) in enumerate(first)
    ]
    new = [Newcomer(other, merchant, amount, AT + timedelta(hours=hours)) for merchant, amount, hours in second]
    return {(joined, place) for place, joined in enumerate(rules.cases_to_join(new, cases, WITHIN)) if joined is not None}  # fmt: skip


@given(channels, channels)
def test_two_files_join_the_same_pairs_whichever_comes_first(first, second):
    # equal filings of one file are interchangeable, so pairs are compared by what they say
    def said(pairs):
        return sorted((str(first[one]), str(second[other])) for one, other in pairs)

    back = {(one, other) for other, one in partition(second, first, "12345", "12315")}
    assert said(partition(first, second, "12315", "12345")) == said(back)


@given(channels, st.permutations(range(4)))
def test_the_order_of_the_rows_makes_no_difference(rows, order):
    new = [Newcomer("12345", merchant, amount, AT + timedelta(hours=hours)) for merchant, amount, hours in rows]
    cases = [case(1, 0, None), case(2, 1, 1), case(3, 1, 2)]
    turned = [new[place] for place in order if place < len(new)]
    forth, back = rules.cases_to_join(new, cases, WITHIN), rules.cases_to_join(turned, cases, WITHIN)
    assert sorted(map(str, zip(new, forth, strict=True))) == sorted(map(str, zip(turned, back, strict=True)))


def test_the_national_platform_leads_a_made_up_sheet_last():
    assert rules.leads("12315", {"12345", "generic"})
    assert not rules.leads("12345", {"12315"})
    assert rules.leads("12345", {"generic"})
    assert rules.leads("generic", {"another"})


def test_the_graver_reason_is_settled_first():
    assert rules.graver("no_diversion", "local_diversion") == "local_diversion"
    assert rules.graver(None, "no_diversion") == "no_diversion"
    assert rules.graver("several_merchants", "no_diversion") == "several_merchants"
    assert rules.graver(None, None) is None
    assert rules.graver("another", "no_diversion") == "no_diversion"


def test_a_case_lies_with_the_nearer_authority_or_the_first_receiver():
    district, office, other = (2, 1), (3, 2, 1), (4, 1)
    later = AT + timedelta(hours=1)
    for first, second, expected in ((district, office, office), (office, office, office), (office, other, office)):
        assert rules.authority_of(first, AT, second, later) == expected
        assert rules.authority_of(second, later, first, AT) == expected


@pytest.mark.parametrize(
    ("status", "finished"),
    [
        ("已办结", True), ("办结", True), ("已 结案", True), ("双方和解成功", True), ("已归档", True),
        ("未办结", False), ("待办结", False), ("处理中", False), ("", False), (None, False),
    ],
)  # fmt: skip
def test_a_platforms_words_say_whether_it_is_finished_there(status, finished):
    assert rules.is_finished(status) is finished
