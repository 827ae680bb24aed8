"""近 10 个工作日 on the merchant's day: which working day a moment counts with, and what the panel says."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from portal.accounts.models import Membership, Organisation
from portal.cases.rules import CaseState
from portal.clocks.rules import CalendarDay, DayKind, calendar_of
from portal.core.actor import Actor
from portal.desk.ten_days import TenDays, ten_days
from portal.enrolment.models import Merchant
from tests.conftest import NOW
from tests.factories import disputes, people
from tests.inspector import InspectingClient

HOLIDAY = calendar_of([CalendarDay(date(2026, 8, 10), DayKind.OFF, "节日")], [2026])  # a Monday
Desk = tuple[Organisation, Merchant, Membership]


@pytest.fixture
def desk(session: Session) -> Desk:
    authority = people.authority(session)
    merchant = people.merchant(session, authority)
    return authority, merchant, people.member(session, merchant.id)


def shanghai(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


def receive(session: Session, desk: Desk, *moments: datetime) -> None:
    for moment in moments:
        disputes.case(session, desk[0], desk[1], dispatched_at=moment)


def counted(session: Session, desk: Desk, now: datetime = NOW) -> TenDays:
    session.flush()
    actor: Actor = people.actor(session, desk[2])
    return ten_days(session, actor, HOLIDAY, now)


def rows(panel: TenDays) -> dict[str, tuple[int, int, int]]:
    assert panel.chart is not None
    return {day: (int(new), int(done), int(timely)) for day, new, done, timely in panel.chart.rows}


def test_a_day_off_counts_with_the_working_day_after_it(session: Session, desk: Desk) -> None:
    receive(session, desk, shanghai(8, 7, 23, 59))  # Friday, before midnight in China, 15:59 in UTC
    receive(session, desk, shanghai(8, 8, 0), shanghai(8, 9, 12), shanghai(8, 10, 23, 59), shanghai(8, 11, 0))
    receive(session, desk, NOW)
    panel = counted(session, desk)
    days = rows(panel)
    assert list(days) == ["07-29", "07-30", "07-31", "08-03", "08-04", "08-05", "08-06", "08-07", "08-11", "08-12"]
    assert {day: new for day, (new, _, _) in days.items() if new} == {"08-07": 1, "08-11": 4, "08-12": 1}
    assert panel.received == 6


def test_on_a_day_off_the_last_point_is_the_working_day_to_come(session: Session, desk: Desk) -> None:
    saturday = shanghai(8, 8, 10)
    receive(session, desk, saturday - timedelta(minutes=1))
    days = rows(counted(session, desk, saturday))
    assert list(days)[-2:] == ["08-07", "08-11"]
    assert days["08-11"] == (1, 0, 0)


def test_what_is_older_or_another_merchants_is_not_counted(session: Session, desk: Desk) -> None:
    receive(session, desk, shanghai(7, 29, 0), shanghai(7, 28, 23, 59))
    other = people.merchant(session, desk[0])
    disputes.case(session, desk[0], other, dispatched_at=NOW)
    disputes.case(session, desk[0], dispatched_at=None, state=CaseState.WAITING)
    assert counted(session, desk).received == 1


def test_on_time_means_before_the_merchants_limit_ended(session: Session, desk: Desk) -> None:
    end = shanghai(8, 11, 0)
    for concluded_at, state in (
        (end, CaseState.AGREED), (end + timedelta(seconds=1), CaseState.FAILED), (NOW, CaseState.WITHDRAWN),
    ):  # fmt: skip
        disputes.case(
            session, desk[0], desk[1], state=state, concluded_at=concluded_at, respond_by=end, dispatched_at=end
        )
    panel = counted(session, desk)
    assert (panel.concluded, panel.on_time.numerator, panel.received) == (3, 1, 3)
    assert rows(panel)["08-11"] == (3, 2, 1)
    assert rows(panel)["08-12"] == (0, 1, 0)
    assert not panel.on_time.is_shown


def test_nothing_happened_is_said_and_something_is_drawn(
    client_for: Callable[[Membership], InspectingClient], session: Session, desk: Desk
) -> None:
    session.commit()
    client = client_for(desk[2])
    assert "这 10 个工作日没有新收和办结的纠纷" in client.get("/merchant/").text
    receive(session, desk, NOW, NOW - timedelta(days=1))
    for _ in range(2):
        disputes.case(session, desk[0], desk[1], state=CaseState.FAILED, concluded_at=NOW, dispatched_at=NOW)
    session.commit()
    page = client.get("/merchant/").text
    assert "近 10 个工作日，每天新收 0 到 3 件，办结 0 到 2 件" in page
    assert "按时办结 2 / 2 件" in page
    assert "数据表" in page
    assert "新收 4 件" in page
