"""A whole house in a storm: web, worker, schedule and Valkey as real processes, and somebody who kills them."""

import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from portal import embedded
from portal.core.actor import OPERATOR
from portal.embedded import CannotStart, EmbeddedValkey
from portal.installing import AdvanceClock, advance_clock
from tests.faults.conftest import House, children_of, is_gone, wait_for
from tests.faults.surfing import Away, free_port

R = TypeVar("R")

PARTS = ("web", "worker", "schedule", "valkey")
STEPS = 300  # of progress at most before the next kill: rows, offers, deliveries, messages
CALM = 90.0  # seconds without any progress: something is lost for good, however busy the machine is
PASSING = timedelta(minutes=3)  # after each kill: longer than a claim on a duty, and a stalled import is taken up


@dataclass
class Storm:
    """The four processes, each started again whenever it has ended."""

    house: House
    folder: Path
    chance: random.Random
    port: int = field(default_factory=free_port)
    programs: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    valkey: EmbeddedValkey | None = None
    killed: Counter[str] = field(default_factory=Counter)
    advanced: timedelta = timedelta()
    over: threading.Event = field(default_factory=threading.Event)

    def begin(self) -> None:
        """Start everything; the address of Valkey stays the same for the whole storm."""
        self._start_valkey()
        self.tend()

    def tend(self) -> None:
        """Start again what has ended."""
        if self.valkey is None or not self.valkey.is_alive():
            self._start_valkey()
        arguments = {
            "web": ("web", "--port", str(self.port), "--workers", "1"),
            "worker": ("worker",),
            "schedule": ("schedule",),
        }
        for name, command in arguments.items():
            if name not in self.programs or self.programs[name].poll() is not None:
                self.programs[name] = self.house.portal(*command)

    def kill(self, name: str) -> None:
        """End by SIGKILL: a process, now and then only its child, or both at once."""
        self.killed[name] += 1
        if name == "valkey":
            assert self.valkey is not None
            self.valkey.process.kill()
            self.valkey.process.wait()
        else:
            self._kill_program(self.programs[name])
        self.advanced += PASSING
        self.house.runtime.perform(OPERATOR, advance_clock, AdvanceClock(PASSING))

    def _kill_program(self, program: subprocess.Popen[bytes]) -> None:
        children = children_of(program.pid) if program.poll() is None else []
        victims = self.chance.choice(([program.pid], [*children, program.pid], children or [program.pid]))
        for pid in victims:
            if not is_gone(pid):
                os.kill(pid, signal.SIGKILL)
        if program.pid in victims:
            program.wait()
            wait_for(lambda: all(is_gone(child) for child in children), "the children of the killed", 15)

    def rage(self, rounds: int, begin_round: Callable[[], Callable[[], bool]], progress: Callable[[], int]) -> None:
        """In each round let work begin and kill one of the four after a random amount of seen progress.

        `begin_round` gives back whether its work is done: one who is late kills an idle house. Each of the four is
        killed once in four rounds, in an order of chance.
        """
        victims: list[str] = []
        for _ in range(rounds):
            victims = victims or self.chance.sample(PARTS, len(PARTS))
            done, wanted = begin_round(), progress() + self.chance.randint(1, STEPS)
            self.watch(lambda wanted=wanted, done=done: progress() >= wanted or done(), progress)
            self.kill(victims.pop())
            self.tend()

    def watch(self, reached: Callable[[], bool], progress: Callable[[], int]) -> None:
        """Wait for something, and start again what ends by itself; fails where nothing moves any more."""
        pause, last, calm_since = threading.Event(), progress(), time.monotonic()
        while not reached():
            if (now := progress()) != last:
                last, calm_since = now, time.monotonic()
            if time.monotonic() - calm_since > CALM:
                pytest.fail(f"nothing moved for {CALM} s behind {dict(self.killed)}")
            self.tend()
            pause.wait(self.chance.uniform(0.0, 0.06))  # so that it is not always the moment behind a commit

    def insist(self, step: Callable[[], R]) -> R:
        """What people do: try again until somebody answers."""
        while True:
            try:
                return step()
            except Away:
                if self.over.wait(0.1):
                    raise

    def end(self) -> None:
        """Kill all of them at once: the storm leaves nothing in order."""
        self.over.set()
        for program in self.programs.values():
            for pid in (*(children_of(program.pid) if program.poll() is None else ()), program.pid):
                if not is_gone(pid):
                    os.kill(pid, signal.SIGKILL)
            program.wait()
        if self.valkey is not None:
            self.valkey.process.kill()
            self.valkey.process.wait()

    def _start_valkey(self) -> None:
        try:
            self.valkey = embedded.start_valkey(self.folder)
        except CannotStart as problem:
            pytest.fail(problem.text)
        self.house.env["PORTAL_REDIS_URL"] = self.valkey.url
