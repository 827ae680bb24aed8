"""The phone's code beside accepting: a counter and an account ask for it exactly where accepting does."""

from datetime import timedelta

import pytest

from portal.core.errors import RuleBroken
from portal.settlements import actions
from portal.settlements.models import Answer, Payee
from portal.settlements.rules import PayeeAccount, PayeeKind
from tests.conftest import NOW
from tests.factories import settling

SEEN = NOW + timedelta(minutes=1)
LATER = NOW + timedelta(hours=1)
WALLET = PayeeAccount(PayeeKind.ALIPAY, "李小明", "13860001234")
DEAR = 128_000


def counter(session, dispute, digest, amount=70_000, *, now=SEEN):
    command = actions.CounterOffer(dispute.case.id, digest, (settling.refund(amount),))
    return actions.counter_offer(session, dispute.consumer, command, now=now)


def test_below_the_threshold_a_counter_needs_no_code(session):
    dispute = settling.dispute(session)
    offer = settling.offered(session, dispute)
    assert counter(session, dispute, offer.digest).answer is Answer.PENDING


@pytest.mark.parametrize(
    "changes",
    [{"amount": DEAR}, {"amount": None}, {"phone_set_at": NOW}],
    ids=["dear", "of unknown value", "at a changed number"],
)
def test_a_counter_asks_for_the_code_as_accepting_does(session, changes):
    dispute = settling.dispute(session, **changes)
    offer = settling.offered(session, dispute)
    with pytest.raises(RuleBroken, match="提出这个要求要先用手机验证码确认") as refusal:
        counter(session, dispute, offer.digest)
    assert refusal.value.field == "code"
    assert offer.answer is Answer.PENDING
    settling.confirm_by_code(session, dispute, offer.digest, now=SEEN)
    assert counter(session, dispute, offer.digest).answer is Answer.PENDING


def test_a_counter_that_asks_for_much_needs_the_code_though_the_offer_was_small(session):
    dispute = settling.dispute(session, amount=90_000)
    offer = settling.offered(session, dispute)
    command = actions.CounterOffer(dispute.case.id, offer.digest, (settling.refund(90_000), settling.voucher(20_000)))
    with pytest.raises(RuleBroken, match="手机验证码"):
        actions.counter_offer(session, dispute.consumer, command, now=SEEN)


def test_a_code_for_one_round_opens_no_other(session):
    dispute = settling.dispute(session, amount=DEAR)
    first = settling.offered(session, dispute)
    settling.confirm_by_code(session, dispute, first.digest, now=SEEN)
    actions.refuse_offer(session, dispute.consumer, actions.RefuseOffer(dispute.case.id, first.digest), now=SEEN)
    second = settling.offered(session, dispute, settling.refund(60_000), now=SEEN)
    with pytest.raises(RuleBroken, match="手机验证码"):
        counter(session, dispute, second.digest, now=SEEN + timedelta(minutes=1))


def dear_agreement(session):
    dispute = settling.dispute(session, amount=DEAR)
    offer = settling.offered(session, dispute, settling.by_transfer(DEAR))
    settling.confirm_by_code(session, dispute, offer.digest, now=SEEN)
    actions.accept_offer(session, dispute.consumer, actions.AcceptOffer(dispute.case.id, offer.digest), now=SEEN)
    return dispute, offer


def test_an_account_for_much_money_asks_for_the_code_again_once_accepting_is_past(session):
    dispute, offer = dear_agreement(session)
    give = actions.GivePayee(dispute.case.id, WALLET)
    with pytest.raises(RuleBroken, match="填写收款账户要先用手机验证码确认") as refusal:
        actions.give_payee(session, dispute.consumer, give, now=LATER)
    assert refusal.value.field == "code"
    assert session.query(Payee).count() == 0
    settling.confirm_by_code(session, dispute, offer.digest, now=LATER)
    row = actions.give_payee(session, dispute.consumer, give, now=LATER)
    tomorrow = LATER + timedelta(days=1)
    assert actions.give_payee(session, dispute.consumer, give, now=tomorrow) is row  # the same one changes nothing
    other = PayeeAccount(PayeeKind.ALIPAY, "李小明", "13860009999")
    with pytest.raises(RuleBroken, match="手机验证码"):
        actions.give_payee(session, dispute.consumer, actions.GivePayee(dispute.case.id, other), now=tomorrow)


def test_the_code_of_accepting_is_good_for_the_account_for_its_ten_minutes(session):
    dispute, _offer = dear_agreement(session)
    soon = SEEN + timedelta(minutes=9)
    give = actions.GivePayee(dispute.case.id, WALLET)
    assert actions.give_payee(session, dispute.consumer, give, now=soon).erased_at is None


def test_without_a_verified_phone_the_refusal_names_12315(session):
    dispute = settling.dispute(session, amount=DEAR, phone_source="merchant")
    offer = settling.offered(session, dispute)
    with pytest.raises(RuleBroken, match="没有核实。请拨打 12315"):
        counter(session, dispute, offer.digest)
