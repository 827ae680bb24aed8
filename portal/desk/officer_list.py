"""An officer's list of cases: one definition of each view, a page by keyset, the counts of the tabs, the export.

As the merchant's, its statements are made once for each shape of filters (see `narrowing`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from itertools import product
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, exists, false, func, select, true
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.cases.access import Sight, sight_of, sight_values, visible
from portal.cases.lookups import Sought
from portal.cases.models import Case
from portal.cases.rules import BEFORE_AGREEMENT, OPEN_STATES, SETTLED_STATES, WAITING_STATES, CaseState
from portal.clocks import rules as clocks
from portal.core.actor import Actor
from portal.core.paging import COUNT_CAP, PAGE_SIZE, Listing, Page, SortKey
from portal.desk.areas import Area
from portal.desk.board import standing
from portal.desk.narrowing import FOUND, Condition, Found, found_by_consumer, found_by_words
from portal.desk.officer_filters import OfficerFilters, Sort, Tab
from portal.desk.worklist import SHAPES_KEPT, row_columns
from portal.indicators.queries import in_part
from portal.indicators.rules import Period
from portal.intake.models import Filing
from portal.mediation.queries import awaits_choice

EXPORT_BATCH = 1000
MOST_PARTS = 60  # by authority and state; a province is read in one piece
OPEN_ENDED = Period(date(2004, 1, 1), date(2999, 12, 31))

NARROWED: dict[str, Condition] = {
    "area": lambda value: Case.authority_id.in_(value("area")),
    "merchant": lambda value: (
        Case.merchant_id == select(Organisation.id).where(Organisation.code == value("merchant")).scalar_subquery()
    ),
    "channels": lambda value: Case.channel.in_(value("channels")),
    "source": lambda value: Case.source == value("source"),
    "cause": lambda value: Case.cause == value("cause"),
    "registered_from": lambda value: Case.registered_at >= value("registered_from"),
    "registered_until": lambda value: Case.registered_at <= value("registered_until"),
    "concluded_after": lambda value: Case.concluded_at > value("concluded_after"),  # 24:00 ends its day
    "concluded_until": lambda value: Case.concluded_at <= value("concluded_until"),
    "changed": lambda _: _changed(Filing.changed_at.is_not(None)),
    "changed_since": lambda value: _changed(Filing.changed_at >= value("changed_since")),
    **FOUND,
}


STATES_OF: dict[Tab, frozenset[CaseState]] = {  # in which states the rows of a view are
    Tab.OPEN: OPEN_STATES,
    Tab.WAITING: WAITING_STATES,
    Tab.OVERDUE: BEFORE_AGREEMENT,
    Tab.FAILED: frozenset({CaseState.FAILED}),
    Tab.CHOICE: frozenset({CaseState.FAILED}),
    Tab.BREACHED: frozenset({CaseState.BREACHED}),
    Tab.UNVERIFIED: frozenset(CaseState),
    Tab.UNPAID: frozenset({CaseState.AGREED, CaseState.BREACHED}),
    Tab.SETTLED: SETTLED_STATES,
    Tab.ALL: frozenset(CaseState),
}
IN_ORDER = {"area", "merchant", "channels"}  # what leaves enough of each part for it to be read in the list's order
DATED = {"registered_from", "registered_until"}  # the same, newest first
OF_STATES = (Tab.WAITING, Tab.UNPAID, Tab.SETTLED)  # the views whose condition is nothing but several states


def _changed(when: ColumnElement[bool]) -> ColumnElement[bool]:
    """Cases of which a platform sent a number again with other columns."""
    return exists().where(Filing.case_id == Case.id, when)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for which cases of which area, and the moment."""

    actor: Actor
    area: Area | None
    filters: OfficerFilters
    sought: Sought | None
    now: datetime


@dataclass(frozen=True, slots=True)
class Shape:
    """What is asked without its values; `counted` is the part of an indicator, whose values cannot be left open."""

    sight: Sight
    names: tuple[str, ...]
    reach: int = 0  # how many authorities it is asked of, each a value of its own
    states: frozenset[CaseState] = frozenset()  # empty: every state
    counted: ColumnElement[bool] | None = None

    @property
    def is_search(self) -> bool:
        """Say whether a search has found the few cases that are asked for."""
        return not FOUND.keys().isdisjoint(self.names)

    def conditions(self) -> list[ColumnElement[bool]]:
        """Every condition of the list except its view."""
        narrowed = [NARROWED[name](bindparam) for name in self.names]
        if self.states:
            narrowed.append(Case.state.in_(sorted(self.states)))
        return [visible(self.sight), *narrowed, *([] if self.counted is None else [self.counted])]

    def states_in(self, tab: Tab) -> frozenset[CaseState]:
        """In which states the rows that are asked for may be in a view; none where the view holds no such row."""
        return STATES_OF[tab] & self.states if self.states else STATES_OF[tab]

    def parts(self, tab: Tab, sort: Sort) -> list[ColumnElement[bool]]:
        """What a row of the view may be, one by one, where an index gives the rows of each in the list's order."""
        states = self.states_in(tab)
        if not states:
            return [false()]
        of_merchant = "merchant" in self.names
        kept = IN_ORDER | DATED if sort is Sort.NEW else IN_ORDER
        if self.counted is not None or not kept.issuperset(self.names) or (of_merchant and sort is Sort.NEW):
            return []
        parts: list[list[ColumnElement[bool]]] = []
        if self.states or tab in OF_STATES:
            parts.append([Case.state == state for state in sorted(states)])
        elif of_merchant and tab is Tab.ALL:
            parts.append([Case.is_open == true(), Case.is_open == false()])
        if not of_merchant:
            parts.append([Case.authority_id == bindparam(name) for name in _authorities(self.reach)])
        made = [and_(*one) for one in product(*parts)]
        return made if len(made) <= MOST_PARTS else []


