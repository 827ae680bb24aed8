"""What every test may ask for: both databases, a session, the house, and a client that inspects what it gets.

`session` and `runtime` live inside one outer transaction that is rolled back after the test; a commit inside it is
only a savepoint. Tests that need real concurrency ask for `own_runtime`: a database of their own.
"""

import gc
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser
from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import ORMExecuteState, Session

from portal import migrate
from portal.app import create_app
from portal.clocks.actions import Seed, seed_clocks
from portal.clocks.queries import forget_almanac
from portal.config import Config
from portal.core.actor import SYSTEM
from portal.core.db import make_engine, write_session
from portal.core.installation import Installation
from portal.extensions import limiter
from portal.runtime import Runtime, make_runtime
from tests.browser import launched_chromium
from tests.databases import create_database, database_name, drop_database, template_database
from tests.inspector import InspectingClient

pytest_plugins = ("tests.servers", "tests.order")

NOW = datetime(2026, 8, 12, 1, 0, tzinfo=UTC)  # Wednesday 2026-08-12, 09:00 in Shanghai


def pytest_collection_finish() -> None:
    """Let the collector of rubbish pass over half a million objects that stay to the end: a tenth of the run."""
    gc.collect()
    gc.freeze()


@dataclass
class FixedClock:
    """A clock that tests move by hand."""

    moment: datetime = NOW
    row: Installation | None = None

    def now(self) -> datetime:
        return self.moment

    def describe(self) -> Installation | None:
        return self.row

    def forget(self) -> None:
        """Nothing is remembered."""

    def advance(self, **span: float) -> None:
        self.moment += timedelta(**span)


class LookingSession(Session):
    """Looks and writes nothing, and so needs no savepoint: those were half of what pages said to the database."""


@event.listens_for(LookingSession, "before_flush")
def refuse_rows(session: Session, *_how: object) -> None:
    """Refuse as PostgreSQL does in a transaction that may only read."""
    msg = f"a read session was about to write {[*session.new, *session.dirty, *session.deleted]}"
    raise AssertionError(msg)


@event.listens_for(LookingSession, "do_orm_execute")
def refuse_statements(said: ORMExecuteState) -> None:
    """Refuse what writes without rows."""
    if said.is_insert or said.is_update or said.is_delete:
        msg = f"a read session was about to run {said.statement}"
        raise AssertionError(msg)


