"""Problem goods on the desks of a merchant and of its authority, as browsers without script see them."""

import io

import openpyxl
import pytest

from portal.core.actor import Role
from tests.conftest import NOW
from tests.factories import goods, people

FORM = {
    "goods": "电热水壶",
    "batch": "20260701",
    "supplier": "厦门鹭泉电器有限公司",
    "problem": "壶底漏电",
    "on_hand": "24",
    "source": "return",
}
TODAY = "2026-08-12"


@pytest.fixture
def district(session):
    return people.authority(session)


@pytest.fixture
def merchant(session, district):
    return people.merchant(session, district)


@pytest.fixture
def second(session, district):
    return people.merchant(session, district)


@pytest.fixture
def clerk(session, merchant, client_for):
    membership = people.member(session, merchant.id)
    session.commit()
    return client_for(membership)


@pytest.fixture
def second_clerk(session, second, client_for):
    membership = people.member(session, second.id)
    session.commit()
    return client_for(membership)


@pytest.fixture
def officer(session, district, client_for):
    membership = people.member(session, district.id, Role.OFFICER)
    session.commit()
    return client_for(membership)


def test_from_suspicion_to_the_last_confirmation(clerk, second_clerk, officer):
    assert "没有问题商品" in clerk.get("/merchant/goods").text
    shown = clerk.submit("/merchant/goods/new", FORM).location
    assert "请停止销售，尽快送检" in clerk.get(shown).text
    reference = shown.rpartition("/")[2]
    clerk.submit(f"{shown}/send", {"laboratory": "市质检院", "sent_on": TODAY}, page=shown)
    result = {"verdict": "failed", "tested_on": TODAY, "report_number": "XM-118", "finding": "泄漏电流超标"}
    clerk.submit(f"{shown}/result", result, page=shown)
    assert "立即停止销售并下架" in clerk.get(shown).text

    page = f"/regulator/goods/{reference}"
    assert "登记企业还没有确认下架" in officer.get(page).text
    officer.submit(f"{page}/notice", {"text": "立即下架。", "answer_on": "2026-08-14"}, page=page)
    assert "已通报辖区 1 家企业" in officer.get(page).text

    clerk.submit(f"{shown}/remove", {"quantity": "24", "removed_on": TODAY, "disposal": "to_supplier"}, page=shown)
    assert reference in second_clerk.get("/merchant/recalls").text
    told = f"/merchant/recalls/{reference}"
    second_clerk.submit(told, {"quantity": "3", "removed_on": TODAY, "disposal": "sealed"})
    assert "没有待确认的通报" in second_clerk.get("/merchant/recalls").text

    answered = officer.get(page).text
    assert "已确认 1/1 家，共下架 3 件" in answered
    officer.submit(f"{page}/close", {"reason": ""}, page=page)
    assert "已办结" in officer.get(page).text
    assert reference in officer.get("/regulator/goods?state=closed").text
    assert reference not in officer.get("/regulator/goods?state=open").text


def test_an_empty_form_says_what_is_missing_and_keeps_the_rest(clerk):
    answer = clerk.submit("/merchant/goods/new", {**FORM, "batch": "", "on_hand": "-2"})
    assert answer.status_code == 422
    assert "其他企业要按它核对" in answer.text
    assert "壶底漏电" in answer.text


def test_a_negative_stock_is_refused_at_its_field(clerk):
    answer = clerk.submit("/merchant/goods/new", {**FORM, "on_hand": "-2"})
    assert answer.status_code == 422
    assert "数量不能是负数" in answer.text


def test_a_return_in_the_ledger_fills_the_form(clerk):
    page = clerk.get("/merchant/goods/new?goods=电热水壶&entry=12&supplier=鹭泉")
    assert 'value="电热水壶"' in page.text
    assert 'value="12"' in page.text


def test_an_officers_find_is_registered_and_can_be_notified(officer, merchant):
    found = {name: FORM[name] for name in ("goods", "batch", "supplier", "problem")}
    page = officer.submit("/regulator/goods/new", found).location
    shown = officer.get(page).text
    assert "可以通报辖区企业" in shown
    assert "不合格项目：壶底漏电" in shown


def test_closing_without_a_notice_needs_a_reason(officer, clerk, session, merchant):
    actor = people.actor(session, people.member(session, merchant.id))
    row = goods.removed(session, actor, now=NOW)
    session.commit()
    page = f"/regulator/goods/{row.reference}"
    answer = officer.submit(f"{page}/close", {"reason": ""}, page=page)
    assert answer.status_code == 422
    assert "没有通报辖区就办结的" in answer.text


def test_the_list_is_searched_and_exported(clerk, session, merchant):
    actor = people.actor(session, people.member(session, merchant.id))
    row = goods.registered(session, actor)
    session.commit()
    assert row.reference in clerk.get("/merchant/goods?q=水壶").text
    assert "没有符合这些条件的问题商品" in clerk.get("/merchant/goods?q=冰箱").text
    sheet = openpyxl.load_workbook(io.BytesIO(clerk.submit("/merchant/goods/export", {}, page="/merchant/goods").data))
    assert [cell.value for cell in sheet.active[2]][:2] == [row.reference, "电热水壶"]


def test_a_report_is_an_attachment_and_a_missing_one_is_not_found(clerk, session, merchant):
    actor = people.actor(session, people.member(session, merchant.id))
    row = goods.registered(session, actor)
    session.commit()
    assert clerk.get(f"/merchant/goods/{row.reference}/report").status_code == 404
