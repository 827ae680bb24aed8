"""What invented consumers answer, and what a checklist says."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from portal.practice.plots import PLOTS, Age
from portal.practice.rules import Mark, Observed, Reply, checks, confirms, reply_to, score
from portal.settlements.rules.words import TermKind

NOW = datetime(2026, 8, 12, 1, 0, tzinfo=UTC)
SEEN = Observed(contact_by=NOW + timedelta(days=2), respond_by=NOW + timedelta(days=14), perform_by=None)


def mark_of(plot, seen, words):
    return next(one.mark for one in checks(PLOTS[plot], seen, now=NOW) if words in one.text)


@pytest.mark.parametrize("plot", PLOTS.values(), ids=PLOTS)
def test_every_plot_can_be_told_and_settled(plot):
    assert 0 < plot.fair <= plot.amount < 100_000  # below the sum that asks for a code
    assert plot.counter is None or plot.fair <= plot.counter <= plot.amount
    assert "举报" not in plot.text
    assert plot.is_silent or reply_to(plot, plot.fair, [], has_countered=False) is Reply.ACCEPT


def test_a_low_offer_is_countered_once_then_refused():
    plot = PLOTS["counter_offer"]
    assert reply_to(plot, 10_000, [], has_countered=False) is Reply.COUNTER
    assert reply_to(plot, 10_000, [], has_countered=True) is Reply.REFUSE
    assert reply_to(PLOTS["simple_refund"], 10_000, [], has_countered=False) is Reply.REFUSE
    assert reply_to(PLOTS["silent"], 99_999, [], has_countered=False) is Reply.SILENT


def test_a_kind_that_was_asked_for_is_accepted_without_money():
    plot = replace(PLOTS["simple_refund"], kinds=(TermKind.EXCHANGE,))
    assert reply_to(plot, 0, [TermKind.EXCHANGE], has_countered=False) is Reply.ACCEPT


def test_a_proof_is_asked_for_once():
    plot = PLOTS["proof"]
    assert not confirms(plot, proved=False, has_denied=False)
    assert confirms(plot, proved=True, has_denied=False)
    assert confirms(plot, proved=False, has_denied=True)
    assert confirms(PLOTS["simple_refund"], proved=False, has_denied=False)


def test_accepting_in_time_is_told_from_accepting_late():
    assert mark_of("simple_refund", SEEN, "受理") is Mark.OPEN
    assert mark_of("simple_refund", replace(SEEN, accepted_at=NOW), "受理") is Mark.DONE
    late = replace(SEEN, accepted_at=NOW + timedelta(days=3))
    assert mark_of("simple_refund", late, "受理") is Mark.MISSED
    assert mark_of("simple_refund", replace(SEEN, contact_by=NOW - timedelta(days=1)), "受理") is Mark.MISSED


def test_an_offer_below_the_demand_is_marked_until_they_agree():
    low = replace(SEEN, offered_at=NOW, best_outlay=100)
    assert mark_of("simple_refund", low, "覆盖") is Mark.MISSED
    assert mark_of("simple_refund", replace(low, agreed_at=NOW), "覆盖") is Mark.DONE
    assert mark_of("simple_refund", SEEN, "覆盖") is Mark.OPEN


def test_an_overdue_case_is_not_blamed_for_being_late():
    late = replace(SEEN, respond_by=NOW - timedelta(days=3), offered_at=NOW)
    assert mark_of("overdue", late, "提出方案") is Mark.DONE
    assert mark_of("simple_refund", late, "提出方案") is Mark.MISSED


def test_another_shops_case_should_be_given_back_with_the_right_reason():
    right = replace(SEEN, returned_at=NOW, return_reason="not_ours")
    assert score(checks(PLOTS["wrong_merchant"], right, now=NOW)) == (3, 3)
    wrong = replace(right, return_reason="unclear", accepted_at=NOW)
    assert score(checks(PLOTS["wrong_merchant"], wrong, now=NOW)) == (1, 3)
    assert {one.mark for one in checks(PLOTS["wrong_merchant"], SEEN, now=NOW)} == {Mark.OPEN}


def test_a_performance_without_proof_is_told_where_one_is_wanted():
    paid = replace(SEEN, performed_at=NOW, perform_by=NOW - timedelta(days=9))
    assert mark_of("breach", paid, "凭证") is Mark.MISSED
    assert mark_of("breach", replace(paid, proved=True), "凭证") is Mark.DONE
    assert mark_of("breach", paid, "记录履行") is Mark.DONE
    assert mark_of("proof", SEEN, "凭证") is Mark.OPEN
    assert PLOTS["breach"].age is Age.BROKEN


def test_a_settled_case_is_complete_once_it_is_in_the_book():
    done = replace(SEEN, confirmed_at=NOW)
    assert mark_of("simple_refund", done, "台账有处理结果") is Mark.OPEN
    assert mark_of("simple_refund", replace(done, is_booked=True), "台账有处理结果") is Mark.DONE
    assert mark_of("food", done, "去向") is Mark.OPEN
    assert mark_of("food", replace(done, is_disposed=True), "去向") is Mark.DONE
