"""Trainings on the desks of an authority and of an invited merchant, as browsers without script see them."""

import io
import re

import openpyxl
import pytest

from portal.core.actor import Role
from portal.worker import dispatch
from tests.factories import people, trainings

FORM = {
    "title": "七日无理由退货怎么办",
    "held_on": "2026-08-11",
    "hours": "3",
    "mode": "onsite",
    "place": "区局三楼会议室",
    "lecturers": "区消委会 王律师",
    "topics": "期限、例外和台账登记。",
    "scope": "all",
}
LIST = "/regulator/trainings"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture
def district(session):
    return people.authority(session)


@pytest.fixture
def merchant(session, district):
    return people.merchant(session, district)


@pytest.fixture
def agent(session, merchant):
    return people.member(session, merchant.id, name="陈一")


@pytest.fixture
def clerk(session, agent, client_for):
    session.commit()
    return client_for(agent)


@pytest.fixture
def officer(session, district, client_for):
    membership = people.member(session, district.id, Role.OFFICER)
    session.commit()
    return client_for(membership)


def test_from_the_invitation_to_the_confirmed_list(officer, clerk, agent, merchant, runtime):
    assert "还没有登记培训" in officer.get(LIST).text
    page = officer.submit(f"{LIST}/new", FORM).location
    reference = page.rpartition("/")[2]
    assert "1 家企业的通知里会出现这次培训" in officer.get(page).text
    dispatch(runtime)
    assert "培训：七日无理由退货怎么办" in clerk.get("/merchant/notices").text
    own = f"/merchant/trainings/{reference}"
    assert "七日无理由退货怎么办" in clerk.get("/merchant/trainings").text
    clerk.submit(own, {"people": agent.person.sign_in_name, "others": "2"})
    assert "已确认参加名单" in clerk.get(own).text
    assert "1 / 1 家，3 人参加" in officer.get(page).text
    assert "每家企业都参加过培训" in officer.get(f"{LIST}/absent").text


def test_the_plan_says_how_many_are_held_and_who_is_missing(officer, merchant):
    shown = officer.get(LIST).text
    assert "每年不少于 2 次" in shown
    assert "2026-06-30" in shown
    assert "已经晚了" in shown
    missing = officer.get(f"{LIST}/absent").text
    assert merchant.organisation.name in missing
    answer = officer.submit(f"{LIST}/absent/export", {}, page=f"{LIST}/absent")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    assert sheet["B2"].value == merchant.organisation.code


def test_a_refused_form_keeps_what_was_typed(officer, merchant):
    answer = officer.submit(f"{LIST}/new", {**FORM, "hours": "0", "topics": "我写的内容"})
    assert answer.status_code == 422
    assert "学时应在 1 到 40 之间" in answer.text
    assert "我写的内容" in answer.text
    chosen = officer.submit(f"{LIST}/new", {**FORM, "scope": "chosen", "codes": "91350206MA0000000X"})
    assert "辖区里没有代码为 91350206MA0000000X 的在册企业" in chosen.text


def test_a_training_is_put_right_and_called_off(officer, merchant):
    page = officer.submit(f"{LIST}/new", FORM).location
    officer.submit(f"{page}/edit", {**FORM, "place": "改到二楼"})
    assert "改到二楼" in officer.get(page).text
    assert officer.submit(f"{page}/cancel", {"reason": ""}, page=page).status_code == 422
    officer.submit(f"{page}/cancel", {"reason": "场地停电"}, page=page)
    assert "场地停电" in officer.get(page).text


def test_attendance_is_recorded_for_one_merchant(officer, agent, merchant):
    page = officer.submit(f"{LIST}/new", FORM).location
    one = f"{page}/merchants/{merchant.organisation.code}"
    assert officer.submit(one, {"standing": "attended", "others": "0"}).status_code == 422
    officer.submit(one, {"standing": "attended", "others": "0", "people": agent.person.sign_in_name})
    assert "已登记" in officer.get(page).text
    assert "1 / 1 家，1 人参加" in officer.get(f"{page}?standing=attended").text


