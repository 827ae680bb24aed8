"""The merchant's screen of one case: facts with their filings, evidence, history, neighbours in the list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    String,
    bindparam,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import Session, contains_eager, joinedload

from portal.accounts.models import Organisation, Person
from portal.cases.access import MISSING, Sight, sight_of, sight_values, visible
from portal.cases.filters import Filters
from portal.cases.models import Case
from portal.core.access import AccessGrant
from portal.core.actor import Actor
from portal.core.db import UTCDateTime
from portal.core.errors import NotFound
from portal.core.facts import SubjectKind
from portal.core.paging import COUNT_CAP, SortKey, behind, shown_count
from portal.desk.narrowing import Narrowing, Shape
from portal.desk.worklist import SHAPES_KEPT, is_newest_first, promised, sort_keys
from portal.enrolment.models import Merchant, Outlet
from portal.intake.models import Filing

EARLIER_SHOWN = 3
OWN = ("own_moment", "own_id")  # the case's own place in the order of its list


@dataclass(frozen=True, slots=True)
class Opened:
    """A case with its filings, and until when this reader may see the consumer's particulars."""

    case: Case
    filings: tuple[Filing, ...]
    revealed_until: datetime | None
    promised: bool  # the last agreement promises money


def opened(session: Session, actor: Actor, reference: str, *, now: datetime) -> Opened:
    """Read a case with everything that is joined to it, in one statement; raises NotFound for strangers."""
    values = {"reference": reference, "reader": actor.person_id or 0, "now": now, **sight_values(actor)}
    rows = session.execute(_opening(sight_of(actor)), values).all()
    if not rows:
        raise NotFound(MISSING)
    return Opened(rows[0].Filing.case, tuple(row.Filing for row in rows), rows[0].until, bool(rows[0].promised))


@cache
def _opening(sight: Sight) -> Any:
    grant = (
        select(func.max(AccessGrant.expires_at))
        .where(
            AccessGrant.person_id == bindparam("reader"),
            AccessGrant.subject_kind == SubjectKind.CASE,
            AccessGrant.subject_id == Case.id,
            AccessGrant.expires_at > bindparam("now"),
        )
        .correlate(Case)
        .scalar_subquery()
    )
    case = contains_eager(Filing.case)
    return (
        select(Filing, grant.label("until"), promised().label("promised"))
        .join(Filing.case)
        .where(Case.reference == bindparam("reference"), visible(sight))
        .options(
            case.joinedload(Case.authority).load_only(Organisation.path, Organisation.name, raiseload=True),
            case.joinedload(Case.merchant).load_only(Merchant.slug, raiseload=True),
            case.joinedload(Case.assignee).load_only(Person.name, raiseload=True),
            case.joinedload(Case.outlet).load_only(Outlet.name, raiseload=True),
            case.joinedload(Case.raised_person).load_only(Person.name, raiseload=True),
            case.joinedload(Case.key),
            joinedload(Filing.key),
        )
        .order_by(Filing.registered_at, Filing.id)
    )


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another case of the same list or of the same consumer."""

    reference: str
    headline: str
    state: str
    registered_at: datetime


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The case's place in the list it was opened from, and what this consumer brought to us before."""

    previous: str | None
    next: str | None
    place: str  # 第 9 件，共 63 件; empty where the case is no longer in the list
    earlier: tuple[Neighbour, ...]


def surroundings(session: Session, case: Case, filters: Filters, asked: Narrowing) -> Surroundings:
    """Find the neighbours under the same conditions and the consumer's earlier cases, in one statement.

    Earlier cases are the same merchant's own and for its eyes only; what went to others is the officer's to know.
    """
    newest_first, by_phone = is_newest_first(filters), case.phone_index is not None
    own = {
        "own_id": case.id,
        "own_moment": sort_keys(newest_first)[0].read(case),
        "own_phone": case.phone_index,
        "own_firm": case.merchant_id,
        "own_registered": case.registered_at,
    }
    rows = session.execute(_surrounding(asked.shape, newest_first, by_phone), {**asked.values, **own}).all()
    one = {row.kind: row for row in rows}
    inside = one["inside"].held
    earlier = sorted((row for row in rows if row.kind == "earlier"), key=lambda row: row.at, reverse=True)
    return Surroundings(
        previous=one["previous"].reference if "previous" in one else None,
        next=one["next"].reference if "next" in one else None,
        place=_place(one["before"].held + 1, one["all"].held) if inside else "",
        earlier=tuple(Neighbour(row.reference, row.headline, row.state, row.at) for row in earlier),
    )


@lru_cache(maxsize=SHAPES_KEPT)
def _surrounding(shape: Shape, newest_first: bool, by_phone: bool) -> CompoundSelect[Any]:
    keys, asked = sort_keys(newest_first), shape.conditions()
    parts = [
        _neighbour("next", asked, keys, backwards=False),
        _neighbour("previous", asked, keys, backwards=True),
        _held("before", [*asked, behind(keys, OWN, backwards=True)]),
        _held("all", asked),
        _held("inside", [*asked, Case.id == bindparam("own_id")]),
    ]
    if by_phone:
        parts.append(_earlier(shape.sight))
    return union_all(*parts)


def _place(number: int, held: int) -> str:
    if number > COUNT_CAP:
        return ""
    return f"第 {number} 件，共 {shown_count(held)} 件"


def _columns(kind: str) -> tuple[Any, ...]:
    return (
        literal(kind).label("kind"),
        Case.reference.label("reference"),
        Case.headline.label("headline"),
        cast(Case.state, String).label("state"),
        Case.registered_at.label("at"),
        literal(0).label("held"),
    )


def _neighbour(kind: str, asked: Sequence[ColumnElement[bool]], keys: Sequence[SortKey], *, backwards: bool) -> Any:
    order = [key.column.desc() if key.descending != backwards else key.column.asc() for key in keys]
    found = select(*_columns(kind)).where(*asked, behind(keys, OWN, backwards=backwards)).order_by(*order).limit(1)
    return select(found.subquery())


def _held(kind: str, asked: Sequence[ColumnElement[bool]]) -> Any:
    capped = select(Case.id).where(*asked).limit(COUNT_CAP + 1).subquery()
    nothing = cast(null(), String)
    return select(literal(kind), nothing, nothing, nothing, cast(null(), UTCDateTime()), func.count()).select_from(
        capped
    )


def _earlier(sight: Sight) -> Any:
    found = (
        select(*_columns("earlier"))
        .where(
            visible(sight),
            Case.phone_index == bindparam("own_phone"),
            Case.merchant_id == bindparam("own_firm"),
            Case.id != bindparam("own_id"),
            Case.registered_at <= bindparam("own_registered"),
        )
        .order_by(Case.registered_at.desc(), Case.id.desc())
        .limit(EARLIER_SHOWN)
    )
    return select(found.subquery())
