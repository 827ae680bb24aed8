"""The log: one ledger per merchant, numbered by kind, proved by its tree, its personal values kept apart."""

import json

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.core.errors import RuleBroken
from portal.core.facts import SubjectKind, Topic, about
from portal.core.privacy import DataKey
from portal.enrolment.models import Merchant
from portal.ledgers import proofs
from portal.ledgers.checkpoints import SignCheckpoint, sign_checkpoint
from portal.ledgers.log import append, erase_openings, ledger_of, opened, openings_of
from portal.ledgers.models import EntryKind, Ledger, LedgerEntry, LedgerNode, LedgerOpening
from portal.ledgers.rules import merkle
from portal.ledgers.rules.canonical import parsed_line
from portal.ledgers.rules.commitments import commitment, is_commitment
from tests.conftest import NOW
from tests.factories import people
from tests.factories.ledgers import CLERK, amendment, complaint, entered, goods_return, mixed
from tests.queries import counted


@pytest.fixture
def merchant(session: Session) -> Merchant:
    return people.merchant(session, people.authority(session))


def engine_of(session: Session) -> Engine:
    return session.connection().engine


def test_entries_are_numbered_by_place_and_by_kind(session: Session, merchant: Merchant) -> None:
    rows = entered(session, merchant.id, [complaint(1), goods_return(), complaint(2)])
    rows += entered(session, merchant.id, [amendment(rows[0], outcome="settled")])
    assert [(row.seq, row.kind, row.number) for row in rows] == [
        (1, EntryKind.COMPLAINT, 1),
        (2, EntryKind.RETURN, 1),
        (3, EntryKind.COMPLAINT, 2),
        (4, EntryKind.AMENDMENT, 1),
    ]
    ledger = session.scalars(select(Ledger)).one()
    assert (ledger.size, ledger.complaints, ledger.returns, ledger.amendments) == (4, 2, 1, 1)


def test_a_line_is_canonical_and_holds_commitments_only(session: Session, merchant: Merchant) -> None:
    row = entered(session, merchant.id, [complaint(1)])[0]
    fields = parsed_line(row.line)
    assert fields["merchant"] == merchant.organisation.code
    assert (fields["seq"], fields["kind"], fields["at"]) == (1, "complaint", "2026-08-12T01:00:00Z")
    assert "张三" not in row.line
    assert "蛋糕" not in row.line
    opening = openings_of(session, [row.id])[row.id]
    assert set(opening) == {"consumer_name", "consumer_phone", "content"}
    for name, (salt, value) in opening.items():
        assert is_commitment(fields[name])
        assert fields[name] == commitment(salt, name, value)
    assert row.leaf_hash == merkle.leaf_hash(row.line.encode())


def test_a_personal_value_taken_away_is_empty_in_the_line(session: Session, merchant: Merchant) -> None:
    row = entered(session, merchant.id, [complaint(1, consumer_phone="")])[0]
    assert parsed_line(row.line)["consumer_phone"] == ""
    assert opened(session, [row])[row.id] == {"consumer_name": "张三1", "content": "买到的蛋糕变质"}


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 21])
def test_stored_nodes_prove_every_entry_and_every_earlier_size(
    session: Session, merchant: Merchant, count: int
) -> None:
    rows = entered(session, merchant.id, list(mixed(count)))
    ledger = session.scalars(select(Ledger)).one()
    leaves = [row.leaf_hash for row in rows]
    root = merkle.root(leaves)
    assert merkle.folded(merkle.split_edge(ledger.frontier)) == root == proofs.root_at(session, ledger.id, count)
    for row in rows:
        proof = proofs.inclusion_proof(session, ledger.id, row.leaf_hash, count)
        assert proof is not None
        assert merkle.includes(root, row.leaf_hash, row.seq - 1, count, proof.hashes)
    for earlier in range(1, count + 1):
        hashes = proofs.consistency_proof(session, ledger.id, earlier, count)
        assert merkle.continues(earlier, merkle.root(leaves[:earlier]), count, root, hashes)


def test_one_by_one_gives_the_tree_of_all_at_once(session: Session, merchant: Merchant) -> None:
    for number in range(1, 12):
        entered(session, merchant.id, [goods_return(number)])
    ledger = session.scalars(select(Ledger)).one()
    leaves = session.scalars(select(LedgerEntry.leaf_hash).order_by(LedgerEntry.seq)).all()
    assert merkle.folded(merkle.split_edge(ledger.frontier)) == merkle.root(leaves)
    assert session.scalar(select(func.count()).select_from(LedgerNode)) == 5 + 2 + 1


def test_a_proof_is_one_statement_at_any_size(session: Session, merchant: Merchant) -> None:
    entered(session, merchant.id, [goods_return(number) for number in range(300)])
    ledger = session.scalars(select(Ledger)).one()
    with counted(engine_of(session)) as small:
        proofs.consistency_proof(session, ledger.id, 3, 7)
    with counted(engine_of(session)) as large:
        proofs.consistency_proof(session, ledger.id, 111, 299)
    assert len(small) == len(large) == 1


def test_appending_costs_the_same_statements_in_a_large_ledger(session: Session, merchant: Merchant) -> None:
    entered(session, merchant.id, [complaint(1)])
    session.flush()
    with counted(engine_of(session)) as early:
        entered(session, merchant.id, [complaint(2)])
        session.flush()
    entered(session, merchant.id, list(mixed(301)))
    session.flush()
    with counted(engine_of(session)) as late:
        entered(session, merchant.id, list(mixed(21)))
        session.flush()
    assert len(late) <= len(early) <= 11


