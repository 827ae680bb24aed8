"""Lists, holds and terms as people look at them; each query is narrowed by who asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, false, select, true
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.core.actor import Actor, ActorKind
from portal.core.errors import NotFound
from portal.core.paging import Page, SortKey, keyset_page
from portal.enrolment.models import Merchant
from portal.ledgers.models import Ledger, LedgerEntry
from portal.retention.actions import MISSING
from portal.retention.due import Term, term_of
from portal.retention.models import DisposalItem, DisposalList, DueCount, LegalHold


@dataclass(frozen=True, slots=True)
class ListLine:
    """One disposal list in a list of them."""

    row: DisposalList
    merchant: str
    code: str

    @property
    def id(self) -> int:
        """The key of its order."""
        return self.row.id


@dataclass(frozen=True, slots=True)
class HoldLine:
    """One hold."""

    reference: str
    merchant: str
    code: str
    seq: int | None  # None: the whole ledger
    reason: str
    placed_by: str
    placed_at: datetime


@dataclass(frozen=True, slots=True)
class OwnTerm:
    """A merchant's ledger with its term and what is due of it."""

    term: Term
    due: int  # when last counted


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One entry of a list, without personal data."""

    id: int
    seq: int
    kind: Any
    number: int
    occurred_on: date
    recorded_at: datetime
    handled_at: datetime | None


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The condition that the actor may look at the lists and holds of a merchant's ledger."""
    match actor.kind:
        case ActorKind.MERCHANT:
            return false() if actor.organisation_id is None else Merchant.id == actor.organisation_id
        case ActorKind.AUTHORITY:
            return Merchant.authority_id.in_(sorted(actor.jurisdiction))
        case ActorKind.OPERATOR | ActorKind.SYSTEM:
            return true()
        case _:
            return false()


def lists(session: Session, actor: Actor, cursor: str | None) -> Page[ListLine]:
    """One page of disposal lists, newest first."""
    keys = [SortKey(DisposalList.id.expression, lambda row: row[0].id, descending=True)]
    page = keyset_page(session, _lists(actor), keys, cursor, scalars=False)
    return Page([ListLine(*row) for row in page.rows], page.next_cursor, page.previous_cursor)


def one_list(session: Session, actor: Actor, reference: str) -> ListLine:
    """One list; NotFound for strangers."""
    row = session.execute(_lists(actor).where(DisposalList.reference == reference)).first()
    if row is None:
        raise NotFound(MISSING)
    return ListLine(*row)


def items(session: Session, found: ListLine, cursor: str | None) -> Page[ItemLine]:
    """One page of the entries of a list that was found for the actor, in the order of the log."""
    query: Any = (
        select(
            DisposalItem.id,
            LedgerEntry.seq,
            LedgerEntry.kind,
            LedgerEntry.number,
            LedgerEntry.occurred_on,
            LedgerEntry.at,
            DisposalItem.handled_at,
        )
        .join(LedgerEntry, LedgerEntry.id == DisposalItem.entry_id)
        .where(DisposalItem.list_id == found.row.id)
    )
    page = keyset_page(
        session, query, [SortKey(LedgerEntry.seq.expression, lambda row: row.seq)], cursor, scalars=False
    )
    return Page([ItemLine(*row) for row in page.rows], page.next_cursor, page.previous_cursor)


def holds(session: Session, actor: Actor) -> Sequence[HoldLine]:
    """Every hold in force, newest first."""
    rows = session.execute(
        select(
            LegalHold.reference,
            Organisation.name,
            Organisation.code,
            LedgerEntry.seq,
            LegalHold.reason,
            LegalHold.placed_by,
            LegalHold.placed_at,
        )
        .join(Ledger, Ledger.id == LegalHold.ledger_id)
        .join(Merchant, Merchant.id == Ledger.merchant_id)
        .join(Organisation, Organisation.id == Merchant.id)
        .outerjoin(LedgerEntry, LedgerEntry.id == LegalHold.entry_id)
        .where(visible_to(actor), LegalHold.released_at.is_(None))
        .order_by(LegalHold.id.desc())
        .limit(200)  # a jurisdiction with more has another problem
    )
    return [HoldLine(*row) for row in rows]


def own_term(session: Session, merchant_id: int, *, now: datetime) -> OwnTerm:
    """A merchant's term, and how many of its entries were due when last counted."""
    merchant = session.get_one(Merchant, merchant_id)
    upwards = session.get_one(Organisation, merchant.authority_id).ancestry()[::-1]
    counted = session.scalars(
        select(DueCount).join(Ledger, Ledger.id == DueCount.ledger_id).where(Ledger.merchant_id == merchant_id)
    ).first()
    return OwnTerm(term_of(session, upwards, now=now), counted.entries if counted else 0)


def merchant_of_code(session: Session, actor: Actor, code: str) -> int:
    """The id of a merchant of the actor's jurisdiction by its code; raises NotFound."""
    found = session.scalars(
        select(Merchant.id)
        .join(Organisation, Organisation.id == Merchant.id)
        .where(Organisation.code == code.strip().upper(), visible_to(actor))
    ).first()
    if found is None:
        raise NotFound("没有这家企业，或者它不在你的辖区。")
    return found


def approved_lists(session: Session) -> Sequence[tuple[int, str, int]]:
    """Lists that may be carried out: id, reference, entries."""
    rows = session.execute(
        select(DisposalList.id, DisposalList.reference, DisposalList.entries)
        .where(DisposalList.state == "approved")
        .order_by(DisposalList.id)
    )
    return [(row.id, row.reference, row.entries) for row in rows]


def _lists(actor: Actor) -> Select[Any]:
    query: Any = (
        select(DisposalList, Organisation.name, Organisation.code)
        .join(Ledger, Ledger.id == DisposalList.ledger_id)
        .join(Merchant, Merchant.id == Ledger.merchant_id)
        .join(Organisation, Organisation.id == Merchant.id)
        .where(visible_to(actor))
    )
    return query
