"""The merchant's way through a negotiation, without script."""

import io
import re

import pytest
from PIL import Image

from portal.cases.rules import CaseState
from portal.documents.models import Document
from portal.intake.rules import DEMAND_NAMES
from portal.settlements import actions, rules
from portal.settlements.models import Answer, Offer
from tests.factories import people, settling
from tests.inspector import PARTIAL, objections

TYPED = {
    "terms-0-kind": "refund",
    "terms-0-amount": "500",
    "terms-0-method": "original",
    "terms-0-due_days": "7",
    "terms-0-freight": "none",
    "terms-0-detail": "",
    "message": "抱歉给您添麻烦了。",
}


@pytest.fixture
def dispute(session):
    dispute = settling.dispute(session)
    session.commit()
    return dispute


@pytest.fixture
def browser(dispute, client_for):
    return client_for(dispute.membership)


@pytest.fixture
def here(dispute):
    return f"/merchant/cases/{dispute.case.reference}/settlement"


def hidden(html, name):
    """The value a page would send back."""
    found = re.search(rf'name="{name}"[^>]* value="([^"]*)"', html)
    assert found, name
    return found.group(1)


def test_the_form_starts_from_the_demand_with_its_amount(browser, here):
    html = browser.get(here).get_data(as_text=True)
    assert 'value="800.00"' in html
    assert hidden(html, "terms-0-kind") == "refund"


def test_another_template_brings_its_own_terms(browser, here):
    html = browser.get(f"{here}?start=exchange").get_data(as_text=True)
    assert "换同款新品一件" in html
    assert 'value="800.00"' not in html


def test_the_preview_says_what_the_consumer_will_read_and_sending_takes_one_more_click(browser, here, dispute, session):
    answer = browser.submit(f"{here}/preview", TYPED, page=here)
    html = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "接受，收到 ¥500" in html
    assert "提出退款" in html
    assert session.query(Offer).count() == 0
    values = {name: hidden(html, name) for name in TYPED}
    sent = browser.post(here, data={"csrf_token": hidden(html, "csrf_token"), **values})
    assert (sent.status_code, sent.headers["Location"]) == (303, f"/merchant/cases/{dispute.case.reference}")
    offer = session.query(Offer).one()
    assert (offer.answer, offer.outlay, offer.made_by) == (Answer.PENDING, 50_000, "林晓燕")


def test_what_is_wrong_is_said_at_its_field_and_kept(browser, here, session):
    answer = browser.submit(f"{here}/preview", {**TYPED, "terms-0-amount": "900"}, page=here)
    html = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "退款金额不能超过争议金额 ¥800.00" in html
    assert 'value="900"' in html
    assert "<title>错误：" in html
    for wrong, said in (("abc", "金额只写数字"), ("", "“退款”要有金额")):
        answer = browser.submit(f"{here}/preview", {**TYPED, "terms-0-amount": wrong}, page=here)
        assert answer.status_code == 422
        assert said in answer.get_data(as_text=True)


def test_nothing_chosen_is_refused_in_words(browser, here):
    answer = browser.submit(f"{here}/preview", {**TYPED, "terms-0-kind": ""}, page=here)
    assert answer.status_code == 422
    assert "请至少选一种处理方式" in answer.get_data(as_text=True)


def test_a_hostile_kind_or_too_many_rows_change_nothing(browser, here):
    answer = browser.submit(f"{here}/preview", {**TYPED, "terms-0-kind": "burn"}, page=here)
    assert answer.status_code == 422
    many = {f"terms-{n}-{part}": v for n in range(40) for part, v in (("kind", "apology"), ("due_days", "7"))}
    assert browser.submit(f"{here}/preview", many, page=here).status_code == 422


def test_a_row_more_keeps_what_was_typed(browser, here):
    answer = browser.submit(f"{here}/draft", {**TYPED, "add": "compensate", "more": "1"}, page=here)
    html = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert 'value="500"' in html
    assert 'name="terms-1-kind"' in html
    fewer = browser.submit(f"{here}/draft", {**TYPED, "drop": "refund"}, page=here).get_data(as_text=True)
    assert "terms-0-kind" not in fewer
    part = browser.submit(f"{here}/draft", {**TYPED, "add": "compensate", "more": "1"}, page=here, headers=PARTIAL)
    assert part.get_data(as_text=True).strip().startswith('<section class="cols wide" id="offer"')


def test_a_second_offer_is_refused_with_the_negotiation_as_it_is(browser, here, dispute, session):
    token = browser.token(here)
    settling.offered(session, dispute)
    session.commit()
    answer = browser.get(here)
    assert answer.status_code == 409
    assert "还在等消费者答复" in answer.get_data(as_text=True)
    refused = browser.post(here, data={"csrf_token": token, **TYPED})
    assert refused.status_code == 422
    assert "还在等消费者答复" in refused.get_data(as_text=True)


def test_undo_is_one_click_from_the_negotiation(browser, here, dispute, session):
    settling.offered(session, dispute)
    session.commit()
    html = browser.get(here).get_data(as_text=True)
    assert f'action="{here}/1/undo"' in html
    undone = browser.post(f"{here}/1/undo", data={"csrf_token": hidden(html, "csrf_token")})
    assert undone.status_code == 303
    session.expire_all()
    assert session.query(Offer).one().answer is Answer.UNDONE
    again = browser.post(f"{here}/1/undo", data={"csrf_token": hidden(html, "csrf_token")})
    assert again.status_code == 409
    assert "已撤回" in again.get_data(as_text=True)


