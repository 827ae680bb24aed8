"""A consumer tells about a promise without sign-in; the authority handles it; the merchant reads what was passed on."""

import io
import re
from datetime import timedelta

import openpyxl
import pytest
from sqlalchemy import select

from portal.commitments.feedback import EraseFeedback, erase_feedback
from portal.commitments.feedback_models import PromiseFeedback
from portal.core.access import AccessKind, AccessRecord
from portal.core.actor import SYSTEM, Role
from portal.core.facts import Fact, SubjectKind
from tests.conftest import NOW
from tests.factories import people, promises

PHONE = "13800138000"
TEXT = "8 月 10 日拿小票去退，店员说打折商品不退，我的卡号 6222021234567890。"


@pytest.fixture
def district(session):
    return people.authority(session)


@pytest.fixture
def merchant(session, district):
    row = people.merchant(session, district, "厦门鹭湾百货有限公司")
    promises.promise(session, row)
    session.commit()
    return row


@pytest.fixture
def officer(session, district, client_for):
    membership = people.member(session, district.id, Role.OFFICER, name="陈立")
    session.commit()
    return client_for(membership)


@pytest.fixture
def agent(session, merchant, client_for):
    membership = people.member(session, merchant.id)
    session.commit()
    return client_for(membership)


def given(client, merchant, **changes):
    form = {
        "reason": "refused",
        "place": "湖里总店",
        "happened_on": "2026-08-10",
        "text": TEXT,
        "phone": PHONE,
        "consent": "y",
    }
    page = f"/m/{merchant.slug}/feedback"
    return client.submit(page, {**form, **changes}, page=page)


def number(client, merchant, **changes):
    answer = given(client, merchant, **changes)
    assert answer.status_code == 303
    said = client.get(answer.location).text
    return said[said.index("FK2608-") :][:11]


