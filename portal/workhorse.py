"""The worker of RQ, made ours: the application is imported once, in the parent; a job is a name of our own table.

Whoever can write into Valkey can ask for a job, but never for a function that the table does not have: names are
looked up, not imported; callbacks and web hooks of a job are not looked at; nothing is unpickled.
"""

import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import Any

import redis
import structlog
from rq import Queue, Worker
from rq.job import Job
from rq.serializers import JSONSerializer

from portal import embedded
from portal.core.errors import Refused
from portal.logs import kind_and_place
from portal.queues import WAKE, WAKE_FLAG, connect, valkey_address
from portal.runtime import Runtime

Jobs = Mapping[str, Callable[..., None]]

SECONDS_BETWEEN_TRIES = 2.0  # while Valkey is away

log = structlog.get_logger(__name__)


class ForeignJob(Refused):
    """A job that is not in our table, or carries more than ids."""


class JobFailed(Refused):
    """A job of ours raised; the text is kind and place, for RQ keeps and prints what it is given."""


class OwnJob(Job):
    """A job that can only be a line of our table."""

    @property
    def success_callback(self) -> None:
        """Never one: a callback's name would be imported."""

    @property
    def failure_callback(self) -> None:
        """Never one."""

    @property
    def stopped_callback(self) -> None:
        """Never one."""

    def send_webhooks(self, *_status: Any, **_more: Any) -> None:
        """Call nobody."""

    def _execute(self) -> None:
        try:
            _Bench.current.execute(self)
        except ForeignJob as refusal:
            log.warning("foreign job refused", job=self.id, problem=refusal.text)
            raise
        except Exception as problem:  # noqa: BLE001 -- its text may hold people's data
            described = kind_and_place(problem)
            log.warning("job failed", job=self.id, problem=described)
            raise JobFailed(described) from None


class OwnQueue(Queue):
    """A queue of our own jobs."""

    job_class = OwnJob


class _Bench:
    """What a forked child needs and a job cannot carry; one a process."""

    current: "_Bench"

    def __init__(self, runtime: Runtime, jobs: Jobs) -> None:
        self.runtime, self.jobs, self.stop, self.pid = runtime, jobs, threading.Event(), os.getpid()

    def execute(self, job: Job) -> None:
        """Run a job of the table; raises ForeignJob for anything else."""
        name, ids = job.func_name, job.kwargs
        work = self.jobs.get(name) if isinstance(name, str) else None
        if work is None or job.instance is not None or job.args or not isinstance(ids, dict):
            raise ForeignJob(f"{name!s:.60} 不是本系统的任务。")
        if not all(isinstance(value, int | str) and len(str(value)) <= 100 for value in ids.values()):
            raise ForeignJob(f"{name} 带来的不是编号。")
        if name == WAKE:  # from here on a new fact needs a new wake-up
            job.connection.delete(WAKE_FLAG)
        work(self.runtime, **ids)


class PreloadingWorker(Worker):
    """Forks for each job from a parent that has everything imported."""

    job_class = OwnJob
    queue_class = OwnQueue
    max_connection_wait_time = 5.0
    log_result_lifespan = False

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Stop after the present job, and do not start again."""
        _Bench.current.stop.set()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """Say nothing: the job has told kind and place, and RQ would print the whole traceback."""

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        """Be the child: end with the parent, and open database connections of its own."""
        # a transaction that was not finished never happened
        embedded.end_with_parent(signal.SIGKILL, _Bench.current.pid)
        _Bench.current.runtime.engine.dispose(close=False)
        super().main_work_horse(job, queue)


def work(runtime: Runtime, jobs: Jobs, queues: Sequence[str], *, burst: bool = False) -> None:
    """Work on the queues until told to stop (SIGTERM, SIGINT: after the present job); waits while Valkey is away.

    With `burst` it ends when the queues are empty.
    """
    bench = _Bench.current = _Bench(runtime, jobs)
    while not bench.stop.is_set():
        for told in (signal.SIGTERM, signal.SIGINT):  # RQ puts its own in their place while it works
            signal.signal(told, lambda *_: bench.stop.set())
        if url := valkey_address(runtime.config):
            try:
                _work_until_lost(url, queues, burst=burst)
            except redis.RedisError as problem:
                log.warning("valkey away", problem=kind_and_place(problem))
        if burst:
            return
        bench.stop.wait(SECONDS_BETWEEN_TRIES)


def _work_until_lost(url: str, queues: Sequence[str], *, burst: bool) -> None:
    """Work until told to stop or until the connection is lost."""
    with connect(url, patience=None) as connection:
        worker = PreloadingWorker(
            [OwnQueue(name, connection=connection, serializer=JSONSerializer) for name in queues],
            connection=connection,
            serializer=JSONSerializer,
            log_job_description=False,
            default_result_ttl=0,
        )
        worker.work(burst=burst, logging_level="WARNING")
