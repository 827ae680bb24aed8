"""Rows and sessions: the model base, the column types, and the two kinds of session (read, write)."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Self

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Enum,
    Integer,
    MetaData,
    SelectBase,
    Text,
    create_engine,
    event,
    text,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

from portal.core.cursors import QuietCursor

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

BUSY_TIMEOUT_MS = 5000  # SQLite has one writer; the others wait this long for their turn


class UTCDateTime(TypeDecorator[datetime]):
    """An aware UTC moment: timestamptz on PostgreSQL, sortable text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive moments; store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = "a naive datetime was about to be stored"
            raise ValueError(msg)
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give back an aware UTC moment on both databases."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class _KeyArray(UserDefinedType[str]):
    """PostgreSQL's array of keys, sent in its text form."""

    cache_ok = True
    render_bind_cast = True

    def get_col_spec(self, **_options: Any) -> str:
        """The type's name."""
        return "BIGINT[]"


class KeyList(TypeDecorator[Sequence[int] | str]):
    """Many keys as one parameter: binding two thousand singly costs more than finding their rows.

    A text is taken to be what the database itself wrote (`search.matching_keys`) and goes back unread.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use an array on PostgreSQL, JSON text on SQLite."""
        return dialect.type_descriptor(_KeyArray() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Sequence[int] | str | None, dialect: Dialect) -> str | None:
        """Write the keys as the dialect reads them."""
        if value is None or isinstance(value, str):
            return value
        keys = ",".join(map(str, value))
        return f"{{{keys}}}" if dialect.name == "postgresql" else f"[{keys}]"


class _Among(FunctionElement[bool]):
    """`key` is one of the keys in the one parameter."""

    type = Boolean()
    inherit_cache = True

    def self_group(self, against: OperatorType | None = None) -> Self:  # noqa: ARG002
        """Stand alone: `… IN (…) = 1`, as SQLite's booleans are asked, finds no index."""
        return self


