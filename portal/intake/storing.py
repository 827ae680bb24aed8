"""Storing a batch of rows with the run's progress and totals: one action, one commit."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from portal.cases import steps
from portal.cases.models import Case
from portal.cases.rules import CaseState
from portal.clocks import rules as clocks
from portal.core import facts, search
from portal.core.actor import Actor
from portal.core.bulk import form_of, load, write_lines
from portal.core.db import Model, take_ids
from portal.core.errors import Refused, Stale
from portal.core.facts import Fact, Outbox, SubjectKind, Topic
from portal.core.privacy import DataKey, vault_of
from portal.core.search import Document
from portal.documents.numbers import take_numbers
from portal.intake import changing, leading, rules, values
from portal.intake.access import locked_run
from portal.intake.batches import Batch, Changed
from portal.intake.composing import CASE_LATE, FILING_LATE, TIP_LATE, Joining, Opening, Registered
from portal.intake.models import Filing, ImportRefusal, ImportRun, ImportState, Tip
from portal.intake.rules import Refusal, Row, WaitingReason
from portal.intake.rules.cells import text_of

CELLS = "import.cells"  # sealing purpose
AGREED_ELSEWHERE = (WaitingReason.LOCAL_DIVERSION, WaitingReason.NO_DIVERSION)  # another channel's word lifts these


class Overtaken(Refused):
    """Another process has taken the run over; this one stops and has stored nothing twice."""


@dataclass(frozen=True, slots=True)
class StoreBatch:
    """A prepared batch of a run's attempt."""

    run_id: int
    attempt: int
    batch: Batch


def store_batch(session: Session, actor: Actor, command: StoreBatch, *, now: datetime) -> ImportRun:
    """Store rows, refusals, totals and progress together.

    Raises Overtaken where a newer attempt is at the run, Stale where a case to be joined has closed meanwhile or
    (by the unique index) another process has stored one of the numbers: the batch is then prepared anew.
    """
    batch = command.batch
    run = locked_run(session, command.run_id)
    if run.attempt != command.attempt or run.state is not ImportState.RUNNING:
        raise Overtaken("这个文件正由另一个进程导入，请稍后在导入列表里查看结果。")
    origin = Origin(run.id, run.reference)
    key_ids = _store_keys(session, [one.wrapped for one in batch.openings], at=batch.at)
    open_cases(session, actor, origin, batch.openings, key_ids, at=batch.at)
    join_cases(session, actor, origin, batch.joinings, at=batch.at)
    _register_tips(session, actor, run, batch.tips, at=batch.at)
    _take_changes(session, actor, run, batch.changed, at=batch.at)
    _keep_refusals(session, run, batch.refusals)
    _progress(run, batch, now=now)
    return run


@dataclass(frozen=True, slots=True)
class Origin:
    """The run that brought filings in; the green channel has none."""

    import_id: int | None = None
    reference: str = ""

    def told_of(self, source: str, number: str) -> dict[str, Any]:
        """What a fact says of where a filing comes from."""
        said: dict[str, Any] = {"source": source, "number": number}
        return {**said, "import": self.reference} if self.reference else said


def open_cases(
    session: Session,
    actor: Actor,
    origin: Origin,
    openings: Sequence[Opening],
    key_ids: Sequence[int],
    *,
    at: datetime,
) -> list[int]:
    """Store cases with their filings, make them findable, tell of them; `key_ids` are the rows of their keys.

    Returns the ids of the cases.
    """
    if not openings:
        return []
    dialect = session.get_bind().dialect
    references = take_references(session, [one.prefix for one in openings], at=at)
    case_ids = take_ids(session, Case, len(openings))
    cases = zip(case_ids, key_ids, references, strict=True)
    write_lines(session, form_of(Case, CASE_LATE, dialect), cases, [one.case for one in openings])
    filings = [(key_id, case_id, origin.import_id) for key_id, case_id in zip(key_ids, case_ids, strict=True)]
    write_lines(session, form_of(Filing, FILING_LATE, dialect), filings, [one.filing for one in openings])
    documents = [
        Document(case_id, reference, steps.search_scopes(one.merchant_id, list(one.upwards)), one.cut)
        for one, case_id, reference in zip(openings, case_ids, references, strict=True)
    ]
    search.index_documents(session, search.CASE_SEARCH, documents)
    _record(session, actor, _openings_told(origin, openings, case_ids), at=at)
    return case_ids


Told = tuple[Topic, SubjectKind, int, dict[str, Any]]


