"""Offers: one at a time, visible after the undo, gone when their time is over."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.cases import steps
from portal.cases.rules import Answered, CaseState, FailureCause, Turn
from portal.clocks.rules import end_of_day, local_day
from portal.core.actor import SYSTEM, Actor, ActorKind
from portal.core.errors import NotAllowed, NotFound, RuleBroken, Stale
from portal.core.facts import Fact, Outbox, Topic
from portal.settlements import actions, rules
from portal.settlements.models import Answer, Side
from tests.conftest import NOW
from tests.factories import people, settling

SEEN = NOW + timedelta(minutes=1)


def test_an_offer_waits_visible_after_the_undo_and_ends_in_three_days(session):
    dispute = settling.dispute(session)
    offer = settling.offered(session, dispute, message="抱歉给您添麻烦了。")
    assert (offer.round, offer.side, offer.answer, offer.outlay) == (1, Side.MERCHANT, Answer.PENDING, 50_000)
    assert offer.visible_at == NOW + timedelta(seconds=30)
    assert local_day(offer.expires_at - timedelta(seconds=1)) == local_day(NOW) + timedelta(days=3)
    assert (dispute.case.state, dispute.case.turn) == (CaseState.OFFERED, Turn.THEIRS)
    fact = session.scalars(select(Fact).where(Fact.topic == Topic.OFFER_MADE)).one()
    assert fact.detail["round"] == 1
    not_before = session.scalars(select(Outbox.not_before).where(Outbox.fact_id == fact.id)).one()
    assert not_before == offer.visible_at


def test_no_zero_or_second_offer_waits_beside_the_first(session):
    dispute = settling.dispute(session)
    settling.offered(session, dispute)
    with pytest.raises(RuleBroken, match="还在等消费者答复"):
        settling.offered(session, dispute, now=SEEN)


@pytest.mark.parametrize(
    "state",
    [CaseState.DISPATCHED, CaseState.AGREED, CaseState.PERFORMED, CaseState.CLOSED_SETTLED, CaseState.WITHDRAWN],
)
def test_an_offer_is_refused_where_there_is_nothing_to_negotiate(session, state):
    dispute = settling.dispute(session, state=state)
    with pytest.raises(RuleBroken, match="。"):
        settling.offered(session, dispute)


def test_a_different_merchant_may_not_offer_and_learns_nothing(session):
    dispute = settling.dispute(session)
    stranger = people.actor(session, people.member(session, people.merchant(session, dispute.authority).id))
    with pytest.raises(NotFound):
        actions.make_offer(session, stranger, actions.MakeOffer(dispute.case.reference, (settling.refund(),)), now=NOW)


def test_an_officer_sees_the_case_but_may_not_offer(session):
    dispute = settling.dispute(session)
    officer = Actor(
        ActorKind.AUTHORITY, 1, organisation_id=dispute.authority.id, jurisdiction=frozenset({dispute.authority.id})
    )
    with pytest.raises(NotAllowed):
        actions.make_offer(session, officer, actions.MakeOffer(dispute.case.reference, (settling.refund(),)), now=NOW)


def test_a_bad_term_is_refused_at_its_field(session):
    dispute = settling.dispute(session)
    with pytest.raises(RuleBroken, match="不能超过争议金额") as refusal:
        settling.offered(session, dispute, settling.voucher(), settling.refund(90_000))
    assert refusal.value.field == "terms-1-amount"


def test_an_offer_never_outlives_the_merchants_limit(session):
    dispute = settling.dispute(session, respond_by=end_of_day(local_day(NOW) + timedelta(days=1)))
    assert settling.offered(session, dispute).expires_at == dispute.case.respond_by


def test_on_the_last_day_only_the_consumer_can_ask_for_an_offer(session):
    dispute = settling.dispute(session, respond_by=end_of_day(local_day(NOW)))
    with pytest.raises(RuleBroken, match="不足 1 个工作日") as refusal:
        settling.offered(session, dispute)
    assert refusal.value.field == "consumer_asked"
    asked = actions.MakeOffer(dispute.case.reference, (settling.refund(),), consumer_asked=True)
    assert actions.make_offer(session, dispute.agent, asked, now=NOW).answer is Answer.PENDING


def test_after_the_limit_the_case_fails_first_and_may_still_be_settled(session):
    dispute = settling.dispute(session, respond_by=NOW - timedelta(hours=1))
    offer = settling.offered(session, dispute)
    assert dispute.case.state is CaseState.OFFERED
    assert dispute.case.cause is FailureCause.MERCHANT_DELAY
    assert dispute.case.due_at == offer.expires_at
    assert offer.expires_at > NOW + timedelta(days=2)
    actions.refuse_offer(session, dispute.consumer, actions.RefuseOffer(dispute.case.id, offer.digest), now=SEEN)
    assert dispute.case.state is CaseState.FAILED
    topics = session.scalars(select(Fact.topic).where(Fact.subject_id == dispute.case.id)).all()
    assert topics.count(Topic.CASE_FAILED) == 1


def test_undo_within_the_seconds_leaves_the_next_move_with_the_merchant(session):
    dispute = settling.dispute(session)
    offer = settling.offered(session, dispute)
    actions.undo_offer(
        session, dispute.agent, actions.UndoOffer(dispute.case.reference, 1), now=NOW + timedelta(seconds=29)
    )
    assert (offer.answer, dispute.case.state) == (Answer.UNDONE, CaseState.NEGOTIATING)
    second = settling.offered(session, dispute, now=SEEN)
    assert second.round == 2


def test_what_the_consumer_may_have_seen_is_not_undone(session):
    dispute = settling.dispute(session)
    settling.offered(session, dispute)
    undo = actions.UndoOffer(dispute.case.reference, 1)
    with pytest.raises(RuleBroken, match="撤回时间已过"):
        actions.undo_offer(session, dispute.agent, undo, now=NOW + timedelta(seconds=30))


def test_undoing_twice_says_that_it_was_undone(session):
    dispute = settling.dispute(session)
    settling.offered(session, dispute)
    undo = actions.UndoOffer(dispute.case.reference, 1)
    actions.undo_offer(session, dispute.agent, undo, now=NOW)
    with pytest.raises(Stale, match="已撤回"):
        actions.undo_offer(session, dispute.agent, undo, now=NOW)


def test_undoing_an_unknown_round_is_not_found(session):
    dispute = settling.dispute(session)
    with pytest.raises(NotFound):
        actions.undo_offer(session, dispute.agent, actions.UndoOffer(dispute.case.reference, 7), now=NOW)


def countered(session, dispute):
    offer = settling.offered(session, dispute)
    counter = actions.CounterOffer(dispute.case.id, offer.digest, (settling.refund(80_000),), "退全款就行。")
    return actions.counter_offer(session, dispute.consumer, counter, now=SEEN)


def test_a_new_offer_answers_the_counter_and_its_undo_lets_the_counter_wait_again(session):
    dispute = settling.dispute(session)
    counter = countered(session, dispute)
    offer = settling.offered(session, dispute, settling.refund(60_000), now=SEEN)
    assert (counter.answer, offer.round) == (Answer.COUNTERED, 3)
    actions.undo_offer(session, dispute.agent, actions.UndoOffer(dispute.case.reference, 3), now=SEEN)
    assert (counter.answer, counter.answered_at) == (Answer.PENDING, None)
    assert (dispute.case.state, dispute.case.answer) == (CaseState.NEGOTIATING, Answered.COUNTERED)
    agreement = actions.accept_counter(
        session, dispute.agent, actions.AcceptCounter(dispute.case.reference, counter.digest), now=SEEN
    )
    assert (agreement.outlay, agreement.accepted_by) == (80_000, Side.MERCHANT)


def test_on_the_last_day_a_counter_is_request_enough(session):
    dispute = settling.dispute(session, respond_by=end_of_day(local_day(NOW) + timedelta(days=1)))
    countered(session, dispute)
    offer = settling.offered(session, dispute, settling.refund(70_000), now=NOW + timedelta(days=1))
    assert offer.expires_at == dispute.case.respond_by


def test_an_offer_past_its_end_lapses_and_the_merchant_may_offer_again(session):
    dispute = settling.dispute(session)
    first = settling.offered(session, dispute)
    second = settling.offered(session, dispute, now=NOW + timedelta(days=5))
    assert (first.answer, second.answer, second.round) == (Answer.EXPIRED, Answer.PENDING, 2)


def test_the_digest_is_bound_to_case_round_and_terms(session):
    dispute = settling.dispute(session)
    offer = settling.offered(session, dispute)
    terms = (settling.refund(),)
    assert offer.digest == rules.offer_digest(dispute.case.reference, 1, terms)
    assert offer.digest != rules.offer_digest(dispute.case.reference, 2, terms)
    assert offer.digest != rules.offer_digest("HL2609-9999", 1, terms)
    assert offer.digest != rules.offer_digest(dispute.case.reference, 1, (replace(terms[0], due_days=6),))


def test_a_case_that_ends_otherwise_voids_what_waits(session):
    dispute = settling.dispute(session)
    offer = settling.offered(session, dispute)
    assert actions.void_pending(session, dispute.case, now=SEEN) is offer
    steps.withdraw(session, SYSTEM, dispute.case, now=SEEN)
    with pytest.raises(Stale, match="不再有效"):
        actions.accept_offer(session, dispute.consumer, actions.AcceptOffer(dispute.case.id, offer.digest), now=SEEN)


def test_an_undo_after_the_counters_time_leaves_the_counter_expired(session):
    dispute = settling.dispute(session)
    counter = countered(session, dispute)
    late = counter.expires_at - timedelta(seconds=10)
    settling.offered(session, dispute, settling.refund(60_000), now=late)
    actions.undo_offer(session, dispute.agent, actions.UndoOffer(dispute.case.reference, 3), now=counter.expires_at)
    assert (counter.answer, dispute.case.state) == (Answer.EXPIRED, CaseState.NEGOTIATING)


def test_words_to_the_consumer_have_a_limit(session):
    dispute = settling.dispute(session)
    with pytest.raises(RuleBroken, match="说明最多 500 字") as refusal:
        settling.offered(session, dispute, message="长" * 501)
    assert refusal.value.field == "message"


def test_what_waits_when_the_limit_ends_ends_with_it(session):
    dispute = settling.dispute(session)
    counter = countered(session, dispute)
    dispute.case.respond_by = SEEN + timedelta(hours=1)
    actions.fail_late(session, SYSTEM, actions.DueCase(dispute.case.id), now=SEEN + timedelta(hours=2))
    assert (counter.answer, dispute.case.cause) == (Answer.EXPIRED, FailureCause.MERCHANT_DELAY)
