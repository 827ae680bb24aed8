"""Proposals: made by hand too, declined with a reason, or turned into a measure that enrolment carries out."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session, contains_eager

from portal.accounts.models import Organisation
from portal.clocks.rules import local_day
from portal.core import facts
from portal.core.actor import Actor
from portal.core.errors import NotFound, RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require
from portal.core.privacy import vault_of
from portal.documents.numbers import take_numbers
from portal.enrolment import actions as enrolment
from portal.enrolment.actions import SuspendMerchant, suspend_merchant
from portal.enrolment.exiting import ExitMerchant, exit_merchant
from portal.enrolment.models import Merchant, MerchantState
from portal.enrolment.rules import SuspensionReason
from portal.indicators.rules import Period
from portal.supervision.measure_papers import measure_paper
from portal.supervision.own_records import may_see_own, own_to
from portal.supervision.rules.sanctions import CHIEFS_OWN, Level, Order, ProposalState, problem_of_order
from portal.supervision.rules.triggers import Figures, Trigger, rule_in_force
from portal.supervision.sanction_models import Measure, SanctionProposal
from portal.supervision.triggers import propose, trigger_rows, watched_one

MISSING = "没有这份处置建议，或者它不归你的单位办理。"
DECIDED = "这份处置建议已经有人决定，请刷新页面。"
SUSPENSIONS = {
    Trigger.OVERDUE: SuspensionReason.OVERDUE,
    Trigger.FALSE_FEEDBACK: SuspensionReason.FALSE_FEEDBACK,
    Trigger.PERSONAL_DATA: SuspensionReason.PERSONAL_DATA,
    Trigger.LICENCE: SuspensionReason.LICENCE,
    Trigger.OWN_REQUEST: SuspensionReason.OWN_REQUEST,
}


def may_see(actor: Actor, row: SanctionProposal) -> bool:
    """Say whether the actor may look at a proposal; the twin of `visible_to`."""
    return may_see_own(actor, row)


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The condition under which a proposal is the actor's to see."""
    return own_to(actor, SanctionProposal.authority_id)


@dataclass(frozen=True, slots=True)
class ProposeByHand:
    """What no figure shows: a leak, a cancelled licence, the merchant's own request."""

    code: str
    trigger: Trigger
    remark: str


def propose_by_hand(session: Session, actor: Actor, command: ProposeByHand, *, now: datetime) -> SanctionProposal:
    """Put a proposal before the authority with what is known of it; refuses a second open one for the same reason."""
    merchant = enrolment.locked(session, actor, command.code)
    require(actor, Permission.SANCTION_DECIDE, merchant)
    if merchant.state is MerchantState.EXITED:
        raise RuleBroken("这家企业已经退出，不再提出处置建议。", field="code")
    if not command.remark.strip():
        raise RuleBroken("请写明情况和依据。", field="remark")
    same = SanctionProposal.code == command.trigger, SanctionProposal.state == ProposalState.OPEN
    known = session.scalars(select(SanctionProposal).where(SanctionProposal.merchant_id == merchant.id, *same)).first()
    if known is not None:
        raise RuleBroken(f"这家企业已经有同一原因、待决定的处置建议 {known.reference}。", field="trigger")
    watched, today = watched_one(session, merchant), local_day(now)
    rule = rule_in_force(trigger_rows(session), command.trigger, watched.ladder, today)
    if rule is None:
        raise RuleBroken("这个原因没有生效的触发规则，请先由负责人设定。", field="trigger")
    remark = command.remark.strip()
    return propose(session, actor, watched, rule, Period(today, today), Figures(1), now=now, remark=remark)


@dataclass(frozen=True, slots=True)
class DeclineProposal:
    """Nothing is done about a merchant, and why."""

    reference: str
    reason: str


def decline_proposal(session: Session, actor: Actor, command: DeclineProposal, *, now: datetime) -> SanctionProposal:
    """Decide that nothing is done; what was counted counts no more."""
    row = locked(session, actor, command.reference)
    require(actor, Permission.SANCTION_DECIDE, row)
    if not command.reason.strip():
        raise RuleBroken("不采取措施，须写明理由。", field="reason")
    _decide(row, actor, ProposalState.DECLINED, command.reason, now=now)
    facts.record(session, actor, Topic.SANCTION_DECLINED, SubjectKind.SANCTION, row.id, at=now)
    return row


@dataclass(frozen=True, slots=True)
class TakeMeasure:
    """The measure that is taken on a proposal; its level may be another than the proposed one."""

    reference: str
    order: Order


