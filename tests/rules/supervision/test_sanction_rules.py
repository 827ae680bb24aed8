"""Measures and triggers, pair by pair and number by number."""

import itertools
from dataclasses import replace
from datetime import date

import pytest

from portal.supervision.rules.sanctions import (
    LEVEL_NAMES,
    LEVELS,
    MEASURE_STATES,
    NOTE_NAMES,
    OPEN_MEASURES,
    PAPER_TITLES,
    PROPOSAL_STATES,
    TRANSITIONS,
    IllegalMeasureStep,
    Level,
    MeasureEvent,
    MeasureState,
    NoteKind,
    Order,
    ProposalState,
    ends_with_receipt,
    heavier,
    measure_after,
    measure_allows,
    objection_to_answer,
    problem_of_order,
    step_after,
    suggested_level,
)
from portal.supervision.rules.triggers import (
    COUNTED,
    DEFINITIONS,
    Figures,
    Rule,
    Setting,
    Trigger,
    is_reached,
    problem_of_setting,
    rule_in_force,
    window,
)

TODAY = date(2026, 8, 12)
RULE = Rule(1, Trigger.OVERDUE, None, 3, 0, 90, Level.REMIND, True, date(2004, 1, 1), "本平台设定", True)
RATE = replace(RULE, id=2, code=Trigger.SETTLEMENT_RATE, threshold=40, least=10)


@pytest.mark.parametrize(("state", "event"), list(itertools.product(MeasureState, MeasureEvent)))
def test_every_pair_of_a_measure_is_in_the_table_or_refused(state, event):
    assert measure_allows(state, event) is ((state, event) in TRANSITIONS)
    if measure_allows(state, event):
        assert measure_after(state, event) is TRANSITIONS[state, event]
    else:
        with pytest.raises(IllegalMeasureStep):
            measure_after(state, event)


def test_what_is_over_moves_no_more():
    assert {state for state, _event in TRANSITIONS} == set(OPEN_MEASURES)


def test_everything_has_its_words():
    assert set(LEVEL_NAMES) == set(PAPER_TITLES) == set(Level)
    assert set(MEASURE_STATES) == set(MeasureState)
    assert set(PROPOSAL_STATES) == set(ProposalState)
    assert set(NOTE_NAMES) == set(NoteKind)
    assert set(DEFINITIONS) == set(Trigger)


def test_steps_lead_to_the_last_and_stay_there():
    assert [step_after(level) for level in LEVELS] == [Level.RECTIFY, Level.SUSPEND, Level.EXIT, Level.EXIT]
    assert heavier(Level.EXIT, Level.REMIND)
    assert not heavier(Level.RECTIFY, Level.RECTIFY)


@pytest.mark.parametrize(
    ("earlier", "proposed"),
    [
        ((), Level.RECTIFY),
        ((Level.REMIND,), Level.RECTIFY),
        ((Level.RECTIFY, Level.REMIND), Level.SUSPEND),
        ((Level.SUSPEND,), Level.EXIT),
    ],
)
def test_what_was_done_before_makes_the_next_step_heavier(earlier, proposed):
    assert suggested_level(Level.RECTIFY, earlier) is proposed


GOOD = {
    Level.REMIND: Order(Level.REMIND, "理由"),
    Level.RECTIFY: Order(Level.RECTIFY, "理由", rectify_on=date(2026, 8, 20)),
    Level.SUSPEND: Order(Level.SUSPEND, "理由", conditions="办结积压"),
    Level.EXIT: Order(Level.EXIT, "理由", conditions="重新申请", earliest_on=TODAY),
}


@pytest.mark.parametrize("order", GOOD.values(), ids=list(GOOD))
def test_a_whole_order_is_fine_and_one_without_reason_is_not(order):
    assert problem_of_order(order, TODAY) is None
    assert problem_of_order(replace(order, reason=" "), TODAY)[0] == "reason"


@pytest.mark.parametrize(
    ("level", "changes", "field"),
    [
        (Level.RECTIFY, {"rectify_on": None}, "rectify_on"),
        (Level.RECTIFY, {"rectify_on": TODAY}, "rectify_on"),
        (Level.EXIT, {"rectify_on": date(2026, 9, 1)}, "rectify_on"),
        (Level.SUSPEND, {"conditions": ""}, "conditions"),
        (Level.EXIT, {"conditions": " "}, "conditions"),
        (Level.EXIT, {"earliest_on": None}, "earliest_on"),
        (Level.EXIT, {"earliest_on": date(2026, 8, 11)}, "earliest_on"),
        (Level.REMIND, {"earliest_on": date(2026, 9, 1)}, "earliest_on"),
    ],
)
def test_an_order_says_where_it_is_wanting(level, changes, field):
    assert problem_of_order(replace(GOOD[level], **changes), TODAY)[0] == field


