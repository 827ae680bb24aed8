"""The states of problem goods, pair by pair, and when a matter may be closed."""

import itertools
from datetime import date

import pytest

from portal.recalls.rules import (
    MOST_PIECES,
    OPEN_STATES,
    REPORTED_STATES,
    STATE_NAMES,
    TONES,
    GoodsEvent,
    GoodsState,
    IllegalStep,
    Standing,
    allows,
    closing_problem,
    day_problem,
    next_state,
    pieces_problem,
)

S, E = GoodsState, GoodsEvent
BY_HAND = """
registered: send→testing cancel→cancelled
testing: clear→passed fail→defective
passed:
defective: remove→removed notify→notified
removed: notify→notified close→closed
notified: remove→notified close→closed
closed:
cancelled:
"""


def table():
    steps = {}
    for line in BY_HAND.split("\n")[1:-1]:
        state, _, rest = line.partition(":")
        for step in rest.split():
            event, _, after = step.partition("→")
            steps[S(state), E(event)] = S(after)
    return steps


@pytest.mark.parametrize(("state", "event"), list(itertools.product(S, E)))
def test_every_pair_is_as_the_table_by_hand_says(state, event):
    expected = table().get((state, event))
    assert allows(state, event) is (expected is not None)
    if expected is None:
        with pytest.raises(IllegalStep):
            next_state(state, event)
    else:
        assert next_state(state, event) is expected


def test_every_state_has_a_name_and_a_tone():
    assert set(STATE_NAMES) == set(TONES) == set(S)


def test_a_suspicion_is_not_reported_and_a_bad_result_is_for_good():
    assert {S.REGISTERED, S.TESTING, S.PASSED, S.CANCELLED}.isdisjoint(REPORTED_STATES)
    for state, event in itertools.product(REPORTED_STATES, E):
        if allows(state, event):
            assert next_state(state, event) in REPORTED_STATES


def test_an_open_article_can_always_go_on():
    for state in S:
        assert (state in OPEN_STATES) is any(allows(state, event) for event in E)


@pytest.mark.parametrize(("pieces", "fine"), [(0, True), (MOST_PIECES, True), (-1, False), (MOST_PIECES + 1, False)])
def test_pieces_are_neither_negative_nor_absurd(pieces, fine):
    assert (pieces_problem(pieces) is None) is fine


def test_a_day_is_neither_to_come_nor_before_what_it_follows():
    today = date(2026, 8, 12)
    assert day_problem(today, today=today) is None
    assert day_problem(date(2026, 8, 13), today=today) == "日期不能晚于今天。"
    late = day_problem(date(2026, 8, 1), today=today, earliest=date(2026, 8, 2), before="送检日期")
    assert late == "日期不能早于送检日期（2026-08-02）。"


@pytest.mark.parametrize(
    ("own_open", "unanswered", "reason", "closes"),
    [
        (False, 0, "", True),
        (False, 3, "", False),
        (False, 3, "  ", False),
        (False, 3, "三家已停业，现场核实无存货", True),
        (True, 0, "", False),
        (True, 0, "理由", False),
    ],
)
def test_closing_waits_for_everyone_or_for_a_reason(own_open, unanswered, reason, closes):
    assert (closing_problem(Standing(own_open, unanswered), reason) is None) is closes
