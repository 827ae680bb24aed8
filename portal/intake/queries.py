"""Imports to look at: the list, one run's progress and result, its refused rows, the report of the command line."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, BinaryIO
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation, Person
from portal.core.actor import Actor
from portal.core.paging import COUNT_CAP, Page, SortKey, keyset_page
from portal.core.privacy import vault_of
from portal.intake.access import fetched_run, runs_visible_to
from portal.intake.models import ImportRefusal, ImportRun, ImportState
from portal.intake.refused_rows import write_refused_rows
from portal.intake.rules import Refusal, RefusalCode, Row
from portal.intake.rules.parsing import REASONS
from portal.intake.storing import CELLS

STALLED_SECONDS = 60  # a run without a commit for so long has lost its process
REFUSED_SHOWN = 200  # refused rows on the page; the file holds all of them
STATE_NAMES = {
    ImportState.QUEUED: "排队中",
    ImportState.RUNNING: "导入中",
    ImportState.DONE: "已完成",
    ImportState.FAILED: "未完成",
}
SOURCE_NAMES = {"12315": "全国 12315 平台", "12345": "12345 热线", "generic": "其他表格"}


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run in the list."""

    reference: str
    file_name: str
    source: str
    authority: str
    person: str
    state: ImportState
    created_at: datetime
    read: int
    totals: dict[str, int]
    id: int

    @property
    def state_name(self) -> str:
        """The state in words."""
        return STATE_NAMES[self.state]


@dataclass(frozen=True, slots=True)
class RunFilter:
    """What the list of runs is narrowed to."""

    text: str = ""
    state: str = ""

    def address(self, path: str) -> str:
        """The path with this filter."""
        query = urlencode({name: value for name, value in (("q", self.text), ("state", self.state)) if value})
        return f"{path}?{query}" if query else path


def imports(session: Session, actor: Actor, wanted: RunFilter, cursor: str | None, *, size: int = 50) -> Page[RunRow]:
    """The runs of the actor's jurisdiction, newest first."""
    query: Any = (
        select(
            ImportRun.reference,
            ImportRun.file_name,
            ImportRun.source,
            Organisation.name,
            Person.name,
            ImportRun.state,
            ImportRun.created_at,
            ImportRun.next_row,
            ImportRun.totals,
            ImportRun.id,
        )
        .join(Organisation, Organisation.id == ImportRun.authority_id)
        .outerjoin(Person, Person.id == ImportRun.person_id)
        .where(*_conditions(actor, wanted))
    )
    page = keyset_page(
        session, query, [SortKey(ImportRun.id.expression, lambda row: row.id, descending=True)], cursor, size=size,
        scalars=False,
    )  # fmt: skip
    rows = [
        RunRow(key, file, SOURCE_NAMES.get(source, source or ""), authority, person or "命令行", *rest)
        for key, file, source, authority, person, *rest in page.rows
    ]
    return Page(rows, page.next_cursor, page.previous_cursor)


def count_imports(session: Session, actor: Actor, wanted: RunFilter) -> int:
    """How many runs the filter finds, capped."""
    found = select(ImportRun.id).where(*_conditions(actor, wanted)).limit(COUNT_CAP + 1).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0


def _conditions(actor: Actor, wanted: RunFilter) -> list[ColumnElement[bool]]:
    conditions = [runs_visible_to(actor)]
    if wanted.text:
        conditions.append(
            or_(ImportRun.file_name.icontains(wanted.text, autoescape=True), ImportRun.reference == wanted.text)
        )
    if wanted.state in set(ImportState):
        conditions.append(ImportRun.state == ImportState(wanted.state))
    return conditions


@dataclass(frozen=True, slots=True)
class RunView:
    """A run with its progress, as `ui.progress` draws it, and its result."""

    reference: str
    file_name: str
    source: str
    authority: str
    person: str
    state: ImportState
    state_name: str
    stalled: bool
    problem: str
    created_at: datetime
    ended_at: datetime | None
    done: int
    total: int
    rate: float  # rows a second of the present attempt
    seconds_left: int | None
    totals: dict[str, int]
    refused: int
    refused_rows: tuple[tuple[int, str, str], ...]  # line, number, reason
    can_download: bool  # the refused rows' cells are still kept

    @property
    def is_at_work(self) -> bool:
        """Say whether the page should ask again."""
        return self.state in (ImportState.QUEUED, ImportState.RUNNING)

    @property
    def can_resume(self) -> bool:
        """Say whether somebody may take the run up again."""
        return self.stalled or self.state is ImportState.FAILED


