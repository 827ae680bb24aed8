"""Runs of imports: start one, begin an attempt at it, end it. What a run stores is in `storing`."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.accounts.models import Organisation, OrganisationKind
from portal.accounts.queries import organisation_by_code
from portal.core import facts, files
from portal.core.actor import Actor, ActorKind
from portal.core.errors import NotFound, RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require
from portal.core.privacy import vault_of
from portal.intake import rules
from portal.intake.access import fetched_run, locked_run
from portal.intake.models import ImportRefusal, ImportRun, ImportState
from portal.intake.uploads import Upload

RAW_FILE = "import.file"  # sealing purpose
KEPT_DAYS = 7  # raw files and refused rows after the end of a run (decisions 21)
COUNTS = ("created", "tips", "routed", "waiting", "merged", "repeated", "changed", "refused")
UNFINISHED = (ImportState.QUEUED, ImportState.RUNNING)
NO_AUTHORITY = "文件里的处理机构对不上任何监管部门。请用 --authority 给出监管部门代码，或更正“处理机构”一列。"
FILE_GONE = "原文件已按规定删除，不能继续导入。请重新上传文件。"


@dataclass(frozen=True, slots=True)
class StartImport:
    """A file that was read, and the authority it is for (None: its 处理机构 says)."""

    upload: Upload
    authority_code: str | None = None


def start_import(session: Session, actor: Actor, command: StartImport, *, now: datetime) -> ImportRun:
    """Store the file sealed and queue its run; an unfinished run of the same file and authority is given back.

    Refuses with RuleBroken where no authority is found, with NotAllowed outside the actor's jurisdiction.
    """
    authority = _authority_for(session, actor, command)
    require(actor, Permission.IMPORT_RUN, _Lies(authority.id))
    upload = command.upload
    unfinished = session.scalars(
        select(ImportRun)
        .where(
            ImportRun.digest == upload.digest,
            ImportRun.authority_id == authority.id,
            ImportRun.state.in_(UNFINISHED),
        )
        .with_for_update()
    ).first()
    if unfinished is not None:
        if unfinished.source == upload.source.value and unfinished.mapping == upload.mapping:
            return unfinished
        _end(session, actor, unfinished, ImportState.FAILED, "改用别的来源或列对照重新导入。", now=now)
        session.flush()
    return _new_run(session, actor, upload, authority.id, now=now)


def _new_run(session: Session, actor: Actor, upload: Upload, authority_id: int, *, now: datetime) -> ImportRun:
    key = vault_of(session).new_key(session, now=now)
    run = ImportRun(
        reference=secrets.token_hex(6),
        authority_id=authority_id,
        person_id=actor.person_id,
        key=key,
        digest=upload.digest,
        file_name=upload.name[-200:],
        source=upload.source.value,
        mapping=dict(upload.mapping),
        headers={"names": list(upload.headers)},
        stored_at=files.put(session, key, upload.content, RAW_FILE),
        total_rows=upload.lines,
        totals=dict.fromkeys(COUNTS, 0),
        created_at=now,
    )
    session.add(run)
    session.flush()
    facts.record(
        session,
        actor,
        Topic.IMPORT_STARTED,
        SubjectKind.IMPORT,
        run.id,
        at=now,
        reference=run.reference,
        authority_id=authority_id,
    )
    return run


@dataclass(frozen=True, slots=True)
class _Lies:
    authority_id: int


def _authority_for(session: Session, actor: Actor, command: StartImport) -> Organisation:
    if command.authority_code:
        given = organisation_by_code(session, command.authority_code)
        if given is None or given.kind not in (OrganisationKind.AUTHORITY, OrganisationKind.COUNCIL):
            raise NotFound(f"没有代码为 {command.authority_code} 的监管部门。请先导入监管部门。", field="authority")
        return given
    everyone = session.scalars(
        select(Organisation)
        .where(Organisation.kind.in_([OrganisationKind.AUTHORITY, OrganisationKind.COUNCIL]))
        .order_by(Organisation.id)
    ).all()
    named = _named_authority(everyone, command.upload.authorities)
    if actor.kind is not ActorKind.AUTHORITY:
        if named is None:
            raise RuleBroken(NO_AUTHORITY, field="authority")
        return named
    if named is not None and named.id not in actor.jurisdiction:
        raise RuleBroken(f"文件的处理机构是“{named.name}”，不在你的辖区内，没有导入。", field="file")
    own = next(one for one in everyone if one.id == actor.organisation_id)
    return named or own


def _named_authority(everyone: Sequence[Organisation], written: Sequence[str]) -> Organisation | None:
    """The authority the file names; where it names several, the nearest one above them all."""
    names = {one.id: one.name for one in everyone}
    found = {key for text in written if (key := rules.find_authority(text, names)) is not None}
    if not found:
        return None
    by_id = {one.id: one for one in everyone}
    paths = [by_id[key].ancestry() for key in found]
    shared = [level[0] for level in zip(*paths, strict=False) if len(set(level)) == 1]
    return by_id.get(shared[-1]) if shared else None


@dataclass(frozen=True, slots=True)
class ResumeImport:
    """A run that stopped before the end of its file."""

    reference: str


def resume_import(session: Session, actor: Actor, command: ResumeImport, *, now: datetime) -> ImportRun:
    """Queue a run again that had failed or lost its process; it goes on behind the last row it committed."""
    run = fetched_run(session, actor, command.reference)
    require(actor, Permission.IMPORT_RUN, run)
    run = locked_run(session, run.id)
    if run.state is ImportState.DONE:
        raise RuleBroken("这次导入已经完成，不需要继续。")
    if run.stored_at is None:
        raise RuleBroken(FILE_GONE)
    run.state, run.problem, run.ended_at, run.progressed_at = ImportState.QUEUED, None, None, now
    return run


@dataclass(frozen=True, slots=True)
class BeginAttempt:
    """A process sets about a run."""

    run_id: int


def begin_attempt(session: Session, actor: Actor, command: BeginAttempt, *, now: datetime) -> ImportRun:
    """Take a run over: whatever process was at it before can commit no more. Ended runs are given back as they are."""
    run = locked_run(session, command.run_id)
    if run.state not in UNFINISHED:
        return run
    if run.stored_at is None:
        raise RuleBroken(FILE_GONE)
    run.state, run.problem, run.ended_at = ImportState.RUNNING, None, None
    run.started_at = run.started_at or now
    run.attempt += 1
    run.attempt_at, run.attempt_row, run.progressed_at = now, run.next_row, now
    return run


@dataclass(frozen=True, slots=True)
class EndAttempt:
    """The file was read to its end, or a problem stopped it."""

    run_id: int
    attempt: int
    problem: str | None = None


def end_attempt(session: Session, actor: Actor, command: EndAttempt, *, now: datetime) -> ImportRun:
    """Close a run; nothing happens where a newer attempt has taken over."""
    run = locked_run(session, command.run_id)
    if run.attempt == command.attempt and run.state is ImportState.RUNNING:
        state = ImportState.FAILED if command.problem else ImportState.DONE
        _end(session, actor, run, state, command.problem, now=now)
    return run


def _end(
    session: Session, actor: Actor, run: ImportRun, state: ImportState, problem: str | None, *, now: datetime
) -> None:
    run.state, run.problem, run.ended_at = state, problem, now
    if state is ImportState.DONE:
        run.total_rows = run.next_row
    facts.record(
        session, actor, Topic.IMPORT_ENDED, SubjectKind.IMPORT, run.id, at=now, state=state.value, read=run.next_row
    )


@dataclass(frozen=True, slots=True)
class ForgetRawFile:
    """A run whose raw file has been kept long enough."""

    run_id: int


def forget_raw_file(session: Session, actor: Actor, command: ForgetRawFile, *, now: datetime) -> bool:
    """Delete the sealed file and destroy its key, so that refused rows and backups open no more (decisions 21)."""
    run = session.scalars(
        select(ImportRun)
        .where(ImportRun.id == command.run_id)
        .options(joinedload(ImportRun.key))
        .with_for_update(of=ImportRun)
    ).one()
    if run.stored_at is None or run.ended_at is None or run.ended_at > now - timedelta(days=KEPT_DAYS):
        return False
    files.remove(session, run.stored_at)
    run.stored_at = None
    run.key.wrapped, run.key.destroyed_at = None, now
    refusals = session.scalars(select(ImportRefusal).where(ImportRefusal.import_id == run.id)).all()
    for refusal in refusals:
        refusal.cells_sealed = None
    return True
