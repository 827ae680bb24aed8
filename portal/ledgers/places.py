"""What a row names and only the ledger knows: outlets, complaints by their number, labels in use."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.rules import normalised_company
from portal.core.cells import folded
from portal.enrolment.models import Outlet
from portal.ledgers.entry_models import LabelClaim
from portal.ledgers.models import EntryKind, LedgerEntry
from portal.ledgers.records import Record, records
from portal.ledgers.rules.vocabulary import GONE

LONGEST_NUMBER = 7  # digits of a running number
SHOWN = 5  # outlets named in a sentence


@dataclass(frozen=True, slots=True)
class Outlets:
    """The merchant's outlets by the ways to write their names."""

    ids: dict[str, int]
    names: dict[int, str]

    @classmethod
    def of(cls, session: Session, merchant_id: int, written: Iterable[str]) -> "Outlets":
        """Read the outlets, if any row names one."""
        if not any(written):
            return cls({}, {})
        rows = session.execute(
            select(Outlet.id, Outlet.name, Outlet.normalised)
            .where(Outlet.merchant_id == merchant_id, Outlet.closed_at.is_(None))
            .order_by(Outlet.id)
        ).all()
        ids = {key: row.id for row in rows for key in (row.normalised, folded(row.name))}
        return cls(ids, {row.id: row.name for row in rows})

    def find(self, written: str) -> int | None:
        """The outlet of this name."""
        return self.ids.get(folded(written)) or self.ids.get(normalised_company(written))

    def missing(self, written: str) -> str:
        """Say that there is no such outlet, and which there are."""
        if not self.names:
            return f"本企业没有登记门店，找不到“{written}”。请留空，或先在“门店与人员”里登记。"
        first = "、".join(list(self.names.values())[:SHOWN])
        return f"没有名为“{written}”的门店。请留空，或写：{first}{'等' if len(self.names) > SHOWN else ''}。"


@dataclass(frozen=True, slots=True)
class Complaints:
    """Complaints of the ledger that rows name, by case reference or by running number, as they stand."""

    by_reference: dict[str, Record]
    by_number: dict[int, Record]

    @classmethod
    def of(cls, session: Session, ledger_id: int, written: Iterable[str]) -> "Complaints":
        """Read the complaints that rows name; no statement where no row names any, else four."""
        names = {folded(one).upper() for one in written} - {""}
        if not names:
            return cls({}, {})
        numbers = {int(one) for one in names if is_number(one)}
        entries = session.scalars(
            select(LedgerEntry)
            .where(
                LedgerEntry.ledger_id == ledger_id,
                LedgerEntry.kind == EntryKind.COMPLAINT,
                LedgerEntry.reference.in_(names) | LedgerEntry.number.in_(numbers),
            )
            .order_by(LedgerEntry.seq)
        ).all()
        ours = [one for one in records(session, entries, personal=True) if one.standing.get("outcome") not in GONE]
        return cls(
            {one.entry.reference: one for one in ours if one.entry.reference}, {one.entry.number: one for one in ours}
        )

    def named(self, written: str) -> Record | None:
        """The complaint of this reference or running number; none that was given back."""
        return self.by_number.get(int(written)) if is_number(written) else self.by_reference.get(written)


def is_number(written: str) -> bool:
    """Say whether a complaint is named by its running number."""
    return written.isdecimal() and len(written) <= LONGEST_NUMBER


@dataclass(frozen=True, slots=True)
class Claims:
    """Labels in use, as (outlet or 0, label), with the running number of the return that carries each."""

    taken: dict[tuple[int, str], int]

    @classmethod
    def of(cls, session: Session, ledger_id: int, labels: Collection[str]) -> "Claims":
        """Read who uses these labels."""
        if not labels:
            return cls({})
        rows = session.execute(
            select(LabelClaim.place, LabelClaim.label, LedgerEntry.number)
            .join(LedgerEntry, LedgerEntry.id == LabelClaim.entry_id)
            .where(LabelClaim.ledger_id == ledger_id, LabelClaim.label.in_(labels))
        )
        return cls({(row.place, row.label): row.number for row in rows})

    def objection(self, place: int, label: str) -> str | None:
        """Say who uses a label already."""
        number = self.taken.get((place, label))
        if number is None:
            return None
        return f"标识号 {label} 已用在退换货第 {number} 笔。同一门店的标识号不能重复，请换一个。"

    def take(self, place: int, label: str, number: int) -> None:
        """Remember a label that a row before this one takes."""
        self.taken[place, label] = number
