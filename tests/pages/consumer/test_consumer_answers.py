"""Every answer a consumer can give, given once, twice, late, and to an offer that has changed."""

import io
from collections.abc import Callable

import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases.models import Evidence
from portal.cases.rules import CaseState
from portal.core.facts import Fact, Topic
from portal.intake.models import Filing
from portal.intake.states import AdminState
from portal.settlements import actions
from portal.settlements.models import Offer, Rating
from portal.settlements.rules import Answer, Payer, TermKind
from tests.conftest import FixedClock
from tests.factories import settling, standings
from tests.pages.consumer.conftest import Consumer

Arrive = Callable[..., Consumer]


def test_two_taps_accept_and_the_receipt_follows(consumer: Arrive) -> None:
    someone = consumer(standings.offered)
    answer = someone.post("/accept")
    assert answer.status_code == 303
    assert someone.case.state is CaseState.AGREED
    page = someone.client.get(answer.location).text
    assert "你已接受，等待商家付款" in page
    assert "最迟 <b>8 月 19 日（周三）</b>" in page


def test_accepting_twice_is_harmless(consumer: Arrive) -> None:
    someone = consumer(standings.offered)
    html = someone.get("/accept").text
    data = {
        "csrf_token": someone.client.token(someone.standing.path),
        "digest": html.split('name="digest" value="')[1][:64],
    }
    first = someone.client.post(f"{someone.standing.path}/accept", data=data)
    again = someone.client.post(f"{someone.standing.path}/accept", data=data)
    assert (first.status_code, again.status_code) == (303, 303)
    made = someone.session.scalars(select(Fact.id).where(Fact.topic == Topic.AGREEMENT_MADE)).all()
    assert len(made) == 1


def test_a_dear_offer_asks_for_a_code_and_takes_the_right_one_only(consumer: Arrive) -> None:
    someone = consumer(standings.offered_dear)
    assert "短信验证码" in someone.get("/accept").text
    assert someone.post("/accept", code="").status_code == 422
    asked = someone.post("/code", seen="/accept")
    assert asked.status_code == 303
    assert "验证码已发到 138****1234，10 分钟内有效，最多输 5 次。" in someone.client.get(asked.location).text
    right = someone.code
    wrong = someone.post("/accept", code="000000" if right != "000000" else "111111")
    assert wrong.status_code == 422
    assert "验证码不对" in wrong.text
    assert someone.case.state is CaseState.OFFERED
    assert someone.post("/accept", code=f"{right[:3]} {right[3:]}").status_code == 303
    assert someone.case.state is CaseState.AGREED


def test_five_wrong_codes_end_the_code(consumer: Arrive) -> None:
    someone = consumer(standings.offered_dear)
    someone.post("/code", seen="/accept")
    right = someone.code
    wrong = "000000" if right != "000000" else "111111"
    answers = [someone.post("/accept", code=wrong).text for _ in range(5)]
    assert "不能再用" in answers[-1]
    assert "不能再用" in someone.post("/accept", code=right).text
    assert someone.case.state is CaseState.OFFERED


def test_a_code_asked_again_at_once_is_told_to_wait(consumer: Arrive) -> None:
    someone = consumer(standings.offered_dear)
    someone.post("/code", seen="/accept")
    again = someone.post("/code", seen="/accept")
    assert again.status_code == 422
    assert "秒后再获取" in again.text


def test_without_a_verified_phone_nobody_is_sent_in_circles(consumer: Arrive) -> None:
    someone = consumer(unverified)
    page = someone.get("/accept").text
    assert "登记的手机号没有核实" in page
    assert "获取验证码" not in page


def unverified(session: Session) -> standings.Made:
    dispute, now = standings.offered_dear(session)
    dispute.case.phone_source = "merchant"  # type: ignore[assignment]
    return dispute, now


