"""Visits and breaches of promises, pair by pair."""

import itertools
from dataclasses import replace
from datetime import date

import pytest

from portal.supervision.rules.findings import objection_to_recheck
from portal.supervision.rules.visits import (
    COUNTED_VIOLATIONS,
    LAPSE_NAMES,
    SOURCE_NAMES,
    VIOLATION_STATES,
    VIOLATION_STEPS,
    VISIT_STATES,
    VISIT_STEPS,
    IllegalVisitStep,
    Lapse,
    LapseFound,
    ViolationEvent,
    ViolationSource,
    ViolationState,
    VisitEvent,
    VisitRecord,
    VisitState,
    problem_of_record,
    violation_after,
    visit_after,
    visit_allows,
)

TODAY = date(2026, 8, 12)
FOUND = VisitRecord(TODAY, "王珂", "问", "答", (LapseFound(Lapse.REFUSED, "拒退"),), date(2026, 8, 20))


@pytest.mark.parametrize(("state", "event"), list(itertools.product(VisitState, VisitEvent)))
def test_every_pair_of_a_visit_is_in_the_table_or_refused(state, event):
    assert visit_allows(state, event) is ((state, event) in VISIT_STEPS)
    if visit_allows(state, event):
        assert visit_after(state, event) is VISIT_STEPS[state, event]
    else:
        with pytest.raises(IllegalVisitStep):
            visit_after(state, event)


@pytest.mark.parametrize(("state", "event"), list(itertools.product(ViolationState, ViolationEvent)))
def test_every_pair_of_a_breach_is_in_the_table_or_refused(state, event):
    if (state, event) in VIOLATION_STEPS:
        assert violation_after(state, event) is VIOLATION_STEPS[state, event]
    else:
        with pytest.raises(IllegalVisitStep):
            violation_after(state, event)


def test_everything_has_its_words():
    assert set(VISIT_STATES) == set(VisitState)
    assert set(VIOLATION_STATES) == set(ViolationState)
    assert set(LAPSE_NAMES) == set(Lapse)
    assert set(SOURCE_NAMES) == set(ViolationSource)


def test_what_was_dismissed_or_is_only_possible_does_not_count():
    assert set(ViolationState) - set(COUNTED_VIOLATIONS) == {ViolationState.POSSIBLE, ViolationState.DISMISSED}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"visited_on": date(2026, 8, 13)}, "visited_on"),
        ({"second_officer": " "}, "second_officer"),
        ({"asked": ""}, "asked"),
        ({"answered": " "}, "answered"),
        ({"rectify_on": None}, "rectify_on"),
        ({"lapses": ()}, "rectify_on"),
        ({"rectify_on": date(2026, 8, 11)}, "rectify_on"),
    ],
)
def test_a_record_says_where_it_is_wanting(changes, field):
    assert problem_of_record(FOUND, TODAY) is None
    assert problem_of_record(replace(FOUND, lapses=(), rectify_on=None), TODAY) is None
    assert problem_of_record(replace(FOUND, **changes), TODAY)[0] == field


@pytest.mark.parametrize(
    ("new_day", "passed", "refused"),
    [(None, True, False), (None, False, True), (date(2026, 8, 11), False, True), (TODAY, False, False)],
)
def test_a_failed_recheck_names_a_day_to_come(new_day, passed, refused):
    assert (objection_to_recheck(new_day, TODAY, passed=passed) is not None) is refused
