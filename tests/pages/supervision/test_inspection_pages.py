"""Inspections on both desks, as browsers without script see them."""

import io

import openpyxl
import pytest

from portal.core.actor import Role
from tests.factories import inspections, people

NEW = "/regulator/inspections/new"


@pytest.fixture
def district(session):
    return people.authority(session)


@pytest.fixture
def merchant(session, district):
    return people.merchant(session, district)


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


def record(merchant, **changes):
    values = {
        "code": merchant.organisation.code,
        "manner": "on_site",
        "inspected_on": "2026-08-12",
        "second_officer": "王珂",
        "period_first": "2026-07-01",
        "period_last": "2026-07-31",
        "sample": "30",
        "findings-0-kind": "missing",
        "findings-0-text": "7 月 3 日的退货没有记录",
        "rectify_on": "2026-08-20",
    }
    lines = {f"findings-{number}-kind": "missing" for number in range(1, 5)}
    return {**values, **lines, **changes}


def test_from_the_record_to_the_recheck(officer, principal, merchant):
    assert "没有台账检查" in principal.get("/merchant/inspections").text
    shown = officer.submit(NEW, record(merchant)).location
    reference = shown.rpartition("/")[2]
    assert "7 月 3 日的退货没有记录" in officer.get(shown).text
    mine = f"/merchant/inspections/{reference}"
    principal.submit(f"{mine}/confirm", {"objection": "当日已补记"}, page=mine)
    principal.submit(f"{mine}/rectify", {"text": "已补记"}, page=mine)
    assert "当日已补记" in officer.get(shown).text
    officer.submit(f"{shown}/recheck", {"verdict": "passed", "text": "属实"}, page=shown)
    assert "已办结" in principal.get(mine).text
    assert reference in officer.get("/regulator/inspections?state=closed").text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rectify_on": ""}, "须写明整改期限"),
        ({"second_officer": ""}, "检查须由两人进行"),
        ({"code": "91350206MA00000000"}, "没有这家企业"),
        ({"findings-0-seq": "99"}, "没有第 99 笔"),
        ({"sample": "0"}, "抽查笔数应在"),
        ({"inspected_on": "2026-08-13", "period_last": "2026-07-31"}, "不能晚于今天"),
    ],
)
def test_a_record_that_can_not_be_is_refused_and_kept_in_the_form(officer, merchant, changes, said):
    answer = officer.submit(NEW, record(merchant, **changes))
    assert answer.status_code == 422
    assert said in answer.text
    assert "7 月 3 日的退货没有记录" in answer.text


def test_a_failed_recheck_needs_a_new_day(officer, principal, merchant):
    shown = officer.submit(NEW, record(merchant)).location
    mine = f"/merchant/inspections/{shown.rpartition('/')[2]}"
    principal.submit(f"{mine}/confirm", {}, page=mine)
    principal.submit(f"{mine}/rectify", {"text": "已补记"}, page=mine)
    answer = officer.submit(f"{shown}/recheck", {"verdict": "failed", "text": "没有补"}, page=shown)
    assert answer.status_code == 422
    assert "新的整改期限" in answer.text


def test_the_list_is_exported(officer, session, district, merchant):
    actor = people.actor(session, people.member(session, district.id, Role.OFFICER))
    row = inspections.recorded(session, actor, merchant)
    session.commit()
    answer = officer.submit("/regulator/inspections/export", {}, page="/regulator/inspections")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data))
    assert [cell.value for cell in sheet.active[2]][:2] == [row.reference, merchant.organisation.name]
