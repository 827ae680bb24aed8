"""One entry with everything about it: what stands, its amendments, its proof; and the recorded look at a consumer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.core.access import AccessGrant, grant_reading, granted_until
from portal.core.actor import Actor
from portal.core.errors import NotFound
from portal.core.facts import SubjectKind
from portal.core.permissions import Permission, require
from portal.core.privacy import mask_text
from portal.ledgers import showing
from portal.ledgers.log import opened
from portal.ledgers.models import Checkpoint, EntryKind, Ledger, LedgerEntry
from portal.ledgers.opening import Firm, opened_firm, own_firm
from portal.ledgers.page_models import Book
from portal.ledgers.proofs import InclusionProof, proof_of_place
from portal.ledgers.queries import family_at
from portal.ledgers.rows import Family, line_of
from portal.ledgers.rules.disclosure import LookReason
from portal.ledgers.rules.entries import PERSONAL, Leaf

MISSING = "台账里没有这一笔。"
HIDDEN = frozenset({*PERSONAL, "reason"})
ERASED = "已按规定删除"


@dataclass(frozen=True, slots=True)
class Correction:
    """One amendment: what it changed, why, by whom."""

    seq: int
    at: datetime
    author: str
    changes: tuple[tuple[str, str, str], ...]  # title, former, present
    reason: str


@dataclass(frozen=True, slots=True)
class EntryView:
    """What a page shows of one entry."""

    entry: LedgerEntry
    head: LedgerEntry
    book: Book
    standing: Leaf
    facts: tuple[tuple[str, str], ...]
    consumer: tuple[tuple[str, str], ...]  # masked, or plain while a look is granted
    revealed_until: datetime | None
    corrections: tuple[Correction, ...]  # newest first
    proof: InclusionProof | None  # against the newest checkpoint; None before it is signed
    checkpoint: Checkpoint | None
    may_amend: bool


def entry_of(session: Session, firm: Firm, seq: str) -> tuple[LedgerEntry, Family]:
    """The entry at this place of a firm's log, with what it amends and all amendments; raises NotFound."""
    if not seq.isdecimal() or len(seq) > 9 or firm.ledger_id is None:
        raise NotFound(MISSING)
    family = family_at(session, firm.ledger_id, int(seq))
    if family is None or family.head.entry.kind is EntryKind.DISPOSAL:
        raise NotFound(MISSING)
    everything = (family.head.entry, *(one.entry for one in family.amendments))
    return next(one for one in everything if one.seq == int(seq)), family


def entry_view(session: Session, actor: Actor, firm: Firm, seq: str, *, now: datetime) -> EntryView:
    """Everything about one entry of a firm whose ledger the actor may read."""
    entry, family = entry_of(session, firm, seq)
    head_id = family.head.entry.id
    until = granted_until(session, actor, SubjectKind.LEDGER_ENTRY, head_id, now=now)
    everything = [family.head.entry, *(one.entry for one in family.amendments)]
    personal = opened(session, everything)
    standing = family.standing(everything[-1].seq)
    checkpoint = _newest_checkpoint(session, entry.ledger_id)
    return EntryView(
        entry=entry,
        head=family.head.entry,
        book=Book.COMPLAINTS if family.head.entry.kind is EntryKind.COMPLAINT else Book.RETURNS,
        standing=standing,
        facts=tuple(showing.facts(standing, HIDDEN)),
        consumer=tuple(_consumer(family, standing, personal, plain=until is not None)),
        revealed_until=until,
        corrections=tuple(reversed(_corrections(family, personal, plain=until is not None))),
        proof=_proof(session, entry, checkpoint),
        checkpoint=checkpoint,
        may_amend=firm.id == actor.organisation_id,
    )


def personal_of(session: Session, family: Family) -> dict[str, str]:
    """The personal values of an entry as they stand."""
    everything = [family.head.entry, *(one.entry for one in family.amendments)]
    found = opened(session, everything)
    return _standing_personal(family.standing(everything[-1].seq), found)


@dataclass(frozen=True, slots=True)
class RevealEntry:
    """Look at the personal fields of one entry, for a reason of the list."""

    seq: str
    reason: LookReason
    code: str = ""  # of the merchant whose ledger an authority has open; empty for the own one


def reveal_entry(session: Session, actor: Actor, command: RevealEntry, *, now: datetime) -> AccessGrant:
    """Open an entry's personal fields to the actor for thirty minutes, recorded with the reason.

    An authority must have the ledger open; raises NotFound for strangers and for a place that is not there.
    """
    if command.code:
        firm, _ = opened_firm(session, actor, command.code, now=now)
    else:
        firm = own_firm(session, actor)
    require(actor, Permission.LEDGER_READ, firm)
    require(actor, Permission.PERSONAL_REVEAL, firm)
    _, family = entry_of(session, firm, command.seq)
    head_id = family.head.entry.id
    return grant_reading(session, actor, SubjectKind.LEDGER_ENTRY, head_id, reason=command.reason.value, now=now)


def _standing_personal(standing: Leaf, found: Mapping[int, Mapping[str, str]]) -> dict[str, str]:
    values: dict[str, str] = {}
    for entry_id in sorted(found):
        values |= {name: text for name, text in found[entry_id].items() if name in PERSONAL}
    return {name: text for name, text in values.items() if name in standing}


def _consumer(
    family: Family, standing: Leaf, found: Mapping[int, Mapping[str, str]], *, plain: bool
) -> list[tuple[str, str]]:
    values = _standing_personal(standing, found)
    name, phone = family.masks(1 << 40)
    masked = {"consumer_name": name, "consumer_phone": phone}
    told = []
    for field in (one for one in PERSONAL if one in standing):
        value = values.get(field)
        if value is None:
            text = ERASED
        elif plain:
            text = value
        else:
            text = masked.get(field) or "****"
        told.append((showing.TITLES.get(field, field), text))
    return told


def _corrections(family: Family, found: Mapping[int, Mapping[str, str]], *, plain: bool) -> list[Correction]:
    told = []
    for one in family.amendments:
        before, after = family.standing(one.entry.seq - 1), family.standing(one.entry.seq)
        reason = found.get(one.entry.id, {}).get("reason")
        if reason is None:
            reason = ERASED if "reason" in line_of(one.entry) else ""
        told.append(
            Correction(
                seq=one.entry.seq,
                at=one.entry.at,
                author=one.entry.author_name,
                changes=tuple(showing.changes(before, after, HIDDEN)),
                reason=reason if plain else mask_text(reason),
            )
        )
    return told


def _newest_checkpoint(session: Session, ledger_id: int) -> Checkpoint | None:
    return session.scalars(
        select(Checkpoint)
        .join(Ledger, Ledger.id == Checkpoint.ledger_id)
        .where(Checkpoint.ledger_id == ledger_id, Checkpoint.size == Ledger.signed_size)
        .order_by(Checkpoint.id.desc())
        .limit(1)
    ).first()


def _proof(session: Session, entry: LedgerEntry, checkpoint: Checkpoint | None) -> InclusionProof | None:
    if checkpoint is None or entry.seq > checkpoint.size:
        return None
    return proof_of_place(session, entry.ledger_id, entry.seq, entry.leaf_hash, checkpoint.size)