def test_one_fact_tells_of_a_whole_append(session: Session, merchant: Merchant) -> None:
    entered(session, merchant.id, [complaint(1), complaint(2)])
    ledger = session.scalars(select(Ledger)).one()
    session.flush()
    facts = session.scalars(about(SubjectKind.LEDGER, ledger.id)).all()
    assert [(one.topic, one.detail) for one in facts] == [(Topic.LEDGER_ENTERED, {"first": 1, "last": 2})]


def test_an_amendment_shares_the_key_of_what_it_amends(session: Session, merchant: Merchant) -> None:
    first, _other = entered(session, merchant.id, [complaint(1), complaint(2)])
    entered(session, merchant.id, [amendment(first, outcome="settled")])
    keys = session.scalars(select(LedgerOpening.key_id).order_by(LedgerOpening.entry_id)).all()
    assert keys[0] == keys[2] != keys[1]


def test_erasing_takes_values_salts_and_key_and_leaves_proofs(session: Session, merchant: Merchant) -> None:
    first, other = entered(session, merchant.id, [complaint(1), complaint(2)])
    late = entered(session, merchant.id, [amendment(first, outcome="settled")])[0]
    assert erase_openings(session, [first.id], now=NOW) == 1
    keys = {row.entry_id: session.get_one(DataKey, row.key_id) for row in session.scalars(select(LedgerOpening))}
    assert keys[first.id].wrapped is not None, "the amendment still needs it"
    assert erase_openings(session, [first.id, late.id], now=NOW) == 1
    session.refresh(keys[first.id])
    assert keys[first.id].wrapped is None
    assert keys[other.id].wrapped is not None
    assert set(opened(session, [first, late, other])) == {other.id}
    masks = session.scalars(select(LedgerOpening.consumer_mask).order_by(LedgerOpening.entry_id)).all()
    assert masks == ["", "张**", ""]
    ledger = session.scalars(select(Ledger)).one()
    proof = proofs.inclusion_proof(session, ledger.id, first.leaf_hash, 3)
    assert proof is not None
    root = merkle.folded(merkle.split_edge(ledger.frontier))
    assert merkle.includes(root, first.leaf_hash, 0, 3, proof.hashes)


def test_an_amendment_after_erasure_has_a_key_of_its_own(session: Session, merchant: Merchant) -> None:
    first = entered(session, merchant.id, [complaint(1)])[0]
    erase_openings(session, [first.id], now=NOW)
    late = entered(session, merchant.id, [amendment(first, outcome="settled")])[0]
    assert opened(session, [late]) == {late.id: {"reason": "笔误"}}


@pytest.mark.parametrize("table", ["ledger_entry", "ledger_node", "ledger_checkpoint"])
@pytest.mark.parametrize("change", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_the_database_refuses_to_change_what_was_written(
    session: Session, merchant: Merchant, table: str, change: str
) -> None:
    entered(session, merchant.id, [complaint(1), complaint(2)])
    sign_checkpoint(session, CLERK, SignCheckpoint(merchant.id), now=NOW)
    with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
        session.execute(text(change.format(table)))


def test_a_field_named_twice_is_a_mistake(session: Session, merchant: Merchant) -> None:
    ledger = ledger_of(session, merchant.id, now=NOW)
    with pytest.raises(ValueError, match="seq"):
        append(session, CLERK, ledger, [goods_return(seq=4)], now=NOW)


def test_a_checkpoint_is_signed_once_for_one_size(session: Session, merchant: Merchant) -> None:
    entered(session, merchant.id, [complaint(1)])
    first = sign_checkpoint(session, CLERK, SignCheckpoint(merchant.id), now=NOW)
    assert sign_checkpoint(session, CLERK, SignCheckpoint(merchant.id), now=NOW) is first
    entered(session, merchant.id, [complaint(2)])
    later = sign_checkpoint(session, CLERK, SignCheckpoint(merchant.id), now=NOW)
    assert (first.size, later.size) == (1, 2)
    ledger = session.scalars(select(Ledger)).one()
    signed = [one.detail for one in session.scalars(about(SubjectKind.LEDGER, ledger.id)) if "root" in one.detail]
    assert [one["root"] for one in signed] == [first.root.hex(), later.root.hex()]


def test_a_new_key_signs_the_same_head_again_and_the_former_one_is_not_asked_twice(
    session: Session, merchant: Merchant
) -> None:
    entered(session, merchant.id, [complaint(1)])
    former, present = b"l" * 32, b"n" * 32
    signed = []
    for keys in ((former,), (present, former), (former, present)):
        session.info["ledger_keys"] = keys
        signed.append(sign_checkpoint(session, CLERK, SignCheckpoint(merchant.id), now=NOW))
    assert signed[0] is signed[2] is not signed[1]
    assert signed[0].root == signed[1].root


def test_a_rewritten_ledger_is_not_signed(session: Session, merchant: Merchant) -> None:
    entered(session, merchant.id, [complaint(1), complaint(2), complaint(3)])
    sign_checkpoint(session, CLERK, SignCheckpoint(merchant.id), now=NOW)
    ledger = session.scalars(select(Ledger)).one()
    entered(session, merchant.id, [complaint(4)])
    ledger.frontier = bytes(32)
    with pytest.raises(RuleBroken, match="portal ledger verify"):
        sign_checkpoint(session, CLERK, SignCheckpoint(merchant.id), now=NOW)


def test_no_personal_value_stands_in_a_fact_or_a_line(session: Session, merchant: Merchant) -> None:
    entered(session, merchant.id, [complaint(1)])
    session.flush()
    facts = session.scalars(about(SubjectKind.LEDGER, session.scalars(select(Ledger.id)).one())).all()
    told = json.dumps([one.detail for one in facts]) + "".join(session.scalars(select(LedgerEntry.line)))
    assert not any(word in told for word in ("张三", "13812345678", "蛋糕"))
