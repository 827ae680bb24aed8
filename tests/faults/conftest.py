"""An installation of a test's own, known to other processes by its environment."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from portal.config import Config
from portal.core.actor import OPERATOR
from portal.core.installation import InstallationClock
from portal.installing import MakeInstallation, make_installation
from portal.queues import Queues
from portal.runtime import Runtime

ROOT = Path(__file__).parents[2]


@dataclass
class House:
    """A real installation, its environment, and the processes started in it."""

    runtime: Runtime
    env: dict[str, str]
    started: list[subprocess.Popen] = field(default_factory=list)

    def start(self, *arguments: str, stderr: int | None = None) -> subprocess.Popen:
        """Start Python beside us, in this installation."""
        env = {**os.environ, **self.env}
        process = subprocess.Popen(
            [sys.executable, *arguments], env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr
        )
        self.started.append(process)
        return process

    def portal(self, *arguments: str, stderr: int | None = None) -> subprocess.Popen:
        return self.start("-m", "portal", *arguments, stderr=stderr)


def wait_for(condition: Callable[[], object], what: str, seconds: float = 60) -> None:
    """Ask again until the condition holds; fails with `what` after the time."""
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {seconds} s for: {what}")
        pause.wait(0.02)


def settings_of(config: Config) -> dict[str, str]:
    """A test installation's settings as other processes read them from their environment."""
    return {
        "PORTAL_DATA": str(config.data),
        "PORTAL_DATABASE_URL": config.database_url,
        "PORTAL_FILES_URL": config.files_url,
        "PORTAL_SECRET_KEY": config.secret_key,
        "PORTAL_SEALING_KEYS": config.sealing_keys[0].hex(),
        "PORTAL_INDEX_KEY": config.index_key.hex(),
        "PORTAL_LEDGER_KEYS": config.ledger_keys[0].hex(),
        **({"PORTAL_REDIS_URL": config.redis_url} if config.redis_url else {}),
        **({"PORTAL_SMS_URL": config.sms_url} if config.sms_url else {}),
        "PYTHONPATH": str(ROOT),
    }


def children_of(pid: int) -> list[int]:
    """The children of a process that lives; none where it has just ended."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def is_gone(pid: int) -> bool:
    """Say whether a process has ended, waited for or not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return status.rpartition(")")[2].split()[0] == "Z"


@pytest.fixture
def house(own_runtime: Runtime, redis_url: str) -> Iterator[House]:
    """An installation on a database of its own, with an empty Valkey and the real clock."""
    config = replace(own_runtime.config, redis_url=redis_url)
    queues = Queues(config)
    own_runtime.config, own_runtime.wake, own_runtime.enqueue = config, queues.wake, queues.enqueue
    own_runtime.clock = InstallationClock(own_runtime.engine)
    own_runtime.perform(OPERATOR, make_installation, MakeInstallation())
    own_runtime.clock.forget()
    made = House(own_runtime, settings_of(config))
    yield made
    for process in made.started:
        process.kill()
        process.communicate()
    queues.close()
