"""A sheet into a ledger: kept sealed, stored some rows a commit, continued where it stopped, bad rows to be corrected."""

import io
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.core import files
from portal.core.access import AccessKind, note_access
from portal.core.actor import Actor, ActorKind
from portal.core.errors import NotAllowed, NotFound, RuleBroken, Stale
from portal.core.facts import SubjectKind
from portal.core.permissions import REFUSAL, Permission, require
from portal.core.privacy import vault_of
from portal.ledgers.batches import RowResult
from portal.ledgers.entering import EnterComplaints, EnterReturns, Subject, enter_complaints, enter_returns, own_ledger
from portal.ledgers.entry_models import SheetImport, SheetState
from portal.ledgers.models import EntryKind
from portal.ledgers.sheets import ReadSheet, read_sheet, write_corrections
from portal.runtime import Runtime

ROWS_A_COMMIT = 200  # short enough for SQLite's single writer (decisions 11)
IN_REQUEST = 2_000  # rows that a request reads to the end, some seconds; more go to a worker
LEFT_LYING = timedelta(minutes=2)  # after which nobody is taken to be at an import of a request's length
KEPT_DAYS = 7  # the sealed file after the end (decisions 21)
RAW_FILE = "ledger.import"  # sealing purpose
UNFINISHED = (SheetState.QUEUED, SheetState.RUNNING)
MISSING = "没有这次导入，或者它不归你的单位。"
GONE = "原文件在导入结束 7 天后已按规定删除，不能再下载更正表。请重新导入原文件。"


@dataclass(frozen=True, slots=True)
class StartSheet:
    """A file that `read_sheet` has read."""

    sheet: ReadSheet


def start_sheet(session: Session, actor: Actor, command: StartSheet, *, now: datetime) -> SheetImport:
    """Keep the file sealed and queue its import into the actor's own ledger; the same file again is the same import."""
    ledger = own_ledger(session, actor, now=now)
    sheet = command.sheet
    before = session.scalars(
        select(SheetImport)
        .where(SheetImport.ledger_id == ledger.id, SheetImport.kind == sheet.kind, SheetImport.digest == sheet.digest)
        .options(joinedload(SheetImport.key))
    ).first()
    if before is not None:
        return _taken_up(session, before, sheet)
    key = vault_of(session).new_key(session, now=now)
    run = SheetImport(
        reference=secrets.token_hex(6),
        ledger_id=ledger.id,
        merchant_id=ledger.merchant_id,
        kind=sheet.kind,
        person_id=actor.person_id,
        person_name=actor.name,
        digest=sheet.digest,
        file_name=sheet.name,
        key=key,
        raw_file=files.put(session, key, sheet.content, RAW_FILE),
        total_rows=len(sheet.rows),
        problems={},
        created_at=now,
    )
    session.add(run)
    session.flush()
    return run


def _taken_up(session: Session, run: SheetImport, sheet: ReadSheet) -> SheetImport:
    """Go on with an import that had failed, now that its file is here again."""
    if run.state is SheetState.FAILED and run.key.wrapped is not None:
        run.state, run.problem, run.ended_at = SheetState.QUEUED, None, None
        run.raw_file = files.put(session, run.key, sheet.content, RAW_FILE)
    return run


@dataclass(frozen=True, slots=True)
class StoreSheetRows:
    """The rows of an import from `start` on."""

    run_id: int
    start: int
    sheet: ReadSheet


def store_sheet_rows(session: Session, actor: Actor, command: StoreSheetRows, *, now: datetime) -> SheetImport:
    """Store some rows and say so on the run, in one transaction; raises Stale where another process was faster."""
    own_ledger(session, actor, now=now)  # locks the ledger, so the run has one writer
    run = session.scalars(select(SheetImport).where(SheetImport.id == command.run_id).with_for_update()).one()
    if run.state not in UNFINISHED or run.next_row != command.start:
        raise Stale("这次导入正由别的进程继续。请刷新页面。")
    rows = command.sheet.typed(command.start, ROWS_A_COMMIT)
    if run.kind is EntryKind.RETURN:
        results = enter_returns(session, actor, EnterReturns(rows), now=now)
    else:
        results = enter_complaints(session, actor, EnterComplaints(rows), now=now)
    _count(run, [one.line for one in command.sheet.rows[command.start :]], results)
    run.next_row = command.start + len(rows)
    run.state = SheetState.RUNNING
    if run.next_row >= run.total_rows:
        run.state, run.ended_at = SheetState.DONE, now
    return run


def _count(run: SheetImport, lines: Sequence[int], results: Sequence[RowResult]) -> None:
    problems = dict(run.problems)
    for line, one in zip(lines, results, strict=False):
        if one.entry is None:
            run.refused += 1
            problems[str(line)] = [[problem.field, problem.sentence] for problem in one.problems]
        elif one.repeated:
            run.repeated += 1
        else:
            run.entered += 1
    run.problems = problems


@dataclass(frozen=True, slots=True)
class FailSheet:
    """An import that cannot go on, and why."""

    run_id: int
    problem: str


