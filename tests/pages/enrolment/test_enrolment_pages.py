"""The authority's merchants and a merchant's own record, as browsers without script see them."""

import io
from collections.abc import Callable

import openpyxl
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Membership, Organisation
from portal.core.access import AccessKind, AccessRecord
from portal.core.actor import Role
from portal.enrolment.models import Outlet
from tests.factories import people, sanctions
from tests.inspector import InspectingClient

LIST = "/regulator/merchants"
CODE = "91350206MA0070000N"
PARTICULARS = {
    "name": "厦门鹭岛建材市场有限公司",
    "tier": "重点企业",
    "address": "厦门市湖里区鹭岛路10号",
    "phone": "0592-5500000",
}

Browser = Callable[..., InspectingClient]


@pytest.fixture
def district(session: Session) -> Organisation:
    return people.authority(session)


@pytest.fixture
def officer(session: Session, district: Organisation, client_for: Browser) -> InspectingClient:
    membership = people.member(session, district.id, Role.OFFICER)
    session.commit()
    return client_for(membership)


def test_an_empty_list_says_how_it_fills(officer: InspectingClient) -> None:
    page = officer.get(LIST)
    assert "辖区里还没有入驻企业" in page.text
    assert f"{LIST}/new" in page.text


def test_an_officer_admits_a_merchant(officer: InspectingClient, session: Session, district: Organisation) -> None:
    values = PARTICULARS | {"code": CODE.lower(), "authority_code": district.code, "aliases": "鹭岛\n鹭岛建材；鹭岛"}
    answer = officer.submit(f"{LIST}/new", values | {"outlets": "江头店"})
    assert answer.location == f"{LIST}/{CODE}"
    page = officer.get(answer.location)
    assert "已入驻。" in page.text
    assert "江头店" in page.text
    assert "鹭岛建材" in page.text
    assert "已入驻。" not in officer.get(answer.location).text.replace("已入驻</span>", "")


def test_a_wrong_code_is_told_at_its_field_and_nothing_is_lost(
    officer: InspectingClient, district: Organisation
) -> None:
    values = PARTICULARS | {"code": "91350206MA0070000A", "authority_code": district.code}
    answer = officer.submit(f"{LIST}/new", values)
    assert answer.status_code == 422
    assert "第 18 位（校验码）应为“N”" in answer.text
    assert PARTICULARS["address"] in answer.text


def test_the_list_is_searched_filtered_sorted_and_paged(
    officer: InspectingClient, session: Session, district: Organisation
) -> None:
    for number in range(60):
        people.merchant(session, district, f"厦门第{number:02d}百货有限公司")
    odd = people.merchant(session, district, "厦门鹭岛建材市场有限公司")
    odd.tier = "重点企业"
    session.commit()
    first = officer.get(f"{LIST}?sort=name")
    assert "61 家" in first.text
    assert "下一页" in first.text
    cursor = first.text.split("cursor=")[1].split('"')[0]
    second = officer.get(f"{LIST}?sort=name&cursor={cursor}")
    assert "上一页" in second.text
    assert "鹭岛建材" in second.text
    narrowed = officer.get(f"{LIST}?q=鹭岛&tier=重点企业&state=admitted")
    assert "1 家" in narrowed.text
    assert "状态：已入驻" in narrowed.text
    nothing = officer.get(f"{LIST}?q=没有这家")
    assert "没有符合条件的企业" in nothing.text


def test_a_suspension_is_a_measure_with_a_paper(
    officer: InspectingClient, session: Session, district: Organisation, client_for: Browser
) -> None:
    merchant = people.merchant(session, district)
    principal, chief = (
        people.member(session, merchant.id, Role.PRINCIPAL),
        people.member(session, district.id, Role.CHIEF),
    )
    proposal = sanctions.proposed(session, district, merchant)
    session.commit()
    address = f"{LIST}/{merchant.organisation.code}"
    assert f'href="/regulator/sanctions/new?code={merchant.organisation.code}"' in officer.get(address).text
    measure = sanctions.taken(session, people.actor(session, chief), proposal, sanctions.SUSPEND)
    session.commit()
    assert f"整改后仍然逾期（{measure.number}）" in officer.get(address).text
    assert measure.number in client_for(principal).get("/merchant/organisation").text
    assert measure.number in officer.get(f"/regulator/measures?q={merchant.organisation.code}").text


def test_names_and_shops_are_added_and_taken_away(
    officer: InspectingClient, session: Session, district: Organisation
) -> None:
    merchant = people.merchant(session, district)
    session.commit()
    address = f"{LIST}/{merchant.organisation.code}"
    officer.submit(f"{address}/aliases", {"alias-name": "鹭湾生活"}, page=address)
    officer.submit(f"{address}/outlets", {"outlet-name": "SM 店", "outlet-address": "嘉禾路 1 号"}, page=address)
    page = officer.get(address).text
    assert "鹭湾生活" in page
    assert "嘉禾路 1 号" in page
    twice = officer.submit(f"{address}/aliases", {"alias-name": "鹭湾生活"}, page=address)
    assert twice.status_code == 422
    assert "已经有名称" in twice.text
    officer.submit(f"{address}/aliases/remove", {"name": "鹭湾生活"}, page=address)
    officer.submit(f"{address}/outlets/remove", {"name": "SM 店"}, page=address)
    assert "还没有别名" in officer.get(address).text
    session.expire_all()
    assert session.scalars(select(Outlet)).one().closed_at is not None


def test_the_export_is_a_workbook_of_texts_and_is_recorded(
    officer: InspectingClient, session: Session, district: Organisation
) -> None:
    people.merchant(session, district, "=HYPERLINK(1)有限公司")
    session.commit()
    answer = officer.submit(f"{LIST}/export?q=HYPER", page=LIST)
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    assert sheet is not None
    assert sheet["A2"].value == "=HYPERLINK(1)有限公司"
    assert sheet["A2"].data_type == "s"
    record = session.scalars(select(AccessRecord)).one()
    assert record.kind is AccessKind.EXPORT
    assert record.detail == {"rows": 1}


def test_an_auditor_only_looks(session: Session, district: Organisation, client_for: Browser) -> None:
    merchant = people.merchant(session, district)
    auditor = client_for(people.member(session, district.id, Role.AUDITOR))
    session.commit()
    page = auditor.get(f"{LIST}/{merchant.organisation.code}")
    assert "处置建议，由负责人决定" not in page.text
    assert auditor.get(f"{LIST}/new").status_code == 403


def test_the_neighbouring_district_finds_nothing(session: Session, district: Organisation, client_for: Browser) -> None:
    merchant = people.merchant(session, district)
    other: Membership = people.member(session, people.authority(session, "厦门市思明区市场监督管理局").id, Role.CHIEF)
    session.commit()
    browser = client_for(other)
    assert merchant.organisation.name not in browser.get(LIST).text
    assert browser.get(f"{LIST}/{merchant.organisation.code}").status_code == 404
