"""A calendar imported late: dates that leaned on computed days are derived again, and the difference is kept."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import select

from portal.cases import redating, steps
from portal.cases.models import Case
from portal.cases.rules import CaseState
from portal.clocks import actions
from portal.clocks.queries import KEPT_SECONDS, almanac, due_for_list
from portal.clocks.rules import SHANGHAI, CalendarDay, DayKind, due_day, end_of_day
from portal.core.actor import OPERATOR, SYSTEM
from portal.core.facts import Fact, SubjectKind, Topic, about
from portal.intake.models import Filing
from portal.worker import dispatch
from tests.factories import applications, disputes, people

pytestmark = pytest.mark.usefixtures("fresh_almanac")

CHRISTMAS = date(2026, 12, 25)  # a Friday; nobody has published 2027 yet
NEW_YEAR = (  # 元旦 as it might be published: Friday to Sunday off, nothing made up
    CalendarDay(date(2027, 1, 1), DayKind.OFF, "元旦"),
    CalendarDay(date(2027, 1, 2), DayKind.OFF, "元旦"),
    CalendarDay(date(2027, 1, 3), DayKind.OFF, "元旦"),
)
BY_WEEKENDS, BY_NOTICE = date(2027, 1, 8), date(2027, 1, 11)  # 12-28 to 12-31 are four; then six, with or without 01-01


def nine(day: date) -> datetime:
    return datetime.combine(day, time(9), SHANGHAI).astimezone(UTC)


@pytest.fixture
def dispatched(session, clock):
    clock.moment = nine(CHRISTMAS)
    authority = people.authority(session)
    case = disputes.case(
        session, authority, state=CaseState.WAITING, registered_at=nine(CHRISTMAS), now=nine(CHRISTMAS)
    )
    steps.dispatch(session, SYSTEM, case, people.merchant(session, authority).id, now=nine(CHRISTMAS))
    session.commit()
    return case


def publish(runtime, clock, days=NEW_YEAR):
    runtime.perform(OPERATOR, actions.replace_year, actions.ReplaceYear(2027, days, "国办通知"))
    clock.moment = clock.now() + timedelta(seconds=KEPT_SECONDS)
    dispatch(runtime)


def told(session, kind, subject_id, topic):
    return [fact.detail for fact in session.scalars(about(kind, subject_id)) if fact.topic is topic]


def test_a_limit_that_leaned_on_weekends_moves_when_its_year_is_published(runtime, session, clock, dispatched):
    assert due_day(dispatched.respond_by) == BY_WEEKENDS
    publish(runtime, clock)
    session.expire_all()
    case = session.get_one(Case, dispatched.id)
    assert due_day(case.respond_by) == BY_NOTICE
    assert due_day(case.due_at) == BY_NOTICE
    assert case.contact_by == almanac(session).derive("accept", nine(CHRISTMAS)).due_at
    [difference] = told(session, SubjectKind.CASE, case.id, Topic.CASE_REDATED)
    assert difference["moved"]["respond_by"] == [BY_WEEKENDS.isoformat(), BY_NOTICE.isoformat()]
    assert difference["year"] == 2027


def test_the_next_warning_moves_with_the_limit(runtime, session, clock, dispatched):
    before = dispatched.next_action_at
    publish(runtime, clock)
    session.expire_all()
    case = session.get_one(Case, dispatched.id)
    assert case.next_action_at == steps.next_look(session, case)
    assert case.next_action_at >= before


def test_a_limit_that_ends_before_the_year_stays_as_it_is(runtime, session, clock):
    clock.moment = nine(date(2026, 12, 1))
    authority = people.authority(session)
    case = disputes.case(session, authority, state=CaseState.WAITING, registered_at=clock.now(), now=clock.now())
    steps.dispatch(session, SYSTEM, case, people.merchant(session, authority).id, now=clock.now())
    before = (case.respond_by, case.contact_by, case.due_at)
    session.commit()
    publish(runtime, clock)
    session.expire_all()
    again = session.get_one(Case, case.id)
    assert (again.respond_by, again.contact_by, again.due_at) == before
    assert told(session, SubjectKind.CASE, case.id, Topic.CASE_REDATED) == []


def test_a_date_that_no_limit_gave_is_not_touched(runtime, session, clock, dispatched):
    agreed = end_of_day(date(2027, 1, 7))  # set by hand
    dispatched.respond_by = agreed
    session.commit()
    publish(runtime, clock)
    session.expire_all()
    assert session.get_one(Case, dispatched.id).respond_by == agreed


def test_the_authoritys_own_limit_moves_too(runtime, session, clock, dispatched):
    filing = session.scalars(select(Filing).where(Filing.case_id == dispatched.id)).one()
    filing.decide_by = almanac(session).derive("triage", filing.registered_at).due_at
    assert due_day(filing.decide_by) == date(2027, 1, 5)
    session.commit()
    publish(runtime, clock)
    session.expire_all()
    assert due_day(session.get_one(Filing, filing.id).decide_by) == date(2027, 1, 6)
    assert told(session, SubjectKind.FILING, filing.id, Topic.FILING_REDATED) == [
        {"year": 2027, "decide_by": ["2027-01-05", "2027-01-06"]}
    ]


def test_a_second_notice_is_counted_from_the_first(runtime, session, clock, dispatched):
    publish(runtime, clock)
    publish(runtime, clock, (*NEW_YEAR[:2], CalendarDay(date(2027, 1, 9), DayKind.MAKEUP, "元旦")))
    session.expire_all()
    case = session.get_one(Case, dispatched.id)
    assert due_day(case.respond_by) == date(2027, 1, 9)  # the worked Saturday is the tenth
    assert [one["moved"]["respond_by"][1] for one in told(session, SubjectKind.CASE, case.id, Topic.CASE_REDATED)] == [
        "2027-01-11",
        "2027-01-09",
    ]


def test_many_cases_are_gone_through_in_batches_each_once(runtime, session, clock, dispatched, monkeypatch):
    monkeypatch.setattr(redating, "AT_ONCE", 2)
    authority, merchant = dispatched.authority_id, dispatched.merchant_id
    waiting = []
    for _ in range(4):
        case = disputes.case(
            session,
            session.get_one(people.Organisation, authority),
            state=CaseState.WAITING,
            registered_at=nine(CHRISTMAS),
            now=nine(CHRISTMAS),
        )
        steps.dispatch(session, SYSTEM, case, merchant, now=nine(CHRISTMAS))
        waiting.append(case.id)
    session.commit()
    publish(runtime, clock)
    session.expire_all()
    assert {due_day(session.get_one(Case, key).respond_by) for key in waiting} == {BY_NOTICE}
    redated = select(Fact.subject_id).where(Fact.topic == Topic.CASE_REDATED)
    assert sorted(session.scalars(redated)) == sorted([dispatched.id, *waiting])


def test_what_an_import_stored_meanwhile_by_the_former_calendar_is_found_an_hour_later(
    runtime, session, clock, dispatched
):
    publish(runtime, clock)
    session.expire_all()
    case = session.get_one(Case, dispatched.id)
    case.respond_by = end_of_day(BY_WEEKENDS)  # as a process would that read the calendar before
    session.commit()
    clock.moment += redating.SECOND_LOOK
    dispatch(runtime)
    session.expire_all()
    assert due_day(session.get_one(Case, dispatched.id).respond_by) == BY_NOTICE
    clock.moment += redating.SECOND_LOOK
    assert dispatch(runtime).taken == 0  # and then it ends


def test_lists_mark_a_day_that_leans_on_an_unpublished_year(session, clock):
    calendar = almanac(session).calendar
    now = nine(CHRISTMAS)
    assert due_for_list(now, now, end_of_day(BY_WEEKENDS), calendar).date_text.endswith("（暂定）")
    assert "暂定" not in due_for_list(now, now, end_of_day(date(2026, 12, 31)), calendar).date_text


def test_the_review_of_an_application_moves_too(runtime, session, clock):
    clock.moment = nine(CHRISTMAS)
    row = applications.submitted(session, people.authority(session), now=nine(CHRISTMAS))
    assert due_day(row.review_by) == BY_WEEKENDS
    session.commit()
    publish(runtime, clock)
    session.expire_all()
    again = session.get_one(type(row), row.id)
    assert due_day(again.review_by) == BY_NOTICE
    assert told(session, SubjectKind.APPLICATION, row.id, Topic.APPLICATION_REDATED) == [
        {"year": 2027, "review_by": [BY_WEEKENDS.isoformat(), BY_NOTICE.isoformat()]}
    ]
