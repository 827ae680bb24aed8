"""What the pages of the green channel show: the draft, its files, the open complaint beside it, and the receipt."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.cases import evidence
from portal.cases.evidence import OpenedFile
from portal.cases.models import Case
from portal.clocks.queries import Almanac, almanac
from portal.clocks.rules import Calendar, consumer_day, due_day, local_day, provisional_mark
from portal.core import files
from portal.core.errors import NotFound
from portal.core.media import Media, spoken_size
from portal.core.privacy import mask_phone, vault_of
from portal.enrolment.models import Outlet
from portal.intake import green_proofs
from portal.intake.green_access import Place, found_draft, is_proved, said_in
from portal.intake.green_doors import Door
from portal.intake.green_filing import objection_to_more
from portal.intake.green_models import GreenDraft, GreenFile
from portal.intake.models import Filing
from portal.intake.rules.greens import Said, Step, unfinished

NOTHING_SAID = Said()
NO_FILE = "没有这个文件，或者它已经删掉了。"


@dataclass(frozen=True, slots=True)
class FileLine:
    """A file of the draft in its list."""

    reference: str
    name: str
    size: str
    has_thumbnail: bool


@dataclass(frozen=True, slots=True)
class DraftView:
    """How far the consumer has come."""

    said: Said = NOTHING_SAID
    proved: bool = False
    apart: bool = False
    filed: bool = False
    begun: bool = False
    left: tuple[Step, ...] = tuple(Step)
    files: tuple[FileLine, ...] = ()

    @property
    def phone_mask(self) -> str:
        """The number, as it may be shown again."""
        return mask_phone(self.said.plain_phone)


@dataclass(frozen=True, slots=True)
class OpenComplaint:
    """A complaint of this number with this merchant that is still being handled."""

    tail: str
    headline: str
    since: str
    joins: bool = False


def draft_view(session: Session, place: Place, *, now: datetime) -> DraftView:
    """The draft behind a cookie; an empty one where there is none."""
    draft = found_draft(session, place, now=now)
    return view_of(session, draft, now=now) if draft else DraftView()


def view_of(session: Session, draft: GreenDraft, *, now: datetime) -> DraftView:
    """A draft as pages show it."""
    said = said_in(session, draft)
    return DraftView(
        said=said,
        proved=is_proved(session, draft, said),
        apart=draft.apart,
        filed=draft.filed_at is not None,
        begun=True,
        left=tuple(unfinished(said, today=local_day(now))),
        files=tuple(_lines(session, draft)),
    )


def _lines(session: Session, draft: GreenDraft) -> list[FileLine]:
    vault = vault_of(session)
    rows = session.scalars(select(GreenFile).where(GreenFile.draft_id == draft.id).order_by(GreenFile.id)).all()
    return [
        FileLine(
            row.reference,
            vault.open(draft.key, row.name_sealed, evidence.NAME_SEAL),
            spoken_size(row.size),
            row.thumbnail_file is not None,
        )
        for row in rows
    ]


def outlets_of(session: Session, door: Door) -> Sequence[str]:
    """The names of the merchant's shops."""
    return session.scalars(
        select(Outlet.name)
        .where(Outlet.merchant_id == door.merchant_id, Outlet.closed_at.is_(None))
        .order_by(Outlet.name)
        .limit(200)
    ).all()


def open_complaint(session: Session, place: Place, *, now: datetime) -> OpenComplaint | None:
    """The open complaint of the proved number with this merchant; None where there is none."""
    draft = found_draft(session, place, now=now)
    if draft is None or draft.filed_at is not None or not is_proved(session, draft, said_in(session, draft)):
        return None
    case = green_proofs.open_complaint(session, draft)
    if case is None:
        return None
    number = session.scalars(
        select(Filing.number).where(Filing.case_id == case.id).order_by(Filing.id).limit(1)
    ).first()
    tail = (number or case.reference)[-4:]
    return OpenComplaint(tail, case.headline, consumer_day(local_day(case.registered_at)))


def objection_to_filing(session: Session, place: Place, door: Door, book: Almanac, *, now: datetime) -> str | None:
    """Say before anything is filled in for nothing why this number may not file now, or None."""
    draft = found_draft(session, place, now=now)
    if draft is None or not is_proved(session, draft, said_in(session, draft)):
        return None
    return objection_to_more(session, draft, book, door, now=now)


def open_file(session: Session, place: Place, reference: str, *, now: datetime) -> OpenedFile:
    """The small picture of one of the draft's files; raises NotFound for anyone without its cookie."""
    draft = found_draft(session, place, now=now)
    if draft is None:
        raise NotFound(NO_FILE)
    wanted = (GreenFile.draft_id == draft.id, GreenFile.reference == reference)
    address = session.scalars(select(GreenFile.thumbnail_file).where(*wanted)).first()
    if address is None:
        raise NotFound(NO_FILE)
    content = files.get(session, draft.key, address, evidence.SEAL)
    return OpenedFile(content, Media.JPEG.value, "thumbnail.jpg")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the consumer keeps: number, day, merchant, and what happens next."""

    number: str
    reference: str
    filed_on: str
    consumer: str
    phone: str
    headline: str
    dispatched: bool
    contact_by: str
    respond_by: str
    publish: bool


def receipt(session: Session, place: Place, *, now: datetime) -> Receipt | None:
    """The receipt of a draft that was filed in this browser; None where none was."""
    draft = found_draft(session, place, now=now)
    if draft is None or draft.filing_id is None:
        return None
    filing = session.scalars(select(Filing).where(Filing.id == draft.filing_id).options(joinedload(Filing.case))).one()
    case: Case = filing.case
    dispatched, calendar = case.dispatched_at is not None, almanac(session).calendar
    return Receipt(
        number=filing.number,
        reference=case.reference,
        filed_on=consumer_day(local_day(filing.registered_at)),
        consumer=case.consumer_mask,
        phone=case.phone_mask,
        headline=case.headline,
        dispatched=dispatched,
        contact_by=_marked_day(case.contact_by, calendar) if dispatched and case.contact_by else "",
        respond_by=_marked_day(case.respond_by, calendar) if dispatched and case.respond_by else "",
        publish=bool(filing.publication_consent),
    )


def _marked_day(end: datetime, calendar: Calendar) -> str:
    day = due_day(end)
    return f"{consumer_day(day)}{provisional_mark(day, calendar)}"
