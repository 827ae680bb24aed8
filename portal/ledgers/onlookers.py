"""Who of an authority read a ledger: what the audited merchant sees, and what a chief releases (decisions 19)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, false, select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.clocks.rules import end_of_day, local_day
from portal.core import facts
from portal.core.access import AccessRecord
from portal.core.actor import Actor, ActorKind, Role
from portal.core.errors import NotFound, RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.paging import Page, SortKey, keyset_page
from portal.core.permissions import Permission, require
from portal.ledgers.models import Ledger
from portal.ledgers.page_models import ReadRelease
from portal.ledgers.rules.disclosure import GENERAL_PURPOSES, HELD_BACK, REASON_NAMES, OpeningReason, is_shown

LOOKED_THROUGH = 200  # records of reads behind the lines of one panel
LONGEST_REASON = 200  # characters
MISSING = "没有这次查阅，或者它不归你的单位。"

OPEN_REASONS = sorted(reason.value for reason in OpeningReason if reason not in HELD_BACK)
HELD_REASONS = sorted(reason.value for reason in HELD_BACK)


@dataclass(frozen=True, slots=True)
class Onlooker:
    """A line of 谁看过本台账: unit, day, general purpose; no name, no hour, no number of reads."""

    unit: str
    read_on: date
    purpose: str


def onlookers(session: Session, ledger_id: int, *, days: int, now: datetime, most: int = 20) -> list[Onlooker]:
    """What the audited merchant sees of reads of its ledger, newest first; `days` is limit "ledger_reads"."""
    today = local_day(now)
    rows = session.execute(
        select(AccessRecord.at, AccessRecord.reason, Organisation.name, _is_released().label("released"))
        .join(Organisation, Organisation.id == AccessRecord.actor_organisation_id)
        .where(
            *_of_ledger(ledger_id),
            AccessRecord.at < end_of_day(today - timedelta(days=days)),
            AccessRecord.reason.in_([*OPEN_REASONS, *HELD_REASONS]),
            AccessRecord.reason.in_(OPEN_REASONS) | _is_released(),
        )
        .order_by(AccessRecord.id.desc())
        .limit(LOOKED_THROUGH)
    ).all()
    seen: dict[Onlooker, None] = {}
    for row in rows:
        reason, read_on = OpeningReason(row.reason), local_day(row.at)
        if is_shown(reason, read_on, released=bool(row.released), today=today, days=days):
            seen.setdefault(Onlooker(row.name, read_on, GENERAL_PURPOSES[reason]))
    return list(seen)[:most]


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A read that the merchant does not see before a chief releases it."""

    id: int
    at: datetime
    person: str
    unit: str
    merchant: str
    reason: str
    released_at: datetime | None
    released_by: str
    release_reason: str


def held_back(session: Session, actor: Actor, cursor: str | None) -> Page[HeldBack]:
    """Reads for tips, clues and unannounced inspections by the chief's own people, newest first."""
    query = _held_back().where(releasable_by(actor))
    keys = [SortKey(AccessRecord.id.expression, lambda row: row.id, descending=True)]
    page = keyset_page(session, query, keys, cursor, scalars=False)
    return Page([_line(row) for row in page.rows], page.next_cursor, page.previous_cursor)


def releasable_by(actor: Actor) -> ColumnElement[bool]:
    """The condition that a read is this chief's to release: made by somebody of the own authority or one below."""
    if actor.kind is not ActorKind.AUTHORITY or actor.role is not Role.CHIEF:
        return false()
    return AccessRecord.actor_organisation_id.in_(sorted(actor.jurisdiction))


@dataclass(frozen=True, slots=True)
class ReleaseRead:
    """Let the merchant know of a read, and why now."""

    record_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class _Reader:
    authority_id: int


def release_read(session: Session, actor: Actor, command: ReleaseRead, *, now: datetime) -> ReadRelease:
    """Let the audited merchant see a read that was held back, once its days have passed; cannot be taken back.

    Refuses with NotFound reads of other authorities, with RuleBroken an empty reason or a second release.
    """
    record = session.scalars(
        select(AccessRecord).where(AccessRecord.id == command.record_id, *_held(), _by_people_of(actor))
    ).first()
    if record is None or record.actor_organisation_id is None or actor.person_id is None:
        raise NotFound(MISSING)
    require(actor, Permission.LEDGER_READ_RELEASE, _Reader(record.actor_organisation_id))
    reason = command.reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise RuleBroken(f"请写明公开这次查阅的理由，最多 {LONGEST_REASON} 字。", field="reason")
    if session.scalars(select(ReadRelease.id).where(ReadRelease.access_record_id == record.id)).first():
        raise RuleBroken("这次查阅已经公开过了。", field="read")
    release = ReadRelease(
        access_record_id=record.id,
        authority_id=record.actor_organisation_id,
        released_by=actor.name,
        person_id=actor.person_id,
        reason=reason,
        at=now,
    )
    session.add(release)
    facts.record(
        session, actor, Topic.LEDGER_READ_RELEASED, SubjectKind.ORGANISATION, release.authority_id, at=now,
        read=record.id,
    )  # fmt: skip
    return release


def _of_ledger(ledger_id: int) -> Sequence[ColumnElement[bool]]:
    return (
        AccessRecord.subject_kind == SubjectKind.LEDGER,
        AccessRecord.subject_id == ledger_id,
        AccessRecord.actor_kind == ActorKind.AUTHORITY,
    )


def _held() -> Sequence[ColumnElement[bool]]:
    return (
        AccessRecord.subject_kind == SubjectKind.LEDGER,
        AccessRecord.actor_kind == ActorKind.AUTHORITY,
        AccessRecord.reason.in_(HELD_REASONS),
    )


def _by_people_of(actor: Actor) -> ColumnElement[bool]:
    if actor.kind is not ActorKind.AUTHORITY:
        return false()
    return AccessRecord.actor_organisation_id.in_(sorted(actor.jurisdiction))


def _is_released() -> ColumnElement[bool]:
    return exists().where(ReadRelease.access_record_id == AccessRecord.id)


def _held_back() -> Select[*tuple[Any, ...]]:
    unit = select(Organisation.name).where(Organisation.id == AccessRecord.actor_organisation_id).scalar_subquery()
    merchant = (
        select(Organisation.name)
        .join(Ledger, Ledger.merchant_id == Organisation.id)
        .where(Ledger.id == AccessRecord.subject_id)
        .scalar_subquery()
    )
    return (
        select(
            AccessRecord.id,
            AccessRecord.at,
            AccessRecord.actor_name,
            unit.label("unit"),
            merchant.label("merchant"),
            AccessRecord.reason,
            ReadRelease.at.label("released_at"),
            ReadRelease.released_by,
            ReadRelease.reason.label("release_reason"),
        )
        .outerjoin(ReadRelease, ReadRelease.access_record_id == AccessRecord.id)
        .where(*_held())
    )


def _line(row: Any) -> HeldBack:
    return HeldBack(
        id=row.id,
        at=row.at,
        person=row.actor_name,
        unit=row.unit or "",
        merchant=row.merchant or "",
        reason=REASON_NAMES[OpeningReason(row.reason)],
        released_at=row.released_at,
        released_by=row.released_by or "",
        release_reason=row.release_reason or "",
    )
