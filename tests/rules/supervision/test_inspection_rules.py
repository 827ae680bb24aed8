"""The states of an inspection pair by pair, and what a record must hold."""

import itertools
from dataclasses import replace
from datetime import date

import pytest

from portal.supervision.rules import (
    LARGEST_SAMPLE,
    STATE_NAMES,
    Finding,
    FindingKind,
    IllegalStep,
    InspectionEvent,
    InspectionState,
    Visit,
    allows,
    next_state,
    problem_of,
)

S, E = InspectionState, InspectionEvent
BY_HAND = {
    (S.RECORDED, E.CONFIRM): S.CONFIRMED,
    (S.RECORDED, E.CONFIRM_CLEAN): S.CLOSED,
    (S.CONFIRMED, E.RECTIFY): S.RECTIFIED,
    (S.RECTIFIED, E.PASS_RECHECK): S.CLOSED,
    (S.RECTIFIED, E.FAIL_RECHECK): S.CONFIRMED,
}
TODAY = date(2026, 8, 12)
FINDING = Finding(FindingKind.MISSING, "8 月 3 日的退货没有记录")
VISIT = Visit(TODAY, date(2026, 7, 1), date(2026, 7, 31), 30, "王珂", (FINDING,), date(2026, 8, 20))


@pytest.mark.parametrize(("state", "event"), list(itertools.product(S, E)))
def test_every_pair_is_as_written_by_hand(state, event):
    expected = BY_HAND.get((state, event))
    assert allows(state, event) is (expected is not None)
    if expected is None:
        with pytest.raises(IllegalStep):
            next_state(state, event)
    else:
        assert next_state(state, event) is expected


def test_every_state_has_words():
    assert set(STATE_NAMES) == set(S)


def test_a_whole_record_is_stored():
    assert problem_of(VISIT, TODAY) is None
    assert problem_of(replace(VISIT, findings=(), rectify_on=None), TODAY) is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"inspected_on": date(2026, 8, 13)}, "inspected_on"),
        ({"period_first": date(2026, 8, 1)}, "period_last"),
        ({"period_last": date(2026, 8, 13)}, "period_last"),
        ({"sample": 0}, "sample"),
        ({"sample": LARGEST_SAMPLE + 1}, "sample"),
        ({"second_officer": " "}, "second_officer"),
        ({"rectify_on": None}, "rectify_on"),
        ({"rectify_on": date(2026, 8, 11)}, "rectify_on"),
        ({"findings": ()}, "rectify_on"),
    ],
)
def test_what_can_not_be_is_told_at_its_field(changes, field):
    problem = problem_of(replace(VISIT, **changes), TODAY)
    assert problem is not None
    assert problem[0] == field
