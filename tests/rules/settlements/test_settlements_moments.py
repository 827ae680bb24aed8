"""Moments: when offers end, who may still speak, and whose delay it was."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.cases.rules import CaseState, FailureCause
from portal.settlements import rules
from portal.settlements.rules import Answer, PastRound, Side

NOW = datetime(2026, 8, 12, 1, 0, tzinfo=UTC)
DAY = timedelta(days=1)
END = NOW + 5 * DAY


def test_an_offer_ends_with_the_limit_while_that_runs():
    assert rules.expiry(NOW + 3 * DAY, NOW + 5 * DAY, NOW) == NOW + 3 * DAY
    assert rules.expiry(NOW + 3 * DAY, NOW + DAY, NOW) == NOW + DAY
    assert rules.expiry(NOW + 3 * DAY, NOW - DAY, NOW) == NOW + 3 * DAY
    assert rules.expiry(NOW + 3 * DAY, None, NOW) == NOW + 3 * DAY


def test_only_the_last_working_day_needs_a_request():
    assert rules.needs_request(NOW + 2 * DAY, NOW + DAY, NOW)
    assert not rules.needs_request(NOW + 2 * DAY, NOW + 2 * DAY, NOW)
    assert not rules.needs_request(NOW + 2 * DAY, NOW - DAY, NOW)
    assert not rules.needs_request(NOW + 2 * DAY, None, NOW)


@pytest.mark.parametrize("state", list(CaseState))
@pytest.mark.parametrize("pending", [None, Side.MERCHANT, Side.CONSUMER])
def test_an_offer_is_allowed_where_the_table_allows_it(state, pending):
    objection = rules.objection_to_offering(state, pending)
    allowed = state in rules.MAY_OFFER and pending is not Side.MERCHANT
    assert (objection is None) == allowed
    assert objection is None or objection.endswith("。")


@pytest.mark.parametrize(
    ("in_dispute", "offered", "set_after", "needed"),
    [
        (99_999, 99_999, False, False),
        (100_000, 1, False, True),
        (1, 100_000, False, True),
        (None, 1, False, True),
        (1, 1, True, True),
    ],
)
def test_when_a_code_is_needed(in_dispute, offered, set_after, needed):
    asked = rules.code_needed(
        in_dispute=in_dispute, offered=offered, threshold=100_000, phone_set_after_filing=set_after
    )
    assert asked is needed


M, C = Side.MERCHANT, Side.CONSUMER


@pytest.mark.parametrize(
    ("rounds", "cause"),
    [
        ([], FailureCause.MERCHANT_DELAY),
        ([PastRound(M, Answer.UNDONE, NOW)], FailureCause.MERCHANT_DELAY),
        ([PastRound(M, Answer.PENDING, END)], FailureCause.CONSUMER_SILENT),
        ([PastRound(M, Answer.EXPIRED, END + DAY)], FailureCause.MERCHANT_DELAY),
        ([PastRound(M, Answer.REFUSED, NOW)], FailureCause.NO_AGREEMENT),
        ([PastRound(M, Answer.COUNTERED, NOW), PastRound(C, Answer.PENDING, NOW)], FailureCause.MERCHANT_DELAY),
        ([PastRound(M, Answer.COUNTERED, NOW), PastRound(C, Answer.EXPIRED, NOW)], FailureCause.MERCHANT_DELAY),
        ([PastRound(M, Answer.COUNTERED, NOW), PastRound(C, Answer.REFUSED, NOW)], FailureCause.NO_AGREEMENT),
    ],
)
def test_whose_delay_it_was(rounds, cause):
    assert rules.failure_cause(rounds, END) is cause


@given(st.sampled_from(CaseState), st.booleans(), st.booleans())
def test_receipts_and_ratings_are_refused_in_sentences(state, due_passed, window_open):
    denial = rules.objection_to_denying(state, due_passed=due_passed, window_open=window_open, due_words="8 月 19 日")
    for text in (denial, rules.objection_to_confirming(state)):
        assert text is None or text.endswith("。")
    for rated in (True, False):
        text = rules.objection_to_rating(state, has_rated=rated, window_open=window_open)
        assert text is None or text.endswith("。")


def test_every_answer_is_told():
    for side in Side:
        for answer in set(Answer) - {Answer.PENDING}:
            assert rules.what_became(side, answer).endswith("。")
        assert rules.what_became(side, Answer.PENDING) == rules.CHANGED
