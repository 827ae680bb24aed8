"""What the pages are given: decided by the server, in few statements, nothing before its time."""

from datetime import timedelta

import pytest

from portal.cases import access, steps
from portal.cases.rules import CaseState
from portal.clocks.queries import almanac
from portal.clocks.rules import local_day
from portal.core.actor import SYSTEM, Actor, ActorKind
from portal.core.errors import NotFound
from portal.settlements import actions
from portal.settlements.models import Verdict
from portal.settlements.queries import consumer_view, negotiation
from tests.conftest import NOW
from tests.factories import settling
from tests.queries import counted

SEEN = NOW + timedelta(minutes=1)


def staff_view(session, dispute, now=SEEN):
    return negotiation(session, dispute.agent, access.fetched(session, dispute.agent, dispute.case.reference), now=now)


def test_the_consumer_sees_an_offer_only_after_the_undo(session):
    dispute = settling.dispute(session)
    offer = settling.offered(session, dispute, message="请您看一下。")
    early = consumer_view(session, dispute.consumer, dispute.case.id, now=NOW)
    assert (early.offer, early.can_answer) == (None, False)
    view = consumer_view(session, dispute.consumer, dispute.case.id, now=SEEN)
    assert view.offer is not None
    assert (view.offer.digest, view.offer.message) == (offer.digest, "请您看一下。")
    assert view.accept_label == "接受，收到 ¥500"
    assert view.accept_result == "今天接受，8 月 19 日（周三）前到账"
    assert view.answer_by == "8 月 15 日（周六）"
    assert view.can_answer
    assert not view.code_needed
    assert view.consequence("0433") == (
        "接受后，款项到账前你的投诉（编号尾号 0433）不会被撤销；未按期收到，可在本页要求市场监管部门处理。"
    )
    assert [(step["label"], step["state"]) for step in view.steps][:3] == [
        ("收到投诉", "done"),
        ("商家提出方案", "done"),
        ("等你答复", "current"),
    ]


def test_a_strangers_link_finds_nothing(session):
    dispute, other = settling.dispute(session), settling.dispute(session)
    with pytest.raises(NotFound):
        consumer_view(session, other.consumer, dispute.case.id, now=NOW)
    with pytest.raises(NotFound):
        consumer_view(session, Actor(ActorKind.VISITOR), dispute.case.id, now=NOW)


@pytest.mark.parametrize(("amount", "needed"), [(None, True), (99_999, False), (100_000, True)])
def test_the_page_knows_when_a_code_is_needed(session, amount, needed):
    dispute = settling.dispute(session, amount=amount)
    settling.offered(session, dispute)
    assert consumer_view(session, dispute.consumer, dispute.case.id, now=SEEN).code_needed is needed


def test_the_merchant_sees_a_counter_beside_its_own_version(session):
    dispute = settling.dispute(session)
    offer = settling.offered(session, dispute, settling.exchange(), settling.voucher())
    mine = staff_view(session, dispute, now=NOW)
    assert (mine.undo_round, mine.undo_seconds, mine.can_offer) == (1, 30, False)
    terms = (settling.refund(80_000, due_days=8), settling.voucher(5_000))
    counter = actions.CounterOffer(dispute.case.id, offer.digest, terms, "换新怕还漏。")
    actions.counter_offer(session, dispute.consumer, counter, now=SEEN)
    view = staff_view(session, dispute)
    assert view.title == "消费者还价，等我们答复"
    assert view.aside.endswith("还价有效至 08-15 周六 24:00")
    assert view.diff is not None
    assert [(row.term, row.ours, row.theirs, row.change) for row in view.diff.rows] == [
        ("处理方式", "换货", "退款", "修改"),
        ("退款金额", "", "¥800.00 原路退回", "新增"),
        ("补偿", "¥100.00 购物卡", "¥50.00 购物卡", "修改"),
        ("换货说明", "换同款新品一件", "", "删除"),
        ("退货运费", "商家承担", "", "删除"),
        ("完成期限", "接受后 8 天内", "接受后 8 天内", "不变"),
    ]
    assert (view.diff.foot.ours, view.diff.foot.theirs, view.diff.foot.change) == ("¥100.00", "¥850.00", "+¥750.00")
    assert (view.can_answer, view.can_offer, view.needs_request) == (True, True, False)
    assert [one.title for one in view.rounds] == ["消费者还价第 1 版", "我方第 1 版"]


def test_an_officer_sees_the_rounds_and_may_do_nothing(session):
    dispute = settling.dispute(session)
    settling.offered(session, dispute)
    own = frozenset({dispute.authority.id})
    officer = Actor(ActorKind.AUTHORITY, 1, organisation_id=dispute.authority.id, jurisdiction=own)
    view = negotiation(session, officer, access.fetched(session, officer, dispute.case.reference), now=NOW)
    assert len(view.rounds) == 1
    assert not any((view.may_act, view.can_offer, view.can_answer, view.can_perform, view.undo_round))