class BoundRuntime(Runtime):
    """A runtime whose sessions all live inside the test's outer transaction."""

    connection: Connection

    def open_reading(self) -> Session:
        session = LookingSession(self.connection, join_transaction_mode="rollback_only", expire_on_commit=False)
        self._equip(session)
        return session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        with Session(self.connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
            self._equip(session)
            yield session


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy."""
    file = tmp_path_factory.mktemp("template") / "portal.db"
    upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> str:
    """The name of a migrated, empty PostgreSQL database to copy."""
    return template_database(postgres_url, database_name("template"), upgrade)


@pytest.fixture(scope="session")
def shared_sqlite(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One SQLite database for the worker's tests, each rolled back; its engine keeps what statements compile to."""
    file = tmp_path_factory.mktemp("shared") / "portal.db"
    shutil.copy(sqlite_template, file)
    engine = make_engine(f"sqlite:///{file}")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def shared_postgres(postgres_url: str, postgres_template: str, worker_id: str) -> Iterator[Engine]:
    """One PostgreSQL database for the worker's tests, each rolled back; its engine keeps what statements compile to."""
    name = database_name(f"worker_{worker_id}")
    engine = make_engine(create_database(postgres_url, name, template=postgres_template))
    yield engine
    engine.dispose()
    drop_database(postgres_url, name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Every test that touches rows runs on both databases."""
    return str(request.param)


@pytest.fixture
def clock() -> FixedClock:
    """The test's clock; starts on Wednesday 2026-08-12 at 09:00 in Shanghai."""
    return FixedClock()


def config_for(url: str, data: Path, **changes: object) -> Config:
    """Settings of a test installation."""
    values: dict[str, object] = {
        "data": data,
        "database_url": url,
        "redis_url": None,
        "base_url": "http://127.0.0.1:8000",
        "secret_key": "only for tests",
        "sealing_keys": (b"s" * 32,),
        "index_key": b"i" * 32,
        "ledger_keys": (b"l" * 32,),
        "smtp_url": None,
        "sms_url": None,
        "clock": None,
        "trusted_proxies": 0,
        "metrics_token": None,
        "undo_seconds": 30,
        "files_url": f"file://{data / 'files'}",
    }
    return Config(**{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture
def runtime(request: pytest.FixtureRequest, database: str, clock: FixedClock, tmp_path: Path) -> Iterator[Runtime]:
    """The house on one of the two databases, rolled back afterwards."""
    engine: Engine = request.getfixturevalue("shared_sqlite" if database == "sqlite" else "shared_postgres")
    config = config_for(engine.url.render_as_string(hide_password=False), tmp_path)
    runtime = BoundRuntime(config=config, engine=engine, clock=clock)  # type: ignore[arg-type]
    with engine.execution_options(writes=True).connect() as connection:
        outer = connection.begin()
        runtime.connection = connection
        yield runtime
        outer.rollback()


@pytest.fixture
def session(runtime: Runtime) -> Iterator[Session]:
    """A session inside the test's transaction, for factories and actions; `commit` it before asking the web."""
    with runtime.writing() as session:
        yield session


@pytest.fixture
def own_runtime(
    request: pytest.FixtureRequest, database: str, clock: FixedClock, tmp_path: Path, worker_id: str
) -> Iterator[Runtime]:
    """The house on a database of this test's own, with real commits: for races and processes."""
    if database == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "portal.db")
        url = f"sqlite:///{tmp_path / 'portal.db'}"
    else:
        server = request.getfixturevalue("postgres_url")
        name = database_name(f"own_{worker_id}")
        url = create_database(server, name, template=request.getfixturevalue("postgres_template"))
    runtime = make_runtime(config_for(url, tmp_path))
    runtime.clock = clock  # type: ignore[assignment]
    yield runtime
    runtime.close()
    if database != "sqlite":
        drop_database(server, name)


@pytest.fixture
def fresh_almanac() -> Iterator[None]:
    """Calendar and limits as this test's database has them: a process keeps them for a minute."""
    forget_almanac()
    yield
    forget_almanac()


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The worker's one application, without a database: to build it and its templates costs more than most tests."""
    engine = make_engine("sqlite://")
    config = config_for("sqlite://", tmp_path_factory.mktemp("built"))
    application = create_app(Runtime(config=config, engine=engine, clock=FixedClock()))  # type: ignore[arg-type]
    application.testing = True
    application.test_client_class = InspectingClient
    yield application
    engine.dispose()


@pytest.fixture
def app(built: Flask, runtime: Runtime) -> Iterator[Flask]:
    """The application on the test's database, as fresh as if it had just been built: nobody has asked it yet."""
    settings, nobody = dict(built.config), built.extensions["portal"]
    limiter.init_app(built)  # counts from nothing, in memory; another application may have led it to a Valkey
    built.extensions["portal"] = runtime
    yield built
    built.extensions["portal"] = nobody
    built.config.clear()
    built.config.update(settings)


@pytest.fixture
def client(app: Flask) -> InspectingClient:
    """A visitor's browser without script; every HTML answer is inspected."""
    client = app.test_client()
    assert isinstance(client, InspectingClient)
    return client


@pytest.fixture
def client_for(app: Flask, runtime: Runtime) -> Callable[..., InspectingClient]:
    """Make a signed-in browser for a membership (see tests.factories.people)."""

    def sign_in(membership: object) -> InspectingClient:
        client = app.test_client()
        assert isinstance(client, InspectingClient)
        client.sign_in(membership, runtime)
        return client

    return sign_in


def upgrade(url: str) -> None:
    """Migrate a database, fill its calendar and limits, and give its connections back."""
    engine = make_engine(url)
    migrate.upgrade(engine)
    with write_session(engine) as session:
        session.add(Installation(id=1, made_at=NOW))
        seed_clocks(session, SYSTEM, Seed(), now=NOW)
        session.commit()
    engine.dispose()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all of the worker's tests: Playwright runs once a thread."""
    with launched_chromium() as started:
        yield started
