"""The worker and the queues when something dies: nothing is lost, nothing happens twice, nobody waits."""

import os
import signal
import time
from collections import Counter
from dataclasses import replace

import redis
from sqlalchemy import func, select

from portal import embedded
from portal.core import facts
from portal.core.actor import SYSTEM
from portal.core.facts import Delivery, DeliveryState, Fact, Outbox, SubjectKind, Topic
from portal.queues import ANSWER_SECONDS, QUICK, WAKE_FLAG, Queues, connect
from tests.faults import answering
from tests.faults.conftest import children_of, is_gone, wait_for

MANY = 200


def note(session, actor, command, *, now):
    facts.record(session, actor, Topic.CASE_NOTED, SubjectKind.CASE, command, at=now)


def answered(house):
    with house.runtime.reading() as session:
        return Counter(session.scalars(select(Fact.subject_id).where(Fact.topic == Topic.CASE_WARNED)))


def left(house):
    with house.runtime.reading() as session:
        return session.scalar(select(func.count()).select_from(Outbox)), session.scalar(
            select(func.count()).select_from(Delivery).where(Delivery.state != DeliveryState.DONE)
        )


def jobs_waiting(url):
    with connect(url) as client:
        return client.llen(f"rq:queue:{QUICK}")


def test_a_worker_killed_in_the_middle_delivers_every_fact_exactly_once(house):
    for number in range(MANY):
        house.runtime.perform(SYSTEM, note, number)
    first = house.start(answering.__file__)
    wait_for(lambda: sum(answered(house).values()) > 10, "the first answers")
    horses = children_of(first.pid)
    first.send_signal(signal.SIGKILL)
    first.wait()
    wait_for(lambda: all(is_gone(horse) for horse in horses), "its child to end with it")
    assert 0 < sum(answered(house).values()) < MANY
    house.runtime.wake()
    assert house.start(answering.__file__, "--burst").wait(60) == 0
    assert answered(house) == Counter(range(MANY))
    assert left(house) == (0, 0)


def test_a_child_killed_in_the_middle_takes_its_transaction_with_it_and_the_worker_goes_on(house):
    for number in range(MANY):
        house.runtime.perform(SYSTEM, note, number)
    worker = house.start(answering.__file__)
    wait_for(lambda: sum(answered(house).values()) > 10, "the first answers")
    [horse] = children_of(worker.pid)
    os.kill(horse, signal.SIGKILL)
    wait_for(lambda: is_gone(horse), "the child's end")
    house.runtime.perform(SYSTEM, note, MANY)  # wakes it again
    wait_for(lambda: left(house)[0] == 0 and sum(answered(house).values()) == MANY + 1, "all answers")
    assert answered(house) == Counter(range(MANY + 1))
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(15) == 0


def test_wake_ups_do_not_pile_up(house):
    for number in range(50):
        house.runtime.perform(SYSTEM, note, number)
    assert jobs_waiting(house.runtime.config.redis_url) == 1


def test_a_fact_after_the_wake_up_was_taken_gets_another(house, redis_url):
    house.runtime.perform(SYSTEM, note, 1)
    assert house.portal("worker", "--burst").wait(30) == 0
    assert left(house) == (0, 0)
    with connect(redis_url) as client:
        assert not client.exists(WAKE_FLAG)
    house.runtime.perform(SYSTEM, note, 2)
    assert jobs_waiting(redis_url) == 1


def test_without_valkey_an_action_neither_fails_nor_waits(house, tmp_path):
    server = embedded.start_valkey(tmp_path / "own")
    queues = Queues(replace(house.runtime.config, redis_url=server.url))
    house.runtime.wake = queues.wake
    house.runtime.perform(SYSTEM, note, 1)
    assert jobs_waiting(server.url) == 1
    server.stop()
    before = time.monotonic()
    for number in range(20):
        house.runtime.perform(SYSTEM, note, number)
    assert queues.enqueue("wake") is False
    assert time.monotonic() - before < 5
    assert left(house)[0] == 21
    queues.close()


def test_a_valkey_that_does_not_answer_is_given_up_quickly_and_left_alone(house, tmp_path):
    server = embedded.start_valkey(tmp_path / "own")
    queues = Queues(replace(house.runtime.config, redis_url=server.url))
    server.process.send_signal(signal.SIGSTOP)
    try:
        before = time.monotonic()
        assert [queues.enqueue("wake") for _ in range(20)] == [False] * 20
        assert time.monotonic() - before < 4 * ANSWER_SECONDS + 1
    finally:
        server.process.send_signal(signal.SIGCONT)
        queues.close()
        server.stop()


def test_a_worker_waits_while_valkey_is_away_and_stops_when_told(house, tmp_path):
    server = embedded.start_valkey(tmp_path / "own")
    house.env["PORTAL_REDIS_URL"] = server.url
    queues = Queues(replace(house.runtime.config, redis_url=server.url))
    house.runtime.wake = queues.wake
    worker = house.portal("worker")
    house.runtime.perform(SYSTEM, note, 1)
    wait_for(lambda: left(house) == (0, 0), "the worker")
    server.stop()
    server = embedded.start_valkey(tmp_path / "own")
    queues._silent_until = 0.0
    house.runtime.perform(SYSTEM, note, 2)
    wait_for(lambda: left(house) == (0, 0), "the worker after its Valkey came back")
    assert worker.poll() is None
    server.stop()
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(15) == 0
    queues.close()


def test_the_queue_remembers_over_a_restart(tmp_path):
    server = embedded.start_valkey(tmp_path / "own")
    with redis.Redis.from_url(server.url) as client:
        client.rpush("kept", "job")
    server.stop()
    server = embedded.start_valkey(tmp_path / "own")
    with redis.Redis.from_url(server.url) as client:
        assert client.lrange("kept", 0, -1) == [b"job"]
    server.stop()
