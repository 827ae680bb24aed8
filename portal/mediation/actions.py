"""What the consumer may do beside answering an offer: ask the authority, take the complaint back, let it rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.links import expire_links
from portal.cases import access, steps
from portal.cases.models import Case
from portal.cases.rules import CaseEvent, CaseState, FailureCause
from portal.clocks.queries import almanac
from portal.core import facts
from portal.core.actor import Actor
from portal.core.errors import RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require
from portal.intake.models import Filing
from portal.intake.states import AdminEvent, next_admin_state
from portal.mediation import rules
from portal.settlements.actions import ending, void_pending


@dataclass(frozen=True, slots=True)
class Escalate:
    """Ask the authority to take the complaint up: 请求市场监管部门处理."""

    case_id: int


def escalate(session: Session, actor: Actor, command: Escalate, *, now: datetime) -> Case:
    """Hand the complaint to the authority; before an agreement this ends the negotiation.

    Filings of channel A start their limit of 受理 (令121 art 15) now; those of channel B keep theirs and are marked.
    Asking twice changes nothing. Refuses with RuleBroken where the complaint has ended or was decided.
    """
    case = access.locked_by_id(session, actor, command.case_id)
    require(actor, Permission.CONSUMER_ANSWER, case)
    filings = _filings(session, case)
    if objection := rules.objection_to_asking(case.state, [one.admin_state for one in filings]):
        raise RuleBroken(objection)

    if rules.ends_negotiation(case.state):
        _end_negotiation(session, actor, case, now=now)
    fresh = [one for one in filings if one.escalated_at is None and one.admin_state in rules.UNDECIDED]
    for filing in fresh:
        _mark_asked(session, actor, filing, now=now)
    if case.state is CaseState.FAILED:
        case.next_action_at = None  # the consumer has chosen
    if fresh and case.closed_at is not None:  # a failed case that had been laid aside
        case.closed_at = None
        expire_links(session, case.id, None)
    return case


@dataclass(frozen=True, slots=True)
class WithdrawComplaint:
    """Take the complaint back."""

    case_id: int


def withdraw_complaint(session: Session, actor: Actor, command: WithdrawComplaint, *, now: datetime) -> Case:
    """End the case and every filing that is not decided; a pending offer falls.

    Doing it twice changes nothing. Refuses with RuleBroken once an agreement binds or the case has ended.
    """
    case = access.locked_by_id(session, actor, command.case_id)
    require(actor, Permission.CONSUMER_ANSWER, case)
    if case.state is CaseState.WITHDRAWN:
        return case
    if objection := rules.objection_to_withdrawal(case.state):
        raise RuleBroken(objection)

    void_pending(session, case, now=now)
    steps.withdraw(session, actor, case, now=now)
    for filing in _filings(session, case):
        if rules.may_withdraw_filing(filing.admin_state):
            filing.admin_state = next_admin_state(filing.admin_state, AdminEvent.WITHDRAW)
            filing.decide_by = None
            _record(session, actor, Topic.FILING_WITHDRAWN, filing, now=now)
    _let_links_end(session, case, now=now)
    return case


@dataclass(frozen=True, slots=True)
class LayAside:
    """Let a failed case of channel A rest: 不再处理."""

    case_id: int


def lay_aside(session: Session, actor: Actor, command: LayAside, *, now: datetime) -> Case:
    """Close a failed case of channel A as 未和解; the same link reopens it by `escalate` (decisions 3).

    The consumer does it, or the clock after the consumer's thirty days. Doing it twice changes nothing.
    """
    case = access.locked_by_id(session, actor, command.case_id)
    require(actor, Permission.CASE_LAY_ASIDE, case)
    if not rules.is_choice_open(case.state, case.channel, [one.admin_state for one in _filings(session, case)]):
        raise RuleBroken("这件投诉现在不需要作这个选择。请刷新页面，按新的状态办理。")
    if case.closed_at is not None:
        return case
    case.closed_at = now
    case.last_event_at = now
    steps.set_clocks(session, case, now=now)
    _let_links_end(session, case, now=now)
    facts.record(session, actor, Topic.CASE_CLOSED, SubjectKind.CASE, case.id, at=now, outcome="laid_aside")
    return case


def close_unchosen_case(session: Session, actor: Actor, command: LayAside, *, now: datetime) -> bool:
    """Lay a case aside whose consumer's days of choice are over; False where it is the authority's by now."""
    case = access.locked_by_id(session, actor, command.case_id)
    if case.state is not CaseState.FAILED or case.next_action_at is None or case.next_action_at > now:
        return False
    if not rules.is_choice_open(case.state, case.channel, [one.admin_state for one in _filings(session, case)]):
        case.next_action_at = None  # nothing is due by itself any more
        return False
    lay_aside(session, actor, command, now=now)
    return True


def _filings(session: Session, case: Case) -> Sequence[Filing]:
    return session.scalars(select(Filing).where(Filing.case_id == case.id).order_by(Filing.id).with_for_update()).all()


def _mark_asked(session: Session, actor: Actor, filing: Filing, *, now: datetime) -> None:
    filing.escalated_at = now
    if event := rules.admin_event_of_asking(filing.admin_state):
        filing.admin_state = next_admin_state(filing.admin_state, event)
        authorities = steps.authorities_upwards(session, filing.authority_id)
        filing.decide_by = almanac(session).derive("triage", now, authorities).due_at
    _record(session, actor, Topic.FILING_ESCALATED, filing, now=now)


def _record(session: Session, actor: Actor, topic: Topic, filing: Filing, *, now: datetime) -> None:
    facts.record(
        session,
        actor,
        topic,
        SubjectKind.FILING,
        filing.id,
        at=now,
        case_id=filing.case_id,
        admin_state=filing.admin_state.value,
    )


def _end_negotiation(session: Session, actor: Actor, case: Case, *, now: datetime) -> None:
    """Fail the case with this cause; one that had failed or breached before becomes again what it was."""
    void_pending(session, case, now=now)
    if case.cause is None and case.agreed_at is None:
        steps.fail(session, actor, case, FailureCause.CONSUMER_ESCALATED, now=now)
        return
    lapse = CaseEvent.LAPSE if case.state is CaseState.OFFERED else None
    ending.settle_state(session, case, lapse, now=now)


def _let_links_end(session: Session, case: Case, *, now: datetime) -> None:
    authorities = steps.authorities_upwards(session, case.authority_id)
    expire_links(session, case.id, almanac(session).derive("link_after_closing", now, authorities).due_at)
