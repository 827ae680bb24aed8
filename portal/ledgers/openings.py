"""What opens an entry's commitments: values and salts, sealed, read back, erased together (decisions 22)."""

import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from portal.core.db import take_ids
from portal.core.privacy import DataKey, vault_of
from portal.ledgers.models import LedgerEntry, LedgerOpening
from portal.ledgers.rules.commitments import SALT_BYTES

PURPOSE = "ledger.opening"

Opening = dict[str, tuple[bytes, str]]  # field → salt and value


def salted(personal: Mapping[str, str]) -> Opening:
    """Give each personal value a salt of its own; an empty value needs none and is left out."""
    return {name: (secrets.token_bytes(SALT_BYTES), value) for name, value in personal.items() if value}


def sealed(session: Session, key: DataKey, opening: Opening) -> bytes:
    """Seal values and salts as they are stored."""
    content = {name: [salt.hex(), value] for name, (salt, value) in opening.items()}
    return vault_of(session).seal(key, json.dumps(content, ensure_ascii=False), PURPOSE)


def opened(session: Session, entries: Collection[LedgerEntry]) -> dict[int, dict[str, str]]:
    """Return each entry's personal values by its id; entries without any, or erased, are missing."""
    found = openings_of(session, [entry.id for entry in entries])
    return {entry_id: {name: value for name, (_, value) in fields.items()} for entry_id, fields in found.items()}


def openings_of(session: Session, entry_ids: Collection[int]) -> dict[int, Opening]:
    """Return salt and value of each personal field by entry id; entries without any, or erased, are missing."""
    vault = vault_of(session)
    rows = session.scalars(
        select(LedgerOpening)
        .where(LedgerOpening.entry_id.in_(entry_ids), LedgerOpening.sealed.is_not(None))
        .options(joinedload(LedgerOpening.key))
    )
    return {
        row.entry_id: {
            name: (bytes.fromhex(salt), value)
            for name, (salt, value) in json.loads(vault.open(row.key, row.sealed or b"", PURPOSE)).items()
        }
        for row in rows
    }


def erase_openings(session: Session, entry_ids: Collection[int], *, now: datetime) -> int:
    """Erase the personal values and salts of entries; how many were erased.

    A data key that seals nothing else any more is destroyed too, so that erasure reaches backups. Proofs stay valid.
    """
    rows = session.scalars(
        select(LedgerOpening)
        .where(LedgerOpening.entry_id.in_(entry_ids), LedgerOpening.sealed.is_not(None))
        .order_by(LedgerOpening.id)
        .with_for_update()
    ).all()
    for row in rows:
        row.sealed, row.erased_at = None, now
        row.consumer_mask = row.phone_mask = ""
    session.flush()
    keys = {row.key_id for row in rows}
    still_sealing = select(LedgerOpening.id).where(
        LedgerOpening.key_id == DataKey.id, LedgerOpening.sealed.is_not(None)
    )
    session.execute(
        update(DataKey)
        .where(DataKey.id.in_(keys), ~still_sealing.exists())
        .values(wrapped=None, destroyed_at=now)
        .execution_options(synchronize_session="fetch")
    )
    return len(rows)


def keys_for(
    session: Session, wanted: Sequence[tuple[LedgerEntry | None, bool]], *, now: datetime
) -> list[DataKey | None]:
    """Return a data key for each entry to come, given what it amends and whether it holds personal values.

    An amendment shares the key of what it amends while that lives; else a new key is made. None where nothing is sealed.
    """
    shared = _living_keys(session, {amended.id for amended, personal in wanted if amended is not None and personal})
    vault = vault_of(session)
    keys: list[DataKey | None] = []
    made = []
    for amended, personal in wanted:
        key = shared.get(amended.id) if amended is not None else None
        if key is None and personal:
            key = vault.loose_key(now=now)
            made.append(key)
        keys.append(key if personal else None)
    if made:
        for new, key_id in zip(made, take_ids(session, DataKey, len(made)), strict=True):
            new.id = key_id
        session.add_all(made)
        session.flush()
    return keys


def _living_keys(session: Session, entry_ids: Collection[int]) -> dict[int, DataKey]:
    if not entry_ids:
        return {}
    rows = session.scalars(
        select(LedgerOpening)
        .where(LedgerOpening.entry_id.in_(entry_ids), LedgerOpening.sealed.is_not(None))
        .options(joinedload(LedgerOpening.key))
    )
    return {row.entry_id: row.key for row in rows}
