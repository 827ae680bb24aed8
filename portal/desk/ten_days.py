"""近 10 个工作日: what a merchant received and concluded, working day by working day.

A day off counts with the next working day: what arrives on a holiday is found on the first morning after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, case, func, literal, literal_column, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from portal.cases.access import visible_to
from portal.cases.models import Case
from portal.clocks import rules as clocks
from portal.clocks.rules import Calendar
from portal.core.actor import Actor
from portal.indicators.rules import Rate

DAYS = 10


@dataclass(frozen=True, slots=True)
class Chart:
    """Two lines as `ui.line_chart` draws them: concluded (value) over received (prior)."""

    summary: str
    top: int
    points: list[dict[str, Any]]
    rows: list[list[str]]

    bottom = 0
    columns = ("工作日", "新收", "办结", "按时办结")


@dataclass(frozen=True, slots=True)
class TenDays:
    """The panel; `chart` is None when nothing happened."""

    received: int
    concluded: int
    on_time: Rate
    chart: Chart | None


def ten_days(session: Session, actor: Actor, calendar: Calendar, now: datetime) -> TenDays:
    """Count the last ten working days, today's included so far, in one statement over the merchant's indexes.

    On time is the platform's own meaning: concluded before the merchant's limit ended (`portal.indicators`).
    """
    today = clocks.local_day(now)
    last = calendar.working_day_from(today)
    days = [calendar.subtract_working_days(last, n) for n in reversed(range(DAYS))]
    ends = [clocks.end_of_day(day) for day in days]
    start = clocks.end_of_day(calendar.subtract_working_days(last, DAYS))
    counts = {
        (row.kind, row.place): row
        for row in session.execute(
            union_all(
                _counted("received", actor, Case.dispatched_at, start, ends),
                _counted("concluded", actor, Case.concluded_at, start, ends),
            )
        )
    }

    def each(kind: str, part: str) -> list[int]:
        rows = [counts.get((kind, place)) for place in range(DAYS)]
        return [int(getattr(row, part)) if row else 0 for row in rows]

    received, concluded = each("received", "held"), each("concluded", "held")
    on_time = each("concluded", "on_time")
    total = Rate(sum(on_time), sum(concluded))
    happened = any(received) or any(concluded)
    return TenDays(
        received=sum(received),
        concluded=total.denominator,
        on_time=total,
        chart=_chart(days, received, concluded, on_time) if happened else None,
    )


def _counted(
    kind: str, actor: Actor, moment: InstrumentedAttribute[datetime | None], start: datetime, ends: Sequence[datetime]
) -> Select[Any]:
    place = case(*((moment < end, literal_column(str(n))) for n, end in enumerate(ends)))
    in_time = case((moment <= Case.respond_by, 1), else_=0)
    within = (visible_to(actor), moment >= start, moment < ends[-1])
    # grouped outside, since PostgreSQL takes two sets of bound days for two expressions
    one = select(place.label("place"), in_time.label("in_time")).where(*within).subquery()
    return select(
        literal(kind).label("kind"),
        one.c.place,
        func.count().label("held"),
        func.sum(one.c.in_time).label("on_time"),
    ).group_by(one.c.place)


def _chart(days: Sequence[date], received: Sequence[int], concluded: Sequence[int], on_time: Sequence[int]) -> Chart:
    names = [f"{day:%m-%d}" for day in days]
    return Chart(
        summary=(
            f"近 {DAYS} 个工作日，每天新收 {min(received)} 到 {max(received)} 件，"
            f"办结 {min(concluded)} 到 {max(concluded)} 件"
        ),
        top=max(*received, *concluded),
        points=[
            {"label": name, "value": done, "prior": new, "low": None, "high": None}
            for name, new, done in zip(names, received, concluded, strict=True)
        ],
        rows=[
            [name, str(new), str(done), str(timely)]
            for name, new, done, timely in zip(names, received, concluded, on_time, strict=True)
        ],
    )