@compiles(_Among)
def _any_of_array(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    key, keys = (compiler.process(one, **options) for one in element.clauses)
    return f"{key} = ANY ({keys})"


@compiles(_Among, "sqlite")
def _one_of_json(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    key, keys = (compiler.process(one, **options) for one in element.clauses)
    return f"{key} IN (SELECT value FROM json_each({keys}))"


def among(key: Any, keys: Any) -> ColumnElement[bool]:
    """The condition that a key is one of many, which come as one parameter: a sequence, or a `bindparam`."""
    return _Among(key, type_coerce(keys, KeyList()))


class _AmongFound(_Among):
    """`key` is one of the keys that a subquery finds."""

    inherit_cache = True


@compiles(_AmongFound)
def _any_of_found(element: _AmongFound, compiler: SQLCompiler, **options: Any) -> str:
    key, found = (compiler.process(one, **options) for one in element.clauses)
    return f"{key} = ANY (ARRAY {found})"


@compiles(_AmongFound, "sqlite")
def _one_of_found(element: _AmongFound, compiler: SQLCompiler, **options: Any) -> str:
    key, found = (compiler.process(one, **options) for one in element.clauses)
    return f"{key} IN {found}"


def among_found(key: Any, found: SelectBase) -> ColumnElement[bool]:
    """The condition that a key is one of the few that `found` finds, which are found first and then looked up.

    Said as IN, PostgreSQL may rather walk a table in the order that is wanted and ask of each row whether it is found.
    """
    return _AmongFound(key, found.scalar_subquery())


BigKey = Annotated[int, mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)]
Ref = Annotated[int, mapped_column(BigInteger().with_variant(Integer, "sqlite"))]  # a foreign key's type
Fen = Annotated[int, mapped_column(BigInteger)]
Json = Annotated[dict[str, Any], mapped_column(JSON().with_variant(JSONB, "postgresql"))]


def growing_enum(enum: type[StrEnum]) -> Enum:
    """Store an enum by value without a CHECK: for append-only tables, whose constraints can't be rebuilt."""
    return Enum(
        enum,
        native_enum=False,
        create_constraint=False,
        length=60,
        values_callable=lambda members: [member.value for member in members],
    )


class Model(DeclarativeBase):
    """Base of every row."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012  SQLAlchemy's own spelling
        datetime: UTCDateTime(),
        StrEnum: Enum(
            StrEnum,
            native_enum=False,
            create_constraint=True,
            length=40,
            values_callable=lambda members: [member.value for member in members],
        ),
    }

    id: Mapped[BigKey]


def make_engine(url: str, *, pool_size: int = 5) -> Engine:
    """Open the database at `url`, with the settings each dialect needs."""
    if url.startswith("sqlite"):
        engine = create_engine(
            url, json_serializer=_json, hide_parameters=True, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000}
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(
        url,
        json_serializer=_json,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=pool_size,
        max_overflow=10,
        connect_args={"cursor_factory": QuietCursor},
    )


_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode  # json.dumps would make one each time


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "cache_size=-65536",
        "temp_store=MEMORY",
        "wal_autocheckpoint=4000",  # pages: bulk writes touch the same ones again and again
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A write session takes SQLite's one write lock at once; a deferred one loses updates silently.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


class ReadSession(Session):
    """Looks and writes nothing: PostgreSQL refuses to, on SQLite nothing of it is kept."""

    def close(self) -> None:
        """End the transaction: on PostgreSQL by COMMIT, for there is nothing to undo.

        psycopg forgets a connection's prepared statements at every ROLLBACK. A page would be planned anew each time,
        which costs PostgreSQL several times what the page itself does (a case: 4.4 ms against 0.8).
        """
        if self.in_transaction() and is_postgresql(self):
            begun = self.connection().get_transaction()
            if begun is not None and begun.is_active:
                begun.commit()
        super().close()


def for_reading(engine: Engine) -> Engine:
    """The same connections, for `read_session`."""
    return engine.execution_options(postgresql_readonly=True)


def for_writing(engine: Engine) -> Engine:
    """The same connections, for `write_session`."""
    return engine.execution_options(writes=True)


def read_session(engine: Engine) -> Session:
    """Open a session for looking, with an engine `for_reading`."""
    return ReadSession(engine, expire_on_commit=False)


def write_session(engine: Engine) -> Session:
    """Open a session for one action, with an engine `for_writing`.

    BEGIN IMMEDIATE on SQLite, row locks on PostgreSQL.
    """
    return Session(engine, expire_on_commit=False)


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """Look at the database for the length of a block."""
    with read_session(for_reading(engine)) as session:
        yield session


def is_postgresql(session: Session) -> bool:
    """Say whether this session speaks to PostgreSQL."""
    return session.get_bind().dialect.name == "postgresql"


def take_ids(session: Session, model: type[Model], count: int) -> list[int]:
    """Take ids for rows that a write session inserts in bulk; nobody else is given them."""
    table = model.__tablename__
    if is_postgresql(session):
        drawn = text("SELECT array_agg(nextval(pg_get_serial_sequence(:table, 'id'))) FROM generate_series(1, :count)")
        return sorted(session.scalars(drawn, {"table": table, "count": count}).one() or ())
    last = session.scalar(text(f"SELECT coalesce(max(id), 0) FROM {table}")) or 0  # ours alone: SQLite has one writer
    return list(range(last + 1, last + count + 1))


def refresh_statistics(session: Session, _actor: object, _command: None, *, now: datetime) -> bool:
    """Let SQLite's planner know how rows are spread, from a sample; PostgreSQL does so by itself. Says whether it did.

    Without it a list of a whole district, newest first, sorts every row of the district (130 ms at 100,000 cases)
    where an index in that order gives the page in 0.2 ms. The sample is large, for a district may hold nearly all
    rows: from 1,000 entries the planner believes that it holds 1,000. At 100,000 cases it costs 0.4 s of CPU.
    """
    if is_postgresql(session):
        return False
    session.execute(text("PRAGMA analysis_limit = 100000"))
    session.execute(text("ANALYZE"))
    return True
