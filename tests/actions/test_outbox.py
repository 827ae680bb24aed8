"""The dispatcher: a fact reaches each handler once, a failing handler is tried again and given up."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal.core import facts
from portal.core.actor import SYSTEM
from portal.core.db import is_postgresql
from portal.core.duties import Claim, DutyRow, claim_duty
from portal.core.errors import RuleBroken
from portal.core.facts import Delivery, DeliveryState, Fact, Outbox, SubjectKind, Topic
from portal.duties import Duty, DutyFailed, DutyReport, do_all, do_duty, know_duties
from portal.outbox import (
    LONGEST_WAIT,
    MOST_ATTEMPTS,
    Delivered,
    ForgetDone,
    TakeFacts,
    deliver_due,
    forget_done,
    handler_name,
    take_due_facts,
)
from portal.worker import HANDLERS

QUIET = dict.fromkeys(Topic, ())


def note(session, actor, command, *, now):
    """An action that records one fact about case `command`, visible to handlers after an undo window or at once."""
    number, wait = command
    return facts.record(
        session, actor, Topic.CASE_NOTED, SubjectKind.CASE, number, at=now, not_before=now + timedelta(seconds=wait)
    )


def answer(session, fact, *, now):
    """A handler with an effect in the database: another fact."""
    facts.record(session, SYSTEM, Topic.CASE_WARNED, SubjectKind.CASE, fact.subject_id, at=now)


def stumble(session, fact, *, now):
    """A handler that writes and then fails: nothing of it may stay."""
    answer(session, fact, now=now)
    session.flush()
    raise RuleBroken("还不行。")


def how_many(runtime, *conditions):
    with runtime.reading() as session:
        return session.scalar(select(func.count()).select_from(Fact).where(*conditions))


def deliveries(runtime):
    with runtime.reading() as session:
        return session.scalars(select(Delivery).order_by(Delivery.id)).all()


def left(runtime):
    with runtime.reading() as session:
        return session.scalar(select(func.count()).select_from(Outbox))


def test_a_fact_reaches_its_handler_once(runtime):
    handlers = QUIET | {Topic.CASE_NOTED: (answer,)}
    runtime.perform(SYSTEM, note, (7, 0))
    assert deliver_due(runtime, handlers) == Delivered(taken=2, done=1, failed=0)
    assert deliver_due(runtime, handlers) == Delivered(0, 0, 0)
    assert how_many(runtime, Fact.topic == Topic.CASE_WARNED, Fact.subject_id == 7) == 1
    assert left(runtime) == 0
    assert [one.state for one in deliveries(runtime)] == [DeliveryState.DONE]


def test_a_fact_of_nobody_leaves_the_outbox(runtime):
    runtime.perform(SYSTEM, note, (7, 0))
    assert deliver_due(runtime, QUIET) == Delivered(taken=1, done=0, failed=0)
    assert left(runtime) == 0
    assert deliveries(runtime) == []


def test_a_fact_waits_for_its_undo_window(runtime, clock):
    runtime.perform(SYSTEM, note, (7, 30))
    assert deliver_due(runtime, QUIET).taken == 0
    clock.advance(seconds=30)
    assert deliver_due(runtime, QUIET).taken == 1


def test_a_failed_handler_leaves_nothing_and_is_tried_again_later(runtime, clock):
    runtime.perform(SYSTEM, note, (7, 0))
    assert deliver_due(runtime, QUIET | {Topic.CASE_NOTED: (stumble,)}) == Delivered(taken=1, done=0, failed=1)
    assert how_many(runtime, Fact.topic == Topic.CASE_WARNED) == 0
    [waiting] = deliveries(runtime)
    assert (waiting.state, waiting.attempts, waiting.problem) == (DeliveryState.WAITING, 1, "RuleBroken: 还不行。")
    mended = QUIET | {Topic.CASE_NOTED: (answer,)}
    assert deliver_due(runtime, mended).done == 0
    clock.advance(seconds=5)
    assert deliver_due(runtime, QUIET | {Topic.CASE_NOTED: (stumble,)}).failed == 1
    assert deliveries(runtime)[0].next_at == clock.now() + timedelta(seconds=10)


def test_one_failing_handler_does_not_hold_up_another(runtime):
    runtime.perform(SYSTEM, note, (7, 0))
    assert deliver_due(runtime, QUIET | {Topic.CASE_NOTED: (stumble, answer)}) == Delivered(taken=2, done=1, failed=1)
    assert how_many(runtime, Fact.topic == Topic.CASE_WARNED) == 1


def test_after_the_last_attempt_giving_up_is_a_fact(runtime, clock):
    runtime.perform(SYSTEM, note, (7, 0))
    for _ in range(MOST_ATTEMPTS):
        deliver_due(runtime, QUIET | {Topic.CASE_NOTED: (stumble,)})
        clock.advance(seconds=LONGEST_WAIT)
    assert [one.state for one in deliveries(runtime)] == [DeliveryState.GIVEN_UP]
    assert how_many(runtime, Fact.topic == Topic.DELIVERY_GIVEN_UP, Fact.subject_id == 7) == 1
    assert deliver_due(runtime, QUIET | {Topic.CASE_NOTED: (stumble,)}) == Delivered(0, 0, 0)


def test_a_delivery_whose_handler_is_gone_is_done(runtime, clock):
    runtime.perform(SYSTEM, note, (7, 0))
    deliver_due(runtime, QUIET | {Topic.CASE_NOTED: (stumble,)})
    clock.advance(hours=1)
    assert deliver_due(runtime, QUIET).done == 1


def test_done_deliveries_are_forgotten_after_a_month_and_facts_are_not(runtime, clock):
    runtime.perform(SYSTEM, note, (7, 0))
    deliver_due(runtime, QUIET | {Topic.CASE_NOTED: (answer,)})
    assert runtime.perform(SYSTEM, forget_done, ForgetDone(clock.now())) == 0
    clock.advance(days=31)
    assert runtime.perform(SYSTEM, forget_done, ForgetDone(clock.now() - timedelta(days=30))) == 1
    assert deliveries(runtime) == []
    assert how_many(runtime, Fact.topic == Topic.CASE_NOTED) == 1


def test_two_dispatchers_share_the_outbox(own_runtime):
    for number in range(3):
        own_runtime.perform(SYSTEM, note, (number, 0))
    with own_runtime.writing() as other:
        if is_postgresql(other):  # on SQLite the second would wait: there is one writer
            assert take_due_facts(other, SYSTEM, TakeFacts(QUIET), now=own_runtime.now()) == 3
            assert deliver_due(own_runtime, QUIET).taken == 0
    assert deliver_due(own_runtime, QUIET).taken == 3


def test_every_handler_has_a_name_of_its_own():
    for handlers in HANDLERS.values():
        assert len({handler_name(handler) for handler in handlers}) == len(handlers)


def test_a_duty_is_claimed_once_for_each_time_it_is_due(runtime, clock):
    duty = Duty("count", 60, lambda _runtime: DutyReport(1))
    know_duties(runtime, [duty])
    assert runtime.perform(SYSTEM, claim_duty, Claim("count"))
    assert not runtime.perform(SYSTEM, claim_duty, Claim("count"))
    clock.advance(seconds=121)  # its process has died
    assert do_duty(runtime, duty) == DutyReport(1)
    assert do_duty(runtime, duty) is None
    clock.advance(seconds=60)
    assert do_duty(runtime, duty) == DutyReport(1)


def test_a_failed_duty_says_where_and_comes_again(runtime, clock, session):
    duty = Duty("fail", 60, lambda _runtime: 1 // 0)
    know_duties(runtime, [duty])
    with pytest.raises(DutyFailed, match="ZeroDivisionError"):
        do_duty(runtime, duty)
    row = session.scalars(select(DutyRow)).one()
    assert row.problem.startswith("ZeroDivisionError (duties.py")
    assert row.next_at == clock.now() + timedelta(seconds=60)


def test_a_tick_repeats_until_nothing_is_due_and_does_the_rest_behind_a_failure(runtime):
    stock = [3, 2, 0, 0]
    duties = [
        Duty("fail", 60, lambda _runtime: 1 // 0),
        Duty("use", 60, lambda _runtime: DutyReport(stock.pop(0))),
    ]
    with pytest.raises(DutyFailed, match="fail: ZeroDivisionError"):
        do_all(runtime, duties)
    assert stock == [0]
    stock = [3, 2, 0]
    assert do_all(runtime, duties[1:]) == {"use": DutyReport(5)}
