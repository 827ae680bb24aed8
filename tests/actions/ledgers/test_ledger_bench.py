"""The ledger's benchmark, small: every line is there, statements do not grow, and a check costs few times its hashes."""

import time
import tracemalloc
from pathlib import Path

import pytest
from sqlalchemy import select

from portal.core.actor import OPERATOR
from portal.core.errors import RuleBroken
from portal.core.installation import Installation
from portal.demo.ledger_bench import AppendDrafts, drafts, ledger_bench, plain_hashlib
from portal.demo.ledger_bulk import PourDrafts, pour_drafts
from portal.ledgers.log import opened
from portal.ledgers.models import LedgerEntry
from portal.ledgers.rules.canonical import canonical_line
from portal.ledgers.verification import verify_ledger
from portal.ledgers.verifier.command import examine
from portal.runtime import Runtime
from tests.conftest import NOW, FixedClock
from tests.factories import people
from tests.factories.bundles import exported, resigned, zipped
from tests.factories.ledgers import entered, mixed

LINES = ("bare", "fill", "page", "page_deep", "returns", "entry", "public", "consistency", "append", "append_100")
LINES += ("checkpoint", "export", "hashlib", "verify", "verify_deep", "verify_database")
FLAT = ("page", "page_deep", "returns", "entry", "public", "consistency", "append", "append_100", "checkpoint")
MOST_TIMES = 3  # issue 4: within three times what plain hashlib needs
MANY = 100_000


@pytest.fixture
def house(own_runtime: Runtime, clock: FixedClock) -> Runtime:
    clock.row = Installation(id=1, rehearsal=True, demo=False, clock_offset=0, made_at=NOW)
    return own_runtime


def test_every_line_is_there_and_a_larger_ledger_asks_no_more(house: Runtime) -> None:
    with house.writing() as session:
        people.merchant(session, people.authority(session))
        session.commit()
    small = {one.name: one for one in ledger_bench(house, entries=200, repeats=3, told=lambda _what: None)}
    large = {one.name: one for one in ledger_bench(house, entries=1000, repeats=3, told=lambda _what: None)}
    assert tuple(small) == tuple(large) == LINES
    told = {name: (small[name].statements, large[name].statements) for name in FLAT}
    assert {name: both for name, both in told.items() if both[1] > both[0]} == {}
    assert told["consistency"] == (1, 1)
    assert all(told[name][1] <= 8 for name in ("page", "page_deep", "returns", "entry", "public"))


@pytest.mark.parametrize("database", ["sqlite"])
def test_only_rehearsals_with_a_merchant_are_measured(house: Runtime, clock: FixedClock) -> None:
    with pytest.raises(RuleBroken, match="portal generate"):
        ledger_bench(house, entries=200, repeats=3, told=lambda _what: None)
    clock.row = Installation(id=1, rehearsal=False, demo=False, clock_offset=0, made_at=NOW)
    with pytest.raises(RuleBroken, match="正式安装"):
        ledger_bench(house, entries=200, repeats=3, told=lambda _what: None)


def large_bundle(house: Runtime, folder: Path, count: int) -> Path:
    """A bundle of many entries with three checkpoints; only its lines are made, for the database has no part in it."""
    with house.writing() as session:
        merchant = people.merchant(session, people.authority(session))
        entered(session, merchant.id, list(mixed(1)), OPERATOR)
        session.commit()
    files = exported(house, merchant.id)
    content = "买到的蛋糕变质，要求退款" * 12
    lines = [canonical_line({"seq": number, "content": content, "amount": number}).encode() for number in range(count)]
    return zipped(resigned(files, lines, b"l" * 32, (count // 3, count // 2, count)), folder / f"{count}.zip")


@pytest.mark.parametrize("database", ["sqlite"])
def test_checking_costs_at_most_three_times_its_hashes(own_runtime: Runtime, tmp_path: Path) -> None:
    bundle = large_bundle(own_runtime, tmp_path, MANY)
    plain, checked = [], []
    for _ in range(3):
        plain.append(plain_hashlib(bundle))
        start = time.process_time()
        assert examine(str(bundle)).ok
        checked.append(time.process_time() - start)
    assert min(checked) <= MOST_TIMES * min(plain), (checked, plain)


@pytest.mark.parametrize("database", ["sqlite"])
def test_checking_needs_no_more_memory_for_a_larger_ledger(own_runtime: Runtime, tmp_path: Path) -> None:
    peaks = []
    for count in (12_000, 48_000):
        bundle = str(large_bundle(own_runtime, tmp_path, count))
        tracemalloc.start()
        assert examine(bundle).ok
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.2


def test_entries_that_are_poured_in_are_a_ledger_like_any_other(house: Runtime) -> None:
    with house.writing() as session:
        merchant_id = people.merchant(session, people.authority(session)).id
        entered(session, merchant_id, list(mixed(3)))
        session.commit()
    invented = drafts(AppendDrafts(merchant_id, 1, 40), NOW.date())
    assert house.perform(OPERATOR, pour_drafts, PourDrafts(merchant_id, invented)) == 43
    with house.writing() as session:
        entered(session, merchant_id, list(mixed(2)))
        rows = session.scalars(select(LedgerEntry).order_by(LedgerEntry.seq)).all()
        assert opened(session, rows)[rows[3].id]["consumer_name"] == "顾客1"
        session.commit()
    with house.reading() as session:
        verdict = verify_ledger(session, merchant_id)
    assert (verdict.ok, verdict.entries) == (True, 45), verdict.problem