def _authorities(reach: int) -> list[str]:
    return [f"authority_{place}" for place in range(reach)]


@dataclass(frozen=True, slots=True)
class Matching:
    """The cases that are asked for in every view."""

    shape: Shape
    values: Mapping[str, Any] = field(hash=False)


@cache
def tab_conditions() -> dict[Tab, ColumnElement[bool]]:
    """The conditions of all views at the moment of the parameter `now`."""
    moment: Any = bindparam("now")
    of_the_board = standing(moment)
    own = {Tab.ALL: true(), Tab.OPEN: Case.is_open == true(), Tab.SETTLED: Case.state.in_(SETTLED_STATES)}
    return {tab: own[tab] if tab in own else of_the_board[tab.value][1] for tab in Tab}


def matching(session: Session, asked: Asked) -> Matching:
    """What is asked for except the view; a search costs one statement more."""
    filters = asked.filters
    wanted: dict[str, Any] = {
        "area": sorted(asked.area.below) if asked.area else (),
        "merchant": filters.merchant,
        "channels": filters.channels,
        "source": filters.source,
        "changed_since" if filters.changed == "week" else "changed": _changed_since(filters, asked.now),
        **_dated(filters),
    }
    given = {name: value for name, value in wanted.items() if value}
    for found in _found(session, asked):
        given[found.name] = found.value
    counted = None
    if filters.indicator:
        period = Period(filters.since or OPEN_ENDED.first, filters.until or OPEN_ENDED.last)
        counted = in_part(filters.indicator, filters.part, period, asked.now)
    reach = sorted(asked.area.below if asked.area else asked.actor.jurisdiction)
    shape = Shape(sight_of(asked.actor), tuple(given), len(reach), frozenset(filters.states), counted)
    each = dict(zip(_authorities(len(reach)), reach, strict=True))
    return Matching(shape, {"now": asked.now, **sight_values(asked.actor), **each, **given})


def _changed_since(filters: OfficerFilters, now: datetime) -> datetime | None:
    return now - timedelta(days=7) if filters.changed else None


def _found(session: Session, asked: Asked) -> Iterator[Found]:
    if (by_words := found_by_words(session, asked.actor, asked.filters.q)) is not None:
        yield by_words
    if asked.filters.found:
        yield found_by_consumer(asked.sought)


def _dated(filters: OfficerFilters) -> dict[str, Any]:
    if filters.indicator:  # the dates are of its period
        return {}
    since = clocks.start_of_day(filters.since) if filters.since else None
    until = clocks.end_of_day(filters.until) if filters.until else None
    if filters.cause:
        return {"cause": filters.cause, "concluded_after": since, "concluded_until": until}
    return {"registered_from": since, "registered_until": until}


def page_of(session: Session, asked: Asked, wanted: Matching, cursor: str | None) -> Page[Any]:
    """One page of the list, each row with its merchant's and its authority's name."""
    listing = _kept(_listing, wanted.shape)(wanted.shape, asked.filters.tab, asked.filters.sort)
    return listing.page(session, cursor, wanted.values)


@lru_cache(maxsize=SHAPES_KEPT)
def _listing(shape: Shape, tab: Tab, sort: Sort) -> Listing:
    return _read(shape, tab, sort, PAGE_SIZE)


def _read(shape: Shape, tab: Tab, sort: Sort, size: int) -> Listing:
    conditions = [*shape.conditions(), tab_conditions()[tab]]
    if parts := [and_(*conditions, part) for part in shape.parts(tab, sort)]:
        return Listing(rows_of(), sort_keys(sort), size=size, scalars=False, parts=parts)
    return Listing(rows_of().where(*conditions), sort_keys(sort), size=size, scalars=False)


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


def tab_counts(session: Session, wanted: Matching) -> dict[Tab, int]:
    """How many cases each view holds under the same conditions, capped, in one statement."""
    row = session.execute(_kept(_counting, wanted.shape)(wanted.shape), wanted.values).one()
    return {tab: min(int(count), COUNT_CAP + 1) for tab, count in zip(Tab, row, strict=True)}


@lru_cache(maxsize=SHAPES_KEPT)
def _counting(shape: Shape) -> Any:
    conditions = shape.conditions()
    if shape.is_search:  # one look at the few that were found, instead of one for each view
        return select(*(func.count().filter(one) for one in tab_conditions().values())).where(*conditions)
    capped = [
        select(Case.id).where(*conditions, one if shape.states_in(tab) else false()).limit(COUNT_CAP + 1).subquery()
        for tab, one in tab_conditions().items()
    ]
    return select(*(select(func.count()).select_from(one).scalar_subquery() for one in capped))


def _kept(make: Any, shape: Shape) -> Any:
    """The maker of a statement; a shape that holds a value of its own is asked once and not kept."""
    return make if shape.counted is None else make.__wrapped__


def every_row(session: Session, asked: Asked) -> Iterator[Row[Any]]:
    """Every row of the list in its order, read in batches, for the export."""
    wanted, cursor = matching(session, asked), None
    listing = _read(wanted.shape, asked.filters.tab, asked.filters.sort, EXPORT_BATCH)
    while True:
        page = listing.page(session, cursor, wanted.values)
        yield from page.rows
        cursor = page.next_cursor
        if cursor is None:
            return
