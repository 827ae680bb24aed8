"""Complaints brought to every point at which their consumer can look at them, by the actions themselves."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.links import token_of
from portal.cases import steps
from portal.cases.rules import CaseState, Channel, FailureCause
from portal.core.actor import SYSTEM
from portal.intake.models import Filing
from portal.intake.states import AdminState
from portal.mediation import actions as mediation
from portal.settlements import actions
from portal.settlements.actions import DueCase
from portal.settlements.models import Offer
from portal.settlements.rules import Answer, Verdict
from tests.conftest import NOW
from tests.factories import settling
from tests.factories.settling import Dispute

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@dataclass
class Standing:
    """A complaint, its link's token, and the moment at which to look."""

    dispute: Dispute
    token: str
    now: datetime

    @property
    def path(self) -> str:
        return f"/c/{self.token}"


Made = tuple[Dispute, datetime]


def made(session: Session, story: Callable[[Session], Made]) -> Standing:
    """Tell a story up to its end and commit it."""
    dispute, now = story(session)
    token = token_of(session, dispute.link)
    assert token is not None
    session.commit()
    return Standing(dispute, token, now)


def start(session: Session, *, channel: Channel = Channel.REGULATOR, **changes: Any) -> Dispute:
    dispute = settling.dispute(session, channel=channel, **changes)
    dispute.merchant.organisation.name = "厦门鹭湾百货有限公司"
    if channel is Channel.GREEN:
        filing = session.scalars(select(Filing).where(Filing.case_id == dispute.case.id)).one()
        filing.admin_state = AdminState.NONE
    session.flush()
    return dispute


def routing(session: Session) -> Made:
    dispute = start(session, state=CaseState.WAITING, dispatched_at=None, respond_by=None)
    dispute.case.merchant_id = None
    return dispute, NOW


def waiting(session: Session) -> Made:
    return start(session), NOW


def offered(session: Session) -> Made:
    dispute = start(session)
    settling.offered(session, dispute, settling.refund(80_000), message="抱歉，原路退给你。")
    return dispute, NOW + MINUTE


def offered_dear(session: Session) -> Made:
    """Above the threshold: a code is asked for."""
    dispute = start(session, amount=128_000)
    settling.offered(session, dispute, settling.refund(128_000))
    return dispute, NOW + MINUTE


def offered_goods(session: Session) -> Made:
    dispute = start(session)
    settling.offered(session, dispute, settling.exchange(), settling.voucher())
    return dispute, NOW + MINUTE


def offered_in_undo(session: Session) -> Made:
    dispute = start(session)
    settling.offered(session, dispute)
    return dispute, NOW


def lapsed(session: Session) -> Made:
    dispute, _ = offered(session)
    return dispute, NOW + 4 * DAY


def countered(session: Session) -> Made:
    dispute = start(session)
    offer = settling.offered(session, dispute)
    command = actions.CounterOffer(dispute.case.id, offer.digest, (settling.refund(80_000),), "衣服不能再穿了。")
    actions.counter_offer(session, dispute.consumer, command, now=NOW + MINUTE)
    return dispute, NOW + 2 * MINUTE


def counter_refused(session: Session) -> Made:
    dispute, now = countered(session)
    counter = actions.RefuseCounter(dispute.case.reference, digest_of(session, dispute), "超出能退的金额。")
    actions.refuse_counter(session, dispute.agent, counter, now=now)
    return dispute, now + MINUTE


def refused(session: Session) -> Made:
    dispute = start(session)
    offer = settling.offered(session, dispute)
    actions.refuse_offer(
        session, dispute.consumer, actions.RefuseOffer(dispute.case.id, offer.digest), now=NOW + MINUTE
    )
    return dispute, NOW + 2 * MINUTE


def agreed(session: Session) -> Made:
    dispute = start(session)
    settling.agreed(session, dispute, settling.refund(80_000))
    return dispute, NOW + 2 * MINUTE


def agreed_by_transfer(session: Session) -> Made:
    dispute = start(session)
    settling.agreed(session, dispute, settling.by_transfer(80_000))
    return dispute, NOW + 2 * MINUTE


def agreed_goods(session: Session) -> Made:
    dispute = start(session)
    settling.agreed(session, dispute, settling.exchange())
    return dispute, NOW + 2 * MINUTE


def agreed_and_asked(session: Session) -> Made:
    dispute, now = agreed(session)
    mediation.escalate(session, dispute.consumer, mediation.Escalate(dispute.case.id), now=now)
    return dispute, now


