"""The migrations, on both databases: up, down, up; equal to the models; evidence guarded after every revision."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Enum, Table, inspect, literal, select, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import Column

from portal import migrate
from portal.core.db import UTCDateTime, make_engine
from portal.schema import APPEND_ONLY, METADATA
from tests.sweeps.sources import ROOT, imported, name, tree

VERSIONS = sorted((ROOT / "migrations" / "versions").glob("*.py"))
REVISIONS = [file.stem[:4] for file in VERSIONS]


@pytest.fixture
def engine(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> Iterator[Engine]:
    """An empty database."""
    sqlite = database == "sqlite"
    engine = make_engine(
        f"sqlite:///{tmp_path / 'empty.db'}" if sqlite else request.getfixturevalue("postgres_database")
    )
    yield engine
    engine.dispose()


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def test_up_down_and_up_again_leaves_the_models_schema(engine: Engine) -> None:
    migrate.upgrade(engine)
    assert migrate.differences(engine) == []
    before = tables(engine)
    migrate.downgrade(engine, "base")
    assert tables(engine) == set()
    assert migrate.current_revision(engine) is None
    migrate.upgrade(engine)
    assert migrate.differences(engine) == []
    assert tables(engine) == before


def test_each_revision_goes_down_one_and_up_again(engine: Engine) -> None:
    for revision, before in zip(REVISIONS, ["base", *REVISIONS], strict=False):
        migrate.upgrade(engine, revision)
        schema = tables(engine)
        migrate.downgrade(engine, before)
        migrate.upgrade(engine, revision)
        assert tables(engine) == schema
        assert migrate.current_revision(engine) == revision


def test_evidence_refuses_change_after_every_revision(engine: Engine) -> None:
    """Once guarded, guarded for ever: a batch migration drops a table's triggers silently on SQLite (decisions 30)."""
    guarded: set[str] = set()
    for revision in REVISIONS:
        migrate.upgrade(engine, revision)
        now = {table for table in tables(engine) & set(APPEND_ONLY) if refuses_change(engine, METADATA.tables[table])}
        assert guarded <= now, f"revision {revision} took the triggers from {sorted(guarded - now)}; make them again"
        guarded = now
    assert guarded == set(APPEND_ONLY), f"no trigger guards {sorted(set(APPEND_ONLY) - guarded)}"


def refuses_change(engine: Engine, table: Table) -> bool:
    """Try UPDATE and DELETE on a row of the table; both must be refused or neither."""
    answers = {
        refused(engine, table, f"UPDATE {table.name} SET id = id"),
        refused(engine, table, f"DELETE FROM {table.name}"),
    }
    assert len(answers) == 1, f"{table.name}: only one of UPDATE and DELETE is refused"
    return answers.pop()


def refused(engine: Engine, table: Table, statement: str) -> bool:
    with engine.execution_options(writes=True).connect() as connection:
        put_a_row(connection, table)
        try:
            connection.execute(text(statement))
        except DBAPIError as refusal:
            return "append-only" in str(refusal.orig)
        finally:
            connection.rollback()
    return False


def put_a_row(connection: Connection, table: Table) -> None:
    """Insert a row of invented values, and before it the rows it stands on."""
    present = {column["name"] for column in inspect(connection).get_columns(table.name)}
    for key in table.foreign_key_constraints:
        needed = not all(column.nullable for column in key.columns)
        if needed and key.referred_table is not table and not is_there(connection, key.referred_table):
            put_a_row(connection, key.referred_table)
    wanted = [column for column in table.columns if column.name in present and needs_value(column)]
    values = {column.name: invented(column) for column in wanted}
    connection.execute(table.insert().values(values))


def is_there(connection: Connection, table: Table) -> bool:
    return connection.execute(select(literal(1)).select_from(table).limit(1)).first() is not None  # not all columns yet


def needs_value(column: Column[Any]) -> bool:
    return column.primary_key or not column.nullable


def invented(column: Column[Any]) -> Any:
    if column.primary_key or column.foreign_keys:
        return 1
    if column.default is not None and column.default.is_scalar:
        return column.default.arg  # the state in which a row begins fits its CHECKs
    if isinstance(column.type, Enum):
        return next(iter(column.type.enum_class))
    if isinstance(column.type, UTCDateTime):
        return datetime(2026, 8, 12, tzinfo=UTC)
    day = date(2026, 8, 12)
    kinds = {"str": "x", "int": 1, "date": day, "bytes": b"x", "bool": False, "dict": {}, "object": {}}
    return kinds[column.type.python_type.__name__]


def test_revisions_are_numbered_without_a_gap() -> None:
    assert [f"{number:04d}" for number in range(1, len(VERSIONS) + 1)] == REVISIONS
    for before, file in zip([None, *REVISIONS], VERSIONS, strict=False):
        said = {
            node.targets[0].id: ast.literal_eval(node.value)
            for node in tree(file).body
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id.endswith("revision")
        }
        assert said == {"revision": file.stem[:4], "down_revision": before}, f"{name(file)}: {said}"


def test_the_current_head_is_written_down() -> None:
    """Two branches that both add a revision conflict in git here, not in production."""
    written = (ROOT / "migrations" / ".current-head").read_text().strip()
    assert written == REVISIONS[-1] == migrate.head_revision(), (
        "write the newest revision's number into migrations/.current-head"
    )


@pytest.mark.parametrize("file", VERSIONS, ids=[file.stem for file in VERSIONS])
def test_a_migration_says_why_and_knows_no_models(file: Path) -> None:
    assert re.fullmatch(r"\d{4}_[a-z0-9_]+", file.stem)
    assert ast.get_docstring(tree(file)), f"{name(file)}: say in the docstring what it does and why"
    known = [one for node in ast.walk(tree(file)) for one in imported(node) if one.startswith("portal")]
    assert not known, f"{name(file)} imports {known}: models change, a migration must not; write the columns out"


@pytest.mark.parametrize("file", VERSIONS, ids=[file.stem for file in VERSIONS])
def test_no_batch_touches_evidence(file: Path) -> None:
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "op.batch_alter_table":
            table = ast.literal_eval(node.args[0])
            fresh = (
                f'op.create_table(\n        "{table}"' in file.read_text()
                or f'op.create_table("{table}"' in file.read_text()
            )
            assert table not in APPEND_ONLY or fresh, (
                f"{name(file)}: SQLite drops the triggers of {table}; use op.add_column"
            )
