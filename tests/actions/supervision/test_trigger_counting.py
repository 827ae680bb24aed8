"""What each trigger counts, from real rows, on both databases; and who is looked at again."""

import secrets
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from portal.cases.rules import CaseState, FailureCause
from portal.core.actor import SYSTEM, Role
from portal.core.errors import NotAllowed, RuleBroken
from portal.indicators.rules import Period
from portal.settlements.models import Callback
from portal.settlements.rules.words import CallbackOccasion, CallbackResult
from portal.supervision import jobs, settings, triggers
from portal.supervision.counting import behind, changed_merchants, counted, merchants_below
from portal.supervision.rules.sanctions import Level
from portal.supervision.rules.triggers import Figures, Setting, Trigger
from portal.supervision.sanction_models import SanctionProposal
from portal.supervision.settings import SetTrigger
from portal.supervision.triggers import Watch
from tests.conftest import NOW
from tests.factories import disputes, goods, people, settling
from tests.factories import sanctions as made

DAY = timedelta(days=1)
PERIOD = Period(date(2026, 8, 1), date(2026, 8, 11))


@pytest.fixture
def district(session):
    return people.authority(session)


@pytest.fixture
def merchant(session, district):
    return people.merchant(session, district)


def concluded(session, district, merchant, *, agreed, days_ago=3):
    ended = NOW - days_ago * DAY
    state = CaseState.CLOSED_SETTLED if agreed else CaseState.FAILED
    known = {"agreed_at": ended} if agreed else {"cause": FailureCause.NO_AGREEMENT}
    return disputes.case(session, district, merchant, state=state, concluded_at=ended, **known)


def test_a_rate_names_what_is_missing_in_it(session, district, merchant):
    cases = [concluded(session, district, merchant, agreed=number < 3) for number in range(10)]
    found = counted(session, Trigger.SETTLEMENT_RATE, [merchant.id], PERIOD, now=NOW)
    assert found == {merchant.id: Figures(3, 10)}
    listed = behind(session, Trigger.SETTLEMENT_RATE, merchant.id, PERIOD, now=NOW)
    assert listed == {"cases": sorted(case.reference for case in cases[3:])}


def test_a_denied_agreement_is_false_feedback_and_counted_once_a_case(session):
    dispute = settling.dispute(session)
    agreement = settling.agreed(session, dispute, now=NOW - 5 * DAY)
    for occasion, result in (
        (CallbackOccasion.SILENCE, CallbackResult.NOT_RECEIVED),
        (CallbackOccasion.UNVERIFIED, CallbackResult.DISOWNED),
    ):
        session.add(
            Callback(
                reference=secrets.token_hex(8),
                case_id=dispute.case.id,
                agreement_id=agreement.id,
                occasion=occasion,
                added_at=NOW - 4 * DAY,
                result=result,
                tried_by="陈立",
                done_at=NOW - 3 * DAY,
            )
        )
    session.flush()
    found = counted(session, Trigger.FALSE_FEEDBACK, [dispute.merchant.id], PERIOD, now=NOW)
    assert found == {dispute.merchant.id: Figures(1)}
    assert dispute.merchant.id in changed_merchants(session, PERIOD, now=NOW)


def test_a_notice_that_nobody_confirmed_in_time_counts(session, district, merchant):
    officer = people.actor(session, people.member(session, district.id, Role.OFFICER))
    earlier = NOW - 3 * DAY
    row = goods.registered(session, officer, now=earlier)
    goods.notified(session, officer, row, now=earlier)
    found = counted(session, Trigger.GOODS, [merchant.id], PERIOD, now=NOW)
    assert found == {merchant.id: Figures(1)}
    assert behind(session, Trigger.GOODS, merchant.id, PERIOD, now=NOW) == {"goods": [row.reference]}


@pytest.mark.parametrize(("last_day", "ended"), [(date(2026, 8, 10), 1), (date(2026, 8, 11), 0), (None, 0)])
def test_a_licence_counts_from_the_day_behind_its_last(session, merchant, last_day, ended):
    merchant.licence_until_on = last_day
    session.flush()
    assert len(counted(session, Trigger.LICENCE, [merchant.id], PERIOD, now=NOW)) == ended
    assert (merchant.id in changed_merchants(session, PERIOD, now=NOW)) is bool(ended)


