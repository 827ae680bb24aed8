"""Near names: what a shop is probably called when nothing of just that name is listed."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.commitments.listing_models import PromiseListing
from portal.commitments.listings import DIRECTORY_SEARCH
from portal.core.db import among, is_postgresql
from portal.core.search import bigrams

LOOKED_AT = 200  # lines that share a pair of characters, the most telling first
OFFERED = 5
LEAST = 0.3  # share of pairs that two names have in common (Dice); ours
MAX_PAIRS = 16


@dataclass(frozen=True, slots=True)
class NearName:
    """A name that is listed, with the page it leads to."""

    name: str
    slug: str


def near_names(session: Session, wanted: str) -> list[NearName]:
    """At most five listed names that share the most pairs of characters with what was asked for; two statements."""
    pairs = list(dict.fromkeys(one for one in bigrams(wanted) if one != "_"))[:MAX_PAIRS]
    if not pairs:
        return []
    ids = _sharing(session, pairs)
    if not ids:
        return []
    rows = session.execute(
        select(PromiseListing.shop, PromiseListing.registered, PromiseListing.slug).where(among(PromiseListing.id, ids))
    )
    scored: dict[NearName, float] = {}
    for shop, registered, slug in rows:
        for name in dict.fromkeys((shop, registered)):
            if (score := likeness(pairs, name)) >= LEAST:
                scored[NearName(name, slug)] = score
    best = sorted(scored, key=lambda one: (-scored[one], len(one.name), one.name, one.slug))
    return list({one.name: one for one in reversed(best)}.values())[::-1][:OFFERED]


def likeness(pairs: Sequence[str], name: str) -> float:
    """How much of two texts' pairs is common, 0 to 1 (Dice's coefficient)."""
    ours, theirs = set(pairs), {one for one in bigrams(name) if one != "_"}
    return 2 * len(ours & theirs) / (len(ours) + len(theirs)) if ours and theirs else 0.0


def _sharing(session: Session, pairs: Sequence[str]) -> list[int]:
    table = DIRECTORY_SEARCH.name
    if is_postgresql(session):
        needle = " | ".join(f"'{one}'" for one in pairs)
        query = (
            f"SELECT id FROM (SELECT id, grams FROM {table} WHERE grams @@ CAST(:needle AS tsquery) LIMIT 5000) AS found "
            f"ORDER BY ts_rank(grams, CAST(:needle AS tsquery)) DESC, id DESC LIMIT {LOOKED_AT}"
        )
    else:
        needle = " OR ".join(f'grams:"{one}"' for one in pairs)
        query = f"SELECT rowid FROM {table} WHERE {table} MATCH :needle ORDER BY rank, rowid DESC LIMIT {LOOKED_AT}"
    return list(session.scalars(text(query), {"needle": needle}))
