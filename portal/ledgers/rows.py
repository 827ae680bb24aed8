"""Entries as rows of a list: what stands, what was struck out, and which entry amended which."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from portal.ledgers.models import EntryKind, LedgerEntry
from portal.ledgers.page_models import Book
from portal.ledgers.rules.entries import fold
from portal.ledgers.showing import NONE, quantity, shown

Leaf = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Kin:
    """An entry of a page's families with the masks kept beside it."""

    entry: LedgerEntry
    consumer_mask: str
    phone_mask: str


@dataclass(frozen=True, slots=True)
class Part:
    """One value of a cell, and the one it replaced where an amendment changed it."""

    text: str
    was: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list."""

    seq: int
    day: Part
    consumer: tuple[Part, ...]
    cells: tuple[tuple[Part, ...], ...]  # those behind the consumer, as the columns of the book say
    reference: str
    author: str
    amends: int | None  # the place of the entry that this one amends
    amended_by: int | None  # the newest amendment of this entry
    reason: str = ""


Columns = tuple[tuple[str, tuple[str, ...]], ...]
COLUMNS: dict[Book, Columns] = {  # head, and the fields of its cell from top to bottom
    Book.RETURNS: (
        ("商品", ("goods", "category")),
        ("单价（元）", ("price",)),
        ("数量", ("quantity",)),
        ("是否退换", ("decision", "cause")),
        ("退回商品处理", ("disposition", "condition")),
        ("标识号", ("label_number",)),
    ),
    Book.COMPLAINTS: (
        ("接收方式", ("received",)),
        ("处理结果", ("outcome",)),
        ("解决金额（元）", ("settled",)),
        ("首次回应", ("first_response_on",)),
        ("经办人", ("staff",)),
    ),
}
NUMBERS = frozenset({"price", "quantity", "settled"})


@dataclass(frozen=True, slots=True)
class Family:
    """An entry and its amendments in the order of the log."""

    head: Kin
    amendments: list[Kin]

    def standing(self, seq: int) -> Leaf:
        """The fields as they stood once the entry of this place was in the log."""
        return fold(line_of(self.head.entry), [line_of(one.entry) for one in self.amendments if one.entry.seq <= seq])

    def masks(self, seq: int) -> tuple[str, str]:
        """The masks of consumer and phone at that moment: the newest of each, none where the value was taken away."""
        known = [self.head, *(one for one in self.amendments if one.entry.seq <= seq)]
        standing = self.standing(seq)
        names = [one.consumer_mask for one in known if one.consumer_mask and "consumer_name" in standing]
        phones = [one.phone_mask for one in known if one.phone_mask and "consumer_phone" in standing]
        return (names or [""])[-1], (phones or [""])[-1]


def families(kin: Sequence[Kin]) -> dict[int, Family]:
    """Gather entries by the id of the one that they amend, or are."""
    found = {one.entry.id: Family(one, []) for one in kin if one.entry.amends_id is None}
    for one in sorted(kin, key=lambda each: each.entry.seq):
        if one.entry.amends_id in found:
            found[one.entry.amends_id].amendments.append(one)
    return found


def line_of(entry: LedgerEntry) -> Leaf:
    """The entry's line as fields."""
    line: Leaf = json.loads(entry.line)
    return line


def row_of(book: Book, entry: LedgerEntry, family: Family, *, today: date, reasons: Mapping[int, str]) -> Row:
    """Write an entry as a line of its book."""
    is_amendment = entry.kind is EntryKind.AMENDMENT
    after = family.standing(entry.seq)
    before = family.standing(entry.seq - 1) if is_amendment else after
    name, phone = family.masks(entry.seq)
    last = family.amendments[-1].entry.seq if family.amendments else None
    return Row(
        seq=entry.seq,
        day=_part(_day(before, today), _day(after, today)),
        consumer=tuple(Part(text) for text in (name or NONE, phone) if text),
        cells=tuple(tuple(_parts(before, after, fields)) for _, fields in COLUMNS[book]),
        reference=entry.reference or family.head.entry.reference or "",
        author=entry.author_name,
        amends=family.head.entry.seq if is_amendment else None,
        amended_by=None if is_amendment else last,
        reason=reasons.get(entry.id, ""),
    )


def _parts(before: Leaf, after: Leaf, fields: Sequence[str]) -> list[Part]:
    parts = []
    for position, name in enumerate(fields):
        old, new = _text(name, before), _text(name, after)
        if position and NONE in (old, new) and old == new:
            continue  # a second line that says 无 says nothing
        parts.append(_part(old, new))
    return parts


def _part(old: str, new: str) -> Part:
    return Part(new, old if old != new else None)


def _text(name: str, leaf: Leaf) -> str:
    if name == "quantity":
        return quantity(leaf)
    return shown(name, leaf.get(name))


def _day(leaf: Leaf, today: date) -> str:
    day = date.fromisoformat(str(leaf["occurred_on"]))
    return f"{day:%m-%d}" if day.year == today.year else day.isoformat()
