"""Proposals and measures as people look at them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, contains_eager

from portal.accounts.models import Organisation
from portal.core.actor import Actor
from portal.core.errors import NotFound
from portal.core.paging import COUNT_CAP, Page, SortKey, keyset_page
from portal.core.privacy import DataKey
from portal.documents.models import Document
from portal.enrolment.models import Merchant
from portal.supervision import measures, sanctions
from portal.supervision.attachments import Attached, attached
from portal.supervision.rules.sanctions import Level, MeasureState, ProposalState
from portal.supervision.rules.triggers import Figures, Rule, Trigger
from portal.supervision.sanction_models import Measure, MeasureNote, SanctionProposal, SanctionTrigger
from portal.supervision.triggers import ladder_of, rule_of
from portal.supervision.visit_models import SupervisionFile

EXPORT_CAP = 20_000  # rows of one file: our limit


@dataclass(frozen=True, slots=True)
class SanctionFilter:
    """What a list of proposals or measures is narrowed to; empty values narrow nothing."""

    q: str = ""
    state: str = ""
    trigger: str = ""
    level: str = ""

    @property
    def narrows(self) -> bool:
        """Whether any condition holds."""
        return bool(self.q or self.state or self.trigger or self.level)


@dataclass(frozen=True, slots=True)
class ProposalLine:
    """One line of the list of proposals."""

    id: int
    reference: str
    merchant: str
    code: str
    trigger: Trigger
    level: Level
    state: ProposalState
    numerator: int
    denominator: int | None
    proposed_at: datetime

    @property
    def figures(self) -> str:
        """What was counted."""
        return Figures(self.numerator, self.denominator).words


@dataclass(frozen=True, slots=True)
class MeasureLine:
    """One line of the list of measures."""

    id: int
    number: str
    merchant: str
    code: str
    level: Level
    state: MeasureState
    rectify_on: date | None
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class ProposalPage:
    """A proposal with its rule and what was done about the merchant before."""

    row: SanctionProposal
    merchant: Merchant
    authority: str
    rule: Rule
    figures: Figures
    earlier: Sequence[MeasureLine]


@dataclass(frozen=True, slots=True)
class NoteLine:
    """What was said about a measure, with its files."""

    note: MeasureNote
    files: Sequence[Attached]


@dataclass(frozen=True, slots=True)
class MeasurePage:
    """A measure with everything about it."""

    row: Measure
    merchant: Merchant
    proposal: SanctionProposal
    document: Document
    notes: Sequence[NoteLine]
    others: Sequence[MeasureLine]  # of the same merchant


def proposals(session: Session, actor: Actor, wanted: SanctionFilter, cursor: str | None) -> Page[ProposalLine]:
    """One page of proposals, newest first."""
    keys = [SortKey(SanctionProposal.id.expression, lambda row: row.id, descending=True)]
    page = keyset_page(session, _proposals(actor, wanted), keys, cursor, scalars=False)
    return Page([ProposalLine(*row) for row in page.rows], page.next_cursor, page.previous_cursor)


def proposal_count(session: Session, actor: Actor, wanted: SanctionFilter) -> int:
    """How many the list has, counted up to the cap and one."""
    return _capped(session, _proposals(actor, wanted).with_only_columns(SanctionProposal.id))


def all_proposals(session: Session, actor: Actor, wanted: SanctionFilter) -> list[ProposalLine]:
    """The list for a file, newest first, at most EXPORT_CAP rows."""
    query = _proposals(actor, wanted).order_by(SanctionProposal.id.desc()).limit(EXPORT_CAP)
    return [ProposalLine(*row) for row in session.execute(query)]


def measure_lines(session: Session, actor: Actor, wanted: SanctionFilter, cursor: str | None) -> Page[MeasureLine]:
    """One page of measures, newest first."""
    keys = [SortKey(Measure.id.expression, lambda row: row.id, descending=True)]
    page = keyset_page(session, _measures(actor, wanted), keys, cursor, scalars=False)
    return Page([MeasureLine(*row) for row in page.rows], page.next_cursor, page.previous_cursor)


def measure_count(session: Session, actor: Actor, wanted: SanctionFilter) -> int:
    """How many the list has, counted up to the cap and one."""
    return _capped(session, _measures(actor, wanted).with_only_columns(Measure.id))


def all_measures(session: Session, actor: Actor, wanted: SanctionFilter) -> list[MeasureLine]:
    """The list for a file, newest first, at most EXPORT_CAP rows."""
    query = _measures(actor, wanted).order_by(Measure.id.desc()).limit(EXPORT_CAP)
    return [MeasureLine(*row) for row in session.execute(query)]


def proposal_page(session: Session, actor: Actor, reference: str) -> ProposalPage:
    """One proposal; NotFound for strangers."""
    row = session.scalars(
        select(SanctionProposal)
        .join(SanctionProposal.merchant)
        .join(Merchant.organisation)
        .join(SanctionProposal.trigger)
        .where(SanctionProposal.reference == reference, sanctions.visible_to(actor))
        .options(
            contains_eager(SanctionProposal.merchant).contains_eager(Merchant.organisation),
            contains_eager(SanctionProposal.trigger),
        )
    ).first()
    if row is None:
        raise NotFound(sanctions.MISSING)
    return ProposalPage(
        row=row,
        merchant=row.merchant,
        authority=_name(session, row.authority_id),
        rule=rule_of(row.trigger),
        figures=Figures(row.numerator, row.denominator),
        earlier=_of_merchant(session, actor, row.merchant_id),
    )


def measure_page(session: Session, actor: Actor, number: str) -> MeasurePage:
    """One measure; NotFound for strangers."""
    row = session.execute(
        select(Measure, SanctionProposal, DataKey)
        .join(SanctionProposal, SanctionProposal.id == Measure.proposal_id)
        .join(DataKey, DataKey.id == Measure.key_id)
        .join(Measure.merchant)
        .join(Merchant.organisation)
        .join(Measure.document)
        .where(Measure.number == number, measures.visible_to(actor))
        .options(
            contains_eager(Measure.merchant).contains_eager(Merchant.organisation), contains_eager(Measure.document)
        )
    ).first()
    if row is None:
        raise NotFound(measures.MISSING)
    measure, proposal, key = row
    return MeasurePage(
        row=measure,
        merchant=measure.merchant,
        proposal=proposal,
        document=measure.document,
        notes=_notes(session, key, measure.id),
        others=[one for one in _of_merchant(session, actor, measure.merchant_id) if one.id != measure.id],
    )


def file_of(session: Session, actor: Actor, reference: str) -> tuple[SupervisionFile, DataKey] | None:
    """A file that came with what was said about a measure, for who may see the measure; None for anyone else."""
    row = session.execute(
        select(SupervisionFile, DataKey)
        .join(MeasureNote, MeasureNote.id == SupervisionFile.note_id)
        .join(Measure, Measure.id == MeasureNote.measure_id)
        .join(DataKey, DataKey.id == Measure.key_id)
        .where(SupervisionFile.reference == reference, measures.visible_to(actor))
    ).first()
    return (row[0], row[1]) if row else None


def ladder_of_actor(session: Session, actor: Actor) -> tuple[int, ...]:
    """The ids of the actor's authority and those above it, the nearest first."""
    path = session.scalars(select(Organisation.path).where(Organisation.id == actor.organisation_id)).first()
    return ladder_of(path or "")


