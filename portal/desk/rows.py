"""Rows of the merchant's lists, ready to print: formatted here, because a template pays for each macro call."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.cases.models import FAR_FUTURE_YEAR
from portal.cases.rules import CaseState
from portal.cases.wording import UNVERIFIED, Tag, state_tag
from portal.clocks import rules as clocks
from portal.clocks.queries import Almanac, Due, due_for_list
from portal.core.money import yuan

PROMISED = (CaseState.AGREED, CaseState.BREACHED)


@dataclass(frozen=True, slots=True)
class ListRow:
    """One case in a list."""

    reference: str
    href: str
    consumer: str
    goods: str
    wish: str  # the headline without the goods
    fen: int | None
    amount: str  # 1,499.00
    tag: Tag
    due: Due | None  # None once nothing burns
    due_css: str
    pressing: bool  # today, or the working day before
    ended: str  # instead of the due date
    assignee: str
    answered: str  # when the consumer said it
    unverified: str  # 未经消费者本人确认, or empty


def list_row(row: Any, now: datetime, almanac: Almanac, address: Callable[[str], str]) -> ListRow:
    """Format a row of `worklist.row_columns`; `address` gives the case's page."""
    due = _due(row, now, almanac)
    return ListRow(
        reference=row.reference,
        href=address(row.reference),
        consumer=row.consumer_mask,
        goods=row.goods or row.headline,
        wish=wish(row.headline, row.goods),
        fen=row.amount,
        amount="不明" if row.amount is None else yuan(row.amount),
        tag=state_tag(row.state, row.turn, row.answer),
        due=due,
        due_css=_css(due),
        pressing=_is_pressing(due),
        ended="" if due else f"{clocks.staff_day(clocks.local_day(row.last_event_at), clocks.local_day(now))} 结束",
        assignee=row.assignee or "未分配",
        answered=row.answered_at.isoformat() if row.answered_at else "",
        unverified=UNVERIFIED if row.unverified_at else "",
    )


def wish(headline: str, goods: str) -> str:
    """What the headline says beside the goods, which stand before it."""
    return headline.removeprefix(goods).strip(" ，,") if goods else ""


def _due(row: Any, now: datetime, almanac: Almanac) -> Due | None:
    if row.due_at.year >= FAR_FUTURE_YEAR:
        return None
    promised = row.state in PROMISED
    start = (row.agreed_at if promised else row.dispatched_at) or row.registered_at
    return due_for_list(now, start, row.due_at, almanac.calendar, payment=promised and bool(row.promised))


def _css(due: Due | None) -> str:
    if due is None:
        return ""
    return " ".join(["due", *([due.tone] if due.tone else []), *(["now"] if _is_pressing(due) else [])])


def _is_pressing(due: Due | None) -> bool:
    return due is not None and due.tone == "near" and due.ticks >= 10
