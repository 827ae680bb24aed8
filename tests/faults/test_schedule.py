"""Schedules: any number of them double nothing, and the loss of Valkey or of all workers stops nothing."""

import json
import signal
from collections import Counter
from itertools import pairwise

from sqlalchemy import select

from portal.core.duties import LEASE_SECONDS
from portal.core.facts import Fact, Topic
from tests.faults import counting
from tests.faults.conftest import wait_for


def times(house, number=3):
    with house.runtime.reading() as session:
        return session.scalars(
            select(Fact.at).where(Fact.topic == Topic.CASE_WARNED, Fact.subject_id == number).order_by(Fact.at)
        ).all()


def counted(house):
    with house.runtime.reading() as session:
        return Counter(session.scalars(select(Fact.subject_id).where(Fact.topic == Topic.CASE_WARNED)))


def stop(process):
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0


def test_three_schedules_and_two_workers_double_nothing(house):
    together = [house.start(counting.__file__, "schedule") for _ in range(3)]
    together += [house.start(counting.__file__, "worker") for _ in range(2)]
    wait_for(lambda: len(times(house)) >= 4, "four rounds of the frequent duty", 40)
    for process in together:
        stop(process)
    assert counted(house)[1] == counted(house)[2] == 1
    assert all((after - before).total_seconds() >= 2 for before, after in pairwise(times(house)))


def test_without_valkey_the_schedule_does_the_duties_itself(house, tmp_path):
    house.env["PORTAL_REDIS_URL"] = f"unix://{tmp_path}/nobody.sock"
    schedules = [house.start(counting.__file__, "schedule") for _ in range(2)]
    wait_for(lambda: len(times(house)) >= 2 and counted(house).keys() == {1, 2, 3}, "duties without Valkey")
    for process in schedules:
        stop(process)
    assert counted(house)[1] == counted(house)[2] == 1


def test_without_a_worker_the_schedule_does_the_duties_itself_after_a_while(house):
    schedule = house.start(counting.__file__, "schedule")
    wait_for(lambda: counted(house)[1] == 1, "a heavy duty that no worker took", 40)
    stop(schedule)


def test_the_schedule_goes_on_when_another_was_killed(house, tmp_path):
    house.env["PORTAL_REDIS_URL"] = f"unix://{tmp_path}/nobody.sock"
    first = house.start(counting.__file__, "schedule")
    second = house.start(counting.__file__, "schedule")
    wait_for(lambda: times(house), "the first round")
    first.kill()
    before = len(times(house))
    patience = LEASE_SECONDS + 60  # the first may have died with the duty in its hands: then its lease has to end
    wait_for(lambda: len(times(house)) >= before + 2, "two more rounds", patience)
    stop(second)


def test_tick_does_what_is_due_and_counts_it(house):
    ticked = house.portal("tick", "--json")
    printed, _ = ticked.communicate(timeout=60)
    assert ticked.returncode == 0
    counts = json.loads(printed)
    assert set(counts["dispatch"]) == {"done", "failed"}
