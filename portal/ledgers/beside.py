"""What is written beside new entries in the same transaction: tokens, labels, links, month totals, search."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, insert
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from portal.core.db import is_postgresql
from portal.core.search import LEDGER_SEARCH, Document, index_documents, merchant_scope
from portal.ledgers.entry_models import LabelClaim, MonthTotal, ReturnLink, RowToken
from portal.ledgers.models import EntryKind, Ledger, LedgerEntry
from portal.ledgers.rules.entries import Leaf

SEARCHED = ("goods", "barcode", "supplier", "label_number", "reference", "outlet", "staff")  # never anything personal


@dataclass(frozen=True, slots=True)
class MonthChange:
    """How an entry changes the totals of its kind in a month; amounts in 分."""

    kind: EntryKind
    month_on: date
    entries: int
    amount: int


@dataclass(frozen=True, slots=True)
class Booked:
    """A new entry with what is to be written beside it."""

    entry: LedgerEntry
    leaf: Leaf  # as it stands, amendments folded in
    token: str = ""
    months: tuple[MonthChange, ...] = ()
    claim: tuple[int, str] | None = None  # outlet or 0, label
    complaint_id: int | None = None


def month_of(day: date) -> date:
    """The first day of a day's month."""
    return day.replace(day=1)


def counted(entry_kind: EntryKind, occurred_on: date, amount: int) -> tuple[MonthChange, ...]:
    """One more entry in its month."""
    return (MonthChange(entry_kind, month_of(occurred_on), 1, amount),)


def write_beside(session: Session, ledger: Ledger, booked: Sequence[Booked]) -> None:
    """Write everything beside the new entries of a locked ledger: at most five statements for any number of them."""
    tokens = [{"ledger_id": ledger.id, "token": one.token, "entry_id": one.entry.id} for one in booked if one.token]
    claims = [
        {"ledger_id": ledger.id, "place": one.claim[0], "label": one.claim[1], "entry_id": root_of(one.entry)}
        for one in booked
        if one.claim
    ]
    links = [
        {"entry_id": root_of(one.entry), "complaint_id": one.complaint_id}
        for one in booked
        if one.complaint_id is not None
    ]
    for model, rows in ((RowToken, tokens), (LabelClaim, claims), (ReturnLink, links)):
        if rows:
            session.execute(insert(model), rows)
    add_to_months(session, ledger, [change for one in booked for change in one.months])
    scope = (merchant_scope(ledger.merchant_id),)
    documents = [Document(one.entry.id, searchable(one), scope) for one in booked]
    index_documents(session, LEDGER_SEARCH, [one for one in documents if one.text])


def root_of(entry: LedgerEntry) -> int:
    """The entry itself, or what it amends."""
    return entry.amends_id if entry.amends_id is not None else entry.id


def release_label(session: Session, entry_id: int) -> None:
    """Let the label of a return be used again."""
    session.execute(delete(LabelClaim).where(LabelClaim.entry_id == entry_id))


def unlink(session: Session, entry_id: int) -> None:
    """Take a return out of its complaint."""
    session.execute(delete(ReturnLink).where(ReturnLink.entry_id == entry_id))


def add_to_months(session: Session, ledger: Ledger, changes: Iterable[MonthChange]) -> None:
    """Bring the month totals up to date; one statement, for the ledger is locked."""
    sums: dict[tuple[EntryKind, date], tuple[int, int]] = {}
    for one in changes:
        entries, amount = sums.get((one.kind, one.month_on), (0, 0))
        sums[one.kind, one.month_on] = entries + one.entries, amount + one.amount
    rows = [
        {"ledger_id": ledger.id, "kind": kind, "month_on": month, "entries": entries, "amount": amount}
        for (kind, month), (entries, amount) in sums.items()
        if entries or amount
    ]
    if not rows:
        return
    into = (postgresql_insert if is_postgresql(session) else sqlite_insert)(MonthTotal).values(rows)
    session.execute(
        into.on_conflict_do_update(
            index_elements=["ledger_id", "kind", "month_on"],
            set_={
                "entries": MonthTotal.entries + into.excluded.entries,
                "amount": MonthTotal.amount + into.excluded.amount,
            },
        )
    )


def searchable(booked: Booked) -> str:
    """The words by which an entry is found."""
    leaf = {**booked.leaf, "reference": booked.entry.reference or ""}
    return "\n".join(str(leaf[name]) for name in SEARCHED if leaf.get(name))