def test_a_counter_starts_from_the_offer_and_reaches_the_merchant(consumer: Arrive) -> None:
    someone = consumer(standings.offered_goods)
    form = someone.get("/counter").text
    assert '<option selected value="exchange">换货</option>' in form
    assert "换同款新品一件" in form
    assert 'value="100.00"' in form
    values = {"kind": "return_refund", "amount": "800", "method": "original", "freight": "merchant", "due_days": "5"}
    answer = someone.post("/counter", **values, compensation="50", message="不想再换了。")
    assert answer.status_code == 303
    page = someone.client.get(answer.location).text
    assert "已把你的要求发给商家" in page
    counter = someone.session.scalars(select(Offer).where(Offer.answer == Answer.PENDING)).one()
    assert counter.outlay == 85_000
    assert "¥800.00 原路退回，运费商家承担，接受后 5 天内" in page
    assert "¥50.00 购物卡" in page  # paid as the merchant had offered it


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"amount": ""}, "“退款”要有金额"),
        ({"amount": "很多"}, "金额只写数字，最多两位小数"),
        ({"amount": "900"}, "退款金额不能超过争议金额 ¥800.00"),
        ({"due_days": "61"}, "天数请填 0 到 60"),
        ({"kind": "repair", "freight": "none"}, "请说明运费由谁承担"),
        ({"kind": "repair", "freight": "merchant"}, "请写明“修理”具体做什么"),
        ({}, "内容和商家的方案一样"),
    ],
)
def test_a_counter_that_cannot_be_is_told_why(consumer: Arrive, values: dict[str, str], sentence: str) -> None:
    someone = consumer(standings.offered)
    filled = {"kind": "refund", "amount": "800.00", "method": "original", "freight": "none", "due_days": "7"}
    answer = someone.post("/counter", **{**filled, **values})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert someone.case.state is CaseState.OFFERED


def test_further_remedies_are_kept_or_dropped(consumer: Arrive, session: Session) -> None:
    def repair_and_supply(session: Session) -> standings.Made:
        dispute = standings.start(session)
        repair = actions.TermDraft(TermKind.REPAIR, due_days=7, freight=Payer.MERCHANT, detail="换拉链")
        supply = actions.TermDraft(TermKind.SUPPLY, due_days=7, detail="补扣子两粒")
        settling.offered(session, dispute, repair, supply)
        return dispute, standings.NOW + standings.MINUTE

    someone = consumer(repair_and_supply)
    assert "补足数量（补扣子两粒，接受后 7 天内）" in someone.get("/counter").text
    values = {"kind": "repair", "freight": "merchant", "due_days": "3", "detail": "换拉链", "method": "original"}
    assert someone.post("/counter", **values, keep="0").status_code == 303
    assert "补扣子两粒" in someone.get().text


def test_refusing_tells_the_merchant_and_keeps_the_complaint(consumer: Arrive) -> None:
    someone = consumer(standings.offered)
    answer = someone.post("/refuse", reason="太少。")
    assert answer.status_code == 303
    assert someone.case.state is CaseState.NEGOTIATING
    assert "已告诉商家你不接受" in someone.client.get(answer.location).text


@pytest.mark.parametrize("page", ["/accept", "/refuse", "/counter"])
def test_an_offer_that_has_changed_is_shown_before_it_is_answered(
    consumer: Arrive, clock: FixedClock, page: str
) -> None:
    someone = consumer(standings.offered)
    dispute = someone.standing.dispute
    html = someone.get(page).text
    data = {
        "csrf_token": someone.client.token(someone.standing.path),
        "digest": html.split('name="digest" value="')[1][:64],
    }
    data |= {"kind": "refund", "amount": "700", "method": "original", "freight": "none", "due_days": "7"}
    refusal = actions.RefuseOffer(dispute.case.id, data["digest"])
    actions.refuse_offer(someone.session, dispute.consumer, refusal, now=clock.now())
    settling.offered(someone.session, dispute, settling.refund(60_000), now=clock.now())
    someone.session.commit()
    clock.advance(minutes=1)

    answer = someone.client.post(someone.standing.path + page, data=data)
    if page == "/refuse":  # the very same answer was given in another tab
        assert answer.status_code == 303
        return
    assert answer.status_code == 409
    assert answer.text.count('role="alert"><svg') == 1
    assert "¥600.00" in answer.text
    assert someone.case.state is CaseState.OFFERED


def test_an_offer_past_its_end_is_not_accepted(consumer: Arrive, clock: FixedClock) -> None:
    someone = consumer(standings.offered)
    html = someone.get("/accept").text
    data = {
        "csrf_token": someone.client.token(someone.standing.path),
        "digest": html.split('name="digest" value="')[1][:64],
    }
    clock.advance(days=5)
    answer = someone.client.post(f"{someone.standing.path}/accept", data=data)
    assert answer.status_code == 409
    assert "已过答复期限" in answer.text
    assert someone.case.state is CaseState.OFFERED


def test_received_is_one_tap_and_twice_is_harmless(consumer: Arrive) -> None:
    someone = consumer(standings.performed)
    assert someone.post("/receipt", seen="?", received="yes").status_code == 303
    assert someone.case.state is CaseState.CLOSED_SETTLED
    assert someone.post("/receipt", seen="?", received="yes").status_code == 303


@pytest.mark.parametrize("story", [standings.performed, standings.unconfirmed])
def test_not_received_reopens_and_alerts(consumer: Arrive, story: Callable[[Session], standings.Made]) -> None:
    someone = consumer(story)
    answer = someone.post("/receipt", seen="?", received="no")
    assert answer.status_code == 303
    assert someone.case.state is CaseState.BREACHED
    assert "商家没有按约定付款" in someone.client.get(answer.location).text


