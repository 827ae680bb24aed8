"""Return requests: every step of the table, every moment the clock looks, every refusal that may break the promise."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from portal.classification.rules import GoodsClass
from portal.commitments.rules import Way
from portal.commitments.rules.coverage import Answer
from portal.ledgers.rules.vocabulary import Category, Cause
from portal.returns import rules
from portal.returns.rules import (
    BREACH_MARKS,
    BREACH_NAMES,
    DONE_STATES,
    FINDING_NAMES,
    GROUND_NAMES,
    OPEN_STATES,
    STATE_NAMES,
    TRANSITIONS,
    Breach,
    Finding,
    Ground,
    IllegalStep,
    ReturnEvent,
    ReturnState,
    Standing,
    Wanted,
)

NOW = datetime(2026, 8, 12, 1, 0, tzinfo=UTC)
TODAY = date(2026, 8, 12)
S, E = ReturnState, ReturnEvent
WANTED = Wanted(Way.OFFLINE, TODAY, None, None, "clothing", "围巾", 19_900, 2, "", "陈小明", "13800001234")


@pytest.mark.parametrize(("state", "event"), list(product(ReturnState, ReturnEvent)))
def test_the_table_alone_says_what_may_happen(state: ReturnState, event: ReturnEvent) -> None:
    if (state, event) in TRANSITIONS:
        assert rules.allows(state, event)
        assert rules.next_state(state, event) is TRANSITIONS[state, event]
    else:
        assert not rules.allows(state, event)
        with pytest.raises(IllegalStep):
            rules.next_state(state, event)


def test_every_word_has_its_chinese() -> None:
    assert set(STATE_NAMES) == set(ReturnState)
    assert set(BREACH_NAMES) == set(BREACH_MARKS) == set(Breach)
    assert set(GROUND_NAMES) == set(Ground)
    assert set(FINDING_NAMES) == set(Finding)


def test_what_is_over_moves_no_further_except_a_refund_that_never_came() -> None:
    for state in (*DONE_STATES, S.REFUSED):
        possible = {event for event in ReturnEvent if rules.allows(state, event)}
        assert possible == ({E.DENY} if state is S.REFUNDED else set())
    for state in OPEN_STATES:
        assert any(rules.allows(state, event) for event in ReturnEvent)


@pytest.mark.parametrize(("days", "due"), [(0, 12), (3, 15), (7, 19)])
def test_an_answer_is_due_at_the_end_of_the_last_natural_day(days: int, due: int) -> None:
    assert rules.due_at(NOW, days) == datetime(2026, 8, due, 16, 0, tzinfo=UTC)


DUE = NOW + timedelta(days=3)
LAPSE = NOW + timedelta(days=30)


@pytest.mark.parametrize(
    ("standing", "looks"),
    [
        (Standing(S.ASKED, DUE, warned=False, overdue=False, lapses_at=None), DUE - timedelta(days=1)),
        (Standing(S.ASKED, DUE, warned=True, overdue=False, lapses_at=None), DUE),
        (Standing(S.ASKED, DUE, warned=True, overdue=True, lapses_at=None), None),
        (Standing(S.ASKED, None, warned=False, overdue=False, lapses_at=LAPSE), LAPSE),
        (Standing(S.AGREED, None, warned=True, overdue=False, lapses_at=LAPSE), LAPSE),
        (Standing(S.RECEIVED, DUE, warned=False, overdue=False, lapses_at=None), DUE - timedelta(days=1)),
        (Standing(S.RECEIVED, DUE, warned=True, overdue=False, lapses_at=None), DUE),
        (Standing(S.RECEIVED, DUE, warned=True, overdue=True, lapses_at=None), None),
        *((Standing(state, None, warned=False, overdue=False, lapses_at=LAPSE), None) for state in DONE_STATES),
    ],
)
def test_the_clock_looks_to_warn_then_to_mark_then_to_end(standing: Standing, looks: datetime | None) -> None:
    assert rules.next_look(standing, 1) == looks


@pytest.mark.parametrize(("verdict", "ground", "fits"), list(product(Answer, Ground, (True, False))))
def test_only_a_covered_refusal_without_a_fitting_exclusion_may_break(
    verdict: Answer, ground: Ground, fits: bool
) -> None:
    harmless = verdict is not Answer.COVERED or (ground is Ground.EXCLUSION and fits)
    assert rules.may_break(verdict.value, ground, exclusion_fits=fits) is not harmless


@pytest.mark.parametrize(
    ("changes", "field", "word"),
    [
        ({"purchased_on": TODAY + timedelta(days=1)}, "purchased_on", "晚于今天"),
        ({"received_on": TODAY + timedelta(days=1)}, "received_on", "晚于今天"),
        ({"received_on": TODAY - timedelta(days=1)}, "received_on", "早于购买日期"),
        ({"goods": "  "}, "goods", "商品名称"),
        ({"price": 0}, "price", "单价"),
        ({"price": 10**10, "quantity": 2}, "price", "单价"),
        ({"quantity": 0}, "quantity", "数量"),
        ({"quantity": 1000}, "quantity", "数量"),
        ({"name": " "}, "name", "姓名"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(changes: dict[str, object], field: str, word: str) -> None:
    found = dict(rules.objections_to(replace(WANTED, **changes), today=TODAY))  # type: ignore[arg-type]
    assert set(found) == {field}
    assert word in found[field]


def test_a_sound_request_has_no_objection() -> None:
    assert rules.objections_to(WANTED, today=TODAY) == ()
    assert rules.objections_to(replace(WANTED, received_on=TODAY, quantity=999), today=TODAY) == ()


@pytest.mark.parametrize(
    ("way", "verdict", "cause"),
    [
        (Way.OFFLINE, Answer.COVERED, Cause.PROMISE),
        (Way.ONLINE, Answer.COVERED, Cause.ONLINE),
        (Way.OFFLINE, Answer.TOO_LATE, Cause.GOODWILL),
        (Way.ONLINE, Answer.NO_PROMISE, Cause.GOODWILL),
    ],
)
def test_the_ledger_is_told_under_what_the_goods_came_back(way: Way, verdict: Answer, cause: Cause) -> None:
    assert rules.cause_of(way, verdict.value) is cause


@pytest.mark.parametrize(
    ("category", "goods", "found"),
    [
        (GoodsClass.CLOTHING, "围巾", Category.CLOTHING),
        (GoodsClass.APPLIANCES, "电水壶", Category.APPLIANCE),
        (GoodsClass.DAILY, "毛巾", Category.DAILY_GOODS),
        (GoodsClass.FOOD, "饼干", Category.PACKAGED_FOOD),
        (GoodsClass.FOOD, "散装瓜子", Category.BULK_FOOD),
        (GoodsClass.FOOD, "鲜活鱼", Category.FRESH_FOOD),
        (GoodsClass.DRINKS, "白酒", Category.PACKAGED_FOOD),
        (GoodsClass.VEHICLES, "自行车", Category.OTHER),
        ("", "围巾", Category.OTHER),
    ],
)
def test_the_ledgers_class_is_proposed(category: str, goods: str, found: Category) -> None:
    assert rules.category_of(category, goods) is found


@pytest.mark.parametrize(("refund", "fine"), [(0, False), (-1, False), (1, True), (39_800, True), (39_801, False)])
def test_a_refund_is_at_most_what_was_paid(refund: int, fine: bool) -> None:
    assert (rules.refund_objection(refund, price=19_900, quantity=2) is None) is fine
