"""The promise, not an example: no sequence of commands leaves two rounds pending or a state that its rows deny."""

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from portal.cases.models import Case
from portal.cases.rules import CaseState
from portal.clocks.rules import end_of_day, local_day
from portal.core.actor import SYSTEM
from portal.core.errors import Refused
from portal.settlements import actions
from portal.settlements.models import Agreement, Answer, Offer, Performance, Receipt, Side, Verdict
from tests.conftest import NOW
from tests.factories import settling

BINDING = (CaseState.AGREED, CaseState.PERFORMED, CaseState.CLOSED_SETTLED, CaseState.CLOSED_UNCONFIRMED)


def newest(session, case):
    return session.scalars(select(Offer).where(Offer.case_id == case.id).order_by(Offer.round.desc())).first()


def digest(session, case):
    found = newest(session, case)
    return found.digest if found else "0" * 64


def offer(session, dispute, now, amount):
    command = actions.MakeOffer(dispute.case.reference, (settling.refund(amount),), consumer_asked=True)
    actions.make_offer(session, dispute.agent, command, now=now)


def undo(session, dispute, now, amount):
    found = newest(session, dispute.case)
    command = actions.UndoOffer(dispute.case.reference, found.round if found else 1)
    actions.undo_offer(session, dispute.agent, command, now=now)


def accept(session, dispute, now, amount):
    command = actions.AcceptOffer(dispute.case.id, digest(session, dispute.case))
    actions.accept_offer(session, dispute.consumer, command, now=now)


def refuse(session, dispute, now, amount):
    command = actions.RefuseOffer(dispute.case.id, digest(session, dispute.case), "不行")
    actions.refuse_offer(session, dispute.consumer, command, now=now)


def counter(session, dispute, now, amount):
    terms = (settling.refund(amount),)
    command = actions.CounterOffer(dispute.case.id, digest(session, dispute.case), terms)
    actions.counter_offer(session, dispute.consumer, command, now=now)


def accept_counter(session, dispute, now, amount):
    command = actions.AcceptCounter(dispute.case.reference, digest(session, dispute.case))
    actions.accept_counter(session, dispute.agent, command, now=now)


def refuse_counter(session, dispute, now, amount):
    command = actions.RefuseCounter(dispute.case.reference, digest(session, dispute.case), "不行")
    actions.refuse_counter(session, dispute.agent, command, now=now)


def perform(session, dispute, now, amount):
    command = actions.RecordPerformance(dispute.case.reference, local_day(now), remark="已付")
    actions.record_performance(session, dispute.agent, command, now=now)


def received(session, dispute, now, amount):
    actions.answer_receipt(session, dispute.consumer, actions.AnswerReceipt(dispute.case.id, received=True), now=now)


def not_received(session, dispute, now, amount):
    actions.answer_receipt(session, dispute.consumer, actions.AnswerReceipt(dispute.case.id, received=False), now=now)


def complain(session, dispute, now, amount):
    command = actions.RateSettlement(dispute.case.id, Verdict.UNSATISFIED, "not_performed")
    actions.rate_settlement(session, dispute.consumer, command, now=now)


def tick(session, dispute, now, amount):
    for action in (actions.expire_offer, actions.fail_late, actions.breach_late, actions.close_unconfirmed):
        action(session, SYSTEM, actions.DueCase(dispute.case.id), now=now)


COMMANDS = (
    offer,
    undo,
    accept,
    refuse,
    counter,
    accept_counter,
    refuse_counter,
    perform,
    received,
    not_received,
    complain,
    tick,
)
PAUSES = (timedelta(), timedelta(seconds=10), timedelta(minutes=1), timedelta(days=1), timedelta(days=4))
moves = st.tuples(st.sampled_from(COMMANDS), st.sampled_from(PAUSES), st.sampled_from((10_000, 50_000, 80_000)))
histories = st.lists(moves, max_size=14)
usual = st.just((offer, timedelta(), 50_000))  # most histories that matter begin with an offer


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=usual, rest=histories)
def test_no_sequence_of_commands_leaves_two_pending_rounds(session, first, rest):
    dispute = settling.dispute(session, respond_by=end_of_day(local_day(NOW) + timedelta(days=9)))
    now = NOW
    for command, pause, amount in (first, *rest):
        now += pause
        with session.begin_nested() as savepoint:
            try:
                command(session, dispute, now, amount)
            except Refused:
                savepoint.rollback()
        agrees_with_its_rows(session, dispute.case)


def agrees_with_its_rows(session, case: Case) -> None:
    session.flush()
    session.refresh(case)
    offers = session.scalars(select(Offer).where(Offer.case_id == case.id).order_by(Offer.round)).all()
    pending = [one for one in offers if one.answer is Answer.PENDING]
    accepted = [one for one in offers if one.answer is Answer.ACCEPTED]
    agreements = session.scalars(select(Agreement).where(Agreement.case_id == case.id)).all()
    assert len(pending) <= 1
    assert (case.state is CaseState.OFFERED) == any(one.side is Side.MERCHANT for one in pending)
    assert not any(one.side is Side.CONSUMER for one in pending) or case.state is CaseState.NEGOTIATING
    assert [one.round for one in offers] == list(range(1, len(offers) + 1))
    assert len(agreements) == len(accepted)
    assert case.state not in BINDING or agreements
    assert (case.state is CaseState.CLOSED_SETTLED) == (case.recovered is not None)
    asked = (
        select(Performance).join(Agreement).where(Agreement.case_id == case.id, Performance.receipt == Receipt.ASKED)
    )
    assert case.state is not CaseState.PERFORMED or session.scalars(asked).first() is not None
