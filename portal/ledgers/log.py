"""The log under a ledger: the lock, appending, and what opens an entry's commitments.

Nothing here asks for permission: the action that changes a case or return pushes its entry, whoever acts
(decisions 26).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.core import facts
from portal.core.actor import Actor
from portal.core.db import is_postgresql, take_ids
from portal.core.facts import SubjectKind, Topic
from portal.ledgers.models import EntryKind, Ledger, LedgerEntry, LedgerNode, LedgerOpening
from portal.ledgers.openings import Opening, keys_for, salted, sealed
from portal.ledgers.openings import erase_openings as erase_openings
from portal.ledgers.openings import opened as opened
from portal.ledgers.openings import openings_of as openings_of
from portal.ledgers.rules import merkle
from portal.ledgers.rules.canonical import canonical_line
from portal.ledgers.rules.commitments import commitment

COUNTERS = {  # where a ledger's row keeps the last running number of each kind
    EntryKind.COMPLAINT: "complaints",
    EntryKind.RETURN: "returns",
    EntryKind.AMENDMENT: "amendments",
    EntryKind.DISPOSAL: "disposals",
}
RESERVED = frozenset({"amends", "at", "author", "kind", "merchant", "number", "occurred_on", "reference", "seq"})


@dataclass(frozen=True, slots=True)
class EntryColumns:
    """What an entry can be searched by, beside its line; for an amendment the values that result after it."""

    outlet_id: int | None = None
    outcome: str | None = None
    disposition: str | None = None
    category: str | None = None
    goods: str | None = None
    label_number: str | None = None
    amount: int | None = None  # 分


COLUMNS = tuple(column.name for column in fields(EntryColumns))


@dataclass(frozen=True, slots=True)
class EntryDraft:
    """An entry before it has a place: `plain` is open to all, of `personal` the leaf holds commitments only.

    A personal value that is empty stands in the line as `""`: nothing is committed to, nothing is kept.
    """

    kind: EntryKind
    occurred_on: date
    plain: Mapping[str, str | int] = field(default_factory=dict)
    personal: Mapping[str, str] = field(default_factory=dict)
    consumer_mask: str = ""
    phone_mask: str = ""
    reference: str | None = None
    amends: LedgerEntry | None = None  # shares the amended entry's data key
    columns: EntryColumns = EntryColumns()


def ledger_of(session: Session, merchant_id: int, *, now: datetime) -> Ledger:
    """Return the merchant's ledger, locked until the transaction ends, made at first use."""
    ledger = _locked(session, merchant_id)
    if ledger is None:
        code = session.scalars(select(Organisation.code).where(Organisation.id == merchant_id)).one()
        into = postgresql_insert if is_postgresql(session) else sqlite_insert
        session.execute(
            into(Ledger)
            .values(
                merchant_id=merchant_id,
                origin=origin_of(session.info.get("base_url", ""), code),
                size=0,
                frontier=b"",
                complaints=0,
                returns=0,
                amendments=0,
                disposals=0,
                made_at=now,
            )
            .on_conflict_do_nothing(index_elements=["merchant_id"])  # another was faster: its row will do
        )
        ledger = _locked(session, merchant_id)
        assert ledger is not None
    return ledger


def origin_of(base_url: str, code: str) -> str:
    """Name a ledger as C2SP tlog-checkpoint asks: an address without scheme, spaces and plus signs."""
    return f"{base_url.partition('://')[2] or 'ledgers'}/verify/ledgers/{code}".replace("+", "-").replace(" ", "-")


