"""Sanctions on both desks, as browsers without script see them."""

import io

import openpyxl
import pypdfium2
import pytest
from PIL import Image

from portal.core.actor import Role
from tests.factories import people
from tests.factories import sanctions as made

NEW = "/regulator/sanctions/new"


@pytest.fixture
def database():
    """The database does not matter to a page."""
    return "sqlite"


@pytest.fixture
def district(session):
    return people.authority(session)


@pytest.fixture
def merchant(session, district):
    return people.merchant(session, district)


@pytest.fixture
def chief(session, district, client_for):
    membership = people.member(session, district.id, Role.CHIEF, name="黄志远")
    session.commit()
    return client_for(membership)


@pytest.fixture
def officer(session, district, client_for):
    membership = people.member(session, district.id, Role.OFFICER, name="陈立")
    session.commit()
    return client_for(membership)


@pytest.fixture
def principal(session, merchant, client_for):
    membership = people.member(session, merchant.id, Role.PRINCIPAL)
    session.commit()
    return client_for(membership)


@pytest.fixture
def proposal(session, district, merchant):
    row = made.proposed(session, district, merchant)
    session.commit()
    return row


def picture():
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "white").save(out, "PNG")
    out.seek(0)
    return out


def order(**changes):
    return {"level": "rectify", "reason": "三件投诉逾期未办", "rectify_on": "2026-08-26", **changes}


def test_a_proposal_shows_its_figures_and_where_they_come_from(officer, proposal):
    assert proposal.reference in officer.get("/regulator/sanctions").text
    page = officer.get(f"/regulator/sanctions/{proposal.reference}").text
    assert "3 件" in page
    assert "2026-05-14 至 2026-08-11" in page
    assert "非法律规定" in page
    assert all(f"/regulator/cases/{reference}" in page for reference in proposal.behind["cases"])


def test_from_the_proposal_to_the_lifting(officer, principal, proposal):
    shown = f"/regulator/sanctions/{proposal.reference}"
    there = officer.submit(f"{shown}/take", order(), page=shown).location
    number = there.rpartition("/")[2]
    mine = f"/merchant/measures/{number}"
    assert number in principal.get("/merchant/measures").text
    principal.submit(f"{mine}/confirm", {}, page=mine)
    stated = {"statement": "当日系统停电", "statement_files": (picture(), "停电通知.png")}
    principal.submit(f"{mine}/statement", stated, page=mine)
    principal.submit(f"{mine}/answer", {"text": "已增加两名客服"}, page=mine)
    page = officer.get(there).text
    assert "当日系统停电" in page
    assert "停电通知" in page
    officer.submit(f"{there}/judge", {"verdict": "lift", "text": "已办结"}, page=there)
    assert "已解除" in principal.get(mine).text


def test_the_paper_is_a_pdf_with_its_own_number(officer, principal, session, proposal):
    shown = f"/regulator/sanctions/{proposal.reference}"
    number = officer.submit(f"{shown}/take", order(), page=shown).location.rpartition("/")[2]
    for client in (officer, principal):
        paper = pypdfium2.PdfDocument(client.get(f"/supervision/measures/{number}/pdf").data)
        text = paper[0].get_textpage().get_text_bounded()
        paper.close()
        assert number in text
        assert "自制样式" in text


def test_an_attached_file_comes_back_to_those_who_may_see_it(officer, principal, session, proposal, client_for):
    shown = f"/regulator/sanctions/{proposal.reference}"
    number = officer.submit(f"{shown}/take", order(), page=shown).location.rpartition("/")[2]
    mine = f"/merchant/measures/{number}"
    principal.submit(f"{mine}/confirm", {}, page=mine)
    principal.submit(f"{mine}/answer", {"text": "已整改", "files": (picture(), "门店.png")}, page=mine)
    href = officer.get(f"/regulator/measures/{number}").text.partition('href="/supervision/files/')[2].partition('"')[0]
    assert officer.get(f"/supervision/files/{href}").data.startswith(b"\xff\xd8\xff")
    stranger = people.member(session, people.authority(session, "思明局", prefix="SM").id, Role.CHIEF)
    session.commit()
    assert client_for(stranger).get(f"/supervision/files/{href}").status_code == 404


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"reason": ""}, "请写明理由"),
        ({"rectify_on": ""}, "须写明整改期限"),
        ({"level": "suspend", "conditions": "办结积压"}, "你的岗位或辖区不能做这件事"),
    ],
)
def test_a_measure_that_can_not_be_is_refused_and_kept_in_the_form(officer, proposal, changes, said):
    shown = f"/regulator/sanctions/{proposal.reference}"
    answer = officer.submit(f"{shown}/take", {**order(reason="三件投诉逾期未办"), **changes}, page=shown)
    assert answer.status_code == 422
    assert said in answer.text


