"""Ledgers with entries: complaints, returns and amendments with personal values."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy.orm import Session

from portal.core.actor import SYSTEM, Actor
from portal.ledgers.log import EntryColumns, EntryDraft, append, ledger_of
from portal.ledgers.models import EntryKind, LedgerEntry
from tests.conftest import NOW

CLERK = replace(SYSTEM, name="林晓燕")
ON = date(2026, 8, 11)


def complaint(number: int = 1, **personal: str) -> EntryDraft:
    """A complaint over the counter."""
    return EntryDraft(
        EntryKind.COMPLAINT,
        ON,
        plain={"received": "counter", "outcome": "open", "staff": "林晓燕"},
        personal={
            "consumer_name": f"张三{number}",
            "consumer_phone": "13812345678",
            "content": "买到的蛋糕变质",
            **personal,
        },
        consumer_mask="张**",
        phone_mask="138****5678",
        reference=f"HL2608-{number:06d}",
        columns=EntryColumns(outcome="open"),
    )


def goods_return(number: int = 1, **plain: str | int) -> EntryDraft:
    """Returned goods without anybody's name."""
    fields = {"goods": f"电水壶{number}", "category": "daily", "price": 12900, "quantity": 1, **plain}
    return EntryDraft(
        EntryKind.RETURN, ON, plain=fields, columns=EntryColumns(goods=str(fields["goods"]), category="daily")
    )


def amendment(entry: LedgerEntry, **plain: str | int) -> EntryDraft:
    """A correction with its reason."""
    return EntryDraft(EntryKind.AMENDMENT, ON, plain=plain, personal={"reason": "笔误"}, amends=entry)


def entered(
    session: Session, merchant_id: int, drafts: Sequence[EntryDraft], actor: Actor = CLERK
) -> list[LedgerEntry]:
    """Append drafts to a merchant's ledger."""
    return append(session, actor, ledger_of(session, merchant_id, now=NOW), drafts, now=NOW)


def mixed(count: int) -> Iterator[EntryDraft]:
    """Complaints and returns in turn."""
    for number in range(1, count + 1):
        yield complaint(number) if number % 2 else goods_return(number)