def run_view(session: Session, actor: Actor, reference: str, *, now: datetime) -> RunView:
    """One run of the actor's jurisdiction; raises NotFound for strangers."""
    run = fetched_run(session, actor, reference)
    authority = session.scalar(select(Organisation.name).where(Organisation.id == run.authority_id)) or ""
    person = session.scalar(select(Person.name).where(Person.id == run.person_id)) if run.person_id else None
    refused = session.execute(
        select(ImportRefusal.row, ImportRefusal.number, ImportRefusal.code)
        .where(ImportRefusal.import_id == run.id)
        .order_by(ImportRefusal.row)
        .limit(REFUSED_SHOWN)
    ).all()
    rate, left = _pace(run)
    return RunView(
        reference=run.reference,
        file_name=run.file_name,
        source=SOURCE_NAMES.get(run.source or "", run.source or ""),
        authority=authority,
        person=person or "命令行",
        state=run.state,
        state_name=STATE_NAMES[run.state],
        stalled=is_stalled(run, now=now),
        problem=run.problem or "",
        created_at=run.created_at,
        ended_at=run.ended_at,
        done=run.next_row,
        total=run.total_rows or 0,
        rate=rate,
        seconds_left=left,
        totals=run.totals,
        refused=run.totals.get("refused", 0),
        refused_rows=tuple((line, number, reason_of(code)) for line, number, code in refused),
        can_download=bool(refused) and run.key.wrapped is not None,
    )


def is_stalled(run: ImportRun, *, now: datetime) -> bool:
    """Say whether an unfinished run stands still: its process was lost, or nobody ever took it up."""
    if run.state not in (ImportState.QUEUED, ImportState.RUNNING):
        return False
    return (run.progressed_at or run.created_at) < now - timedelta(seconds=STALLED_SECONDS)


def _pace(run: ImportRun) -> tuple[float, int | None]:
    if run.state is not ImportState.RUNNING or run.attempt_at is None or run.progressed_at is None:
        return 0.0, None
    seconds = (run.progressed_at - run.attempt_at).total_seconds()
    rows = run.next_row - run.attempt_row
    if seconds <= 0 or rows <= 0:
        return 0.0, None
    rate = rows / seconds
    return rate, round(max((run.total_rows or 0) - run.next_row, 0) / rate)


def reason_of(code: str) -> str:
    """What whoever corrects a refused row has to do."""
    return REASONS[RefusalCode(code)]


def write_refused(session: Session, actor: Actor, reference: str, target: BinaryIO) -> int:
    """Write a run's refused rows as an XLSX to be corrected and imported again; returns how many."""
    run = fetched_run(session, actor, reference)
    rows = session.execute(
        select(ImportRefusal.row, ImportRefusal.number, ImportRefusal.code, ImportRefusal.cells_sealed)
        .where(ImportRefusal.import_id == run.id)
        .order_by(ImportRefusal.row)
    ).all()
    vault = vault_of(session)
    refused = (
        (Row(line, _cells(vault.open(run.key, sealed, CELLS))), Refusal(line, RefusalCode(code), number))
        for line, number, code, sealed in rows
        if sealed is not None and run.key.wrapped is not None
    )
    return write_refused_rows(target, run.headers["names"], refused)


def _cells(stored: str) -> tuple[str | int | float | bool | None, ...]:
    return tuple(json.loads(stored))


def import_report(session: Session, run_id: int) -> dict[str, Any]:
    """The totals of the whole file, in the shape of the contract."""
    run = session.get_one(ImportRun, run_id, populate_existing=True)
    refusals = session.execute(
        select(ImportRefusal.row, ImportRefusal.number, ImportRefusal.code)
        .where(ImportRefusal.import_id == run_id)
        .order_by(ImportRefusal.row)
    )
    return {
        "read": run.next_row,
        **{name: run.totals.get(name, 0) for name in ("created", "tips", "routed", "waiting", "merged")},
        **{name: run.totals.get(name, 0) for name in ("repeated", "changed", "refused")},
        "refusals": [{"row": row, "number": number, "code": code} for row, number, code in refusals],
    }


def unfinished_runs(session: Session, *, now: datetime) -> list[int]:
    """The ids of runs that nobody is at, oldest first."""
    since = now - timedelta(seconds=STALLED_SECONDS)
    return list(
        session.scalars(
            select(ImportRun.id)
            .where(
                ImportRun.state.in_([ImportState.QUEUED, ImportState.RUNNING]),
                func.coalesce(ImportRun.progressed_at, ImportRun.created_at) < since,
            )
            .order_by(ImportRun.id)
        )
    )


def runs_to_forget(session: Session, *, ended_before: datetime) -> list[int]:
    """The ids of runs whose raw file has been kept long enough."""
    return list(
        session.scalars(
            select(ImportRun.id)
            .where(ImportRun.stored_at.is_not(None), ImportRun.ended_at <= ended_before)
            .order_by(ImportRun.id)
        )
    )
