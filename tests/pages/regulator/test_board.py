"""The board: each number is what its list holds."""

from datetime import timedelta

from sqlalchemy.orm import Session

from portal.cases.rules import CaseState, FailureCause
from portal.core.actor import Role
from portal.indicators.recounting import recount_all
from tests.conftest import NOW
from tests.factories import disputes, people


def test_the_empty_board_says_what_to_do(client_for, session: Session) -> None:
    officer = people.member(session, people.authority(session).id, Role.OFFICER)
    session.commit()
    page = client_for(officer).get("/regulator/")
    assert page.status_code == 200
    assert "本辖区还没有纠纷" in page.text


def test_a_rate_shows_what_it_is_made_of(client_for, runtime, session: Session) -> None:
    district = people.authority(session)
    merchant = people.merchant(session, district)
    due = NOW - timedelta(days=3)
    for number in range(30):
        late = number < 3
        disputes.case(
            session,
            district,
            merchant,
            state=CaseState.FAILED if late else CaseState.AGREED,
            cause=FailureCause.MERCHANT_DELAY if late else None,
            respond_by=due,
            concluded_at=due + timedelta(hours=1) if late else due - timedelta(days=1),
            agreed_at=None if late else due - timedelta(days=1),
        )
    officer = people.member(session, district.id, Role.OFFICER)
    session.commit()
    recount_all(runtime)
    page = client_for(officer).get("/regulator/")
    assert "27 / 30" in page.text
    assert "90.0" in page.text
    assert "indicator=on_time&amp;part=missed" in page.text


def test_a_stranger_district_counts_nothing(client_for, session: Session) -> None:
    district = people.authority(session)
    disputes.case(session, district, people.merchant(session, district), due_at=NOW - timedelta(days=1))
    stranger = people.member(session, people.authority(session, "厦门市思明区市场监督管理局").id, Role.OFFICER)
    session.commit()
    assert "本辖区还没有纠纷" in client_for(stranger).get("/regulator/").text
