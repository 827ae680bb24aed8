"""What the filters of a list mean in SQL: conditions by name over values by name.

A list is asked thousands of times a minute under the same few shapes. Making its statement costs ten times what
sending it costs, so a statement is made once for each shape, its values left open, and kept.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, or_, select
from sqlalchemy import false as sql_false
from sqlalchemy import true as sql_true
from sqlalchemy.orm import Session

from portal.accounts.models import Membership, Person
from portal.cases.access import Sight, sight_of, sight_values, visible, visible_to
from portal.cases.filters import ME, NOBODY, Filters, View
from portal.cases.levels import RAISABLE
from portal.cases.lookups import Known, Sought
from portal.cases.models import Case
from portal.cases.rules import CaseState, Level, Turn
from portal.cases.substitutes import handed_up_to, own_level
from portal.cases.wording import SOURCE_NAMES
from portal.clocks import rules as clocks
from portal.clocks.rules import Calendar
from portal.core import search
from portal.core.actor import Actor, ActorKind
from portal.core.db import among
from portal.enrolment.models import Outlet
from portal.intake.models import Filing

Value = Callable[[str], Any]  # a named value, or the parameter that stands for it
Condition = Callable[[Value], ColumnElement[bool]]

SOON_DAYS = 3  # working days (look/DESIGN.md 4)
_NUMBERLIKE = re.compile(r"^[0-9A-Za-z-]{6,32}$")  # what may be a reference or a channel's number

IS_OPEN = Case.is_open == sql_true()
OURS_TO_DO = (IS_OPEN, Case.state != CaseState.PERFORMED)  # what was performed waits for the consumer's word

VIEWS: dict[View, Callable[[Value], list[ColumnElement[bool]]]] = {
    View.ALL: lambda _: [IS_OPEN],
    View.OURS: lambda _: [Case.turn == Turn.OURS],
    View.MINE: lambda value: [Case.assignee_id == value("me"), IS_OPEN],
    View.RAISED: lambda value: [
        handed_up_to(value("me"), value("house"), value("own_level"), value("today")),
        Case.state.in_(RAISABLE),
    ],
    View.SOON: lambda value: [*OURS_TO_DO, Case.due_at > value("now"), Case.due_at <= value("soon_ends")],
    View.TODAY: lambda value: [*OURS_TO_DO, Case.due_at > value("now"), Case.due_at <= value("today_ends")],
    View.OVERDUE: lambda value: [*OURS_TO_DO, Case.due_at <= value("now")],
    View.ANSWERED: lambda _: [Case.answer.is_not(None)],
    View.NEW: lambda _: [Case.state == CaseState.DISPATCHED],
    View.PAY: lambda _: [Case.state.in_((CaseState.AGREED, CaseState.BREACHED))],
    View.FINISHED: lambda _: [Case.is_open == sql_false()],
}
FOUND: dict[str, Condition] = {  # of a search
    "nothing": lambda _: sql_false(),
    "words": lambda value: among(Case.id, value("words")),
    "numbered": lambda value: among(Case.id, value("numbered")),
    Known.PHONE: lambda value: Case.phone_index == value(Known.PHONE),
    Known.NAME: lambda value: Case.name_index == value(Known.NAME),
}
NARROWED: dict[str, Condition] = {
    "states": lambda value: Case.state.in_(value("states")),
    "channels": lambda value: Case.channel.in_(value("channels")),
    "at_least": lambda value: Case.amount >= value("at_least"),
    "unassigned": lambda _: Case.assignee_id.is_(None),
    "mine": lambda value: Case.assignee_id == value("me"),
    "assignee": lambda value: Case.assignee_id.in_(
        select(Person.id)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.organisation_id == value("house"), Person.sign_in_name == value("assignee"))
    ),
    "unraised": lambda _: Case.raised_to.is_(None),
    "level": lambda value: Case.raised_to == value("level"),
    "outlet": lambda value: Case.outlet_id.in_(
        select(Outlet.id).where(Outlet.merchant_id == value("house"), Outlet.name == value("outlet"))
    ),
    "since": lambda value: Case.registered_at >= value("since"),
    "until": lambda value: Case.registered_at < value("until"),
    **FOUND,
}
ASSIGNED = {ME: "mine", NOBODY: "unassigned"}


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

    def values(self) -> dict[str, Any]:
        """The moments by the names that conditions know."""
        return {
            "now": self.now,
            "today": clocks.local_day(self.now),
            "today_ends": self.today_ends,
            "soon_ends": self.soon_ends,
        }


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: the name of its condition, and its value."""

    name: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class Shape:
    """What is asked without its values: the key under which a statement is kept."""

    sight: Sight
    view: View | None  # None: finished cases too
    names: tuple[str, ...]

    def conditions(self, value: Value = bindparam) -> list[ColumnElement[bool]]:
        """The conditions over named parameters, or over the values themselves."""
        viewed = VIEWS[self.view](value) if self.view else []
        return [visible(self.sight, value), *viewed, *(NARROWED[name](value) for name in self.names)]


