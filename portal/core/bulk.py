"""Writing many rows at once: COPY on PostgreSQL, one prepared statement on SQLite, with the columns' own types."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from operator import itemgetter
from typing import Any

import psycopg
from sqlalchemy import Boolean, Column, Date, Enum, String
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
    names = ", ".join(f'"{column}"' for column in columns)
    connection = session.connection()
    if is_postgresql(session):
        _copy(connection, f"COPY {table} ({names}) FROM STDIN", values)
        return
    marks = ", ".join("?" * len(columns))
    connection.exec_driver_sql(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(values))


def columns_of(row: Model) -> dict[str, Any]:
    """The columns of a row that was never added to a session, as far as they were set."""
    values = vars(row)
    return {column.name: values.get(column.name) for column in _columns(type(row)) if column.name != "id"}


def _copy(connection: Connection, statement: str, values: Iterable[tuple[Any, ...]]) -> None:
    cursor: Any = connection.connection.cursor()
    try:
        with cursor.copy(statement) as copy:
            for row in values:
                copy.write_row(row)
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
    process = column.type.dialect_impl(dialect).bind_processor(dialect)
    if process is None or (isinstance(column.type, String) and not isinstance(column.type, Enum)):
        return given
    return _each(process, given) if isinstance(column.type, REMEMBERED) else _every(process, given)


def _every(process: Callable[[Any], Any], given: Sequence[Any]) -> list[Any]:
    return [None if value is None else process(value) for value in given]


def _each(process: Callable[[Any], Any], given: Sequence[Any]) -> list[Any]:
    known: dict[date | str | bool | None, Any] = {value: process(value) for value in set(given) if value is not None}
    known[None] = None
    return [known[value] for value in given]
