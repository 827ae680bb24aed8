"""Many at one ledger: one after the other, without a gap; at two ledgers: neither waits for the other."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.core.actor import SYSTEM, Actor
from portal.ledgers.checkpoints import SignCheckpoint, sign_checkpoint, sign_due_checkpoints
from portal.ledgers.log import append, ledger_of
from portal.ledgers.models import Checkpoint, Ledger
from portal.ledgers.rules import merkle
from portal.ledgers.verification import verify_ledger
from portal.runtime import Runtime
from tests.conftest import FixedClock
from tests.factories import people
from tests.factories.ledgers import complaint, goods_return

WRITERS, EACH = 4, 6


@pytest.fixture
def merchants(own_runtime: Runtime) -> list[int]:
    with own_runtime.writing() as session:
        authority = people.authority(session)
        ids = [people.merchant(session, authority).id for _ in range(2)]
        session.commit()
    return ids


def enter(session: Session, actor: Actor, merchant_id: int, *, now: datetime) -> int:
    """An action of two entries."""
    rows = append(session, actor, ledger_of(session, merchant_id, now=now), [complaint(), goods_return()], now=now)
    return rows[0].seq


def test_writers_of_one_ledger_follow_each_other_without_a_gap(own_runtime: Runtime, merchants: list[int]) -> None:
    start = threading.Barrier(WRITERS)

    def write(_: int) -> list[int]:
        start.wait(10)
        places = []
        for number in range(EACH):
            places.append(own_runtime.perform(SYSTEM, enter, merchants[0]))
            if number % 3 == 2:
                own_runtime.perform(SYSTEM, sign_checkpoint, SignCheckpoint(merchants[0]))
        return places

    with ThreadPoolExecutor(WRITERS) as pool:
        places = sorted(place for some in pool.map(write, range(WRITERS)) for place in some)
    assert places == list(range(1, 2 * WRITERS * EACH, 2))
    with own_runtime.reading() as session:
        verdict = verify_ledger(session, merchants[0])
        assert (verdict.ok, verdict.entries) == (True, 2 * WRITERS * EACH), verdict.problem
        assert session.scalar(select(func.count()).select_from(Ledger)) == 1
        roots = session.execute(select(Checkpoint.size, func.count(Checkpoint.id)).group_by(Checkpoint.size)).all()
        assert all(count == 1 for _, count in roots)


@pytest.mark.parametrize("database", ["postgresql"])
def test_two_merchants_do_not_wait_for_each_other(own_runtime: Runtime, merchants: list[int]) -> None:
    now = own_runtime.now()
    with own_runtime.writing() as held:
        enter(held, SYSTEM, merchants[0], now=now)  # not committed: the first ledger stays locked
        with own_runtime.writing() as session:
            session.execute(text("SET lock_timeout = '200ms'"))
            assert enter(session, SYSTEM, merchants[1], now=now) == 1
            session.commit()
        with own_runtime.writing() as session:
            session.execute(text("SET lock_timeout = '200ms'"))
            with pytest.raises(DBAPIError, match="lock timeout"):
                enter(session, SYSTEM, merchants[0], now=now)
        held.commit()
    assert own_runtime.perform(SYSTEM, enter, merchants[0]) == 3


@pytest.mark.parametrize("database", ["sqlite"])
def test_every_grown_ledger_is_signed_once_a_day(own_runtime: Runtime, merchants: list[int], clock: FixedClock) -> None:
    for merchant_id in merchants:
        own_runtime.perform(SYSTEM, enter, merchant_id)
    assert sign_due_checkpoints(own_runtime) == 2
    own_runtime.perform(SYSTEM, enter, merchants[0])
    assert sign_due_checkpoints(own_runtime) == 0, "not before a day has passed"
    clock.advance(hours=24)
    assert sign_due_checkpoints(own_runtime) == 1, "the other one did not grow"
    clock.advance(hours=24)
    assert sign_due_checkpoints(own_runtime) == 0


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_ledger_that_may_not_be_signed_keeps_no_other_from_it(
    own_runtime: Runtime, merchants: list[int], clock: FixedClock
) -> None:
    for merchant_id in merchants:
        own_runtime.perform(SYSTEM, enter, merchant_id)
    sign_due_checkpoints(own_runtime)
    for merchant_id in merchants:
        own_runtime.perform(SYSTEM, enter, merchant_id)
    with own_runtime.writing() as session:
        ledger = session.scalars(select(Ledger).where(Ledger.merchant_id == merchants[0])).one()
        ledger.frontier = merkle.EMPTY_ROOT
        session.commit()
    clock.advance(hours=24)
    assert sign_due_checkpoints(own_runtime) == 1


@pytest.mark.parametrize("database", ["postgresql"])
def test_a_ledger_that_grows_while_it_is_verified_is_no_fraud(own_runtime: Runtime, merchants: list[int]) -> None:
    own_runtime.perform(SYSTEM, enter, merchants[0])
    done = threading.Event()

    def write() -> None:
        while not done.is_set():
            own_runtime.perform(SYSTEM, enter, merchants[0])
            own_runtime.perform(SYSTEM, sign_checkpoint, SignCheckpoint(merchants[0]))

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        try:
            for _ in range(15):
                with own_runtime.reading() as session:
                    verdict = verify_ledger(session, merchants[0])
                assert verdict.ok, verdict.problem
        finally:
            done.set()
        writing.result(30)
