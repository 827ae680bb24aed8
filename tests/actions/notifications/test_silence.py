"""The days of silence begin with the message that went out, not with the merchant's record (decisions 6)."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases.models import PhoneSource
from portal.cases.rules import CaseState
from portal.clocks.rules import end_of_day
from portal.core.actor import SYSTEM, Role
from portal.notifications import actions as sending
from portal.notifications.actions import Conclude, Decision, ResolveMessage, TakeNext
from portal.notifications.gateways import Answer, Verdict
from portal.notifications.models import Message, MessageChannel, MessageState
from portal.notifications.templates import TemplateCode
from portal.runtime import Runtime
from portal.settlements import actions
from portal.settlements.jobs import close_silent
from portal.worker import dispatch
from tests.conftest import NOW, FixedClock
from tests.factories import people, settling
from tests.factories.settling import Dispute

DAY = timedelta(days=1)
REFUSED_FOR_NOW = Answer(Verdict.TRY_AGAIN, problem="短信平台没有应答。")
ACCEPTED = Answer(Verdict.ACCEPTED, gateway_id="1")


@pytest.fixture
def performed(session: Session, runtime: Runtime) -> Dispute:
    dispute = settling.dispute(session)
    settling.agreed(session, dispute)
    record = actions.RecordPerformance(dispute.case.reference, NOW.date(), remark="已退。")
    actions.record_performance(session, dispute.agent, record, now=NOW)
    session.commit()
    return dispute


def question(session: Session) -> Message:
    session.expire_all()
    return session.scalars(select(Message).where(Message.template == TemplateCode.RECEIPT_ASKED)).one()


def attempt(runtime: Runtime, answer: Answer) -> None:
    """Send whatever is due, and let the gateway answer this."""
    while taken := runtime.perform(SYSTEM, sending.take_next, TakeNext((MessageChannel.SMS,), "http://127.0.0.1")):
        assert taken.outgoing is not None
        outcome = Conclude(taken.message_id, taken.outgoing.idempotency_key, taken.attempt, answer, True)
        runtime.perform(SYSTEM, sending.conclude, outcome)


def test_a_gateway_that_was_down_gives_the_consumer_all_seven_days(
    session: Session, runtime: Runtime, clock: FixedClock, performed: Dispute
) -> None:
    dispatch(runtime)
    attempt(runtime, REFUSED_FOR_NOW)
    assert question(session).state is MessageState.WAITING
    clock.moment = NOW + DAY
    attempt(runtime, ACCEPTED)
    session.expire_all()
    assert performed.case.receipt_asked_at == clock.moment
    assert performed.case.due_at == end_of_day(date(2026, 8, 20))  # 08-13 and seven days
    clock.moment = end_of_day(date(2026, 8, 20)) - timedelta(seconds=1)
    assert close_silent(runtime) == 0
    clock.advance(seconds=1)
    assert close_silent(runtime) == 1
    session.expire_all()
    assert performed.case.state is CaseState.CLOSED_UNCONFIRMED


def test_an_officer_who_told_the_consumer_otherwise_starts_them(
    session: Session, runtime: Runtime, clock: FixedClock, performed: Dispute
) -> None:
    performed.case.phone_source = PhoneSource.MERCHANT  # for calling only
    session.commit()
    dispatch(runtime)
    assert question(session).state is MessageState.FAILED
    clock.advance(days=40)
    assert close_silent(runtime) == 0
    officer = people.actor(session, people.member(session, performed.authority.id, Role.OFFICER))
    session.commit()
    runtime.perform(officer, sending.resolve_message, ResolveMessage(question(session).reference, Decision.TOLD))
    session.expire_all()
    assert performed.case.receipt_asked_at == clock.moment


def test_an_answer_before_the_message_leaves_nothing_to_wait_for(
    session: Session, runtime: Runtime, performed: Dispute
) -> None:
    dispatch(runtime)
    receipt = actions.AnswerReceipt(performed.case.id, received=True)
    actions.answer_receipt(session, performed.consumer, receipt, now=NOW)
    session.commit()
    attempt(runtime, ACCEPTED)
    session.expire_all()
    assert performed.case.state is CaseState.CLOSED_SETTLED
    assert performed.case.next_action_at is None


def test_a_second_record_asks_and_waits_again(session: Session, runtime: Runtime, performed: Dispute) -> None:
    dispatch(runtime)
    attempt(runtime, ACCEPTED)
    denied = actions.AnswerReceipt(performed.case.id, received=False)
    runtime.perform(performed.consumer, actions.answer_receipt, denied)
    record = actions.RecordPerformance(performed.case.reference, NOW.date(), remark="重新转账。")
    runtime.perform(performed.agent, actions.record_performance, record)
    session.expire_all()
    assert (performed.case.receipt_asked_at, performed.case.next_action_at) == (None, None)