def take_measure(session: Session, actor: Actor, command: TakeMeasure, *, now: datetime) -> Measure:
    """Take a measure: number and seal its paper, carry it out; suspension and exclusion are the chief's to decide."""
    row = locked(session, actor, command.reference)
    require(actor, Permission.SANCTION_DECIDE, row)
    _decide(row, actor, ProposalState.TAKEN, command.order.reason, now=now)
    return issue_measure(session, actor, row, command.order, None, now=now)


def issue_measure(
    session: Session, actor: Actor, proposal: SanctionProposal, order: Order, previous: Measure | None, *, now: datetime
) -> Measure:
    """Write a measure with its paper and let enrolment carry it out; raises RuleBroken, NotAllowed."""
    if order.level in CHIEFS_OWN:
        require(actor, Permission.SANCTION_ORDER, proposal)
    if problem := problem_of_order(order, local_day(now)):
        raise RuleBroken(problem[1], field=problem[0])
    order = replace(order, reason=order.reason.strip(), conditions=order.conditions.strip())
    merchant = proposal.merchant
    number = _number(session, proposal.authority_id, now)
    key = vault_of(session).new_key(session, now=now)
    session.flush()
    document = measure_paper(session, key, proposal, order, number, actor, now=now)
    row = Measure(
        number=number,
        merchant_id=merchant.id,
        authority_id=proposal.authority_id,
        proposal_id=proposal.id,
        previous_id=previous.id if previous else None,
        document_id=document.id,
        key_id=key.id,
        level=order.level,
        reason=order.reason,
        rectify_on=order.rectify_on,
        conditions=order.conditions,
        earliest_on=order.earliest_on,
        taken_at=now,
        taken_by=actor.name,
        issuer=actor.organisation_name,
    )
    session.add(row)
    session.flush()
    _carry_out(session, actor, row, proposal.code, order, now=now)
    known = {"level": order.level.value, "number": number}
    facts.record(session, actor, Topic.MEASURE_TAKEN, SubjectKind.MEASURE, row.id, at=now, not_before=None, **known)
    return row


def locked(session: Session, actor: Actor, reference: str) -> SanctionProposal:
    """The proposal of this reference with its merchant, locked for a decision; NotFound for strangers."""
    row = session.scalars(
        select(SanctionProposal)
        .join(SanctionProposal.merchant)
        .join(Merchant.organisation)
        .where(and_(SanctionProposal.reference == reference, visible_to(actor)))
        .options(contains_eager(SanctionProposal.merchant).contains_eager(Merchant.organisation))
        .with_for_update(of=SanctionProposal)
    ).first()
    if row is None:
        raise NotFound(MISSING)
    return row


def _decide(row: SanctionProposal, actor: Actor, state: ProposalState, reason: str, *, now: datetime) -> None:
    if row.state is not ProposalState.OPEN:
        raise RuleBroken(DECIDED)
    row.state, row.decided_at, row.decided_by, row.decision = state, now, actor.name, reason.strip()


def _carry_out(session: Session, actor: Actor, row: Measure, trigger: Trigger, order: Order, *, now: datetime) -> None:
    """Suspend or exclude through enrolment; the merchant reads the paper's number and the reason."""
    merchant, code = row.merchant, row.merchant.organisation.code
    said = f"{order.reason}（{row.number}）"
    if order.level is Level.SUSPEND:
        if merchant.state is MerchantState.SUSPENDED and not _has_paper(session, row):
            merchant.suspension_reason = said  # suspended before measures were: from now on it has the way back
            return
        reason = SUSPENSIONS.get(trigger, SuspensionReason.OTHER)
        suspend_merchant(session, actor, SuspendMerchant(code, reason, said), now=now)
    elif order.level is Level.EXIT:
        assert order.earliest_on is not None
        exit_merchant(session, actor, ExitMerchant(code, said, order.earliest_on), now=now)


def _has_paper(session: Session, row: Measure) -> bool:
    """Say whether another suspension of the same merchant is in force."""
    mine = Measure.merchant_id == row.merchant_id, Measure.level == Level.SUSPEND, Measure.closed_at.is_(None)
    return session.scalars(select(Measure.id).where(*mine, Measure.id != row.id).limit(1)).first() is not None


def _number(session: Session, authority_id: int, now: datetime) -> str:
    """CS-HL2609-0001: running within the district's prefix and the month."""
    upwards = session.get_one(Organisation, authority_id).ancestry()
    prefix = session.scalars(
        select(Organisation.prefix)
        .where(Organisation.id.in_(upwards), Organisation.prefix.is_not(None))
        .order_by(Organisation.path.desc())
    ).first()
    series = f"{prefix or ''}{local_day(now):%y%m}"
    return f"CS-{series}-{take_numbers(session, f'measure:{series}')[0]:04d}"
