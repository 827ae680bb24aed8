"""Trainings as people look at them: the list, one training with who was invited, the year's plan, who attended none."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation, Person
from portal.clocks.queries import almanac
from portal.clocks.rules import local_day
from portal.core.actor import Actor
from portal.core.errors import NotFound
from portal.core.paging import COUNT_CAP, Page, SortKey, keyset_page
from portal.enrolment.models import Merchant, MerchantState
from portal.training.access import MISSING, NOT_INVITED, area_of, visible_to
from portal.training.models import Training, TrainingAttendee, TrainingInvitation
from portal.training.rules import Mode, Standing, YearPlan, year_plan

OFFICE = "所"  # the level below a district
EXPORT_CAP = 20_000  # rows of one file: our limit


@dataclass(frozen=True, slots=True)
class TrainingFilter:
    """What a list is narrowed to; empty values narrow nothing."""

    q: str = ""
    year: int | None = None

    @property
    def narrows(self) -> bool:
        """Whether any condition holds."""
        return bool(self.q.strip() or self.year)


@dataclass(frozen=True, slots=True)
class TrainingLine:
    """One line of a list of trainings."""

    id: int
    reference: str
    title: str
    held_on: date
    hours: int
    mode: Mode
    place: str
    authority: str
    invited: int
    attended: int
    people: int
    cancelled_at: datetime | None


@dataclass(frozen=True, slots=True)
class InvitedLine:
    """One invited merchant of a training."""

    id: int
    code: str
    merchant: str
    standing: Standing
    people: int
    others: int
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class OwnLine:
    """A training as one invited merchant has it."""

    id: int
    reference: str
    title: str
    held_on: date
    hours: int
    mode: Mode
    place: str
    authority: str
    cancelled_at: datetime | None
    standing: Standing
    people: int
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class AbsentLine:
    """A merchant that attended no training of a year."""

    id: int
    code: str
    merchant: str
    tier: str
    phone: str


@dataclass(frozen=True, slots=True)
class TrainingPage:
    """One training with the name of the authority that holds it."""

    training: Training
    authority: str


@dataclass(frozen=True, slots=True)
class Attendance:
    """One merchant's part in one training."""

    training: Training
    authority: str
    invitation: TrainingInvitation
    code: str
    merchant: str
    people: tuple[tuple[str, str], ...]  # who came: (sign-in name, name)


SORTS: Mapping[str, Callable[[], list[SortKey]]] = {
    "newest": lambda: [
        SortKey(Training.held_on.expression, lambda row: row.held_on, descending=True),
        SortKey(Training.id.expression, lambda row: row.id, descending=True),
    ],
    "oldest": lambda: [
        SortKey(Training.held_on.expression, lambda row: row.held_on),
        SortKey(Training.id.expression, lambda row: row.id),
    ],
    "attended": lambda: [
        SortKey(Training.attended.expression, lambda row: row.attended, descending=True),
        SortKey(Training.id.expression, lambda row: row.id, descending=True),
    ],
}


def trainings(
    session: Session, actor: Actor, wanted: TrainingFilter, *, sort: str, cursor: str | None
) -> Page[TrainingLine]:
    """One page of the trainings that the actor may see."""
    page = keyset_page(session, _lines(actor, wanted), SORTS.get(sort, SORTS["newest"])(), cursor, scalars=False)
    return Page([TrainingLine(*row) for row in page.rows], page.next_cursor, page.previous_cursor)


def trainings_export(session: Session, actor: Actor, wanted: TrainingFilter) -> list[TrainingLine]:
    """The list for a file, newest first, at most EXPORT_CAP rows."""
    rows = session.execute(
        _lines(actor, wanted).order_by(Training.held_on.desc(), Training.id.desc()).limit(EXPORT_CAP)
    )
    return [TrainingLine(*row) for row in rows]


def training_page(session: Session, actor: Actor, reference: str) -> TrainingPage:
    """One training; NotFound where there is none or the actor may not see it."""
    row = session.execute(
        select(Training, Organisation.name)
        .join(Organisation, Organisation.id == Training.authority_id)
        .where(Training.reference == reference, visible_to(actor))
    ).first()
    if row is None:
        raise NotFound(MISSING)
    return TrainingPage(row[0], row[1])


