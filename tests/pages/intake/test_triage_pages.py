"""Officers' pages of triage: the list, one waiting case, giving cases to merchants."""

import io

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from portal.cases.models import Case
from portal.cases.rules import CaseState
from portal.core.access import AccessGrant, AccessRecord
from portal.core.actor import OPERATOR, Role
from portal.core.facts import Fact, Topic
from portal.core.privacy import vault_of
from portal.enrolment.models import Merchant, MerchantState
from portal.intake.actions import StartImport, start_import
from portal.intake.importing import run_import
from portal.intake.models import Filing
from portal.intake.uploads import read_upload
from tests.factories import people
from tests.factories.intake import complaint, sample_world, workbook

LOCAL = "100 本地市场监督管理机关"
CODE = "91350206MA0070000N"
ROWS = [
    complaint(1, 分流情况=LOCAL),
    complaint(2, 分流情况=LOCAL, 企业名称="厦门海沧湾超市有限公司", 统一社会信用代码="91350206MA0070001R"),
    complaint(3, 企业名称="鹭岛建材商场", 统一社会信用代码=""),
    complaint(4, 企业名称="厦门五缘百货有限公司"),
    complaint(5, 诉求内容="瓷砖开裂，电话 13912345678。要求退货，并举报店家偷税，请查处。"),
]


@pytest.fixture
def world(session, runtime):
    authorities = sample_world(session)
    take_in(runtime, ROWS)
    return authorities


def take_in(runtime, rows):
    run = runtime.perform(OPERATOR, start_import, StartImport(read_upload("x.xlsx", workbook(rows))))
    run_import(runtime, OPERATOR, run.id)


@pytest.fixture
def officer(session, world, client_for):
    member = people.member(session, world["350206"].id, Role.OFFICER)
    session.commit()
    return client_for(member)


def case_of(session, serial):
    number = complaint(serial)["登记编号"]
    found = select(Case).join(Filing, Filing.case_id == Case.id).where(Filing.number == number)
    return session.scalars(found.execution_options(populate_existing=True)).one()


def test_the_list_says_why_each_case_waits_and_who_may_be_meant(officer):
    page = officer.get("/regulator/triage").text
    assert "5 件" in page
    for words in ("本地机关件", "未找到入驻企业", "代码与名称不一致", "疑含举报"):
        assert words in page
    assert complaint(1)["登记编号"] in page
    assert "厦门鹭岛建材市场有限公司" in page
    assert "相似" in page
    assert "13912345678" not in page


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("reason=local_diversion", 2),
        ("reason=suspected_tip", 1),
        ("reason=returned", 0),
        ("source=12345", 0),
        ("q=海沧湾", 1),
        ("q=%E7%9B%97", 0),
        ("q=" + complaint(3)["登记编号"], 1),
        ("sort=new", 5),
        ("reason=nonsense&cursor=forged", 5),
    ],
)
def test_the_address_narrows_the_list(officer, query, count):
    page = officer.get(f"/regulator/triage?{query}").text
    assert page.count('role="row"') == (count + 1 if count else 0)
    if not count:
        assert "没有符合这些条件的投诉" in page


def test_the_list_pages_by_keyset(officer, session, runtime):
    take_in(runtime, [complaint(n, 分流情况=LOCAL) for n in range(100, 160)])
    first = officer.get("/regulator/triage").text
    assert first.count('role="row"') == 51
    following = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert officer.get(following).text.count('role="row"') == 16


def test_equal_suggestions_are_confirmed_together(officer, session, clock):
    references = [case_of(session, serial).reference for serial in (1, 2)]
    answer = officer.submit("/regulator/triage/confirm", {"case": references}, page="/regulator/triage")
    assert answer.status_code == 303
    assert "已派发 2 件" in officer.get("/regulator/triage").text
    for serial in (1, 2):
        case = case_of(session, serial)
        assert case.state is CaseState.DISPATCHED
        assert case.dispatched_at == clock.now()
        assert case.merchant_id


def test_what_needs_a_look_is_not_confirmed_with_others(officer, session):
    references = [case_of(session, serial).reference for serial in (1, 3, 4, 5)]
    officer.submit("/regulator/triage/confirm", {"case": references}, page="/regulator/triage")
    assert "3 件没有派发" in officer.get("/regulator/triage").text
    assert [case_of(session, serial).state for serial in (1, 3, 4, 5)] == [
        CaseState.DISPATCHED,
        CaseState.WAITING,
        CaseState.WAITING,
        CaseState.WAITING,
    ]


def test_an_empty_selection_is_refused(officer):
    answer = officer.submit("/regulator/triage/confirm", page="/regulator/triage")
    assert answer.status_code == 422
    assert "请先勾选" in answer.text


def test_a_case_goes_to_the_merchant_an_officer_chose(officer, session):
    case = case_of(session, 3)
    here = f"/regulator/triage/{case.reference}"
    page = officer.get(here).text
    assert "名称相似" in page
    assert CODE in page
    found = officer.get(f"{here}?m=海沧湾").text
    assert "91350206MA0070001R" in found
    assert "没有找到" in officer.get(f"{here}?m=不存在的").text
    assert officer.submit(here, {}).status_code == 422
    assert officer.submit(here, {"merchant": "91350206MA9999999X"}).status_code == 422
    assert officer.submit(here, {"merchant": CODE}).status_code == 303
    assert case_of(session, 3).state is CaseState.DISPATCHED
    again = officer.submit(here, {"merchant": CODE}, page="/regulator/triage/" + case_of(session, 4).reference)
    assert again.status_code == 422
    assert "已不在待分流里" in again.text


