"""When personal fields fall due, and whose two words a list needs."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from portal.clocks.rules import local_day
from portal.retention.rules import Side, Word, approval_problem, cutoff, is_approved

NOW = datetime(2026, 8, 12, 1, tzinfo=UTC)
WORDS = st.builds(Word, st.sampled_from(Side), st.integers(1, 3))


def test_three_years_are_kept_and_never_less_than_two():
    assert cutoff(NOW, 1096, 731) == date(2023, 8, 12)
    assert cutoff(NOW, 30, 731) == date(2024, 8, 11)


@given(st.integers(0, 4000), st.integers(0, 4000))
def test_the_longer_span_binds(kept, floor):
    assert local_day(NOW) - cutoff(NOW, kept, floor) == timedelta(days=max(kept, floor))


@given(WORDS, WORDS)
def test_two_words_approve_only_from_two_people_of_two_sides(first, second):
    fits = first.side is not second.side and first.person_id != second.person_id
    assert (approval_problem((first,), second) is None) is fits
    assert is_approved((first, second)) is fits


@given(WORDS)
def test_one_word_alone_approves_nothing(word):
    assert approval_problem((), word) is None
    assert not is_approved((word,))
