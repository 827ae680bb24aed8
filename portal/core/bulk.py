"""Writing many rows at once: COPY on PostgreSQL, one prepared statement on SQLite, with the columns' own types.

A row may be written down before some of its columns are known (`Form`), where and when there is time for it.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from operator import itemgetter
from typing import Any

import psycopg
from sqlalchemy import JSON, Boolean, Column, Date, Enum, LargeBinary, String
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Session

from portal.core.db import Model, UTCDateTime, is_postgresql

REMEMBERED = (UTCDateTime, Date, Enum, Boolean)  # types whose few values are converted once a call
RAISED: tuple[tuple[type[psycopg.Error], type[DBAPIError]], ...] = (
    (psycopg.IntegrityError, IntegrityError),
    (psycopg.DataError, DataError),
    (psycopg.OperationalError, OperationalError),
)


def load(session: Session, model: type[Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all have the same columns; columns that are left out take their plain default or NULL.

    Raises SQLAlchemy's errors, as any other statement does.
    """
    if not rows:
        return
    columns = [column for column in _columns(model) if column.name in rows[0] or _plain_default(column) is not None]
    dialect = session.get_bind().dialect
    values = zip(*(_converted(column, rows, dialect) for column in columns), strict=True)
    write(session, model.__tablename__, [column.name for column in columns], values)


def write(session: Session, table: str, columns: Sequence[str], values: Iterable[tuple[Any, ...]]) -> None:
    """Insert rows that are as the driver wants them."""
    connection = session.connection()
    if is_postgresql(session):
        with _copying(connection, table, columns) as copy:
            for row in values:
                copy.write_row(row)
        return
    names = ", ".join(f'"{column}"' for column in columns)
    marks = ", ".join("?" * len(columns))
    connection.exec_driver_sql(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(values))


def columns_of(row: Model) -> dict[str, Any]:
    """The columns of a row that was never added to a session, as far as they were set."""
    values = vars(row)
    return {column.name: values.get(column.name) for column in _columns(type(row)) if column.name != "id"}


Line = Any  # a row written down: bytes as COPY reads them, or a tuple as SQLite's driver wants it


@dataclass(frozen=True, slots=True)
class Form:
    """How rows of a model are written down beforehand: every column but the `late` ones and an `id` left to the table."""

    table: str
    late: tuple[str, ...]
    fields: Mapping[str, tuple[int, Callable[[Any], Any]]]  # where the other columns stand, and how they are written
    empty: tuple[Any, ...]  # a row without any value: plain defaults and NULL
    postgresql: bool

    def line(self, values: Mapping[str, Any]) -> Line:
        """Write a row down; raises KeyError for a value that is not of the form."""
        written, fields = list(self.empty), self.fields
        for name, value in values.items():
            if value is not None:
                place, written_as = fields[name]
                written[place] = written_as(value)
        return "\t".join(written).encode() + b"\n" if self.postgresql else tuple(written)


@lru_cache(maxsize=32)  # a few models, one database
def form_of(model: type[Model], late: tuple[str, ...], dialect: Dialect) -> Form:
    """Make the form of a model's rows in a database."""
    postgresql = dialect.name == "postgresql"
    fields: dict[str, tuple[int, Callable[[Any], Any]]] = {}
    empty: list[Any] = []
    for column in _columns(model):
        if column.name in late or column.name == "id":
            continue
        written_as = _copied(column, dialect) if postgresql else _bound(column, dialect)
        fields[column.name] = (len(empty), written_as)
        default = _plain_default(column)
        empty.append((NULL if postgresql else None) if default is None else written_as(default))
    return Form(model.__tablename__, late, fields, tuple(empty), postgresql)


