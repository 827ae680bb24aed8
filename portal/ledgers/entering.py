"""Rows become entries: good rows are kept, bad ones come back with what is wrong, nothing is half stored.

Every row carries a token of the client's making; a row sent twice (a double click, a lost answer) is stored once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from portal.clocks.rules import local_day
from portal.core.actor import Actor
from portal.core.errors import NotAllowed, RuleBroken
from portal.core.permissions import REFUSAL, Permission, require
from portal.ledgers import log
from portal.ledgers.batches import Batch, RowResult, TypedRow, stored_rows
from portal.ledgers.models import Ledger
from portal.ledgers.places import Claims, Complaints, Outlets
from portal.ledgers.rules.cells import tidy
from portal.ledgers.rules.entries import CellProblem, ComplaintRow, parse_complaint
from portal.ledgers.rules.returns import ReturnRow, label_of, parse_return

MOST_ROWS = 500  # our limit: one transaction while other clerks of the merchant wait


@dataclass(frozen=True, slots=True)
class EnterReturns:
    """Rows of 退换货."""

    rows: tuple[TypedRow, ...]


@dataclass(frozen=True, slots=True)
class EnterComplaints:
    """Rows of 消费投诉记录; those that name goods make the return as well (columns ⑤–⑧)."""

    rows: tuple[TypedRow, ...]


GOODS_CELLS = ("goods", "category", "price", "cause", "disposition", "label_number")  # ⑤–⑧ of a complaint's row


def enter_returns(session: Session, actor: Actor, command: EnterReturns, *, now: datetime) -> tuple[RowResult, ...]:
    """Enter returned goods by hand, from the grid or a file; one result a row, in the order of the rows.

    Refuses with RuleBroken more than 500 rows, with NotAllowed anyone but the merchant's own staff.
    """
    batch = _batch(session, actor, command.rows, now=now)
    for row in batch.fresh:
        parsed = parse_return(row.cells, today=batch.today)
        if isinstance(parsed, ReturnRow):
            batch.take_return(row.token, parsed)
        else:
            batch.refuse(row.token, parsed)
    return batch.store(session, actor, now=now)


def enter_complaints(
    session: Session, actor: Actor, command: EnterComplaints, *, now: datetime
) -> tuple[RowResult, ...]:
    """Enter complaints received over the counter, by phone, net or letter; one result a row, as `enter_returns`."""
    batch = _batch(session, actor, command.rows, now=now)
    for row in batch.fresh:
        parsed = parse_complaint_row(row.cells, today=batch.today)
        if isinstance(parsed[0], ComplaintRow):
            batch.take_complaint(row.token, *parsed)
        else:
            batch.refuse(row.token, parsed)
    return batch.store(session, actor, now=now)


def enter_complaint(session: Session, actor: Actor, command: TypedRow, *, now: datetime) -> RowResult:
    """Enter one complaint by hand."""
    return enter_complaints(session, actor, EnterComplaints((command,)), now=now)[0]


def parse_complaint_row(
    written: Mapping[str, str], *, today: date
) -> tuple[ComplaintRow, ReturnRow | None] | tuple[CellProblem, ...]:
    """Read a complaint's row with the goods of columns ⑤–⑧, where it names any; every problem at once."""
    complaint = parse_complaint(written, today=today)
    goods: ReturnRow | tuple[CellProblem, ...] | None = None
    if any(tidy(written.get(name, "")) for name in GOODS_CELLS):
        ours = {name: text for name, text in written.items() if name not in ("consumer_name", "consumer_phone")}
        goods = parse_return({**ours, "reference": ""}, today=today)
    problems = (*_problems(complaint), *_problems(goods))
    if problems:
        return tuple({one.field: one for one in reversed(problems)}.values())[::-1]
    assert isinstance(complaint, ComplaintRow)
    return complaint, goods if isinstance(goods, ReturnRow) else None


def _problems(parsed: ComplaintRow | ReturnRow | tuple[CellProblem, ...] | None) -> tuple[CellProblem, ...]:
    return parsed if isinstance(parsed, tuple) else ()


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose ledger is asked for, as the access table asks."""

    merchant_id: int


def own_ledger(session: Session, actor: Actor, *, now: datetime) -> Ledger:
    """The ledger of the actor's own merchant, locked; refuses everybody else with NotAllowed."""
    if actor.organisation_id is None:
        raise NotAllowed(REFUSAL)
    require(actor, Permission.LEDGER_WRITE, Subject(actor.organisation_id))
    return log.ledger_of(session, actor.organisation_id, now=now)


def _batch(session: Session, actor: Actor, rows: tuple[TypedRow, ...], *, now: datetime) -> Batch:
    if len(rows) > MOST_ROWS:
        raise RuleBroken(f"一次最多存入 {MOST_ROWS} 行。更多的请用“导入 Excel”。")
    ledger = own_ledger(session, actor, now=now)
    stored = stored_rows(session, ledger, [row.token for row in rows])
    fresh = {row.token: row for row in reversed(rows) if row.token not in stored}  # of two alike the first
    return Batch(
        ledger=ledger,
        tokens=tuple(row.token for row in rows),
        today=local_day(now),
        fresh=tuple(reversed(fresh.values())),
        outlets=Outlets.of(session, ledger.merchant_id, (tidy(row.cells.get("outlet", "")) for row in rows)),
        complaints=Complaints.of(session, ledger.id, (tidy(row.cells.get("reference", "")) for row in rows)),
        claims=Claims.of(session, ledger.id, _labels(rows)),
        results={token: RowResult(token, entry, repeated=True) for token, entry in stored.items()},
    )


def _labels(rows: tuple[TypedRow, ...]) -> set[str]:
    return {label_of(row.cells.get("label_number", "")) for row in rows} - {""}
