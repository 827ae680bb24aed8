"""The officer's pages of number and letter: a second officer's word, and no link on any page."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.links import PAPER, token_of
from portal.accounts.models import ConsumerLink
from portal.core.actor import Role
from portal.mediation.phones import phone_of
from tests.factories import disputes, people, settling

NEW = "13900005678"


def test_a_number_is_changed_from_the_case(client_for, session: Session) -> None:
    dispute = settling.dispute(session)
    officer = people.member(session, dispute.authority.id, Role.OFFICER)
    session.commit()
    client, case = client_for(officer), f"/regulator/cases/{dispute.case.reference}"
    assert f'href="{case}/phone"' in client.get(case).text
    bad = client.submit(f"{case}/phone", {"phone": "138****1234", "reason": "wrong"}, page=f"{case}/phone")
    assert bad.status_code == 422
    assert "带星号" in bad.text
    good = client.submit(f"{case}/phone", {"phone": NEW, "reason": "wrong"}, page=f"{case}/phone")
    assert good.status_code == 303
    page = client.get(case).text
    assert "139****5678" in page
    assert NEW not in page


def test_a_second_officer_confirms_on_the_page(client_for, session: Session) -> None:
    dispute = settling.dispute(session)
    first, second = (people.member(session, dispute.authority.id, Role.OFFICER, name=name) for name in ("王芳", "陈强"))
    settling.offered(session, dispute)
    session.commit()
    case = f"/regulator/cases/{dispute.case.reference}"
    asking, confirming = client_for(first), client_for(second)
    assert asking.submit(f"{case}/phone", {"phone": NEW, "reason": "asked"}, page=f"{case}/phone").status_code == 303
    own = asking.submit(f"{case}/phone/decision", {"decision": "confirm"}, page=f"{case}/phone")
    assert own.status_code == 422
    assert "不能自己确认" in own.text
    assert "复核号码" in confirming.get(case).text
    waiting = confirming.get(f"{case}/phone").text
    assert "王芳" in waiting
    assert "139****5678" in waiting
    assert NEW not in waiting
    confirming.submit(f"{case}/reveal", {"reason": "verify_claim"}, page=f"{case}/reveal")
    assert NEW in confirming.get(f"{case}/phone").text
    done = confirming.submit(f"{case}/phone/decision", {"decision": "confirm"}, page=f"{case}/phone")
    assert done.status_code == 303
    session.expire_all()
    assert phone_of(session, dispute.case) == NEW


def test_a_letter_is_downloaded_and_its_link_opens_the_consumers_page(client, client_for, session: Session) -> None:
    dispute = settling.dispute(session, phone=None)
    officer = people.member(session, dispute.authority.id, Role.OFFICER)
    session.commit()
    staff, case = client_for(officer), f"/regulator/cases/{dispute.case.reference}"
    letter = staff.submit(f"{case}/letter", {}, page=f"{case}/letter")
    assert letter.status_code == 200
    assert letter.mimetype == "application/pdf"
    assert letter.headers["Content-Disposition"].startswith('attachment; filename="HX-')
    assert letter.headers["Cache-Control"] == "no-store"
    assert letter.data.startswith(b"%PDF")
    session.expire_all()
    token = token_of(session, session.scalars(select(ConsumerLink).where(ConsumerLink.recipient == PAPER)).one())
    assert token is not None
    for address in (case, f"{case}/letter", f"{case}/phone"):
        assert token not in staff.get(address).text
    assert client.get(f"/c/{token}").status_code == 200


def test_whom_a_message_reaches_gets_no_letter(client_for, session: Session) -> None:
    district = people.authority(session)
    case = disputes.case(session, district, people.merchant(session, district))
    officer = people.member(session, district.id, Role.OFFICER)
    session.commit()
    page = client_for(officer).get(f"/regulator/cases/{case.reference}/letter").text
    assert "不用寄信" in page
    assert "下载 PDF" not in page
