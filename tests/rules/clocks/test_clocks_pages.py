"""What pages show of a deadline: words, ruler and the calendar of look/merchant-case.html."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.clocks import seed
from portal.clocks.rules import (
    Tone,
    Unit,
    calendar_of,
    calendar_weeks,
    consumer_day,
    deadline_wording,
    derive,
    end_of_day,
    explanation,
    in_force,
    payment_wording,
    ruler_ticks,
    staff_day,
    start_of_day,
    working_days_left,
)

CALENDAR = calendar_of(seed.calendar_days(), seed.calendar_years())
NOON = timedelta(hours=12)
DUE_AT = datetime(2026, 10, 15, 16, 0, tzinfo=UTC)  # 2026-10-15 24:00 in China


def noon(text):
    return start_of_day(date.fromisoformat(text)) + NOON


def derived(code, start):
    (limit,) = in_force(seed.limits(), code, start)
    return derive(limit, start, CALENDAR)


@pytest.mark.parametrize(
    ("today", "left", "text", "css", "icon"),
    [
        ("2026-10-09", 5, "剩 5 个工作日", "", ""),  # 10, 12, 13, 14, 15
        ("2026-10-10", 4, "剩 4 个工作日", "", ""),
        ("2026-10-11", 4, "剩 4 个工作日", "", ""),
        ("2026-10-12", 3, "剩 3 个工作日", "near", ""),
        ("2026-10-14", 1, "剩 1 个工作日", "near now", "clock"),
        ("2026-10-15", 0, "今天到期", "near now", "clock"),
        ("2026-10-16", -1, "逾期 1 个工作日", "bad", "alert"),
        ("2026-10-18", -1, "逾期 1 个工作日", "bad", "alert"),
        ("2026-10-19", -2, "逾期 2 个工作日", "bad", "alert"),
    ],
)
def test_a_deadline_in_working_days(today, left, text, css, icon):
    now = noon(today)
    wording = deadline_wording(now, DUE_AT, CALENDAR)
    assert working_days_left(now, DUE_AT, CALENDAR) == left
    assert (wording.text, wording.css, wording.icon) == (text, css, icon)


def test_the_weekend_after_a_friday_is_less_than_a_working_day_late():
    due_at, saturday = end_of_day(date(2026, 10, 16)), noon("2026-10-17")
    assert working_days_left(saturday, due_at, CALENDAR) == -1
    assert deadline_wording(saturday, due_at, CALENDAR).text == "已逾期"
    assert deadline_wording(saturday, due_at, CALENDAR).tone is Tone.BAD


def test_the_last_second_of_the_due_day_is_still_in_time():
    assert deadline_wording(DUE_AT - timedelta(seconds=1), DUE_AT, CALENDAR).text == "今天到期"
    assert deadline_wording(DUE_AT, DUE_AT, CALENDAR).text == "逾期 1 个工作日"


@pytest.mark.parametrize(
    ("today", "text", "tone"),
    [
        ("2026-10-01", "剩 14 天", Tone.NONE),
        ("2026-10-13", "剩 2 天", Tone.NEAR),
        ("2026-10-15", "今天到期", Tone.NEAR),
        ("2026-10-18", "逾期 3 天", Tone.BAD),
    ],
)
def test_a_deadline_in_natural_days_says_days(today, text, tone):
    wording = deadline_wording(noon(today), DUE_AT, CALENDAR, Unit.NATURAL_DAY)
    assert (wording.text, wording.tone) == (text, tone)


def test_a_working_day_limit_moved_to_a_sunday_still_says_what_is_left():
    wording = deadline_wording(noon("2026-10-17"), end_of_day(date(2026, 10, 18)), CALENDAR)
    assert wording.text == "剩 1 天"


@pytest.mark.parametrize(
    ("today", "text"), [("2026-10-08", "剩 7 天付款"), ("2026-10-15", "今天应付"), ("2026-10-17", "逾期 2 天")]
)
def test_promised_money_is_worded_as_payment(today, text):
    assert payment_wording(noon(today), DUE_AT, CALENDAR).text == text


def test_days_are_written_for_staff_and_for_consumers():
    assert staff_day(date(2026, 10, 15), date(2026, 10, 12)) == "10-15 周四"
    assert staff_day(date(2027, 1, 4), date(2026, 10, 12)) == "2027-01-04 周一"
    assert consumer_day(date(2026, 10, 15)) == "10 月 15 日（周四）"


@pytest.mark.parametrize(
    ("today", "ticks"),
    [
        ("2026-09-01", 0),
        ("2026-09-24", 0),
        ("2026-09-27", 0),
        ("2026-09-28", 1),
        ("2026-10-12", 7),
        ("2026-10-14", 9),
        ("2026-10-15", 10),
        ("2026-11-15", 10),
    ],
)
def test_a_tick_of_the_ruler_is_a_working_day_of_the_merchant(today, ticks):
    assert ruler_ticks(date(2026, 9, 24), date(2026, 10, 15), date.fromisoformat(today), CALENDAR) == ticks


def test_the_ruler_of_another_limit_is_full_only_at_its_end():
    start, due = date(2026, 7, 6), date(2026, 7, 15)
    ticks = [ruler_ticks(start, due, start + timedelta(days=n), CALENDAR) for n in range(10)]
    assert ticks == [0, 1, 2, 4, 5, 5, 5, 7, 8, 10]
    assert ruler_ticks(date(2026, 7, 10), date(2026, 7, 12), date(2026, 7, 11), CALENDAR) == 10


def test_the_calendar_is_the_one_of_the_mock():
    weeks = calendar_weeks(derived("odr", date(2026, 9, 24)), date(2026, 10, 12))
    assert [" ".join(f"{cell.label}:{cell.text}" for cell in week) for week in weeks] == [
        "21: 22: 23: 24:收到 25:休 26:休 27:休",
        "28:1 29:2 30:3 10/1:休 2:休 3:休 4:休",
        "5:休 6:休 7:休 8:4 9:5 10:班6 11:休",
        "12:7 13:8 14:9 15:到期 16: 17: 18:",
    ]
    assert [[cell.css for cell in week] for week in weeks] == [
        ["off", "off", "off", "", "off", "off", "off"],
        ["ran", "ran", "ran", "off", "off", "off", "off"],
        ["off", "off", "off", "ran", "ran", "ran", "off"],
        ["ran today", "", "", "end", "off", "off", "off"],
    ]


def test_a_rolled_limit_shows_its_last_day_inside_the_holiday():
    weeks = calendar_weeks(derived("mediation", date(2026, 7, 28)), date(2026, 9, 1))
    cells = {cell.on: cell for week in weeks for cell in week}
    assert cells[date(2026, 9, 26)].text == "休60"
    assert cells[date(2026, 9, 27)].text == "休"
    assert cells[date(2026, 9, 28)].text == "到期"
    assert cells[date(2026, 9, 25)].text == "59"


@given(st.dates(date(2026, 4, 15), date(2026, 12, 31)), st.sampled_from(["odr", "triage", "mediation", "accept"]))
def test_the_calendar_shows_whole_weeks_with_start_and_due(start, code):
    derivation = derived(code, start)
    weeks = calendar_weeks(derivation, start)
    days = [cell.on for week in weeks for cell in week]
    assert days == [days[0] + timedelta(days=n) for n in range(len(days))]
    assert days[0].weekday() == 0
    assert all(len(week) == 7 for week in weeks)
    marks = {cell.on: cell.mark for week in weeks for cell in week}
    assert marks[start] == "收到"
    assert marks[derivation.due] == "到期"


def test_the_derivation_is_told_in_sentences():
    assert explanation(derived("odr", date(2026, 9, 24)), CALENDAR) == (
        "9 月 24 日收到，当日不计。",
        "中秋、国庆节假期不计。",
        "10 月 10 日调休上班，计入。",
    )
    assert explanation(derived("mediation", date(2026, 7, 28)), CALENDAR)[1:] == (
        "最后一天 9 月 26 日在中秋假期内，顺延至假期后第一天。",
    )


def test_an_unpublished_year_is_named():
    assert explanation(derived("odr", date(2026, 12, 24)), CALENDAR) == (
        "12 月 24 日收到，当日不计。",
        "2027 年放假安排尚未公布，暂按周末推算，公布后重新计算。",
    )
