"""The officer's screen of one case: the whole file, masked until a reason is given."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases.rules import CaseState
from portal.core.access import AccessKind, AccessRecord
from portal.core.actor import Role
from portal.core.privacy import vault_of
from portal.intake.models import Filing
from tests.conftest import NOW
from tests.factories import disputes, people


def test_particulars_are_masked_until_a_reason_is_given(client_for, session: Session) -> None:
    district = people.authority(session)
    case = disputes.case(session, district, people.merchant(session, district), text="打我电话13860001234，大衣起球。")
    officer = people.member(session, district.id, Role.OFFICER)
    session.commit()
    client = client_for(officer)
    address = f"/regulator/cases/{case.reference}"
    before = client.get(address).text
    assert "李小明" not in before
    assert "13860001234" not in before
    assert client.submit(f"{address}/reveal", {}, page=address).status_code == 422
    assert client.submit(f"{address}/reveal", {"reason": "verify_claim"}, page=address).status_code == 303
    after = client.get(address).text
    assert "李小明" in after
    assert "打我电话13860001234" in after
    kept = session.scalars(select(AccessRecord).where(AccessRecord.kind == AccessKind.REVEAL)).one()
    assert kept.reason == "verify_claim"


def test_a_stranger_district_finds_nothing(client_for, session: Session) -> None:
    district = people.authority(session)
    case = disputes.case(session, district, people.merchant(session, district))
    stranger = people.member(
        session, people.authority(session, "厦门市思明区市场监督管理局", prefix="SM").id, Role.OFFICER
    )
    session.commit()
    client = client_for(stranger)
    assert client.get(f"/regulator/cases/{case.reference}").status_code == 404
    assert client.get(f"/regulator/cases/{case.reference}/reveal").status_code == 404


def test_a_waiting_case_says_why(client_for, session: Session) -> None:
    district = people.authority(session)
    case = disputes.case(session, district, state=CaseState.WAITING, wait_reason="code_name_conflict")
    officer = people.member(session, district.id, Role.OFFICER)
    session.commit()
    assert "代码与名称不一致" in client_for(officer).get(f"/regulator/cases/{case.reference}").text


def test_other_cases_of_one_phone_are_hints(client_for, session: Session) -> None:
    district = people.authority(session)
    merchant = people.merchant(session, district)
    case, other = (disputes.case(session, district, merchant, phone="13911112222", now=NOW) for _ in range(2))
    officer = people.member(session, district.id, Role.OFFICER)
    session.commit()
    page = client_for(officer).get(f"/regulator/cases/{case.reference}").text
    assert "同一电话的其他投诉" in page
    assert other.reference in page


def test_columns_nobody_mapped_are_kept_for_officers_with_a_reason(client_for, session: Session) -> None:
    district = people.authority(session)
    case = disputes.case(session, district, people.merchant(session, district))
    filing = session.scalars(select(Filing).where(Filing.case_id == case.id)).one()
    filing.extras_sealed = vault_of(session).seal(case.key, '{"涉及品牌": "鹭牌"}', "filing.extras")
    officer = people.member(session, district.id, Role.OFFICER)
    session.commit()
    client = client_for(officer)
    address = f"/regulator/cases/{case.reference}"
    assert "鹭牌" not in client.get(address).text
    client.submit(f"{address}/reveal", {"reason": "verify_claim"}, page=address)
    assert "鹭牌" in client.get(address).text
