"""The code inside the counter's and the account's form: asked for above the threshold, with what was typed kept."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy.orm import Session

from portal.accounts.models import PhoneCode
from portal.settlements import actions
from portal.settlements.models import Answer, Offer, Payee, Side
from tests.factories import settling, standings
from tests.pages.consumer.conftest import Consumer
from tests.pages.consumer.conftest import consumer as consumer

Arrive = Callable[..., Consumer]
WISH = {"kind": "refund", "amount": "1100", "method": "original", "freight": "none", "due_days": "5"}
ACCOUNT = {"kind": "card", "holder": "李小明", "number": "4539578763621486", "bank": "中国工商银行湖里支行"}


def counters(someone: Consumer) -> int:
    return someone.session.query(Offer).where(Offer.side == Side.CONSUMER, Offer.answer == Answer.PENDING).count()


def test_a_dear_counter_takes_one_code_and_keeps_what_was_typed(consumer: Arrive) -> None:
    someone = consumer(standings.offered_dear)
    assert "获取验证码" in someone.get("/counter").text
    refused = someone.post("/counter", **WISH)
    assert refused.status_code == 422
    assert "提出这个要求要先用手机验证码确认" in refused.text
    asked = someone.post("/counter/code", seen="/counter", **WISH)
    assert asked.status_code == 200
    assert "验证码已发到 138****1234" in asked.text
    assert 'value="1100"' in asked.text
    right = someone.code
    wrong = someone.post("/counter", **WISH, code="000000" if right != "000000" else "111111")
    assert wrong.status_code == 422
    assert counters(someone) == 0
    assert someone.post("/counter/code", seen="/counter", **WISH, code=right).status_code == 303  # Enter was pressed
    assert counters(someone) == 1


def test_asking_twice_at_once_is_told_to_wait_beside_the_form(consumer: Arrive) -> None:
    someone = consumer(standings.offered_dear)
    someone.post("/counter/code", seen="/counter", **WISH)
    again = someone.post("/counter/code", seen="/counter", **WISH)
    assert again.status_code == 422
    assert "验证码刚刚发过" in again.text
    assert someone.session.query(PhoneCode).count() == 1


def test_a_small_counter_shows_no_code(consumer: Arrive) -> None:
    assert "验证码" not in consumer(standings.offered).get("/counter").text


def test_a_small_account_shows_no_code(consumer: Arrive) -> None:
    assert "手机验证" not in consumer(standings.agreed_by_transfer).get("/account").text


def agreed_dear(session: Session) -> standings.Made:
    dispute = standings.start(session, amount=128_000)
    now = standings.NOW + standings.MINUTE
    offer = settling.offered(session, dispute, settling.by_transfer(128_000))
    settling.confirm_by_code(session, dispute, offer.digest, now=now)
    actions.accept_offer(session, dispute.consumer, actions.AcceptOffer(dispute.case.id, offer.digest), now=now)
    return dispute, now + timedelta(hours=1)


def test_an_account_for_much_money_is_kept_with_the_code_only(consumer: Arrive) -> None:
    someone = consumer(agreed_dear)
    refused = someone.post("/account", **ACCOUNT)
    assert refused.status_code == 422
    assert "填写收款账户要先用手机验证码确认" in refused.text
    asked = someone.post("/account/code", seen="/account", **ACCOUNT)
    assert asked.status_code == 200
    assert 'value="李小明"' in asked.text
    assert someone.session.query(Payee).count() == 0
    assert someone.post("/account", **ACCOUNT, code="12").status_code == 422
    assert someone.post("/account", **ACCOUNT, code=someone.code).status_code == 303
    assert "收款账户已保存" in someone.get("?done=account").text


def test_a_forged_digest_sends_no_code(consumer: Arrive) -> None:
    someone = consumer(standings.offered_dear)
    answer = someone.post("/counter/code", seen="/counter", **{**WISH, "digest": "0" * 64})
    assert answer.status_code == 409
    assert someone.session.query(PhoneCode).count() == 0
