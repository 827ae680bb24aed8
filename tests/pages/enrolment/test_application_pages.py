"""The public application, as a browser without script sees it."""

import io
import re

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.enrolment.application_models import Application, ApplicationPage
from portal.enrolment.application_rules import ApplicationState
from tests.factories import applications, people
from tests.inspector import InspectingClient

FIRM = {
    "name": "厦门鹭岛家居有限公司",
    "address": "鹭岛路10号",
    "phone": "0592-5500000",
    "licence": "until",
    "licence_until_on": "2030-12-31",
    "tier": "重点行业",
    "outlets": "江头店，江头街1号\n枋湖店",
    "contact_name": "陈立",
    "contact_phone": applications.PHONE,
    "contact_mail": "",
}
CONTACT = {"contact_name": "陈立", "contact_phone": applications.PHONE, "contact_mail": ""}


@pytest.fixture
def district(session: Session) -> Organisation:
    row = people.authority(session)
    session.commit()
    return row


def started(client: InspectingClient, district: Organisation, **changes: str) -> str:
    values = {"code": applications.new_code(), "name": FIRM["name"], "authority_code": district.code, **CONTACT}
    answer = client.submit("/apply", values | changes)
    assert answer.status_code == 303, answer.text
    return str(answer.location).split("/")[2]


def test_an_application_goes_from_the_first_form_to_the_authority(
    client: InspectingClient, session: Session, district: Organisation
) -> None:
    token = started(client, district)
    here = f"/apply/{token}"
    answer = client.submit(f"{here}/firm", FIRM | {"authority_code": district.code, "go": "on"})
    assert answer.location == f"{here}/conditions"
    said = {}
    for one in ("premises", "staff", "computer", "telephone", "system"):
        said |= {one: "y", f"{one}_text": "已经具备。"}
    assert client.submit(f"{here}/conditions", said | {"go": "on"}).location == f"{here}/documents"
    for kind in ("form", "promise", "licence", "work"):
        files = {"files": (io.BytesIO(applications.picture()), f"{kind}.png")}
        answer = client.submit(f"{here}/documents/{kind}", files, page=f"{here}/documents")
        assert answer.status_code == 303, answer.text
    people_wanted = {"name": "陈立", "sign_in_name": "chenli", "others-0-role": "agent"}
    people_wanted |= {"others-0-name": "王小梅", "others-0-sign_in_name": "wangxm"}
    assert client.submit(f"{here}/accounts", people_wanted | {"go": "on"}).location == f"{here}/check"
    summary = client.get(f"{here}/check").text
    assert "江头店" in summary
    assert "还不能提交" not in summary
    assert "checked" not in summary
    assert client.submit(f"{here}/check", {"truthful": "y", "duty": "y"}).status_code == 422
    answer = client.submit(f"{here}/check", {"truthful": "y", "duty": "y", "public": "y"})
    assert answer.location == here
    status = client.get(here).text
    assert "待审核" in status
    assert "剩 10 个工作日" in status
    row = session.scalars(select(Application)).one()
    assert row.state is ApplicationState.SUBMITTED


def test_a_wrong_code_says_which_character(client: InspectingClient, district: Organisation) -> None:
    values = {"code": "91350206MA0070O00N", "name": "甲", "authority_code": district.code, **CONTACT}
    answer = client.submit("/apply", values)
    assert answer.status_code == 422
    assert "第 15 位“O”不能用于统一社会信用代码" in answer.text
    assert applications.PHONE in answer.text


def test_an_expired_licence_says_what_to_do_and_keeps_what_was_typed(
    client: InspectingClient, district: Organisation
) -> None:
    token = started(client, district)
    values = FIRM | {"authority_code": district.code, "licence_until_on": "2026-08-11"}
    answer = client.submit(f"/apply/{token}/firm", values)
    assert answer.status_code == 422
    assert "已经过期。请先到登记机关办理延期换照" in answer.text
    assert FIRM["address"] in answer.text


def test_saving_stays_at_the_link(client: InspectingClient, district: Organisation) -> None:
    token = started(client, district)
    answer = client.submit(f"/apply/{token}/firm", FIRM | {"authority_code": district.code, "go": "stay"})
    assert answer.location == f"/apply/{token}"
    assert "这个页面的地址就是续填链接" in client.get(answer.location).text


