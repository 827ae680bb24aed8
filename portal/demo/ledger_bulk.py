"""Volume for one ledger: the lines, hashes, nodes and numbers that `append` would write, inserted without the ORM.

For benchmarks only. The openings of a batch share one data key; no fact is recorded, for nobody entered anything.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.core.actor import Actor
from portal.core.db import take_ids
from portal.core.privacy import vault_of
from portal.ledgers.log import COUNTERS, EntryDraft, ledger_of, line_of
from portal.ledgers.models import LedgerEntry, LedgerNode, LedgerOpening
from portal.ledgers.openings import salted, sealed
from portal.ledgers.rules import merkle


@dataclass(frozen=True, slots=True)
class PourDrafts:
    """Drafts for one merchant's ledger; none of them amends."""

    merchant_id: int
    drafts: Sequence[EntryDraft]


def pour_drafts(session: Session, actor: Actor, command: PourDrafts, *, now: datetime) -> int:
    """Insert entries in bulk; the ledger's size after them."""
    ledger = ledger_of(session, command.merchant_id, now=now)
    code = session.scalars(select(Organisation.code).where(Organisation.id == ledger.merchant_id)).one()
    key = vault_of(session).new_key(session, now=now)
    session.flush()
    edge = merkle.split_edge(ledger.frontier)
    entries: list[dict[str, object]] = []
    nodes: list[dict[str, object]] = []
    openings: list[dict[str, object]] = []
    for entry_id, draft in zip(take_ids(session, LedgerEntry, len(command.drafts)), command.drafts, strict=True):
        number, opening = getattr(ledger, COUNTERS[draft.kind]) + 1, salted(draft.personal)
        seq = ledger.size + 1
        line = line_of(draft, opening, code=code, author=actor.name, seq=seq, number=number, now=now)
        leaf = merkle.leaf_hash(line.encode())
        nodes += [
            {"ledger_id": ledger.id, "level": place.level, "position": place.position, "hash": value}
            for place, value in merkle.grow(edge, ledger.size, leaf)
        ]
        entry = {"id": entry_id, "ledger_id": ledger.id, "seq": seq, "kind": draft.kind, "number": number}
        told = {"occurred_on": draft.occurred_on, "author_name": actor.name, "at": now, "line": line, "leaf_hash": leaf}
        entries.append(entry | told | asdict(draft.columns))
        if opening:
            masks = {"consumer_mask": draft.consumer_mask, "phone_mask": draft.phone_mask}
            content = sealed(session, key, opening)
            openings.append({"entry_id": entry_id, "key_id": key.id, "sealed": content, **masks})
        setattr(ledger, COUNTERS[draft.kind], number)
        ledger.size = seq
    ledger.frontier = b"".join(edge)
    for model, rows in ((LedgerEntry, entries), (LedgerNode, nodes), (LedgerOpening, openings)):
        if rows:
            session.execute(insert(model), rows)
    return ledger.size
