"""The rollups are what a direct count of the cases gives, after whatever happened and however often it was folded."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.cases import actions as cases
from portal.cases.models import Case, ContactMethod, ContactResult
from portal.cases.rules import CaseState, FailureCause, ReturnReason
from portal.clocks.rules import end_of_day, local_day, start_of_day
from portal.core import facts
from portal.core.actor import SYSTEM, Role
from portal.core.errors import Refused
from portal.core.facts import Fact, SubjectKind, Topic
from portal.indicators import folding, jobs, recounting
from portal.indicators.counting import recount_cases
from portal.indicators.models import CaseTally, MerchantStanding, Tally, TallyDelta
from portal.indicators.queries import STANDING, UNPAID, Indicator, Part, Reach, best_merchants, in_part, totals
from portal.indicators.rules import PERIODS, Period, Rate, period_named, ranked
from portal.outbox import TakeFacts, take_due_facts
from portal.settlements.models import Agreement
from portal.worker import GATHERERS, HANDLERS
from tests.actions.settlements.test_settlements_sequences import COMMANDS, PAUSES
from tests.conftest import NOW
from tests.factories import disputes, people, settling


def accept_case(session, dispute, now, amount):
    cases.accept_case(session, dispute.agent, cases.AcceptCase(dispute.case.reference), now=now)


def contact(session, dispute, now, amount):
    command = cases.RecordContact(dispute.case.reference, now, ContactMethod.PHONE, "已联系", ContactResult.REACHED)
    cases.record_contact(session, dispute.agent, command, now=now)


def give_back(session, dispute, now, amount):
    command = cases.ReturnCase(dispute.case.reference, ReturnReason.NOT_OURS, "不是本店售出")
    cases.return_case(session, dispute.agent, command, now=now)


def deliver(session, dispute, now, amount):
    take_due_facts(session, SYSTEM, TakeFacts(dict.fromkeys(HANDLERS, ()), GATHERERS), now=now)


def fold(session, dispute, now, amount):
    folding.fold_deltas(session, SYSTEM, None, now=now)


EVERYTHING = (*COMMANDS, accept_case, contact, give_back, deliver, fold)
moves = st.tuples(
    st.sampled_from(EVERYTHING), st.sampled_from(PAUSES), st.sampled_from((10_000, 50_000)), st.integers(0, 1)
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=st.lists(moves, min_size=4, max_size=24))
def test_rollups_equal_a_direct_count_after_any_history(session: Session, history) -> None:
    day = end_of_day(local_day(NOW) + timedelta(days=4))
    both = [
        settling.dispute(
            session, state=state, respond_by=day, contact_by=end_of_day(local_day(NOW) + timedelta(days=1))
        )
        for state in (CaseState.DISPATCHED, CaseState.NEGOTIATING)
    ]
    recount_cases(session, [one.case.id for one in both])  # as the fact of their opening does
    now = NOW
    for command, pause, amount, which in history:
        now += pause
        with session.begin_nested() as savepoint:
            try:
                command(session, both[which], now, amount)
            except Refused:
                savepoint.rollback()
    recount_cases(session, [one.case.id for one in both[:1]])  # once too often changes nothing
    now += timedelta(minutes=1)
    deliver(session, None, now, 0)
    for one in both:
        agrees(session, one.authority, now)
    fold(session, None, now, 0)
    assert session.scalar(select(func.count()).select_from(TallyDelta)) == 0
    for one in both:
        for later in (now, now + timedelta(days=3), now + timedelta(days=40)):
            agrees(session, one.authority, later)
    assert recounting.wrong_totals(session) == []


def agrees(session: Session, authority: Organisation, now) -> None:
    """Each number of the rollups is what the list behind it holds."""
    session.flush()
    found = totals(session, Reach((authority.id,), authority.id), date(2026, 1, 1), now)
    mine = Case.authority_id == authority.id
    today = local_day(now)
    for period in (Period(date(2026, 1, 1), today), Period(today - timedelta(days=2), today - timedelta(days=1))):
        for indicator in Indicator:
            counts = [
                session.scalar(select(func.count()).where(mine, in_part(indicator, part, period, now)))
                for part in (Part.MET, Part.ALL)
            ]
            assert found.rate(indicator, period) == Rate(*counts), (indicator, period)
        for cause in FailureCause:
            inside = Case.concluded_at.between(
                start_of_day(period.first) + timedelta(microseconds=1), end_of_day(period.last)
            )
            held = session.scalar(select(func.count()).where(mine, Case.cause == cause, inside))
            assert found.failures(cause, period) == held, cause
    for name, condition in STANDING.items():
        assert found.standing(name) == session.scalar(select(func.count()).where(mine, condition)), name
    assert found.unpaid == session.scalar(select(func.count()).where(mine, UNPAID))
    newest = select(func.max(Agreement.id)).where(Agreement.case_id == Case.id).correlate(Case).scalar_subquery()
    owed = select(func.coalesce(func.sum(Agreement.outlay), 0)).join(Case, Agreement.id == newest).where(mine, UNPAID)
    assert found.owed == session.scalar(owed)


def test_standings_rank_merchants_as_a_direct_count_does(runtime, clock) -> None:
    with runtime.writing() as session:
        city = people.authority(session)
        district = people.authority(session, "厦门市湖里区第二市场监督管理局", parent=city)
        merchants = [people.merchant(session, district, name=f"厦门第{number}家商行") for number in range(4)]
        for number, merchant in enumerate(merchants):
            for serial in range(10 + 8 * number):
                due = NOW - timedelta(days=1 + serial)
                concluded = due + timedelta(days=1 if serial % (number + 2) == 0 else -1)
                place = city if serial % 3 == 0 else district
                disputes.case(
                    session, place, merchant, state=CaseState.AGREED, respond_by=due, agreed_at=concluded,
                    concluded_at=concluded,
                )  # fmt: skip
        session.commit()
        top, reach = city.id, Reach((city.id, district.id), city.id)
    assert recounting.recount_all(runtime) == 0  # the first recount fills
    jobs.fold(runtime)
    for _ in range(2):
        now = runtime.now()
        with runtime.reading() as session:
            known = totals(session, reach, date(2026, 1, 1), now)
            assert known.standings_on == local_day(now)
            for name in PERIODS:
                kept = best_merchants(session, reach, name, known, now, limit=10)
                counted = best_merchants(session, Reach(reach.authorities, None), name, known, now, limit=10)
                assert kept == counted == ranked(kept)
                assert {one[0]: one[2] for one in kept} == directly(session, reach, period_named(name, local_day(now)))
            assert session.scalar(select(func.count()).where(MerchantStanding.authority_id == top)) > 0
        clock.advance(days=12)
        jobs.fold(runtime)


def directly(session, reach, period) -> dict[int, Rate]:
    inside = Case.respond_by.between(
        start_of_day(period.first) + timedelta(microseconds=1), end_of_day(period.last - timedelta(days=1))
    )
    rows = session.execute(
        select(Case.merchant_id, Case.concluded_at <= Case.respond_by).where(
            Case.authority_id.in_(reach.authorities), inside
        )
    ).all()
    return {
        merchant: Rate(sum(bool(met) for one, met in rows if one == merchant), sum(one == merchant for one, _ in rows))
        for merchant in {one for one, _ in rows}
    }


@pytest.fixture
def recounted(runtime):
    """A house with one agreed case, recounted and folded."""
    with runtime.writing() as session:
        dispute = settling.dispute(session)
        settling.agreed(session, dispute)
        deliver(session, None, NOW + timedelta(hours=1), 0)
        session.commit()
    recounting.recount_all(runtime)
    jobs.fold(runtime)
    return dispute


def test_an_upgraded_installation_gets_its_rollups_once(runtime, clock) -> None:
    with runtime.writing() as session:
        dispute = settling.dispute(session, state=CaseState.NEGOTIATING)
        session.commit()
    assert jobs.fill_rollups(runtime)
    assert not jobs.fill_rollups(runtime)
    with runtime.reading() as session:
        assert session.scalars(select(CaseTally.id)).all() == [dispute.case.id]
        agrees(session, dispute.authority, clock.now())


def test_a_recount_finds_a_case_that_was_changed_behind_its_back(runtime, clock, recounted) -> None:
    with runtime.writing() as session:
        session.execute(update(Case).values(concluded_at=NOW - timedelta(days=3)))
        session.commit()
    clock.advance(days=1)
    assert jobs.recount_nightly(runtime) == 1
    assert jobs.recount_nightly(runtime) == 0  # once a night
    with runtime.reading() as session:
        state = folding.state_of(session)
        assert (state.checked, state.corrected, state.corrected_at) == (1, 1, clock.now())
        told = session.scalars(select(Fact).where(Fact.topic == Topic.TALLY_CORRECTED)).one()
        assert told.detail == {"checked": 1, "corrected": 1}
        agrees(session, recounted.authority, clock.now())
    clock.advance(days=1)
    assert jobs.recount_nightly(runtime) == 0


def test_a_recount_leaves_alone_what_a_waiting_fact_will_count(runtime, clock, recounted) -> None:
    with runtime.writing() as session:
        session.execute(update(Case).values(concluded_at=NOW - timedelta(days=3)))
        facts.record(session, SYSTEM, Topic.CASE_NOTED, SubjectKind.CASE, recounted.case.id, at=NOW)
        session.commit()
    clock.advance(days=1)
    assert jobs.recount_nightly(runtime) == 0
    with runtime.writing() as session:
        deliver(session, None, clock.now(), 0)
        agrees(session, recounted.authority, clock.now())


def test_a_recount_corrects_a_total_that_is_wrong(runtime, clock, recounted) -> None:
    with runtime.writing() as session:
        session.execute(update(Tally).where(Tally.measure == Indicator.SETTLED.value).values(cases=7))
        session.commit()
    clock.advance(days=1)
    assert jobs.recount_nightly(runtime) == 1
    with runtime.reading() as session:
        agrees(session, recounted.authority, clock.now())
        assert session.scalar(select(func.count()).select_from(CaseTally)) == 1


def test_a_gatherer_that_fails_holds_up_no_fact(runtime, clock, recounted) -> None:
    def stumble(session, told, *, now):
        session.execute(update(Tally).values(cases=99))
        raise RuntimeError

    stumble.__name__ = "stumble"
    with runtime.writing() as session:
        facts.record(session, SYSTEM, Topic.CASE_NOTED, SubjectKind.CASE, recounted.case.id, at=NOW)
        session.flush()
        taken = take_due_facts(
            session, SYSTEM, TakeFacts(dict.fromkeys(HANDLERS, ()), (stumble,)), now=NOW + timedelta(hours=1)
        )
        assert taken > 0
        assert session.scalar(select(func.count()).where(Tally.cases == 99)) == 0


def test_the_board_shows_what_its_lists_hold(client_for, runtime, session: Session) -> None:
    district = people.authority(session)
    merchant = people.merchant(session, district)
    for number in range(24):
        failed = number % 4 == 0
        due = start_of_day(local_day(NOW) - timedelta(days=number))  # 24:00 of the day before
        disputes.case(
            session, district, merchant,
            state=CaseState.FAILED if failed else CaseState.AGREED, cause=FailureCause.MERCHANT_DELAY if failed else None,
            respond_by=due, concluded_at=due, agreed_at=None if failed else due,
        )  # fmt: skip
    officer = people.member(session, district.id, Role.OFFICER)
    session.commit()
    recounting.recount_all(runtime)
    client = client_for(officer)
    counts = {"month": "18 / 24", "quarter": "18 / 24", "half": "18 / 24", "year": "18 / 24"}
    for period, shown in counts.items():
        assert shown in client.get(f"/regulator/?period={period}").text
    since, until = local_day(NOW) - timedelta(days=3), local_day(NOW)
    missed = f"/regulator/cases?tab=all&indicator=settled&part=missed&since={since}&until={until}"
    assert client.get(missed).text.count('href="/regulator/cases/HL') == 1
