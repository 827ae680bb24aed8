"""The consumer's thirty days after a failed negotiation of channel A."""

from sqlalchemy.orm import Session

from portal.cases.models import Case
from portal.mediation.jobs import close_unchosen
from portal.runtime import Runtime
from tests.conftest import FixedClock
from tests.factories import standings


def test_who_chooses_nothing_in_thirty_days_is_laid_aside_and_nobody_else(
    session: Session, runtime: Runtime, clock: FixedClock
) -> None:
    silent = standings.made(session, standings.failed_to_choose).dispute.case.id
    others = [
        standings.made(session, story).dispute.case.id
        for story in (standings.asked, standings.failed_with_authority, standings.offered)
    ]
    clock.advance(days=30)
    assert close_unchosen(runtime) == 0  # the thirtieth day is still the consumer's
    clock.advance(days=1)
    assert close_unchosen(runtime) == 1
    assert close_unchosen(runtime) == 0
    session.expire_all()
    assert session.get_one(Case, silent).closed_at == clock.moment
    assert [session.get_one(Case, one).closed_at for one in others] == [None, None, None]
