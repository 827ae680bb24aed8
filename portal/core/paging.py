"""Keyset paging: the next page starts behind the last row seen, at the same cost at any depth."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, and_, bindparam, or_, select, tuple_, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from portal.core.db import among_found

T = TypeVar("T")

PAGE_SIZE = 50
COUNT_CAP = 1000


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of rows with the cursors of its neighbours (None where there is none)."""

    rows: Sequence[T]
    next_cursor: str | None
    previous_cursor: str | None


@dataclass(frozen=True, slots=True)
class SortKey:
    """One column of the order; the last key of every list is unique."""

    column: ColumnElement[Any] | InstrumentedAttribute[Any]
    read: Callable[[Any], Any]
    descending: bool = False


def encode_cursor(values: Sequence[Any], *, backwards: bool = False) -> str:
    """Write the sort values of a row as an opaque cursor for a URL."""
    plain = [["b" if backwards else "f"], *[_encode(value) for value in values]]
    return base64.urlsafe_b64encode(json.dumps(plain, separators=(",", ":")).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, width: int) -> tuple[bool, list[Any]] | None:
    """Read a cursor back; None when it is not one of ours (a forged cursor shows the first page)."""
    try:
        plain = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if len(plain) != width + 1 or plain[0] not in (["b"], ["f"]):
            return None
        return plain[0] == ["b"], [_decode(kind, value) for kind, value in plain[1:]]
    except (ValueError, TypeError, binascii.Error, UnicodeDecodeError):
        return None


def _encode(value: Any) -> list[Any]:
    if isinstance(value, datetime):
        return ["t", value.astimezone(UTC).isoformat()]
    if isinstance(value, date):
        return ["d", value.isoformat()]
    return ["v", value]


def _decode(kind: str, value: Any) -> Any:
    if kind == "t":
        return datetime.fromisoformat(value)
    if kind == "d":
        return date.fromisoformat(value)
    if not isinstance(value, str | int):
        raise TypeError(kind)
    return value


class Listing:
    """A list in the order of its keys (none of which may be NULL), whose statements are made once and kept.

    A query may leave values open as named parameters; each page then says them.

    `parts` narrow the query further, and every row meets just one of them, such as being in one of several states:
    the first rows of each part come by the index that starts with it, where all rows of all would have to be sorted.
    All other conditions belong into each part: beside the rows found they would only mislead a planner.
    """

    def __init__(
        self,
        query: Select[Any],
        keys: Sequence[SortKey],
        *,
        size: int = PAGE_SIZE,
        scalars: bool = True,
        parts: Sequence[ColumnElement[bool]] = (),
    ) -> None:
        self._query, self._keys, self._size, self._scalars, self._parts = query, keys, size, scalars, parts
        self._seen = [f"seen_{place}" for place in range(len(keys))]
        self._statements: dict[tuple[bool, bool], Select[Any]] = {}

    def page(self, session: Session, cursor: str | None, values: Mapping[str, Any] | None = None) -> Page[Any]:
        """Read one page, behind or before `cursor`; a forged cursor shows the first."""
        keys, size = self._keys, self._size
        position = decode_cursor(cursor, len(keys)) if cursor else None
        backwards = position is not None and position[0]
        seen = dict(zip(self._seen, position[1], strict=True)) if position else {}
        result = session.execute(
            self._statement(placed=position is not None, backwards=backwards), {**(values or {}), **seen}
        )
        rows = list(result.scalars() if self._scalars else result)
        more = len(rows) > size
        rows = rows[:size]
        if backwards:
            rows.reverse()
        has_next = bool(rows) and (more or backwards)
        has_previous = bool(rows) and ((more and backwards) or (position is not None and not backwards))
        return Page(
            rows=rows,
            next_cursor=encode_cursor([key.read(rows[-1]) for key in keys]) if has_next else None,
            previous_cursor=encode_cursor([key.read(rows[0]) for key in keys], backwards=True)
            if has_previous
            else None,
        )

    def _statement(self, *, placed: bool, backwards: bool) -> Select[Any]:
        if (made := self._statements.get((placed, backwards))) is not None:
            return made
        order = [key.column.desc() if key.descending != backwards else key.column.asc() for key in self._keys]
        query = self._query
        if self._parts:
            key = query.with_only_columns(self._keys[-1].column)
            heads = [self._first(key.where(part), order, placed=placed, backwards=backwards) for part in self._parts]
            found = union_all(*(select(head.subquery()) for head in heads))
            query = query.where(among_found(self._keys[-1].column, found))
            made = self._statements[placed, backwards] = query.order_by(*order).limit(self._size + 1)
        else:
            made = self._statements[placed, backwards] = self._first(query, order, placed=placed, backwards=backwards)
        return made

    def _first(self, query: Select[Any], order: Sequence[Any], *, placed: bool, backwards: bool) -> Select[Any]:
        narrowed = query.where(behind(self._keys, self._seen, backwards=backwards)) if placed else query
        return narrowed.order_by(*order).limit(self._size + 1)


def keyset_page(
    session: Session,
    query: Select[Any],
    keys: Sequence[SortKey],
    cursor: str | None,
    *,
    size: int = PAGE_SIZE,
    scalars: bool = True,
) -> Page[Any]:
    """Read one page of `query` in the order of `keys` (none of which may be NULL), behind or before `cursor`."""
    return Listing(query, keys, size=size, scalars=scalars).page(session, cursor)


def behind(keys: Sequence[SortKey], names: Sequence[str], *, backwards: bool = False) -> ColumnElement[bool]:
    """Say that a row stands behind (or before) a position whose values are the named parameters.

    Keys that run the same way are compared as one row, which an index finds at once; spelled out, a database would
    walk through all rows that share the first key, and thousands of cases are due at the end of the same day.
    """
    values: list[Any] = [bindparam(name, type_=key.column.type) for key, name in zip(keys, names, strict=True)]
    falling = {key.descending != backwards for key in keys}
    if len(falling) == 1:
        here, there = tuple_(*(key.column for key in keys)), tuple_(*values)
        return here < there if falling.pop() else here > there
    alternatives = []
    for position, key in enumerate(keys):
        same = [earlier.column == value for earlier, value in zip(keys, values[:position], strict=False)]
        further = _further(key, values[position], backwards=backwards)
        alternatives.append(and_(*same, further))
    first = keys[0]
    bound = first.column <= values[0] if first.descending != backwards else first.column >= values[0]
    return and_(bound, or_(*alternatives))


def _further(key: SortKey, value: Any, *, backwards: bool) -> ColumnElement[bool]:
    return key.column < value if key.descending != backwards else key.column > value


def shown_count(count: int) -> str:
    """Write a capped count as people read it: 1000+ above the cap."""
    return f"{COUNT_CAP}+" if count > COUNT_CAP else str(count)