def invited(
    session: Session, actor: Actor, reference: str, *, standing: Standing | None, q: str, cursor: str | None
) -> Page[InvitedLine]:
    """One page of the merchants that a training invited; for its authority."""
    query: Any = (
        select(
            TrainingInvitation.id,
            Organisation.code,
            Organisation.name,
            TrainingInvitation.standing,
            TrainingInvitation.people,
            TrainingInvitation.others,
            TrainingInvitation.confirmed_at,
        )
        .join(Training, Training.id == TrainingInvitation.training_id)
        .join(Organisation, Organisation.id == TrainingInvitation.merchant_id)
        .where(Training.reference == reference, Training.authority_id.in_(sorted(actor.jurisdiction)))
    )
    if standing is not None:
        query = query.where(TrainingInvitation.standing == standing)
    if word := q.strip():
        query = query.where(
            or_(
                Organisation.name.icontains(word, autoescape=True),
                Organisation.code.contains(word.upper(), autoescape=True),
            )
        )
    keys = [SortKey(TrainingInvitation.id.expression, lambda row: row.id)]
    page = keyset_page(session, query, keys, cursor, scalars=False)
    return Page([InvitedLine(*row) for row in page.rows], page.next_cursor, page.previous_cursor)


def attendance(session: Session, actor: Actor, reference: str, code: str | None = None) -> Attendance:
    """One merchant's part in a training: of the code for the authority, one's own without; NotFound for strangers."""
    mine = TrainingInvitation.merchant_id == actor.organisation_id
    row = session.execute(
        select(Training, Organisation.name, TrainingInvitation)
        .join(TrainingInvitation, TrainingInvitation.training_id == Training.id)
        .join(Organisation, Organisation.id == Training.authority_id)
        .where(Training.reference == reference, visible_to(actor), mine if code is None else _of_code(code))
    ).first()
    if row is None:
        raise NotFound(NOT_INVITED)
    merchant = session.get_one(Organisation, row[2].merchant_id)
    people = session.execute(
        select(Person.sign_in_name, Person.name)
        .join(TrainingAttendee, TrainingAttendee.person_id == Person.id)
        .where(TrainingAttendee.invitation_id == row[2].id)
        .order_by(Person.id)
    )
    known = tuple((one.sign_in_name, one.name) for one in people)
    return Attendance(row[0], row[1], row[2], merchant.code, merchant.name, known)


def own_trainings(session: Session, actor: Actor, wanted: TrainingFilter, cursor: str | None) -> Page[OwnLine]:
    """The trainings that a merchant was invited to, the latest first."""
    query: Any = (
        select(
            TrainingInvitation.id,
            Training.reference,
            Training.title,
            Training.held_on,
            Training.hours,
            Training.mode,
            Training.place,
            Organisation.name,
            Training.cancelled_at,
            TrainingInvitation.standing,
            TrainingInvitation.people,
            TrainingInvitation.confirmed_at,
        )
        .join(Training, Training.id == TrainingInvitation.training_id)
        .join(Organisation, Organisation.id == Training.authority_id)
        .where(TrainingInvitation.merchant_id == actor.organisation_id, *_narrowed(wanted))
    )
    keys = [
        SortKey(Training.held_on.expression, lambda row: row.held_on, descending=True),
        SortKey(TrainingInvitation.id.expression, lambda row: row.id, descending=True),
    ]
    page = keyset_page(session, query, keys, cursor, scalars=False)
    return Page([OwnLine(*row) for row in page.rows], page.next_cursor, page.previous_cursor)


@dataclass(frozen=True, slots=True)
class Overview:
    """What stands above the list: the year's plan, how many the list has, who is missing, the years there are."""

    plan: YearPlan
    count: int  # capped
    absent: int  # merchants that attended none this year, capped
    years: list[int]


def overview(session: Session, actor: Actor, wanted: TrainingFilter, *, now: datetime) -> Overview:
    """Everything above the list, counted in one statement (limit `trainings_a_year`).

    The number is a district's: a 所 counts what its district holds, a district what its 所 hold.
    """
    today = local_day(now)
    own = session.get_one(Organisation, actor.organisation_id)
    above = [own.parent_id] if own.level == OFFICE and own.parent_id is not None else []
    listed = select(Training.id).where(visible_to(actor), *_narrowed(wanted)).limit(COUNT_CAP + 1).subquery()
    missing = _absent(actor, today.year, "").with_only_columns(Merchant.id).limit(COUNT_CAP + 1).subquery()
    held = select(func.count()).where(
        Training.authority_id.in_(sorted({*actor.jurisdiction, *above})),
        Training.held_on.between(date(today.year, 1, 1), today),
        Training.cancelled_at.is_(None),
    )
    row = session.execute(
        select(
            held.scalar_subquery().label("held"),
            select(func.count()).select_from(listed).scalar_subquery().label("listed"),
            select(func.count()).select_from(missing).scalar_subquery().label("absent"),
            select(func.min(Training.held_on)).where(visible_to(actor)).scalar_subquery().label("first"),
            select(func.max(Training.held_on)).where(visible_to(actor)).scalar_subquery().label("last"),
        )
    ).one()
    required = almanac(session).amount("trainings_a_year", today, own.ancestry()[::-1])
    return Overview(year_plan(today, row.held, required), row.listed, row.absent, _between(row.first, row.last))