def test_a_filled_template_is_taken_and_faults_are_told_by_line(officer, merchant):
    page = officer.submit(f"{LIST}/new", FORM).location
    book = openpyxl.load_workbook(io.BytesIO(officer.get(f"{page}/template").data))
    sheet = book.active
    assert sheet["B2"].value == merchant.organisation.code
    sheet["C2"], sheet["D2"] = "李四", "是"
    sheet["A3"], sheet["D3"] = "别的公司", "是"
    out = io.BytesIO()
    book.save(out)
    answer = officer.submit(f"{page}/import", {"file": (io.BytesIO(out.getvalue()), "参加情况.xlsx")}, page=page)
    assert "1 家有登记或更正" in answer.text
    assert "第 3 行" in answer.text
    assert "1 / 1 家，1 人参加" in officer.get(page).text
    broken = officer.submit(f"{page}/import", {"file": (io.BytesIO(b"%PDF-1.4"), "x.pdf")}, page=page)
    assert broken.status_code == 422


def test_the_list_is_searched_and_exported(officer, session, district, merchant):
    actor = people.actor(session, people.member(session, district.id, Role.OFFICER))
    row = trainings.recorded(session, actor)
    session.commit()
    assert row.reference in officer.get(f"{LIST}?q=无理由&year=2026&sort=oldest").text
    assert "没有符合这些条件的培训" in officer.get(f"{LIST}?q=食品").text
    answer = officer.submit(f"{LIST}/export", {}, page=LIST)
    assert openpyxl.load_workbook(io.BytesIO(answer.data)).active["A2"].value == row.reference


def test_materials_are_for_those_who_were_invited(officer, clerk, merchant, session, district, client_for):
    page = officer.submit(f"{LIST}/new", {**FORM, "scope": "chosen", "codes": merchant.organisation.code}).location
    own = page.replace("/regulator/", "/merchant/")
    assert "资料文件" not in clerk.get(own).text
    photo, slides = trainings.picture(), io.BytesIO(PDF)
    chosen = {"files": [(io.BytesIO(photo.content), "讲义.png"), (slides, "课件.pdf")]}
    officer.submit(f"{page}/files", chosen, page=page)
    assert "已存下 2 个文件" in officer.get(page).text
    links = re.findall(f'href="({own}/files/[0-9a-f]+)">([^<]*)', clerk.get(own).text)
    assert [name for _, name in links] == ["讲义", "课件"]
    assert clerk.get(links[0][0]).data.startswith(b"\xff\xd8\xff")
    given = clerk.get(links[1][0])
    assert given.data == PDF
    assert given.headers["Content-Disposition"].startswith("attachment")
    uninvited = people.member(session, people.merchant(session, district).id)
    stranger = people.member(session, people.authority(session, "思明区市场监督管理局", prefix="SM").id, Role.CHIEF)
    session.commit()
    assert client_for(uninvited).get(links[1][0]).status_code == 404
    assert client_for(stranger).get(links[1][0].replace("/merchant/", "/regulator/")).status_code == 404


def test_what_is_no_material_is_refused_and_what_was_wrong_is_taken_away(officer, clerk, merchant):
    page = officer.submit(f"{LIST}/new", FORM).location
    for content, name, said in ((b"PK", "课件.pptx", "另存为 PDF"), (b"%PDF-1.4 broken", "坏.pdf", "请重新导出")):
        answer = officer.submit(f"{page}/files", {"files": (io.BytesIO(content), name)}, page=page)
        assert answer.status_code == 422
        assert said in answer.text
    assert "请选择文件" in officer.submit(f"{page}/files", {}, page=page).text
    officer.submit(f"{page}/files", {"files": (io.BytesIO(PDF), "课件.pdf")}, page=page)
    own = page.replace("/regulator/", "/merchant/")
    [link] = re.findall(f"{own}/files/[0-9a-f]+", clerk.get(own).text)
    officer.submit(link.replace("/merchant/", "/regulator/") + "/remove", {}, page=page)
    assert "已删除一个文件" in officer.get(page).text
    assert clerk.get(link).status_code == 404