def setting(**changes):
    known = {
        "code": Trigger.OVERDUE,
        "threshold": 2,
        "least": 0,
        "days": 30,
        "first_on": date(2026, 8, 12),
        "basis": "湖里区市监局文件",
    }
    return Setting(**{**known, **changes})


def test_only_a_chief_sets_a_trigger_and_not_for_days_that_are_over(session, district):
    chief = people.actor(session, people.member(session, district.id, Role.CHIEF))
    officer = people.actor(session, people.member(session, district.id, Role.OFFICER))
    row = settings.set_trigger(session, chief, SetTrigger(setting(), Level.RECTIFY, active=True), now=NOW)
    assert (row.organisation_id, row.is_own_rule) == (district.id, False)
    late = SetTrigger(setting(first_on=date(2026, 8, 11)), Level.RECTIFY, active=True)
    with pytest.raises(RuleBroken, match="不能早于今天"):
        settings.set_trigger(session, chief, late, now=NOW)
    for actor in (officer, SYSTEM):
        with pytest.raises(NotAllowed):
            settings.set_trigger(session, actor, SetTrigger(setting(), Level.REMIND, active=True), now=NOW)


def test_an_authoritys_own_row_holds_for_its_merchants_only(session, district, merchant):
    chief = people.actor(session, people.member(session, district.id, Role.CHIEF))
    settings.set_trigger(session, chief, SetTrigger(setting(), Level.RECTIFY, active=True), now=NOW)
    elsewhere = people.authority(session, "厦门市思明区市场监督管理局", prefix="SM")
    other = people.merchant(session, elsewhere)
    for place, firm in ((district, merchant), (elsewhere, other)):
        for days_ago in (2, 3):
            made.overdue(session, place, firm, days_ago=days_ago)
    assert triggers.watch_merchants(session, SYSTEM, Watch((merchant.id, other.id)), now=NOW) == 1
    row = session.scalars(select(SanctionProposal)).one()
    assert (row.merchant_id, row.level) == (merchant.id, Level.RECTIFY)


def test_a_trigger_that_is_switched_off_proposes_nothing(session, district, merchant):
    chief = people.actor(session, people.member(session, district.id, Role.CHIEF))
    settings.set_trigger(session, chief, SetTrigger(setting(), Level.RECTIFY, active=False), now=NOW)
    for days_ago in (2, 3, 4):
        made.overdue(session, district, merchant, days_ago=days_ago)
    assert triggers.watch_merchants(session, SYSTEM, Watch((merchant.id,)), now=NOW) == 0


def test_a_new_rule_has_its_merchants_looked_at_again(own_runtime, clock):
    with own_runtime.writing() as session:
        district = people.authority(session)
        firm = people.merchant(session, district)
        chief = people.actor(session, people.member(session, district.id, Role.CHIEF))
        for days_ago in (3, 4):
            made.overdue(session, district, firm, days_ago=days_ago)
        session.commit()
    assert jobs.watch_due(own_runtime) == 0
    with own_runtime.writing() as session:
        settings.set_trigger(session, chief, SetTrigger(setting(), Level.RECTIFY, active=True), now=clock.now())
        session.commit()
    clock.advance(days=1)
    assert jobs.watch_due(own_runtime) == 1


def test_invented_cases_of_a_practice_never_count(session, district, merchant):
    practice = people.merchant(session, district)
    practice.practice_of_id = merchant.id
    for days_ago in (2, 3, 4):
        made.overdue(session, district, practice, days_ago=days_ago)
    assert triggers.watch_merchants(session, SYSTEM, Watch((practice.id,)), now=NOW) == 0
    assert merchants_below(session, None, 0, 10) == [merchant.id]


def test_one_that_is_suspended_is_proposed_for_the_step_behind(session, district, merchant):
    officer = people.actor(session, people.member(session, district.id, Role.OFFICER))
    chief = people.actor(session, people.member(session, district.id, Role.CHIEF))
    made.taken(session, chief, made.by_hand(session, officer, merchant), made.SUSPEND)
    later = NOW + 400 * DAY  # what was done before counts no more
    assert made.by_hand(session, officer, merchant, Trigger.LICENCE, now=later).level is Level.EXIT
