"""The merchant's limit where an authority negotiates before it decides on 受理 (decisions 2), worked out by hand.

max(dispatch + 3 working days, min(dispatch + 10 working days, end of the authority's 7 working days - 2)).
"""

from datetime import UTC, date, datetime, time

import pytest
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.accounts.switches import SwitchOdr, switch_odr
from portal.cases import steps
from portal.cases.rules import CaseState, Channel
from portal.clocks.queries import almanac
from portal.clocks.rules import SHANGHAI, due_day, end_of_day
from portal.core.actor import OPERATOR, SYSTEM
from portal.core.errors import NotAllowed, NotFound
from portal.intake.context import read_context
from tests.conftest import NOW
from tests.factories import disputes, people

EXAMPLES = [
    # registered, dispatched, due
    # no holiday: seven days end 08-19; after 08-17 two are left; ten would be 08-25, three 08-14
    (date(2026, 8, 10), date(2026, 8, 11), date(2026, 8, 17)),
    # the same day: seven end 08-21, two left after 08-19
    (date(2026, 8, 12), date(2026, 8, 12), date(2026, 8, 19)),
    # a backlog: 08-17 is over at dispatch; three working days from 08-18 are 08-21, behind the statutory 08-19
    (date(2026, 8, 10), date(2026, 8, 18), date(2026, 8, 21)),
    # an old backlog does not make the merchant late at the first tick
    (date(2026, 3, 2), date(2026, 8, 18), date(2026, 8, 21)),
    # so near that three days bind: 08-19 less two is 08-17, three from 08-13 (Thursday) are 08-18
    (date(2026, 8, 10), date(2026, 8, 13), date(2026, 8, 18)),
    # two holidays and a worked Saturday: 09-24 28 29 30, 10-08 09 10; after 10-08 two are left; ten would be 10-15
    (date(2026, 9, 23), date(2026, 9, 24), date(2026, 10, 8)),
    # into the holiday: seven from 09-28 end 10-13 (29 30 08 09 10 12 13), after 10-10 two are left, three end 10-08
    (date(2026, 9, 28), date(2026, 9, 29), date(2026, 10, 10)),
]


def nine(day: date) -> datetime:
    return datetime.combine(day, time(9), SHANGHAI).astimezone(UTC)


@pytest.fixture
def district(session: Session) -> Organisation:
    return people.authority(session)


@pytest.fixture
def station(session: Session, district: Organisation) -> Organisation:
    return people.authority(session, "江头市场监督管理所", parent=district)


def dispatched(session: Session, authority: Organisation, registered: date, on: date, channel: Channel) -> date:
    case = disputes.case(
        session, authority, state=CaseState.WAITING, channel=channel, registered_at=nine(registered), now=nine(on)
    )
    steps.dispatch(session, SYSTEM, case, people.merchant(session, authority).id, now=nine(on))
    assert case.respond_by is not None
    return due_day(case.respond_by)


@pytest.mark.parametrize(("registered", "on", "due"), EXAMPLES)
def test_one_case_and_an_import_of_many_end_on_the_day_worked_out(
    session: Session, district: Organisation, station: Organisation, registered: date, on: date, due: date
) -> None:
    switch_odr(session, OPERATOR, SwitchOdr(district.code, before_acceptance=True), now=NOW)
    session.flush()
    assert dispatched(session, station, registered, on, Channel.REGULATOR) == due
    context = read_context(session, district.id)
    place = context.below[station.id]
    decide_by = context.decide_by(Channel.REGULATOR, nine(registered), place)
    assert due_day(context.first_clocks(None, decide_by, place, nine(on)).respond_by) == due


@pytest.mark.parametrize("channel", list(Channel))
def test_without_the_switch_it_is_ten_working_days_in_both_channels(
    session: Session, district: Organisation, channel: Channel
) -> None:
    assert dispatched(session, district, date(2026, 9, 23), date(2026, 9, 24), channel) == date(2026, 10, 15)


def test_channel_a_has_no_statutory_day_to_hurry_for(session: Session, district: Organisation) -> None:
    switch_odr(session, OPERATOR, SwitchOdr(district.code, before_acceptance=True), now=NOW)
    session.flush()
    assert dispatched(session, district, date(2026, 9, 23), date(2026, 9, 24), Channel.GREEN) == date(2026, 10, 15)


def test_a_far_statutory_day_leaves_the_ten_working_days(session: Session) -> None:
    limit = steps.merchants_limit(almanac(session), end_of_day(date(2026, 12, 31)), [], now=nine(date(2026, 9, 24)))
    assert due_day(limit) == date(2026, 10, 15)


def test_the_switch_is_the_operators_and_told_once(session: Session, district: Organisation) -> None:
    on = SwitchOdr(district.code, before_acceptance=True)
    assert switch_odr(session, OPERATOR, on, now=NOW)
    assert not switch_odr(session, OPERATOR, on, now=NOW)
    merchant = people.merchant(session, district)
    agent = people.actor(session, people.member(session, merchant.id))
    with pytest.raises(NotAllowed):
        switch_odr(session, agent, on, now=NOW)
    with pytest.raises(NotFound):
        switch_odr(session, OPERATOR, SwitchOdr(merchant.organisation.code, before_acceptance=True), now=NOW)