@pytest.fixture
def counter(dispute, session, clock):
    offer = settling.offered(session, dispute, settling.exchange(), settling.voucher())
    clock.advance(minutes=5)
    terms = (settling.refund(80_000), settling.voucher(5_000))
    command = actions.CounterOffer(dispute.case.id, offer.digest, terms, "换新怕还漏。")
    counter = actions.counter_offer(session, dispute.consumer, command, now=clock.now())
    session.commit()
    return counter


def test_a_counter_is_shown_term_by_term_and_accepted_once(browser, here, dispute, counter, session):
    refused = browser.get(f"{here}/performance")  # shows the negotiation, for there is nothing to perform yet
    html = refused.get_data(as_text=True)
    assert refused.status_code == 409
    assert '<table role="table" class="diff fold">' in html
    assert "+¥750.00" in html
    assert "换新怕还漏。" in html
    token = hidden(html, "csrf_token")
    accepted = browser.post(f"{here}/acceptance", data={"csrf_token": token, "digest": counter.digest})
    assert accepted.status_code == 303
    twice = browser.post(f"{here}/acceptance", data={"csrf_token": token, "digest": counter.digest})
    assert twice.status_code == 409
    assert "这个还价已经接受" in twice.get_data(as_text=True)


def test_the_next_offer_starts_from_the_counter(browser, here, counter):
    html = browser.get(here).get_data(as_text=True)
    assert 'value="800.00"' in html
    assert 'value="50.00"' in html
    assert "消费者还价" in html


def test_a_counter_is_refused_with_a_reason_only(browser, here, counter, session):
    empty = browser.submit(f"{here}/refusal", {"digest": counter.digest, "reason": " "})
    assert empty.status_code == 422
    assert "请写明不接受的理由" in empty.get_data(as_text=True)
    done = browser.submit(f"{here}/refusal", {"digest": counter.digest, "reason": "检测没有质量问题。"})
    assert done.status_code == 303
    session.expire_all()
    assert session.get(Offer, counter.id).answer is Answer.REFUSED


def picture():
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(out, "JPEG")
    return out.getvalue()


def test_performance_is_recorded_with_its_proof(browser, here, dispute, session):
    settling.agreed(session, dispute)
    session.commit()
    assert 'type="file"' in browser.get(f"{here}/performance").get_data(as_text=True)
    nothing = browser.submit(f"{here}/performance", {"performed_on": "2026-08-12", "remark": ""})
    assert nothing.status_code == 422
    assert "请上传履行凭证" in nothing.get_data(as_text=True)
    future = browser.submit(f"{here}/performance", {"performed_on": "2026-08-20", "remark": "已转账"})
    assert "不能晚于今天" in future.get_data(as_text=True)
    bad = {"performed_on": "2026-08-12", "proof": (io.BytesIO(b"MZ not a picture"), "a.exe")}
    refused = browser.submit(f"{here}/performance", bad, content_type="multipart/form-data")
    assert refused.status_code == 422
    good = {"performed_on": "2026-08-12", "proof": (io.BytesIO(picture()), "回单.jpg"), "remark": "已原路退回。"}
    done = browser.submit(f"{here}/performance", good, content_type="multipart/form-data")
    assert done.status_code == 303
    session.expire_all()
    assert dispute.case.state is CaseState.PERFORMED
    html = browser.get(here).get_data(as_text=True)
    assert "待消费者确认" in html
    assert "已原路退回。" in html


def test_the_agreement_is_shown_and_downloaded_by_those_concerned_only(browser, client_for, dispute, session):
    agreement = settling.agreed(session, dispute)
    number = session.get(Document, agreement.document_id).number
    officer = people.member(session, dispute.authority.id, "officer")
    stranger = people.member(session, people.merchant(session, dispute.authority).id)
    session.commit()
    html = browser.get(f"/agreements/{number}").get_data(as_text=True)
    assert "这是双方的民事和解协议，不是行政调解书" in html
    pdf = browser.get(f"/agreements/{number}/pdf")
    assert pdf.mimetype == "application/pdf"
    assert pdf.get_data().startswith(b"%PDF-1.")
    assert client_for(officer).get(f"/agreements/{number}/pdf").get_data() == pdf.get_data()
    assert client_for(stranger).get(f"/agreements/{number}").status_code == 404


def test_a_strange_merchant_finds_none_of_the_doors(here, client_for, dispute, session):
    stranger = people.member(session, people.merchant(session, dispute.authority).id)
    session.commit()
    browser = client_for(stranger)
    for path in ("", "/refusal", "/performance"):
        assert browser.get(f"{here}{path}").status_code == 404


def test_the_words_of_demands_are_intakes():
    assert {demand.value: name for demand, name in DEMAND_NAMES.items()} == rules.DEMAND_NAMES


def test_the_section_stands_alone_as_a_fragment(browser, here, dispute, session):
    settling.offered(session, dispute)
    session.commit()
    part = browser.get(here, headers=PARTIAL).get_data(as_text=True)
    assert objections(part) == []
    assert part.strip().startswith("<section")
    assert without_tokens(part).strip() in without_tokens(browser.get(here).get_data(as_text=True))


def without_tokens(html):
    """Tokens are signed with the second."""
    return re.sub(r'name="csrf_token" value="[^"]*"', "", html)
