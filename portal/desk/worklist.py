"""The merchant's worklist: the counts of its tabs, one page of rows, what its forms offer.

Counts are capped and come in one UNION ALL statement over indexes that start with the merchant (decisions 20).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    ScalarSelect,
    Select,
    String,
    bindparam,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from portal.accounts.models import Membership, Person
from portal.cases.filters import TABS, Filters, Sort, View
from portal.cases.models import Case, SavedView
from portal.core.actor import Actor
from portal.core.paging import COUNT_CAP, Listing, Page, SortKey
from portal.desk.narrowing import Moments, Narrowing, Shape, Value, narrowing
from portal.enrolment.models import Outlet
from portal.settlements.models import Agreement

SHOWN_VIEWS = 10  # saved views beside the built-in tabs
SHAPES_KEPT = 256  # statements of one kind; the shapes that people ask for are far fewer


@dataclass(frozen=True, slots=True)
class KeptView:
    """A saved view as a tab."""

    reference: str
    name: str
    query: str
    shared: bool
    own: bool


@dataclass(frozen=True, slots=True)
class Choices:
    """What the forms of the list offer: colleagues (sign-in name, name), outlets, saved views."""

    people: tuple[tuple[str, str], ...]
    outlets: tuple[str, ...]
    views: tuple[KeptView, ...]


def choices(session: Session, actor: Actor) -> Choices:
    """Colleagues, open outlets and saved views of the actor's organisation, in one statement."""
    rows = session.execute(_offered(), {"house": actor.organisation_id, "me": actor.person_id}).all()
    rows = sorted(rows, key=lambda row: row.place)
    views = [
        KeptView(row.key, row.name, row.query, bool(row.shared), bool(row.own)) for row in rows if row.kind == "view"
    ]
    return Choices(
        people=tuple(sorted(((row.key, row.name) for row in rows if row.kind == "person"), key=lambda one: one[1])),
        outlets=tuple(sorted(row.name for row in rows if row.kind == "outlet")),
        views=tuple(sorted(views, key=lambda view: not view.own)[:SHOWN_VIEWS]),
    )


@cache
def _offered() -> CompoundSelect[Any]:
    house: Any = bindparam("house")
    is_own = SavedView.person_id == bindparam("me")
    nothing = cast(null(), String)
    return union_all(
        select(literal("person").label("kind"), Person.sign_in_name.label("key"), Person.name.label("name"),
               nothing.label("query"), literal(False).label("shared"), literal(False).label("own"),
               Person.id.label("place"))
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.organisation_id == house, Person.active),
        select(literal("outlet"), nothing, Outlet.name, nothing, literal(False), literal(False), Outlet.id)
        .where(Outlet.merchant_id == house, Outlet.closed_at.is_(None)),
        select(literal("view"), SavedView.reference, SavedView.name, SavedView.query, SavedView.shared, is_own,
               SavedView.id)
        .where(SavedView.organisation_id == house, or_(is_own, SavedView.shared)),
    )  # fmt: skip


def counts(session: Session, actor: Actor, views: Sequence[KeptView], moments: Moments) -> dict[str, int]:
    """How many cases each tab holds, at most COUNT_CAP + 1; saved views with a search are not counted."""
    asked: dict[str, Filters] = {view.value: Filters(view=view) for view in TABS}
    for kept in views:
        filters = kept_filters(kept)
        if not filters.q:
            asked[kept.reference] = filters
    wanted = [narrowing(actor, filters, moments) for filters in asked.values()]
    values = {f"{name}_{place}": value for place, one in enumerate(wanted) for name, value in one.values.items()}
    rows = session.execute(_counting(tuple(one.shape for one in wanted)), values)
    held = {row.place: row.held for row in rows}
    return {name: held[place] for place, name in enumerate(asked)}


@lru_cache(maxsize=SHAPES_KEPT)
def _counting(shapes: tuple[Shape, ...]) -> CompoundSelect[Any]:
    """The statement that counts tabs; each has values of its own, whose names end in its place."""
    return union_all(
        *(
            select(literal(place).label("place"), func.count().label("held")).select_from(
                select(literal(1)).where(*shape.conditions(_placed(place))).limit(COUNT_CAP + 1).subquery()
            )
            for place, shape in enumerate(shapes)
        )
    )


def _placed(place: int) -> Value:
    return lambda name: bindparam(f"{name}_{place}")


def kept_filters(kept: KeptView) -> Filters:
    """The filters that a saved view holds."""
    return Filters.from_query(kept.query)


def is_newest_first(filters: Filters) -> bool:
    """Say which of the two orders a list has; finished cases, which burn no more, come newest first."""
    return filters.sort is Sort.NEW or filters.view is View.FINISHED


def sort_keys(newest_first: bool) -> tuple[SortKey, SortKey]:
    """The order of the list: what burns first, or what was registered last."""
    if newest_first:
        return (
            SortKey(Case.registered_at.expression, lambda row: row.registered_at, descending=True),
            SortKey(Case.id.expression, lambda row: row.id, descending=True),
        )
    return SortKey(Case.due_at.expression, lambda row: row.due_at), SortKey(Case.id.expression, lambda row: row.id)


def promised() -> ScalarSelect[int]:
    """The money that a case's last agreement promises, in 分; NULL where there is none."""
    return (
        select(Agreement.outlay)
        .where(Agreement.case_id == Case.id)
        .order_by(Agreement.id.desc())
        .limit(1)
        .correlate(Case)
        .scalar_subquery()
    )


def row_columns() -> Select[Any]:
    """The columns of a row; the money promised last comes from the agreement."""
    columns: Any = select(
        Case.id,
        Case.reference,
        Case.consumer_mask,
        Case.goods,
        Case.headline,
        Case.amount,
        Case.state,
        Case.turn,
        Case.answer,
        Case.answered_at,
        Case.channel,
        Case.source,
        Case.due_at,
        Case.registered_at,
        Case.dispatched_at,
        Case.agreed_at,
        Case.unverified_at,
        Case.performed_at,
        Case.last_event_at,
        Person.name.label("assignee"),
        promised().label("promised"),
    )
    return columns.select_from(Case).outerjoin(Person, Person.id == Case.assignee_id)


def worklist_page(session: Session, asked: Narrowing, filters: Filters, cursor: str | None, *, size: int) -> Page[Any]:
    """One page of rows under the conditions."""
    return _listing(asked.shape, is_newest_first(filters), size).page(session, cursor, asked.values)


@lru_cache(maxsize=SHAPES_KEPT)
def _listing(shape: Shape, newest_first: bool, size: int) -> Listing:
    return Listing(row_columns().where(*shape.conditions()), sort_keys(newest_first), size=size, scalars=False)
