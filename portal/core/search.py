"""Search in Chinese by bigrams, narrowed inside the index by who asks.

Sealed texts leave only their bigrams: an FTS5 table on SQLite, a `tsvector` with positions on PostgreSQL (cast from
its own text form, so that no parser and no locale has a say). A phrase of bigrams matches as a phrase on both.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from operator import add

from sqlalchemy import ColumnElement, TextClause, literal_column, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from portal.core.bulk import write
from portal.core.db import among, is_postgresql

MATCH_CAP = 2000  # the newest matches that a search looks at

_KEPT = re.compile(r"[0-9a-z㐀-䶿一-鿿]+")


@dataclass(frozen=True, slots=True)
class SearchTable:
    """A search index beside a table of rows; the same name on both databases."""

    name: str


CASE_SEARCH = SearchTable("case_search")
TIP_SEARCH = SearchTable("tip_search")
LEDGER_SEARCH = SearchTable("ledger_search")


@dataclass(frozen=True, slots=True)
class Document:
    """One row to be found: its key, its text, and the scopes inside which it may be found (`m12`, `a3`)."""

    row_id: int
    text: str
    scopes: tuple[str, ...]


def merchant_scope(merchant_id: int) -> str:
    """The scope of one merchant's rows."""
    return f"m{merchant_id}"


def authority_scope(authority_id: int) -> str:
    """The scope of one authority's rows; a row carries its authority and every one above it."""
    return f"a{authority_id}"


def runs(content: str) -> list[str]:
    """Cut text into runs of letters, digits and Chinese characters, folded to one width and case."""
    return _KEPT.findall(unicodedata.normalize("NFKC", content).lower())


def bigrams(content: str) -> list[str]:
    """Cut text into overlapping pairs of characters; a gap between runs breaks every phrase across it."""
    found: list[str] = []
    for run in runs(content):
        found.extend(map(add, run, run[1:]))
        found.append("_")  # never part of a phrase
    return found


def phrases(query: str) -> list[list[str]]:
    """Cut a query into phrases of bigrams, one a run; runs of a single character cannot be searched and fall away."""
    return [[run[i : i + 2] for i in range(len(run) - 1)] for run in runs(query)[:8] if len(run) > 1]


def index_documents(session: Session, table: SearchTable, documents: Sequence[Document]) -> None:
    """Put rows into the index; a row already there must be forgotten first."""
    if not documents:
        return
    if is_postgresql(session):
        vectors = [(one.row_id, _vector(one.text, one.scopes)) for one in documents]
        write(session, table.name, ("id", "grams"), vectors)
        return
    rows = [(one.row_id, " ".join(one.scopes), " ".join(bigrams(one.text))) for one in documents]
    write(session, table.name, ("rowid", "scopes", "grams"), rows)


def forget(session: Session, table: SearchTable, row_id: int) -> None:
    """Take a row out of the index (its text was erased)."""
    key = "id" if is_postgresql(session) else "rowid"
    session.execute(text(f"DELETE FROM {table.name} WHERE {key} = :id"), {"id": row_id})


def rescope(session: Session, table: SearchTable, row_id: int, scopes: Iterable[str]) -> None:
    """Change who may find a row, keeping its bigrams."""
    if is_postgresql(session):
        session.execute(
            text(
                f"UPDATE {table.name} SET grams = ts_delete(grams, ARRAY(SELECT lexeme FROM unnest(grams) "
                "WHERE lexeme ~ '^[am][0-9]+$' AND positions IS NULL)) || CAST(:scopes AS tsvector) WHERE id = :id"
            ),
            {"id": row_id, "scopes": " ".join(f"'{scope}'" for scope in scopes)},
        )
        return
    session.execute(
        text(f"UPDATE {table.name} SET scopes = :scopes WHERE rowid = :id"),
        {"id": row_id, "scopes": " ".join(scopes)},
    )


def matches(
    session: Session, table: SearchTable, key: ColumnElement[int] | InstrumentedAttribute[int], query: str, scope: str
) -> ColumnElement[bool] | None:
    """Return the condition that `key` is among the newest matches inside `scope`; None where nothing can be searched.

    Works on fragments of two characters and more; at most `MATCH_CAP` rows match.
    """
    ids = matching_ids(session, table, query, scope)
    if ids is None:
        return None
    return among(key, ids) if ids else literal_column("1 = 0")


def matching_ids(session: Session, table: SearchTable, query: str, scope: str) -> list[int] | None:
    """Return the keys of the newest matches inside `scope`, newest first; None where nothing can be searched."""
    wanted = phrases(query)
    if not wanted:
        return None
    if is_postgresql(session):
        quoted_phrases = ["(" + " <-> ".join(f"'{gram}'" for gram in one) + ")" for one in wanted]
        needle = " & ".join([f"'{scope}'", *quoted_phrases])
    else:
        quoted = " AND ".join(f'grams:"{" ".join(one)}"' for one in wanted)
        needle = f'scopes:"{scope}" AND {quoted}'
    found = session.scalar(_newest(table.name, postgresql=is_postgresql(session)), {"needle": needle})
    return json.loads(found) if isinstance(found, str) else found or []


@cache
def _newest(table: str, *, postgresql: bool) -> TextClause:
    """The statement that gives all keys as one value: two thousand rows of one column cost more than finding them."""
    if postgresql:
        newest = f"SELECT id FROM {table} WHERE grams @@ CAST(:needle AS tsquery) ORDER BY id DESC LIMIT {MATCH_CAP}"
        return text(f"SELECT array_agg(id ORDER BY id DESC) FROM ({newest}) AS newest")
    newest = f"SELECT rowid FROM {table} WHERE {table} MATCH :needle ORDER BY rowid DESC LIMIT {MATCH_CAP}"
    return text(f"SELECT json_group_array(rowid) FROM ({newest})")


def _vector(content: str, scopes: Iterable[str]) -> str:
    placed = [f"'{gram}':{min(position, 16383)}" for position, gram in enumerate(bigrams(content), 1) if gram != "_"]
    return " ".join([*[f"'{scope}'" for scope in scopes], *placed])