def test_both_views_cost_at_most_three_statements(session, runtime):
    dispute = settling.dispute(session)
    settling.agreed(session, dispute)
    almanac(session)
    session.commit()
    with runtime.reading() as reading, counted(runtime.engine) as said:
        view = consumer_view(reading, dispute.consumer, dispute.case.id, now=SEEN + timedelta(minutes=1))
    assert view.agreement is not None
    assert len(said) <= 3, said
    with runtime.reading() as reading:
        case = access.fetched(reading, dispute.agent, dispute.case.reference)
        with counted(runtime.engine) as said:
            negotiation(reading, dispute.agent, case, now=SEEN)
    assert len(said) <= 2, said


def test_after_the_agreement_the_steps_go_on_to_the_day_of_performance(session):
    dispute = settling.dispute(session)
    settling.agreed(session, dispute)
    view = consumer_view(session, dispute.consumer, dispute.case.id, now=SEEN)
    assert [(step["label"], step["state"], step["when"]) for step in view.steps] == [
        ("收到投诉", "done", "8 月 11 日"),
        ("双方达成和解", "done", "8 月 12 日"),
        ("商家付款", "current", "8 月 19 日（周三）前"),
        ("你确认到账", "next", ""),
    ]
    assert (view.can_confirm, view.can_deny, view.can_rate) == (True, False, False)
    assert view.deny_objection is not None
    assert "8 月 19 日" in view.deny_objection
    mine = staff_view(session, dispute)
    assert (mine.can_perform, mine.perform_words) == (True, "剩 7 天付款")


def test_a_failed_case_says_who_is_next(session):
    dispute = settling.dispute(session, state=CaseState.FAILED)
    view = consumer_view(session, dispute.consumer, dispute.case.id, now=SEEN)
    assert view.steps[1]["label"] == "没有谈成"
    assert not view.can_answer


def labels(session, dispute, now=SEEN):
    view = consumer_view(session, dispute.consumer, dispute.case.id, now=now)
    return [(step["label"], step["state"]) for step in view.steps[1:]]


def test_the_steps_follow_every_turn(session):
    dispute = settling.dispute(session)
    assert labels(session, dispute)[0] == ("等商家提方案", "current")
    offer = settling.offered(session, dispute)
    counter = actions.CounterOffer(dispute.case.id, offer.digest, (settling.refund(80_000),))
    counter = actions.counter_offer(session, dispute.consumer, counter, now=SEEN)
    assert labels(session, dispute)[:2] == [("你提出要求", "done"), ("等商家答复", "current")]
    refuse = actions.RefuseCounter(dispute.case.reference, counter.digest, "不行。")
    actions.refuse_counter(session, dispute.agent, refuse, now=SEEN)
    assert labels(session, dispute)[0] == ("等商家提新方案", "current")
    steps.withdraw(session, SYSTEM, dispute.case, now=SEEN)
    assert labels(session, dispute) == [("你已撤回投诉", "done")]


def test_the_steps_follow_the_agreement_to_its_end_and_the_rating_is_worded(session):
    dispute = settling.dispute(session)
    settling.agreed(session, dispute, settling.exchange())
    record = actions.RecordPerformance(dispute.case.reference, local_day(SEEN), remark="已换新。")
    actions.record_performance(session, dispute.agent, record, now=SEEN)
    assert labels(session, dispute)[1:] == [("商家履行", "done"), ("等你确认收到", "current")]
    no = actions.AnswerReceipt(dispute.case.id, received=False)
    actions.answer_receipt(session, dispute.consumer, no, now=SEEN)
    assert labels(session, dispute)[1] == ("商家履行，没有按期办到", "failed")
    yes = actions.AnswerReceipt(dispute.case.id, received=True)
    actions.answer_receipt(session, dispute.consumer, yes, now=SEEN)
    assert labels(session, dispute)[-1] == ("你确认收到", "done")
    assert staff_view(session, dispute).agreement.rating_words == ""
    slow = actions.RateSettlement(dispute.case.id, Verdict.UNSATISFIED, "too_slow")
    actions.rate_settlement(session, dispute.consumer, slow, now=SEEN)
    assert staff_view(session, dispute).agreement.rating_words == "不满意，办得太慢"


def test_a_round_past_its_end_waits_for_nobody(session):
    dispute = settling.dispute(session)
    offer = settling.offered(session, dispute)
    assert staff_view(session, dispute, now=offer.expires_at).pending is None
    assert consumer_view(session, dispute.consumer, dispute.case.id, now=offer.expires_at).offer is None