def settings_of(session: Session, authorities: Sequence[int]) -> list[tuple[SanctionTrigger, str]]:
    """Every row of the triggers of these authorities and of everyone, newest first, with whose it is."""
    rows = session.execute(
        select(SanctionTrigger, func.coalesce(Organisation.name, ""))
        .outerjoin(Organisation, Organisation.id == SanctionTrigger.organisation_id)
        .where(SanctionTrigger.organisation_id.is_(None) | SanctionTrigger.organisation_id.in_(sorted(authorities)))
        .order_by(SanctionTrigger.first_on.desc(), SanctionTrigger.id.desc())
    )
    return [(row[0], row[1]) for row in rows]


def _notes(session: Session, key: DataKey, measure_id: int) -> list[NoteLine]:
    notes = session.scalars(select(MeasureNote).where(MeasureNote.measure_id == measure_id).order_by(MeasureNote.id))
    of_measure = select(MeasureNote.id).where(MeasureNote.measure_id == measure_id)
    found: dict[int, list[SupervisionFile]] = {}
    files = select(SupervisionFile).where(SupervisionFile.note_id.in_(of_measure)).order_by(SupervisionFile.id)
    for row in session.scalars(files):
        found.setdefault(row.note_id or 0, []).append(row)
    return [NoteLine(note, attached(session, key, found.get(note.id, []))) for note in notes]


def _of_merchant(session: Session, actor: Actor, merchant_id: int) -> list[MeasureLine]:
    query = _measures(actor, SanctionFilter()).where(Measure.merchant_id == merchant_id)
    return [MeasureLine(*row) for row in session.execute(query.order_by(Measure.id.desc()).limit(20))]


def _name(session: Session, organisation_id: int) -> str:
    return session.scalars(select(Organisation.name).where(Organisation.id == organisation_id)).one()


def _capped(session: Session, query: Select[Any]) -> int:
    capped = query.limit(COUNT_CAP + 1).subquery()
    return session.scalars(select(func.count()).select_from(capped)).one()


def _proposals(actor: Actor, wanted: SanctionFilter) -> Select[Any]:
    query: Any = (
        select(
            SanctionProposal.id,
            SanctionProposal.reference,
            Organisation.name,
            Organisation.code,
            SanctionProposal.code,
            SanctionProposal.level,
            SanctionProposal.state,
            SanctionProposal.numerator,
            SanctionProposal.denominator,
            SanctionProposal.proposed_at,
        )
        .join(Organisation, Organisation.id == SanctionProposal.merchant_id)
        .where(sanctions.visible_to(actor))
    )
    if wanted.state:
        query = query.where(SanctionProposal.state == wanted.state)
    if wanted.trigger:
        query = query.where(SanctionProposal.code == wanted.trigger)
    return _searched(query, wanted.q, SanctionProposal.reference)


def _measures(actor: Actor, wanted: SanctionFilter) -> Select[Any]:
    query: Any = (
        select(
            Measure.id,
            Measure.number,
            Organisation.name,
            Organisation.code,
            Measure.level,
            Measure.state,
            Measure.rectify_on,
            Measure.taken_at,
        )
        .join(Organisation, Organisation.id == Measure.merchant_id)
        .where(measures.visible_to(actor))
    )
    if wanted.state:
        query = query.where(Measure.state == wanted.state)
    if wanted.level:
        query = query.where(Measure.level == wanted.level)
    return _searched(query, wanted.q, Measure.number)


def _searched(query: Any, q: str, number: Any) -> Select[Any]:
    if q:
        named = Organisation.name.icontains(q, autoescape=True)
        query = query.where(named | Organisation.code.startswith(q.upper()) | number.startswith(q.upper()))
    found: Select[Any] = query
    return found
