"""The merchant's screen of one case: facts with their filings, evidence, history, neighbours in the list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, func, literal, null, or_, select, union_all
from sqlalchemy.orm import Session, contains_eager, joinedload

from portal.cases.access import MISSING, visible_to
from portal.cases.filters import Filters
from portal.cases.models import Case
from portal.core.access import AccessGrant
from portal.core.actor import Actor
from portal.core.db import UTCDateTime
from portal.core.errors import NotFound
from portal.core.facts import SubjectKind
from portal.core.paging import COUNT_CAP, SortKey, shown_count
from portal.desk.worklist import promised, sort_keys
from portal.intake.models import Filing

EARLIER_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Opened:
    """A case with its filings, and until when this reader may see the consumer's particulars."""

    case: Case
    filings: tuple[Filing, ...]
    revealed_until: datetime | None
    promised: bool  # the last agreement promises money


def opened(session: Session, actor: Actor, reference: str, *, now: datetime) -> Opened:
    """Read a case with everything that is joined to it, in one statement; raises NotFound for strangers."""
    grant = (
        select(func.max(AccessGrant.expires_at))
        .where(
            AccessGrant.person_id == (actor.person_id or 0),
            AccessGrant.subject_kind == SubjectKind.CASE,
            AccessGrant.subject_id == Case.id,
            AccessGrant.expires_at > now,
        )
        .correlate(Case)
        .scalar_subquery()
    )
    case = contains_eager(Filing.case)
    rows = session.execute(
        select(Filing, grant.label("until"), promised().label("promised"))
        .join(Filing.case)
        .where(Case.reference == reference, visible_to(actor))
        .options(
            case.joinedload(Case.authority),
            case.joinedload(Case.merchant),
            case.joinedload(Case.assignee),
            case.joinedload(Case.outlet),
            case.joinedload(Case.raised_person),
            case.joinedload(Case.key),
            joinedload(Filing.key),
        )
        .order_by(Filing.registered_at, Filing.id)
    ).all()
    if not rows:
        raise NotFound(MISSING)
    return Opened(rows[0].Filing.case, tuple(row.Filing for row in rows), rows[0].until, bool(rows[0].promised))


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


def surroundings(
    session: Session, actor: Actor, case: Case, filters: Filters, asked: Sequence[ColumnElement[bool]]
) -> Surroundings:
    """Find the neighbours under the same conditions and the consumer's earlier cases, in one statement.

    Earlier cases are the same merchant's own and for its eyes only; what went to others is the officer's to know.
    """
    keys = sort_keys(filters)
    parts = [
        _neighbour("next", asked, keys, case, backwards=False),
        _neighbour("previous", asked, keys, case, backwards=True),
        _held("before", [*asked, _beyond(keys, case, backwards=True)]),
        _held("all", asked),
        _held("inside", [*asked, Case.id == case.id]),
    ]
    if case.phone_index is not None:
        parts.append(_earlier(actor, case))
    rows = session.execute(union_all(*parts)).all()
    one = {row.kind: row for row in rows}
    inside = one["inside"].held
    earlier = sorted((row for row in rows if row.kind == "earlier"), key=lambda row: row.at, reverse=True)
    return Surroundings(
        previous=one["previous"].reference if "previous" in one else None,
        next=one["next"].reference if "next" in one else None,
        place=_place(one["before"].held + 1, one["all"].held) if inside else "",
        earlier=tuple(Neighbour(row.reference, row.headline, row.state, row.at) for row in earlier),
    )


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


def _neighbour(
    kind: str, asked: Sequence[ColumnElement[bool]], keys: Sequence[SortKey], case: Case, *, backwards: bool
) -> Any:
    order = [key.column.desc() if key.descending != backwards else key.column.asc() for key in keys]
    found = select(*_columns(kind)).where(*asked, _beyond(keys, case, backwards=backwards)).order_by(*order).limit(1)
    return select(found.subquery())


def _held(kind: str, asked: Sequence[ColumnElement[bool]]) -> Any:
    capped = select(Case.id).where(*asked).limit(COUNT_CAP + 1).subquery()
    nothing = cast(null(), String)
    return select(literal(kind), nothing, nothing, nothing, cast(null(), UTCDateTime()), func.count()).select_from(
        capped
    )


def _earlier(actor: Actor, case: Case) -> Any:
    found = (
        select(*_columns("earlier"))
        .where(
            visible_to(actor),
            Case.phone_index == case.phone_index,
            Case.merchant_id == case.merchant_id,
            Case.id != case.id,
            Case.registered_at <= case.registered_at,
        )
        .order_by(Case.registered_at.desc(), Case.id.desc())
        .limit(EARLIER_SHOWN)
    )
    return select(found.subquery())


def _beyond(keys: Sequence[SortKey], case: Case, *, backwards: bool) -> ColumnElement[bool]:
    first, last = keys
    at, own = first.read(case), last.read(case)

    def further(key: SortKey, value: Any) -> ColumnElement[bool]:
        return key.column < value if key.descending != backwards else key.column > value

    return or_(further(first, at), and_(first.column == at, further(last, own)))
