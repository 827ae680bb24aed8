"""The seed: complete, without contradictions, and honest about what is not law."""

from collections import Counter
from datetime import date
from itertools import combinations

import pytest

from portal.clocks import seed
from portal.clocks.rules import DayKind, Unit, in_force, limit_title

LIMITS = seed.limits()
TODAY = date(2026, 8, 1)


def test_each_year_from_2004_to_2026_is_seeded_with_its_source():
    years = seed.calendar_years()
    assert list(years) == list(range(2004, 2027))
    assert years[2026] == "国办发明电〔2025〕7号"
    assert {row.day.year for row in seed.calendar_days() if row.kind is DayKind.OFF} == set(years)


def test_no_day_is_seeded_twice_and_each_has_a_chinese_name():
    rows = seed.calendar_days()
    assert max(Counter(row.day for row in rows).values()) == 1
    assert all(row.name and not row.name.isascii() for row in rows)
    assert rows == sorted(rows, key=lambda row: row.day)


@pytest.mark.parametrize(
    ("code", "amount", "unit", "article"),
    [
        ("odr", 10, Unit.WORKING_DAY, ""),
        ("triage", 7, Unit.WORKING_DAY, "第十五条"),
        ("mediation", 60, Unit.NATURAL_DAY, "第二十三条第五项"),
        ("notice", 7, Unit.WORKING_DAY, "第二十三条"),
        ("clue", 15, Unit.WORKING_DAY, "第二十七条"),
        ("clue_extension", 15, Unit.WORKING_DAY, "第二十七条"),
        ("dispatch", 1, Unit.NATURAL_DAY, ""),
        ("accept", 2, Unit.WORKING_DAY, ""),
        ("offer_answer", 3, Unit.NATURAL_DAY, ""),
        ("receipt_silence", 7, Unit.NATURAL_DAY, ""),
        ("consumer_choice", 30, Unit.NATURAL_DAY, ""),
        ("joining_hours", 72, Unit.HOUR, ""),
        ("payee_account", 90, Unit.NATURAL_DAY, ""),
        ("code_threshold", 100_000, Unit.FEN, ""),
        ("callback_share", 5, Unit.PERCENT, ""),
    ],
)
def test_the_limits_now_in_force(code, amount, unit, article):
    (limit,) = in_force(LIMITS, code, TODAY)
    assert (limit.amount, limit.unit, limit.article) == (amount, unit, article)


def test_law_names_its_article_and_the_rest_says_that_it_is_adjustable():
    for limit in LIMITS:
        assert limit.is_law == bool(limit.article) == limit.basis.startswith("《"), limit
        assert limit.is_law or "可由监管部门调整" in limit.basis, limit


def test_only_statutory_natural_days_of_the_present_law_roll():
    assert [limit.code for limit in LIMITS if limit.rolls] == ["mediation"]


def test_no_two_rows_of_a_code_begin_on_one_day():
    assert all((one.code, one.valid_from) != (other.code, other.valid_from) for one, other in combinations(LIMITS, 2))


def test_every_limit_has_a_title_and_an_unknown_one_stands_for_itself():
    assert all(not limit_title(limit.code).isascii() for limit in LIMITS)
    assert limit_title("something_else") == "something_else"
