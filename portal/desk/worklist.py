"""The merchant's worklist: what a filter means in SQL, the counts of its tabs, one page of rows.

Counts are capped and come in one UNION ALL statement over indexes that start with the merchant (decisions 20).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, String, cast, func, literal, null, or_, select, union_all
from sqlalchemy import false as sql_false
from sqlalchemy import true as sql_true
from sqlalchemy.orm import Session

from portal.accounts.models import Membership, Person
from portal.cases.access import visible_to
from portal.cases.filters import ME, NOBODY, TABS, Filters, Sort, View
from portal.cases.levels import RAISABLE
from portal.cases.lookups import Sought
from portal.cases.models import Case, SavedView
from portal.cases.rules import CaseState, Level, Turn
from portal.cases.substitutes import raised_to
from portal.cases.wording import SOURCE_NAMES
from portal.clocks import rules as clocks
from portal.clocks.rules import Calendar
from portal.core import search
from portal.core.actor import Actor, ActorKind
from portal.core.paging import COUNT_CAP, Page, SortKey, keyset_page
from portal.enrolment.models import Outlet
from portal.intake.models import Filing
from portal.settlements.models import Agreement

SHOWN_VIEWS = 10  # saved views beside the built-in tabs
SOON_DAYS = 3  # working days (look/DESIGN.md 4)
_NUMBERLIKE = re.compile(r"^[0-9A-Za-z-]{6,32}$")  # what may be a reference or a channel's number
IS_OPEN = Case.is_open == sql_true()
OURS_TO_DO = (IS_OPEN, Case.state != CaseState.PERFORMED)  # what was performed waits for the consumer's word


@dataclass(frozen=True, slots=True)
class Moments:
    """The moments that views are measured against."""

    now: datetime
    today_ends: datetime
    soon_ends: datetime

    @classmethod
    def at(cls, now: datetime, calendar: Calendar) -> "Moments":
        """Today's end and the end of the third working day from today."""
        today = clocks.local_day(now)
        return cls(now, clocks.end_of_day(today), clocks.end_of_day(calendar.add_working_days(today, SOON_DAYS)))


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
    organisation = actor.organisation_id
    is_own = SavedView.person_id == actor.person_id
    nothing = cast(null(), String)
    rows = session.execute(
        union_all(
            select(literal("person").label("kind"), Person.sign_in_name.label("key"), Person.name.label("name"),
                   nothing.label("query"), literal(False).label("shared"), literal(False).label("own"),
                   Person.id.label("place"))
            .join(Membership, Membership.person_id == Person.id)
            .where(Membership.organisation_id == organisation, Person.active),
            select(literal("outlet"), nothing, Outlet.name, nothing, literal(False), literal(False), Outlet.id)
            .where(Outlet.merchant_id == organisation, Outlet.closed_at.is_(None)),
            select(literal("view"), SavedView.reference, SavedView.name, SavedView.query, SavedView.shared, is_own,
                   SavedView.id)
            .where(SavedView.organisation_id == organisation, or_(is_own, SavedView.shared)),
        )
    ).all()  # fmt: skip
    rows = sorted(rows, key=lambda row: row.place)
    views = [
        KeptView(row.key, row.name, row.query, bool(row.shared), bool(row.own)) for row in rows if row.kind == "view"
    ]
    return Choices(
        people=tuple(sorted(((row.key, row.name) for row in rows if row.kind == "person"), key=lambda one: one[1])),
        outlets=tuple(sorted(row.name for row in rows if row.kind == "outlet")),
        views=tuple(sorted(views, key=lambda view: not view.own)[:SHOWN_VIEWS]),
    )


def counts(session: Session, actor: Actor, views: Sequence[KeptView], moments: Moments) -> dict[str, int]:
    """How many cases each tab holds, at most COUNT_CAP + 1; saved views with a search are not counted."""
    wanted = {view.value: Filters(view=view) for view in TABS}
    for kept in views:
        filters = kept_filters(kept)
        if not filters.q:
            wanted[kept.reference] = filters
    parts = [
        select(literal(name).label("name"), func.count().label("held")).select_from(
            select(literal(1)).where(*conditions(actor, filters, moments)).limit(COUNT_CAP + 1).subquery()
        )
        for name, filters in wanted.items()
    ]
    return {row.name: row.held for row in session.execute(union_all(*parts))}


def kept_filters(kept: KeptView) -> Filters:
    """The filters that a saved view holds."""
    return Filters.from_query(kept.query)


