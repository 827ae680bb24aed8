"""Performance, its receipt, the rating, and what time does by itself."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from portal.cases.models import Evidence
from portal.cases.rules import CaseState, FailureCause
from portal.clocks.rules import end_of_day
from portal.core.actor import SYSTEM
from portal.core.errors import RuleBroken
from portal.core.facts import Fact, Topic
from portal.core.uploads import Upload
from portal.settlements import actions, jobs
from portal.settlements.models import Answer, Performance, Rating, Receipt, Verdict
from tests.conftest import NOW
from tests.factories import settling

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
DAY = timedelta(days=1)


def perform(session, dispute, *, now=NOW + timedelta(hours=1), **changes):
    values = {"performed_on": date(2026, 8, 12), "remark": "已原路退回。", **changes}
    return actions.record_performance(
        session, dispute.agent, actions.RecordPerformance(dispute.case.reference, **values), now=now
    )


def answer(session, dispute, *, received, now):
    return actions.answer_receipt(session, dispute.consumer, actions.AnswerReceipt(dispute.case.id, received), now=now)


def topics(session, dispute):
    return session.scalars(select(Fact.topic).where(Fact.subject_id == dispute.case.id)).all()


@pytest.fixture
def agreed(session):
    dispute = settling.dispute(session)
    settling.agreed(session, dispute)
    return dispute


def test_performance_with_proof_asks_the_consumer(session, agreed):
    row = perform(session, agreed, proof=Upload("回单.pdf", PDF))
    assert agreed.case.state is CaseState.PERFORMED
    assert agreed.case.next_action_at is None  # nobody is silent who was not asked
    evidence = session.get_one(Evidence, row.proof_id)
    assert (evidence.purpose, row.receipt) == ("performance_proof", Receipt.ASKED)
    assert Topic.PERFORMANCE_RECORDED in topics(session, agreed)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"performed_on": date(2026, 8, 13)}, "不能晚于今天"),
        ({"performed_on": date(2026, 8, 11)}, "不能早于达成和解"),
        ({"remark": ""}, "请上传履行凭证"),
        ({"remark": "长" * 501}, "说明最多"),
    ],
)
def test_a_wrong_record_is_refused(session, agreed, changes, said):
    with pytest.raises(RuleBroken, match=said):
        perform(session, agreed, **changes)


def test_the_same_proof_twice_is_refused(session, agreed):
    perform(session, agreed, proof=Upload("回单.pdf", PDF))
    answer(session, agreed, received=False, now=NOW + DAY)
    with pytest.raises(RuleBroken, match="已经在证据里"):
        perform(session, agreed, proof=Upload("再来.pdf", PDF), now=NOW + DAY)


def test_nothing_agreed_is_nothing_to_perform(session):
    dispute = settling.dispute(session)
    with pytest.raises(RuleBroken, match="只有达成和解"):
        perform(session, dispute)
    with pytest.raises(RuleBroken, match="还没有和解协议"):
        answer(session, dispute, received=True, now=NOW)


def test_received_closes_as_settled_with_the_recovered_amount(session, agreed):
    perform(session, agreed)
    answer(session, agreed, received=True, now=NOW + DAY)
    case = agreed.case
    assert (case.state, case.recovered, case.closed_at) == (CaseState.CLOSED_SETTLED, 50_000, NOW + DAY)
    assert session.scalars(select(Performance.receipt)).one() is Receipt.RECEIVED
    with pytest.raises(RuleBroken, match="已确认收到"):
        answer(session, agreed, received=True, now=NOW + DAY)


def test_money_that_came_unannounced_may_be_confirmed_at_once(session, agreed):
    answer(session, agreed, received=True, now=NOW + DAY)
    assert agreed.case.state is CaseState.CLOSED_SETTLED


def test_not_received_is_a_breach_that_alerts_and_can_be_mended(session, agreed):
    perform(session, agreed)
    answer(session, agreed, received=False, now=NOW + DAY)
    assert agreed.case.state is CaseState.BREACHED
    assert Topic.CASE_BREACHED in topics(session, agreed)
    with pytest.raises(RuleBroken, match="已经记为未兑现"):
        answer(session, agreed, received=False, now=NOW + DAY)
    perform(session, agreed, remark="重新转账。", now=NOW + 2 * DAY)
    answer(session, agreed, received=True, now=NOW + 3 * DAY)
    assert agreed.case.state is CaseState.CLOSED_SETTLED


def test_before_the_agreed_day_there_is_nothing_to_complain_of(session, agreed):
    with pytest.raises(RuleBroken, match="8 月 19 日（周三），还没有到"):
        answer(session, agreed, received=False, now=NOW + DAY)
    answer(session, agreed, received=False, now=end_of_day(date(2026, 8, 19)))
    assert agreed.case.state is CaseState.BREACHED


def rate(session, dispute, verdict, reason=None, now=NOW + 2 * DAY):
    return actions.rate_settlement(
        session, dispute.consumer, actions.RateSettlement(dispute.case.id, verdict, reason), now=now
    )


def test_a_rating_is_taken_once_after_fulfilment_within_its_window(session, agreed):
    with pytest.raises(RuleBroken, match="履行完成后"):
        rate(session, agreed, Verdict.SATISFIED)
    answer(session, agreed, received=True, now=NOW + DAY)
    with pytest.raises(RuleBroken, match="请选择不满意的原因"):
        rate(session, agreed, Verdict.UNSATISFIED, "whatever")
    with pytest.raises(RuleBroken, match="期限已过"):
        rate(session, agreed, Verdict.SATISFIED, now=NOW + 30 * DAY)
    rate(session, agreed, Verdict.SATISFIED)
    with pytest.raises(RuleBroken, match="只能评价一次"):
        rate(session, agreed, Verdict.SATISFIED)


@pytest.mark.parametrize(
    ("reason", "state"),
    [
        ("not_performed", CaseState.BREACHED),
        ("not_as_agreed", CaseState.BREACHED),
        ("attitude", CaseState.CLOSED_SETTLED),
    ],
)
def test_only_what_was_not_done_is_a_breach(session, agreed, reason, state):
    answer(session, agreed, received=True, now=NOW + DAY)
    rating = rate(session, agreed, Verdict.UNSATISFIED, reason)
    assert (rating.reason, agreed.case.state) == (reason, state)
    assert (agreed.case.closed_at is None) == (state is CaseState.BREACHED)
    assert session.scalars(select(Rating)).one() is rating


def test_time_lets_offers_expire(session, runtime, clock):
    dispute = settling.dispute(session)
    offer = settling.offered(session, dispute)
    session.commit()
    assert jobs.expire_offers(runtime) == 0
    clock.advance(days=4)
    assert jobs.expire_offers(runtime) == 1
    assert jobs.expire_offers(runtime) == 0
    session.expire_all()
    assert (offer.answer, dispute.case.state) == (Answer.EXPIRED, CaseState.NEGOTIATING)
    assert Topic.OFFER_EXPIRED in topics(session, dispute)


@pytest.mark.parametrize(
    ("offered_days_before_the_end", "cause"),
    [
        (None, FailureCause.MERCHANT_DELAY),
        (8, FailureCause.CONSUMER_SILENT),
        (1, FailureCause.MERCHANT_DELAY),  # the consumer had less than two working days
    ],
)
def test_the_end_of_the_limit_says_whose_delay_it_was(session, runtime, clock, offered_days_before_the_end, cause):
    dispute = settling.dispute(session, respond_by=end_of_day(date(2026, 8, 26)))
    dispute.case.next_action_at = NOW
    if offered_days_before_the_end:
        settling.offered(session, dispute, now=end_of_day(date(2026, 8, 26)) - offered_days_before_the_end * DAY - DAY)
    session.commit()
    assert jobs.fail_overdue(runtime) == 0
    clock.moment = end_of_day(date(2026, 8, 26))
    jobs.expire_offers(runtime)
    assert jobs.fail_overdue(runtime) == 1
    assert jobs.fail_overdue(runtime) == 0
    session.expire_all()
    assert (dispute.case.state, dispute.case.cause) == (CaseState.FAILED, cause)


def test_the_tick_finds_the_end_of_the_limit_behind_every_warning(session, runtime, clock):
    dispute = settling.dispute(
        session,
        respond_by=end_of_day(date(2026, 8, 26)),
        platform_due_on=date(2026, 8, 20),
        platform_due_inferred=False,
    )
    settling.offered(session, dispute)
    actions.refuse_offer(
        session,
        dispute.consumer,
        actions.RefuseOffer(dispute.case.id, settling_digest(session, dispute)),
        now=end_of_day(date(2026, 8, 14)),
    )
    session.commit()
    clock.moment = end_of_day(date(2026, 8, 26))
    assert jobs.fail_overdue(runtime) == 1
    session.expire_all()
    assert dispute.case.cause is FailureCause.NO_AGREEMENT


def settling_digest(session, dispute):
    return settling.rounds_of(session, dispute)[-1].offer.digest


def test_an_agreement_not_performed_in_time_is_a_breach(session, runtime, clock, agreed):
    session.commit()
    clock.moment = end_of_day(date(2026, 8, 19)) - timedelta(seconds=1)
    assert jobs.breach_overdue(runtime) == 0
    clock.advance(seconds=1)
    assert jobs.breach_overdue(runtime) == 1
    assert jobs.breach_overdue(runtime) == 0
    session.expire_all()
    assert agreed.case.state is CaseState.BREACHED


def test_silence_closes_apart_and_a_year_remains_to_say_no(session, runtime, clock, agreed):
    perform(session, agreed)
    session.commit()
    clock.advance(days=30)
    assert jobs.close_silent(runtime) == 0  # the message has not gone out
    assert runtime.perform(SYSTEM, actions.start_silence, actions.StartSilence(agreed.case.id))
    clock.advance(days=7)
    assert jobs.close_silent(runtime) == 0
    clock.advance(days=2)
    assert jobs.close_silent(runtime) == 1
    assert jobs.close_silent(runtime) == 0
    session.expire_all()
    case = agreed.case
    assert (case.state, case.recovered) == (CaseState.CLOSED_UNCONFIRMED, None)
    assert session.scalars(select(Performance.receipt)).one() is Receipt.SILENT
    with pytest.raises(RuleBroken, match="已超过"):
        answer(session, agreed, received=False, now=NOW + 400 * DAY)
    answer(session, agreed, received=False, now=NOW + 300 * DAY)
    assert case.state is CaseState.BREACHED


def test_a_fruitless_offer_after_a_breach_leaves_the_breach(session, agreed):
    later = end_of_day(date(2026, 8, 19)) + timedelta(hours=1)
    answer(session, agreed, received=False, now=later)
    offer = settling.offered(session, agreed, settling.refund(60_000), now=later)
    assert agreed.case.due_at == offer.expires_at
    refuse = actions.RefuseOffer(agreed.case.id, offer.digest)
    actions.refuse_offer(session, agreed.consumer, refuse, now=later + timedelta(minutes=1))
    assert agreed.case.state is CaseState.BREACHED
    assert topics(session, agreed).count(Topic.CASE_BREACHED) == 1