def test_not_received_before_the_day_is_told_when(consumer: Arrive) -> None:
    someone = consumer(standings.agreed)
    answer = someone.post("/receipt", seen="?", received="no")
    assert answer.status_code == 409
    assert "约定的日期是8 月 19 日（周三），还没有到" in answer.text
    assert someone.post("/receipt", seen="?", received="perhaps").status_code == 422


def test_satisfied_is_one_tap(consumer: Arrive) -> None:
    someone = consumer(standings.confirmed)
    answer = someone.post("/rating", seen="?")
    assert answer.status_code == 303
    page = someone.client.get(answer.location).text
    assert "谢谢你的评价。" in page
    assert "满意吗" not in page
    assert someone.post("/rating", seen="?").status_code == 303
    assert len(someone.session.scalars(select(Rating)).all()) == 1


def test_unsatisfied_asks_one_reason(consumer: Arrive) -> None:
    someone = consumer(standings.confirmed)
    assert someone.post("/rating/unsatisfied", seen="/rating").status_code == 422
    answer = someone.post("/rating/unsatisfied", seen="/rating", reason="not_as_agreed")
    assert answer.status_code == 303
    assert someone.case.state is CaseState.BREACHED


@pytest.mark.parametrize("story", [standings.offered, standings.waiting, standings.agreed, standings.failed_to_choose])
def test_asking_the_authority_is_asked_once_and_done(
    consumer: Arrive, story: Callable[[Session], standings.Made]
) -> None:
    someone = consumer(story)
    assert "确认请求处理" in someone.get("/escalation").text
    answer = someone.post("/escalation")
    assert answer.status_code == 303
    assert "已请市场监督管理部门处理。" in someone.client.get(answer.location).text
    asked = someone.session.scalars(select(Filing.escalated_at).where(Filing.case_id == someone.case.id)).one()
    assert asked == someone.standing.now


def test_withdrawing_asks_first_and_then_is_over(consumer: Arrive) -> None:
    someone = consumer(standings.offered)
    assert "不能恢复" in someone.get("/withdrawal").text
    assert someone.post("/withdrawal").status_code == 303
    assert someone.case.state is CaseState.WITHDRAWN
    assert someone.session.scalars(select(Filing.admin_state)).all()[-1] is AdminState.WITHDRAWN
    assert someone.get("/withdrawal").status_code == 409
    assert someone.get("/escalation").status_code == 409


def test_what_was_agreed_is_not_withdrawn(consumer: Arrive) -> None:
    someone = consumer(standings.agreed)
    answer = someone.get("/withdrawal")
    assert answer.status_code == 409
    assert "投诉不能撤回" in answer.text


def test_a_failed_complaint_is_laid_aside_and_taken_up_again(consumer: Arrive) -> None:
    someone = consumer(standings.failed_to_choose)
    answer = someone.post("/rest")
    assert answer.status_code == 303
    assert "投诉按未和解办结" in someone.client.get(answer.location).text
    assert someone.get("/rest").status_code == 409
    assert someone.post("/escalation").status_code == 303


def photo(colour: str) -> tuple[io.BytesIO, str]:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, "JPEG")
    return io.BytesIO(out.getvalue()), f"{colour}.jpg"


def test_several_photos_are_added_at_once(consumer: Arrive) -> None:
    someone = consumer(standings.waiting)
    answer = someone.post("/evidence", files=[photo("red"), photo("blue")])
    assert answer.status_code == 303
    page = someone.client.get(answer.location).text
    assert "已收到 2 个文件。" in page
    assert "你已经补充了 2 个文件。" in page
    assert len(someone.session.scalars(select(Evidence)).all()) == 2
    again = someone.post("/evidence", files=[photo("red")])
    assert "不用再传" in someone.client.get(again.location).text


def test_what_is_no_photo_is_refused_in_words(consumer: Arrive) -> None:
    someone = consumer(standings.waiting)
    assert "还没有选文件" in someone.post("/evidence").text
    answer = someone.post("/evidence", files=[(io.BytesIO(b"MZ\x90"), "a.exe")])
    assert answer.status_code == 422
    assert "不是照片" in answer.text


def test_a_page_put_together_by_hand_says_nothing_untrue(consumer: Arrive) -> None:
    someone = consumer(standings.waiting)
    page = someone.get("?done=withdrawn").text
    assert "已撤回。" not in page


def test_the_paper_of_a_case_without_agreement_is_not_there(consumer: Arrive) -> None:
    someone = consumer(standings.waiting)
    assert someone.get("/agreement.pdf").status_code == 404
    assert someone.get("/privacy").status_code == 200
