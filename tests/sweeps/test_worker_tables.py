"""The worker's tables: every fact was thought of, and nothing but our own jobs can be run."""

import inspect
import json

import pytest
from rq import Callback, Queue
from rq.serializers import JSONSerializer

from portal.core.facts import Topic
from portal.queues import LONG, QUICK, WAKE_FLAG, connect
from portal.worker import DUE, HANDLERS, JOBS
from tests.faults.conftest import house as house

LATEST = 24 * 3600  # seconds


@pytest.fixture
def database() -> str:
    """One database is enough: what is refused never reaches it."""
    return "sqlite"


def test_every_topic_says_who_wakes_for_it():
    missing = [topic.name for topic in Topic if topic not in HANDLERS]
    assert not missing, f"add to HANDLERS in portal/worker.py (NOBODY is an answer): {missing}"


def test_handlers_take_a_session_a_fact_and_the_moment():
    for handlers in HANDLERS.values():
        for handler in handlers:
            assert list(inspect.signature(handler).parameters) == ["session", "fact", "now"], handler
            assert handler.__module__.endswith((".jobs", "_jobs")), (
                f"{handler} lives in portal/<capability>/jobs.py or <what>_jobs.py"
            )


def test_duties_have_names_of_their_own_and_sensible_intervals():
    assert len({duty.name for duty in DUE}) == len(DUE)
    assert all(1 <= duty.interval <= LATEST for duty in DUE)


def test_jobs_take_the_installation_and_ids_only():
    for job in JOBS.values():
        parameters = list(inspect.signature(job).parameters.values())
        assert parameters[0].name == "runtime"
        assert all(one.kind is one.KEYWORD_ONLY and one.annotation in (int, str) for one in parameters[1:]), job


def test_a_worker_refuses_every_name_that_is_not_in_its_table(house, tmp_path, redis_url):
    target = tmp_path / "made by a stranger"
    foreign = [
        ("os.mkdir", [str(target)], {}),
        ("os.mkdir", [], {"path": str(target)}),
        ("portal.worker.wake", [], {}),
        ("subprocess.run", [["mkdir", str(target)]], {}),
        ("wake", [str(target)], {}),
        ("wake", [], {"path": {"nested": str(target)}}),
        ("duty", [], {"name": "x" * 200}),
        ("duty", [], {"name": "os.mkdir"}),
    ]
    with connect(redis_url) as client:
        queue = Queue(QUICK, connection=client, serializer=JSONSerializer)
        jobs = [queue.enqueue_call(name, args=args, kwargs=ids) for name, args, ids in foreign]
        assert house.portal("worker", "--burst").wait(60) == 0
        assert [job.get_status() for job in jobs] == ["failed"] * len(foreign)
    assert not target.exists()


def test_a_worker_calls_nobody_back(house, tmp_path, redis_url):
    with connect(redis_url) as client:
        queue = Queue(LONG, connection=client, serializer=JSONSerializer)
        job = queue.enqueue_call("wake", on_success=Callback("os.abort"), on_failure=Callback("os.abort"))
        client.hset(job.key, "webhooks", json.dumps([{"url": "http://127.0.0.1:9/", "job_status": "finished"}]))
        assert house.portal("worker", "--burst").wait(60) == 0
        assert not client.exists(job.key)  # done, and nothing of it kept


def test_a_worker_does_not_unpickle(house, tmp_path, redis_url):
    target = tmp_path / "made by a pickle"
    pickled = b"cos\nmkdir\n(V" + str(target).encode() + b"\ntR."
    with connect(redis_url) as client:
        queue = Queue(QUICK, connection=client, serializer=JSONSerializer)
        job = queue.enqueue_call("wake")
        client.hset(job.key, mapping={"data": pickled, "meta": pickled})
        assert house.portal("worker", "--burst").wait(60) == 0
    assert not target.exists()


def test_what_a_job_carries_is_no_secret(house, redis_url):
    house.runtime.wake()
    house.runtime.enqueue("duty", name="dispatch", queue=QUICK, job_id="once")
    house.runtime.enqueue("duty", name="dispatch", queue=QUICK, job_id="once")
    with connect(redis_url) as client:
        assert client.get(WAKE_FLAG) == b"1"
        [wake, duty] = [
            Queue(QUICK, connection=client, serializer=JSONSerializer).fetch_job(one.decode())
            for one in client.lrange(f"rq:queue:{QUICK}", 0, -1)
        ]
        assert (wake.func_name, wake.kwargs, wake.description) == ("wake", {}, "wake")
        assert (duty.func_name, duty.kwargs, duty.description) == ("duty", {"name": "dispatch"}, "duty")
