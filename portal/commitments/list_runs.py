"""A directory list handed in on the desk: kept sealed, imported some rows a commit, continued where it stopped."""

import hashlib
import io
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.accounts.models import Membership, Organisation
from portal.accounts.queries import actor_of
from portal.commitments.importing import ROWS_A_COMMIT, ImportPromises, import_promises
from portal.commitments.list_files import read_list
from portal.commitments.rules.lists import ListRow, portions
from portal.commitments.run_models import ListRun, ListState
from portal.core import files
from portal.core.access import AccessKind, note_access
from portal.core.actor import SYSTEM, Actor
from portal.core.errors import NotAllowed, NotFound, Refused, RuleBroken, Stale
from portal.core.facts import SubjectKind
from portal.core.permissions import REFUSAL, Permission, require
from portal.core.privacy import vault_of
from portal.core.sheets import write_sheet
from portal.core.workbooks import UnreadableFile
from portal.enrolment.actions import Under
from portal.runtime import Runtime

IN_REQUEST = 1_000  # rows that a request imports to the end, some seconds; more go to a worker
LEFT_LYING = timedelta(minutes=2)  # after which nobody is taken to be at a list of a request's length
KEPT_DAYS = 7  # the sealed file after the end (decisions 21): a list may name people
RAW_FILE = "promise.list"  # sealing purpose
UNFINISHED = (ListState.QUEUED, ListState.RUNNING)
MISSING = "没有这次导入，或者它不归你的单位。"
GONE = "原文件已不在或已损坏，请重新上传。"
NOBODY = "上传文件的人已不在原单位，导入没有继续。请由现在的经办人员重新上传。"
HEADERS = ("行号", "信用代码", "怎样改正")

Firms = Sequence[Sequence[ListRow]]


@dataclass(frozen=True, slots=True)
class StartList:
    """A file that `read_list` has read."""

    name: str
    content: bytes
    rows: int


def start_list(session: Session, actor: Actor, command: StartList, *, now: datetime) -> ListRun:
    """Keep the file sealed and queue its import into the lists of the actor's authority; the same file is the same run."""
    if actor.organisation_id is None or actor.person_id is None:
        raise NotAllowed(REFUSAL)
    require(actor, Permission.PROMISE_IMPORT, Under(actor.organisation_id))
    digest = hashlib.sha256(command.content).hexdigest()
    query = select(ListRun).where(ListRun.authority_id == actor.organisation_id, ListRun.digest == digest)
    before = session.scalars(query.options(joinedload(ListRun.key))).first()
    if before is not None:
        return _taken_up(session, before, command)
    key = vault_of(session).new_key(session, now=now)
    run = ListRun(
        reference=secrets.token_hex(6),
        authority_id=actor.organisation_id,
        person_id=actor.person_id,
        person_name=actor.name,
        digest=digest,
        file_name=command.name,
        key=key,
        raw_file=files.put(session, key, command.content, RAW_FILE),
        total_rows=command.rows,
        problems={},
        created_at=now,
    )
    session.add(run)
    session.flush()
    return run


def _taken_up(session: Session, run: ListRun, command: StartList) -> ListRun:
    """Go on with a run that had failed, now that its file is here again."""
    if run.state is ListState.FAILED and run.key.wrapped is not None:
        run.state, run.problem, run.ended_at = ListState.QUEUED, None, None
        run.raw_file = files.put(session, run.key, command.content, RAW_FILE)
    return run


@dataclass(frozen=True, slots=True)
class TakePortion:
    """The firms of a run from a portion on; `last` says that nothing follows."""

    run_id: int
    place: int
    firms: Firms
    last: bool


def take_portion(session: Session, actor: Actor, command: TakePortion, *, now: datetime) -> ListRun:
    """Import some firms and say so on the run, in one transaction; raises Stale where another process was faster."""
    run = session.scalars(select(ListRun).where(ListRun.id == command.run_id).with_for_update()).one()
    if run.state not in UNFINISHED or run.next_portion != command.place:
        raise Stale("这次导入正由别的进程继续。请刷新页面。")
    if command.firms:
        code = session.get_one(Organisation, run.authority_id).code
        found = import_promises(session, actor, ImportPromises(code, command.firms), now=now)
        run.read += found.read
        run.made += found.created
        run.changed += found.changed
        run.unchanged += found.unchanged
        run.problems = {**run.problems, **{str(one.line): [one.code, one.text] for one in found.problems}}
    run.next_portion, run.state = command.place + 1, ListState.RUNNING
    if command.last:
        run.state, run.ended_at = ListState.DONE, now
    return run


@dataclass(frozen=True, slots=True)
class FailList:
    """A run that cannot go on, and why."""

    run_id: int
    problem: str


