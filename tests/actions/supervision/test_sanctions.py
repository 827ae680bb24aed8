"""From figures to a proposal, a measure, and the way back; on both databases."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from portal.cases.models import Case
from portal.core.actor import SYSTEM, Role
from portal.core.errors import NotAllowed, NotFound, RuleBroken
from portal.core.facts import Fact, Topic
from portal.core.uploads import Upload
from portal.documents.models import Document, DocumentKind, DocumentState
from portal.documents.queries import verification
from portal.enrolment.models import Merchant, MerchantState
from portal.notifications.queries import notices as desk
from portal.supervision import jobs, measures, sanctions, triggers
from portal.supervision.measures import (
    AnswerMeasure,
    ConfirmMeasure,
    LiftMeasure,
    ProlongMeasure,
    ReplaceMeasure,
    StateObjection,
)
from portal.supervision.rules.sanctions import Level, MeasureState, ProposalState
from portal.supervision.rules.triggers import Trigger
from portal.supervision.sanction_models import Measure, SanctionProposal
from portal.supervision.sanctions import DeclineProposal
from portal.supervision.triggers import Watch
from portal.worker import dispatch
from tests.conftest import NOW
from tests.factories import people
from tests.factories import sanctions as made

DAY = timedelta(days=1)


class Place:
    """A district with an officer, a chief and a merchant; and another district."""

    def __init__(self, session):
        self.district = people.authority(session)
        elsewhere = people.authority(session, "厦门市思明区市场监督管理局", prefix="SM")
        self.merchant = people.merchant(session, self.district)
        self.other = people.merchant(session, elsewhere)
        self.officer = self._actor(session, self.district.id, Role.OFFICER)
        self.chief = self._actor(session, self.district.id, Role.CHIEF)
        self.auditor = self._actor(session, self.district.id, Role.AUDITOR)
        self.stranger = self._actor(session, elsewhere.id, Role.CHIEF)
        self.principal = self._actor(session, self.merchant.id, Role.PRINCIPAL)
        self.agent = self._actor(session, self.merchant.id, Role.AGENT)
        self.rival = self._actor(session, self.other.id, Role.PRINCIPAL)

    @staticmethod
    def _actor(session, organisation_id, role):
        return people.actor(session, people.member(session, organisation_id, role))


@pytest.fixture
def place(session):
    return Place(session)


def count_of(session, merchant):
    return session.scalars(
        select(func.count()).select_from(SanctionProposal).where(SanctionProposal.merchant_id == merchant.id)
    ).one()


def test_three_overdue_cases_make_one_proposal_with_frozen_figures(session, place):
    row = made.proposed(session, place.district, place.merchant)
    assert (row.code, row.level, row.numerator) == (Trigger.OVERDUE, Level.REMIND, 3)
    assert (row.first_on, row.last_on) == (date(2026, 5, 14), date(2026, 8, 11))
    assert len(row.behind["cases"]) == 3
    made.overdue(session, place.district, place.merchant, days_ago=2)
    triggers.watch_merchants(session, SYSTEM, Watch((place.merchant.id,)), now=NOW)
    assert (count_of(session, place.merchant), row.numerator) == (1, 3)


def test_two_are_not_enough_and_today_does_not_count(session, place):
    for days_ago in (0, 2, 3):
        made.overdue(session, place.district, place.merchant, days_ago=days_ago)
    triggers.watch_merchants(session, SYSTEM, Watch((place.merchant.id,)), now=NOW)
    assert count_of(session, place.merchant) == 0


def test_what_was_decided_counts_no_more(session, place):
    row = made.proposed(session, place.district, place.merchant)
    sanctions.decline_proposal(session, place.officer, DeclineProposal(row.reference, "系统故障"), now=NOW)
    tomorrow = NOW + DAY
    made.overdue(session, place.district, place.merchant, days_ago=0, now=NOW)
    triggers.watch_merchants(session, SYSTEM, Watch((place.merchant.id,)), now=tomorrow)
    assert count_of(session, place.merchant) == 1


def test_the_daily_duty_looks_at_whom_something_happened_to(own_runtime, clock):
    with own_runtime.writing() as session:
        place = Place(session)
        for days_ago in (1, 2, 3):
            made.overdue(session, place.district, place.merchant, days_ago=days_ago)
        session.commit()
    assert (jobs.watch_due(own_runtime), jobs.watch_due(own_runtime)) == (1, 0)
    clock.advance(days=1)
    with own_runtime.writing() as session:
        other = session.get_one(Merchant, place.other.id)
        authority = session.get_one(type(place.district), other.authority_id)
        for _ in range(3):
            made.overdue(session, authority, other, days_ago=1, now=clock.now())
        session.commit()
    assert (jobs.watch_due(own_runtime), jobs.watch_due(own_runtime)) == (1, 0)
    with own_runtime.reading() as session:
        assert count_of(session, place.merchant) == count_of(session, place.other) == 1


def test_from_the_proposal_to_the_lifting(session, place):
    row = made.proposed(session, place.district, place.merchant)
    measure = made.taken(session, place.officer, row)
    assert (row.state, measure.level, measure.state) == (ProposalState.TAKEN, Level.RECTIFY, MeasureState.ISSUED)
    measures.confirm_measure(session, place.principal, ConfirmMeasure(measure.number), now=NOW)
    measures.state_objection(session, place.principal, StateObjection(measure.number, "当日停电"), now=NOW)
    measures.answer_measure(session, place.principal, AnswerMeasure(measure.number, "已增加两名客服"), now=NOW)
    assert measure.state is MeasureState.ANSWERED
    longer = ProlongMeasure(measure.number, "仍有一件未结", date(2026, 9, 1))
    measures.prolong_measure(session, place.officer, longer, now=NOW)
    assert (measure.state, measure.rectify_on) == (MeasureState.RECEIVED, date(2026, 9, 1))
    measures.lift_measure(session, place.officer, LiftMeasure(measure.number, "已办结"), now=NOW)
    assert (measure.state, measure.closed_at) == (MeasureState.CLOSED, NOW)


def test_the_paper_is_numbered_and_verifiable(session, place):
    measure = made.taken(session, place.officer, made.proposed(session, place.district, place.merchant))
    assert measure.number == "CS-HL2608-0001"
    document = session.get_one(Document, measure.document_id)
    assert (document.kind, document.case_id) == (DocumentKind.MEASURE, None)
    assert verification(session, measure.number, document.check_code).proof.in_force
    measures.lift_measure(session, place.officer, LiftMeasure(measure.number, "已办结"), now=NOW)
    assert document.state is DocumentState.REPLACED
    assert "已解除" in verification(session, measure.number, document.check_code).proof.state


def test_a_reminder_is_over_with_its_receipt(session, place):
    measure = made.taken(session, place.officer, made.proposed(session, place.district, place.merchant), made.REMIND)
    measures.confirm_measure(session, place.principal, ConfirmMeasure(measure.number), now=NOW)
    assert (measure.state, measure.closed_at) == (MeasureState.CLOSED, NOW)


def test_suspending_and_leaving_are_the_chiefs_to_decide(session, place):
    row = made.proposed(session, place.district, place.merchant)
    with pytest.raises(NotAllowed):
        made.taken(session, place.officer, row, made.SUSPEND)
    session.rollback()


def test_a_suspension_is_carried_out_and_taken_back(session, place):
    row = made.proposed(session, place.district, place.merchant)
    measure = made.taken(session, place.chief, row, made.SUSPEND)
    assert place.merchant.state is MerchantState.SUSPENDED
    assert measure.number in place.merchant.suspension_reason
    measures.confirm_measure(session, place.principal, ConfirmMeasure(measure.number), now=NOW)
    measures.answer_measure(session, place.principal, AnswerMeasure(measure.number, "积压已办结"), now=NOW)
    with pytest.raises(NotAllowed):
        measures.lift_measure(session, place.officer, LiftMeasure(measure.number, "同意"), now=NOW)
    measures.lift_measure(session, place.chief, LiftMeasure(measure.number, "同意恢复"), now=NOW)
    assert (place.merchant.state, place.merchant.suspended_at) == (MerchantState.ADMITTED, None)


def test_a_suspension_of_old_gets_a_paper_and_the_way_back(session, place):
    place.merchant.state, place.merchant.suspended_at, place.merchant.suspension_reason = (
        MerchantState.SUSPENDED,
        NOW - DAY,
        "多次逾期未办",
    )
    session.flush()
    measure = made.taken(session, place.chief, made.proposed(session, place.district, place.merchant), made.SUSPEND)
    assert (place.merchant.state, place.merchant.suspended_at) == (MerchantState.SUSPENDED, NOW - DAY)
    assert measure.number in place.merchant.suspension_reason
    second = made.by_hand(session, place.officer, place.merchant)
    with pytest.raises(RuleBroken, match="不能暂停分流"):
        made.taken(session, place.chief, second, made.SUSPEND)


def test_the_next_step_has_a_paper_of_its_own(session, place):
    first = made.taken(session, place.officer, made.proposed(session, place.district, place.merchant))
    again = ReplaceMeasure(first.number, made.REMIND)
    with pytest.raises(RuleBroken, match="须比现在的重"):
        measures.replace_measure(session, place.officer, again, now=NOW)
    second = measures.replace_measure(session, place.chief, replace(again, order=made.EXIT), now=NOW)
    assert (first.state, second.previous_id, second.level) == (MeasureState.REPLACED, first.id, Level.EXIT)
    assert (place.merchant.state, place.merchant.readmit_on) == (MerchantState.EXITED, date(2026, 11, 12))


def test_one_who_left_keeps_open_cases_and_comes_back_on_the_fixed_day(session, place):
    case = made.overdue(session, place.district, place.merchant)
    row = made.by_hand(session, place.officer, place.merchant, Trigger.OWN_REQUEST)
    assert row.level is Level.EXIT
    measure = made.taken(session, place.chief, row, made.EXIT)
    assert session.get_one(Case, case.id).merchant_id == place.merchant.id
    measures.confirm_measure(session, place.principal, ConfirmMeasure(measure.number), now=NOW)
    ask = AnswerMeasure(measure.number, "请求恢复入驻")
    with pytest.raises(RuleBroken, match="2026-11-12"):
        measures.answer_measure(session, place.principal, ask, now=NOW)
    later = NOW + timedelta(days=92)
    measures.answer_measure(session, place.principal, ask, now=later)
    measures.lift_measure(session, place.chief, LiftMeasure(measure.number, "材料齐全"), now=later)
    assert (place.merchant.state, place.merchant.exited_on) == (MerchantState.ADMITTED, None)
    topics = session.scalars(select(Fact.topic).where(Fact.subject_id == place.merchant.id)).all()
    assert {Topic.MERCHANT_EXITED, Topic.MERCHANT_READMITTED} <= set(topics)


def test_the_second_proposal_is_a_step_heavier(session, place):
    made.taken(session, place.officer, made.proposed(session, place.district, place.merchant))
    row = made.by_hand(session, place.officer, place.merchant)
    assert row.level is Level.SUSPEND


def test_a_proposal_by_hand_needs_its_reason_and_comes_once(session, place):
    made.by_hand(session, place.officer, place.merchant)
    with pytest.raises(RuleBroken, match="同一原因"):
        made.by_hand(session, place.officer, place.merchant)
    for wrong, refusal in ((place.auditor, NotAllowed), (place.stranger, NotFound)):
        with pytest.raises(refusal):
            made.by_hand(session, wrong, place.merchant, Trigger.LICENCE)


def test_a_proposal_is_decided_once(session, place):
    row = made.proposed(session, place.district, place.merchant)
    with pytest.raises(RuleBroken, match="须写明理由"):
        sanctions.decline_proposal(session, place.officer, DeclineProposal(row.reference, " "), now=NOW)
    sanctions.decline_proposal(session, place.officer, DeclineProposal(row.reference, "不属实"), now=NOW)
    with pytest.raises(RuleBroken, match="已经有人决定"):
        made.taken(session, place.officer, row)


def test_each_side_does_its_own_part_of_a_measure(session, place):
    measure = made.taken(session, place.officer, made.proposed(session, place.district, place.merchant))
    for wrong in (place.agent, place.officer):
        with pytest.raises(NotAllowed):
            measures.confirm_measure(session, wrong, ConfirmMeasure(measure.number), now=NOW)
    for stranger in (place.rival, place.stranger):
        with pytest.raises(NotFound):
            measures.confirm_measure(session, stranger, ConfirmMeasure(measure.number), now=NOW)
    with pytest.raises(RuleBroken, match="状态已经变了"):
        measures.answer_measure(session, place.principal, AnswerMeasure(measure.number, "早了"), now=NOW)
    with pytest.raises(NotAllowed):
        measures.lift_measure(session, place.auditor, LiftMeasure(measure.number, "好"), now=NOW)


def test_what_is_over_takes_no_statement_and_what_is_empty_none_either(session, place):
    measure = made.taken(session, place.officer, made.proposed(session, place.district, place.merchant))
    with pytest.raises(RuleBroken, match="请写明情况"):
        measures.state_objection(session, place.principal, StateObjection(measure.number, " "), now=NOW)
    eleven = tuple(Upload(f"{number}.png", b"") for number in range(11))
    with pytest.raises(RuleBroken, match="一次最多上传 10 个"):
        measures.state_objection(session, place.principal, StateObjection(measure.number, "见图", eleven), now=NOW)
    measures.lift_measure(session, place.officer, LiftMeasure(measure.number, "已办结"), now=NOW)
    with pytest.raises(RuleBroken, match="已经结束"):
        measures.state_objection(session, place.principal, StateObjection(measure.number, "迟了"), now=NOW)


def test_who_left_waits_for_the_new_day(session, place):
    measure = made.taken(session, place.chief, made.proposed(session, place.district, place.merchant), made.EXIT)
    with pytest.raises(RuleBroken, match="须在今天之后"):
        measures.prolong_measure(
            session, place.chief, ProlongMeasure(measure.number, "材料不齐", date(2026, 8, 12)), now=NOW
        )
    longer = ProlongMeasure(measure.number, "材料不齐", date(2027, 1, 1))
    measures.prolong_measure(session, place.chief, longer, now=NOW)
    assert measure.earliest_on == place.merchant.readmit_on == date(2027, 1, 1)


def test_a_proposal_about_one_who_left_or_without_a_word_is_refused(session, place):
    silent = sanctions.ProposeByHand(place.merchant.organisation.code, Trigger.LICENCE, " ")
    with pytest.raises(RuleBroken, match="请写明情况和依据"):
        sanctions.propose_by_hand(session, place.officer, silent, now=NOW)
    made.taken(session, place.chief, made.proposed(session, place.district, place.merchant), made.EXIT)
    with pytest.raises(RuleBroken, match="已经退出"):
        made.by_hand(session, place.officer, place.merchant)


def test_a_decision_that_was_wrong_is_taken_back_at_once(session, place):
    measure = made.taken(session, place.chief, made.proposed(session, place.district, place.merchant), made.EXIT)
    measures.lift_measure(session, place.chief, LiftMeasure(measure.number, "申辩成立"), now=NOW)
    assert (place.merchant.state, place.merchant.readmit_on) == (MerchantState.ADMITTED, None)


def test_each_desk_is_told_of_what_the_other_did(runtime, session, place):
    proposal = made.proposed(session, place.district, place.merchant)
    session.commit()
    dispatch(runtime)
    assert [one.path for one in desk(session, place.officer, None).rows] == [
        f"/regulator/sanctions/{proposal.reference}"
    ]
    measure = made.taken(session, place.officer, proposal)
    measures.state_objection(session, place.principal, StateObjection(measure.number, "当日停电"), now=NOW)
    measures.lift_measure(session, place.officer, LiftMeasure(measure.number, "申辩成立"), now=NOW)
    session.commit()
    dispatch(runtime)
    dispatch(runtime)
    mine = [one.path for one in desk(session, place.principal, None).rows]
    assert mine == [f"/merchant/measures/{measure.number}"] * 2
    assert f"/regulator/measures/{measure.number}" in [one.path for one in desk(session, place.officer, None).rows]


def test_what_an_officer_proposed_himself_is_no_news(runtime, session, place):
    made.by_hand(session, place.officer, place.merchant)
    session.commit()
    dispatch(runtime)
    assert not desk(session, place.officer, None).rows


def test_what_may_be_seen_is_what_the_condition_shows(session, place):
    measure = made.taken(session, place.officer, made.proposed(session, place.district, place.merchant))
    proposal = session.get_one(SanctionProposal, measure.proposal_id)
    everyone = (place.officer, place.stranger, place.principal, place.rival, place.auditor, SYSTEM)
    for actor in everyone:
        shown = session.scalars(select(Measure).where(measures.visible_to(actor))).all()
        assert (measure in shown) is measures.may_see(actor, measure)
        open_ones = session.scalars(select(SanctionProposal).where(sanctions.visible_to(actor))).all()
        assert (proposal in open_ones) is sanctions.may_see(actor, proposal)
