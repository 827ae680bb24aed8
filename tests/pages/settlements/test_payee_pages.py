"""收款账户: on the consumer's page and on the merchant's case screen."""

from collections.abc import Callable

import pytest

from portal.accounts.models import Membership
from portal.core.actor import Role
from portal.settlements import actions
from portal.settlements.models import Payee
from tests.conftest import FixedClock
from tests.factories import people, standings
from tests.inspector import InspectingClient
from tests.pages.consumer.conftest import Consumer
from tests.pages.consumer.conftest import consumer as consumer

Arrive = Callable[..., Consumer]
TYPED = {"kind": "card", "holder": "李小明", "number": "4539 5787 6362 1486", "bank": "中国工商银行湖里支行"}


def test_the_consumer_gives_an_account_and_sees_its_tail_only(consumer: Arrive) -> None:
    someone = consumer(standings.agreed_by_transfer)
    assert "填写收款账户" in someone.get().text
    assert "投诉办结 90 天后删除" in someone.get("/account").text
    answer = someone.post("/account", **TYPED)
    assert answer.status_code == 303
    page = someone.client.get(answer.location).text
    assert "收款账户已保存" in page
    assert "银行卡 尾号 1486，户名 李**" in page
    assert "更换收款账户" in page
    for shown in (page, someone.get("/account").text):
        assert "4539" not in shown
        assert "李小明" not in shown
    assert someone.session.query(Payee).count() == 1


def test_a_replaced_account_shows_the_new_tail(consumer: Arrive) -> None:
    someone = consumer(standings.agreed_by_transfer)
    someone.post("/account", **TYPED)
    assert someone.post("/account", **{**TYPED, "kind": "alipay", "number": "li@163.com"}).status_code == 303
    page = someone.get().text
    assert "支付宝 l***@163.com" in page
    assert "1486" not in page


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"kind": ""}, "请选择收款方式"),
        ({"kind": "cash"}, "收款账户还没有保存"),
        ({"holder": ""}, "请填写户名"),
        ({"holder": "<script>"}, "不含数字和符号"),
        ({"number": "1234"}, "银行卡号是 12 到 22 位数字"),
        ({"bank": ""}, "请填写开户银行"),
        ({"kind": "alipay", "number": "li@"}, "支付宝账号是手机号或邮箱"),
        ({"kind": "wechat", "number": "3x"}, "微信号以字母开头"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(consumer: Arrive, values: dict[str, str], sentence: str) -> None:
    someone = consumer(standings.agreed_by_transfer)
    answer = someone.post("/account", **{**TYPED, **values})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert someone.session.query(Payee).count() == 0


def test_a_doubtful_card_number_is_kept_with_a_warning(consumer: Arrive) -> None:
    someone = consumer(standings.agreed_by_transfer)
    assert someone.post("/account", **{**TYPED, "number": "4539578763621487"}).status_code == 303
    assert "没有通过校验" in someone.get().text


@pytest.mark.parametrize(
    "story", [standings.offered, standings.agreed, standings.agreed_goods, standings.performed, standings.withdrawn]
)
def test_an_account_is_neither_offered_nor_taken_at_any_other_time(
    consumer: Arrive, story: Callable[..., standings.Made]
) -> None:
    someone = consumer(story)
    assert "收款账户" not in someone.get().text
    assert someone.get("/account").status_code == 409
    assert someone.post("/account", seen="/evidence", **TYPED).status_code == 409
    assert someone.session.query(Payee).count() == 0


@pytest.fixture
def paid(consumer: Arrive) -> Consumer:
    """A consumer who has given an account."""
    someone = consumer(standings.agreed_by_transfer)
    assert someone.post("/account", **TYPED).status_code == 303
    return someone


SignIn = Callable[[Membership], InspectingClient]


def test_the_merchant_is_told_that_an_account_is_missing(consumer: Arrive, client_for: SignIn) -> None:
    someone = consumer(standings.agreed_by_transfer)
    dispute = someone.standing.dispute
    page = client_for(dispute.membership).get(f"/merchant/cases/{dispute.case.reference}").text
    assert "消费者还没有填写收款账户" in page


def test_the_merchant_sees_the_account_for_half_an_hour_and_for_a_reason(
    paid: Consumer, client_for: SignIn, clock: FixedClock
) -> None:
    dispute = paid.standing.dispute
    here = f"/merchant/cases/{dispute.case.reference}"
    browser = client_for(dispute.membership)
    before = browser.get(here).text
    assert "银行卡 尾号 1486，户名 李**" in before
    assert "4539578763621486" not in before
    assert browser.submit(f"{here}/reveal", {"reason": "pay_or_collect"}, page=here).status_code == 303
    page = browser.get(here).text
    assert "4539578763621486" in page
    assert "中国工商银行湖里支行" in page
    clock.advance(minutes=30)
    assert "4539578763621486" not in browser.get(here).text


def test_after_performance_the_account_is_gone_from_the_screen(paid: Consumer, client_for: SignIn) -> None:
    dispute = paid.standing.dispute
    here = f"/merchant/cases/{dispute.case.reference}"
    browser = client_for(dispute.membership)
    browser.submit(f"{here}/reveal", {"reason": "pay_or_collect"}, page=here)
    command = actions.RecordPerformance(dispute.case.reference, paid.standing.now.date(), None, "已转账。")
    actions.record_performance(paid.session, dispute.agent, command, now=paid.standing.now)
    paid.session.commit()
    page = browser.get(here).text
    assert "1486" not in page


def test_an_officer_is_told_that_it_was_given_and_no_more(paid: Consumer, client_for: SignIn) -> None:
    dispute = paid.standing.dispute
    chief = people.member(paid.session, dispute.authority.id, Role.CHIEF)
    paid.session.commit()
    browser = client_for(chief)
    here = f"/regulator/cases/{dispute.case.reference}"
    browser.submit(f"{here}/reveal", {"reason": "verify_claim"}, page=here)
    page = browser.get(here).text
    assert "消费者填写收款账户" in page
    assert "1486" not in page


def test_giving_the_same_account_once_more_is_harmless(paid: Consumer) -> None:
    assert paid.post("/account", **TYPED).status_code == 303
    assert paid.session.query(Payee).count() == 1
