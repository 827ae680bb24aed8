"""When a limit warns (decisions 5)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.clocks import seed
from portal.clocks.rules import (
    Severity,
    calendar_of,
    end_of_day,
    next_warning,
    reached_warning,
    start_of_day,
    warnings_schedule,
)

CALENDAR = calendar_of(seed.calendar_days(), seed.calendar_years())
HALF, THREE, ONE, OVERDUE = Severity
SECOND = timedelta(seconds=1)


def schedule(start, due):
    points = warnings_schedule(date.fromisoformat(start), date.fromisoformat(due), CALENDAR)
    return [(point.severity, point.on.isoformat()) for point in points]


def test_ten_working_days_over_national_day_warn_four_times():
    assert schedule("2026-09-24", "2026-10-15") == [
        (HALF, "2026-10-09"),  # the fifth working day
        (THREE, "2026-10-12"),
        (ONE, "2026-10-14"),
        (OVERDUE, "2026-10-16"),
    ]


def test_on_one_day_the_most_severe_wins():
    # Seven working days: half is the fourth, on which three are left.
    assert schedule("2026-07-06", "2026-07-15") == [
        (THREE, "2026-07-10"),
        (ONE, "2026-07-14"),
        (OVERDUE, "2026-07-16"),
    ]


@pytest.mark.parametrize(
    ("start", "due", "expected"),
    [
        ("2026-07-06", "2026-07-09", [(ONE, "2026-07-08"), (OVERDUE, "2026-07-10")]),  # 3 left was the start
        ("2026-07-06", "2026-07-08", [(ONE, "2026-07-07"), (OVERDUE, "2026-07-09")]),
        ("2026-07-06", "2026-07-07", [(HALF, "2026-07-07"), (OVERDUE, "2026-07-08")]),
        ("2026-07-10", "2026-07-12", [(OVERDUE, "2026-07-13")]),  # Friday to Sunday: no working day between
    ],
)
def test_points_not_after_the_start_are_dropped(start, due, expected):
    assert schedule(start, due) == expected


def test_a_limit_ending_on_a_sunday_counts_back_from_friday():
    assert schedule("2026-07-01", "2026-07-19")[-3:] == [
        (THREE, "2026-07-14"),
        (ONE, "2026-07-16"),
        (OVERDUE, "2026-07-20"),
    ]


def test_after_an_outage_only_the_most_severe_is_due():
    points = warnings_schedule(date(2026, 9, 24), date(2026, 10, 15), CALENDAR)
    during = start_of_day(date(2026, 10, 14)) + SECOND
    assert reached_warning(points, during).severity is ONE
    assert next_warning(points, during).severity is OVERDUE
    before = start_of_day(date(2026, 10, 9)) - SECOND
    assert reached_warning(points, before) is None
    assert next_warning(points, before).at == start_of_day(date(2026, 10, 9))


def test_a_limit_is_overdue_at_the_end_of_its_due_day_and_not_before():
    due_at = end_of_day(date(2026, 10, 15))
    points = warnings_schedule(date(2026, 9, 24), date(2026, 10, 15), CALENDAR)
    assert points[-1].at == due_at
    assert reached_warning(points, due_at - SECOND).severity is ONE
    assert reached_warning(points, due_at).severity is OVERDUE
    assert next_warning(points, due_at) is None


@given(st.dates(date(2004, 1, 1), date(2026, 9, 1)), st.integers(1, 60))
def test_warnings_come_after_the_start_once_a_day_and_end_overdue(start, n):
    due = CALENDAR.add_working_days(start, n)
    points = warnings_schedule(start, due, CALENDAR)
    days = [point.on for point in points]
    assert days == sorted(set(days))
    assert all(day > start for day in days)
    assert points[-1].severity is OVERDUE
    assert days[-1] == due + timedelta(days=1)
    assert all(CALENDAR.is_working_day(day) for day in days[:-1])
