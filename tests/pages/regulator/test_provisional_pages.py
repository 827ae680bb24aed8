"""A date of a year whose holidays nobody has published says so wherever it stands, until they are imported."""

import io
import re
from datetime import UTC, date, datetime, timedelta

import openpyxl
import pytest
from sqlalchemy import select

from portal.cases import steps
from portal.cases.models import Case
from portal.cases.rules import CaseState
from portal.clocks import actions
from portal.clocks.queries import KEPT_SECONDS, almanac
from portal.clocks.rules import SHANGHAI, CalendarDay, DayKind
from portal.core.actor import OPERATOR, SYSTEM, Role
from portal.intake.models import Filing
from portal.worker import tick
from tests.factories import disputes, people

pytestmark = pytest.mark.usefixtures("fresh_almanac")

NEW_YEARS_EVE = datetime(2026, 12, 31, 9, tzinfo=SHANGHAI).astimezone(UTC)  # ten weekdays on is 2027-01-14
HALF = datetime(2027, 1, 8, 6, tzinfo=SHANGHAI).astimezone(UTC)  # the fifth has begun
NEW_YEAR = (CalendarDay(date(2027, 1, 1), DayKind.OFF, "元旦"), CalendarDay(date(2027, 1, 2), DayKind.OFF, "元旦"))


@pytest.fixture
def database():
    """The database does not matter to a page."""
    return "sqlite"


@pytest.fixture
def case(session, clock):
    clock.moment = NEW_YEARS_EVE
    district = people.authority(session)
    case = disputes.case(session, district, state=CaseState.WAITING, registered_at=NEW_YEARS_EVE, now=NEW_YEARS_EVE)
    [filing] = session.scalars(select(Filing).where(Filing.case_id == case.id))
    filing.decide_by = almanac(session).derive("triage", NEW_YEARS_EVE).due_at
    steps.dispatch(session, SYSTEM, case, people.merchant(session, district).id, now=NEW_YEARS_EVE)
    session.commit()
    return case


@pytest.fixture
def agent(session, case, client_for):
    member = people.member(session, case.merchant_id)
    session.commit()
    return client_for(member)


@pytest.fixture
def officer(session, case, client_for):
    member = people.member(session, case.authority_id, Role.OFFICER)
    session.commit()
    return client_for(member)


def dates_of_2027(text):
    """Every day of 2027 on a page with what follows it, from its words without markup."""
    plain = re.sub(r"<[^>]+>", "", re.sub(r"<time[^>]*>.*?</time>", "", text, flags=re.DOTALL))
    return re.findall(r"2027-\d\d-\d\d(?: 周.)?(（暂定）)?", plain)


def exported(answer):
    rows = openpyxl.load_workbook(io.BytesIO(answer.data), read_only=True).active.iter_rows(values_only=True)
    return " ".join(str(cell) for row in rows for cell in row if cell is not None)


def test_each_due_date_is_marked_on_both_desks_and_in_files(agent, officer, case):
    pages = [
        agent.get(path).text for path in ("/merchant/", "/merchant/cases", f"/merchant/cases/{case.reference}")
    ] + [officer.get(path).text for path in ("/regulator/cases", f"/regulator/cases/{case.reference}")]
    pages += [
        exported(agent.submit("/merchant/cases/export", {}, page="/merchant/cases")),
        exported(officer.submit("/regulator/cases/export", {}, page="/regulator/cases")),
    ]
    for page in pages:
        found = dates_of_2027(page)
        assert found
        assert all(found), page
    assert "2027 年放假安排尚未公布，暂按周末推算" in pages[2]


def test_an_officer_reads_the_sum_behind_the_authoritys_own_date(officer, case):
    page = officer.get(f"/regulator/cases/{case.reference}").text
    shown = page[page.index("怎样推算") :]
    assert "7 个工作日的推算" in shown
    assert "2027 年放假安排尚未公布" in shown
    assert "第十五条" in shown


def test_the_warning_says_that_its_day_is_not_certain(runtime, session, clock, agent, case):
    clock.moment = HALF
    tick(runtime)
    assert "1月14日（暂定）" in agent.get("/merchant/notices").text


def test_a_warning_told_after_an_outage_shows_its_planned_and_its_real_time(runtime, clock, agent, case):
    clock.moment = HALF + timedelta(days=1)
    tick(runtime)
    page = agent.get(f"/merchant/cases/{case.reference}").text
    assert "原定 2027-01-07 00:00 提醒，2027-01-09 06:00 补发" in page


def test_once_the_year_is_published_nothing_is_marked_and_the_difference_is_told(runtime, session, clock, agent, case):
    runtime.perform(OPERATOR, actions.replace_year, actions.ReplaceYear(2027, NEW_YEAR, "国办通知"))
    clock.moment += timedelta(seconds=KEPT_SECONDS)
    tick(runtime)
    session.expire_all()
    page = agent.get(f"/merchant/cases/{session.get_one(Case, case.id).reference}").text
    assert "暂定" not in page
    assert "2027-01-15" in page
