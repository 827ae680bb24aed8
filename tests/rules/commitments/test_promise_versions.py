"""Which step follows which, what a version may say, and which days it gets."""

import itertools
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.commitments.rules import BasisKind, DeliveryStart, PromiseState, Way
from portal.commitments.rules.body import ExclusionRow, OutletRow, PromiseBody, ScopeRow, ShopRow
from portal.commitments.rules.programme import AllowedExclusion, Requirements, nearest
from portal.commitments.rules.spans import expiry, first_day, next_look, unbroken_since
from portal.commitments.rules.states import TRANSITIONS, IllegalStep, PromiseEvent, allows, next_state
from portal.commitments.rules.versions import Before, objections_to_body, objections_to_draft

TODAY = date(2026, 8, 12)
DAY = timedelta(days=1)
LAW = "《消费者权益保护法》"
ONLINE = Requirements(
    way=Way.ONLINE,
    organisation_id=None,
    least_days=7,
    free=False,
    allowed=(AllowedExclusion("made_to_order", "消费者定作的商品", BasisKind.LAW, LAW),),
    most_days_to_answer=15,
    most_days_to_refund=7,
    valid_months=None,
    second_review=True,
    council_id=None,
    article="第二十五条",
    basis=LAW,
    is_law=True,
    valid_from=date(2017, 3, 15),
)
OFFLINE = replace(
    ONLINE,
    way=Way.OFFLINE,
    free=True,
    allowed=(),
    most_days_to_answer=3,
    article="",
    basis="本地项目规则，非法律规定",
    is_law=False,
)
PROGRAMMES = {Way.ONLINE: ONLINE, Way.OFFLINE: OFFLINE}
SHOP = PromiseBody(scopes=(ScopeRow(Way.OFFLINE),), outlets=(OutletRow("湖里店"),), first_on=TODAY)
WEB = PromiseBody(way=Way.ONLINE, scopes=(ScopeRow(Way.ONLINE),), shops=(ShopRow("天猫", "旗舰店"),), first_on=TODAY)
DECLARED = ExclusionRow(Way.OFFLINE, "declared", "内衣", BasisKind.DECLARED, "店堂公告")


@pytest.mark.parametrize(("state", "event"), list(itertools.product(PromiseState, PromiseEvent)))
def test_every_pair_is_in_the_table_or_refused(state, event):
    assert allows(state, event) is ((state, event) in TRANSITIONS)
    if (state, event) in TRANSITIONS:
        assert next_state(state, event) is TRANSITIONS[state, event]
    else:
        with pytest.raises(IllegalStep):
            next_state(state, event)


@given(st.lists(st.sampled_from(PromiseEvent), max_size=12))
def test_nothing_comes_into_force_without_a_review(events):
    state, passed = PromiseState.DRAFT, False
    for event in events:
        if allows(state, event):
            state = next_state(state, event)
            passed = (passed or "approve" in event) and state is not PromiseState.DRAFT
    assert passed or state not in (PromiseState.PASSED, PromiseState.CURRENT)


def faults(body, before=None):
    return dict(objections_to_body(body, PROGRAMMES, today=TODAY, before=before))


@pytest.mark.parametrize("body", [SHOP, WEB, replace(SHOP, exclusions=(DECLARED,))])
def test_a_fitting_body_is_free_of_objections(body):
    assert faults(body) == {}
    assert objections_to_draft(body) == ()


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        (replace(SHOP, scopes=()), "scopes", "适用商品"),
        (replace(SHOP, days=6), "days", "最少 7 天，依据：本地项目规则，非法律规定。请改为 7 天"),
        (replace(WEB, days=6), "days", "《消费者权益保护法》第二十五条"),
        (replace(WEB, delivery_start=DeliveryStart.SIGNING_DAY), "days", "请改为 8 天"),
        (replace(SHOP, scopes=(ScopeRow(Way.OFFLINE, "food", "", 3),)), "scopes-0-days", "最少 7 天"),
        (replace(SHOP, scopes=(ScopeRow(Way.OFFLINE, "nosuch"),)), "scopes-0-category", "商品类别"),
        (replace(SHOP, scopes=(ScopeRow(Way.OFFLINE), ScopeRow(Way.OFFLINE))), "scopes-1-goods", "重复"),
        (replace(SHOP, outlets=()), "outlets", "门店"),
        (replace(SHOP, outlets=(OutletRow(" "),)), "outlets-0-name", "门店名称"),
        (replace(WEB, shops=()), "shops", "网店"),
        (replace(WEB, shops=(ShopRow("天猫", ""),)), "shops-0-name", "网店名称"),
        (replace(WEB, shops=(ShopRow("天猫", "店", "javascript:alert(1)"),)), "shops-0-url", "https://"),
        (replace(SHOP, days_to_answer=4), "days_to_answer", "1 到 3 天"),
        (replace(SHOP, days_to_answer=0), "days_to_answer", "1 到 3 天"),
        (replace(WEB, days_to_refund=8), "days_to_refund", "1 到 7 天"),
        (replace(SHOP, conditions="好" * 1001), "conditions", "最多 1000 个字"),
        (replace(SHOP, outlets=(OutletRow("店" * 201),)), "outlets-0-name", "200"),
        (replace(SHOP, outlets=(OutletRow("店"),) * 501), "outlets", "最多 500 行"),
        (replace(SHOP, first_on=None), "first_on", "生效日期"),
        (replace(SHOP, first_on=TODAY - DAY), "first_on", "不能追溯"),
        (replace(SHOP, first_on=TODAY + 366 * DAY), "first_on", "年份"),
        (replace(SHOP, exclusions=(replace(DECLARED, text=""),)), "exclusions-0-text", "不适用"),
        (replace(SHOP, exclusions=(replace(DECLARED, basis=" "),)), "exclusions-0-basis", "明示"),
        (replace(SHOP, exclusions=(replace(DECLARED, category="x"),)), "exclusions-0-category", "商品类别"),
        (replace(SHOP, exclusions=(replace(DECLARED, way=Way.ONLINE),)), "exclusions-0-way", "没有网上购买"),
        (replace(WEB, exclusions=(replace(DECLARED, way=Way.ONLINE),)), "exclusions-0-code", "消费者定作的商品"),
        (
            replace(WEB, exclusions=(ExclusionRow(Way.ONLINE, "made_to_order", "特价商品", BasisKind.LAW, LAW),)),
            "exclusions-0-text",
            "以规定为准",
        ),
    ],
)
def test_each_fault_is_told_at_its_field_with_rule_and_remedy(body, field, words):
    found = faults(body)
    assert list(found) == [field]
    assert words in found[field]


