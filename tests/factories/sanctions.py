"""Proposals and measures as supervision makes them."""

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.cases.models import Case
from portal.cases.rules import CaseState, FailureCause
from portal.core.actor import SYSTEM, Actor
from portal.enrolment.models import Merchant
from portal.supervision.rules.sanctions import Level, Order
from portal.supervision.rules.triggers import Trigger
from portal.supervision.sanction_models import Measure, SanctionProposal
from portal.supervision.sanctions import ProposeByHand, TakeMeasure, propose_by_hand, take_measure
from portal.supervision.triggers import Watch, watch_merchants
from tests.conftest import NOW
from tests.factories import disputes

RECTIFY = Order(Level.RECTIFY, "三件投诉逾期未办", rectify_on=date(2026, 8, 26))
SUSPEND = Order(Level.SUSPEND, "整改后仍然逾期", rectify_on=date(2026, 9, 12), conditions="积压的投诉全部办结")
EXIT = Order(Level.EXIT, "企业申请退出", conditions="重新提交入驻材料", earliest_on=date(2026, 11, 12))
REMIND = Order(Level.REMIND, "请注意期限")


def overdue(
    session: Session, authority: Organisation, merchant: Merchant, *, days_ago: int = 5, now: datetime = NOW
) -> Case:
    """A case whose limit ended some days ago with nothing agreed."""
    ended = now - timedelta(days=days_ago)
    return disputes.case(
        session,
        authority,
        merchant,
        state=CaseState.FAILED,
        respond_by=ended,
        concluded_at=ended,
        cause=FailureCause.MERCHANT_DELAY,
    )


def proposed(
    session: Session, authority: Organisation, merchant: Merchant, *, cases: int = 3, now: datetime = NOW
) -> SanctionProposal:
    """The proposal that the figures of some overdue cases make."""
    for number in range(cases):
        overdue(session, authority, merchant, days_ago=3 + number, now=now)
    watch_merchants(session, SYSTEM, Watch((merchant.id,)), now=now)
    newest = select(SanctionProposal).where(SanctionProposal.merchant_id == merchant.id)
    return session.scalars(newest.order_by(SanctionProposal.id.desc()).limit(1)).one()


def by_hand(
    session: Session,
    officer: Actor,
    merchant: Merchant,
    trigger: Trigger = Trigger.PERSONAL_DATA,
    *,
    now: datetime = NOW,
) -> SanctionProposal:
    """A proposal that an officer makes."""
    command = ProposeByHand(merchant.organisation.code, trigger, "经核实，客服把消费者电话发到了群里")
    return propose_by_hand(session, officer, command, now=now)


def taken(
    session: Session, officer: Actor, proposal: SanctionProposal, order: Order = RECTIFY, *, now: datetime = NOW
) -> Measure:
    """A measure with its paper."""
    return take_measure(session, officer, TakeMeasure(proposal.reference, order), now=now)
