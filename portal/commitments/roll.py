"""The authority's roll of promises: views, filters, counts, one page at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, or_, select, true, union_all
from sqlalchemy.orm import Session, aliased

from portal.accounts.models import Organisation
from portal.accounts.rules import normalised_company
from portal.classification.rules import CLASS_NAMES
from portal.commitments.models import PromiseScope, PromiseVersion, Promisor
from portal.commitments.queries import visible_to
from portal.commitments.rules import PromiseState
from portal.commitments.rules.directory import BAND_DAYS, Band
from portal.core.actor import Actor
from portal.core.paging import COUNT_CAP, Page, SortKey, keyset_page

SOON = timedelta(days=60)  # before its expiry a promise is listed as 即将到期; ours, not law
OFFICE = "所"  # of Organisation.level: its merchants are reviewed by the district above it
SHOWN_STATES = tuple(one for one in PromiseState if one not in (PromiseState.DRAFT, PromiseState.REPLACED))
EXPORT_CAP = 20_000  # rows of one XLSX: our limit; a filter narrows what is more

Authority = aliased(Organisation, name="authority")


class View(StrEnum):
    """The tabs of the roll."""

    MINE = "mine"  # 待我审核
    CURRENT = "current"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    REMOVED = "removed"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class RollFilter:
    """What the roll is narrowed to; empty values narrow nothing."""

    view: View = View.MINE
    search: str = ""
    authority_code: str = ""
    category: str = ""
    band: Band | None = None
    state: PromiseState | None = None

    @property
    def narrows(self) -> bool:
        """Say whether anything beside the view is asked for."""
        return any((self.search, self.authority_code, self.category, self.band, self.state))


@dataclass(frozen=True, slots=True)
class RollLine:
    """One version in the list."""

    id: int
    reference: str
    promisor: str
    normalised_name: str
    code: str
    authority: str
    number: int
    days: int
    state: PromiseState
    first_on: date | None
    last_on: date | None
    expires_on: date | None
    enrolled: bool


SORTS: Mapping[str, Callable[[], list[SortKey]]] = {
    "newest": lambda: [SortKey(PromiseVersion.id.expression, lambda line: line.id, descending=True)],
    "name": lambda: [
        SortKey(Promisor.normalised_name.expression, lambda line: line.normalised_name),
        SortKey(PromiseVersion.id.expression, lambda line: line.id),
    ],
    "days": lambda: [
        SortKey(PromiseVersion.days.expression, lambda line: line.days, descending=True),
        SortKey(PromiseVersion.id.expression, lambda line: line.id, descending=True),
    ],
}


def filter_of(asked: Mapping[str, str]) -> RollFilter:
    """Read the filter from a request's arguments; what is unknown narrows nothing."""
    view, band, state = asked.get("view", ""), asked.get("days", ""), asked.get("state", "")
    category = asked.get("class", "")
    return RollFilter(
        view=View(view) if view in set(View) else View.MINE,
        search=asked.get("q", "").strip()[:100],
        authority_code=asked.get("area", "").strip()[:40],
        category=category if category in CLASS_NAMES else "",
        band=Band(band) if band in set(Band) else None,
        state=PromiseState(state) if state in set(SHOWN_STATES) else None,
    )


def roll(
    session: Session, actor: Actor, wanted: RollFilter, *, today: date, sort: str = "newest", cursor: str | None = None
) -> Page[RollLine]:
    """One page of the versions that the actor may see."""
    keys = SORTS.get(sort, SORTS["newest"])()
    page = keyset_page(session, _lines(actor, wanted, today), keys, cursor, scalars=False)
    return Page([_line(row) for row in page.rows], page.next_cursor, page.previous_cursor)


def view_counts(session: Session, actor: Actor, *, today: date) -> dict[View, int]:
    """How many versions each tab has, counted up to the cap and one, in one statement."""
    parts = []
    for view in View:
        capped = _lines(actor, RollFilter(view), today).with_only_columns(PromiseVersion.id).limit(COUNT_CAP + 1)
        parts.append(select(literal(view.value), func.count()).select_from(capped.subquery()))
    return {View(name): count for name, count in session.execute(union_all(*parts))}


