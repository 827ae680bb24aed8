"""Recorded looks at many cases: by a consumer's full phone number or name, and by taking a list out as a file."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from portal.cases.access import visible_to
from portal.cases.models import Case
from portal.core.access import AccessKind, AccessRecord, note_access
from portal.core.actor import Actor
from portal.core.errors import NotAllowed, RuleBroken
from portal.core.facts import SubjectKind
from portal.core.privacy import mask_text, usable_name, usable_phone, vault_of

LOOKUPS_AN_HOUR = 30  # decisions 21


class Known(StrEnum):
    """By what a consumer is looked for."""

    PHONE = "phone"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Sought:
    """The blind index of a full number or a full name; neither can be read back from it."""

    by: Known
    index: bytes

    @property
    def condition(self) -> ColumnElement[bool]:
        """The cases of this consumer; the caller narrows them to what the actor may see."""
        return (Case.phone_index if self.by is Known.PHONE else Case.name_index) == self.index


@dataclass(frozen=True, slots=True)
class FindConsumer:
    """A full phone number or a full name."""

    who: str


def find_consumer(session: Session, actor: Actor, command: FindConsumer, *, now: datetime) -> Sought:
    """Return what to look for inside what the actor may see, and record the search (decisions 21).

    Refuses with RuleBroken (field "who") half a number or name, and the 31st search within an hour.
    """
    person_id, organisation_id = _somebody(actor)
    sought = _sought(session, command.who)
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
            f"按手机号或姓名查找每人每小时最多 {LOOKUPS_AN_HOUR} 次。请稍后再查，或改用编号查找。", field="who"
        )
    found = session.scalars(select(func.count()).select_from(Case).where(sought.condition, visible_to(actor))).one()
    note_access(
        session, actor, AccessKind.SEARCH_PERSON, SubjectKind.ORGANISATION, organisation_id, at=now, found=found
    )
    return sought


def _sought(session: Session, who: str) -> Sought:
    vault = vault_of(session)
    if phone := usable_phone(who):
        return Sought(Known.PHONE, vault.blind(phone, "phone"))
    if name := usable_name(who):
        return Sought(Known.NAME, vault.blind(name, "name"))
    raise RuleBroken("请填写完整的手机号（座机须带区号），或完整的中文姓名（至少两个字，不带称呼）。", field="who")


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