def _openings_told(origin: Origin, openings: Sequence[Opening], case_ids: Sequence[int]) -> list[Told]:
    told: list[Told] = []
    for one, case_id in zip(openings, case_ids, strict=True):
        told.append((Topic.CASE_OPENED, SubjectKind.CASE, case_id, origin.told_of(one.source, one.number)))
        if one.merchant_id is not None:
            detail = {"merchant_id": one.merchant_id}
            told.append((Topic.CASE_DISPATCHED, SubjectKind.CASE, case_id, detail))
    return told


def take_references(session: Session, prefixes: Sequence[str], *, at: datetime) -> list[str]:
    """Number cases consecutively within prefix and month: HL2608-0001."""
    month = clocks.local_day(at).strftime("%y%m")
    blocks = {
        prefix: iter(take_numbers(session, f"case:{prefix}{month}", prefixes.count(prefix)))
        for prefix in sorted(set(prefixes))  # one order for all: two imports never wait for each other
    }
    return [f"{prefix}{month}-{next(blocks[prefix]):04d}" for prefix in prefixes]


def join_cases(session: Session, actor: Actor, origin: Origin, joinings: Sequence[Joining], *, at: datetime) -> None:
    """Store filings with the open cases that they join (decisions 9); raises Stale where one has closed meanwhile."""
    if not joinings:
        return
    ids = sorted({one.case_id for one in joinings})
    cases = {
        case.id: case
        for case in session.scalars(
            select(Case)
            .where(Case.id.in_(ids))
            .order_by(Case.id)
            .options(joinedload(Case.key))
            .with_for_update(of=Case)
        )
    }
    if any(not case.is_open for case in cases.values()):
        raise Stale("一件要并入的纠纷刚刚办结。")
    rows = [
        {**one.filing, "key_id": cases[one.case_id].key_id, "case_id": one.case_id, "import_id": origin.import_id}
        for one in joinings
    ]
    before = leading.sources_of(session, ids)
    load(session, Filing, rows)
    told: list[Told] = []
    for one in joinings:
        case = cases[one.case_id]
        row = one.judged.row
        told.append((Topic.CASE_MERGED, SubjectKind.CASE, case.id, origin.told_of(row.source.value, row.number)))
        leading.take_in(session, case, one.case, before[case.id], decide_by=one.filing["decide_by"])
        before[case.id].add(row.source.value)
        case.last_event_at = at
        if _lifts_the_wait(one, case) and one.judged.decided.merchant_id is not None:
            steps.dispatch(session, actor, case, one.judged.decided.merchant_id, now=at, joined=True)
    _record(session, actor, told, at=at)
    for case in cases.values():
        reindex(session, case)


def _lifts_the_wait(joining: Joining, case: Case) -> bool:
    """Only the missing word of the platform held the case back, and this filing's platform has said it."""
    return (
        joining.judged.decided.dispatched and case.state is CaseState.WAITING and case.wait_reason in AGREED_ELSEWHERE
    )


def reindex(session: Session, case: Case) -> None:
    """Make a case's search document anew from all its filings; the case's key must be loaded."""
    vault = vault_of(session)
    filings = session.scalars(select(Filing).where(Filing.case_id == case.id).order_by(Filing.id)).all()
    texts = [
        "\n".join(
            [
                filing.number,
                filing.company_name,
                filing.object_path,
                filing.problem_path,
                vault.open(case.key, filing.text_sealed, "filing.text"),
            ]
        )
        for filing in filings
    ]
    content = "\n".join([case.reference, case.headline, *texts])[: values.INDEXED]
    scopes = steps.search_scopes(case.merchant_id, steps.authorities_upwards(session, case.authority_id))
    search.forget(session, search.CASE_SEARCH, case.id)
    search.index_documents(session, search.CASE_SEARCH, [Document(case.id, content, scopes)])


def _register_tips(session: Session, actor: Actor, run: ImportRun, tips: Sequence[Registered], *, at: datetime) -> None:
    if not tips:
        return
    key_ids = _store_keys(session, [one.wrapped for one in tips], at=at)
    tip_ids = take_ids(session, Tip, len(tips))
    rows = [(tip_id, key_id, run.id) for tip_id, key_id in zip(tip_ids, key_ids, strict=True)]
    form = form_of(Tip, TIP_LATE, session.get_bind().dialect)
    write_lines(session, form, rows, [one.tip for one in tips])
    documents = [
        Document(tip_id, "", tuple(search.authority_scope(above) for above in one.upwards), one.cut)
        for one, tip_id in zip(tips, tip_ids, strict=True)
    ]
    search.index_documents(session, search.TIP_SEARCH, documents)
    told: list[Told] = [(Topic.TIP_REGISTERED, SubjectKind.TIP, tip_id, {}) for tip_id in tip_ids]
    _record(session, actor, told, at=at)


