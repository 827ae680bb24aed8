"""The tamper matrix in the database, by SQL with its triggers dropped: caught there, and in what is exported of it."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.core.actor import OPERATOR
from portal.core.db import is_postgresql
from portal.ledgers.bundles import write_bundle
from portal.ledgers.checkpoints import SignCheckpoint, sign_checkpoint
from portal.ledgers.log import erase_openings
from portal.ledgers.models import Checkpoint, Ledger, LedgerEntry
from portal.ledgers.rules import merkle
from portal.ledgers.verification import verify_ledger
from portal.ledgers.verifier.command import examine
from portal.ledgers.verifier.tree import Verdict
from tests.conftest import NOW
from tests.factories import people
from tests.factories.ledgers import amendment, entered, mixed

GUARDED = ("ledger_entry", "ledger_node", "ledger_checkpoint")


@pytest.fixture
def ledger(session: Session) -> Ledger:
    """A ledger of 24 entries, signed at 10 and at 20."""
    merchant = people.merchant(session, people.authority(session))
    for count in (10, 10):
        rows = entered(session, merchant.id, list(mixed(count)))
        sign_checkpoint(session, OPERATOR, SignCheckpoint(merchant.id), now=NOW)
    entered(session, merchant.id, [*mixed(3), amendment(rows[0], outcome="settled")])
    return session.scalars(select(Ledger)).one()


@pytest.fixture
def rogue(session: Session, ledger: Ledger) -> Callable[..., None]:
    """Somebody with the database in his hands."""
    for table in GUARDED:
        if is_postgresql(session):
            session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        else:
            for word in ("update", "delete"):
                session.execute(text(f"DROP TRIGGER {table}_no_{word}"))

    def run(*statements: str, **values: object) -> None:
        session.flush()
        for statement in statements:
            session.execute(text(statement), {"ledger": ledger.id, **values})
        session.expire_all()

    return run


def verdicts(session: Session, ledger: Ledger, folder: Path) -> tuple[Verdict, Verdict]:
    """What the portal says of the database, and the verifier of the bundle that comes out of it."""
    session.expire_all()
    out = io.BytesIO()
    write_bundle(session, ledger.merchant_id, out, opened=False)
    (folder / "bundle.zip").write_bytes(out.getvalue())
    return verify_ledger(session, ledger.merchant_id), examine(str(folder / "bundle.zip"))


def line_at(session: Session, ledger: Ledger, seq: int) -> str:
    return session.scalars(
        select(LedgerEntry.line).where(LedgerEntry.ledger_id == ledger.id, LedgerEntry.seq == seq)
    ).one()


def test_an_untouched_ledger_fits_with_its_unsigned_tail(session: Session, ledger: Ledger, tmp_path: Path) -> None:
    here, bundle = verdicts(session, ledger, tmp_path)
    assert here == Verdict(bundle.merchant, True, 24, merkle.folded(merkle.split_edge(ledger.frontier)).hex(), 2)
    assert (bundle.ok, bundle.entries, bundle.checkpoints) == (True, 20, 2)


def test_erasure_breaks_no_proof(session: Session, ledger: Ledger, tmp_path: Path) -> None:
    ids = session.scalars(select(LedgerEntry.id)).all()
    assert erase_openings(session, ids, now=NOW) == 13
    here, bundle = verdicts(session, ledger, tmp_path)
    assert here.ok
    assert bundle.ok


@pytest.mark.parametrize("seq", [1, 6, 15, 20])
def test_an_edited_line_is_named(
    session: Session, ledger: Ledger, rogue: Callable[..., None], tmp_path: Path, seq: int
) -> None:
    line = line_at(session, ledger, seq).replace('"2026-08-11"', '"2026-08-10"')
    rogue("UPDATE ledger_entry SET line = :line WHERE ledger_id = :ledger AND seq = :seq", line=line, seq=seq)
    here, bundle = verdicts(session, ledger, tmp_path)
    assert (here.ok, here.first_bad) == (bundle.ok, bundle.first_bad) == (False, seq)


@pytest.mark.parametrize(("seq", "after"), [(3, 0), (10, 0), (15, 10)])
def test_an_edited_line_with_its_hash_is_bad_after_a_checkpoint(
    session: Session, ledger: Ledger, rogue: Callable[..., None], tmp_path: Path, seq: int, after: int
) -> None:
    line = line_at(session, ledger, seq).replace('"number":', '"number":1')
    leaf = merkle.leaf_hash(line.encode())
    change = "UPDATE ledger_entry SET line = :line, leaf_hash = :leaf WHERE ledger_id = :ledger AND seq = :seq"
    rogue(change, line=line, leaf=leaf, seq=seq)
    here, bundle = verdicts(session, ledger, tmp_path)
    assert (here.ok, here.bad_after) == (bundle.ok, bundle.bad_after) == (False, after)


def test_an_edited_line_of_the_unsigned_tail_is_named(
    session: Session, ledger: Ledger, rogue: Callable[..., None]
) -> None:
    line = line_at(session, ledger, 22).replace('"2026-08-11"', '"2026-08-10"')
    rogue("UPDATE ledger_entry SET line = :line WHERE ledger_id = :ledger AND seq = 22", line=line)
    assert verify_ledger(session, ledger.merchant_id).first_bad == 22


@pytest.mark.parametrize("seq", [7, 20])
def test_a_deleted_entry_is_named(
    session: Session, ledger: Ledger, rogue: Callable[..., None], tmp_path: Path, seq: int
) -> None:
    rogue(
        "DELETE FROM ledger_opening WHERE entry_id IN (SELECT id FROM ledger_entry WHERE seq = :seq)",
        "DELETE FROM ledger_entry WHERE ledger_id = :ledger AND seq = :seq",
        seq=seq,
    )
    here, bundle = verdicts(session, ledger, tmp_path)
    assert (here.ok, here.first_bad) == (False, seq)
    assert not bundle.ok


def test_a_deleted_entry_with_the_rest_renumbered_is_bad_after_a_checkpoint(
    session: Session, ledger: Ledger, rogue: Callable[..., None], tmp_path: Path
) -> None:
    rogue(
        "DELETE FROM ledger_opening WHERE entry_id IN (SELECT id FROM ledger_entry WHERE seq = 14)",
        "DELETE FROM ledger_entry WHERE ledger_id = :ledger AND seq = 14",
        *(
            f"UPDATE ledger_entry SET seq = {seq - 1} WHERE ledger_id = :ledger AND seq = {seq}"
            for seq in range(15, 25)
        ),
    )
    here, bundle = verdicts(session, ledger, tmp_path)
    assert (here.ok, here.bad_after) == (False, 10)
    assert (bundle.ok, bundle.bad_after) == (False, 10)


def test_two_reordered_entries_are_bad_after_a_checkpoint(
    session: Session, ledger: Ledger, rogue: Callable[..., None], tmp_path: Path
) -> None:
    rogue(
        "UPDATE ledger_entry SET seq = 99 WHERE ledger_id = :ledger AND seq = 13",
        "UPDATE ledger_entry SET seq = 13 WHERE ledger_id = :ledger AND seq = 14",
        "UPDATE ledger_entry SET seq = 14 WHERE ledger_id = :ledger AND seq = 99",
    )
    here, bundle = verdicts(session, ledger, tmp_path)
    assert (here.ok, here.bad_after) == (bundle.ok, bundle.bad_after) == (False, 10)


def test_an_inserted_entry_is_bad_after_a_checkpoint(
    session: Session, ledger: Ledger, rogue: Callable[..., None], tmp_path: Path
) -> None:
    line = line_at(session, ledger, 12).replace('"number":6', '"number":60')
    rogue(
        *(
            f"UPDATE ledger_entry SET seq = {seq + 1} WHERE ledger_id = :ledger AND seq = {seq}"
            for seq in range(24, 11, -1)
        ),
        "INSERT INTO ledger_entry (id, ledger_id, seq, kind, number, occurred_on, author_name, at, line, leaf_hash) "
        "SELECT 99999, ledger_id, 12, kind, 60, occurred_on, author_name, at, :line, :leaf FROM ledger_entry WHERE seq = 13",
        line=line,
        leaf=merkle.leaf_hash(line.encode()),
    )
    here, bundle = verdicts(session, ledger, tmp_path)
    assert (here.ok, here.bad_after) == (bundle.ok, bundle.bad_after) == (False, 10)


def test_a_truncated_ledger_is_caught_even_with_its_total_changed(
    session: Session, ledger: Ledger, rogue: Callable[..., None], tmp_path: Path
) -> None:
    _truncate(session, ledger, rogue, 15)
    here, bundle = verdicts(session, ledger, tmp_path)
    assert (here.ok, here.bad_after) == (bundle.ok, bundle.bad_after) == (False, 10)


def test_a_ledger_cut_back_to_an_old_checkpoint_is_caught_by_the_record_of_a_later_one(
    session: Session, ledger: Ledger, rogue: Callable[..., None], tmp_path: Path
) -> None:
    kept = session.scalars(select(Checkpoint.note).where(Checkpoint.size == 20)).one()
    _truncate(session, ledger, rogue, 10)
    rogue(
        "DELETE FROM ledger_checkpoint WHERE ledger_id = :ledger AND size = 20",
        "UPDATE ledger SET signed_size = 10 WHERE id = :ledger",
    )
    here, bundle = verdicts(session, ledger, tmp_path)
    assert not here.ok
    assert "被删去" in str(here.problem)
    assert bundle.ok, "nobody can tell from the bundle alone"
    assert not examine(str(tmp_path / "bundle.zip"), [kept.encode()]).ok
    assert not verify_ledger(session, ledger.merchant_id, [kept.encode()]).ok


def _truncate(session: Session, ledger: Ledger, rogue: Callable[..., None], size: int) -> None:
    """Cut a ledger back and mend everything that can be mended without the keys."""
    leaves = session.scalars(select(LedgerEntry.leaf_hash).order_by(LedgerEntry.seq).limit(size)).all()
    edge: list[bytes] = []
    for index, leaf in enumerate(leaves):
        merkle.grow(edge, index, leaf)
    rogue(
        "UPDATE ledger SET signed_size = 10 WHERE id = :ledger",
        "DELETE FROM ledger_opening WHERE entry_id IN (SELECT id FROM ledger_entry WHERE seq > :size)",
        "DELETE FROM ledger_entry WHERE ledger_id = :ledger AND seq > :size",
        *(
            f"DELETE FROM ledger_node WHERE ledger_id = :ledger AND level = {level} AND position >= {size >> level}"
            for level in range(1, 6)
        ),
        "UPDATE ledger SET size = :size, complaints = :size, returns = 0, amendments = 0, frontier = :edge WHERE id = :ledger",
        size=size,
        edge=b"".join(edge),
    )


def test_two_merchants_swapped_ledgers_are_caught(
    session: Session, ledger: Ledger, rogue: Callable[..., None], tmp_path: Path
) -> None:
    other = people.merchant(session, people.authority(session))
    entered(session, other.id, list(mixed(24)))
    sign_checkpoint(session, OPERATOR, SignCheckpoint(other.id), now=NOW)
    theirs = session.scalars(select(Ledger).where(Ledger.merchant_id == other.id)).one()
    rogue(
        "UPDATE ledger_entry SET seq = seq + 1000, number = number + 1000 WHERE ledger_id = :theirs",
        "UPDATE ledger_entry SET ledger_id = :theirs WHERE ledger_id = :ledger",
        "UPDATE ledger_entry SET ledger_id = :ledger, seq = seq - 1000, number = number - 1000 WHERE ledger_id = :theirs AND seq > 1000",
        theirs=theirs.id,
    )
    for one in (ledger, theirs):
        here, bundle = verdicts(session, one, tmp_path)
        assert (here.ok, here.bad_after) == (bundle.ok, bundle.bad_after) == (False, 0)


def test_a_forged_checkpoint_is_caught(
    session: Session, ledger: Ledger, rogue: Callable[..., None], tmp_path: Path
) -> None:
    note = session.scalars(select(Checkpoint.note).where(Checkpoint.size == 20)).one()
    rogue(
        "UPDATE ledger_checkpoint SET note = :note WHERE ledger_id = :ledger AND size = 20",
        note=note.replace("\n20\n", "\n19\n"),
    )
    here, bundle = verdicts(session, ledger, tmp_path)
    assert not here.ok
    assert not bundle.ok
    assert "签名无效" in str(here.problem)


def test_a_checkpoint_of_another_ledger_is_caught(
    session: Session, ledger: Ledger, rogue: Callable[..., None], tmp_path: Path
) -> None:
    other = people.merchant(session, people.authority(session))
    entered(session, other.id, list(mixed(20)))
    note = sign_checkpoint(session, OPERATOR, SignCheckpoint(other.id), now=NOW).note
    rogue("UPDATE ledger_checkpoint SET note = :note WHERE ledger_id = :ledger AND size = 20", note=note)
    here, bundle = verdicts(session, ledger, tmp_path)
    assert not here.ok
    assert not bundle.ok


def test_keys_that_did_not_sign_are_told(session: Session, ledger: Ledger) -> None:
    session.info["ledger_keys"] = (b"n" * 32,)
    assert "不是由所给公钥签名" in str(verify_ledger(session, ledger.merchant_id).problem)
    session.info["ledger_keys"] = (b"n" * 32, b"l" * 32)
    assert verify_ledger(session, ledger.merchant_id).ok, "former keys keep verifying"


ODD = {
    "a column that tells another day": ("UPDATE ledger_entry SET occurred_on = '2026-01-01' WHERE seq = 9", 9),
    "a column that tells another number": ("UPDATE ledger_entry SET number = 77 WHERE seq = 9", 9),
    "another author": ("UPDATE ledger_entry SET author_name = '别人' WHERE seq = 22", 22),
    "other goods": ("UPDATE ledger_entry SET goods = '别的' WHERE seq = 8", 8),
    "a stored hash": ("UPDATE ledger_entry SET leaf_hash = :wrong WHERE seq = 9", 9),
    "a node": ("UPDATE ledger_node SET hash = :wrong WHERE level = 2 AND position = 1", None),
    "a node more": (
        "INSERT INTO ledger_node (id, ledger_id, level, position, hash) VALUES (9999, :ledger, 9, 9, :wrong)",
        None,
    ),
    "a node less": ("DELETE FROM ledger_node WHERE level = 1 AND position = 3", None),
    "the head": ("UPDATE ledger SET frontier = :wrong WHERE id = :ledger", None),
    "a checkpoint's root": ("UPDATE ledger_checkpoint SET root = :wrong WHERE size = 10", None),
}


@pytest.mark.parametrize("name", ODD)
def test_what_stands_beside_the_lines_is_compared_too(
    session: Session, ledger: Ledger, rogue: Callable[..., None], name: str
) -> None:
    statement, first_bad = ODD[name]
    rogue(statement, wrong=b"w" * 32)
    found = verify_ledger(session, ledger.merchant_id)
    assert (found.ok, found.first_bad) == (False, first_bad)
    assert found.problem
