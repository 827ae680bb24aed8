"""Search walks from span to span of keys: what it finds, in which order, and for whom, whatever span a row lies in."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.core import search
from portal.core.db import is_postgresql
from portal.core.search import CASE_SEARCH, LEDGER_SEARCH, SPANS, Document, authority_scope, merchant_scope

SHORT, MIDDLE, LONG = (1 << bits for _, bits in SPANS["a"])
# in the newest short span, in an older one of the same middle span, in the middle spans below, in the long one below
PLACES = (3, SHORT + 3, MIDDLE + 3, 2 * MIDDLE + SHORT, LONG + 5, LONG + MIDDLE + 5, LONG + MIDDLE + SHORT + 7)


def found(session: Session, words: str, scope: str) -> list[int] | None:
    return search.matching_ids(session, CASE_SEARCH, words, scope)


@pytest.fixture
def spread(session: Session) -> Session:
    """Rows in spans of every kind, by turns of two merchants under one authority."""
    documents = [
        Document(row_id, "羊毛大衣起球要求退货", (merchant_scope(1 + place % 2), authority_scope(4)))
        for place, row_id in enumerate(PLACES)
    ]
    search.index_documents(session, CASE_SEARCH, documents)
    return session


@pytest.mark.parametrize("words", ["退货", "羊毛大衣", "大衣 退货"])
def test_every_span_is_looked_at_and_the_newest_come_first(spread: Session, words: str) -> None:
    assert found(spread, words, authority_scope(4)) == sorted(PLACES, reverse=True)
    assert found(spread, words, merchant_scope(1)) == sorted(PLACES[::2], reverse=True)


@pytest.mark.parametrize("kind", SPANS)
@pytest.mark.parametrize("newest", [0, 1, 4095, 4096, 65535, 65536, 65537, 262144, 1048575, 1048576, 1055801, 5000000])
def test_spans_cover_every_key_once_and_grow_slowly(session: Session, kind: str, newest: int) -> None:
    if not is_postgresql(session):
        pytest.skip("SQLite's index knows the order of its rows")
    said = search._spans_downwards("t", kind).replace("SELECT max(id) AS id FROM t", f"SELECT {newest}::bigint AS id")
    upper, seen = newest + 1, 0
    for span, below in session.execute(text(said)).all():
        bits = dict(SPANS[kind])[span[1]]
        first = int(span[2:]) << bits
        assert min(first + (1 << bits), below) == upper > first  # where the one before ended
        assert upper - first <= max(SHORT << 4, 6 * seen)  # no leap far beyond what was looked at before
        upper, seen = first, newest + 1 - first
    assert upper == 0


def test_a_scope_is_not_the_beginning_of_another(spread: Session) -> None:
    assert found(spread, "退货", authority_scope(40)) == found(spread, "退货", merchant_scope(11)) == []
    assert found(spread, "退", authority_scope(4)) is None


def test_a_search_stops_at_the_newest_that_it_may_show(spread: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MATCH_CAP", 3)
    newest = search._newest_by_span.__wrapped__, search._newest_in_sqlite.__wrapped__
    monkeypatch.setattr(search, "_newest_by_span", newest[0])
    monkeypatch.setattr(search, "_newest_in_sqlite", newest[1])
    assert found(spread, "退货", authority_scope(4)) == sorted(PLACES, reverse=True)[:3]


def test_a_row_changes_hands_in_its_own_span(spread: Session) -> None:
    moved = PLACES[4]
    search.rescope(spread, CASE_SEARCH, moved, (merchant_scope(9), authority_scope(5)))
    assert found(spread, "羊毛大衣", merchant_scope(9)) == found(spread, "退货", authority_scope(5)) == [moved]
    assert moved not in (found(spread, "退货", merchant_scope(1)) or [])
    search.forget(spread, CASE_SEARCH, moved)
    assert found(spread, "退货", merchant_scope(9)) == []


def test_what_was_found_goes_unread_into_the_next_statement(spread: Session) -> None:
    keys = search.matching_keys(spread, CASE_SEARCH, "退货", merchant_scope(1))
    assert isinstance(keys, str)
    assert all(str(row_id) in keys for row_id in PLACES[::2])
    assert search.matching_keys(spread, CASE_SEARCH, "空调", merchant_scope(1)) == ""
    assert search.matching_keys(spread, LEDGER_SEARCH, "退货", merchant_scope(1)) == ""
