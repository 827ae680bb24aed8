"""Entries as they stand: amendments folded in, personal values where they may be shown, returns inside complaints."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from portal.core import search
from portal.ledgers import log
from portal.ledgers.entry_models import ReturnLink
from portal.ledgers.models import LedgerEntry, LedgerOpening
from portal.ledgers.rules.canonical import parsed_line
from portal.ledgers.rules.entries import Leaf, fold


@dataclass(frozen=True, slots=True)
class Masks:
    """A consumer as lists show him; both empty once erased or never given."""

    consumer: str = ""
    phone: str = ""
    erased: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """An entry that is no amendment, as it stands now."""

    entry: LedgerEntry
    standing: Leaf  # commitments in place of personal values
    masks: Masks
    amendments: tuple[LedgerEntry, ...] = ()  # in the order of the log
    personal: Mapping[str, str] = field(default_factory=dict)  # filled only where it was asked for

    @property
    def occurred_on(self) -> date:
        """The day as it stands."""
        return date.fromisoformat(str(self.standing["occurred_on"]))

    @property
    def reference(self) -> str | None:
        """The case to which it belongs, as it stands."""
        return (self.amendments[-1] if self.amendments else self.entry).reference


@dataclass(frozen=True, slots=True)
class BookLine:
    """A line of 消费投诉记录台账: the complaint, and the returns inside it (columns ⑤–⑧)."""

    complaint: Record
    returns: tuple[Record, ...]


def amended_by(session: Session, entries: Sequence[LedgerEntry]) -> dict[int, tuple[LedgerEntry, ...]]:
    """The amendments of a page of entries by the id of what they amend, in the order of the log; one statement."""
    ids = {entry.amends_id or entry.id for entry in entries}
    found: dict[int, list[LedgerEntry]] = {}
    if ids:
        for one in session.scalars(
            select(LedgerEntry).where(LedgerEntry.amends_id.in_(ids)).order_by(LedgerEntry.amends_id, LedgerEntry.seq)
        ):
            found.setdefault(one.amends_id or 0, []).append(one)
    return {key: tuple(ones) for key, ones in found.items()}


def records(session: Session, entries: Sequence[LedgerEntry], *, personal: bool = False) -> list[Record]:
    """Fold the amendments into each entry (none of which is an amendment itself), in the order given.

    Two statements, a third for `personal`; whoever asks for it has recorded the read.
    """
    amendments = amended_by(session, entries)
    everything = [*entries, *(one for ones in amendments.values() for one in ones)]
    masks = masks_of(session, everything)
    opened = log.opened(session, everything) if personal else {}
    return [_record(entry, amendments.get(entry.id, ()), masks, opened) for entry in entries]


def _record(
    entry: LedgerEntry,
    amendments: tuple[LedgerEntry, ...],
    masks: Mapping[int, Masks],
    opened: Mapping[int, Mapping[str, str]],
) -> Record:
    newest = [masks[one.id] for one in (entry, *amendments) if one.id in masks]
    standing = standing_of(entry, amendments)
    known: dict[str, str] = {}
    for one in (entry, *amendments):
        known |= {name: value for name, value in opened.get(one.id, {}).items() if name != "reason"}
    return Record(
        entry=entry,
        standing=standing,
        masks=Masks(
            consumer=_last([one.consumer for one in newest]) if "consumer_name" in standing else "",
            phone=_last([one.phone for one in newest]) if "consumer_phone" in standing else "",
            erased=bool(newest) and newest[0].erased,
        ),
        amendments=amendments,
        personal={name: value for name, value in known.items() if name in standing},
    )


def standing_of(entry: LedgerEntry, amendments: Sequence[LedgerEntry]) -> Leaf:
    """An entry's fields after its amendments."""
    return fold(parsed_line(entry.line), [parsed_line(one.line) for one in amendments])


def masks_of(session: Session, entries: Sequence[LedgerEntry]) -> dict[int, Masks]:
    """How lists show the consumers of these entries; entries without a consumer are missing. One statement."""
    rows = session.execute(
        select(
            LedgerOpening.entry_id, LedgerOpening.consumer_mask, LedgerOpening.phone_mask, LedgerOpening.erased_at
        ).where(LedgerOpening.entry_id.in_([entry.id for entry in entries]))
    )
    return {row.entry_id: Masks(row.consumer_mask, row.phone_mask, row.erased_at is not None) for row in rows}


def book_lines(session: Session, complaints: Sequence[LedgerEntry], *, personal: bool = False) -> list[BookLine]:
    """The official view of a page of complaints with their returns; five statements, two more for `personal`."""
    links = session.execute(
        select(ReturnLink.complaint_id, LedgerEntry)
        .join(LedgerEntry, LedgerEntry.id == ReturnLink.entry_id)
        .where(ReturnLink.complaint_id.in_([one.id for one in complaints]))
        .order_by(LedgerEntry.seq)
    ).all()
    every = records(session, [*complaints, *(row[1] for row in links)], personal=personal)
    by_id = {one.entry.id: one for one in every}
    inside: dict[int, list[Record]] = {}
    for complaint_id, entry in links:
        inside.setdefault(complaint_id, []).append(by_id[entry.id])
    return [BookLine(by_id[one.id], tuple(inside.get(one.id, ()))) for one in complaints]


def entry_matches(session: Session, merchant_id: int, query: str) -> ColumnElement[bool] | None:
    """The condition that an entry (or an amendment) of this merchant has words of the query.

    Searched are goods, bar code, supplier, label, reference, outlet and staff, never anything personal. None where
    the query has nothing to search by. One statement.
    """
    scope = search.merchant_scope(merchant_id)
    return search.matches(session, search.LEDGER_SEARCH, LedgerEntry.id.expression, query, scope)


def _last(masks: Sequence[str]) -> str:
    return next((mask for mask in reversed(masks) if mask), "")