def _take_changes(session: Session, actor: Actor, run: ImportRun, changes: Sequence[Changed], *, at: datetime) -> None:
    """Take the platform's new word: its status and date. Text and number stay as they were first sent."""
    for change in changes:
        row = change.row
        filing = session.scalars(
            select(Filing)
            .where(Filing.source == row.source.value, Filing.number == row.number)
            .options(joinedload(Filing.case))
        ).first()
        if filing is None:
            tip_id = session.scalars(
                update(Tip)
                .where(Tip.source == row.source.value, Tip.number == row.number)
                .values(row_digest=change.digest)
                .returning(Tip.id)
            ).one()
            facts.record(session, actor, Topic.TIP_CHANGED, SubjectKind.TIP, tip_id, at=at)
            continue
        detail: dict[str, Any] = {"before": filing.platform_status, "status": row.status, "import": run.reference}
        filing.row_digest, filing.platform_status = change.digest, row.status or filing.platform_status
        if row.platform_due_on is not None and row.platform_due_on != filing.platform_due_on:
            filing.platform_due_on = row.platform_due_on
            detail["due"] = row.platform_due_on.isoformat()
            _take_platform_day(session, filing, now=at)
        filing.changed_at = at
        facts.record(session, actor, Topic.FILING_CHANGED, SubjectKind.FILING, filing.id, at=at, **detail)
        changing.tell_case(session, actor, filing, detail, at=at)


def _take_platform_day(session: Session, filing: Filing, *, now: datetime) -> None:
    case = filing.case
    if case.source != filing.source:  # a case shows the day of its first filing
        return
    case.platform_due_on, case.platform_due_inferred = filing.platform_due_on, False
    steps.set_clocks(session, case, now=now)


def _keep_refusals(session: Session, run: ImportRun, refusals: Sequence[tuple[Row, Refusal]]) -> None:
    if not refusals:
        return
    key = session.get_one(DataKey, run.key_id)
    vault = vault_of(session)
    rows = [
        {
            "import_id": run.id,
            "row": refusal.line,
            "number": refusal.number[:200],
            "code": refusal.code.value,
            "cells_sealed": vault.seal(key, _cells_text(row), CELLS),
        }
        for row, refusal in refusals
    ]
    load(session, ImportRefusal, rows)


def _cells_text(row: Row) -> str:
    stored = [rules.storable(cell) for cell in row.cells]
    return json.dumps([text_of(cell) if isinstance(cell, str) else cell for cell in stored], ensure_ascii=False)


def _progress(run: ImportRun, batch: Batch, *, now: datetime) -> None:
    counted = {
        "created": len(batch.openings) + len(batch.joinings),
        "tips": len(batch.tips),
        "routed": sum(one.merchant_id is not None for one in batch.openings),
        "waiting": sum(one.merchant_id is None for one in batch.openings),
        "merged": len(batch.joinings),
        "repeated": batch.repeated,
        "changed": len(batch.changed),
        "refused": len(batch.refusals),
    }
    run.totals = {name: run.totals.get(name, 0) + count for name, count in counted.items()}
    run.next_row += batch.read
    run.last_line = batch.last_line
    run.progressed_at = now


def _store_keys(session: Session, wrapped: Sequence[bytes], *, at: datetime) -> list[int]:
    return _inserted(session, DataKey, [{"wrapped": one, "created_at": at} for one in wrapped])


def _inserted(session: Session, model: type[Model], rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Insert rows at once under ids taken beforehand, which costs a fraction of RETURNING; returns the ids."""
    ids = take_ids(session, model, len(rows))
    load(session, model, [{"id": key, **row} for key, row in zip(ids, rows, strict=True)])
    return ids


def _record(session: Session, actor: Actor, told: Sequence[Told], *, at: datetime) -> None:
    """Write facts and their outbox rows at once, as `facts.record` does for one."""
    if not told:
        return
    who = {
        "actor_kind": actor.kind,
        "actor_id": actor.person_id,
        "actor_organisation_id": actor.organisation_id,
        "actor_name": actor.name,
        "at": at,
    }
    rows = [
        {"topic": topic, "subject_kind": kind, "subject_id": subject_id, "detail": detail, **who}
        for topic, kind, subject_id, detail in told
    ]
    fact_ids = _inserted(session, Fact, rows)
    load(session, Outbox, [{"fact_id": fact_id, "not_before": at} for fact_id in fact_ids])
    session.info["facts_recorded"] = session.info.get("facts_recorded", 0) + len(rows)
