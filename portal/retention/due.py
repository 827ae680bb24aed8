"""Which entries are due, as one query: old enough with all their amendments, not erased, not held, not listed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, delete, exists, func, select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.clocks.queries import almanac
from portal.clocks.rules import end_of_day, local_day
from portal.core.actor import Actor
from portal.enrolment.models import Merchant
from portal.ledgers.models import Ledger, LedgerEntry, LedgerOpening
from portal.retention import rules
from portal.retention.models import DisposalItem, DisposalList, DueCount, LegalHold
from portal.retention.rules import ListState

KEPT, FLOOR = "ledger_kept", "ledger_floor"  # limits, natural days
LIVE = (ListState.DRAWN, ListState.APPROVED)


@dataclass(frozen=True, slots=True)
class Term:
    """How long a ledger's personal fields are kept."""

    kept_days: int
    floor_days: int
    cutoff: date  # the last day whose entries are due

    @property
    def days(self) -> int:
        """Natural days that bind."""
        return max(self.kept_days, self.floor_days)


@dataclass(frozen=True, slots=True)
class DueLedger:
    """A ledger with entries that are due."""

    merchant_id: int
    code: str
    name: str
    cutoff: date
    entries: int


def term_of(session: Session, authorities: Sequence[int], *, now: datetime) -> Term:
    """The term in force for an authority's merchants; `authorities` runs from the nearest upwards."""
    book, today = almanac(session), local_day(now)
    kept, floor = book.amount(KEPT, today, authorities), book.amount(FLOOR, today, authorities)
    return Term(kept, floor, rules.cutoff(now, kept, floor))


def due_entries(ledger_id: int, cutoff: date) -> Select[int]:
    """Ids of the entries of a ledger whose personal fields are due, in the order of the log.

    An entry and its amendments fall due together, when the youngest of them is old enough.
    """
    head = func.coalesce(LedgerEntry.amends_id, LedgerEntry.id)
    grown = (
        select(head.label("head"))
        .where(LedgerEntry.ledger_id == ledger_id)
        .group_by(head)
        .having(func.max(LedgerEntry.at) < end_of_day(cutoff))
        .subquery()
    )
    listed = (
        select(DisposalItem.id)
        .join(DisposalList, DisposalList.id == DisposalItem.list_id)
        .where(DisposalItem.entry_id == LedgerEntry.id, DisposalList.state.in_(LIVE))
    )
    return (
        select(LedgerEntry.id)
        .join(grown, grown.c.head == head)
        .join(LedgerOpening, LedgerOpening.entry_id == LedgerEntry.id)
        .where(
            LedgerEntry.ledger_id == ledger_id,
            LedgerOpening.sealed.is_not(None),
            ~held(ledger_id),
            ~exists(listed),
        )
        .order_by(LedgerEntry.seq)
    )


def held(ledger_id: int) -> ColumnElement[bool]:
    """The condition that a hold stands in the way of the entry of the outer query."""
    return exists().where(
        LegalHold.ledger_id == ledger_id,
        LegalHold.released_at.is_(None),
        LegalHold.entry_id.is_(None) | (LegalHold.entry_id == func.coalesce(LedgerEntry.amends_id, LedgerEntry.id)),
    )


def ledgers_to_count(session: Session, *, after: int, limit: int) -> Sequence[int]:
    """Ids of ledgers behind one, in their order."""
    return session.scalars(select(Ledger.id).where(Ledger.id > after).order_by(Ledger.id).limit(limit)).all()


@dataclass(frozen=True, slots=True)
class CountDue:
    """A ledger whose due entries are to be counted."""

    ledger_id: int


def count_due(session: Session, actor: Actor, command: CountDue, *, now: datetime) -> int:
    """Count what is due of a ledger now and keep the number for the pages; nothing is kept where nothing is due."""
    authority_id = session.scalars(
        select(Merchant.authority_id)
        .join(Ledger, Ledger.merchant_id == Merchant.id)
        .where(Ledger.id == command.ledger_id)
    ).one()
    term = term_of(session, session.get_one(Organisation, authority_id).ancestry()[::-1], now=now)
    due = due_entries(command.ledger_id, term.cutoff).order_by(None).subquery()
    count = session.scalars(select(func.count()).select_from(due)).one()
    session.execute(delete(DueCount).where(DueCount.ledger_id == command.ledger_id))
    if count:
        session.add(DueCount(ledger_id=command.ledger_id, entries=count, cutoff=term.cutoff, counted_at=now))
    return count


def counted_ledgers(
    session: Session, *, authority_ids: Sequence[int] | None = None, limit: int = 50
) -> list[DueLedger]:
    """Ledgers that had entries due when last counted, the fullest first; of some authorities' merchants where given."""
    query = (
        select(Merchant.id, Organisation.code, Organisation.name, DueCount.cutoff, DueCount.entries)
        .join(Ledger, Ledger.id == DueCount.ledger_id)
        .join(Merchant, Merchant.id == Ledger.merchant_id)
        .join(Organisation, Organisation.id == Merchant.id)
        .where(Merchant.practice_of_id.is_(None))
        .order_by(DueCount.entries.desc(), DueCount.id)
        .limit(limit)
    )
    if authority_ids is not None:
        query = query.where(Merchant.authority_id.in_(authority_ids))
    return [DueLedger(*row) for row in session.execute(query)]