def performed(session: Session) -> Made:
    dispute, now = agreed(session)
    later = now + 2 * DAY
    command = actions.RecordPerformance(dispute.case.reference, later.date(), None, "已原路退款。")
    actions.record_performance(session, dispute.agent, command, now=later)
    return dispute, later + MINUTE


def confirmed(session: Session) -> Made:
    dispute, now = performed(session)
    actions.answer_receipt(session, dispute.consumer, actions.AnswerReceipt(dispute.case.id, received=True), now=now)
    return dispute, now + MINUTE


def rated(session: Session) -> Made:
    dispute, now = confirmed(session)
    command = actions.RateSettlement(dispute.case.id, Verdict.SATISFIED)
    actions.rate_settlement(session, dispute.consumer, command, now=now)
    return dispute, now


def unconfirmed(session: Session) -> Made:
    dispute, now = performed(session)
    later = now + 10 * DAY
    actions.start_silence(session, SYSTEM, actions.StartSilence(dispute.case.id), now=now)
    assert actions.close_unconfirmed(session, SYSTEM, DueCase(dispute.case.id), now=later)
    return dispute, later


def breached(session: Session) -> Made:
    dispute, now = agreed(session)
    later = now + 10 * DAY
    assert actions.breach_late(session, SYSTEM, DueCase(dispute.case.id), now=later)
    return dispute, later


def failed_with_authority(session: Session) -> Made:
    dispute = start(session)
    filing = session.scalars(select(Filing).where(Filing.case_id == dispute.case.id)).one()
    filing.decide_by = NOW + 9 * DAY
    steps.fail(session, SYSTEM, dispute.case, FailureCause.MERCHANT_DELAY, now=NOW)
    return dispute, NOW


def failed_to_choose(session: Session) -> Made:
    dispute = start(session, channel=Channel.GREEN)
    steps.fail(session, SYSTEM, dispute.case, FailureCause.NO_AGREEMENT, now=NOW)
    return dispute, NOW


def laid_aside(session: Session) -> Made:
    dispute, now = failed_to_choose(session)
    mediation.lay_aside(session, dispute.consumer, mediation.LayAside(dispute.case.id), now=now)
    return dispute, now


def asked(session: Session) -> Made:
    dispute, now = failed_to_choose(session)
    mediation.escalate(session, dispute.consumer, mediation.Escalate(dispute.case.id), now=now)
    return dispute, now


def withdrawn(session: Session) -> Made:
    dispute = start(session)
    mediation.withdraw_complaint(session, dispute.consumer, mediation.WithdrawComplaint(dispute.case.id), now=NOW)
    return dispute, NOW


def digest_of(session: Session, dispute: Dispute) -> str:
    """The digest of the round that waits."""
    digest = session.scalars(
        select(Offer.digest).where(Offer.case_id == dispute.case.id, Offer.answer == Answer.PENDING)
    ).one()
    return str(digest)


TITLES: dict[Callable[[Session], Made], str] = {
    routing: "投诉已收到，正在分派",
    waiting: "商家正在处理你的投诉",
    offered: "厦门鹭湾百货提出退款 ¥800.00",
    offered_dear: "厦门鹭湾百货提出退款 ¥1,280.00",
    offered_goods: "厦门鹭湾百货提出换货、补偿 ¥100.00",
    offered_in_undo: "商家正在处理你的投诉",
    lapsed: "上一个方案已过答复期限",
    countered: "已把你的要求发给商家",
    counter_refused: "商家没有接受你的要求",
    refused: "已告诉商家你不接受",
    agreed: "你已接受，等待商家付款 ¥800.00",
    agreed_by_transfer: "你已接受，等待商家付款 ¥800.00",
    agreed_goods: "你已接受，等待商家履行",
    agreed_and_asked: "你已接受，等待商家付款 ¥800.00",
    performed: "商家说已经付款，你收到了吗 ¥800.00",
    confirmed: "你已确认收到款，投诉办结 ¥800.00",
    rated: "你已确认收到款，投诉办结 ¥800.00",
    unconfirmed: "商家登记已付款，你没有确认，投诉先办结 ¥800.00",
    breached: "商家没有按约定付款 ¥800.00",
    failed_with_authority: "没有谈成，由市场监督管理部门处理",
    failed_to_choose: "没有谈成，你想怎么办",
    laid_aside: "没有谈成，投诉按未和解办结",
    asked: "没有谈成，由市场监督管理部门处理",
    withdrawn: "你已撤回投诉",
}