def fail_sheet(session: Session, actor: Actor, command: FailSheet, *, now: datetime) -> SheetImport:
    """End an import that cannot go on; what was stored stays."""
    run = session.scalars(select(SheetImport).where(SheetImport.id == command.run_id).with_for_update()).one()
    if run.state in UNFINISHED:
        run.state, run.problem, run.ended_at = SheetState.FAILED, command.problem, now
    return run


def run_sheet(runtime: Runtime, run_id: int) -> SheetImport:
    """Read an import to its end, from where it stopped; one that has ended is given back as it is.

    Raises Stale where another process is at it; a file that is gone ends the import as failed.
    """
    with runtime.reading() as session:
        run = session.scalars(
            select(SheetImport).where(SheetImport.id == run_id).options(joinedload(SheetImport.key))
        ).one()
        if run.state not in UNFINISHED:
            return run
        actor = _author(run)
        try:
            sheet = _reopened(session, run)
        except (RuleBroken, files.Damaged):
            sheet = None
    if sheet is None:
        return runtime.perform(actor, fail_sheet, FailSheet(run_id, "原文件已不在或已损坏，请重新上传。"))
    while run.state in UNFINISHED:
        run = runtime.perform(actor, store_sheet_rows, StoreSheetRows(run_id, run.next_row, sheet))
    return run


def _author(run: SheetImport) -> Actor:
    """Whoever handed the file in, as entries name him."""
    return Actor(ActorKind.MERCHANT, person_id=run.person_id, name=run.person_name, organisation_id=run.merchant_id)


def _reopened(session: Session, run: SheetImport) -> ReadSheet:
    if run.raw_file is None:
        raise RuleBroken(GONE)
    return read_sheet(run.kind, run.file_name, files.get(session, run.key, run.raw_file, RAW_FILE))


def sheet_run(session: Session, actor: Actor, reference: str) -> SheetImport:
    """An import of the actor's own merchant; raises NotFound for strangers."""
    run = session.scalars(
        select(SheetImport)
        .where(SheetImport.reference == reference, SheetImport.merchant_id == (actor.organisation_id or 0))
        .options(joinedload(SheetImport.key))
    ).first()
    if run is None:
        raise NotFound(MISSING)
    return run


def sheet_runs(session: Session, actor: Actor, *, most: int = 20) -> Sequence[SheetImport]:
    """The newest imports of the actor's own merchant."""
    return session.scalars(
        select(SheetImport)
        .where(SheetImport.merchant_id == (actor.organisation_id or 0))
        .order_by(SheetImport.id.desc())
        .limit(most)
    ).all()


@dataclass(frozen=True, slots=True)
class TakeCorrections:
    """The bad rows of an import, as a file."""

    reference: str


def take_corrections(session: Session, actor: Actor, command: TakeCorrections, *, now: datetime) -> IO[bytes]:
    """Write the bad rows with what is wrong with each, and record that they were taken out."""
    run = sheet_run(session, actor, command.reference)
    if actor.organisation_id is None:
        raise NotAllowed(REFUSAL)
    require(actor, Permission.LEDGER_WRITE, Subject(actor.organisation_id))
    sheet = _reopened(session, run)
    problems = {int(line): [sentence for _, sentence in found] for line, found in run.problems.items()}
    out = io.BytesIO()
    count = write_corrections(out, sheet, problems)
    out.seek(0)
    note_access(
        session, actor, AccessKind.EXPORT, SubjectKind.LEDGER, run.ledger_id, at=now, what="corrections", rows=count
    )
    return out


@dataclass(frozen=True, slots=True)
class ForgetSheet:
    """An import whose sealed file may be due to go."""

    run_id: int


def forget_sheet(session: Session, actor: Actor, command: ForgetSheet, *, now: datetime) -> bool:
    """Delete the sealed file of an import that ended seven days ago and destroy its key (decisions 21)."""
    run = session.scalars(
        select(SheetImport)
        .where(SheetImport.id == command.run_id)
        .options(joinedload(SheetImport.key))
        .with_for_update(of=SheetImport)
    ).one()
    if run.raw_file is None or run.ended_at is None or run.ended_at > now - timedelta(days=KEPT_DAYS):
        return False
    files.remove(session, run.raw_file)
    run.raw_file = None
    run.key.wrapped, run.key.destroyed_at = None, now
    return True


def unfinished_sheets(session: Session, *, created_before: datetime) -> Sequence[int]:
    """Imports that wait or were left lying, the oldest first."""
    return session.scalars(
        select(SheetImport.id)
        .where(SheetImport.state.in_(UNFINISHED), SheetImport.created_at < created_before)
        .order_by(SheetImport.id)
    ).all()


def sheets_to_forget(session: Session, *, ended_before: datetime) -> Sequence[int]:
    """Imports whose sealed file is due to go."""
    return session.scalars(
        select(SheetImport.id).where(SheetImport.raw_file.is_not(None), SheetImport.ended_at <= ended_before)
    ).all()
