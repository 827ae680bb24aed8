"""Entries that the action which changes a case pushes, in its own transaction (decisions 26).

A ledger knows a case by its reference only: everything else is handed in as plain values by whoever acts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.core.actor import Actor
from portal.ledgers import beside, log
from portal.ledgers.amending import Amendment, append_amendment
from portal.ledgers.batches import complaint_columns
from portal.ledgers.beside import Booked
from portal.ledgers.log import EntryDraft
from portal.ledgers.models import EntryKind, Ledger, LedgerEntry
from portal.ledgers.records import Masks, Record, amended_by, standing_of
from portal.ledgers.rules.amendments import open_fields
from portal.ledgers.rules.entries import Leaf, filled
from portal.ledgers.rules.vocabulary import GONE, Outcome


@dataclass(frozen=True, slots=True)
class Complaint:
    """A case that its merchant accepted; personal are name, phone and content. Amounts in 分."""

    reference: str
    occurred_on: date
    received: str  # the source of its first filing
    consumer_name: str
    consumer_phone: str
    consumer_mask: str
    phone_mask: str
    content: str
    goods: str
    claimed: int
    staff: str
    outlet_id: int | None = None
    outlet: str = ""


def push_complaint(
    session: Session, actor: Actor, merchant_id: int, complaint: Complaint, *, now: datetime
) -> LedgerEntry:
    """Enter a complaint that a merchant accepted; the one that stands already is given back as it is.

    One that was given back or parted and came again is a new entry: what the former held is erased.
    """
    ledger = log.ledger_of(session, merchant_id, now=now)
    root = newest_of(session, merchant_id, complaint.reference)
    if root is not None and _standing(session, root)[0].get("outcome") not in GONE:
        return root
    plain = filled(
        {
            "received": complaint.received,
            "outcome": Outcome.OPEN.value,
            "goods": complaint.goods,
            "claimed": complaint.claimed,
            "staff": complaint.staff,
            "outlet": complaint.outlet,
        }
    )
    draft = EntryDraft(
        kind=EntryKind.COMPLAINT,
        occurred_on=complaint.occurred_on,
        plain=plain,
        personal={
            "consumer_name": complaint.consumer_name,
            "consumer_phone": complaint.consumer_phone,
            "content": complaint.content,
        },
        consumer_mask=complaint.consumer_mask,
        phone_mask=complaint.phone_mask,
        reference=complaint.reference,
        columns=complaint_columns(plain, complaint.outlet_id),
    )
    entry = log.append(session, actor, ledger, [draft], now=now)[0]
    months = beside.counted(entry.kind, entry.occurred_on, 0)
    beside.write_beside(session, ledger, [Booked(entry, plain, months=months)])
    return entry


@dataclass(frozen=True, slots=True)
class Change:
    """What has become of a case; '' takes a value away. `complaint` is asked for where none was entered before."""

    reference: str
    fields: Leaf
    complaint: Callable[[], Complaint] | None = None


def push_outcome(
    session: Session, actor: Actor, merchant_id: int, change: Change, *, now: datetime
) -> LedgerEntry | None:
    """Amend the complaint of a case by what has become of it.

    A case that was accepted before its merchant had a ledger is entered first. None where the ledger has no such
    complaint, where it was given back, and where nothing changes.
    """
    root, changes = newest_of(session, merchant_id, change.reference), change.fields
    if root is None and change.complaint is not None:
        root = push_complaint(session, actor, merchant_id, change.complaint(), now=now)
    if root is None:
        return None
    ledger = log.ledger_of(session, merchant_id, now=now)
    standing, amendments = _standing(session, root)
    changed = {name: value for name, value in changes.items() if standing.get(name, "") != value}
    if not changed or standing.get("outcome") in GONE:
        return None
    return _amend(session, actor, ledger, Record(root, standing, Masks(), amendments), changed, now=now)


def strike_complaint(
    session: Session, actor: Actor, merchant_id: int, reference: str, outcome: Outcome, *, now: datetime
) -> LedgerEntry | None:
    """Erase what the merchant's ledger holds of a consumer whose complaint is no longer the merchant's.

    `outcome` is GIVEN_BACK or PARTED. The amendment that says so holds nothing personal. None where the ledger has no
    such complaint.
    """
    root = newest_of(session, merchant_id, reference)
    if root is None:
        return None
    ledger = log.ledger_of(session, merchant_id, now=now)
    standing, amendments = _standing(session, root)
    log.erase_openings(session, [root.id, *(one.id for one in amendments)], now=now)
    if standing.get("outcome") in GONE:
        return None
    record = Record(root, standing, Masks(), amendments)
    return _amend(session, actor, ledger, record, {"outcome": outcome.value}, now=now)


def newest_of(session: Session, merchant_id: int, reference: str) -> LedgerEntry | None:
    """The newest complaint of this reference in a merchant's ledger."""
    return session.scalars(
        select(LedgerEntry)
        .join(LedgerEntry.ledger)
        .where(
            LedgerEntry.reference == reference,
            LedgerEntry.kind == EntryKind.COMPLAINT,
            Ledger.merchant_id == merchant_id,
        )
        .order_by(LedgerEntry.seq.desc())
        .limit(1)
    ).first()


def _standing(session: Session, root: LedgerEntry) -> tuple[Leaf, tuple[LedgerEntry, ...]]:
    amendments = amended_by(session, [root]).get(root.id, ())
    return standing_of(root, amendments), amendments


def _amend(
    session: Session, actor: Actor, ledger: Ledger, before: Record, changed: Leaf, *, now: datetime
) -> LedgerEntry:
    """Append an amendment that the case itself makes: its reason is the case, so none is written."""
    after = {name: value for name, value in (open_fields(before.standing) | changed).items() if value != ""}
    newest = before.amendments[-1] if before.amendments else before.entry
    draft = EntryDraft(
        kind=EntryKind.AMENDMENT,
        occurred_on=before.occurred_on,
        plain=changed,
        personal={"reason": ""},
        reference=before.entry.reference,
        amends=before.entry,
        columns=complaint_columns(after, newest.outlet_id),
    )
    return append_amendment(session, actor, ledger, Amendment(before, draft, after), now=now)
