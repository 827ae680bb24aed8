"""Migrations: bring a database up to date, and say whether schema and models agree."""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.engine import Engine

from portal.resources import resource_folder
from portal.schema import METADATA, SEARCH_TABLES

LOCK_TIMEOUT = "4s"
STATEMENT_TIMEOUT = "60s"


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Migrate the database up to `revision`."""
    with _migrating(engine) as connection:
        command.upgrade(_alembic(connection), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Migrate the database down to `revision` (tests and rehearsals only)."""
    with _migrating(engine) as connection:
        command.downgrade(_alembic(connection), revision)


def current_revision(engine: Engine) -> str | None:
    """The database's revision, None where there is no schema."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head_revision() -> str | None:
    """The newest revision that this code knows."""
    return ScriptDirectory(str(resource_folder("migrations"))).get_current_head()


def differences(engine: Engine) -> list[str]:
    """Describe where the schema and the models differ; empty when they agree."""
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_object": lambda _o, name, kind, _r, _c: (
                    not (kind == "table" and name is not None and name.startswith(SEARCH_TABLES))
                ),
            },
        )
        return [str(difference) for difference in compare_metadata(context, METADATA)]


@contextmanager
def _migrating(engine: Engine) -> Iterator[Connection]:
    """One transaction; SQLite looks at foreign keys at its end, for a table made again is dropped in between."""
    with engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            _foreign_keys(connection, "OFF")
        try:
            with connection.begin():
                _be_patient(connection)
                yield connection
                if sqlite and (lost := connection.execute(text("PRAGMA foreign_key_check")).all()):
                    raise RuntimeError(f"rows refer to nothing after the migration: {lost[:5]}")
        finally:
            if sqlite:
                _foreign_keys(connection, "ON")


def _foreign_keys(connection: Connection, value: str) -> None:
    # inside a transaction SQLite ignores this pragma, and ours begins with the first statement
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute(f"PRAGMA foreign_keys={value}")


def _be_patient(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.execute(text(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'"))


def _alembic(connection: Connection) -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(resource_folder("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
