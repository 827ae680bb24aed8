"""A merchant's own data and the officer's answer, as browsers without script see them."""

import io
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.core.actor import Role
from portal.enrolment.models import Merchant
from tests.conftest import FixedClock
from tests.factories import people
from tests.inspector import InspectingClient

HERE = "/merchant/organisation"
Browser = Callable[..., InspectingClient]


@pytest.fixture
def district(session: Session) -> Organisation:
    return people.authority(session)


@pytest.fixture
def merchant(session: Session, district: Organisation) -> Merchant:
    return people.merchant(session, district)


@pytest.fixture
def head(session: Session, merchant: Merchant, client_for: Browser) -> InspectingClient:
    membership = people.member(session, merchant.id, Role.PRINCIPAL)
    session.commit()
    return client_for(membership)


@pytest.fixture
def officer(session: Session, district: Organisation, client_for: Browser) -> InspectingClient:
    membership = people.member(session, district.id, Role.OFFICER)
    session.commit()
    return client_for(membership)


def test_shops_are_added_changed_closed_and_imported(head: InspectingClient) -> None:
    assert head.submit(f"{HERE}/outlets", {"name": "江头店", "address": "江头街1号"}, page=HERE).status_code == 303
    again = head.submit(f"{HERE}/outlets", {"name": "江头店", "address": "别处"}, page=HERE)
    assert again.status_code == 422
    assert "已经有门店“江头店”" in again.text
    assert "别处" in again.text
    change = f"{HERE}/outlets/change"
    values = {"name": "江头店", "new_name": "江头旗舰店", "new_address": "江头街2号"}
    assert head.submit(change, values, page=f"{change}?name=江头店").status_code == 303
    assert head.get(f"{change}?name=江头店").status_code == 404
    sheet = {"file": (io.BytesIO("门店名称,地址\n枋湖店,枋湖路\n江头旗舰店,江头街3号\n".encode()), "门店.csv")}
    head.submit(f"{HERE}/outlets/import", sheet, page=HERE)
    page = head.get(HERE).text
    assert "文件有 2 家门店，新增或更新 2 家。" in page
    assert "江头街3号" in page
    head.submit(f"{HERE}/outlets/close", {"name": "枋湖店"}, page=HERE)
    assert "2026-08-12 关闭" in head.get(HERE).text


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "请选择一个 Excel"), ("颜色\n红\n".encode(), "门店"), ("门店名称\n".encode(), "门店")]
)
def test_a_bad_list_of_shops_is_told(head: InspectingClient, content: bytes, words: str) -> None:
    answer = head.submit(f"{HERE}/outlets/import", {"file": (io.BytesIO(content), "门店.csv")}, page=HERE)
    assert answer.status_code == 422
    assert words in answer.text


def test_a_change_is_proposed_and_answered(
    head: InspectingClient, officer: InspectingClient, merchant: Merchant, session: Session
) -> None:
    form = head.get(f"{HERE}/changes").text
    assert merchant.address in form
    values = {"name": merchant.organisation.name, "address": "嘉禾路12号", "phone": merchant.phone, "note": "已搬迁"}
    assert head.submit(f"{HERE}/changes", values | {"licence_until_on": "2020-01-01"}).status_code == 422
    assert head.submit(f"{HERE}/changes", values).status_code == 303
    assert "待核准" in head.get(HERE).text
    desk = f"/regulator/merchants/{merchant.organisation.code}"
    page = officer.get(desk).text
    assert "已搬迁" in page
    action = page.split(f"{desk}/proposals/")[1].split('"')[0]
    refused = officer.submit(f"{desk}/proposals/{action}", {"verdict": "reject"}, page=desk)
    assert refused.status_code == 422
    assert "请写明不核准的理由" in refused.text
    officer.submit(f"{desk}/proposals/{action}", {"verdict": "approve"}, page=desk)
    assert "嘉禾路12号" in head.get(HERE).text


def test_the_yearly_confirmation_is_asked_for_and_given(
    head: InspectingClient, officer: InspectingClient, merchant: Merchant, clock: FixedClock
) -> None:
    assert merchant.organisation.name not in officer.get("/regulator/merchants?due=confirm").text
    clock.advance(days=366)
    overdue = officer.get("/regulator/merchants?due=confirm").text
    assert merchant.organisation.name in overdue
    assert "年度确认已逾期" in overdue
    assert "2027-08-12 已过期" in head.get(HERE).text
    assert head.submit(f"{HERE}/confirm", page=HERE).status_code == 422
    head.submit(f"{HERE}/confirm", {"checked": "y"}, page=HERE)
    assert "2028-08-12 前" in head.get(HERE).text


def test_a_clerk_looks_and_changes_nothing(session: Session, merchant: Merchant, client_for: Browser) -> None:
    membership = people.member(session, merchant.id, Role.AGENT)
    session.commit()
    clerk = client_for(membership)
    page = clerk.get(HERE).text
    assert "由企业负责人或部门负责人确认" in page
    assert "添加门店" not in page
    assert clerk.get(f"{HERE}/changes").status_code == 403
    assert clerk.submit(f"{HERE}/confirm", {"checked": "y"}, page="/account").status_code == 403
