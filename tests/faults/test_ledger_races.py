"""Two clerks at the same instant: a row that both send is stored once, a label is one article's, the log stays whole."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import select

from portal.ledgers.entering import EnterReturns, enter_returns
from portal.ledgers.entry_models import MonthTotal
from portal.ledgers.models import LedgerEntry
from portal.ledgers.verification import verify_ledger
from tests.factories.books import clerk, return_cells, typed

CLERKS = 4


def at_once(own_runtime, desk, commands):
    barrier = Barrier(len(commands))

    def send(command):
        barrier.wait()
        return own_runtime.perform(desk.agent, enter_returns, command)

    with ThreadPoolExecutor(len(commands)) as pool:
        return list(pool.map(send, commands))


def test_rows_sent_at_once_are_stored_once_and_labels_used_once(own_runtime) -> None:
    with own_runtime.writing() as session:
        desk = clerk(session)
        session.commit()
    labelled = return_cells(disposition="贴标识再销售", label_number="T-1")
    commands = [
        EnterReturns((typed(return_cells(), "same"), typed(labelled), typed(return_cells()))) for _ in range(CLERKS)
    ]
    results = at_once(own_runtime, desk, commands)
    same = [one[0] for one in results]
    assert len({one.entry.id for one in same}) == 1
    assert sum(one.repeated for one in same) == CLERKS - 1
    assert sum(one[1].entry is not None for one in results) == 1
    said = [problem.field for one in results for problem in one[1].problems]
    assert said == ["label_number"] * (CLERKS - 1)
    with own_runtime.reading() as session:
        seqs = session.scalars(select(LedgerEntry.seq).order_by(LedgerEntry.seq)).all()
        assert list(seqs) == list(range(1, CLERKS + 3))
        total = session.scalars(select(MonthTotal)).one()
        assert (total.entries, total.amount) == (CLERKS + 2, 26_800 * (CLERKS + 2))
        assert verify_ledger(session, desk.merchant.id).ok
