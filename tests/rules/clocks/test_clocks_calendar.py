"""Working days, natural days and rolls, by hand and over every year that was published."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.clocks import seed
from portal.clocks.rules import (
    CalendarDay,
    DayKind,
    add_natural_days,
    calendar_of,
    due_day,
    end_of_day,
    local_day,
    report_due_on,
    start_of_day,
)

CALENDAR = calendar_of(seed.calendar_days(), seed.calendar_years())
DAYS = st.dates(date(2004, 1, 1), date(2026, 12, 31))
STARTS = st.dates(date(2004, 1, 1), date(2026, 8, 31))
COUNTS = st.integers(0, 60)


def days_from(first, last):
    return {first + timedelta(days=n) for n in range((last - first).days + 1)}


@given(STARTS, COUNTS)
def test_days_added_are_the_days_counted_back(start, n):
    assert CALENDAR.count_working_days(start, CALENDAR.add_working_days(start, n)) == n


@given(STARTS, st.integers(1, 60))
def test_a_limit_never_ends_on_a_day_off(start, n):
    due = CALENDAR.add_working_days(start, n)
    assert due not in CALENDAR.off
    assert due.weekday() < 5 or due in CALENDAR.makeup


@given(STARTS, STARTS, COUNTS)
def test_a_later_start_never_ends_earlier(one, other, n):
    first, second = sorted((one, other))
    assert CALENDAR.add_working_days(first, n) <= CALENDAR.add_working_days(second, n)


@given(STARTS, st.integers(0, 59))
def test_one_day_more_ends_later(start, n):
    assert CALENDAR.add_working_days(start, n) < CALENDAR.add_working_days(start, n + 1)


@given(st.sampled_from(sorted(CALENDAR.makeup)))
def test_a_make_up_day_counts_as_the_next_working_day(day):
    assert day.weekday() >= 5
    assert CALENDAR.count_working_days(day - timedelta(days=1), day) == 1
    assert CALENDAR.add_working_days(day - timedelta(days=1), 1) == day


@given(DAYS, DAYS)
def test_counting_by_table_agrees_with_walking_day_by_day(one, other):
    first, last = sorted((one, min(other, one + timedelta(days=800))))
    walked = sum(CALENDAR.is_working_day(day) for day in days_from(first, last) - {first})
    assert CALENDAR.count_working_days(first, last) == walked
    assert CALENDAR.count_working_days(last, first) == -walked


@given(STARTS, COUNTS)
def test_days_subtracted_are_the_days_left(day, n):
    before = CALENDAR.subtract_working_days(day, n)
    assert CALENDAR.is_working_day(before)
    assert CALENDAR.count_working_days(before, day) == n


@given(DAYS)
def test_a_roll_leaves_every_day_but_those_of_a_holiday(day):
    rolled = CALENDAR.roll_over_holiday(day)
    if day in CALENDAR.off:
        assert rolled > day
        assert CALENDAR.is_working_day(rolled)
        assert CALENDAR.count_working_days(day, rolled) == 1
    else:
        assert rolled == day


def test_the_table_of_2026_is_the_published_one():
    spans = [((1, 1), (1, 3)), ((2, 15), (2, 23)), ((4, 4), (4, 6)), ((5, 1), (5, 5))]
    spans += [((6, 19), (6, 21)), ((9, 25), (9, 27)), ((10, 1), (10, 7))]
    published = set().union(*(days_from(date(2026, *first), date(2026, *last)) for first, last in spans))
    assert {day for day in CALENDAR.off if day.year == 2026} == published
    makeup = [(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)]
    assert {day for day in CALENDAR.makeup if day.year == 2026} == {date(2026, *day) for day in makeup}


def test_2026_has_248_working_days():
    assert CALENDAR.count_working_days(date(2025, 12, 31), date(2026, 12, 31)) == 248


def test_a_year_without_data_is_computed_by_weekends_and_not_covered():
    assert CALENDAR.is_working_day(date(2027, 1, 1))  # a Friday
    assert not CALENDAR.is_working_day(date(2027, 1, 2))
    assert CALENDAR.covers(date(2004, 1, 1), date(2026, 12, 31))
    assert not CALENDAR.covers(date(2026, 12, 31), date(2027, 1, 1))


def test_a_plain_weekend_is_not_rolled():
    assert CALENDAR.roll_over_holiday(date(2026, 8, 15)) == date(2026, 8, 15)


@pytest.mark.parametrize(
    ("period_end", "due"),
    [
        (date(2026, 8, 15), date(2026, 8, 17)),  # 2026-08A: the 16th is a Sunday
        (date(2026, 9, 30), date(2026, 10, 8)),  # 2026-09B: National Day
        (date(2026, 9, 15), date(2026, 9, 16)),
        (date(2026, 5, 8), date(2026, 5, 9)),  # a make-up Saturday is worked
    ],
)
def test_a_report_is_due_on_the_next_working_day(period_end, due):
    assert report_due_on(period_end, CALENDAR) == due


def test_natural_days_do_not_count_the_start():
    assert add_natural_days(date(2026, 8, 1), 60) == date(2026, 9, 30)


def test_working_days_are_not_added_backwards():
    with pytest.raises(ValueError, match="forwards"):
        CALENDAR.add_working_days(date(2026, 8, 1), -1)


def test_a_day_cannot_be_off_and_made_up():
    rows = [CalendarDay(date(2027, 1, 1), kind, "元旦") for kind in DayKind]
    with pytest.raises(ValueError, match="2027-01-01"):
        calendar_of(rows, [2027])


def test_an_evening_in_utc_is_the_next_day_in_china():
    assert local_day(datetime(2026, 9, 24, 15, 59, tzinfo=UTC)) == date(2026, 9, 24)
    assert local_day(datetime(2026, 9, 24, 16, 0, tzinfo=UTC)) == date(2026, 9, 25)


def test_a_moment_without_time_zone_has_no_day():
    with pytest.raises(ValueError, match="time zone"):
        local_day(datetime(2026, 9, 24, 16, 0))  # noqa: DTZ001


def test_a_due_day_ends_at_24_hours_in_china():
    assert end_of_day(date(2026, 10, 15)) == datetime(2026, 10, 15, 16, 0, tzinfo=UTC)
    assert end_of_day(date(2026, 10, 15)) == start_of_day(date(2026, 10, 16))


@given(DAYS)
def test_the_end_of_a_day_belongs_to_that_day(day):
    assert due_day(end_of_day(day)) == day
    assert local_day(start_of_day(day)) == day
