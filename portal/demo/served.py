"""The same pages from the real server: `portal web` on loopback, asked by some clients at once over sockets.

More clients than processes: the system gives a connection to one of them by chance, and both must have work.
"""

import http.client
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen
from urllib.parse import quote

from portal import embedded
from portal.core.errors import RuleBroken
from portal.demo.measuring import Figures, Sample, figures
from portal.runtime import Runtime
from portal.serving import WORKERS

HOST = "127.0.0.1"
CLIENTS = 8
SECONDS_TO_BE_READY = 60
WARM_UP = 15  # requests of each client that are not counted: PostgreSQL plans a statement ten times on a connection
NO_ANSWER = "测试用的网站没有应答，基准测试停止。"


@dataclass(frozen=True, slots=True)
class Asked:
    """A page as a browser asks for it; `cookie` is empty where nobody is signed in."""

    name: str
    label: str
    path: str
    cookie: str
    statements: float  # counted in our own process: the server's are not seen


def measure_served(house: Runtime, pages: Sequence[Asked], repeats: int, told: Callable[[str], None]) -> list[Figures]:
    """Ask the real server for each page, `repeats` times by each client; the first page is the bare one.

    Pages a second are of both clients together. CPU is that of all the server's processes, a request; a database
    server's own is not in it. Raises RuleBroken where the server does not answer as it should.
    """
    found: list[Figures] = []
    bare: list[Sample] = []
    with _serving(house) as (port, server):
        for page in pages:
            told(f"{page.label}（经网络）")
            taken = _ask_together(port, page, repeats, lambda: _cpu_of(server.pid))
            cpu = taken.cpu / len(taken.walls)
            samples = [Sample(wall, cpu, 0, size) for wall, size in zip(taken.walls, taken.sizes, strict=True)]
            bare = bare or samples
            one = figures(f"served_{page.name}", f"{page.label}（经网络）", samples, bare)
            found.append(_as_served(one, page.statements, len(samples) / taken.elapsed))
    return found


def _as_served(one: Figures, statements: float, per_second: float) -> Figures:
    return Figures(
        one.name, one.label, f"{WORKERS} 个进程，{CLIENTS} 个连接", one.operations, round(per_second, 1), one.p50_ms,
        one.p95_ms, statements, one.cpu_ms, one.bytes, one.ratio,
    )  # fmt: skip


@dataclass(slots=True)
class _Taken:
    """What all clients together took for one page, behind the requests that warmed up."""

    walls: list[float] = field(default_factory=list)  # seconds of each answer
    sizes: list[int] = field(default_factory=list)  # bytes of each
    elapsed: float = 0.0  # seconds from the first to the last
    cpu: float = 0.0  # seconds of the server


def _ask_together(port: int, page: Asked, repeats: int, cpu: Callable[[], float]) -> _Taken:
    """Let the clients warm up, then ask `repeats` times each at once."""
    taken = _Taken()
    problems: list[Exception] = []

    def begin() -> None:
        taken.elapsed, taken.cpu = -time.perf_counter(), -cpu()

    warm = threading.Barrier(CLIENTS, begin)

    def client() -> None:
        try:
            for number, (wall, size) in enumerate(_ask(port, page, WARM_UP + repeats)):
                if number >= WARM_UP:
                    taken.walls.append(wall)
                    taken.sizes.append(size)
                elif number == WARM_UP - 1:
                    warm.wait()
        except (OSError, http.client.HTTPException, RuleBroken, threading.BrokenBarrierError) as problem:
            problems.append(problem)
            warm.abort()  # nobody waits for a client that gave up

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise RuleBroken(next((str(one) for one in problems if isinstance(one, RuleBroken)), NO_ANSWER)) from problems[
            0
        ]
    taken.elapsed += time.perf_counter()
    taken.cpu += cpu()
    return taken


def _ask(port: int, page: Asked, times: int) -> Iterator[tuple[float, int]]:
    """Ask over one kept connection; yields seconds and bytes of each answer."""
    headers = {"Accept-Encoding": "gzip", "Cookie": page.cookie} if page.cookie else {"Accept-Encoding": "gzip"}
    connection = http.client.HTTPConnection(HOST, port, timeout=60)
    try:
        for _ in range(times):
            started = time.perf_counter()
            connection.request("GET", quote(page.path, safe="/?=&%"), headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise RuleBroken(f"{page.path} 的答复是 {answer.status}，基准测试停止。")
            yield time.perf_counter() - started, len(body)
    finally:
        connection.close()


@contextmanager
def _serving(house: Runtime) -> Iterator[tuple[int, "Popen[bytes]"]]:
    """Run `portal web` on a free port for the length of a block; it ends with us."""
    port = _free_port()
    command = [sys.executable, "-P", "-m", "portal", "web", "--port", str(port)]
    with Path(os.devnull).open("wb") as nowhere:
        server = embedded.spawn(command, env={"PORTAL_DATA": str(house.config.data)}, output=nowhere)
    try:
        _wait_for(port, server)
        yield port, server
    finally:
        server.terminate()
        server.wait(30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, server: "Popen[bytes]") -> None:
    deadline = time.monotonic() + SECONDS_TO_BE_READY
    while time.monotonic() < deadline and server.poll() is None:
        try:
            list(_ask(port, Asked("", "", "/healthz", "", 0), 1))
        except (OSError, http.client.HTTPException):
            threading.Event().wait(0.1)
            continue
        return
    raise RuleBroken(NO_ANSWER)


def _cpu_of(parent: int) -> float:
    """Seconds of CPU of a process and its descendants, those that ended included; 0 where there is no /proc."""
    ticks = os.sysconf("SC_CLK_TCK")
    below: dict[int, list[int]] = {}
    used: dict[int, float] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parts = stat.read_text("utf-8", "replace").rpartition(") ")[2].split()
        except OSError:  # it ended meanwhile
            continue
        number = int(stat.parent.name)
        below.setdefault(int(parts[1]), []).append(number)
        used[number] = sum(map(int, parts[11:15])) / ticks
    total, waiting = 0.0, [parent]
    while waiting:
        one = waiting.pop()
        total += used.get(one, 0.0)
        waiting += below.get(one, [])
    return total
