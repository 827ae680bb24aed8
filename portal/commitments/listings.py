"""Keeping the public list true: what of a promise in force stands in it, the difference written, the tallies moved.

One writer at a time (an advisory lock on PostgreSQL, the one writer on SQLite); each reads the promise after the fact
that woke it was committed, so deliveries may come twice, late or in any order.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.classification.rules import CLASS_NAMES
from portal.clocks.rules import local_day
from portal.commitments.entries import Entry, entries_of
from portal.commitments.listing_models import ListingSpot, ListingTally, PromiseListing
from portal.commitments.rules.directory import band_of, spots_of
from portal.core.actor import Actor
from portal.core.bulk import load
from portal.core.db import among, is_postgresql, take_ids
from portal.core.search import Document, SearchTable, forget, index_documents

DIRECTORY_SEARCH = SearchTable("promise_search")
LOCK = 20_261_122  # of PostgreSQL's advisory locks, ours alone
AT_ONCE = 500  # promisors a statement

Cell = tuple[str, str, str]  # area, class, band


@dataclass(frozen=True, slots=True)
class RelistPromisors:
    """Promisors whose part of the list is made anew."""

    promisor_ids: Sequence[int]


def relist_promisors(session: Session, actor: Actor, command: RelistPromisors, *, now: datetime) -> int:
    """Make the part of some promisors anew; returns how many lines came or went."""
    return relist(session, command.promisor_ids, today=local_day(now))


def relist(session: Session, promisor_ids: Sequence[int], *, today: date) -> int:
    """Write the difference between what is listed and what is in force; returns how many lines came or went."""
    if not promisor_ids:
        return 0
    session.flush()
    lock_list(session)
    wanted = Counter(entries_of(session, promisor_ids))
    kept: Counter[Entry] = Counter()
    gone: list[tuple[int, Entry]] = []
    for row in session.scalars(select(PromiseListing).where(among(PromiseListing.promisor_id, list(promisor_ids)))):
        entry = entry_of_row(row)
        if kept[entry] < wanted[entry]:
            kept[entry] += 1
        else:
            gone.append((row.id, entry))
    fresh = list((wanted - kept).elements())
    take_out(session, [key for key, _ in gone])
    put_in(session, fresh, today=today)
    count_changes(session, fresh, [entry for _, entry in gone])
    return len(fresh) + len(gone)


def lock_list(session: Session) -> None:
    """Let one writer of the list at a time through, until the end of its transaction."""
    if is_postgresql(session):
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})


def entry_of_row(row: PromiseListing) -> Entry:
    """A line of the list as it would be made anew."""
    return Entry(**{name: getattr(row, name) for name in Entry.__dataclass_fields__})


def take_out(session: Session, listing_ids: Sequence[int]) -> None:
    """Take lines out of the list and its search."""
    if not listing_ids:
        return
    keys = list(listing_ids)
    session.execute(delete(ListingSpot).where(among(ListingSpot.listing_id, keys)))
    session.execute(delete(PromiseListing).where(among(PromiseListing.id, keys)))
    for key in keys:
        forget(session, DIRECTORY_SEARCH, key)


def put_in(session: Session, entries: Sequence[Entry], *, today: date) -> None:
    """Add lines to the list, its spots and its search."""
    if not entries:
        return
    spots: list[dict[str, Any]] = []
    documents: list[Document] = []
    rows: list[dict[str, Any]] = []
    for key, entry in zip(take_ids(session, PromiseListing, len(entries)), entries, strict=True):
        rows.append({"id": key, "listed_on": today, **asdict(entry)})
        names = spots_of(entry.area, entry.classes.split())
        spots += [{"listing_id": key, "spot": spot, "days": entry.days, "shop": entry.shop} for spot in names]
        documents.append(Document(key, searched_text(entry), tuple(names)))
    load(session, PromiseListing, rows)
    load(session, ListingSpot, spots)
    index_documents(session, DIRECTORY_SEARCH, documents)


def searched_text(entry: Entry) -> str:
    """What a search knows of a line: names, address, goods and classes; exclusions would find what is not promised."""
    classes = [CLASS_NAMES.get(one, "") for one in entry.classes.split()]
    parts = (entry.shop, entry.registered, entry.platform, entry.city + entry.district, entry.address, entry.goods)
    return "\n".join([*parts, *classes])


def count_changes(session: Session, fresh: Iterable[Entry], gone: Iterable[Entry]) -> None:
    """Move the tallies by what came and went."""
    changes: Counter[Cell] = Counter()
    names: dict[str, tuple[str, str]] = {"": ("", "")}
    for sign, entries in ((1, fresh), (-1, gone)):
        for entry in entries:
            names[entry.area] = (entry.city, entry.district)
            for cell in cells_of(entry):
                changes[cell] += sign
    rows = [
        {
            "area": area,
            "category": category,
            "band": band,
            "city": names[area][0],
            "district": names[area][1],
            "shops": change,
        }
        for (area, category, band), change in sorted(changes.items())
        if change
    ]
    if rows:
        add_to_tallies(session, rows)


def cells_of(entry: Entry) -> list[Cell]:
    """The cells of the tally in which a line counts."""
    band = band_of(entry.days).value
    return [(area, category, band) for area in ("", entry.area) for category in ("", *entry.classes.split())]


def add_to_tallies(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Add signed changes to the cells; those that fall to nothing are taken away."""
    table: Any = ListingTally.__table__
    statement: Any = (postgresql.insert if is_postgresql(session) else sqlite.insert)(table)
    cell = ["area", "category", "band"]
    taken = [one for one in rows if one["shops"] < 0]
    added = [one for one in rows if one["shops"] > 0]
    if added:
        more = {"shops": table.c.shops + statement.excluded.shops}
        session.connection().execute(statement.on_conflict_do_update(index_elements=cell, set_=more), added)
    for one in taken:  # a cell that is taken from is there: an insert of a negative row would break its CHECK
        here = [table.c[name] == one[name] for name in cell]
        session.execute(table.update().where(*here).values(shops=table.c.shops + one["shops"]))
    if taken:
        session.execute(delete(ListingTally).where(ListingTally.shops == 0))