def conditions(
    actor: Actor, filters: Filters, moments: Moments, found: ColumnElement[bool] | None = None
) -> list[ColumnElement[bool]]:
    """What the filters mean, inside what the actor may see; `found` is the condition of a search."""
    asked: list[ColumnElement[bool]] = [visible_to(actor), *_view(actor, filters, moments)]
    if filters.states:
        asked.append(Case.state.in_(filters.states))
    if filters.channels:
        asked.append(Case.channel.in_(filters.channels))
    if filters.at_least:
        asked.append(Case.amount >= filters.at_least)
    if filters.assignee:
        asked.append(_assignee(actor, filters.assignee))
    if filters.level:
        asked.append(Case.raised_to.is_(None) if filters.level is Level.AGENT else Case.raised_to == filters.level)
    if filters.outlet:
        asked.append(
            Case.outlet_id.in_(
                select(Outlet.id).where(Outlet.merchant_id == actor.organisation_id, Outlet.name == filters.outlet)
            )
        )
    if filters.since:
        asked.append(Case.registered_at >= clocks.start_of_day(filters.since))
    if filters.until:
        asked.append(Case.registered_at < clocks.end_of_day(filters.until))
    if found is not None:
        asked.append(found)
    return asked


def _view(actor: Actor, filters: Filters, moments: Moments) -> list[ColumnElement[bool]]:
    if filters.view is View.ALL:  # a state or a search reaches finished cases too
        return [] if filters.states or filters.q or filters.found else [IS_OPEN]
    meanings: dict[View, list[ColumnElement[bool]]] = {
        View.OURS: [Case.turn == Turn.OURS],
        View.MINE: [Case.assignee_id == actor.person_id, IS_OPEN],
        View.RAISED: [raised_to(actor, now=moments.now), Case.state.in_(RAISABLE)],
        View.SOON: [*OURS_TO_DO, Case.due_at > moments.now, Case.due_at <= moments.soon_ends],
        View.TODAY: [*OURS_TO_DO, Case.due_at > moments.now, Case.due_at <= moments.today_ends],
        View.OVERDUE: [*OURS_TO_DO, Case.due_at <= moments.now],
        View.ANSWERED: [Case.answer.is_not(None)],
        View.NEW: [Case.state == CaseState.DISPATCHED],
        View.PAY: [Case.state.in_((CaseState.AGREED, CaseState.BREACHED))],
        View.FINISHED: [Case.is_open == sql_false()],
    }
    return meanings[filters.view]


def _assignee(actor: Actor, name: str) -> ColumnElement[bool]:
    if name == NOBODY:
        return Case.assignee_id.is_(None)
    if name == ME:
        return Case.assignee_id == actor.person_id
    person = (
        select(Person.id)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.organisation_id == actor.organisation_id, Person.sign_in_name == name)
    )
    return Case.assignee_id.in_(person)


def found_by_words(session: Session, actor: Actor, words: str) -> ColumnElement[bool] | None:
    """The condition of a search: an exact reference or 登记编号 where there is one, else the bigrams of the text.

    None without words. The two are not joined by OR, which would cost an index scan of everything the actor sees.
    """
    if not words:
        return None
    if _NUMBERLIKE.match(words) and (exact := _numbered(session, actor, words)):
        return Case.id.in_(exact)
    if actor.organisation_id is None:
        return sql_false()
    scope_of = search.merchant_scope if actor.kind is ActorKind.MERCHANT else search.authority_scope
    matched = search.matches(session, search.CASE_SEARCH, Case.id, words, scope_of(actor.organisation_id))
    return sql_false() if matched is None else matched


def _numbered(session: Session, actor: Actor, number: str) -> list[int]:
    by_filing = select(Filing.case_id).where(Filing.source.in_(SOURCE_NAMES), Filing.number == number)
    wanted = or_(Case.reference == number.upper(), Case.id.in_(by_filing))
    return list(session.scalars(select(Case.id).where(visible_to(actor), wanted)))


def found_by_consumer(sought: Sought | None) -> ColumnElement[bool]:
    """The condition of a search by full phone number or name; nothing where its token said nothing."""
    return sought.condition if sought else sql_false()


def sort_keys(filters: Filters) -> tuple[SortKey, SortKey]:
    """The order of the list; finished cases, which burn no more, come newest first."""
    if filters.sort is Sort.NEW or filters.view is View.FINISHED:
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


def worklist_page(
    session: Session, asked: Sequence[ColumnElement[bool]], filters: Filters, cursor: str | None, *, size: int
) -> Page[Any]:
    """One page of rows under the conditions."""
    return keyset_page(session, row_columns().where(*asked), sort_keys(filters), cursor, size=size, scalars=False)
