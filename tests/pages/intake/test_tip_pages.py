"""The register of tips: officers read it, masked and recorded; no merchant meets a tip anywhere."""

import io

import pytest
from openpyxl import load_workbook
from sqlalchemy import or_, select

from portal.cases.models import Case
from portal.core.access import AccessKind, AccessRecord
from portal.core.actor import OPERATOR, Role
from portal.core.facts import Fact, SubjectKind, Topic
from portal.enrolment.models import Merchant
from portal.intake.actions import StartImport, start_import
from portal.intake.importing import run_import
from portal.intake.models import Filing, Tip
from portal.intake.uploads import read_upload
from tests.factories import people
from tests.factories.intake import complaint, sample_world, workbook

CODE = "91350206MA0070000N"
SECRET = "地下仓库翻新旧瓷砖"
TIP = complaint(77, 类型="举报", 诉求内容=f"该店在{SECRET}，电话 13911112222。", 投诉人="赵知情")


@pytest.fixture
def world(session, runtime):
    authorities = sample_world(session)
    rows = [complaint(1), TIP, complaint(78, 类型="举报", 登记时间="2026-07-01 08:00:00")]
    run = runtime.perform(OPERATOR, start_import, StartImport(read_upload("x.xlsx", workbook(rows))))
    run_import(runtime, OPERATOR, run.id)
    return authorities


@pytest.fixture
def officer(session, world, client_for):
    member = people.member(session, world["350206"].id, Role.OFFICER)
    session.commit()
    return client_for(member)


@pytest.fixture
def agent(session, world, client_for):
    merchant = session.scalars(select(Merchant).where(Merchant.organisation.has(code=CODE))).one()
    member = people.member(session, merchant.id, Role.PRINCIPAL)
    session.commit()
    return client_for(member)


def test_officers_list_search_and_narrow_the_register(officer):
    page = officer.get("/regulator/tips").text
    assert "2 件" in page
    assert "赵**" in page
    assert "赵知情" not in page
    assert TIP["登记编号"] in officer.get("/regulator/tips?q=翻新旧瓷砖").text
    assert "没有符合这些条件的举报" in officer.get("/regulator/tips?q=无此内容").text
    assert officer.get("/regulator/tips?since=2026-08-01").text.count('role="row"') == 2
    assert officer.get("/regulator/tips?until=2026-07-01&source=12315").text.count('role="row"') == 2
    assert "没有符合" in officer.get("/regulator/tips?source=12345").text


def test_a_tip_is_masked_until_a_recorded_look(officer, session):
    here = f"/regulator/tips/12315/{TIP['登记编号']}"
    page = officer.get(here).text
    assert SECRET in page
    assert "赵知情" not in page
    assert "13911112222" not in page
    assert officer.submit(here, {}).status_code == 422
    assert officer.submit(here, {"reason": "verify_claim"}).status_code == 303
    seen = officer.get(here).text
    assert "赵知情" in seen
    assert "13911112222" in seen
    tip = session.scalars(select(Tip).where(Tip.number == TIP["登记编号"])).one()
    record = session.scalars(select(AccessRecord).where(AccessRecord.kind == AccessKind.REVEAL)).one()
    assert (record.subject_kind, record.subject_id, record.reason) == (SubjectKind.TIP, tip.id, "verify_claim")


def test_the_register_is_taken_out_masked_and_recorded(officer, session):
    answer = officer.submit("/regulator/tips.xlsx", page="/regulator/tips")
    rows = list(load_workbook(io.BytesIO(answer.data)).active.iter_rows(values_only=True))
    answer.close()
    assert len(rows) == 3
    assert not any("赵知情" in str(cell) or "1391111" in str(cell) for row in rows for cell in row)
    assert session.scalars(select(AccessRecord.kind)).all() == [AccessKind.EXPORT]


def test_a_strange_district_finds_no_tip(session, world, client_for):
    member = people.member(session, people.authority(session, "厦门市思明区市场监督管理局").id, Role.CHIEF)
    session.commit()
    stranger = client_for(member)
    assert "还没有登记举报" in stranger.get("/regulator/tips").text
    assert "没有符合" in stranger.get("/regulator/tips?q=翻新旧瓷砖").text
    assert stranger.get(f"/regulator/tips/12315/{TIP['登记编号']}").status_code == 404


def test_no_page_of_the_merchant_shows_a_tip(app, agent, session):
    number = TIP["登记编号"]
    paths = [rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/merchant") and not rule.arguments]
    agent.inspect = False  # other capabilities' pages are inspected by their own tests
    case = session.scalars(select(Case.reference)).one()
    paths += [f"/merchant/cases/{case}", "/merchant/cases?q=翻新旧瓷砖"]
    looked = 0
    for path in paths:
        answer = agent.get(path)
        looked += answer.status_code == 200
        text = answer.get_data(as_text=True) if answer.mimetype.startswith("text/") else ""
        assert SECRET not in text
        assert "举报" not in text.replace("投诉举报", "")
        assert number not in text
        answer.close()
    assert looked >= 3
    assert case not in agent.get(f"/merchant/cases?q={number}").text
    for path in ("/regulator/tips", f"/regulator/tips/12315/{number}", "/regulator/triage", "/regulator/imports"):
        assert agent.get(path).status_code == 404


def test_no_count_of_the_merchant_holds_a_tip(agent):
    assert "2 件" not in agent.get("/merchant/cases").text.split("<main")[1].split("<table")[0]


def test_facts_of_tips_carry_nothing_and_concern_no_case(session, world):
    told = session.scalars(
        select(Fact).where(or_(Fact.subject_kind == SubjectKind.TIP, Fact.topic == Topic.TIP_REGISTERED))
    ).all()
    assert len(told) == 2
    assert all(fact.detail == {} for fact in told)
    assert session.scalars(select(Filing.number)).all() == [complaint(1)["登记编号"]]
