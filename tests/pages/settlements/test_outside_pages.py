"""登记线下达成的和解, and how it is shown as 未经消费者本人确认 wherever it stands."""

import io

import pytest
from PIL import Image
from sqlalchemy import select

from portal.accounts.links import token_of
from portal.cases.models import PhoneSource
from portal.cases.rules import CaseState
from portal.core.actor import Role
from portal.documents.models import Document
from portal.settlements.models import Agreement, Callback
from tests.factories import people, settling

MARK = "未经消费者本人确认"
TYPED = {
    "terms-0-kind": "refund",
    "terms-0-amount": "500",
    "terms-0-method": "cash",
    "terms-0-due_days": "7",
    "terms-0-freight": "none",
    "terms-0-detail": "",
    "message": "",
}


def picture():
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(out, "JPEG")
    out.seek(0)
    return out


@pytest.fixture
def dispute(session):
    dispute = settling.dispute(session, phone_source=PhoneSource.MERCHANT)
    session.commit()
    return dispute


@pytest.fixture
def browser(dispute, client_for):
    return client_for(dispute.membership)


@pytest.fixture
def here(dispute):
    return f"/merchant/cases/{dispute.case.reference}/settlement/outside"


def record(browser, here):
    values = {**TYPED, "proof": (picture(), "协议.jpg")}
    return browser.submit(here, values, content_type="multipart/form-data")


def test_the_form_keeps_what_was_typed_and_wants_the_proof(browser, here, session):
    assert "登记线下达成的和解" in browser.get(here.removesuffix("/settlement/outside")).text
    refused = browser.submit(here, TYPED)
    assert refused.status_code == 422
    assert "没有凭证的不能登记" in refused.text
    assert 'value="500"' in refused.text
    more = browser.submit(f"{here}/draft", {**TYPED, "add": "compensate", "more": "1"}, page=here)
    assert 'name="terms-1-kind"' in more.text
    assert record(browser, here).status_code == 303
    assert session.query(Agreement).count() == 1


def test_it_is_not_for_those_who_can_confirm_themselves(client_for, session):
    dispute = settling.dispute(session)
    session.commit()
    browser = client_for(dispute.membership)
    reference = dispute.case.reference
    assert "登记线下达成的和解" not in browser.get(f"/merchant/cases/{reference}").text
    answer = browser.get(f"/merchant/cases/{reference}/settlement/outside")
    assert answer.status_code == 409
    assert "有核实过的手机号" in answer.text


def test_every_place_says_that_nobody_confirmed_it(browser, here, dispute, session, client_for, client):
    record(browser, here)
    reference = dispute.case.reference
    officer = client_for(people.member(session, dispute.authority.id, Role.OFFICER))
    session.commit()
    number = session.scalars(select(Document.number).where(Document.case_id == dispute.case.id)).one()
    places = (
        browser.get(f"/merchant/cases/{reference}"),
        browser.get("/merchant/cases"),
        browser.get(f"/agreements/{number}"),
        officer.get(f"/regulator/cases/{reference}"),
        officer.get("/regulator/cases?tab=unverified"),
        officer.get("/regulator/"),
        client.get(f"/c/{token_of(session, dispute.link)}"),
    )
    for place in places:
        assert place.status_code == 200
        assert MARK in place.text or "没有经过你本人确认" in place.text, place.request.path


def test_the_officer_calls_and_the_consumer_denies(browser, here, dispute, session, client_for):
    record(browser, here)
    officer = client_for(people.member(session, dispute.authority.id, Role.OFFICER))
    session.commit()
    assert "商家登记的协议" in officer.get("/regulator/callbacks").text
    row = session.scalars(select(Callback)).one()
    page = f"/regulator/callbacks/{row.reference}"
    assert "消费者承认这份协议" in officer.get(page).text
    assert "消费者有意见" not in officer.get(page).text
    empty = officer.submit(page, {"result": "disowned", "note": ""})
    assert empty.status_code == 422
    assert "请写明消费者怎么说" in empty.text
    assert officer.submit(page, {"result": "disowned", "note": "没有签过字。"}).status_code == 303
    session.expire_all()
    assert dispute.case.state is CaseState.NEGOTIATING
    shown = browser.get(f"/merchant/cases/{dispute.case.reference}").text
    assert "消费者否认我方登记的协议" in shown
    number = session.scalars(select(Document.number).where(Document.case_id == dispute.case.id)).one()
    assert "不再有效" in browser.get(f"/agreements/{number}").text
