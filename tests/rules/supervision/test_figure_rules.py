"""Months by name, and that each number has its words."""

from datetime import date

import pytest

from portal.supervision.rules.figures import (
    AMOUNTS,
    MEASURES,
    OF_LEDGERS,
    OF_PROMISES,
    OF_REQUESTS,
    Measure,
    Month,
    month_named,
)

TODAY = date(2026, 8, 12)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("2026-07", date(2026, 7, 1)),
        (" 2026-08 ", date(2026, 8, 1)),
        ("2026-09", date(2026, 8, 1)),  # lies ahead
        ("2026-13", date(2026, 8, 1)),
        ("", date(2026, 8, 1)),
        ("昨天", date(2026, 8, 1)),
    ],
)
def test_a_month_is_read_by_its_name(text, first):
    assert month_named(text, TODAY) == Month(first)


def test_a_month_knows_its_last_day_and_the_one_before():
    assert Month(date(2026, 2, 1)).last == date(2026, 2, 28)
    assert Month(date(2026, 12, 1)).last == date(2026, 12, 31)
    assert Month(date(2026, 1, 1)).before == Month(date(2025, 12, 1))
    assert Month(date(2026, 1, 1)).name == "2026-01"


def test_every_measure_has_words_and_one_source():
    assert set(MEASURES) == set(Measure)
    assert sorted([*OF_PROMISES, *OF_REQUESTS, *OF_LEDGERS]) == sorted(Measure)
    assert set(Measure) >= AMOUNTS
