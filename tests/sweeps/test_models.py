"""Every table, read as a reviewer would: moments are aware, keys are indexed, promises are named."""

from collections import Counter
from collections.abc import Iterator

import pytest
from sqlalchemy import BigInteger, Column, Date, DateTime, Enum, Float, Numeric, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import configure_mappers
from sqlalchemy.schema import CheckConstraint, ForeignKeyConstraint, PrimaryKeyConstraint, UniqueConstraint

from portal.core.db import Model, UTCDateTime
from portal.schema import APPEND_ONLY, METADATA, SEARCH_TABLES

NO_MOMENTS = {  # addresses in the file store: an "at" of place, not of time
    "evidence.original_at",
    "evidence.shown_at",
    "evidence.thumbnail_at",
    "import_run.stored_at",
}
MONEY = ("amount", "outlay", "recovered", "price", "refund", "paid")
NO_MONEY = {"legal_limit.amount"}  # days

TABLES = list(METADATA.sorted_tables)
pytestmark = pytest.mark.parametrize("table", TABLES, ids=[table.name for table in TABLES])


def columns(table: Table) -> Iterator[tuple[str, Column]]:
    for column in table.columns:
        yield f"{table.name}.{column.name}", column


def test_moments_are_aware_and_days_are_days(table: Table) -> None:
    for name, column in columns(table):
        if name in NO_MOMENTS:
            continue
        if column.name.endswith(("_at", "_until", "_before", "_by")) or column.name == "at":
            is_name = column.name.endswith("_by") and not isinstance(column.type, DateTime | Date | UTCDateTime)
            assert is_name or isinstance(column.type, UTCDateTime), (
                f"{name}: write Mapped[datetime], an aware UTC moment"
            )
        if column.name.endswith("_on"):
            assert isinstance(column.type, Date), f"{name}: write Mapped[date]; a moment ends in _at"
        assert not (isinstance(column.type, DateTime)), (
            f"{name}: a bare DateTime loses its zone; write Mapped[datetime]"
        )


def test_a_moment_is_timestamptz_on_postgresql(table: Table) -> None:
    for name, column in columns(table):
        if isinstance(column.type, UTCDateTime):
            written = column.type.compile(postgresql.dialect())
            assert written == "TIMESTAMP WITH TIME ZONE", f"{name} is {written}"


def test_every_foreign_key_is_indexed(table: Table) -> None:
    ordered = [[column.name for column in index.columns] for index in table.indexes]
    ordered += [[c.name for c in one.columns] for one in table.constraints if isinstance(one, UniqueConstraint)]
    ordered.append([column.name for column in table.primary_key.columns])
    for key in table.foreign_key_constraints:
        wanted = list(key.column_keys)
        assert any(each[: len(wanted)] == wanted for each in ordered), (
            f"{table.name}.{wanted[0]}: add Index('ix_{table.name}_{wanted[0]}', '{wanted[0]}')"
        )


def test_every_enum_is_checked_by_value(table: Table) -> None:
    """Except those of append-only tables: their CHECK could never be widened (decisions 30)."""
    growing = {
        column.type.enum_class
        for name in APPEND_ONLY
        for column in METADATA.tables[name].columns
        if isinstance(column.type, Enum) and not column.type.create_constraint
    }
    for name, column in columns(table):
        if not isinstance(column.type, Enum):
            continue
        assert not column.type.native_enum, f"{name}: enums are stored as text"
        assert column.type.enums == [member.value for member in column.type.enum_class], (
            f"{name}: store values, not names"
        )
        if column.type.enum_class not in growing:
            assert column.type.create_constraint, (
                f"{name}: write Mapped[TheEnum]; growing_enum is for append-only tables"
            )
        assert (column.type.length or 0) >= max(map(len, column.type.enums)), (
            f"{name}: a value is longer than its column"
        )


def test_money_is_integer_fen(table: Table) -> None:
    for name, column in columns(table):
        assert not isinstance(column.type, Float | Numeric), f"{name}: money and rates are integers; write Fen"
        if column.name.startswith(MONEY) and name not in NO_MONEY:
            assert isinstance(column.type, BigInteger), f"{name}: write Mapped[Fen], integer 分"


def test_keys_are_bigints(table: Table) -> None:
    for name, column in columns(table):
        if column.primary_key or column.foreign_keys or column.name.endswith("_id"):
            if str(column.type) in {"VARCHAR", "TEXT"} and not column.foreign_keys:
                continue  # someone else's identifier, such as a gateway's
            written = column.type.compile(postgresql.dialect())
            assert written == "BIGINT", f"{name} is {written}: write Mapped[Ref]"
            assert column.type.dialect_impl(sqlite.dialect()).compile(sqlite.dialect()) == "INTEGER"


def test_every_promise_has_a_name_of_its_own(table: Table) -> None:
    kinds = (CheckConstraint, ForeignKeyConstraint, PrimaryKeyConstraint, UniqueConstraint)
    for constraint in table.constraints:
        if isinstance(constraint, CheckConstraint):
            assert constraint.name, f"{table.name}: give CheckConstraint({constraint.sqltext}) a name"
            assert str(constraint.name).startswith(f"ck_{table.name}_"), (
                f"{constraint.name} escapes the naming convention"
            )
    names = Counter(str(one.name) for one in table.constraints if isinstance(one, kinds) and isinstance(one.name, str))
    names.update(str(index.name) for index in table.indexes)
    assert not [name for name, count in names.items() if count > 1], f"{table.name}: two promises share a name"
    assert all(len(name) <= 63 for name in names), f"{table.name}: PostgreSQL cuts names after 63 letters"


def test_relationships_are_loaded_where_the_query_is(table: Table) -> None:
    configure_mappers()
    for mapper in Model.registry.mappers:
        if mapper.local_table is not table:
            continue
        for relationship in mapper.relationships:
            assert relationship.lazy == "raise_on_sql", (
                f'{mapper.class_.__name__}.{relationship.key}: lazy="raise_on_sql"'
            )
            assert not relationship.back_populates, (
                f"{mapper.class_.__name__}.{relationship.key}: relationships point down"
            )


def test_names_are_words_of_the_house(table: Table) -> None:
    assert table.name == table.name.lower()
    assert not table.name.startswith(SEARCH_TABLES)
    assert "report" not in table.name or table.name.startswith("report_"), "举报 is a tip; report is 报表"
