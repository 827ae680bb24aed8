"""Rates tell what they are made of."""

import itertools
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.indicators.rules import Period, Rate, change_in_words, period_named, wilson_interval


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share_and_stays_inside(pair: tuple[int, int]) -> None:
    numerator, denominator = pair
    low, high = wilson_interval(numerator, denominator)
    assert 0 <= low <= 100 * numerator / denominator + 1e-9
    assert 100 * numerator / denominator - 1e-9 <= high <= 100


@given(st.integers(1, 400), st.integers(1, 20))
def test_more_cases_of_the_same_share_narrow_the_interval(numerator: int, times: int) -> None:
    low, high = wilson_interval(numerator, 2 * numerator)
    low_many, high_many = wilson_interval(numerator * (times + 1), 2 * numerator * (times + 1))
    assert high_many - low_many < high - low


def test_the_interval_agrees_with_a_published_value() -> None:
    # 81 of 263: 0.2553 to 0.3662 (R. G. Newcombe, Statistics in Medicine 17, 1998, table I, method 3)
    low, high = wilson_interval(81, 263)
    assert (round(low, 2), round(high, 2)) == (25.53, 36.62)


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError):
        wilson_interval(3, 2)


def test_few_cases_give_no_rate_and_no_comparison() -> None:
    assert change_in_words(Rate(3, 19), Rate(20, 30)) == "不足 20 件，不计算比率"
    assert change_in_words(Rate(18, 20), Rate(3, 19)) == "上期不足 20 件，不比较"


def test_changes_are_percentage_points() -> None:
    assert change_in_words(Rate(506, 556), Rate(400, 500)).startswith("比上期 +11.0 个百分点")
    assert change_in_words(Rate(80, 100), Rate(81, 100)) == "比上期 −1.0 个百分点，在区间内"


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 400))
def test_weeks_cover_a_period_without_gap_or_overlap(first: date, days: int) -> None:
    period = Period(first, first.fromordinal(first.toordinal() + days))
    weeks = period.weeks()
    assert weeks[-1].last == period.last
    assert all(after.first.toordinal() == before.last.toordinal() + 1 for before, after in itertools.pairwise(weeks))
    assert all(week.days <= 7 for week in weeks)


def test_the_former_period_is_as_long_and_ends_the_day_before() -> None:
    period = period_named("month", date(2026, 10, 12))
    assert period.former.days == period.days == 30
    assert period.former.last.toordinal() == period.first.toordinal() - 1
