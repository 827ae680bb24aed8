"""Due dates derived by hand (domain.md 7.4) and the limits in force on each day."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.clocks import seed
from portal.clocks.rules import Unit, calendar_of, derive, derive_earliest, in_force, span

CALENDAR = calendar_of(seed.calendar_days(), seed.calendar_years())
LIMITS = seed.limits()
TODAY = date(2026, 10, 12)


def explained(code, start):
    return derive_earliest(in_force(LIMITS, code, start), start, CALENDAR)


def days(*texts):
    return tuple(date.fromisoformat(text) for text in texts)


@pytest.mark.parametrize(
    ("code", "start", "due"),
    [
        ("triage", "2026-02-13", "2026-03-02"),  # Spring Festival, two make-up Saturdays
        ("triage", "2026-04-30", "2026-05-13"),
        ("odr", "2026-06-18", "2026-07-03"),
        ("triage", "2026-09-18", "2026-09-29"),  # a make-up Sunday
        ("odr", "2026-09-24", "2026-10-15"),
        ("clue", "2026-09-30", "2026-10-27"),
        ("mediation", "2026-07-28", "2026-09-28"),  # the 60th day is in Mid-Autumn
        ("mediation", "2026-08-05", "2026-10-08"),  # the 60th day is in National Day
        ("mediation", "2026-08-01", "2026-09-30"),
        ("mediation", "2026-06-16", "2026-08-15"),  # a plain Saturday stays
        ("notice", "2026-09-30", "2026-10-15"),
        ("dispatch", "2026-09-30", "2026-10-01"),  # not law, so no roll
        ("offer_answer", "2026-09-30", "2026-10-03"),
        ("accept", "2026-10-09", "2026-10-12"),  # a make-up Saturday, then Monday
    ],
)
def test_due_dates_worked_out_by_hand(code, start, due):
    derivation = explained(code, date.fromisoformat(start))
    assert derivation.due == date.fromisoformat(due)
    assert not derivation.provisional


def test_a_derivation_names_every_day():
    derivation = explained("odr", date(2026, 9, 24))
    holiday = [f"2026-10-0{n}" for n in range(1, 8)]
    assert derivation.skipped == days("2026-09-25", "2026-09-26", "2026-09-27", *holiday, "2026-10-11")
    assert derivation.makeup == days("2026-10-10")
    assert [(day.on.day, day.ordinal) for day in derivation.counted] == list(
        zip([28, 29, 30, 8, 9, 10, 12, 13, 14, 15], range(1, 11), strict=True)
    )
    assert derivation.due_at == datetime(2026, 10, 15, 16, 0, tzinfo=UTC)


def test_a_derivation_as_json_has_the_fields_of_the_contract():
    assert explained("mediation", date(2026, 8, 5)).to_json() == {
        "limit": "mediation",
        "start": "2026-08-05",
        "due": "2026-10-08",
        "unit": "natural_day",
        "skipped": ["2026-10-04", "2026-10-05", "2026-10-06", "2026-10-07"],
        "makeup": [],
        "basis": "《市场监督管理投诉举报处理办法》（市场监管总局令第121号）第二十三条第五项",
        "provisional": False,
    }


def test_the_limit_of_the_merchant_is_custom_and_says_so():
    (limit,) = in_force(LIMITS, "odr", TODAY)
    assert (limit.amount, limit.unit, limit.is_law, limit.article) == (10, Unit.WORKING_DAY, False, "")
    assert limit.source == "行政惯例，可由监管部门调整"


@pytest.mark.parametrize(("start", "is_provisional"), [("2026-12-17", False), ("2026-12-18", True)])
def test_what_reaches_an_unpublished_year_is_provisional(start, is_provisional):
    assert explained("odr", date.fromisoformat(start)).provisional is is_provisional


def test_natural_days_are_provisional_only_where_a_holiday_could_move_them():
    assert explained("mediation", date(2026, 11, 20)).provisional
    assert not explained("consumer_choice", date(2026, 12, 20)).provisional


def test_the_new_rule_holds_from_its_first_day_and_the_old_one_until_the_day_before():
    (old,), (new,) = in_force(LIMITS, "triage", date(2026, 4, 14)), in_force(LIMITS, "triage", date(2026, 4, 15))
    assert (old.article, new.article) == ("第十四条", "第十五条")
    assert "第20号" in old.basis
    assert "第121号" in new.basis


def test_older_mediation_ends_at_the_earlier_of_two_limits():
    assert len(in_force(LIMITS, "mediation", date(2024, 6, 30))) == 1
    assert len(in_force(LIMITS, "mediation", date(2024, 7, 1))) == 2
    assert len(in_force(LIMITS, "mediation", date(2026, 4, 15))) == 1
    earlier = explained("mediation", date(2025, 9, 5))
    assert (earlier.due, earlier.unit) == (date(2025, 11, 4), Unit.NATURAL_DAY)
    assert explained("mediation", date(2023, 9, 5)).unit is Unit.WORKING_DAY


def test_without_a_limit_nothing_is_derived():
    assert in_force(LIMITS, "triage", date(2019, 12, 31)) == ()
    with pytest.raises(ValueError, match="2019-12-31"):
        derive_earliest((), date(2019, 12, 31), CALENDAR)


def test_hours_are_a_span_and_days_are_not():
    (joining,), (odr,) = in_force(LIMITS, "joining_hours", TODAY), in_force(LIMITS, "odr", TODAY)
    assert span(joining) == timedelta(hours=72)
    with pytest.raises(ValueError, match="not in hours"):
        span(odr)
    with pytest.raises(ValueError, match="no due day"):
        derive(joining, TODAY, CALENDAR)


@given(
    st.sampled_from([limit for limit in LIMITS if limit.unit in {Unit.WORKING_DAY, Unit.NATURAL_DAY}]),
    st.dates(date(2004, 1, 1), date(2026, 12, 31)),
)
def test_every_derivation_counts_what_its_limit_says(limit, start):
    derivation = derive(limit, start, CALENDAR)
    assert [day.ordinal for day in derivation.counted] == list(range(1, limit.amount + 1))
    assert start < derivation.counted[0].on
    assert derivation.counted[-1].on <= derivation.due
    if limit.unit is Unit.WORKING_DAY:
        assert derivation.counted[-1].on == derivation.due
        assert len(derivation.counted) + len(derivation.skipped) == (derivation.due - start).days
        assert set(derivation.makeup) <= {day.on for day in derivation.counted}
