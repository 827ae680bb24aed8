"""Applications on the authority's desk, as browsers without script see them."""

import io
from collections.abc import Callable

import openpyxl
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Membership, Organisation, Person
from portal.accounts.passwords import matches
from portal.core.actor import Role
from portal.enrolment.application_models import Application
from portal.enrolment.application_rules import ApplicationState
from portal.enrolment.models import Merchant, Outlet
from tests.conftest import FixedClock
from tests.factories import applications, people
from tests.inspector import InspectingClient

LIST = "/regulator/applications"
Browser = Callable[..., InspectingClient]


@pytest.fixture
def district(session: Session) -> Organisation:
    return people.authority(session)


@pytest.fixture
def officer(session: Session, district: Organisation, client_for: Browser) -> InspectingClient:
    membership = people.member(session, district.id, Role.OFFICER)
    session.commit()
    return client_for(membership)


@pytest.fixture
def waiting(session: Session, district: Organisation) -> Application:
    row = applications.submitted(session, district, contact=applications.CONTACT)
    session.commit()
    return row


def test_an_empty_list_says_how_it_fills(officer: InspectingClient) -> None:
    page = officer.get(LIST).text
    assert "这里没有申请" in page
    assert 'href="/apply"' in page


def test_the_list_is_searched_filtered_and_exported(
    officer: InspectingClient, session: Session, district: Organisation, waiting: Application, clock: FixedClock
) -> None:
    applications.submitted(session, district, name="厦门思北百货有限公司")
    applications.completed(session, district, name="没有提交的公司")
    session.commit()
    page = officer.get(LIST).text
    assert "2 份" in page
    assert "没有提交的公司" not in page
    assert "1 份" in officer.get(f"{LIST}?q=鹭岛家居").text
    assert "1 份" in officer.get(f"{LIST}?q={waiting.code.lower()}").text
    assert "2 份" in officer.get(f"{LIST}?view=all&tier=重点行业").text
    assert "没有符合条件的申请" in officer.get(f"{LIST}?overdue=1").text
    clock.advance(days=20)
    assert "2 份" in officer.get(f"{LIST}?overdue=1").text
    answer = officer.submit(f"{LIST}/export?view=all", page=LIST)
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    assert sheet.max_row == 3
    assert sheet["B1"].value == "企业名称"


def test_documents_and_contact_open_with_a_reason_only(officer: InspectingClient, waiting: Application) -> None:
    here = f"{LIST}/{waiting.reference}"
    closed = officer.get(here).text
    assert applications.PHONE not in closed
    assert "陈立" not in closed
    assert officer.submit(f"{here}/open", page=here).status_code == 422
    officer.submit(f"{here}/open", {"purpose": "review"}, page=here)
    opened = officer.get(here).text
    assert applications.PHONE in opened
    assert "王小梅" in opened
    page = opened.split(f"{here}/pages/")[1].split('"')[0]
    assert officer.get(f"{here}/pages/{page}").mimetype == "image/jpeg"


def test_a_page_of_a_document_needs_the_reason(
    officer: InspectingClient, session: Session, waiting: Application, client: InspectingClient
) -> None:
    token = applications.token_of(session, waiting)
    client.submit(f"/apply/{token}/withdraw", page=f"/apply/{token}")
    page = (
        client.submit(f"/apply/{token}/reopen", page=f"/apply/{token}") and client.get(f"/apply/{token}/documents").text
    )
    reference = page.split(f"/apply/{token}/pages/")[1].split('"')[0]
    assert officer.get(f"{LIST}/{waiting.reference}/pages/{reference}").status_code == 403


def test_more_is_asked_for_and_answered(
    officer: InspectingClient, client: InspectingClient, session: Session, waiting: Application
) -> None:
    here, link = f"{LIST}/{waiting.reference}", f"/apply/{applications.token_of(session, waiting)}"
    values = {"parts": "documents", "words": "营业执照照片不清楚，请重拍。", "reply_on": "2026-08-20"}
    assert officer.submit(f"{here}/ask", values | {"reply_on": "2026-08-01"}, page=here).status_code == 422
    assert officer.submit(f"{here}/ask", values, page=here).status_code == 303
    assert "营业执照照片不清楚" in client.get(link).text
    declared = {"truthful": "y", "duty": "y", "public": "y", "answer": "已重拍。"}
    assert client.submit(f"{link}/check", declared).status_code == 303
    assert "已重拍。" in officer.get(here).text


def test_admission_makes_merchant_outlets_and_accounts_without_a_known_password(
    officer: InspectingClient, client: InspectingClient, session: Session, district: Organisation, waiting: Application
) -> None:
    here = f"{LIST}/{waiting.reference}"
    answer = officer.submit(f"{here}/admit", {"tier": "重点企业", "authority_code": district.code}, page=here)
    assert answer.status_code == 303, answer.text
    session.expire_all()
    row = session.get_one(Application, waiting.id)
    assert row.state is ApplicationState.ADMITTED
    merchant = session.get_one(Merchant, row.merchant_id)
    assert merchant.tier == "重点企业"
    assert {one.name for one in session.scalars(select(Outlet).where(Outlet.merchant_id == merchant.id))} == {
        "江头店",
        "枋湖店",
    }
    assert len(session.scalars(select(Membership).where(Membership.organisation_id == merchant.id)).all()) == 2
    welcome = f"/apply/welcome/{applications.invitation_of(session, row)}"
    assert "chenli" in client.get(welcome).text
    assert client.submit(welcome, {"new": "short", "again": "short"}).status_code == 422
    password = "correct horse 7"
    assert client.submit(welcome, {"new": password, "again": password}).location == "/sign-in"
    assert client.get(welcome).status_code == 404
    head = session.scalars(select(Person).where(Person.sign_in_name == "chenli")).one()
    session.refresh(head)
    assert matches(head.password_hash, password)
    assert client.submit("/sign-in", {"sign_in_name": "chenli", "password": password}).location == "/merchant/"


def test_a_refusal_is_read_and_the_applicant_applies_again(
    officer: InspectingClient, client: InspectingClient, session: Session, waiting: Application
) -> None:
    here, link = f"{LIST}/{waiting.reference}", f"/apply/{applications.token_of(session, waiting)}"
    assert officer.submit(f"{here}/refuse", {"reason": ""}, page=here).status_code == 422
    officer.submit(f"{here}/refuse", {"reason": "没有固定场所。"}, page=here)
    assert "没有固定场所。" in client.get(link).text
    client.submit(f"{link}/reopen", page=link)
    assert "⑤ 核对并提交" in client.get(link).text


def test_another_districts_officer_finds_nothing(session: Session, waiting: Application, client_for: Browser) -> None:
    other = people.authority(session, "厦门市思明区市场监督管理局", prefix="SM")
    membership = people.member(session, other.id, Role.OFFICER)
    session.commit()
    stranger = client_for(membership)
    assert stranger.get(f"{LIST}/{waiting.reference}").status_code == 404
    assert "鹭岛家居" not in stranger.get(f"{LIST}?view=all").text
