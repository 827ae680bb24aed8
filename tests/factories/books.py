"""Merchants' clerks, and rows as they type them."""

import itertools
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Membership, Organisation
from portal.core.actor import Actor
from portal.enrolment.models import Merchant, Outlet
from portal.ledgers.batches import RowResult, TypedRow
from portal.ledgers.entering import EnterComplaints, EnterReturns, enter_complaints, enter_returns
from portal.ledgers.models import Ledger, LedgerEntry
from tests.conftest import NOW
from tests.factories import people

_serial = itertools.count(1)


@dataclass
class Clerk:
    """A merchant's agent at the counter."""

    agent: Actor
    merchant: Merchant
    authority: Organisation
    membership: Any


def clerk(session: Session, *, authority: Organisation | None = None) -> Clerk:
    """An agent of a merchant of its own."""
    authority = authority or people.authority(session)
    merchant = people.merchant(session, authority)
    membership = people.member(session, merchant.id)
    return Clerk(people.actor(session, membership), merchant, authority, membership)


def clerk_of(session: Session, merchant: Merchant, membership: Membership) -> Clerk:
    """One who works for a merchant that is there already."""
    authority = session.get_one(Organisation, merchant.authority_id)
    return Clerk(people.actor(session, membership), merchant, authority, membership)


def outlet(session: Session, merchant: Merchant, name: str = "五缘湾店") -> Outlet:
    """A shop of the merchant."""
    row = Outlet(merchant_id=merchant.id, name=name, normalised=name, address="厦门市湖里区五缘湾")
    session.add(row)
    session.flush()
    return row


def return_cells(**changes: str) -> dict[str, str]:
    """A good row of 退换货 as somebody types it; '' empties a cell."""
    cells = {
        "occurred_on": "2026-08-11",
        "consumer_name": "洪丽华",
        "consumer_phone": "13860001234",
        "goods": "不粘炒锅",
        "category": "日用百货",
        "price": "268.00",
        "quantity": "1",
        "cause": "善意退换",
        "condition": "完好",
        "decision": "退货退款",
        "disposition": "退回供货商",
        "supplier": "厦门鹭顺供应链有限公司",
    }
    return {**cells, **changes}


def complaint_cells(**changes: str) -> dict[str, str]:
    """A good row of 消费投诉记录 as somebody types it."""
    cells = {
        "occurred_on": "2026-08-11",
        "consumer_name": "洪丽华",
        "consumer_phone": "13860001234",
        "content": "炒锅涂层脱落，要求退货。",
        "received": "柜台",
        "staff": "林晓燕",
        "outcome": "处理中",
    }
    return {**cells, **changes}


def typed(cells: dict[str, str], token: str | None = None) -> TypedRow:
    """A row with a token of its own."""
    return TypedRow(token or f"row-{next(_serial)}", cells)


def enter(session: Session, clerk: Clerk, *rows: dict[str, str], now: datetime = NOW) -> tuple[RowResult, ...]:
    """Enter rows of 退换货."""
    command = EnterReturns(tuple(typed(row) for row in rows))
    return enter_returns(session, clerk.agent, command, now=now)


def entered(session: Session, clerk: Clerk, *, now: datetime = NOW, **changes: str) -> LedgerEntry:
    """One entry of returned goods."""
    (result,) = enter(session, clerk, return_cells(**changes), now=now)
    assert result.entry is not None, result.problems
    return result.entry


def complained(session: Session, clerk: Clerk, *, now: datetime = NOW, **changes: str) -> LedgerEntry:
    """One entry of a complaint by hand."""
    command = EnterComplaints((typed(complaint_cells(**changes)),))
    (result,) = enter_complaints(session, clerk.agent, command, now=now)
    assert result.entry is not None, result.problems
    return result.entry


def entries_of(session: Session, clerk: Clerk) -> list[LedgerEntry]:
    """Everything in the merchant's ledger, in the order of the log."""
    return list(
        session.scalars(
            select(LedgerEntry)
            .join(LedgerEntry.ledger)
            .where(Ledger.merchant_id == clerk.merchant.id)
            .order_by(LedgerEntry.seq)
        )
    )
