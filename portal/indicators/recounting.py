"""The nightly recount: every case and every total looked at again; what disagrees is corrected and told.

Looking takes no lock. A disagreement is looked at a second time under the lock; a case whose fact still waits in the
outbox is none, for its recount is on the way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, select, union_all
from sqlalchemy.orm import Session

from portal.cases.models import Case
from portal.core import facts
from portal.core.actor import SYSTEM, Actor
from portal.core.facts import Fact, Outbox, SubjectKind, Topic
from portal.indicators.counting import Cell, add_deltas, differing_cases, lock_totals, recount_cases
from portal.indicators.folding import ONE_ROW, state_of
from portal.indicators.models import CaseTally, Tally, TallyDelta, TallyState
from portal.indicators.queries import CAUSE, DESK, OWED, UNDATED, Indicator
from portal.runtime import Runtime

LOOKED_AT = 500  # cases a statement


def recount_all(runtime: Runtime) -> int:
    """Recount everything; returns how many cases and totals had to be corrected. The first one fills the rollups."""
    with runtime.reading() as session:
        is_first = state_of(session) is None
    corrected = checked = last = 0
    while True:
        with runtime.reading() as session:
            ids = _next_cases(session, last)
            suspects = differing_cases(session, ids) if ids else []
        if not ids:
            break
        checked, last = checked + len(ids), ids[-1]
        if suspects:
            corrected += runtime.perform(SYSTEM, correct_cases, CorrectCases(tuple(suspects)))
    with runtime.reading() as session:
        disagree = bool(wrong_totals(session))
    if disagree:
        corrected += runtime.perform(SYSTEM, correct_totals, None)
    found = 0 if is_first else corrected
    runtime.perform(SYSTEM, end_recount, EndRecount(checked, found))
    return found


@dataclass(frozen=True, slots=True)
class CorrectCases:
    """Cases that seemed to add something else than what the rollups hold."""

    case_ids: tuple[int, ...]


def correct_cases(session: Session, actor: Actor, command: CorrectCases, *, now: datetime) -> int:
    """Recount those that nobody is about to recount; returns how many really differed."""
    lock_totals(session)
    return recount_cases(session, [key for key in command.case_ids if key not in _on_the_way(session, command)])


def _on_the_way(session: Session, command: CorrectCases) -> set[int]:
    waiting = (
        select(Fact.subject_id)
        .join(Outbox, Outbox.fact_id == Fact.id)
        .where(Fact.subject_kind == SubjectKind.CASE, Fact.subject_id.in_(command.case_ids))
    )
    return set(session.scalars(waiting))


def correct_totals(session: Session, actor: Actor, command: None, *, now: datetime) -> int:
    """Write deltas that bring totals back to what the cases add; returns how many totals were wrong."""
    lock_totals(session)
    wrong = wrong_totals(session)
    cells: dict[Cell, Sequence[int]] = {
        (row.authority_id, None, row.measure, row.day_on): (-int(row.cases), -int(row.met), -int(row.fen))
        for row in wrong
    }
    add_deltas(session, cells)
    return len(cells)


@dataclass(frozen=True, slots=True)
class EndRecount:
    """What a recount found."""

    checked: int
    corrected: int


def end_recount(session: Session, actor: Actor, command: EndRecount, *, now: datetime) -> None:
    """Keep what was found; a correction is a fact."""
    state = state_of(session)
    if state is None:
        state = TallyState(id=ONE_ROW, checked=0, corrected=0)
        session.add(state)
    state.recounted_at, state.checked, state.corrected = now, command.checked, command.corrected
    if command.corrected:
        state.corrected_at = now
        facts.record(
            session,
            actor,
            Topic.TALLY_CORRECTED,
            SubjectKind.INSTALLATION,
            ONE_ROW,
            at=now,
            checked=command.checked,
            corrected=command.corrected,
        )


def wrong_totals(session: Session) -> Sequence[Any]:
    """The totals that are not the sum of what the cases add, with how much too high each is; one statement."""
    parts: list[Any] = [
        select(kept.authority_id, kept.measure, kept.day_on, kept.cases, kept.met, kept.fen)
        for kept in (Tally, TallyDelta)
    ]
    for indicator in Indicator:
        day, met = getattr(CaseTally, f"{indicator.value}_on"), getattr(CaseTally, f"{indicator.value}_met")
        parts.append(_less(literal(indicator.value), day, case((met, 1), else_=0), literal(0), day.is_not(None)))
    failed = CaseTally.cause.is_not(None)
    parts.append(_less(literal(CAUSE) + CaseTally.cause, CaseTally.failed_on, literal(0), literal(0), failed))
    standing, owed, day = CaseTally.standing.is_not(None), CaseTally.owed.is_not(None), literal(UNDATED)
    parts.append(_less(literal(DESK) + CaseTally.standing, day, literal(0), literal(0), standing))
    parts.append(_less(literal(OWED), day, literal(0), func.coalesce(CaseTally.owed, 0), owed))
    each = union_all(*parts).subquery()
    authority, measure, on, cases, met, fen = each.columns
    sums = func.sum(cases), func.sum(met), func.sum(fen)
    return session.execute(
        select(
            authority.label("authority_id"),
            measure.label("measure"),
            on.label("day_on"),
            *(total.label(name) for total, name in zip(sums, ("cases", "met", "fen"), strict=True)),
        )
        .group_by(authority, measure, on)
        .having((sums[0] != 0) | (sums[1] != 0) | (sums[2] != 0))
    ).all()


def _less(
    measure: ColumnElement[Any],
    day: Any,
    met: ColumnElement[Any],
    fen: ColumnElement[Any],
    condition: ColumnElement[bool],
) -> Any:
    """What the cases add to one measure, taken away; summed already, so that totals meet totals."""
    each = (
        select(
            CaseTally.authority_id.label("authority_id"),
            measure.label("measure"),
            day.label("day_on"),
            met.label("met"),
            fen.label("fen"),
        )
        .where(condition)
        .subquery()
    )
    columns = each.c.authority_id, each.c.measure, each.c.day_on
    return select(*columns, -func.count(), -func.sum(each.c.met), -func.sum(each.c.fen)).group_by(*columns)


def _next_cases(session: Session, after: int) -> Sequence[int]:
    cases = select(Case.id).where(Case.id > after).order_by(Case.id).limit(LOOKED_AT)
    return session.scalars(cases).all()