def test_nothing_goes_to_a_suspended_merchant(officer, session, clock):
    merchant = session.scalars(select(Merchant).where(Merchant.organisation.has(code=CODE))).one()
    merchant.state, merchant.suspended_at = MerchantState.SUSPENDED, clock.now()
    session.commit()
    here = f"/regulator/triage/{case_of(session, 4).reference}"
    answer = officer.submit(here, {"merchant": CODE})
    assert answer.status_code == 422
    assert "已暂停分流" in answer.text


def test_a_suspected_tip_is_looked_at_redacted_and_only_then_released(officer, session):
    case = case_of(session, 5)
    here = f"/regulator/triage/{case.reference}"
    page = officer.get(here).text
    assert "疑含举报" in page
    assert "13912345678" not in page
    assert "先查看全文" in page
    refused = officer.submit(here, {"merchant": CODE})
    assert refused.status_code == 422
    assert "遮去举报内容" in refused.text
    assert officer.submit(f"{here}/reveal", {"reason": "verify_claim"}, page=here).status_code == 303
    assert session.scalars(select(AccessGrant.subject_id)).all() == [case.id]
    assert session.scalars(select(AccessRecord.reason)).all() == ["verify_claim"]
    assert "13912345678" in officer.get(here).text
    kept = officer.submit(here, {"merchant": CODE, "redacted": "瓷砖开裂，请查处。"})
    assert kept.status_code == 422
    assert "还有“举报”" in kept.text
    released = officer.submit(here, {"merchant": CODE, "redacted": "瓷砖开裂。要求退货。"})
    assert released.status_code == 303
    session.expire_all()
    filing = session.scalars(select(Filing).where(Filing.case_id == case.id)).one()
    key = case_of(session, 5).key_id
    assert filing.key_id == key
    vault = vault_of(session)
    session.refresh(filing, ["key"])
    assert vault.open(filing.key, filing.text_sealed, "filing.text") == "瓷砖开裂。要求退货。"
    assert filing.original_sealed
    assert "举报店家偷税" in vault.open(filing.key, filing.original_sealed, "filing.original")
    redacted = session.scalars(select(Fact).where(Fact.topic == Topic.FILING_REDACTED)).one()
    assert redacted.detail == {}


def test_the_merchant_finds_the_released_complaint_but_not_what_was_redacted(officer, session, client_for):
    case = case_of(session, 5)
    here = f"/regulator/triage/{case.reference}"
    officer.submit(f"{here}/reveal", {"reason": "verify_claim"}, page=here)
    officer.submit(here, {"merchant": CODE, "redacted": "瓷砖开裂。要求退货。"})
    merchant = session.scalars(select(Merchant).where(Merchant.organisation.has(code=CODE))).one()
    member = people.member(session, merchant.id, Role.AGENT)
    session.commit()
    agent = client_for(member)
    assert case.reference in agent.get("/merchant/cases?q=瓷砖开裂").text
    assert case.reference not in agent.get("/merchant/cases?q=偷税").text
    assert "偷税" not in agent.get(f"/merchant/cases/{case.reference}").text


def test_the_list_is_taken_out_masked_and_recorded(officer, session):
    answer = officer.submit("/regulator/triage.xlsx", page="/regulator/triage")
    sheet = load_workbook(io.BytesIO(answer.data)).active
    answer.close()
    rows = list(sheet.iter_rows(values_only=True))
    assert len(rows) == 6
    assert not any("13912345678" in str(cell) or "李小明" in str(cell) for row in rows for cell in row)
    assert session.scalars(select(AccessRecord.kind)).all() == ["export"]


def test_another_district_sees_nothing(session, world, client_for):
    other = people.authority(session, "厦门市思明区市场监督管理局", prefix="SM")
    member = people.member(session, other.id, Role.OFFICER)
    reference = case_of(session, 1).reference
    session.commit()
    stranger = client_for(member)
    assert "没有等待分流的投诉" in stranger.get("/regulator/triage").text
    assert stranger.get(f"/regulator/triage/{reference}").status_code == 404
    assert (
        stranger.submit(f"/regulator/triage/{reference}", {"merchant": CODE}, page="/regulator/imports/new").status_code
        == 404
    )


def test_with_nothing_waiting_the_page_says_so(session, client_for):
    member = people.member(session, people.authority(session).id, Role.OFFICER)
    session.commit()
    assert "没有等待分流的投诉" in client_for(member).get("/regulator/triage").text


def test_the_authoritys_own_date_shows_its_sum(officer, session):
    page = officer.get(f"/regulator/triage/{case_of(session, 1).reference}").text
    shown = page[page.index("怎样推算") :]
    assert "7 个工作日的推算" in shown
    assert "收到，当日不计。" in shown
    assert "第十五条" in shown