def test_only_a_reminder_without_a_day_ends_with_its_receipt():
    over = {level for level in Level if ends_with_receipt(level, None)}
    assert over == {Level.REMIND}
    assert not ends_with_receipt(Level.REMIND, TODAY)


def test_who_left_asks_from_the_fixed_day_on():
    day = date(2026, 9, 1)
    assert "2026-09-01" in objection_to_answer(Level.EXIT, day, date(2026, 8, 31))
    assert objection_to_answer(Level.EXIT, day, day) is None
    assert objection_to_answer(Level.SUSPEND, None, TODAY) is None


@pytest.mark.parametrize(
    ("rule", "figures", "reached"),
    [
        (RULE, Figures(2), False),
        (RULE, Figures(3), True),
        (replace(RULE, active=False), Figures(9), False),
        (RATE, Figures(3, 9), False),  # too few to say anything
        (RATE, Figures(3, 10), True),
        (RATE, Figures(4, 10), False),  # exactly 40 % is not below it
        (RATE, Figures(0, 0), False),
        (replace(RATE, least=0), Figures(0, 0), False),
    ],
)
def test_a_trigger_is_reached_exactly_at_its_number(rule, figures, reached):
    assert is_reached(rule, figures) is reached


def test_figures_are_said_with_what_they_are_made_of():
    assert Figures(3).words == "3"
    assert Figures(12, 30).words == "12 / 30（40.0%）"
    assert Figures(0, 0).words == "0 / 0"


def test_the_nearest_authority_and_its_newest_row_hold():
    station = replace(RULE, id=5, authority_id=11, threshold=5, first_on=date(2026, 8, 1))
    newer = replace(station, id=6, threshold=4, first_on=TODAY)
    later = replace(station, id=7, threshold=1, first_on=date(2026, 8, 13))
    same_day = replace(newer, id=8, threshold=6)
    rows = [RULE, RATE, station, newer, later]
    assert rule_in_force(rows, Trigger.OVERDUE, (11, 1), TODAY) is newer
    assert rule_in_force([*rows, same_day], Trigger.OVERDUE, (11, 1), TODAY) is same_day
    assert rule_in_force(rows, Trigger.OVERDUE, (11, 1), date(2026, 8, 2)) is station
    assert rule_in_force(rows, Trigger.OVERDUE, (12, 1), TODAY) is RULE
    assert rule_in_force(rows, Trigger.GOODS, (11,), TODAY) is None


def test_each_day_is_counted_once():
    assert window(RULE, None, TODAY) == (date(2026, 5, 14), date(2026, 8, 11))
    assert window(RULE, date(2026, 8, 5), TODAY) == (date(2026, 8, 6), date(2026, 8, 11))
    assert window(RULE, date(2026, 1, 5), TODAY) == (date(2026, 5, 14), date(2026, 8, 11))
    assert window(RULE, date(2026, 8, 11), TODAY) is None


SETTING = Setting(Trigger.OVERDUE, 5, 0, 60, TODAY, "湖里区市监局文件")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"threshold": 0}, "threshold"),
        ({"threshold": 10_001}, "threshold"),
        ({"code": Trigger.SETTLEMENT_RATE, "threshold": 101, "least": 5}, "threshold"),
        ({"code": Trigger.SETTLEMENT_RATE, "threshold": 50}, "least"),
        ({"days": 0}, "days"),
        ({"days": 732}, "days"),
        ({"first_on": date(2026, 8, 11)}, "first_on"),
        ({"basis": " "}, "basis"),
    ],
)
def test_a_setting_says_where_it_is_wrong(changes, field):
    assert problem_of_setting(SETTING, TODAY) is None
    assert problem_of_setting(replace(SETTING, **changes), TODAY)[0] == field


def test_what_is_proposed_by_hand_only_is_never_counted():
    assert not {Trigger.PERSONAL_DATA, Trigger.OWN_REQUEST} & set(COUNTED)