def test_the_chief_suspends_and_goes_a_step_further(chief, principal, proposal, merchant):
    shown = f"/regulator/sanctions/{proposal.reference}"
    there = chief.submit(f"{shown}/take", order(level="suspend", conditions="办结积压"), page=shown).location
    assert "暂停分流" in chief.get(f"/regulator/merchants/{merchant.organisation.code}").text
    further = order(level="exit", rectify_on="", conditions="重新提交材料", earliest_on="2026-12-01")
    next_one = chief.submit(f"{there}/replace", further, page=there).location
    assert "2026-12-01" in chief.get(next_one).text
    assert "已转下一步" in chief.get(there).text
    assert "2026-12-01" in chief.get(f"/regulator/merchants/{merchant.organisation.code}").text
    assert "退出" in principal.get("/merchant/measures").text  # its people still sign in, for open cases and ledgers
    assert principal.get("/merchant/cases").status_code == 200


def test_nothing_is_done_with_a_reason(officer, proposal):
    shown = f"/regulator/sanctions/{proposal.reference}"
    assert officer.submit(f"{shown}/decline", {"decline_reason": ""}, page=shown).status_code == 422
    officer.submit(f"{shown}/decline", {"decline_reason": "平台故障所致"}, page=shown)
    assert "平台故障所致" in officer.get(shown).text
    assert proposal.reference in officer.get("/regulator/sanctions?state=declined&trigger=overdue").text


def test_a_longer_day_needs_a_day(officer, proposal):
    shown = f"/regulator/sanctions/{proposal.reference}"
    there = officer.submit(f"{shown}/take", order(), page=shown).location
    answer = officer.submit(f"{there}/judge", {"verdict": "prolong", "text": "还差一件"}, page=there)
    assert "延长的须写明新的期限" in answer.text
    again = {"verdict": "prolong", "text": "还差一件", "until_on": "2026-09-09"}
    officer.submit(f"{there}/judge", again, page=there)
    assert "2026-09-09" in officer.get(there).text


def test_what_no_figure_shows_is_proposed_by_hand(officer, merchant):
    assert "请写明情况" in officer.submit(NEW, {"code": merchant.organisation.code, "trigger": "licence"}).text
    typed = {"code": merchant.organisation.code, "trigger": "personal_data", "remark": "客服泄露了电话"}
    shown = officer.submit(NEW, typed).location
    assert "客服泄露了电话" in officer.get(shown).text
    assert "同一原因" in officer.submit(NEW, typed).text


def test_the_chief_sets_triggers_and_others_only_read(chief, officer):
    path = "/regulator/sanctions/triggers"
    row = {
        "code": "overdue",
        "threshold": "5",
        "days": "60",
        "level": "rectify",
        "first_on": "2026-08-12",
        "basis": "湖里区市监局〔2026〕8 号",
        "active": "y",
    }
    assert "登记规则" not in officer.get(path).text
    assert "不能早于今天" in chief.submit(path, {**row, "first_on": "2026-08-11"}).text
    chief.submit(path, row)
    page = officer.get(path).text
    assert "湖里区市监局〔2026〕8 号" in page
    assert "60 天" in page


def test_lists_are_exported(officer, proposal):
    shown = f"/regulator/sanctions/{proposal.reference}"
    officer.submit(f"{shown}/take", order(), page=shown)
    for path, title in (("sanctions", "处置建议"), ("measures", "监管措施")):
        answer = officer.submit(f"/regulator/{path}/export", {}, page=f"/regulator/{path}")
        assert openpyxl.load_workbook(io.BytesIO(answer.data)).active.title == title
