"""Inclusion and consistency proofs out of the stored tree: O(log n) rows in one statement at any size."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import and_, literal, or_, select, union_all
from sqlalchemy.orm import Session

from portal.ledgers.models import LedgerEntry, LedgerNode
from portal.ledgers.rules import merkle
from portal.ledgers.rules.merkle import Path, Place


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """That a leaf stands in a tree of `size`."""

    seq: int  # from 1; the leaf's index is one less
    size: int
    leaf_hash: bytes
    hashes: tuple[bytes, ...]


def inclusion_proof(session: Session, ledger_id: int, leaf_hash: bytes, size: int) -> InclusionProof | None:
    """Prove that an entry, known by its leaf hash, is among the first `size`; None where it is not."""
    # ordered and limited here: asked to, SQLite would walk the ledger in its order instead of looking the hash up
    found = session.scalars(
        select(LedgerEntry.seq).where(LedgerEntry.ledger_id == ledger_id, LedgerEntry.leaf_hash == leaf_hash)
    )
    seq = min((one for one in found if one <= size), default=None)
    return None if seq is None else proof_of_place(session, ledger_id, seq, leaf_hash, size)


def proof_of_place(session: Session, ledger_id: int, seq: int, leaf_hash: bytes, size: int) -> InclusionProof:
    """Prove that the entry at a place, from 1, is among the first `size`; one statement."""
    hashes = _fetched(session, ledger_id, merkle.inclusion_path(seq - 1, size))
    return InclusionProof(seq, size, leaf_hash, tuple(hashes))


def consistency_proof(session: Session, ledger_id: int, earlier: int, later: int) -> list[bytes]:
    """Prove that the ledger's first `later` entries go on from its first `earlier`."""
    return _fetched(session, ledger_id, merkle.consistency_path(earlier, later))


def root_at(session: Session, ledger_id: int, size: int) -> bytes:
    """Return the root over the first `size` entries, out of stored hashes; raises KeyError where one is missing."""
    wanted = merkle.places(0, size)
    found = _hashes(session, ledger_id, wanted)
    return merkle.folded([found[place] for place in wanted])


def _fetched(session: Session, ledger_id: int, path: Path) -> list[bytes]:
    found = _hashes(session, ledger_id, [place for part in path for place in part])
    return merkle.proof(path, found.__getitem__)


def _hashes(session: Session, ledger_id: int, places: Collection[Place]) -> dict[Place, bytes]:
    if not places:
        return {}
    by_level: defaultdict[int, list[int]] = defaultdict(list)
    for place in places:
        by_level[place.level].append(place.position)
    parts = []
    if leaves := by_level.pop(0, None):
        parts.append(
            select(literal(0), LedgerEntry.seq - 1, LedgerEntry.leaf_hash).where(
                LedgerEntry.ledger_id == ledger_id, LedgerEntry.seq.in_([leaf + 1 for leaf in leaves])
            )
        )
    if by_level:
        # each alternative is whole, so that both databases look each one up in the index
        alternatives = [
            and_(LedgerNode.ledger_id == ledger_id, LedgerNode.level == level, LedgerNode.position.in_(positions))
            for level, positions in sorted(by_level.items())
        ]
        parts.append(select(LedgerNode.level, LedgerNode.position, LedgerNode.hash).where(or_(*alternatives)))
    return {Place(level, position): value for level, position, value in session.execute(union_all(*parts))}
