"""Search in Chinese by bigrams, narrowed inside the index by who asks.

Sealed texts leave only their bigrams: an FTS5 table on SQLite, a `tsvector` with positions on PostgreSQL (cast from
its own text form, so that no parser and no locale has a say). A phrase of bigrams matches as a phrase on both.

PostgreSQL's index knows no order: the newest of a quarter of a million matches would be found by visiting all of
them. There a row's scopes are therefore written with the span of keys that the row lies in, and a search goes from
span to span, newest first, until it has enough.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from operator import add

from sqlalchemy import ColumnElement, TextClause, literal_column, text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import InstrumentedAttribute, Session

from portal.core.bulk import write
from portal.core.db import among, is_postgresql

MATCH_CAP = 2000  # the newest matches that a search looks at
AHEAD = 64  # positions left free before a text that is cut ahead
LAST_POSITION = 16383  # of a tsvector

_KEPT = re.compile(r"[0-9a-z㐀-䶿一-鿿]+")


# How many keys a span holds, as a power of two. Sixteen spans make one of the next kind, so that a search that finds
# little soon takes long strides: after LOOKS of one kind. A merchant's rows lie too thin for the shortest.
LOOKS = {"a": 4, "m": 8}
SPANS = {"a": (("s", 12), ("m", 16), ("l", 20)), "m": (("m", 16), ("l", 20))}


@dataclass(frozen=True, slots=True)
class SearchTable:
    """A search index beside a table of rows; the same name on both databases."""

    name: str
    spanned: bool = False  # PostgreSQL only: scopes are written by span of keys (see `SPANS`)


CASE_SEARCH = SearchTable("case_search", spanned=True)
TIP_SEARCH = SearchTable("tip_search", spanned=True)
LEDGER_SEARCH = SearchTable("ledger_search", spanned=True)


@dataclass(frozen=True, slots=True)
class Document:
    """One row to be found: its key, its text, and the scopes inside which it may be found (`m12`, `a3`)."""

    row_id: int
    text: str
    scopes: tuple[str, ...]
    more: str = ""  # text behind it that was cut ahead


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
        vectors = [
            (one.row_id, _vector(one.text, _placed(table, one.row_id, one.scopes)) + one.more) for one in documents
        ]
        write(session, table.name, ("id", "grams"), vectors)
        return
    rows = [(one.row_id, " ".join(one.scopes), " ".join(bigrams(one.text)) + one.more) for one in documents]
    write(session, table.name, ("rowid", "scopes", "grams"), rows)


def cut_ahead(content: str, dialect: Dialect) -> str:
    """Cut the greater part of a document before its row is stored, for `Document.more`.

    `Document.text` then holds what is known only when it is stored, some `AHEAD` characters at most.
    """
    grams = bigrams(content)
    if dialect.name != "postgresql":
        return " " + " ".join(grams)
    placed = [(gram, min(at, LAST_POSITION)) for at, gram in enumerate(grams, AHEAD) if gram != "_"]
    return "".join(map(" '%s':%d".__mod__, placed))


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
                "WHERE lexeme ~ '^[am][0-9]+' AND positions IS NULL)) || CAST(:scopes AS tsvector) WHERE id = :id"
            ),
            {"id": row_id, "scopes": " ".join(f"'{scope}'" for scope in _placed(table, row_id, scopes))},
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
    keys = matching_keys(session, table, query, scope)
    if keys is None:
        return None
    return among(key, keys) if keys else literal_column("1 = 0")


def matching_ids(session: Session, table: SearchTable, query: str, scope: str) -> list[int] | None:
    """Return the keys of the newest matches inside `scope`, newest first; None where nothing can be searched."""
    keys = matching_keys(session, table, query, scope)
    return None if keys is None else json.loads(f"[{keys.strip('{}[]')}]")


def matching_keys(session: Session, table: SearchTable, query: str, scope: str) -> str | None:
    """Return what `matching_ids` does as one text that `among` takes; empty where nothing matches.

    Nobody reads the two thousand keys on their way from one statement into the next: that would cost more than a page.
    """
    wanted = phrases(query)
    if not wanted:
        return None
    if is_postgresql(session):
        needle = " & ".join("(" + " <-> ".join(f"'{gram}'" for gram in one) + ")" for one in wanted)
        if table.spanned:
            found = session.scalar(_newest_by_span(table.name, scope[0]), {"scope": scope, "needle": needle})
        else:
            found = session.scalar(_newest_of_all(table.name), {"needle": f"'{scope}' & {needle}"})
        return found or ""
    quoted = " AND ".join(f'grams:"{" ".join(one)}"' for one in wanted)
    found = session.scalar(_newest_in_sqlite(table.name), {"needle": f'scopes:"{scope}" AND {quoted}'})
    return "" if found == "[]" else found


@cache
def _newest_in_sqlite(table: str) -> TextClause:
    newest = f"SELECT rowid FROM {table} WHERE {table} MATCH :needle ORDER BY rowid DESC LIMIT {MATCH_CAP}"
    return text(f"SELECT json_group_array(rowid) FROM ({newest})")


@cache
def _newest_of_all(table: str) -> TextClause:
    return _as_text(
        f"SELECT id FROM {table} WHERE grams @@ CAST(:needle AS tsquery) ORDER BY id DESC LIMIT {MATCH_CAP}"
    )


@cache
def _newest_by_span(table: str, kind: str) -> TextClause:
    """The spans come newest first, and those behind the last that is needed are never looked at."""
    of_one = (
        f"SELECT id FROM {table} WHERE grams @@ CAST(quote_literal(:scope || span) || ' & ' || :needle AS tsquery) "
        f"AND id + 0 < below ORDER BY id DESC LIMIT {MATCH_CAP}"  # + 0: not to be found by the primary key
    )
    return _as_text(
        f"SELECT found.id FROM ({_spans_downwards(table, kind)}) AS spans CROSS JOIN LATERAL ({of_one}) AS found "
        f"LIMIT {MATCH_CAP}"
    )


def _as_text(newest: str) -> TextClause:
    return text(f"SELECT CAST(array_agg(id ORDER BY id DESC) AS text) FROM ({newest}) AS newest")


def _spans_downwards(table: str, kind: str) -> str:
    """The spans from the newest key down: some short ones, some of the next kind, the longest down to the first key.

    Where a span holds keys that shorter ones have covered, only those below count. So a word that occurs nowhere costs
    a dozen looks, and one that stops at a longer span visits few thousand rows there: it was rarer than the cap.
    """
    parts, below = [], "(newest.id + 1)"
    for letter, bits in SPANS[kind]:
        first = f"(({below} - 1) >> {bits})"
        last = "0" if bits == SPANS[kind][-1][1] else f"greatest({first} - {LOOKS[kind] - 1}, 0)"
        parts.append(
            f"SELECT '.{letter}' || span AS span, {below} AS below FROM (SELECT max(id) AS id FROM {table}) AS newest, "
            f"generate_series({first}, {last}, -1) AS span"
        )
        below = f"({last} << {bits})"
    return " UNION ALL ".join(parts)


def _placed(table: SearchTable, row_id: int, scopes: Iterable[str]) -> list[str]:
    """The scopes as the index of PostgreSQL writes them."""
    if not table.spanned:
        return list(scopes)
    return [f"{scope}.{letter}{row_id >> bits}" for scope in scopes for letter, bits in SPANS[scope[0]]]


def _vector(content: str, scopes: Iterable[str]) -> str:
    placed = [
        f"'{gram}':{min(position, LAST_POSITION)}" for position, gram in enumerate(bigrams(content), 1) if gram != "_"
    ]
    return " ".join([*[f"'{scope}'" for scope in scopes], *placed])
