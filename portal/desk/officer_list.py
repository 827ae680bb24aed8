"""An officer's list of cases: one definition of each view, a page by keyset, the counts of the tabs, the export."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, exists, func, literal, select, true, union_all
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.cases.lookups import Sought
from portal.cases.models import Case
from portal.cases.rules import SETTLED_STATES
from portal.clocks import rules as clocks
from portal.core.actor import Actor
from portal.core.paging import COUNT_CAP, Page, SortKey, keyset_page
from portal.desk.board import standing
from portal.desk.narrowing import FOUND, Found, found_by_consumer, found_by_words
from portal.desk.officer_filters import OfficerFilters, Sort, Tab
from portal.desk.worklist import row_columns
from portal.indicators.queries import in_part
from portal.indicators.rules import Period
from portal.intake.models import Filing
from portal.mediation.queries import awaits_choice

EXPORT_BATCH = 1000
OPEN_ENDED = Period(date(2004, 1, 1), date(2999, 12, 31))


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for which cases: the scope that narrows every query, and the moment."""

    actor: Actor
    scope: ColumnElement[bool]
    filters: OfficerFilters
    sought: Sought | None
    now: datetime


def in_tab(tab: Tab, now: datetime) -> ColumnElement[bool]:
    """The condition of a view."""
    return tab_conditions(now)[tab]


def tab_conditions(now: datetime) -> dict[Tab, ColumnElement[bool]]:
    """The conditions of all views, made together: making them one by one cost a third of the counts."""
    of_the_board = standing(now)
    own = {Tab.ALL: true(), Tab.OPEN: Case.is_open == true(), Tab.SETTLED: Case.state.in_(SETTLED_STATES)}
    return {tab: own[tab] if tab in own else of_the_board[tab.value][1] for tab in Tab}


def matching(session: Session, asked: Asked) -> list[ColumnElement[bool]]:
    """Every condition of the list except its view; a search costs one statement more."""
    filters = asked.filters
    conditions = [asked.scope]
    if (by_words := found_by_words(session, asked.actor, filters.q)) is not None:
        conditions.append(_condition(by_words))
    if filters.found:
        conditions.append(_condition(found_by_consumer(asked.sought)))
    if filters.merchant:
        wanted = select(Organisation.id).where(Organisation.code == filters.merchant).scalar_subquery()
        conditions.append(Case.merchant_id == wanted)
    if filters.states:
        conditions.append(Case.state.in_(filters.states))
    if filters.channels:
        conditions.append(Case.channel.in_(filters.channels))
    if filters.source:
        conditions.append(Case.source == filters.source)
    if filters.changed:
        conditions.append(_changed(filters.changed, asked.now))
    return [*conditions, *_dated(filters, asked.now)]


def _changed(wanted: str, now: datetime) -> ColumnElement[bool]:
    """Cases of which a platform sent a number again with other columns."""
    ever = Filing.changed_at.is_not(None)
    moment = Filing.changed_at >= now - timedelta(days=7) if wanted == "week" else ever
    return exists().where(Filing.case_id == Case.id, moment)


def _condition(found: Found) -> ColumnElement[bool]:
    return FOUND[found.name](lambda _name: found.value)


def _dated(filters: OfficerFilters, now: datetime) -> list[ColumnElement[bool]]:
    period = Period(filters.since or OPEN_ENDED.first, filters.until or OPEN_ENDED.last)
    if filters.indicator:
        return [in_part(filters.indicator, filters.part, period, now)]
    moment = Case.concluded_at if filters.cause else Case.registered_at
    conditions: list[ColumnElement[bool]] = [Case.cause == filters.cause] if filters.cause else []
    if filters.since:
        start = clocks.start_of_day(period.first)
        conditions.append(moment > start if filters.cause else moment >= start)  # 24:00 ends its day
    if filters.until:
        conditions.append(moment <= clocks.end_of_day(period.last))
    return conditions


def page_of(session: Session, asked: Asked, conditions: Sequence[ColumnElement[bool]], cursor: str | None) -> Page[Any]:
    """One page of the list, each row with its merchant's and its authority's name."""
    query = rows_of().where(*conditions, in_tab(asked.filters.tab, asked.now))
    return keyset_page(session, query, sort_keys(asked.filters.sort), cursor, scalars=False)


def rows_of() -> Any:
    """What a row shows: the merchant's row, and whose it is."""
    merchant = select(Organisation.name).where(Organisation.id == Case.merchant_id).scalar_subquery()
    authority = select(Organisation.name).where(Organisation.id == Case.authority_id).scalar_subquery()
    return row_columns().add_columns(
        merchant.label("merchant"), authority.label("authority"), awaits_choice().label("awaits_choice"), Case.closed_at
    )


def sort_keys(sort: Sort) -> list[SortKey]:
    """The order of the list, ending in the unique key."""
    if sort is Sort.NEW:
        return [
            SortKey(Case.registered_at, lambda row: row.registered_at, descending=True),
            SortKey(Case.id, lambda row: row.id, descending=True),
        ]
    return [SortKey(Case.due_at, lambda row: row.due_at), SortKey(Case.id, lambda row: row.id)]


def tab_counts(session: Session, asked: Asked, conditions: Sequence[ColumnElement[bool]]) -> dict[Tab, int]:
    """How many cases each view holds under the same conditions, capped, in one statement."""
    parts = []
    for tab, condition in tab_conditions(asked.now).items():
        capped = select(Case.id).where(*conditions, condition).limit(COUNT_CAP + 1).subquery()
        parts.append(select(literal(tab.value), func.count()).select_from(capped))
    return {Tab(row[0]): int(row[1]) for row in session.execute(union_all(*parts))}


def every_row(session: Session, asked: Asked) -> Iterator[Row[Any]]:
    """Every row of the list in its order, read in batches, for the export."""
    conditions = [*matching(session, asked), in_tab(asked.filters.tab, asked.now)]
    keys, cursor = sort_keys(asked.filters.sort), None
    while True:
        page = keyset_page(session, rows_of().where(and_(*conditions)), keys, cursor, size=EXPORT_BATCH, scalars=False)
        yield from page.rows
        cursor = page.next_cursor
        if cursor is None:
            return
