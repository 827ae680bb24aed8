"""Warnings: once each, the worst one after an outage, none lost because somebody acted meanwhile, none for the past."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases import steps
from portal.cases.actions import AcceptCase, accept_case
from portal.cases.jobs import warn_due
from portal.cases.models import Case
from portal.cases.rules import CaseState
from portal.cases.warnings import WarnCase, warn_case
from portal.clocks.rules import SHANGHAI
from portal.core.actor import SYSTEM, Actor
from portal.core.facts import Fact, Topic
from portal.runtime import Runtime
from portal.settlements.jobs import fail_overdue
from tests.conftest import FixedClock
from tests.factories import disputes, people
from tests.queries import counted

START = datetime(2026, 9, 24, 9, 0, tzinfo=SHANGHAI).astimezone(UTC)  # half 10-09, three left 10-12, one 10-14


def six(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 6, 0, tzinfo=SHANGHAI).astimezone(UTC)


@pytest.fixture
def agent(session: Session) -> Actor:
    authority = people.authority(session)
    return people.actor(session, people.member(session, people.merchant(session, authority).id))


@pytest.fixture
def case(session: Session, agent: Actor) -> Case:
    made = disputes.case(session, people.authority(session), state=CaseState.WAITING, now=START)
    assert agent.organisation_id is not None
    steps.dispatch(session, SYSTEM, made, agent.organisation_id, now=START)
    session.commit()
    return made


def told(session: Session) -> list[tuple[str, str, str]]:
    """Severity, planned day, and the day on which it was told."""
    session.expire_all()
    facts = session.scalars(select(Fact).where(Fact.topic == Topic.CASE_WARNED).order_by(Fact.id))
    return [
        (
            str(fact.detail["severity"]),
            f"{datetime.fromisoformat(fact.detail['planned_at']).astimezone(SHANGHAI):%m-%d}",
            f"{fact.at.astimezone(SHANGHAI):%m-%d}",
        )
        for fact in facts
    ]


def test_each_is_told_once_on_its_day(session: Session, runtime: Runtime, clock: FixedClock, case: Case) -> None:
    for moment in (six(9, 25), six(10, 8)):
        clock.moment = moment
        assert warn_due(runtime) == 0
    clock.moment = six(10, 9)
    assert [warn_due(runtime), warn_due(runtime)] == [1, 0]
    assert told(session) == [("half", "10-09", "10-09")]
    assert case.next_action_at == six(10, 12) - timedelta(hours=6)


def test_after_an_outage_the_worst_is_told_with_its_planned_day(
    session: Session, runtime: Runtime, clock: FixedClock, case: Case
) -> None:
    clock.moment = six(10, 13)
    assert [warn_due(runtime), warn_due(runtime)] == [1, 0]
    assert told(session) == [("three_left", "10-12", "10-13")]
    clock.moment = six(10, 14)
    assert warn_due(runtime) == 1


def test_a_warning_is_not_lost_because_somebody_acted_first(
    session: Session, runtime: Runtime, clock: FixedClock, case: Case, agent: Actor
) -> None:
    clock.moment = six(10, 9)
    runtime.perform(agent, accept_case, AcceptCase(case.reference))
    assert warn_due(runtime) == 1
    assert told(session) == [("half", "10-09", "10-09")]


def test_the_end_is_told_with_the_failure_and_closes_nothing(
    session: Session, runtime: Runtime, clock: FixedClock, case: Case
) -> None:
    clock.moment = six(10, 20)
    assert warn_due(runtime) == 0  # what has ended is the end's to tell
    assert [fail_overdue(runtime), fail_overdue(runtime)] == [1, 0]
    assert told(session) == [("overdue", "10-16", "10-20")]
    assert (case.state, case.closed_at) == (CaseState.FAILED, None)


def test_a_later_platform_day_warns_again_and_an_earlier_one_at_once(
    session: Session, runtime: Runtime, clock: FixedClock, case: Case
) -> None:
    clock.moment = six(10, 9)
    warn_due(runtime)
    session.expire_all()
    case.platform_due_on, case.platform_due_inferred = date(2026, 10, 10), False
    steps.set_clocks(session, case, now=clock.moment)
    session.commit()
    assert warn_due(runtime) == 0  # its one-left falls on 10-09, which was told
    clock.moment = six(10, 11)
    assert warn_due(runtime) == 1
    assert told(session)[-1] == ("overdue", "10-11", "10-11")
    assert warn_due(runtime) == 0
    assert case.next_action_at == case.respond_by


def test_nothing_is_warned_of_that_no_longer_runs(session: Session, case: Case) -> None:
    case.state, case.is_open = CaseState.FAILED, False
    assert warn_case(session, SYSTEM, WarnCase(case.id), now=six(10, 14)) is False


def test_the_tick_reads_an_index_and_only_what_is_due(
    session: Session, runtime: Runtime, clock: FixedClock, case: Case
) -> None:
    clock.moment = six(10, 8)
    with counted(runtime.engine) as said:
        assert warn_due(runtime) == 0
    assert len(said) == 1
