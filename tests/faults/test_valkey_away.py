"""Valkey emptied, gone or hanging: nothing lost, the site as quick as before, limits in memory, lockouts in rows."""

import random
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from sqlalchemy import func, select

from portal import embedded
from portal.accounts import passwords
from portal.accounts.models import Person
from portal.app import create_app
from portal.core.actor import OPERATOR, SYSTEM
from portal.core.facts import Fact, Topic
from portal.embedded import EmbeddedValkey
from portal.intake.actions import StartImport, start_import
from portal.intake.models import Filing, ImportRun, ImportState
from portal.intake.uploads import read_upload
from portal.queues import LONG, Queues
from portal.runtime import Runtime
from portal.worker import tick
from tests.factories import people
from tests.factories.intake import complaint, sample_world, workbook
from tests.faults import answering
from tests.faults.conftest import House, wait_for
from tests.faults.test_worker import MANY, answered, left, note
from tests.inspector import InspectingClient

LIMIT = 20  # looks at papers a minute from one address
PASSWORD = "correct horse battery 9"


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    """One of the test's own, to be treated badly."""
    server = embedded.start_valkey(tmp_path / "own")
    yield server
    server.stop()


def test_a_valkey_emptied_at_a_random_moment_loses_no_fact(house: House, redis_url: str) -> None:
    chance = random.Random(random.SystemRandom().randrange(1 << 32))
    for number in range(MANY):
        house.runtime.perform(SYSTEM, note, number)
    worker = house.start(answering.__file__)
    with redis.Redis.from_url(redis_url) as client:
        for _ in range(3):
            seen = sum(answered(house).values()) + chance.randint(1, MANY // 5)
            wait_for(lambda seen=seen: sum(answered(house).values()) >= seen, "some answers")
            client.flushall()
        house.runtime.perform(SYSTEM, note, MANY)
        client.flushall()  # and the wake-up is gone as well, with the flag that says it is queued
        house.runtime.perform(SYSTEM, note, MANY + 1)
        wait_for(lambda: left(house) == (0, 0), "all deliveries")
    assert set(answered(house).values()) == {1}
    assert len(answered(house)) == MANY + 2
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(15) == 0


def test_an_import_whose_job_was_emptied_away_is_taken_up(house: House, redis_url: str) -> None:
    with house.runtime.writing() as session:
        sample_world(session)
    content = workbook([complaint(n) for n in range(1, 51)])
    run = house.runtime.perform(OPERATOR, start_import, StartImport(read_upload("本周.xlsx", content)))
    house.runtime.enqueue("import", queue=LONG, run_id=run.id)
    with redis.Redis.from_url(redis_url) as client:
        assert client.llen(f"rq:queue:{LONG}") == 1
        client.flushall()
    with house.runtime.writing() as session:  # nobody came for a minute and a half
        row = session.get_one(ImportRun, run.id)
        row.created_at = house.runtime.now().replace(year=row.created_at.year - 1)
        session.commit()
    tick(house.runtime)
    with house.runtime.reading() as session:
        assert session.get_one(ImportRun, run.id).state is ImportState.DONE
        assert session.scalar(select(func.count()).select_from(Filing)) == 50
        ended = select(func.count()).select_from(Fact).where(Fact.topic == Topic.IMPORT_ENDED)
        assert session.scalar(ended) == 1


def client_on(runtime: Runtime, server: EmbeddedValkey) -> InspectingClient:
    """A visitor of a site that keeps its limits in this Valkey; what pages look like is not asked here."""
    runtime.config = replace(runtime.config, redis_url=server.url)
    queues = Queues(runtime.config)
    runtime.wake, runtime.enqueue = queues.wake, queues.enqueue
    client = InspectingClient(create_app(runtime))
    client.inspect = False
    return client


def sign_in(client: InspectingClient, token: str, name: str, password: str) -> tuple[int, str]:
    answer = client.post("/sign-in", data={"csrf_token": token, "sign_in_name": name, "password": password})
    return answer.status_code, answer.text


@pytest.fixture
def person(own_runtime: Runtime) -> str:
    """Someone with a password."""
    with own_runtime.writing() as session:
        organisation = people.authority(session)
        member = people.member(session, people.merchant(session, organisation).id)
        member.person.password_hash = passwords.hash_password(PASSWORD)
        session.commit()
        return member.person.sign_in_name


@pytest.mark.parametrize("database", ["sqlite"])
def test_without_valkey_the_limits_hold_in_memory(own_runtime: Runtime, own_valkey: EmbeddedValkey) -> None:
    client = client_on(own_runtime, own_valkey)
    own_valkey.process.kill()
    own_valkey.process.wait()
    codes = [client.get("/verify/XY-2026-0001").status_code for _ in range(LIMIT + 2)]
    assert codes == [404] * LIMIT + [429, 429]


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize("state", ["emptied", "gone", "hanging"])
def test_the_lockout_of_a_name_holds_whatever_valkey_does(
    own_runtime: Runtime, own_valkey: EmbeddedValkey, person: str, state: str
) -> None:
    client = client_on(own_runtime, own_valkey)
    token = client.token("/sign-in")
    for _ in range(5):
        assert sign_in(client, token, person, "wrong")[0] == 422
    if state == "emptied":
        with redis.Redis.from_url(own_valkey.url) as connection:
            connection.flushall()
    else:
        own_valkey.process.send_signal(signal.SIGKILL if state == "gone" else signal.SIGSTOP)
    try:
        before = time.monotonic()
        code, text = sign_in(client, token, person, PASSWORD)
        assert time.monotonic() - before < 10, "a visitor does not wait for Valkey"
    finally:
        own_valkey.process.send_signal(signal.SIGCONT)
    assert code == 422
    assert "暂停使用" in text
    with own_runtime.reading() as session:
        locked = session.scalars(select(Person.locked_until).where(Person.sign_in_name == person)).one()
        assert locked is not None