def fail_list(session: Session, actor: Actor, command: FailList, *, now: datetime) -> ListRun:
    """End a run that cannot go on; what was imported stays."""
    run = session.scalars(select(ListRun).where(ListRun.id == command.run_id).with_for_update()).one()
    if run.state in UNFINISHED:
        run.state, run.problem, run.ended_at = ListState.FAILED, command.problem, now
    return run


def run_list(runtime: Runtime, run_id: int) -> ListRun:
    """Import a list to its end, from where it stopped, as whoever handed it in; an ended run is given back.

    Raises Stale where another process is at it; a file that is gone, or a refusal, ends the run as failed.
    """
    with runtime.reading() as session:
        run = session.scalars(select(ListRun).where(ListRun.id == run_id).options(joinedload(ListRun.key))).one()
        if run.state not in UNFINISHED:
            return run
        author, cut = _author(session, run), _reopened(session, run)
    if author is None or cut is None:
        return runtime.perform(SYSTEM, fail_list, FailList(run_id, GONE if author is not None else NOBODY))
    try:
        while run.state in UNFINISHED:
            place = run.next_portion
            firms: Firms = cut[place] if place < len(cut) else ()
            run = runtime.perform(author, take_portion, TakePortion(run_id, place, firms, place + 1 >= len(cut)))
    except Stale:
        raise
    except Refused as refusal:
        return runtime.perform(author, fail_list, FailList(run_id, refusal.text))
    return run


def seen_run(session: Session, actor: Actor, reference: str) -> ListRun:
    """A run of the actor's own authority; raises NotFound for strangers."""
    query = select(ListRun).where(ListRun.reference == reference, ListRun.authority_id == (actor.organisation_id or 0))
    run = session.scalars(query.options(joinedload(ListRun.key))).first()
    if run is None:
        raise NotFound(MISSING)
    return run


def own_runs(session: Session, actor: Actor, *, most: int = 20) -> Sequence[ListRun]:
    """The newest runs of the actor's own authority."""
    query = select(ListRun).where(ListRun.authority_id == (actor.organisation_id or 0))
    return session.scalars(query.order_by(ListRun.id.desc()).limit(most)).all()


@dataclass(frozen=True, slots=True)
class TakeProblems:
    """What was wrong with a run's rows, as a file."""

    reference: str


def take_problems(session: Session, actor: Actor, command: TakeProblems, *, now: datetime) -> IO[bytes]:
    """Write the lines that were not taken, with what is wrong with each, and record that they were taken out."""
    run = seen_run(session, actor, command.reference)
    lines = sorted((int(line), code, text) for line, (code, text) in run.problems.items())
    note_access(session, actor, AccessKind.EXPORT, SubjectKind.ORGANISATION, run.authority_id, at=now, rows=len(lines))
    return write_sheet(
        "没有导入的行", HEADERS, ((str(line), code, text) for line, code, text in lines), widths=(8, 24, 80)
    )


@dataclass(frozen=True, slots=True)
class ForgetList:
    """A run whose sealed file may be due to go."""

    run_id: int


def forget_list(session: Session, actor: Actor, command: ForgetList, *, now: datetime) -> bool:
    """Delete the sealed file of a run that ended seven days ago and destroy its key (decisions 21)."""
    query = select(ListRun).where(ListRun.id == command.run_id).options(joinedload(ListRun.key))
    run = session.scalars(query).one()
    if run.raw_file is None or run.ended_at is None or run.ended_at > now - timedelta(days=KEPT_DAYS):
        return False
    files.remove(session, run.raw_file)
    run.raw_file, run.key.wrapped, run.key.destroyed_at = None, None, now
    return True


def unfinished_lists(session: Session, *, created_before: datetime) -> Sequence[int]:
    """Runs at which nobody may be any more."""
    query = select(ListRun.id).where(ListRun.state.in_(UNFINISHED), ListRun.created_at < created_before)
    return session.scalars(query.order_by(ListRun.id)).all()


def lists_to_forget(session: Session, *, ended_before: datetime) -> Sequence[int]:
    """Runs whose file's days are over."""
    query = select(ListRun.id).where(ListRun.raw_file.is_not(None), ListRun.ended_at <= ended_before)
    return session.scalars(query.order_by(ListRun.id).limit(500)).all()


def _author(session: Session, run: ListRun) -> Actor | None:
    """Whoever handed the list in, with the rights he has now; None where he left."""
    query = select(Membership).where(
        Membership.person_id == run.person_id, Membership.organisation_id == run.authority_id
    )
    loaded = query.options(joinedload(Membership.person), joinedload(Membership.organisation))
    membership = session.scalars(loaded).first()
    return actor_of(session, membership) if membership is not None and membership.person.active else None


def _reopened(session: Session, run: ListRun) -> list[Firms] | None:
    if run.raw_file is None:
        return None
    try:
        content = files.get(session, run.key, run.raw_file, RAW_FILE)
        return list(portions(read_list(io.BytesIO(content)), ROWS_A_COMMIT))
    except (files.Damaged, UnreadableFile, RuleBroken):
        return None