def counted(session: Session, actor: Actor, wanted: RollFilter, *, today: date) -> int:
    """How many versions the narrowed list has, counted up to the cap and one."""
    capped = _lines(actor, wanted, today).with_only_columns(PromiseVersion.id).limit(COUNT_CAP + 1).subquery()
    return session.scalars(select(func.count()).select_from(capped)).one()


def roll_versions(session: Session, actor: Actor, wanted: RollFilter, *, today: date) -> list[tuple[int, str]]:
    """Ids and authorities of the list for an export, at most EXPORT_CAP, in the order of names."""
    query = _lines(actor, wanted, today).with_only_columns(PromiseVersion.id, Authority.name)
    ordered = query.order_by(Promisor.normalised_name, PromiseVersion.id).limit(EXPORT_CAP)
    return [(row[0], row[1]) for row in session.execute(ordered)]


def may_ask(actor: Actor) -> ColumnElement[bool]:
    """The condition that a version waits for the actor's own unit: first level at its place, second above it."""
    if actor.is_council:
        second = Promisor.council_id.in_(sorted(actor.jurisdiction))
        return and_(PromiseVersion.state == PromiseState.DISTRICT_PASSED, second)
    own = Promisor.authority_id == actor.organisation_id
    office_below = and_(Authority.parent_id == actor.organisation_id, Authority.level == OFFICE)
    return or_(
        and_(PromiseVersion.state == PromiseState.SUBMITTED, or_(own, office_below)),
        and_(PromiseVersion.state == PromiseState.DISTRICT_PASSED, Promisor.council_id.is_(None), ~own),
    )


def _lines(actor: Actor, wanted: RollFilter, today: date) -> Select[*tuple[Any, ...]]:
    query = (
        select(
            PromiseVersion.id,
            PromiseVersion.reference,
            Promisor.name.label("promisor"),
            Promisor.normalised_name,
            Promisor.code,
            Authority.name.label("authority"),
            PromiseVersion.number,
            PromiseVersion.days,
            PromiseVersion.state,
            PromiseVersion.first_on,
            PromiseVersion.last_on,
            PromiseVersion.expires_on,
            Promisor.merchant_id,
        )
        .join(PromiseVersion.promisor)
        .join(Authority, Authority.id == Promisor.authority_id)
        .where(visible_to(actor), _in_view(actor, wanted.view, today))
    )
    return query.where(*_narrowed(wanted))


def _in_view(actor: Actor, view: View, today: date) -> ColumnElement[bool]:
    match view:
        case View.MINE:
            return may_ask(actor)
        case View.CURRENT:
            return PromiseVersion.state == PromiseState.CURRENT
        case View.EXPIRING:
            return and_(
                PromiseVersion.state == PromiseState.CURRENT,
                PromiseVersion.last_on.is_(None),
                PromiseVersion.expires_on <= today + SOON,
            )
        case View.EXPIRED:
            return PromiseVersion.state == PromiseState.EXPIRED
        case View.REMOVED:
            return PromiseVersion.state == PromiseState.REMOVED
        case View.ALL:
            return PromiseVersion.state.in_(SHOWN_STATES)


def _narrowed(wanted: RollFilter) -> Sequence[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [true()]
    if wanted.search:
        plain = normalised_company(wanted.search)
        by_code = Promisor.code.contains(wanted.search.upper(), autoescape=True)
        found.append(or_(by_code, Promisor.normalised_name.contains(plain, autoescape=True)) if plain else by_code)
    if wanted.authority_code:
        below = select(Organisation.path).where(Organisation.code == wanted.authority_code).scalar_subquery()
        found.append(Authority.path.startswith(below))
    if wanted.category:
        scope = exists().where(PromiseScope.version_id == PromiseVersion.id, PromiseScope.category == wanted.category)
        found.append(scope)
    if wanted.band is not None:
        found.append(PromiseVersion.days.between(*BAND_DAYS[wanted.band]))
    if wanted.state is not None:
        found.append(PromiseVersion.state == wanted.state)
    return found


def _line(row: Any) -> RollLine:
    return RollLine(
        id=row.id,
        reference=row.reference,
        promisor=row.promisor,
        normalised_name=row.normalised_name,
        code=row.code,
        authority=row.authority,
        number=row.number,
        days=row.days,
        state=row.state,
        first_on=row.first_on,
        last_on=row.last_on,
        expires_on=row.expires_on,
        enrolled=row.merchant_id is not None,
    )
