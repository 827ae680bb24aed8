"""Writing many rows at once: COPY on PostgreSQL, one prepared statement on SQLite, with the columns' own types."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Column
from sqlalchemy.orm import Session

from portal.core.db import Model, is_postgresql


def load(session: Session, model: type[Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all have the same columns; columns that are left out take their plain default or NULL."""
    if not rows:
        return
    columns = [column for column in _columns(model) if column.name in rows[0] or _plain_default(column) is not None]
    names = ", ".join(f'"{column.name}"' for column in columns)
    read = [_reader(column, session) for column in columns]
    values = [tuple(one(row) for one in read) for row in rows]
    table = model.__tablename__
    connection = session.connection()
    if is_postgresql(session):
        cursor = connection.connection.cursor()
        with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in values:
                copy.write_row(row)
        return
    marks = ", ".join("?" * len(columns))
    connection.exec_driver_sql(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)


def columns_of(row: Model) -> dict[str, Any]:
    """The columns of a row that was never added to a session, as far as they were set."""
    values = vars(row)
    return {column.name: values.get(column.name) for column in _columns(type(row)) if column.name != "id"}


def _columns(model: type[Model]) -> Iterable[Column[Any]]:
    table: Any = model.__table__
    return table.columns


def _plain_default(column: Column[Any]) -> Any:
    return column.default.arg if column.default is not None and column.default.is_scalar else None  # type: ignore[attr-defined]


def _reader(column: Column[Any], session: Session) -> Callable[[Mapping[str, Any]], Any]:
    """Read a column of a row as the driver wants it."""
    dialect = session.get_bind().dialect
    process = column.type.dialect_impl(dialect).bind_processor(dialect)
    name, default = column.name, _plain_default(column)

    def given(row: Mapping[str, Any]) -> Any:
        value = row.get(name)
        return default if value is None else value

    if process is None:
        return given
    return lambda row: None if (value := given(row)) is None else process(value)
