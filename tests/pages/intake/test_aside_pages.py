"""What left triage without a merchant: the forms, the two lists, their files."""

import io

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from portal.cases.models import Case
from portal.cases.rules import CaseState
from portal.core.access import AccessRecord
from portal.core.actor import Role
from portal.intake.models import Filing
from tests.factories import people
from tests.factories.intake import complaint, sample_world
from tests.factories.joined import LOCAL, take_in
from tests.queries import counted

pytestmark = pytest.mark.parametrize("database", ["sqlite"])


@pytest.fixture
def world(runtime, session):
    found = sample_world(session)
    session.commit()
    take_in(runtime, [complaint(n, 分流情况=LOCAL) for n in range(1, 4)])
    return found


@pytest.fixture
def officer(session, world, client_for):
    member = people.member(session, world["350206"].id, Role.OFFICER, name="陈志远")
    session.commit()
    return client_for(member)


def reference_of(session, serial):
    session.expire_all()
    number = complaint(serial)["登记编号"]
    return session.scalars(
        select(Case.reference).join(Filing, Filing.case_id == Case.id).where(Filing.number == number)
    ).one()


def decide(officer, session, serial, act, form):
    here = f"/regulator/triage/{reference_of(session, serial)}"
    return officer.submit(f"{here}/{act}", form, page=here)


def test_a_case_is_kept_and_found_in_the_officers_own_list(officer, session, runtime):
    answer = decide(officer, session, 1, "keep", {"keep_reason": "mediates"})
    assert answer.status_code == 303
    page = officer.get(answer.headers["Location"]).text
    kept, waiting = reference_of(session, 1), reference_of(session, 2)
    assert f"{kept} 由你自行办理" in page
    assert "经办人员决定直接组织调解" in page
    assert "陈志远" in page
    assert waiting not in page
    triage = officer.get("/regulator/triage").text
    assert kept not in triage
    assert waiting in triage
    assert kept in officer.get("/regulator/cases").text
    assert "经办人员自行办理：经办人员决定直接组织调解" in officer.get(f"/regulator/cases/{kept}").text
    again = officer.get(f"/regulator/triage/{kept}").text
    assert "自行办理" in again
    assert "由我自行办理" not in again
    with counted(runtime.engine) as said:
        officer.get("/regulator/kept")
    assert len(said) <= 8, said


def test_a_colleagues_list_is_his_own(officer, session, world, client_for):
    decide(officer, session, 1, "keep", {"keep_reason": "mediates"})
    colleague = client_for(people.member(session, world["350206"].id, Role.OFFICER))
    session.commit()
    kept = reference_of(session, 1)
    assert kept in colleague.get("/regulator/kept").text
    assert kept not in colleague.get("/regulator/kept?keeper=me").text
    assert kept in colleague.get("/regulator/kept?q=瓷砖&reason=mediates&source=12315&sort=new").text
    assert "没有符合这些条件的投诉" in colleague.get("/regulator/kept?reason=suspended").text
    assert kept in colleague.get("/regulator/kept?reason=nonsense").text


def test_a_case_goes_back_to_its_sender_with_the_platforms_columns(officer, session, runtime):
    answer = decide(officer, session, 2, "send-back", {"back_reason": "not_ours", "explanation": "应由思明区办理"})
    assert answer.status_code == 303
    page = officer.get(answer.headers["Location"]).text
    number = complaint(2)["登记编号"]
    assert number in page
    assert "不属本职" in page
    assert number not in officer.get("/regulator/triage").text
    with counted(runtime.engine) as said:
        officer.get("/regulator/sent-back")
    assert len(said) <= 8, said
    file = officer.submit("/regulator/sent-back.xlsx", page="/regulator/sent-back")
    rows = list(load_workbook(io.BytesIO(file.data)).active.iter_rows(values_only=True))
    file.close()
    said = dict(zip(rows[0], rows[1], strict=True))
    assert len(rows) == 2
    assert (said["登记编号"], said["类型"], said["企业名称"]) == (number, "投诉", complaint(2)["企业名称"])
    assert (said["退回原因"], said["退回时间"], said["分流情况"]) == ("不属本职", "2026-08-12 09:00", LOCAL)
    assert not any("李小明" in str(cell) or "138" in str(cell)[:3] for cell in rows[1])
    assert session.scalars(select(AccessRecord.kind)).all() == ["export"]
    whole = officer.get(f"/regulator/cases/{reference_of(session, 2)}").text
    assert "已退回来源单位" in whole
    assert "退回来源单位：不属本职" in whole
    assert "应由思明区办理" in whole


@pytest.mark.parametrize(
    ("act", "form", "words"),
    [
        ("keep", {}, "请选择自行办理的理由"),
        ("send-back", {}, "请选择退回原因"),
        ("send-back", {"back_reason": "other"}, "请写明原因"),
        ("send-back", {"back_reason": "other", "explanation": "长" * 1001}, "说明太长"),
    ],
)
def test_without_a_reason_nothing_happens(officer, session, act, form, words):
    answer = decide(officer, session, 1, act, form)
    assert answer.status_code == 422
    assert words in answer.text
    assert form.get("explanation", "") in answer.text
    assert set(session.scalars(select(Case.state))) == {CaseState.WAITING}


def test_somebody_else_was_faster(officer, session):
    reference = reference_of(session, 1)
    here = f"/regulator/triage/{reference}"
    officer.get(here)
    officer.submit(f"{here}/keep", {"keep_reason": "mediates"}, page=here)
    answer = officer.submit(f"{here}/keep", {"keep_reason": "mediates"}, page=here)
    assert answer.status_code == 422
    assert "已不在待分流里" in answer.text


def test_the_kept_are_taken_out_as_a_file_masked_and_empty_lists_say_so(officer, session):
    assert "没有退回来源单位的投诉" in officer.get("/regulator/sent-back").text
    assert "没有自行办理的投诉" in officer.get("/regulator/kept").text
    decide(officer, session, 1, "keep", {"keep_reason": "no_merchant"})
    file = officer.submit("/regulator/kept.xlsx", page="/regulator/kept")
    rows = list(load_workbook(io.BytesIO(file.data)).active.iter_rows(values_only=True))
    file.close()
    assert rows[1][5:7] == ("企业未入驻", "陈志远")
    assert "李**" in rows[1]


def test_another_district_sees_neither_list(session, officer, client_for):
    decide(officer, session, 1, "keep", {"keep_reason": "mediates"})
    decide(officer, session, 2, "send-back", {"back_reason": "not_ours"})
    member = people.member(
        session, people.authority(session, "厦门市思明区市场监督管理局", prefix="SM").id, Role.OFFICER
    )
    session.commit()
    stranger = client_for(member)
    assert "没有自行办理的投诉" in stranger.get("/regulator/kept").text
    assert "没有退回来源单位的投诉" in stranger.get("/regulator/sent-back").text
