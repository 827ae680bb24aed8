"""A batch of rows on its way into a locked ledger: what the ledger alone knows is asked here, then all is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.core.actor import Actor
from portal.core.errors import RuleBroken
from portal.core.privacy import mask_name, mask_phone
from portal.ledgers import beside, log
from portal.ledgers.beside import Booked
from portal.ledgers.entry_models import RowToken
from portal.ledgers.log import EntryColumns, EntryDraft
from portal.ledgers.models import EntryKind, Ledger, LedgerEntry
from portal.ledgers.places import Claims, Complaints, Outlets
from portal.ledgers.records import Record
from portal.ledgers.rules.entries import CellProblem, ComplaintRow, Leaf, complaint_leaf
from portal.ledgers.rules.returns import ReturnRow, return_leaf

LONGEST_TOKEN = 80
NO_SUCH_COMPLAINT = (
    "你的消费投诉记录里没有编号 {written} 的投诉。请核对编号，或从那件纠纷的页面登记退换；不是投诉引起的请留空。"
)


@dataclass(frozen=True, slots=True)
class TypedRow:
    """A row as it was typed: texts by the fields' names, and the client's token for it."""

    token: str
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of a row: its entry, or what is wrong with it; `repeated` where it was stored before."""

    token: str
    entry: LedgerEntry | None = None
    problems: tuple[CellProblem, ...] = ()
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class _Pending:
    token: str
    draft: EntryDraft
    leaf: Leaf
    claim: tuple[int, str] | None = None
    complaint_id: int | None = None
    inside: int | None = None  # place among the pending of the complaint in which this return stands


@dataclass(slots=True)
class _Batch:
    ledger: Ledger
    tokens: tuple[str, ...]  # of every row that was sent, in order
    today: date
    fresh: tuple[TypedRow, ...]  # what was not stored before
    outlets: Outlets
    complaints: Complaints
    claims: Claims
    results: dict[str, RowResult]
    pending: list[_Pending] = field(default_factory=list)

    def refuse(self, token: str, problems: tuple[CellProblem, ...]) -> None:
        """Give a row back."""
        self.results[token] = RowResult(token, problems=problems)

    def take_return(self, token: str, row: ReturnRow) -> None:
        """Take a good row, unless the ledger knows better."""
        complaint = self.complaints.named(row.reference) if row.reference else None
        problems = self._objections(row.outlet, row.label_number)
        if row.reference and complaint is None:
            problems.append(CellProblem("reference", NO_SUCH_COMPLAINT.format(written=row.reference)))
        if problems:
            self.refuse(token, tuple(problems))
        else:
            self._add_return(token, _with_consumer(row, complaint), complaint)

    def take_complaint(self, token: str, row: ComplaintRow, goods: ReturnRow | None) -> None:
        """Take a good row with the goods that it names, unless the ledger knows better."""
        if problems := self._objections(row.outlet, goods.label_number if goods else ""):
            self.refuse(token, tuple(problems))
            return
        plain, personal = complaint_leaf(row)
        draft = EntryDraft(
            kind=EntryKind.COMPLAINT,
            occurred_on=row.occurred_on,
            plain=plain,
            personal=personal,
            consumer_mask=masked_name(row.consumer_name),
            phone_mask=mask_phone(row.consumer_phone),
            columns=complaint_columns(plain, self._place(row.outlet)),
        )
        self.pending.append(_Pending(token, draft, plain))
        if goods is not None:
            self._add_return("", goods, None, inside=len(self.pending) - 1)

    def store(self, session: Session, actor: Actor, *, now: datetime) -> tuple[RowResult, ...]:
        """Append what was taken and write beside it; the results in the order in which the rows were sent."""
        entries = log.append(session, actor, self.ledger, [one.draft for one in self.pending], now=now)
        booked = []
        for one, entry in zip(self.pending, entries, strict=True):
            complaint_id = one.complaint_id if one.inside is None else entries[one.inside].id
            months = beside.counted(entry.kind, entry.occurred_on, entry.amount or 0)
            booked.append(Booked(entry, one.leaf, one.token, months, one.claim, complaint_id))
            if one.token:
                self.results[one.token] = RowResult(one.token, entry)
        beside.write_beside(session, self.ledger, booked)
        return tuple(self.results[token] for token in self.tokens)

    def _objections(self, outlet: str, label: str) -> list[CellProblem]:
        place = self._place(outlet)
        if outlet and place is None:
            return [CellProblem("outlet", self.outlets.missing(outlet))]
        objection = self.claims.objection(place or 0, label) if label else None
        return [CellProblem("label_number", objection)] if objection else []

    def _place(self, outlet: str) -> int | None:
        return self.outlets.find(outlet) if outlet else None

    def _add_return(self, token: str, row: ReturnRow, complaint: Record | None, *, inside: int | None = None) -> None:
        place = self._place(row.outlet)
        plain, personal = return_leaf(row)
        if complaint is not None:
            plain["complaint"] = complaint.entry.seq
        elif inside is not None:
            plain["complaint"] = self.ledger.size + inside + 1
        draft = EntryDraft(
            kind=EntryKind.RETURN,
            occurred_on=row.occurred_on,
            plain=plain,
            personal=personal,
            consumer_mask=masked_name(row.consumer_name),
            phone_mask=mask_phone(row.consumer_phone),
            reference=complaint.reference if complaint is not None else None,
            columns=return_columns(plain, place),
        )
        claim = (place or 0, row.label_number) if row.label_number else None
        if claim is not None:
            ahead = sum(one.draft.kind is EntryKind.RETURN for one in self.pending)
            self.claims.take(*claim, self.ledger.returns + ahead + 1)
        self.pending.append(_Pending(token, draft, plain, claim, complaint.entry.id if complaint else None, inside))


