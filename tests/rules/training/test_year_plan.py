"""How many trainings a year are due by when."""

from datetime import date

import pytest

from portal.training.rules import objection_to_day, objection_to_hours, year_plan


@pytest.mark.parametrize(
    ("today", "held", "next_on", "late"),
    [
        (date(2026, 3, 1), 0, date(2026, 6, 30), False),
        (date(2026, 7, 1), 0, date(2026, 6, 30), True),
        (date(2026, 7, 1), 1, date(2026, 12, 31), False),
        (date(2026, 7, 1), 2, date(2027, 6, 30), False),
    ],
)
def test_two_a_year_are_due_by_the_end_of_each_half(today, held, next_on, late):
    plan = year_plan(today, held, 2)
    assert (plan.next_on, plan.late) == (next_on, late)
    assert plan.is_met == (held >= 2)


def test_four_a_year_are_due_by_the_end_of_each_quarter():
    assert [year_plan(date(2026, 1, 1), held, 4).next_on for held in range(5)] == [
        date(2026, 3, 31),
        date(2026, 6, 30),
        date(2026, 9, 30),
        date(2026, 12, 31),
        date(2027, 3, 31),
    ]


def test_a_year_that_needs_none_is_met():
    assert year_plan(date(2026, 5, 1), 0, 0).is_met


def test_a_day_far_off_is_refused_both_ways():
    today = date(2026, 8, 12)
    assert "年以前" in str(objection_to_day(date(2022, 1, 1), today))
    assert "一年以后" in str(objection_to_day(date(2028, 1, 1), today))
    assert objection_to_day(date(2026, 12, 1), today) is None


def test_hours_are_counted_in_tens_not_in_hundreds():
    assert objection_to_hours(3) is None
    assert objection_to_hours(0)
    assert objection_to_hours(400)