@pytest.mark.parametrize(
    ("before", "first_on", "refused"),
    [
        (Before(1, TODAY - DAY, None, None), TODAY, False),
        (Before(1, TODAY, None, None), TODAY, True),
        (Before(1, TODAY + 5 * DAY, None, None), TODAY + 3 * DAY, True),
        (Before(1, TODAY - DAY, TODAY + 5 * DAY, None), TODAY + 5 * DAY, True),
        (Before(1, TODAY - DAY, TODAY + 5 * DAY, None), TODAY + 6 * DAY, False),
        (Before(1, TODAY - DAY, None, TODAY + 5 * DAY), TODAY + 6 * DAY, False),
        (Before(1, TODAY - DAY, None, TODAY + 5 * DAY), TODAY + 7 * DAY, True),
    ],
)
def test_versions_neither_overlap_nor_leave_a_gap(before, first_on, refused):
    found = faults(replace(SHOP, first_on=first_on), before)
    assert list(found) == (["first_on"] if refused else [])
    if refused:
        assert "第 1 版" in found["first_on"]


def test_a_draft_may_be_half_written_but_not_impossible():
    assert objections_to_draft(PromiseBody(days=3)) == ()
    body = PromiseBody(days=0, scopes=(ScopeRow(Way.OFFLINE, days=0),), gifts="赠" * 1001)
    assert [field for field, _ in objections_to_draft(body)] == ["days", "scopes-0-days", "gifts"]


@pytest.mark.parametrize(
    ("first_on", "months", "last"),
    [
        (date(2026, 8, 12), 12, date(2027, 8, 11)),
        (date(2027, 3, 1), 12, date(2028, 2, 29)),
        (date(2026, 1, 31), 1, date(2026, 2, 27)),
        (date(2026, 12, 1), 1, date(2026, 12, 31)),
        (date(2026, 8, 12), None, None),
    ],
)
def test_a_promise_is_valid_for_so_many_months(first_on, months, last):
    assert expiry(first_on, months) == last


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.booleans())
def test_no_version_begins_before_it_was_passed(wished, passed_on, replaces):
    first = first_day(wished, passed_on, replaces=replaces)
    assert first >= max(wished, passed_on)
    assert first > passed_on or not replaces


def test_a_promise_is_unbroken_where_the_former_ended_the_day_before():
    since = date(2020, 1, 1)
    assert unbroken_since(TODAY, TODAY - DAY, since) == since
    assert unbroken_since(TODAY, TODAY - 2 * DAY, since) == TODAY
    assert unbroken_since(TODAY, None, None) == TODAY


@given(st.integers(-5, 60), st.sampled_from([(), (7,), (30, 7)]))
def test_the_clock_always_looks_again_before_an_end(left, warn_before):
    expires = TODAY + left * DAY
    look = next_look(None, expires, warn_before, after=TODAY)
    assert look is not None
    assert TODAY < look <= max(expires, TODAY) + DAY
    assert next_look(expires, None, warn_before, after=TODAY) == max(expires, TODAY) + DAY


def test_a_version_without_end_is_never_looked_at():
    assert next_look(None, None, (30, 7), after=TODAY) is None


def test_the_nearest_authority_beats_everywhere_and_the_newest_its_own_former():
    district = replace(OFFLINE, organisation_id=3, least_days=10)
    city = replace(OFFLINE, organisation_id=1, least_days=8)
    newer = replace(district, least_days=9, valid_from=TODAY)
    ended = replace(district, least_days=30, valid_from=TODAY - 2 * DAY, valid_to=TODAY - DAY)
    rows = (OFFLINE, city, district, newer, ended)
    assert nearest(rows, Way.OFFLINE, TODAY, (3, 1)) is newer
    assert nearest(rows, Way.OFFLINE, TODAY - DAY, (3, 1)) is ended
    assert nearest(rows, Way.OFFLINE, TODAY, (4, 1)) is city
    assert nearest(rows, Way.OFFLINE, TODAY, (5,)) is OFFLINE
    assert nearest(rows, Way.ONLINE, TODAY, (3, 1)) is None
