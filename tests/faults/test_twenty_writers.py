"""Twenty processes' worth of writers on one database: each succeeds or is told so; no update is lost."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy import func, select

from portal.cases.actions import AddNote, add_note
from portal.cases.models import Case, CaseNote
from portal.core.actor import OPERATOR, Actor
from portal.core.errors import Busy, Refused, Stale
from portal.core.facts import Fact, Topic
from portal.intake.actions import StartImport, start_import
from portal.intake.importing import run_import
from portal.intake.models import Filing, ImportRun, ImportState
from portal.intake.uploads import read_upload
from portal.runtime import Runtime, make_runtime
from portal.settlements import actions
from portal.settlements.models import Offer
from tests.conftest import FixedClock
from tests.factories import settling
from tests.factories.intake import complaint, sample_world, workbook

WRITERS = 20
NOTES = 6  # of each, all on the same case
ROWS = 60  # of each importer's file; half of them are in the next one's file too


@pytest.fixture
def writers(own_runtime: Runtime, clock: FixedClock) -> Iterator[list[Runtime]]:
    """Runtimes of their own, as so many processes have: each its own connections."""
    with ExitStack() as later:
        made = [make_runtime(own_runtime.config) for _ in range(WRITERS)]
        for one in made:
            one.clock = clock  # type: ignore[assignment]
            later.callback(one.close)
        yield made


def at_once(writers: list[Runtime], work: Callable[[int, Runtime], Any]) -> list[Any]:
    """Let all begin at the same instant; each ends in its result or its refusal."""
    start = threading.Barrier(len(writers))

    def run(number: int) -> Any:
        start.wait(timeout=30)
        try:
            return work(number, writers[number])
        except Refused as refusal:
            return refusal

    with ThreadPoolExecutor(len(writers)) as pool:
        return list(pool.map(run, range(len(writers))))


def performed(runtime: Runtime, actor: Actor, action: Callable[..., Any], command: Any) -> int:
    """1 where it was done; 0 where the writer was told that others were at it."""
    try:
        runtime.perform(actor, action, command)
    except (Busy, Stale):
        return 0
    return 1


def test_twenty_writers_of_one_case_lose_no_line(own_runtime: Runtime, writers: list[Runtime]) -> None:
    with own_runtime.writing() as session:
        dispute = settling.dispute(session)
        session.commit()

    def write(number: int, runtime: Runtime) -> int:
        notes = [AddNote(dispute.case.reference, f"第{number}人第{line}条") for line in range(NOTES)]
        return sum(performed(runtime, dispute.agent, add_note, one) for one in notes)

    written = at_once(writers, write)
    with own_runtime.reading() as session:
        facts = session.scalar(select(func.count()).select_from(Fact).where(Fact.topic == Topic.CASE_NOTED))
        lines = session.scalar(select(func.count()).select_from(CaseNote))
    assert sum(written) == facts == lines
    assert sum(written) == WRITERS * NOTES, "each got its turn within the time SQLite waits"


def test_twenty_colleagues_send_one_offer(own_runtime: Runtime, writers: list[Runtime]) -> None:
    with own_runtime.writing() as session:
        dispute = settling.dispute(session)
        session.commit()
    command = actions.MakeOffer(dispute.case.reference, (settling.refund(),))
    results = at_once(writers, lambda _number, runtime: runtime.perform(dispute.agent, actions.make_offer, command))
    told = [one for one in results if isinstance(one, Refused)]
    assert len(told) == WRITERS - 1
    assert all(one.text.endswith("。") for one in told)
    with own_runtime.reading() as session:
        assert session.scalar(select(func.count()).select_from(Offer)) == 1
        assert session.scalar(select(func.count()).where(Fact.topic == Topic.OFFER_MADE)) == 1


def test_twenty_offers_to_twenty_consumers_are_all_made(own_runtime: Runtime, writers: list[Runtime]) -> None:
    with own_runtime.writing() as session:
        disputes = [settling.dispute(session) for _ in range(WRITERS)]
        session.commit()

    def offer(number: int, runtime: Runtime) -> int:
        dispute = disputes[number]
        command = actions.MakeOffer(dispute.case.reference, (settling.refund(),))
        return performed(runtime, dispute.agent, actions.make_offer, command)

    assert sum(at_once(writers, offer)) == WRITERS
    with own_runtime.reading() as session:
        cases = session.scalars(select(Offer.case_id)).all()
    assert Counter(cases) == Counter(dispute.case.id for dispute in disputes)


def test_twenty_imports_with_the_same_numbers_store_each_once(own_runtime: Runtime, writers: list[Runtime]) -> None:
    with own_runtime.writing() as session:
        sample_world(session)
    half = ROWS // 2
    files = [
        workbook([complaint(n) for n in range(number * half + 1, number * half + ROWS + 1)])
        for number in range(WRITERS)
    ]

    def bring(number: int, runtime: Runtime) -> ImportState:
        upload = read_upload(f"{number}.xlsx", files[number])
        run = runtime.perform(OPERATOR, start_import, StartImport(upload))
        return run_import(runtime, OPERATOR, run.id).state

    assert at_once(writers, bring) == [ImportState.DONE] * WRITERS
    every = (WRITERS + 1) * half
    with own_runtime.reading() as session:
        assert session.scalar(select(func.count()).select_from(Filing)) == every
        assert session.scalar(select(func.count()).select_from(Case)) == every
        totals = [run.totals for run in session.scalars(select(ImportRun))]
        opened = session.scalar(select(func.count()).where(Fact.topic == Topic.CASE_OPENED))
    assert sum(one["created"] for one in totals) == opened == every
    assert sum(one["repeated"] for one in totals) == WRITERS * ROWS - every


def test_a_writer_who_never_gets_his_turn_is_told_to_come_again(own_runtime: Runtime, database: str) -> None:
    """The lock is really held; only the patience is shorter than five seconds."""
    with own_runtime.writing() as session:
        dispute = settling.dispute(session)
        session.commit()
    other = make_runtime(own_runtime.config)
    impatient = "PRAGMA busy_timeout = 50" if database == "sqlite" else "SET lock_timeout = '50ms'"
    with other.engine.connect() as connection:
        connection.exec_driver_sql(impatient)
        connection.commit()
    with own_runtime.writing() as session:
        session.scalars(select(Case).where(Case.id == dispute.case.id).with_for_update()).one()
        with pytest.raises(Busy, match="别人刚刚也在处理"):
            other.perform(dispute.agent, add_note, AddNote(dispute.case.reference, "备注"))
    other.perform(dispute.agent, add_note, AddNote(dispute.case.reference, "备注"))
    other.close()
