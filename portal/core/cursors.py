"""A cursor of PostgreSQL that describes its columns only when somebody asks.

SQLAlchemy keeps what it knows of a statement's columns, but looks at `description` each time to see whether rows came;
psycopg answers with an object for every column. A case's page has 250 of them, a twentieth of its cost.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, overload

import psycopg
from psycopg import Column


class QuietCursor(psycopg.Cursor[Any]):
    """psycopg's cursor, for `cursor_factory`."""

    @property
    def description(self) -> "Columns | None":  # type: ignore[override]  # a sequence instead of a list
        """The columns of the present result; None where it has none."""
        result = self.pgresult
        return Columns(self, result.nfields) if result is not None and result.nfields else None

    def columns(self) -> list[Column]:
        """The columns as psycopg describes them."""
        return super().description or []


class Columns(Sequence[Column]):
    """Columns that are described at the first look at one of them."""

    def __init__(self, cursor: QuietCursor, count: int) -> None:
        self._cursor = cursor
        self._count = count

    @cached_property
    def _described(self) -> list[Column]:
        return self._cursor.columns()

    @overload
    def __getitem__(self, index: int) -> Column: ...
    @overload
    def __getitem__(self, index: slice) -> list[Column]: ...
    def __getitem__(self, index: int | slice) -> Column | list[Column]:
        return self._described[index]

    def __iter__(self) -> Iterator[Column]:
        return iter(self._described)

    def __len__(self) -> int:
        return self._count