def write_lines(session: Session, form: Form, late: Iterable[tuple[Any, ...]], lines: Sequence[Line]) -> None:
    """Insert rows written down beforehand, each with its values of the late columns."""
    columns = [*form.late, *form.fields]
    if not form.postgresql:
        rows = ((*first, *rest) for first, rest in zip(late, lines, strict=True))
        write(session, form.table, columns, rows)
        return
    block = b"".join(
        b"%b\t%b" % ("\t".join([NULL if one is None else _copied_text(one) for one in first]).encode(), rest)
        for first, rest in zip(late, lines, strict=True)
    )
    with _copying(session.connection(), form.table, columns) as copy:
        copy.write(block)


DISTINCT = 4096  # moments, days and states of a batch, by far
NULL = "\\N"  # as COPY reads it
_JSON = json.JSONEncoder(ensure_ascii=False)
_TO_ESCAPE = re.compile(r"[\\\t\n\r]")
_ESCAPED = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


def _bound(column: Column[Any], dialect: Dialect) -> Callable[[Any], Any]:
    """Return what makes a value of the column what SQLite's driver wants; bytes stay bytes, for those can be sent on."""
    return _as_it_is if isinstance(column.type, LargeBinary) else _process(column, dialect) or _as_it_is


def _copied(column: Column[Any], dialect: Dialect) -> Callable[[Any], str]:
    """Return what writes a value of the column as COPY reads it."""
    if isinstance(column.type, LargeBinary):
        return _copied_bytes
    if isinstance(column.type, JSON):
        return lambda value: _escaped(_JSON.encode(value))
    process = _process(column, dialect) or _as_it_is
    if isinstance(column.type, REMEMBERED):
        return lru_cache(maxsize=DISTINCT)(lambda value: _copied_text(process(value)))
    return _copied_text


def _copied_text(value: Any) -> str:
    if isinstance(value, str):
        return _escaped(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def _copied_bytes(value: bytes) -> str:
    return "\\\\x" + value.hex()


def _escaped(value: str) -> str:
    return _TO_ESCAPE.sub(lambda found: _ESCAPED[found.group()], value) if _TO_ESCAPE.search(value) else value


def _as_it_is(value: Any) -> Any:
    return value


@contextmanager
def _copying(connection: Connection, table: str, columns: Sequence[str]) -> Iterator[psycopg.Copy]:
    names = ", ".join(f'"{column}"' for column in columns)
    statement = f"COPY {table} ({names}) FROM STDIN"
    cursor: Any = connection.connection.cursor()
    try:
        with cursor.copy(statement) as copy:
            yield copy
    except psycopg.Error as problem:
        kind = next((ours for theirs, ours in RAISED if isinstance(problem, theirs)), DBAPIError)
        raise kind(statement, None, problem, hide_parameters=True) from problem
    finally:
        cursor.close()


def _columns(model: type[Model]) -> Iterable[Column[Any]]:
    table: Any = model.__table__
    return table.columns


def _plain_default(column: Column[Any]) -> Any:
    return column.default.arg if column.default is not None and column.default.is_scalar else None  # type: ignore[attr-defined]


def _converted(column: Column[Any], rows: Sequence[Mapping[str, Any]], dialect: Dialect) -> list[Any]:
    """A column of the rows as the driver wants it."""
    name, default = column.name, _plain_default(column)
    given = list(map(itemgetter(name), rows)) if name in rows[0] else [default] * len(rows)
    if default is not None:
        given = [default if value is None else value for value in given]
    process = _process(column, dialect)
    if process is None:
        return given
    return _each(process, given) if isinstance(column.type, REMEMBERED) else _every(process, given)


def _process(column: Column[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """Return what makes a value of the column what the driver wants; None where it is so already."""
    if isinstance(column.type, String) and not isinstance(column.type, Enum):
        return None
    process: Callable[[Any], Any] | None = column.type.dialect_impl(dialect).bind_processor(dialect)
    return process


def _every(process: Callable[[Any], Any], given: Sequence[Any]) -> list[Any]:
    return [None if value is None else process(value) for value in given]


def _each(process: Callable[[Any], Any], given: Sequence[Any]) -> list[Any]:
    known: dict[date | str | bool | None, Any] = {value: process(value) for value in set(given) if value is not None}
    known[None] = None
    return [known[value] for value in given]