@dataclass(frozen=True, slots=True)
class Narrowing:
    """The cases that filters ask for, inside what the actor may see."""

    shape: Shape
    values: Mapping[str, Any] = field(hash=False)

    def conditions(self) -> list[ColumnElement[bool]]:
        """The conditions with their values, for a statement that is made for one use."""
        return self.shape.conditions(self.values.__getitem__)


def narrowing(actor: Actor, filters: Filters, moments: Moments, found: Found | None = None) -> Narrowing:
    """What the filters mean, inside what the actor may see; `found` is what their search found."""
    asked = _asked(filters) | ({found.name: found.value} if found else {})
    everything = filters.view is View.ALL and bool(filters.states or filters.q or filters.found)
    shape = Shape(sight_of(actor), None if everything else filters.view, tuple(asked))
    own = {"me": actor.person_id, "house": actor.organisation_id, "own_level": own_level(actor)}
    return Narrowing(shape, {**own, **sight_values(actor), **moments.values(), **asked})


def _asked(filters: Filters) -> dict[str, Any]:
    """The names of the conditions beside the view, with their values."""
    asked: dict[str, Any] = {
        "states": filters.states,
        "channels": filters.channels,
        "at_least": filters.at_least,
        ASSIGNED.get(filters.assignee, "assignee"): filters.assignee,
        "unraised" if filters.level is Level.AGENT else "level": filters.level,
        "outlet": filters.outlet,
        "since": clocks.start_of_day(filters.since) if filters.since else None,
        "until": clocks.end_of_day(filters.until) if filters.until else None,
    }
    return {name: value for name, value in asked.items() if value}


def found_by_words(session: Session, actor: Actor, words: str) -> Found | None:
    """What a search finds: an exact reference or 登记编号 where there is one, else the bigrams of the text.

    None without words. The two are not joined by OR, which would cost an index scan of everything the actor sees.
    """
    if not words:
        return None
    if _NUMBERLIKE.match(words) and (exact := _numbered(session, actor, words)):
        return Found("numbered", exact)
    if actor.organisation_id is None:
        return Found("nothing")
    scope_of = search.merchant_scope if actor.kind is ActorKind.MERCHANT else search.authority_scope
    keys = search.matching_keys(session, search.CASE_SEARCH, words, scope_of(actor.organisation_id))
    return Found("words", keys) if keys else Found("nothing")


def _numbered(session: Session, actor: Actor, number: str) -> list[int]:
    by_filing = select(Filing.case_id).where(Filing.source.in_(SOURCE_NAMES), Filing.number == number)
    wanted = or_(Case.reference == number.upper(), Case.id.in_(by_filing))
    return list(session.scalars(select(Case.id).where(visible_to(actor), wanted)))


def found_by_consumer(sought: Sought | None) -> Found:
    """What a search by full phone number or name finds; nothing where its token said nothing."""
    return Found(sought.by, sought.index) if sought else Found("nothing")
