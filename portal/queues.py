"""The queues in Valkey: wake-ups and jobs. Losing them loses no work, and an absent Valkey delays nobody.

A job is a name from `portal.worker.JOBS` with ids; the JSON serializer, never pickle.
"""

import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue
from rq.exceptions import DuplicateJobError
from rq.serializers import JSONSerializer

from portal import embedded
from portal.config import Config

QUICK = "portal-quick"  # wake-ups and duties: nobody waits behind a long job
LONG = "portal-long"  # imports and the like

ANSWER_SECONDS = 0.5  # how long a request may wait for Valkey
PAUSE_SECONDS = 5.0  # after a failure Valkey is left alone this long
WAKE = "wake"
WAKE_FLAG = "portal:wake"  # set while a wake-up is queued; the job itself takes it down before it looks
WAKE_FLAG_SECONDS = 60
UNUSED_SECONDS = 600  # a job nobody took by then is dropped: the schedule finds the work again
LONGEST_SECONDS = {QUICK: 15 * 60, LONG: 6 * 3600}


def valkey_address(config: Config) -> str | None:
    """The Valkey to use: the configured one, else the one that `portal run` keeps in PORTAL_DATA, else None."""
    if config.redis_url:
        return config.redis_url
    url = embedded.valkey_url(config.data)
    return url if Path(unquote(urlsplit(url).path)).is_socket() else None


def connect(url: str, *, patience: float | None = ANSWER_SECONDS) -> redis.Redis:
    """Open a client that gives up after `patience` seconds and does not try twice."""
    return redis.Redis.from_url(
        url, socket_timeout=patience, socket_connect_timeout=ANSWER_SECONDS, retry=Retry(NoBackoff(), 0)
    )


def valkey_answers(config: Config) -> bool | None:
    """Say whether Valkey answers a PING just now; None where none is configured and none runs here."""
    url = valkey_address(config)
    if url is None:
        return None
    with suppress(redis.RedisError), connect(url) as client:
        return bool(client.ping())
    return False


class Queues:
    """One process's way into the queues; every method answers at once, also when Valkey is away."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._client: redis.Redis | None = None
        self._silent_until = 0.0  # monotonic seconds
        self._pid = os.getpid()
        self._lock = threading.Lock()

    def wake(self) -> None:
        """Tell a dispatcher that facts wait. At most one wake-up is queued; a lost one is made up by the schedule."""
        client = self._answering()
        if client is None:
            return
        try:
            if client.set(WAKE_FLAG, 1, nx=True, ex=WAKE_FLAG_SECONDS):
                self._push(client, WAKE, QUICK, None, {})
        except redis.RedisError:
            self._leave_alone()

    def enqueue(self, name: str, /, *, queue: str = LONG, job_id: str | None = None, **ids: int | str) -> bool:
        """Queue a job of `portal.worker.JOBS`; False when Valkey is away (a duty must then find the work itself).

        With `job_id` the job is queued once; a second one with the same id counts as queued.
        """
        client = self._answering()
        if client is None:
            return False
        try:
            self._push(client, name, queue, job_id, ids)
        except redis.RedisError:
            self._leave_alone()
            return False
        return True

    def close(self) -> None:
        """Give the connections back."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _push(self, client: redis.Redis, name: str, queue: str, job_id: str | None, ids: dict[str, int | str]) -> None:
        with suppress(DuplicateJobError):
            Queue(queue, connection=client, serializer=JSONSerializer).enqueue_call(
                name,
                kwargs=ids,
                job_id=job_id,
                unique=job_id is not None,
                timeout=LONGEST_SECONDS[queue],
                ttl=UNUSED_SECONDS,
                result_ttl=0,
                failure_ttl=UNUSED_SECONDS,
                description=name,
            )

    def _answering(self) -> redis.Redis | None:
        """A client, unless Valkey was silent a moment ago."""
        if time.monotonic() < self._silent_until:
            return None
        with self._lock:
            if self._client is None or self._pid != os.getpid():  # a forked child opens its own connections
                url = valkey_address(self._config)
                if url is None:
                    self._leave_alone()
                    return None
                self._client, self._pid = connect(url), os.getpid()
            return self._client

    def _leave_alone(self) -> None:
        self._silent_until = time.monotonic() + PAUSE_SECONDS