Batch = _Batch


def _with_consumer(row: ReturnRow, complaint: Record | None) -> ReturnRow:
    """A return of a complaint is of its consumer, unless the row names one."""
    if complaint is None or row.consumer_name or row.consumer_phone:
        return row
    name, phone = (complaint.personal.get(one, "") for one in ("consumer_name", "consumer_phone"))
    return replace(row, consumer_name=name, consumer_phone=phone)


def masked_name(name: str) -> str:
    """How lists show a consumer's name; empty where none is known."""
    return mask_name(name) if name else ""


def columns_of(kind: EntryKind, leaf: Leaf, outlet_id: int | None) -> EntryColumns:
    """What an entry of this kind can be searched by."""
    return (return_columns if kind is EntryKind.RETURN else complaint_columns)(leaf, outlet_id)


def return_columns(leaf: Leaf, outlet_id: int | None) -> EntryColumns:
    """What an entry of returned goods can be searched by."""
    return EntryColumns(
        outlet_id=outlet_id,
        outcome=text_of(leaf, "decision"),
        disposition=text_of(leaf, "disposition"),
        category=text_of(leaf, "category"),
        goods=text_of(leaf, "goods"),
        label_number=text_of(leaf, "label_number"),
        amount=fen_of(leaf, "refund"),
    )


def complaint_columns(leaf: Leaf, outlet_id: int | None) -> EntryColumns:
    """What an entry of a complaint can be searched by; category is the way it came."""
    return EntryColumns(
        outlet_id=outlet_id,
        outcome=text_of(leaf, "outcome"),
        category=text_of(leaf, "received"),
        goods=text_of(leaf, "goods"),
        amount=fen_of(leaf, "settled"),
    )


def amount_of(kind: EntryKind, leaf: Leaf) -> int:
    """What an entry of this kind paid, in 分: refunded, or settled."""
    return int(leaf.get("refund" if kind is EntryKind.RETURN else "settled", 0))


def text_of(leaf: Leaf, name: str) -> str | None:
    """A text of an entry, None where it has none."""
    value = leaf.get(name)
    return str(value) if value else None


def fen_of(leaf: Leaf, name: str) -> int | None:
    """An amount of an entry in 分, None where it has none."""
    value = leaf.get(name)
    return int(value) if value else None


def stored_rows(session: Session, ledger: Ledger, tokens: Sequence[str]) -> dict[str, LedgerEntry]:
    """The entries that rows of these tokens became; refuses with RuleBroken a token that is none."""
    if any(not token or len(token) > LONGEST_TOKEN for token in tokens):
        raise RuleBroken("这一行缺少标记，无法确认是否重复提交。请刷新页面后再存入。")
    rows = session.execute(
        select(RowToken.token, LedgerEntry)
        .join(LedgerEntry, LedgerEntry.id == RowToken.entry_id)
        .where(RowToken.ledger_id == ledger.id, RowToken.token.in_(tokens))
    )
    return {row[0]: row[1] for row in rows}
