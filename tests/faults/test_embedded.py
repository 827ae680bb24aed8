"""The bundled Valkey under bad luck: its parent is killed, it is killed, the path is long, it is started twice."""

import os
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
import redis

from portal import embedded

PARENT = """
import pathlib, sys
from portal import embedded
valkey = embedded.start_valkey(pathlib.Path(sys.argv[1]))
print(valkey.process.pid, flush=True)
sys.stdin.read()
"""
CHILD = "import os, signal, sys; print(os.environ['PORTAL_PART'], flush=True); signal.pause()"


@pytest.fixture(autouse=True)
def _runtime_folder(monkeypatch):
    """Where short links go: as short as a real one, and gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield


@pytest.fixture
def valkey(tmp_path):
    server = embedded.start_valkey(tmp_path)
    yield server
    server.stop()


def ended(pid: int) -> bool:
    """Wait until a process that is not our child has ended."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], 10)[0])
    finally:
        os.close(descriptor)


def keep(url: str, word: str) -> None:
    with redis.Redis.from_url(url) as client:
        client.set("kept", word)


def kept(url: str) -> str:
    with redis.Redis.from_url(url, decode_responses=True) as client:
        return client.get("kept")


def parent_of_a_valkey(folder: Path) -> tuple[subprocess.Popen, int]:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    return parent, int(parent.stdout.readline())


def test_killing_the_parent_ends_valkey_and_keeps_what_it_had(tmp_path):
    parent, pid = parent_of_a_valkey(tmp_path)
    with parent:
        keep(embedded.valkey_url(tmp_path), "方案")
        parent.send_signal(signal.SIGKILL)
    again = embedded.start_valkey(tmp_path)  # at once: it waits for the one that is still ending
    try:
        assert ended(pid)
        assert kept(again.url) == "方案"
    finally:
        again.stop()


def test_a_restart_keeps_everything(tmp_path):
    first = embedded.start_valkey(tmp_path)
    keep(first.url, "条款")
    first.stop()
    first.stop()
    assert not first.is_alive()
    second = embedded.start_valkey(tmp_path)
    try:
        assert second.url == first.url
        assert kept(second.url) == "条款"
    finally:
        second.stop()


def test_a_killed_valkey_can_be_started_again(valkey, tmp_path):
    keep(valkey.url, "回填")
    valkey.process.kill()
    valkey.process.wait()
    assert not valkey.is_alive()
    again = embedded.start_valkey(tmp_path)
    try:
        assert kept(again.url) == "回填"
        assert (tmp_path / "valkey" / "valkey.log.1").exists()
    finally:
        again.stop()


@pytest.mark.parametrize("name", ["数据 文件夹", 'a "quoted" one', "100%25?#", "long" * 45])
def test_any_folder_name_will_do(tmp_path, name):
    folder = tmp_path / name
    server = embedded.start_valkey(folder)
    try:
        keep(server.url, name)
        assert kept(embedded.valkey_url(folder)) == name
        path = redis.connection.parse_url(server.url)["path"]
        assert len(os.fsencode(path)) <= embedded.LONGEST_SOCKET_PATH
        assert stat.S_IMODE(Path(path).parent.stat().st_mode) == 0o700
        assert Path(path).resolve().is_relative_to(folder.resolve())
    finally:
        server.stop()


def test_a_short_link_that_points_elsewhere_is_put_right(tmp_path):
    home = tmp_path / ("long" * 45)
    link = embedded._short_link(home)
    link.unlink()
    link.symlink_to(tmp_path)
    assert embedded._short_link(home) == link
    assert link.readlink() == home


def test_asking_for_the_address_makes_no_folder(tmp_path):
    folder = tmp_path / "none"
    assert embedded.valkey_url(folder) == embedded.valkey_url(folder)
    assert not folder.exists()


def test_a_second_one_in_the_same_folder_is_refused(valkey, tmp_path):
    with pytest.raises(embedded.CannotStart, match="已在运行"):
        embedded.start_valkey(tmp_path)
    assert valkey.is_alive()


def test_a_server_that_someone_else_started_there_is_not_pushed_aside(tmp_path):
    home = tmp_path / "valkey"
    home.mkdir(mode=0o700)
    args = embedded._arguments(embedded.valkey_binary(), home, home / "valkey.sock")
    stranger = embedded.spawn(args, output=None)
    try:
        embedded._wait_until_it_answers(stranger, home / "valkey.sock", home / "none.log")
        with pytest.raises(embedded.CannotStart, match="已在运行"):
            embedded.start_valkey(tmp_path)
    finally:
        embedded.end(stranger)


def test_no_one_else_reaches_it(valkey, tmp_path):
    assert stat.S_IMODE((tmp_path / "valkey").stat().st_mode) == 0o700
    with redis.Redis.from_url(valkey.url) as client:
        assert client.config_get("port") == {"port": "0"}
        assert client.config_get("appendonly") == {"appendonly": "yes"}


def test_ctrl_c_leaves_valkey_to_its_parent(valkey):
    valkey.process.send_signal(signal.SIGINT)
    keep(valkey.url, "仍在")
    assert kept(valkey.url) == "仍在"
    assert valkey.is_alive()


def test_a_spoilt_file_is_reported_with_the_end_of_the_log(tmp_path):
    first = embedded.start_valkey(tmp_path)
    keep(first.url, "x")
    first.stop()
    for part in (tmp_path / "valkey" / "appendonlydir").glob("*.aof"):
        part.write_bytes(b"*this is not a command\r\n" * 50)
    with pytest.raises(embedded.CannotStart, match="启动失败"):
        embedded.start_valkey(tmp_path)


def test_a_real_server_on_the_path_comes_first(tmp_path, monkeypatch):
    shutil.copy(embedded.bundled_valkey(), tmp_path / "redis-server")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert embedded.valkey_binary() == tmp_path / "redis-server"


def test_a_bare_machine_uses_the_bundled_one(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert embedded.valkey_binary() == embedded.bundled_valkey()
    server = embedded.start_valkey(tmp_path)
    server.stop()


def test_a_program_that_does_not_run_is_named(tmp_path, monkeypatch):
    (tmp_path / "valkey-server").write_bytes(b"\x7fELF for another machine")
    (tmp_path / "valkey-server").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(embedded.CannotStart, match="无法运行"):
        embedded.start_valkey(tmp_path)


def test_a_child_hears_its_environment_and_ends_when_told(tmp_path):
    with (tmp_path / "log").open("wb") as log:
        child = embedded.spawn([sys.executable, "-c", CHILD], env={"PORTAL_PART": "web"}, output=log)
    assert child.poll() is None
    assert os.getpgid(child.pid) == os.getpgid(0)
    embedded.end(child)
    assert child.returncode is not None


def test_children_are_refused_outside_the_main_thread():
    refusals = []

    def start():
        try:
            embedded.spawn(["true"])
        except RuntimeError as refusal:
            refusals.append(str(refusal))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert len(refusals) == 1
    assert "main thread" in refusals[0]


def test_a_dead_socket_file_does_not_stop_a_start(tmp_path):
    home = tmp_path / "valkey"
    home.mkdir()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(home / "valkey.sock"))
    server = embedded.start_valkey(tmp_path)
    server.stop()