def test_good_files_are_kept_beside_a_bad_one(
    client: InspectingClient, session: Session, district: Organisation
) -> None:
    token = started(client, district)
    here = f"/apply/{token}/documents"
    files = [
        (io.BytesIO(applications.picture("white")), "一.png"),
        (io.BytesIO(b"not a picture"), "二.txt"),
        (io.BytesIO(applications.picture("black")), "三.png"),
    ]
    answer = client.submit(f"{here}/licence", {"files": files}, page=here)
    assert answer.status_code == 422
    assert "“二.txt”不是照片" in answer.text
    assert "其余 2 个已存下" in answer.text
    again = client.submit(
        f"{here}/licence", {"files": (io.BytesIO(applications.picture("white")), "四.png")}, page=here
    )
    assert "已经上传过，没有重复保存" in again.text
    assert len(session.scalars(select(ApplicationPage)).all()) == 2


def test_a_page_is_replaced_removed_and_read(client: InspectingClient, district: Organisation) -> None:
    token = started(client, district)
    here = f"/apply/{token}/documents"
    client.submit(f"{here}/licence", {"files": (io.BytesIO(applications.picture("white")), "旧.png")}, page=here)
    page = re.findall(rf"/apply/{token}/pages/(\w+)", client.get(here).text)[0]
    new = {"replaces": page, "files": (io.BytesIO(applications.picture("black")), "新.png")}
    assert client.submit(f"{here}/licence", new, page=here).status_code == 303
    held = client.get(here).text
    assert "新" in held
    assert "旧" not in held
    [page] = re.findall(rf"/apply/{token}/pages/(\w+)", held)
    got = client.get(f"/apply/{token}/pages/{page}")
    assert got.mimetype == "image/jpeg"
    client.submit(f"/apply/{token}/remove-page", {"page": page}, page=here)
    assert not re.findall(rf"/apply/{token}/pages/(\w+)", client.get(here).text)


def test_files_without_the_forms_token_are_refused(
    client: InspectingClient, session: Session, district: Organisation
) -> None:
    token = started(client, district)
    answer = client.post(
        f"/apply/{token}/documents/licence", data={"files": (io.BytesIO(applications.picture()), "一.png")}
    )
    assert answer.status_code == 400
    assert not session.scalars(select(ApplicationPage)).all()


def test_an_open_application_of_the_code_is_told_and_a_draft_can_be_left_aside(
    client: InspectingClient, district: Organisation
) -> None:
    code = applications.new_code()
    started(client, district, code=code)
    values = {"code": code, "name": FIRM["name"], "authority_code": district.code, **CONTACT}
    answer = client.submit("/apply", values)
    assert answer.status_code == 422
    assert "已发到申请时登记的联系人手机" in answer.text
    assert client.submit("/apply", values | {"anew": "yes"}).status_code == 303


def test_the_papers_are_made_of_what_was_typed(
    client: InspectingClient, session: Session, district: Organisation
) -> None:
    token = applications.completed(session, district)
    session.commit()
    form = client.get(f"/apply/{token}/papers/form").text
    assert "有一部专用电话" in form
    assert "对消费者的个人信息严格保密" in client.get(f"/apply/{token}/papers/promise").text
    assert client.get(f"/apply/{token}/papers/licence").status_code == 404


@pytest.mark.parametrize("token", ["x", "a" * 20, "A" * 20])
def test_a_forged_link_opens_nothing(client: InspectingClient, token: str) -> None:
    assert client.get(f"/apply/{token}").status_code == 404


def test_asking_for_a_lost_link_always_answers_alike(
    client: InspectingClient, session: Session, district: Organisation
) -> None:
    known = applications.row_of(session, applications.begun(session, district)).code
    session.commit()
    told = []
    for code in (known, applications.new_code()):
        assert client.submit("/apply/link", {"code": code}, page="/apply").location == "/apply"
        told.append(re.sub(r'value="[^"]*"', "", client.get("/apply").text))
    assert told[0] == told[1]
