"""Calendar and limits as the database holds them, and deadlines ready for a page."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from threading import Lock

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.clocks import rules
from portal.clocks.models import CalendarDay, CalendarYear, LegalLimit
from portal.clocks.rules import Calendar, Derivation, Limit
from portal.core.errors import RuleBroken

KEPT_SECONDS = 60.0  # an imported calendar or a changed limit is seen by every process within this time


@dataclass(frozen=True, slots=True)
class Almanac:
    """Calendar and limits, read together; `own` holds an authority's rows before everyone's."""

    calendar: Calendar
    limits: tuple[Limit, ...]
    own: dict[int, tuple[Limit, ...]]

    def limits_in_force(self, code: str, on: date, authorities: Sequence[int] = ()) -> tuple[Limit, ...]:
        """The rows of a limit on a day: those of the nearest authority that has its own, else everyone's.

        `authorities` runs from the nearest upwards. Raises RuleBroken where no row holds.
        """
        for authority in authorities:
            if found := rules.in_force(self.own.get(authority, ()), code, on):
                return found
        if found := rules.in_force(self.limits, code, on):
            return found
        raise RuleBroken(
            f"{on.isoformat()} 没有生效的期限“{rules.limit_title(code)}”（{code}）。请先登记该日期适用的期限。"
        )

    def derive(self, code: str, start: datetime, authorities: Sequence[int] = ()) -> Derivation:
        """Derive the due day of a limit from a moment; where two rows hold, the earlier end binds."""
        start_on = rules.local_day(start)
        return rules.derive_earliest(self.limits_in_force(code, start_on, authorities), start_on, self.calendar)

    def amount(self, code: str, on: date, authorities: Sequence[int] = ()) -> int:
        """The plain amount of a limit in its own unit (days, hours, 分, per cent)."""
        return self.limits_in_force(code, on, authorities)[0].amount


_kept: dict[str, tuple[float, Almanac]] = {}
_lock = Lock()


def almanac(session: Session) -> Almanac:
    """Calendar and limits, at most a minute old."""
    key = str(session.get_bind().engine.url)
    with _lock:
        kept = _kept.get(key)
        if kept and time.monotonic() - kept[0] < KEPT_SECONDS:
            return kept[1]
    fresh = read_almanac(session)
    if fresh.limits:
        with _lock:
            _kept[key] = (time.monotonic(), fresh)
    return fresh


def forget_almanac() -> None:
    """Read calendar and limits again at the next question."""
    with _lock:
        _kept.clear()


def read_almanac(session: Session) -> Almanac:
    """Read calendar and limits from the database."""
    days = [rules.CalendarDay(row.day, row.kind, row.name) for row in session.scalars(select(CalendarDay))]
    years = session.scalars(select(CalendarYear.year)).all()
    everyone: list[Limit] = []
    own: dict[int, list[Limit]] = {}
    for row in session.scalars(select(LegalLimit).order_by(LegalLimit.valid_from, LegalLimit.id)):
        rows = everyone if row.organisation_id is None else own.setdefault(row.organisation_id, [])
        rows.append(limit_of(row))
    return Almanac(
        rules.calendar_of(days, years), tuple(everyone), {authority: tuple(rows) for authority, rows in own.items()}
    )


@dataclass(frozen=True, slots=True)
class Recount:
    """The same limits by the calendar before an import and by the one after it."""

    year: int
    before: Almanac
    after: Almanac

    def again(
        self, end: datetime, candidates: Iterable[tuple[str, datetime | None]], authorities: Sequence[int]
    ) -> datetime:
        """Derive again an end that one of the candidates (limit, start) gave by the former calendar; else the end itself.

        An end that no candidate gives was set by a person or by another rule and stays.
        """
        for code, start in candidates:
            try:
                if start is not None and self.before.derive(code, start, authorities).due_at == end:
                    return self.after.derive(code, start, authorities).due_at
            except RuleBroken:  # no such limit in force at that start
                continue
        return end


def recount_of(session: Session, year: int, former: Iterable[Sequence[str]]) -> Recount:
    """Set up recounting after a year's days were replaced; `former` holds that year's days before: (day, kind)."""
    after = read_almanac(session)
    days = [
        rules.CalendarDay(day, kind, name)
        for kind, named in ((rules.DayKind.OFF, after.calendar.off), (rules.DayKind.MAKEUP, after.calendar.makeup))
        for day, name in named.items()
        if day.year != year
    ]
    days += [rules.CalendarDay(date.fromisoformat(day), rules.DayKind(kind), "") for day, kind in former]
    return Recount(year, replace(after, calendar=rules.calendar_of(days, after.calendar.years)), after)


def limit_of(row: LegalLimit) -> Limit:
    """A row as the rules know it."""
    return Limit(
        code=row.code,
        amount=row.amount,
        unit=row.unit,
        rolls=row.rolls,
        article=row.article,
        basis=row.basis,
        is_law=row.is_law,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


@dataclass(frozen=True, slots=True)
class Due:
    """A deadline as `ui.deadline` draws it."""

    words: str
    tone: str
    ticks: int
    date_text: str


def due_for_list(now: datetime, start: datetime, due_at: datetime, calendar: Calendar, *, payment: bool = False) -> Due:
    """Word a deadline for a row: ticks used, 剩 3 个工作日, 10-15 周四; `payment` words promised money.

    A day that leans on a year whose holidays are not published is marked 暂定.
    """
    today, due_on = rules.local_day(now), rules.due_day(due_at)
    wording = rules.payment_wording(now, due_at, calendar) if payment else rules.deadline_wording(now, due_at, calendar)
    return Due(
        words=wording.text,
        tone=str(wording.tone),
        ticks=rules.ruler_ticks(rules.local_day(start), due_on, today, calendar),
        date_text=rules.staff_day(due_on, today) + ("" if payment else rules.provisional_mark(due_on, calendar)),
    )
