"""The sum behind a due date, ready for a page: the calendar with each day counted, the sentences, the basis."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.clocks import rules
from portal.clocks.queries import Almanac
from portal.clocks.rules import Calendar, Derivation, Unit
from portal.core.errors import RuleBroken


@dataclass(frozen=True, slots=True)
class DayCell:
    """A day as `ui.calendar` draws it."""

    day: str
    note: str
    kind: str
    today: bool


@dataclass(frozen=True, slots=True)
class Reckoning:
    """How a due date came about."""

    weeks: tuple[tuple[DayCell, ...], ...]
    caption: str
    sentences: tuple[str, ...]
    basis: str


def reckoning(derivation: Derivation, calendar: Calendar, now: datetime) -> Reckoning:
    """Draw and tell a derivation, with today ringed."""
    today = rules.local_day(now)
    weeks = tuple(
        tuple(
            DayCell(
                cell.label, cell.text, " ".join(kind for kind in cell.css.split() if kind != "today"), cell.on == today
            )
            for cell in week
        )
        for week in rules.calendar_weeks(derivation, today)
    )
    return Reckoning(weeks, caption_of(derivation), rules.explanation(derivation, calendar), basis_of(derivation))


def reckoned(
    book: Almanac,
    end: datetime,
    candidates: Iterable[tuple[str, datetime | None]],
    authorities: Sequence[int],
    now: datetime,
) -> Reckoning | None:
    """The sum behind a stored end: of the first candidate (limit, start) that gives it; None where none does.

    An end that no candidate gives was set by a person or by another rule, and no sum is shown for it.
    """
    for code, start in candidates:
        try:
            derivation = book.derive(code, start, authorities) if start is not None else None
        except RuleBroken:  # no such limit in force at that start
            continue
        if derivation is not None and derivation.due_at == end:
            return reckoning(derivation, book.calendar, now)
    return None


def caption_of(derivation: Derivation) -> str:
    """What the calendar shows, for its caption."""
    amount = derivation.limit.amount
    if derivation.unit is Unit.WORKING_DAY:
        return f"{amount} 个工作日的推算：收到当日不计，节假日不计，调休上班日计入"
    return f"{amount} 天的推算：收到当日不计"


def basis_of(derivation: Derivation) -> str:
    """The limit with its basis and since when it holds."""
    limit = derivation.limit
    days = "个工作日" if limit.unit is Unit.WORKING_DAY else "天"
    return (
        f"期限 {limit.amount} {days}，依据：{limit.source}（{'法定' if limit.is_law else '辖区设定，非法定'}，"
        f"{limit.valid_from.isoformat()} 起）。起算方法按《市场监督管理投诉举报处理办法》第四十五条。"
    )
