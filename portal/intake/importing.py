"""Running an import: draft ahead, look up, store, a batch a commit, to the end of the file; safe to kill at any moment."""

import gc
import itertools
import sys
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.exc import DataError
from sqlalchemy.orm import joinedload

from portal.core import files
from portal.core.actor import Actor
from portal.core.errors import RuleBroken, Stale
from portal.core.files import Damaged
from portal.core.privacy import Erased
from portal.intake import batches
from portal.intake.actions import RAW_FILE, BeginAttempt, EndAttempt, begin_attempt, end_attempt
from portal.intake.composing import Draft, Reader
from portal.intake.context import read_context
from portal.intake.importing_ahead import Drafting, drafted, drafted_ahead
from portal.intake.models import ImportRun, ImportState
from portal.intake.sheets import OpenSheet, UnreadableFile
from portal.intake.storing import StoreBatch, store_batch
from portal.intake.uploads import reopen
from portal.runtime import Runtime

LARGEST, SMALLEST = 200, 20  # rows a commit (decisions 11)
LONGEST_SECONDS = 0.4  # a slower batch is followed by a smaller one: SQLite has a single writer
OBJECTS_A_BATCH = 100_000
TRIES = 3  # of a batch that another process's commit has overtaken


class Progress(Protocol):
    """Told after each commit: rows read and committed, lines of the sheet below its header, refused rows."""

    def __call__(self, done: int, total: int, refused: int) -> None:
        """Take the figures."""


def silent(done: int, total: int, refused: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    runtime: Runtime
    actor: Actor
    run_id: int
    number: int
    sheet: OpenSheet
    reader: Reader


def run_import(runtime: Runtime, actor: Actor, run_id: int, progress: Progress = silent) -> ImportRun:
    """Read a run's file from where it stopped to its end; a run that has ended is given back as it is.

    Raises RuleBroken with the run's problem where it fails, Overtaken where
    another process takes the run over.
    """
    run = runtime.perform(actor, begin_attempt, BeginAttempt(run_id))
    if run.state is not ImportState.RUNNING:
        return run
    try:
        attempt = _open(runtime, actor, run)
    except (UnreadableFile, Damaged, Erased) as fault:
        problem = str(fault) if isinstance(fault, UnreadableFile) else "原文件已不在或已损坏，请重新上传。"
        raise _failed(runtime, actor, run, problem) from None
    progress(run.next_row, run.total_rows or 0, run.totals["refused"])
    try:
        with _collecting_seldom():
            _store_all(attempt, run.last_line, progress)
    except _CannotStore as row:
        raise _failed(runtime, actor, run, f"第 {row.line} 行无法存入，请联系运维人员。之前的行已存入。") from row
    return runtime.perform(actor, end_attempt, EndAttempt(run_id, run.attempt))


def _open(runtime: Runtime, actor: Actor, run: ImportRun) -> _Attempt:
    with runtime.reading() as session:
        stored = session.scalars(
            select(ImportRun).where(ImportRun.id == run.id).options(joinedload(ImportRun.key))
        ).one()
        assert stored.stored_at is not None
        content = files.get(session, stored.key, stored.stored_at, RAW_FILE)
        context = read_context(session, run.authority_id)
    sheet = reopen(content, run.source, run.mapping)
    return _Attempt(runtime, actor, run.id, run.attempt, sheet, Reader(sheet.columns, sheet.source, context))


def _failed(runtime: Runtime, actor: Actor, run: ImportRun, problem: str) -> RuleBroken:
    runtime.perform(actor, end_attempt, EndAttempt(run.id, run.attempt, problem))
    return RuleBroken(problem)


class _CannotStore(Exception):  # noqa: N818
    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """Look for cycles of garbage once a batch: a batch makes some 100,000 objects, and looking costs a tenth of it."""
    usual = gc.get_threshold()
    gc.set_threshold(OBJECTS_A_BATCH, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _store_all(attempt: _Attempt, last_line: int, progress: Progress) -> None:
    size = LARGEST
    with closing(_drafted(attempt, last_line)) as coming:
        for drafts in coming:
            left = drafts
            while left:
                started = time.monotonic()
                run = _store(attempt, left[:size])
                progress(run.next_row, run.total_rows or 0, run.totals["refused"])
                left = left[size:]
                slow = time.monotonic() - started > LONGEST_SECONDS
                size = max(size // 2, SMALLEST) if slow else min(size * 2, LARGEST)


def _drafted(attempt: _Attempt, last_line: int) -> Generator[list[Draft]]:
    """Draft the rows behind a line, a batch at a time; ahead where there are several."""
    sheet, reader, now = attempt.sheet, attempt.reader, attempt.runtime.now

    def begin(after: int) -> Drafting:
        rows = sheet.rows(after=after)
        return lambda at: reader.drafts(itertools.islice(rows, LARGEST), at=at)

    several = sheet.last_line - last_line > LARGEST and sys.platform == "linux"  # elsewhere a child could outlive us
    return drafted_ahead(begin, last_line, now) if several else drafted(begin, last_line, now)


def _store(attempt: _Attempt, drafts: Sequence[Draft]) -> ImportRun:
    """Store rows together; where the database refuses one of them, each by itself, up to the one at fault."""
    try:
        return _store_together(attempt, drafts)
    except (Stale, DataError):
        run = None
        for draft in drafts:
            try:
                run = _store_together(attempt, [draft])
            except (Stale, DataError) as fault:
                raise _CannotStore(draft.line) from fault
        assert run is not None
        return run


def _store_together(attempt: _Attempt, drafts: Sequence[Draft]) -> ImportRun:
    for _ in range(TRIES - 1):
        with suppress(Stale):  # a number or a case was another's in between: look again
            return _store_once(attempt, drafts)
    return _store_once(attempt, drafts)


def _store_once(attempt: _Attempt, drafts: Sequence[Draft]) -> ImportRun:
    reader, runtime = attempt.reader, attempt.runtime
    with runtime.reading() as session:
        batch = batches.settle(session, reader, drafts)
    return runtime.perform(attempt.actor, store_batch, StoreBatch(attempt.run_id, attempt.number, batch))
