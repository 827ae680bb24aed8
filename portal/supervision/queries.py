"""Inspections as people look at them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.core.actor import Actor
from portal.core.errors import NotFound
from portal.core.paging import COUNT_CAP, Page, SortKey, keyset_page
from portal.enrolment.models import Merchant
from portal.supervision.actions import MISSING, visible_to
from portal.supervision.models import Inspection, InspectionFinding
from portal.supervision.rules import InspectionState

EXPORT_CAP = 20_000  # rows of one file: our limit


@dataclass(frozen=True, slots=True)
class InspectionFilter:
    """What a list is narrowed to; empty values narrow nothing."""

    q: str = ""
    state: InspectionState | None = None

    @property
    def narrows(self) -> bool:
        """Whether any condition holds."""
        return bool(self.q or self.state)


@dataclass(frozen=True, slots=True)
class InspectionLine:
    """One line of a list."""

    id: int
    reference: str
    merchant: str
    code: str
    state: InspectionState
    inspected_on: date
    sample: int
    findings: int
    rectify_on: date | None


@dataclass(frozen=True, slots=True)
class InspectionPage:
    """One inspection with its findings."""

    row: Inspection
    merchant: str
    code: str
    authority: str
    findings: Sequence[InspectionFinding]


def inspections(session: Session, actor: Actor, wanted: InspectionFilter, cursor: str | None) -> Page[InspectionLine]:
    """One page of inspections, newest first."""
    keys = [SortKey(Inspection.id.expression, lambda row: row.id, descending=True)]
    page = keyset_page(session, _lines(actor, wanted), keys, cursor, scalars=False)
    return Page([InspectionLine(*row) for row in page.rows], page.next_cursor, page.previous_cursor)


def inspection_count(session: Session, actor: Actor, wanted: InspectionFilter) -> int:
    """How many the list has, counted up to the cap and one."""
    capped = _lines(actor, wanted).with_only_columns(Inspection.id).limit(COUNT_CAP + 1).subquery()
    return session.scalars(select(func.count()).select_from(capped)).one()


def all_inspections(session: Session, actor: Actor, wanted: InspectionFilter) -> list[InspectionLine]:
    """The list for a file, newest first, at most EXPORT_CAP rows."""
    rows = session.execute(_lines(actor, wanted).order_by(Inspection.id.desc()).limit(EXPORT_CAP))
    return [InspectionLine(*row) for row in rows]


def inspection_page(session: Session, actor: Actor, reference: str) -> InspectionPage:
    """One inspection with its findings; NotFound for strangers."""
    row = session.execute(
        select(Inspection, Organisation.name, Organisation.code)
        .join(Merchant, Merchant.id == Inspection.merchant_id)
        .join(Organisation, Organisation.id == Merchant.id)
        .where(Inspection.reference == reference, visible_to(actor))
    ).first()
    if row is None:
        raise NotFound(MISSING)
    inspection, merchant, code = row
    authority = session.scalars(select(Organisation.name).where(Organisation.id == inspection.authority_id)).one()
    findings = session.scalars(
        select(InspectionFinding).where(InspectionFinding.inspection_id == inspection.id).order_by(InspectionFinding.id)
    ).all()
    return InspectionPage(inspection, merchant, code, authority, findings)


def _lines(actor: Actor, wanted: InspectionFilter) -> Select[Any]:
    query: Any = (
        select(
            Inspection.id,
            Inspection.reference,
            Organisation.name,
            Organisation.code,
            Inspection.state,
            Inspection.inspected_on,
            Inspection.sample,
            Inspection.findings,
            Inspection.rectify_on,
        )
        .join(Merchant, Merchant.id == Inspection.merchant_id)
        .join(Organisation, Organisation.id == Merchant.id)
        .where(visible_to(actor))
    )
    if wanted.state is not None:
        query = query.where(Inspection.state == wanted.state)
    if wanted.q:
        named = Organisation.name.icontains(wanted.q, autoescape=True)
        query = query.where(named | Organisation.code.startswith(wanted.q) | Inspection.reference.startswith(wanted.q))
    return query