def append(
    session: Session, actor: Actor, ledger: Ledger, drafts: Sequence[EntryDraft], *, now: datetime
) -> list[LedgerEntry]:
    """Append entries to a ledger that `ledger_of` locked; one fact for all of them.

    Costs O(log n) a draft and the same number of statements for one draft or a thousand. Raises ValueError for a
    draft whose line can't be canonical or whose fields are named twice.
    """
    if not drafts:
        return []
    code = session.scalars(select(Organisation.code).where(Organisation.id == ledger.merchant_id)).one()
    keys = keys_for(session, [(draft.amends, any(draft.personal.values())) for draft in drafts], now=now)
    edge, size = merkle.split_edge(ledger.frontier), ledger.size
    entries: list[LedgerEntry] = []
    nodes: list[dict[str, object]] = []
    openings: list[dict[str, object]] = []
    for entry_id, draft, key in zip(take_ids(session, LedgerEntry, len(drafts)), drafts, keys, strict=True):
        opening = salted(draft.personal)
        entry = _entry(ledger, actor, draft, opening, code=code, seq=size + 1, now=now)
        entry.id = entry_id
        nodes += [
            {"ledger_id": ledger.id, "level": place.level, "position": place.position, "hash": value}
            for place, value in merkle.grow(edge, size, entry.leaf_hash)
        ]
        if key is not None:
            masks = {"consumer_mask": draft.consumer_mask, "phone_mask": draft.phone_mask}
            openings.append({"entry_id": entry_id, "key_id": key.id, "sealed": sealed(session, key, opening), **masks})
        entries.append(entry)
        size += 1
    ledger.size, ledger.frontier = size, b"".join(edge)
    _store(session, entries, nodes, openings)
    facts.record(
        session,
        actor,
        Topic.LEDGER_ENTERED,
        SubjectKind.LEDGER,
        ledger.id,
        at=now,
        first=entries[0].seq,
        last=size,
    )
    return entries


def _store(
    session: Session,
    entries: Sequence[LedgerEntry],
    nodes: Sequence[Mapping[str, object]],
    openings: Sequence[Mapping[str, object]],
) -> None:
    session.add_all(entries)
    session.flush()
    if nodes:
        session.execute(insert(LedgerNode), nodes)
    if openings:
        session.execute(insert(LedgerOpening), openings)


def _locked(session: Session, merchant_id: int) -> Ledger | None:
    return session.scalars(
        select(Ledger)
        .where(Ledger.merchant_id == merchant_id)
        .with_for_update()
        .execution_options(populate_existing=True)  # what was read before the lock may be old
    ).first()


def _entry(
    ledger: Ledger, actor: Actor, draft: EntryDraft, opening: Opening, *, code: str, seq: int, now: datetime
) -> LedgerEntry:
    number = getattr(ledger, COUNTERS[draft.kind]) + 1
    setattr(ledger, COUNTERS[draft.kind], number)
    line = line_of(draft, opening, code=code, author=actor.name, seq=seq, number=number, now=now)
    return LedgerEntry(
        ledger_id=ledger.id,
        seq=seq,
        kind=draft.kind,
        number=number,
        amends_id=None if draft.amends is None else draft.amends.id,
        reference=draft.reference,
        occurred_on=draft.occurred_on,
        author_id=actor.person_id,
        author_name=actor.name,
        at=now,
        line=line,
        leaf_hash=merkle.leaf_hash(line.encode()),
        **{name: getattr(draft.columns, name) for name in COLUMNS},
    )


def line_of(
    draft: EntryDraft, opening: Opening, *, code: str, author: str, seq: int, number: int, now: datetime
) -> str:
    """Write the canonical line of a draft at its place; raises ValueError for a field that is named twice."""
    named = draft.plain.keys() | draft.personal.keys()
    if twice := (draft.plain.keys() & draft.personal.keys()) | (named & RESERVED):
        raise ValueError(f"fields of an entry named twice: {sorted(twice)}")
    leaf: dict[str, str | int] = {
        **draft.plain,
        **dict.fromkeys(draft.personal, ""),
        **{name: commitment(salt, name, value) for name, (salt, value) in opening.items()},
        "at": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "author": author,
        "kind": draft.kind.value,
        "merchant": code,
        "number": number,
        "occurred_on": draft.occurred_on.isoformat(),
        "seq": seq,
    }
    if draft.reference is not None:
        leaf["reference"] = draft.reference
    if draft.amends is not None:
        leaf["amends"] = draft.amends.seq
    return canonical_line(leaf)