def years(session: Session, actor: Actor) -> list[int]:
    """The years of the trainings that the actor may see, the latest first."""
    first, last = session.execute(
        select(func.min(Training.held_on), func.max(Training.held_on)).where(visible_to(actor))
    ).one()
    return _between(first, last)


def absent(session: Session, actor: Actor, year: int, *, q: str, cursor: str | None) -> Page[AbsentLine]:
    """The merchants of the area that attended no training of a year, by name."""
    keys = [
        SortKey(Organisation.name.expression, lambda row: row.merchant),
        SortKey(Merchant.id.expression, lambda row: row.id),
    ]
    page = keyset_page(session, _absent(actor, year, q), keys, cursor, scalars=False)
    return Page([AbsentLine(*row) for row in page.rows], page.next_cursor, page.previous_cursor)


def absent_count(session: Session, actor: Actor, year: int, *, q: str = "") -> int:
    """How many merchants attended none, counted up to the cap and one."""
    capped = _absent(actor, year, q).with_only_columns(Merchant.id).limit(COUNT_CAP + 1).subquery()
    return session.scalars(select(func.count()).select_from(capped)).one()


def absent_export(session: Session, actor: Actor, year: int, *, q: str = "") -> list[AbsentLine]:
    """The merchants that attended none, for a file, by name, at most EXPORT_CAP rows."""
    rows = session.execute(_absent(actor, year, q).order_by(Organisation.name, Merchant.id).limit(EXPORT_CAP))
    return [AbsentLine(*row) for row in rows]


def invited_names(session: Session, actor: Actor, reference: str) -> list[tuple[str, str]]:
    """Code and name of every merchant that a training invited, for the template of the attendance list."""
    rows = session.execute(
        select(Organisation.code, Organisation.name)
        .join(TrainingInvitation, TrainingInvitation.merchant_id == Organisation.id)
        .join(Training, Training.id == TrainingInvitation.training_id)
        .where(Training.reference == reference, Training.authority_id.in_(sorted(actor.jurisdiction)))
        .order_by(TrainingInvitation.id)
        .limit(EXPORT_CAP)
    )
    return [(row.code, row.name) for row in rows]


def _between(first: date | None, last: date | None) -> list[int]:
    return list(range(last.year, first.year - 1, -1)) if first is not None and last is not None else []


def _of_code(code: str) -> ColumnElement[bool]:
    firm = select(Organisation.id).where(Organisation.code == code.strip().upper()).scalar_subquery()
    return TrainingInvitation.merchant_id == firm


def _absent(actor: Actor, year: int, q: str) -> Select[Any]:
    came = exists().where(
        TrainingInvitation.merchant_id == Merchant.id,
        TrainingInvitation.standing == Standing.ATTENDED,
        TrainingInvitation.training_id == Training.id,
        Training.cancelled_at.is_(None),
        Training.held_on.between(date(year, 1, 1), date(year, 12, 31)),
    )
    query: Any = (
        select(
            Merchant.id,
            Organisation.code,
            Organisation.name.label("merchant"),
            func.coalesce(Merchant.tier, "").label("tier"),
            Merchant.phone,
        )
        .join(Organisation, Organisation.id == Merchant.id)
        .where(area_of(actor), Merchant.state != MerchantState.EXITED, ~came)
    )
    if word := q.strip():
        query = query.where(
            or_(
                Organisation.name.icontains(word, autoescape=True),
                Organisation.code.contains(word.upper(), autoescape=True),
            )
        )
    return query


def _lines(actor: Actor, wanted: TrainingFilter) -> Select[Any]:
    query: Any = (
        select(
            Training.id,
            Training.reference,
            Training.title,
            Training.held_on,
            Training.hours,
            Training.mode,
            Training.place,
            Organisation.name,
            Training.invited,
            Training.attended,
            Training.people,
            Training.cancelled_at,
        )
        .join(Organisation, Organisation.id == Training.authority_id)
        .where(visible_to(actor), *_narrowed(wanted))
    )
    return query


def _narrowed(wanted: TrainingFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.year is not None:
        conditions.append(Training.held_on.between(date(wanted.year, 1, 1), date(wanted.year, 12, 31)))
    if word := wanted.q.strip():
        columns = (Training.reference, Training.title, Training.topics, Training.lecturers)
        conditions.append(or_(*(column.icontains(word, autoescape=True) for column in columns)))
    return conditions
