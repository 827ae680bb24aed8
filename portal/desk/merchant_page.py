"""The worklist as its template prints it, and the rows of its file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.cases.filters import CHANNEL_CHIPS, ME, MERCHANT_STATES, NOBODY, TABS, VIEW_NAMES, Chip, Filters, Sort, View
from portal.cases.lookups import Sought
from portal.cases.rules import LEVEL_NAMES, STATE_NAMES
from portal.cases.wording import SOURCE_NAMES, full_time, state_tag
from portal.clocks.queries import Almanac
from portal.core.actor import Actor
from portal.core.paging import Page, shown_count
from portal.core.sheets import MAX_ROWS
from portal.desk.deadlines import exported_day
from portal.desk.narrowing import Moments, Narrowing, found_by_consumer, found_by_words, narrowing
from portal.desk.rows import ListRow, list_row, wish
from portal.desk.worklist import (
    Choices,
    KeptView,
    choices,
    counts,
    is_newest_first,
    kept_filters,
    row_columns,
    sort_keys,
    worklist_page,
)

LIST = "/merchant/cases"
PAGE_SIZE = 25
EXPORT_COLUMNS = ("编号", "消费者", "商品", "诉求", "金额（元）", "状态", "渠道", "登记时间", "到期时间", "经办")


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for, resolved."""

    actor: Actor
    filters: Filters
    moments: Moments
    almanac: Almanac
    narrowing: Narrowing


def asked_for(
    session: Session, actor: Actor, filters: Filters, sought: Sought | None, now: datetime, almanac: Almanac
) -> Asked:
    """Turn filters into conditions inside what the actor may see; one statement where words are searched."""
    moments = Moments.at(now, almanac.calendar)
    found = found_by_consumer(sought) if filters.found else found_by_words(session, actor, filters.q)
    return Asked(actor, filters, moments, almanac, narrowing(actor, filters, moments, found))


@dataclass(frozen=True, slots=True)
class Worklist:
    """The page."""

    filters: Filters
    choices: Choices
    tabs: list[dict[str, Any]]
    chips: list[Chip]
    summary: str
    rows: list[ListRow]
    page: Page[Any]
    here: str  # the list's address without cursor
    sort_links: dict[str, str]
    options: dict[str, list[tuple[str, str, bool]]]  # value, label, chosen
    own_view: KeptView | None  # the saved view that these filters are, where it is one's own


def worklist(session: Session, asked: Asked, cursor: str | None) -> Worklist:
    """Read the worklist in three statements (choices, counts, rows)."""
    filters = asked.filters
    offered = choices(session, asked.actor)
    held = counts(session, asked.actor, offered.views, asked.moments)
    page = worklist_page(session, asked.narrowing, filters, cursor, size=PAGE_SIZE)
    names = {ME: asked.actor.name, NOBODY: "未分配", **dict(offered.people)}
    query = filters.query()
    here = filters.address(LIST)
    current = next((kept for kept in offered.views if kept_filters(kept).query() == query), None)
    return Worklist(
        filters=filters,
        choices=offered,
        tabs=_tabs(filters, offered.views, current, held),
        chips=filters.chips(LIST, names.get(filters.assignee, "")),
        summary=_summary(held),
        rows=[
            list_row(row, asked.moments.now, asked.almanac, lambda reference: filters.address(f"{LIST}/{reference}"))
            for row in page.rows
        ],
        page=page,
        here=here,
        sort_links={sort.value: replace(filters, sort=sort).address(LIST) for sort in Sort},
        options=_options(filters, offered),
        own_view=current if current and current.own else None,
    )


def _tabs(
    filters: Filters, views: Sequence[KeptView], current: KeptView | None, held: dict[str, int]
) -> list[dict[str, Any]]:
    built_in = [
        {
            "label": VIEW_NAMES[view],
            "href": Filters(view=view).address(LIST),
            "count": shown_count(held[view.value]),
            "current": current is None and filters.view is view,
        }
        for view in TABS
        if view is not View.RAISED or held[view.value] or filters.view is view  # most people have nobody below them
    ]
    kept = [
        {
            "label": f"{one.name}（共享）" if one.shared else one.name,
            "href": kept_filters(one).address(LIST),
            "count": shown_count(held[one.reference]) if one.reference in held else None,
            "current": current is not None and one.reference == current.reference,
        }
        for one in views
    ]
    return built_in + kept


def _summary(held: dict[str, int]) -> str:
    said = f"{shown_count(held['all'])} 件在办，{shown_count(held['ours'])} 件轮到我们"
    return said + (f"，{shown_count(held['overdue'])} 件逾期" if held["overdue"] else "")


def _options(filters: Filters, offered: Choices) -> dict[str, list[tuple[str, str, bool]]]:
    people = [(ME, "我"), (NOBODY, "未分配"), *offered.people]
    return {
        "state": [(state.value, STATE_NAMES[state], state in filters.states) for state in MERCHANT_STATES],
        "channel": [(one.value, name, one in filters.channels) for one, name in CHANNEL_CHIPS.items()],
        "assignee": [(value, name, value == filters.assignee) for value, name in people],
        "level": [(one.value, name, one is filters.level) for one, name in LEVEL_NAMES.items()],
        "outlet": [(name, name, name == filters.outlet) for name in offered.outlets],
    }


def export_rows(session: Session, asked: Asked) -> Iterator[Sequence[str | float | None]]:
    """The whole list, masked as on the page, row by row; at most MAX_ROWS."""
    order = [
        key.column.desc() if key.descending else key.column.asc() for key in sort_keys(is_newest_first(asked.filters))
    ]
    statement = row_columns().where(*asked.narrowing.conditions()).order_by(*order).limit(MAX_ROWS)
    for row in session.execute(statement.execution_options(yield_per=1000)):
        listed = list_row(row, asked.moments.now, asked.almanac, str)
        yield (
            row.reference,
            row.consumer_mask,
            row.goods,
            wish(row.headline, row.goods),
            None if row.amount is None else row.amount / 100,
            "，".join(part for part in (state_tag(row.state, row.turn, row.answer).label, listed.unverified) if part),
            SOURCE_NAMES.get(row.source, row.source),
            full_time(row.registered_at),
            f"{exported_day(row.state, row.due_at, asked.almanac.calendar)} {listed.due.words}" if listed.due else "",
            row.assignee or "",
        )
