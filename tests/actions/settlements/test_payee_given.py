"""The account for a transfer: given, replaced, read by the one who pays, forgotten."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.cases import actions as cases
from portal.cases.rules import CaseState, RevealReason
from portal.core.actor import SYSTEM, Role
from portal.core.errors import NotAllowed, NotFound, RuleBroken
from portal.core.facts import Fact, Topic
from portal.settlements import actions, jobs, queries, rounds
from portal.settlements.models import Payee
from portal.settlements.payees import account_of
from portal.settlements.rules import PayeeAccount, PayeeKind
from tests.conftest import NOW
from tests.factories import people, settling

DAY = timedelta(days=1)
LATER = NOW + timedelta(hours=1)
CARD = PayeeAccount(PayeeKind.CARD, "李小明", "4539578763621486", "中国工商银行")
WALLET = PayeeAccount(PayeeKind.ALIPAY, "李小明", "13860001234")


@pytest.fixture
def awaiting(session):
    dispute = settling.dispute(session)
    settling.agreed(session, dispute, settling.by_transfer())
    return dispute


def give(session, dispute, account=CARD, *, actor=None, now=LATER):
    command = actions.GivePayee(dispute.case.id, account)
    return actions.give_payee(session, actor or dispute.consumer, command, now=now)


def perform(session, dispute, *, now=LATER):
    command = actions.RecordPerformance(dispute.case.reference, NOW.date(), remark="已转账。")
    actions.record_performance(session, dispute.agent, command, now=now)


def seen(session, dispute, actor, *, now=LATER):
    return queries.negotiation(session, actor, dispute.case, now=now).payee


def test_an_account_is_sealed_and_told_without_a_word_of_it(session, awaiting):
    row = give(session, awaiting)
    assert CARD.number.encode() not in row.account_sealed
    assert account_of(session, rounds.key_of(session, awaiting.case), row) == CARD
    (told,) = session.scalars(select(Fact).where(Fact.topic == Topic.PAYEE_GIVEN, Fact.subject_id == awaiting.case.id))
    assert told.detail == {}


def test_a_new_account_takes_the_place_of_the_old_one_and_the_same_one_changes_nothing(session, awaiting):
    first = give(session, awaiting)
    assert give(session, awaiting) is first
    second = give(session, awaiting, WALLET, now=LATER + DAY)
    assert (first.account_sealed, first.erased_at) == (None, LATER + DAY)
    assert account_of(session, rounds.key_of(session, awaiting.case), second) == WALLET
    session.add(Payee(agreement_id=second.agreement_id, account_sealed=b"x", given_at=LATER))
    with pytest.raises(IntegrityError):
        session.flush()


@pytest.mark.parametrize(
    ("account", "field"),
    [
        (PayeeAccount(PayeeKind.CARD, "李小明", "12", "工商银行"), "number"),
        (PayeeAccount(PayeeKind.CARD, "李小明", CARD.number), "bank"),
        (PayeeAccount(PayeeKind.WECHAT, "1", "wx_abcdef"), "holder"),
    ],
)
def test_what_is_no_account_is_refused_at_its_field(session, awaiting, account, field):
    with pytest.raises(RuleBroken) as refusal:
        give(session, awaiting, account)
    assert refusal.value.field == field


def test_nothing_is_taken_before_acceptance_nor_where_money_goes_back_its_way(session):
    dispute = settling.dispute(session)
    offer = settling.offered(session, dispute, settling.by_transfer())
    with pytest.raises(RuleBroken):
        give(session, dispute)
    actions.accept_offer(session, dispute.consumer, actions.AcceptOffer(dispute.case.id, offer.digest), now=LATER)
    give(session, dispute)
    back = settling.dispute(session)
    settling.agreed(session, back, settling.refund())
    with pytest.raises(RuleBroken, match="不用转账"):
        give(session, back)


def test_nothing_is_taken_once_performance_is_recorded_until_it_is_denied(session, awaiting):
    give(session, awaiting)
    perform(session, awaiting)
    with pytest.raises(RuleBroken):
        give(session, awaiting, WALLET)
    assert seen(session, awaiting, awaiting.agent) is None
    denied = actions.AnswerReceipt(awaiting.case.id, received=False)
    actions.answer_receipt(session, awaiting.consumer, denied, now=NOW + 9 * DAY)
    assert awaiting.case.state is CaseState.BREACHED
    give(session, awaiting, WALLET, now=NOW + 9 * DAY)
    assert seen(session, awaiting, awaiting.agent, now=NOW + 9 * DAY).pairs


def test_only_the_consumer_of_the_case_gives_one(session, awaiting):
    with pytest.raises(NotAllowed):
        give(session, awaiting, actor=awaiting.agent)
    with pytest.raises(NotFound):
        give(session, awaiting, actor=settling.dispute(session).consumer)


def test_the_one_who_pays_sees_a_tail_and_with_a_reason_all_of_it(session, awaiting):
    assert seen(session, awaiting, awaiting.agent).pairs == ()
    give(session, awaiting)
    assert seen(session, awaiting, awaiting.agent).pairs == (("收款账户", "银行卡 尾号 1486，户名 李**"),)
    asked = cases.RevealConsumer(awaiting.case.reference, RevealReason.PAY_OR_COLLECT)
    cases.reveal_consumer(session, awaiting.agent, asked, now=LATER)
    whole = seen(session, awaiting, awaiting.agent)
    assert ("账号", CARD.number) in whole.pairs
    assert whole.until == "10:30"
    colleague = people.actor(session, people.member(session, awaiting.merchant.id))
    assert "账号" not in dict(seen(session, awaiting, colleague).pairs)
    over = seen(session, awaiting, awaiting.agent, now=LATER + timedelta(minutes=30))
    assert "账号" not in dict(over.pairs)


def test_officers_never_see_it_with_a_grant_or_without(session, awaiting):
    give(session, awaiting)
    officer = people.actor(session, people.member(session, awaiting.authority.id, Role.CHIEF))
    asked = cases.RevealConsumer(awaiting.case.reference, RevealReason.VERIFY_CLAIM)
    cases.reveal_consumer(session, officer, asked, now=LATER)
    assert seen(session, awaiting, officer) is None


def test_a_card_whose_check_digit_is_wrong_is_kept_and_doubted(session, awaiting):
    give(session, awaiting, PayeeAccount(PayeeKind.CARD, "李小明", "4539578763621487", "中国工商银行"))
    assert "没有通过校验" in seen(session, awaiting, awaiting.agent).warning
    view = queries.consumer_view(session, awaiting.consumer, awaiting.case.id, now=LATER)
    assert "没有通过校验" in view.payee.warning


def test_an_account_is_forgotten_ninety_days_after_the_consumer_confirmed(session, runtime, clock, awaiting):
    row = give(session, awaiting)
    perform(session, awaiting)
    received = actions.AnswerReceipt(awaiting.case.id, received=True)
    actions.answer_receipt(session, awaiting.consumer, received, now=LATER)
    session.commit()
    clock.moment = LATER + 90 * DAY - timedelta(seconds=1)
    assert jobs.erase_payees(runtime) == 0
    clock.moment = LATER + 90 * DAY
    assert jobs.erase_payees(runtime) == 1
    assert jobs.erase_payees(runtime) == 0
    session.refresh(row)
    assert (row.account_sealed, row.erased_at) == (None, LATER + 90 * DAY)


def test_an_account_of_an_open_case_is_kept_and_of_a_withdrawn_one_is_not(session, awaiting):
    row = give(session, awaiting)
    much_later = LATER + 400 * DAY
    assert actions.erase_payees(session, SYSTEM, actions.ErasePayees(), now=much_later) == 0
    awaiting.case.state = CaseState.WITHDRAWN
    session.flush()
    assert actions.erase_payees(session, SYSTEM, actions.ErasePayees(), now=LATER) == 1
    session.refresh(row)
    assert row.account_sealed is None
