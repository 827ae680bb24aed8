"""Visits and breaches of promises as people look at them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, contains_eager

from portal.accounts.models import Organisation
from portal.commitments.models import PromiseVersion, Promisor
from portal.commitments.rules import PromiseState
from portal.core.actor import Actor
from portal.core.errors import NotFound
from portal.core.paging import COUNT_CAP, Page, SortKey, keyset_page
from portal.core.privacy import DataKey
from portal.supervision import violations, visits
from portal.supervision.attachments import Attached, attached
from portal.supervision.rules.visits import ViolationSource, ViolationState, VisitState
from portal.supervision.visit_models import MysteryVisit, PromiseViolation, SupervisionFile, VisitLapse

EXPORT_CAP = 20_000  # rows of one file: our limit


@dataclass(frozen=True, slots=True)
class SupervisionFilter:
    """What a list of visits or breaches is narrowed to; empty values narrow nothing."""

    q: str = ""
    state: str = ""
    source: str = ""

    @property
    def narrows(self) -> bool:
        """Whether any condition holds."""
        return bool(self.q or self.state or self.source)


@dataclass(frozen=True, slots=True)
class VisitLine:
    """One line of the list of visits."""

    id: int
    reference: str
    promisor: str
    code: str
    outlet: str
    state: VisitState
    planned_on: date | None
    visited_on: date | None
    lapses: int
    rectify_on: date | None

    @property
    def day(self) -> date | None:
        """When it was made, or is to be."""
        return self.visited_on or self.planned_on


@dataclass(frozen=True, slots=True)
class ViolationLine:
    """One line of the list of breaches."""

    id: int
    reference: str
    promisor: str
    code: str
    source: ViolationSource
    state: ViolationState
    happened_on: date
    text: str


@dataclass(frozen=True, slots=True)
class VisitPage:
    """A visit with what it found and its files."""

    row: MysteryVisit
    promisor: Promisor
    authority: str
    lapses: Sequence[VisitLapse]
    files: Sequence[Attached]


@dataclass(frozen=True, slots=True)
class ViolationPage:
    """A breach with the promise in force and how many there are of the promisor."""

    row: PromiseViolation
    promisor: Promisor
    current: str | None  # reference of the version in force
    others: Sequence[ViolationLine]


def visit_lines(session: Session, actor: Actor, wanted: SupervisionFilter, cursor: str | None) -> Page[VisitLine]:
    """One page of visits, newest first."""
    keys = [SortKey(MysteryVisit.id.expression, lambda row: row.id, descending=True)]
    page = keyset_page(session, _visits(actor, wanted), keys, cursor, scalars=False)
    return Page([VisitLine(*row) for row in page.rows], page.next_cursor, page.previous_cursor)


def visit_count(session: Session, actor: Actor, wanted: SupervisionFilter) -> int:
    """How many the list has, counted up to the cap and one."""
    return _capped(session, _visits(actor, wanted).with_only_columns(MysteryVisit.id))


def all_visits(session: Session, actor: Actor, wanted: SupervisionFilter) -> list[VisitLine]:
    """The list for a file, newest first, at most EXPORT_CAP rows."""
    query = _visits(actor, wanted).order_by(MysteryVisit.id.desc()).limit(EXPORT_CAP)
    return [VisitLine(*row) for row in session.execute(query)]


def violation_lines(
    session: Session, actor: Actor, wanted: SupervisionFilter, cursor: str | None
) -> Page[ViolationLine]:
    """One page of breaches, newest first."""
    keys = [SortKey(PromiseViolation.id.expression, lambda row: row.id, descending=True)]
    page = keyset_page(session, _violations(actor, wanted), keys, cursor, scalars=False)
    return Page([ViolationLine(*row) for row in page.rows], page.next_cursor, page.previous_cursor)


def violation_count(session: Session, actor: Actor, wanted: SupervisionFilter) -> int:
    """How many the list has, counted up to the cap and one."""
    return _capped(session, _violations(actor, wanted).with_only_columns(PromiseViolation.id))


def all_violations(session: Session, actor: Actor, wanted: SupervisionFilter) -> list[ViolationLine]:
    """The list for a file, newest first, at most EXPORT_CAP rows."""
    query = _violations(actor, wanted).order_by(PromiseViolation.id.desc()).limit(EXPORT_CAP)
    return [ViolationLine(*row) for row in session.execute(query)]


def visit_page(session: Session, actor: Actor, reference: str) -> VisitPage:
    """One visit; NotFound for strangers, and for the merchant before it was released."""
    found = session.execute(
        select(MysteryVisit, DataKey, Organisation.name)
        .join(MysteryVisit.promisor)
        .join(DataKey, DataKey.id == MysteryVisit.key_id)
        .join(Organisation, Organisation.id == MysteryVisit.authority_id)
        .where(MysteryVisit.reference == reference, visits.visible_to(actor))
        .options(contains_eager(MysteryVisit.promisor))
    ).first()
    if found is None:
        raise NotFound(visits.MISSING)
    row, key, authority = found
    lapses = session.scalars(select(VisitLapse).where(VisitLapse.visit_id == row.id).order_by(VisitLapse.id)).all()
    files = session.scalars(
        select(SupervisionFile).where(SupervisionFile.visit_id == row.id).order_by(SupervisionFile.id)
    ).all()
    return VisitPage(row, row.promisor, authority, lapses, attached(session, key, files))


def violation_page(session: Session, actor: Actor, reference: str) -> ViolationPage:
    """One breach; NotFound for strangers."""
    row = session.scalars(
        select(PromiseViolation)
        .join(PromiseViolation.promisor)
        .where(PromiseViolation.reference == reference, violations.visible_to(actor))
        .options(contains_eager(PromiseViolation.promisor))
    ).first()
    if row is None:
        raise NotFound(violations.MISSING)
    current = session.scalars(
        select(PromiseVersion.reference).where(
            PromiseVersion.promisor_id == row.promisor_id, PromiseVersion.state == PromiseState.CURRENT
        )
    ).first()
    same = _violations(actor, SupervisionFilter()).where(
        PromiseViolation.promisor_id == row.promisor_id, PromiseViolation.id != row.id
    )
    others = session.execute(same.order_by(PromiseViolation.id.desc()).limit(20))
    return ViolationPage(row, row.promisor, current, [ViolationLine(*one) for one in others])


def file_of(session: Session, actor: Actor, reference: str) -> tuple[SupervisionFile, DataKey] | None:
    """A file of a visit, for who may see the visit; None for anyone else."""
    row = session.execute(
        select(SupervisionFile, DataKey)
        .join(MysteryVisit, MysteryVisit.id == SupervisionFile.visit_id)
        .join(DataKey, DataKey.id == MysteryVisit.key_id)
        .where(SupervisionFile.reference == reference, visits.visible_to(actor))
    ).first()
    return (row[0], row[1]) if row else None


def _visits(actor: Actor, wanted: SupervisionFilter) -> Select[Any]:
    query: Any = (
        select(
            MysteryVisit.id,
            MysteryVisit.reference,
            Promisor.name,
            Promisor.code,
            MysteryVisit.outlet,
            MysteryVisit.state,
            MysteryVisit.planned_on,
            MysteryVisit.visited_on,
            MysteryVisit.lapses,
            MysteryVisit.rectify_on,
        )
        .join(Promisor, Promisor.id == MysteryVisit.promisor_id)
        .where(visits.visible_to(actor))
    )
    if wanted.state:
        query = query.where(MysteryVisit.state == wanted.state)
    return _searched(query, wanted.q, MysteryVisit.reference)


def _violations(actor: Actor, wanted: SupervisionFilter) -> Select[Any]:
    query: Any = (
        select(
            PromiseViolation.id,
            PromiseViolation.reference,
            Promisor.name,
            Promisor.code,
            PromiseViolation.source,
            PromiseViolation.state,
            PromiseViolation.happened_on,
            PromiseViolation.text,
        )
        .join(Promisor, Promisor.id == PromiseViolation.promisor_id)
        .where(violations.visible_to(actor))
    )
    if wanted.state:
        query = query.where(PromiseViolation.state == wanted.state)
    if wanted.source:
        query = query.where(PromiseViolation.source == wanted.source)
    return _searched(query, wanted.q, PromiseViolation.reference)


def _searched(query: Any, q: str, reference: Any) -> Select[Any]:
    if q:
        named = Promisor.name.icontains(q, autoescape=True)
        query = query.where(named | Promisor.code.startswith(q.upper()) | reference.startswith(q.upper()))
    found: Select[Any] = query
    return found


def _capped(session: Session, query: Select[Any]) -> int:
    capped = query.limit(COUNT_CAP + 1).subquery()
    return session.scalars(select(func.count()).select_from(capped)).one()
