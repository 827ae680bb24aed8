"""What a consumer does beside answering: ask the authority, take the complaint back, let it rest."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.links import consumer_of, issue_link
from portal.accounts.models import ConsumerLink
from portal.cases.models import Case
from portal.cases.rules import CaseState, Channel, FailureCause, Turn
from portal.clocks.rules import local_day
from portal.core.actor import SYSTEM, Actor, ActorKind, Role
from portal.core.errors import NotAllowed, NotFound, RuleBroken
from portal.core.facts import Fact, SubjectKind, Topic
from portal.intake.models import Filing
from portal.intake.states import AdminState
from portal.mediation.actions import Escalate, LayAside, WithdrawComplaint, escalate, lay_aside, withdraw_complaint
from portal.mediation.queries import official_side
from portal.settlements.models import Offer
from portal.settlements.rules import Answer, Side
from tests.conftest import NOW
from tests.factories import disputes, people

LATER = NOW + timedelta(days=2)
OPEN = [CaseState.DISPATCHED, CaseState.ACCEPTED, CaseState.NEGOTIATING, CaseState.OFFERED]
UNENDED = [CaseState.WAITING, CaseState.RETURNED, CaseState.AGREED, CaseState.PERFORMED, CaseState.BREACHED]


def dispute(session: Session, state: CaseState, channel: Channel = Channel.REGULATOR, **changes: Any) -> Case:
    authority = people.authority(session)
    merchant = people.merchant(session, authority)
    case = disputes.case(session, authority, merchant, state=state, channel=channel, **changes)
    if channel is Channel.GREEN:
        filing_of(session, case).admin_state = AdminState.NONE
    session.flush()
    return case


def filing_of(session: Session, case: Case) -> Filing:
    return session.scalars(select(Filing).where(Filing.case_id == case.id)).one()


def consumer(case: Case) -> Actor:
    return Actor(ActorKind.CONSUMER, case_id=case.id, link_id=1)


def pending(session: Session, case: Case) -> Offer:
    offer = Offer(
        case_id=case.id,
        round=1,
        side=Side.MERCHANT,
        outlay=128_000,
        digest="d" * 64,
        made_at=NOW,
        made_by="林晓燕",
        visible_at=NOW,
        expires_at=NOW + timedelta(days=3),
    )
    session.add(offer)
    session.flush()
    return offer


def topics(session: Session, kind: SubjectKind, subject_id: int) -> list[Topic]:
    return list(
        session.scalars(
            select(Fact.topic).where(Fact.subject_kind == kind, Fact.subject_id == subject_id).order_by(Fact.id)
        )
    )


@pytest.mark.parametrize("state", OPEN)
def test_asking_the_authority_ends_a_negotiation_and_starts_its_clock(session: Session, state: CaseState) -> None:
    case = dispute(session, state, Channel.GREEN)
    escalate(session, consumer(case), Escalate(case.id), now=NOW)
    session.flush()
    filing = filing_of(session, case)
    assert (case.state, case.cause) == (CaseState.FAILED, FailureCause.CONSUMER_ESCALATED)
    assert case.turn is Turn.OFFICER
    assert (filing.admin_state, filing.escalated_at) == (AdminState.RECEIVED, NOW)
    assert filing.decide_by is not None
    assert local_day(filing.decide_by - timedelta(seconds=1)).isoformat() == "2026-08-21"  # 7 working days, art 15
    assert topics(session, SubjectKind.CASE, case.id) == [Topic.CASE_FAILED]
    assert topics(session, SubjectKind.FILING, filing.id) == [Topic.FILING_ESCALATED]


def test_a_routed_filing_keeps_its_clock_and_is_marked(session: Session) -> None:
    case = dispute(session, CaseState.NEGOTIATING)
    filing = filing_of(session, case)
    filing.decide_by = NOW + timedelta(days=5)
    escalate(session, consumer(case), Escalate(case.id), now=NOW)
    assert (filing.admin_state, filing.decide_by) == (AdminState.RECEIVED, NOW + timedelta(days=5))
    assert filing.escalated_at == NOW
    assert case.state is CaseState.FAILED


@pytest.mark.parametrize("state", UNENDED)
def test_asking_outside_a_negotiation_leaves_its_state(session: Session, state: CaseState) -> None:
    case = dispute(session, state, Channel.GREEN)
    escalate(session, consumer(case), Escalate(case.id), now=NOW)
    assert case.state is state  # an agreement stands: its money is still owed
    assert filing_of(session, case).admin_state is AdminState.RECEIVED


def test_asking_during_a_second_chance_leaves_the_first_cause(session: Session) -> None:
    failed = dispute(session, CaseState.OFFERED, cause=FailureCause.MERCHANT_DELAY)
    breached = dispute(session, CaseState.OFFERED, agreed_at=NOW, perform_by=LATER)
    for case, state in ((failed, CaseState.FAILED), (breached, CaseState.BREACHED)):
        offer = pending(session, case)
        escalate(session, consumer(case), Escalate(case.id), now=NOW)
        assert (case.state, offer.answer) == (state, Answer.VOID)
        assert Topic.CASE_FAILED not in topics(session, SubjectKind.CASE, case.id)  # not counted a second time
    assert failed.cause is FailureCause.MERCHANT_DELAY


def test_asking_twice_changes_nothing(session: Session) -> None:
    case = dispute(session, CaseState.OFFERED, Channel.GREEN)
    escalate(session, consumer(case), Escalate(case.id), now=NOW)
    escalate(session, consumer(case), Escalate(case.id), now=LATER)
    session.flush()
    filing = filing_of(session, case)
    assert filing.escalated_at == NOW
    assert topics(session, SubjectKind.FILING, filing.id) == [Topic.FILING_ESCALATED]
    assert topics(session, SubjectKind.CASE, case.id) == [Topic.CASE_FAILED]


@pytest.mark.parametrize("state", [CaseState.CLOSED_SETTLED, CaseState.CLOSED_UNCONFIRMED, CaseState.WITHDRAWN])
def test_an_ended_complaint_is_not_taken_up(session: Session, state: CaseState) -> None:
    case = dispute(session, state)
    with pytest.raises(RuleBroken, match="投诉"):
        escalate(session, consumer(case), Escalate(case.id), now=NOW)


def test_a_decided_complaint_is_not_taken_up_again(session: Session) -> None:
    case = dispute(session, CaseState.FAILED)
    filing_of(session, case).admin_state = AdminState.TERMINATED
    with pytest.raises(RuleBroken, match="已经对这件投诉作出决定"):
        escalate(session, consumer(case), Escalate(case.id), now=NOW)


@pytest.mark.parametrize("action", [(escalate, Escalate), (withdraw_complaint, WithdrawComplaint)])
def test_a_pending_offer_falls_with_the_negotiation(session: Session, action: tuple[Any, Any]) -> None:
    case = dispute(session, CaseState.OFFERED)
    offer = pending(session, case)
    action[0](session, consumer(case), action[1](case.id), now=NOW)
    assert (offer.answer, offer.answered_at) == (Answer.VOID, NOW)


@pytest.mark.parametrize("state", [*OPEN, CaseState.WAITING, CaseState.RETURNED, CaseState.FAILED])
def test_withdrawing_ends_case_filing_and_link(session: Session, state: CaseState) -> None:
    case = dispute(session, state)
    link, _token = issue_link(session, case.id, disputes.PHONE, now=NOW)
    withdraw_complaint(session, consumer_of(link), WithdrawComplaint(case.id), now=NOW)
    session.flush()
    filing = filing_of(session, case)
    assert (case.state, case.closed_at, case.is_open) == (CaseState.WITHDRAWN, NOW, False)
    assert (filing.admin_state, filing.decide_by) == (AdminState.WITHDRAWN, None)
    assert topics(session, SubjectKind.CASE, case.id) == [Topic.CASE_WITHDRAWN]
    assert topics(session, SubjectKind.FILING, filing.id) == [Topic.FILING_WITHDRAWN]
    session.refresh(link)
    assert link.expires_at is not None
    assert (link.expires_at - NOW).days == 30

    withdraw_complaint(session, consumer_of(link), WithdrawComplaint(case.id), now=LATER)
    assert topics(session, SubjectKind.CASE, case.id) == [Topic.CASE_WITHDRAWN]


@pytest.mark.parametrize("state", [CaseState.AGREED, CaseState.PERFORMED, CaseState.BREACHED, CaseState.CLOSED_SETTLED])
def test_what_was_agreed_is_not_withdrawn(session: Session, state: CaseState) -> None:
    case = dispute(session, state)
    with pytest.raises(RuleBroken, match="投诉"):
        withdraw_complaint(session, consumer(case), WithdrawComplaint(case.id), now=NOW)


def test_a_decision_of_the_authority_outlives_a_withdrawal(session: Session) -> None:
    case = dispute(session, CaseState.NEGOTIATING)
    filing_of(session, case).admin_state = AdminState.REFUSED
    withdraw_complaint(session, consumer(case), WithdrawComplaint(case.id), now=NOW)
    assert filing_of(session, case).admin_state is AdminState.REFUSED


def test_a_failed_case_is_laid_aside_and_taken_up_again_by_the_same_link(session: Session) -> None:
    case = dispute(session, CaseState.FAILED, Channel.GREEN, cause=FailureCause.NO_AGREEMENT)
    link, _token = issue_link(session, case.id, disputes.PHONE, now=NOW)
    actor = consumer_of(link)
    assert official_side(session, actor, case).is_choice_open

    lay_aside(session, actor, LayAside(case.id), now=NOW)
    lay_aside(session, actor, LayAside(case.id), now=LATER)
    session.refresh(link)
    assert (case.state, case.closed_at) == (CaseState.FAILED, NOW)
    assert link.expires_at is not None
    assert topics(session, SubjectKind.CASE, case.id) == [Topic.CASE_CLOSED]

    escalate(session, actor, Escalate(case.id), now=LATER)
    session.refresh(link)
    assert (case.closed_at, case.cause, link.expires_at) == (None, FailureCause.NO_AGREEMENT, None)
    side = official_side(session, actor, case)
    assert (side.asked_at, side.is_choice_open) == (LATER, False)
    with pytest.raises(RuleBroken, match="不需要作这个选择"):
        lay_aside(session, actor, LayAside(case.id), now=LATER)


@pytest.mark.parametrize("state", [CaseState.OFFERED, CaseState.AGREED])
def test_only_a_failed_case_is_laid_aside(session: Session, state: CaseState) -> None:
    case = dispute(session, state, Channel.GREEN)
    with pytest.raises(RuleBroken):
        lay_aside(session, consumer(case), LayAside(case.id), now=NOW)


def test_the_clock_may_lay_aside_but_never_ask_or_withdraw(session: Session) -> None:
    case = dispute(session, CaseState.FAILED, Channel.GREEN)
    lay_aside(session, SYSTEM, LayAside(case.id), now=NOW)
    for action, command in ((escalate, Escalate(case.id)), (withdraw_complaint, WithdrawComplaint(case.id))):
        with pytest.raises(NotAllowed):
            action(session, SYSTEM, command, now=NOW)  # type: ignore[operator]


def test_a_merchant_and_another_consumer_may_not(session: Session) -> None:
    case = dispute(session, CaseState.OFFERED)
    clerk = people.actor(session, people.member(session, case.merchant_id or 0, Role.PRINCIPAL))
    stranger = Actor(ActorKind.CONSUMER, case_id=case.id + 1, link_id=1)
    for action, command in ((escalate, Escalate(case.id)), (withdraw_complaint, WithdrawComplaint(case.id))):
        with pytest.raises(NotAllowed):
            action(session, clerk, command, now=NOW)  # type: ignore[operator]
        with pytest.raises(NotFound):
            action(session, stranger, command, now=NOW)  # type: ignore[operator]
    assert session.scalars(select(ConsumerLink)).all() == []
