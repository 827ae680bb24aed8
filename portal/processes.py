"""Several processes as one: start them, start again what ends, stop all of them by process id."""

import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import Popen
from types import FrameType
from typing import Protocol

import structlog

from portal import embedded
from portal.embedded import CannotStart, EmbeddedValkey

SECONDS_BETWEEN_LOOKS = 0.25
SECONDS_TO_BE_READY = 60.0
SECONDS_OF_A_GOOD_LIFE = 10.0  # what ends sooner is started again more and more slowly
LONGEST_PAUSE = 30.0  # seconds

log = structlog.get_logger(__name__)


class Part(Protocol):
    """Something that runs beside us."""

    name: str

    def start(self) -> None:
        """Start it; raises CannotStart."""

    def is_alive(self) -> bool:
        """Say whether it still runs."""

    def ask_to_stop(self) -> None:
        """Tell it to stop, without waiting."""

    def stop(self) -> None:
        """Stop it and wait; safe where it never started."""


class Program:
    """One of our own commands, in a process of its own."""

    def __init__(self, name: str, arguments: Sequence[str], env: Mapping[str, str]) -> None:
        self.name, self.arguments, self.env = name, arguments, env
        self.process: Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it ends with us, and what it prints goes to standard error, for ours belongs to the caller."""
        command = [sys.executable, "-P", "-m", "portal", *self.arguments]
        self.process = embedded.spawn(command, env=self.env, output=sys.stderr.buffer, until_told=True)

    def is_alive(self) -> bool:
        """Say whether it still runs."""
        return self.process is not None and self.process.poll() is None

    def ask_to_stop(self) -> None:
        """Send it SIGTERM."""
        if self.process is not None:
            self.process.terminate()

    def stop(self) -> None:
        """Wait for its end, and insist in the end."""
        if self.process is not None:
            embedded.end(self.process)


class ValkeyPart:
    """The Valkey we bring along; the others are given its address."""

    name = "valkey"

    def __init__(self, data: Path) -> None:
        self.data = data
        self.server: EmbeddedValkey | None = None

    def start(self) -> None:
        """Start it and wait until it answers; raises CannotStart."""
        self.server = embedded.start_valkey(self.data)

    def is_alive(self) -> bool:
        """Say whether it still runs."""
        return self.server is not None and self.server.is_alive()

    def ask_to_stop(self) -> None:
        """Nothing yet: the others still need it."""

    def stop(self) -> None:
        """Stop it, last of all."""
        if self.server is not None:
            self.server.stop()


def until_told() -> threading.Event:
    """An event that SIGTERM, SIGINT and SIGHUP set; from here on they no longer end the process by themselves."""
    stop = threading.Event()

    def heard(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for told in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(told, heard)
    return stop


class Company:
    """The parts of one run, in the order in which they start; they stop in the opposite order."""

    def __init__(self, parts: Sequence[Part], stop: threading.Event) -> None:
        self.parts, self.stop = parts, stop
        self._started: dict[str, float] = {}  # monotonic seconds
        self._pause: dict[str, float] = {}

    def start(self) -> None:
        """Start every part; raises CannotStart, and what was started must be ended by the caller."""
        for part in self.parts:
            self._start(part)

    def keep(self) -> None:
        """Start again whatever ends, until told to stop."""
        while not self.stop.wait(SECONDS_BETWEEN_LOOKS):
            self.look()

    def look(self) -> None:
        """Start again the parts that have ended, the more slowly the sooner they end."""
        for part in self.parts:
            if part.is_alive():
                continue
            lived = time.monotonic() - self._started[part.name]
            pause = self._pause.get(part.name, 0.0) if lived < SECONDS_OF_A_GOOD_LIFE else 0.0
            if lived < pause:
                continue
            log.warning("part ended, starting it again", part=part.name)
            self._pause[part.name] = min(max(1.0, 2 * pause), LONGEST_PAUSE)
            try:
                self._start(part)
            except CannotStart as problem:
                log.warning("part does not start", part=part.name, problem=problem.text)

    def wait_until_ready(self, url: str) -> None:
        """Wait until `url` answers 200; raises CannotStart after a minute. Returns early when told to stop."""
        deadline = time.monotonic() + SECONDS_TO_BE_READY
        while not self.stop.is_set() and not _answers(url):
            if time.monotonic() > deadline:
                raise CannotStart(f"网站在 {SECONDS_TO_BE_READY:.0f} 秒内没有应答：{url}。原因见上面的日志。")
            self.look()
            self.stop.wait(SECONDS_BETWEEN_LOOKS)

    def end(self) -> None:
        """Stop all parts; returns when no process of ours is left."""
        for part in reversed(self.parts):
            part.ask_to_stop()
        for part in reversed(self.parts):
            part.stop()

    def _start(self, part: Part) -> None:
        self._started[part.name] = time.monotonic()
        part.start()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 -- our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
