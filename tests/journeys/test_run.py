"""`portal run` as an operator meets it: it starts, answers, mends itself, and leaves no process."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

SETTINGS = ("PORTAL_DATA", "PORTAL_DATABASE_URL", "PORTAL_REDIS_URL", "PORTAL_CLOCK", "PORTAL_BASE_URL")


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def fetch(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return json.load(answer)
    except (urllib.error.URLError, OSError):
        return None


def wait_for(condition, what, seconds=60):
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while not (found := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"waited {seconds} s for: {what}")
        pause.wait(0.1)
    return found


def processes(data: Path) -> dict[int, str]:
    """The processes of this installation, known by environment or (Valkey writes over its own) by command."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if f"PORTAL_DATA={data}".encode() in environment or str(data) in command:
            found[int(folder.name)] = command
    return found


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "house"


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def start(data: Path, tmp_path: Path) -> Iterator:
    """Start `portal …` in a process group of its own, from another folder than the repository."""
    started = []

    def begin(*arguments: str) -> subprocess.Popen:
        clean = {name: value for name, value in os.environ.items() if name not in SETTINGS}
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "portal", *arguments],
            env={**clean, "PORTAL_DATA": str(data)},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()
    wait_for(lambda: not processes(data), "the remains to end")


def test_run_starts_answers_and_stops_leaving_nothing(start, data, port):
    run = start("run", "--port", str(port))
    ready, _, _ = select.select([run.stdout], [], [], 60)
    assert ready, "portal run said nothing for a minute"
    assert f"http://127.0.0.1:{port}" in run.stdout.readline()
    found = fetch(f"http://127.0.0.1:{port}/readyz")
    assert (found["ok"], found["valkey"]) == (True, True)
    together = processes(data)
    for part in ("valkey", "portal web", "portal worker", "portal schedule"):
        assert any(part in command for command in together.values()), part
    run.send_signal(signal.SIGTERM)
    assert run.wait(30) == 0
    assert processes(data) == {}


def test_ctrl_c_in_the_terminal_stops_all(start, data, port):
    run = start("run", "--port", str(port))
    wait_for(lambda: fetch(f"http://127.0.0.1:{port}/readyz"), "the site")
    os.killpg(run.pid, signal.SIGINT)  # a terminal sends it to the whole group
    assert run.wait(30) == 0
    assert processes(data) == {}


def test_a_dead_part_is_started_again_and_a_killed_run_leaves_nothing(start, data, port):
    run = start("run", "--port", str(port))
    wait_for(lambda: fetch(f"http://127.0.0.1:{port}/readyz"), "the site")
    for part in ("valkey", "portal schedule", "portal web"):
        for pid in [pid for pid, command in processes(data).items() if part in command]:
            os.kill(pid, signal.SIGKILL)
    wait_for(lambda: (fetch(f"http://127.0.0.1:{port}/readyz") or {}).get("valkey"), "web and Valkey again")
    wait_for(lambda: any("portal schedule" in one for one in processes(data).values()), "the schedule again")
    run.kill()
    run.wait()
    wait_for(lambda: not processes(data), "the parts to end with their parent", 30)


def test_a_taken_port_is_told_in_one_sentence(start, data):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        run = start("run", "--port", str(holder.getsockname()[1]))
        _, told = run.communicate(timeout=60)
    assert run.returncode == 1
    assert "端口可能已被占用" in told
    assert len(told.splitlines()) == 1
    assert not data.exists()


def test_a_second_run_in_the_same_folder_is_told_in_one_sentence(start, data, port):
    start("run", "--port", str(port))
    wait_for(lambda: fetch(f"http://127.0.0.1:{port}/readyz"), "the site")
    second = start("run", "--port", str(free_port()))
    _, told = second.communicate(timeout=60)
    assert second.returncode == 1
    assert "已在运行" in told
    assert len(told.splitlines()) == 1


def test_without_an_installation_the_processes_refuse_and_name_the_folder(start, data):
    for command in ("web", "worker", "schedule", "tick"):
        process = start(command)
        _, told = process.communicate(timeout=60)
        assert process.returncode == 1
        assert str(data) in told
        assert len(told.splitlines()) == 1
