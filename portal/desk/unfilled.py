"""回填 still open: finished cases whose result nobody has typed into the platform yet (decisions 7)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, literal, select
from sqlalchemy import false as sql_false
from sqlalchemy.orm import Session, joinedload

from portal.cases.access import visible_to
from portal.cases.actions import BACKFILL_SOURCES
from portal.cases.models import Case
from portal.cases.queries import records
from portal.cases.sections import history_of
from portal.core.actor import Actor
from portal.core.paging import COUNT_CAP, shown_count
from portal.desk.backfill import Filled, filled
from portal.intake.models import Filing

ON_A_PAGE = 20
IN_A_FILE = 500  # our limit; what is ticked makes room
COLUMNS = ("编号", "登记编号", "处理时间", "协商过程", "协商方式", "协商结果")


@dataclass(frozen=True, slots=True)
class Unfilled:
    """A finished case with the four fields that the platform asks for."""

    reference: str
    headline: str
    numbers: tuple[str, ...]
    filled: Filled


@dataclass(frozen=True, slots=True)
class FillList:
    """The 回填 page."""

    rows: list[Unfilled]
    count: str


def unfilled() -> list[ColumnElement[bool]]:
    """The condition of a finished case that still has to be typed into the platform."""
    return [Case.is_open == sql_false(), Case.backfilled_at.is_(None), Case.source.in_(BACKFILL_SOURCES)]


def fill_list(session: Session, actor: Actor, now: datetime, *, limit: int = ON_A_PAGE) -> FillList:
    """Read the longest waiting cases with their fields, in three statements."""
    first = (
        select(Case.id)
        .where(visible_to(actor), *unfilled())
        .order_by(Case.last_event_at, Case.id)
        .limit(limit)
        .subquery()
    )
    rows = session.execute(
        select(Case, Filing.number)
        .join(first, first.c.id == Case.id)
        .join(Filing, Filing.case_id == Case.id)
        .options(joinedload(Case.key))
        .order_by(Case.last_event_at, Case.id, Filing.id)
    ).all()
    cases = {case.id: case for case, _ in rows}
    lines = records(session, list(cases)) if cases else {}
    capped = select(literal(1)).where(visible_to(actor), *unfilled()).limit(COUNT_CAP + 1).subquery()
    held = session.scalars(select(func.count()).select_from(capped)).one()
    return FillList(
        rows=[
            Unfilled(
                reference=case.reference,
                headline=case.headline,
                numbers=tuple(number for owner, number in rows if owner.id == case.id),
                filled=filled(case, lines[case.id], history_of(session, actor, case, lines[case.id], now=now).items),
            )
            for case in cases.values()
        ],
        count=shown_count(held),
    )


def export_rows(listed: FillList) -> Iterator[Sequence[str]]:
    """The rows of the file, one a case, in the order of COLUMNS."""
    for row in listed.rows:
        filled_in = row.filled
        yield (
            row.reference,
            "、".join(row.numbers),
            filled_in.handled_at,
            filled_in.process,
            filled_in.methods,
            filled_in.result,
        )
