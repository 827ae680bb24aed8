"""Recorded looks at many cases: by a consumer's full phone number, and by taking a list out as a file."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.cases.access import visible_to
from portal.cases.models import Case
from portal.core.access import AccessKind, AccessRecord, note_access
from portal.core.actor import Actor
from portal.core.errors import NotAllowed, RuleBroken
from portal.core.facts import SubjectKind
from portal.core.privacy import mask_text, usable_phone, vault_of

LOOKUPS_AN_HOUR = 30  # decisions 21


@dataclass(frozen=True, slots=True)
class FindByPhone:
    """A full phone number."""

    phone: str


def find_by_phone(session: Session, actor: Actor, command: FindByPhone, *, now: datetime) -> bytes:
    """Return the blind index of a full number inside what the actor may see, and record the search.

    Refuses with RuleBroken (field "phone") what is no full number, and the 31st search within an hour.
    """
    person_id, organisation_id = _somebody(actor)
    phone = usable_phone(command.phone)
    if phone is None:
        raise RuleBroken("请填写完整的手机号或带区号的座机号。", field="phone")
    recent = session.scalars(
        select(func.count())
        .select_from(AccessRecord)
        .where(
            AccessRecord.actor_id == person_id,
            AccessRecord.kind == AccessKind.SEARCH_PERSON,
            AccessRecord.at > now - timedelta(hours=1),
        )
    ).one()
    if recent >= LOOKUPS_AN_HOUR:
        raise RuleBroken(
            f"按手机号查找每人每小时最多 {LOOKUPS_AN_HOUR} 次。请稍后再查，或改用编号查找。", field="phone"
        )
    index = vault_of(session).blind(phone, "phone")
    found = session.scalars(
        select(func.count()).select_from(Case).where(Case.phone_index == index, visible_to(actor))
    ).one()
    note_access(
        session, actor, AccessKind.SEARCH_PERSON, SubjectKind.ORGANISATION, organisation_id, at=now, found=found
    )
    return index


@dataclass(frozen=True, slots=True)
class RecordExport:
    """A list taken out as a file: what it is and the filters it was made with."""

    what: str  # worklist, backfill
    query: str


def record_export(session: Session, actor: Actor, command: RecordExport, *, now: datetime) -> AccessRecord:
    """Write down who takes which list out of the house."""
    _, organisation_id = _somebody(actor)
    return note_access(
        session,
        actor,
        AccessKind.EXPORT,
        SubjectKind.ORGANISATION,
        organisation_id,
        at=now,
        what=command.what,
        query=mask_text(command.query),
    )


def _somebody(actor: Actor) -> tuple[int, int]:
    if actor.person_id is None or actor.organisation_id is None:
        raise NotAllowed("请先登录再查找或导出。")
    return actor.person_id, actor.organisation_id