def test_a_visitor_gets_a_number_and_is_told_that_it_is_no_complaint(client, session, merchant):
    page = client.get(f"/m/{merchant.slug}/feedback").text
    assert "这不是投诉" in page
    assert "checked" not in page
    assert number(client, merchant) == "FK2608-0001"
    row = session.scalars(select(PromiseFeedback)).one()
    assert row.place == "湖里总店"
    assert PHONE.encode() not in row.text_sealed + row.phone_sealed
    fact = session.scalars(select(Fact).where(Fact.subject_kind == SubjectKind.PROMISE_FEEDBACK)).one()
    assert fact.detail == {"reference": "FK2608-0001", "reason": "refused"}
    assert "FK2608" not in client.get(f"/m/{merchant.slug}/feedback").text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"text": ""}, "请写明情况"),
        ({"text": "坏"}, "请写 5 至 500 字"),
        ({"reason": ""}, "请选择是什么事"),
        ({"consent": ""}, "要勾选同意"),
        ({"phone": "1380013"}, "电话号码不完整"),
        ({"happened_on": "2026-09-10"}, "日期晚于今天"),
        ({"website": "https://spam.example"}, "这一格请空着"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(client, session, merchant, changes, said):
    answer = given(client, merchant, **changes)
    assert answer.status_code == 422
    assert said in answer.text
    assert ("2026-08-10" if "happened_on" not in changes else "2026-09-10") in answer.text
    assert session.scalars(select(PromiseFeedback)).all() == []


def test_a_shop_without_a_promise_has_no_such_page(client, session, district):
    bare = people.merchant(session, district)
    session.commit()
    answer = client.get(f"/m/{bare.slug}/feedback")
    assert answer.status_code == 404
    assert "12315" in answer.text


def test_the_officer_reads_it_masked_and_opens_it_with_a_reason(client, session, officer, merchant):
    reference = number(client, merchant)
    shown = officer.get(f"/regulator/promise-feedback/{reference}").text
    assert "打折商品不退" in shown
    assert "6222021234567890" not in shown
    assert "138****8000" in shown
    assert officer.submit(f"/regulator/promise-feedback/{reference}/reveal", {}).status_code == 422
    officer.submit(f"/regulator/promise-feedback/{reference}/reveal", {"reason": "contact"})
    officer.inspect = False  # a full number is what was asked for
    opened = officer.get(f"/regulator/promise-feedback/{reference}").text
    assert PHONE in opened
    assert "6222021234567890" in opened
    kinds = [row.kind for row in session.scalars(select(AccessRecord))]
    assert AccessKind.REVEAL in kinds


def test_the_merchant_reads_only_what_was_passed_on(client, session, officer, agent, merchant):
    kept, passed = number(client, merchant), number(client, merchant, reason="slow")
    assert "没有承诺反馈" in agent.get("/merchant/promise-feedback").text
    handled = {"result": "已电话核实，门店承认，已补退。"}
    officer.submit(f"/regulator/promise-feedback/{kept}/handle", handled)
    officer.submit(f"/regulator/promise-feedback/{passed}/handle", {**handled, "pass_on": "y"})
    listed = agent.get("/merchant/promise-feedback").text
    assert passed in listed
    assert kept not in listed
    shown = agent.get(f"/merchant/promise-feedback/{passed}").text
    assert "已电话核实" in shown
    assert "138" not in shown
    assert agent.get(f"/merchant/promise-feedback/{kept}").status_code == 404
    again = officer.submit(
        f"/regulator/promise-feedback/{kept}/handle", handled, page=f"/regulator/promise-feedback/{passed}"
    )
    assert again.status_code == 422
    assert "已经处理" in again.text


def test_the_list_is_filtered_and_exported_masked(client, officer, merchant):
    first, second = number(client, merchant), number(client, merchant, reason="slow", place="")
    officer.submit(f"/regulator/promise-feedback/{first}/handle", {"result": "已核实处理"})
    waiting = officer.get("/regulator/promise-feedback?state=waiting").text
    assert second in waiting
    assert first not in waiting
    assert second not in officer.get("/regulator/promise-feedback?q=湖里总店").text
    assert "没有符合这些条件" in officer.get("/regulator/promise-feedback?reason=praise").text
    answer = officer.submit("/regulator/promise-feedback/export", {}, page="/regulator/promise-feedback")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    cells = [cell.value for cell in sheet[3]]
    assert cells[0] == first
    assert cells[8] == "138****8000"
    assert "6222021234567890" not in str(cells)


def test_another_districts_officer_finds_nothing(client, session, client_for, merchant):
    reference = number(client, merchant)
    other = people.authority(session, "厦门市思明区市场监督管理局")
    stranger = people.member(session, other.id, Role.OFFICER)
    session.commit()
    neighbour = client_for(stranger)
    assert neighbour.get(f"/regulator/promise-feedback/{reference}").status_code == 404
    assert reference not in neighbour.get("/regulator/promise-feedback").text


def test_what_was_handled_long_ago_can_no_longer_be_read(client, session, officer, merchant):
    reference = number(client, merchant)
    officer.submit(f"/regulator/promise-feedback/{reference}/handle", {"result": "已核实处理"})
    assert erase_feedback(session, SYSTEM, EraseFeedback(NOW - timedelta(days=1)), now=NOW) == 0
    assert erase_feedback(session, SYSTEM, EraseFeedback(NOW + timedelta(days=1)), now=NOW) == 1
    assert erase_feedback(session, SYSTEM, EraseFeedback(NOW + timedelta(days=1)), now=NOW) == 0
    session.commit()
    assert "内容已按期清除" in officer.get(f"/regulator/promise-feedback/{reference}").text


def test_the_page_of_the_merchant_leads_here(client, merchant):
    assert f'href="/m/{merchant.slug}/feedback"' in client.get(f"/m/{merchant.slug}").text


def test_the_officers_menu_counts_what_waits(client, officer, merchant):
    reference = number(client, merchant)
    assert counted(officer) == "1"
    shown = f"/regulator/promise-feedback/{reference}"
    assert officer.submit(f"{shown}/handle", {"result": "已核实处理"}, page=shown).status_code == 303
    assert counted(officer) == ""


def counted(officer):
    """What the menu says behind 承诺反馈."""
    [said] = re.findall(
        r'href="/regulator/promise-feedback"[^>]*>.*?承诺反馈(.*?)</a>', officer.get("/regulator/").text
    )
    return re.sub("<[^>]*>", "", said).strip()
