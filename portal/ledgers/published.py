"""What anybody may see of a ledger: its checkpoints, its keys, and that a known entry is in it. No person, no content."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.accounts.rules import PRACTICE
from portal.clocks.rules import local_day
from portal.core.errors import NotFound
from portal.core.paging import Page, SortKey, keyset_page
from portal.ledgers import proofs
from portal.ledgers.checkpoints import newest_checkpoint, published_keys
from portal.ledgers.models import Checkpoint, Ledger
from portal.ledgers.proofs import InclusionProof

NONE = "没有这家企业的台账，或者它还没有签发过检查点。请核对统一社会信用代码。"


@dataclass(frozen=True, slots=True)
class Published:
    """A ledger as the public page shows it."""

    ledger_id: int
    merchant_name: str
    merchant_code: str
    newest: Checkpoint
    keys: list[str]  # the present one first


def published_ledger(session: Session, code: str) -> Published:
    """Return what is published of a merchant's ledger; raises NotFound where nothing was signed yet."""
    row = session.execute(
        select(Ledger.id, Ledger.origin, Organisation.name, Organisation.code)
        .join(Organisation, Organisation.id == Ledger.merchant_id)
        .where(Organisation.code == code.strip().upper())
    ).first()
    newest = None if row is None or row.code.startswith(PRACTICE) else newest_checkpoint(session, row.id)
    if row is None or newest is None:
        raise NotFound(NONE)
    return Published(row.id, row.name, row.code, newest, published_keys(session, row.origin))


def checkpoint_words(session: Session, merchant_id: int) -> str:
    """The newest checkpoint of a merchant's ledger as papers print it; empty where none was signed.

    Whoever keeps the paper can hold the ledger to it for ever (decisions 27).
    """
    newest = session.scalars(
        select(Checkpoint)
        .join(Ledger, Ledger.id == Checkpoint.ledger_id)
        .where(Ledger.merchant_id == merchant_id)
        .order_by(Checkpoint.id.desc())
        .limit(1)
    ).first()
    if newest is None:
        return ""
    return f"共 {newest.size} 笔，根值 {newest.root.hex()}，{local_day(newest.signed_at).isoformat()} 签发"


def former_checkpoints(session: Session, published: Published, cursor: str | None) -> Page[Checkpoint]:
    """Return a page of the checkpoints before the newest, newest first."""
    query = select(Checkpoint).where(Checkpoint.ledger_id == published.ledger_id, Checkpoint.id != published.newest.id)
    keys = [SortKey(Checkpoint.id, lambda row: row.id, descending=True)]
    return keyset_page(session, query, keys, cursor, size=20)


def signed_note(session: Session, published: Published, size: int) -> str:
    """Return the newest signed note of this size; raises NotFound."""
    note = session.scalars(
        select(Checkpoint.note)
        .where(Checkpoint.ledger_id == published.ledger_id, Checkpoint.size == size)
        .order_by(Checkpoint.id.desc())
        .limit(1)
    ).first()
    if note is None:
        raise NotFound("没有这个大小的检查点。")
    return note


def inclusion(session: Session, published: Published, leaf: str) -> InclusionProof | None:
    """Prove that the entry of this leaf hash (64 hexadecimal characters) is under the newest checkpoint, or None."""
    try:
        leaf_hash = bytes.fromhex(leaf.strip())
    except ValueError:
        return None
    if len(leaf_hash) != 32:
        return None
    return proofs.inclusion_proof(session, published.ledger_id, leaf_hash, published.newest.size)


def merchant_of(session: Session, code: str) -> int:
    """Return the key of the merchant with this code; raises NotFound where it has no ledger."""
    found = session.scalars(
        select(Ledger.merchant_id)
        .join(Organisation, Organisation.id == Ledger.merchant_id)
        .where(Organisation.code == code)
    ).first()
    if found is None:
        raise NotFound(f"没有代码为 {code} 的企业，或者它还没有台账。")
    return found


def merchants_with_ledgers(session: Session) -> Iterator[int]:
    """Return the keys of every merchant with a ledger."""
    yield from session.scalars(select(Ledger.merchant_id).order_by(Ledger.id))
