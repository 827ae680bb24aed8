"""Reads that leave a trace: access records, and the thirty-minute grants that let a GET read (decisions 17, 19)."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from portal.core.actor import Actor, ActorKind
from portal.core.db import Json, Model, Ref, growing_enum
from portal.core.facts import SubjectKind

GRANT_MINUTES = 30  # decisions 19


class AccessKind(StrEnum):
    """The kinds of reads worth keeping for twelve months."""

    SIGN_IN = "sign_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGN_OUT = "sign_out"
    REVEAL = "reveal"
    EXPORT = "export"
    SEARCH_PERSON = "search_person"
    MESSAGES_READ = "messages_read"
    FILE_READ = "file_read"


class AccessRecord(Model):
    """Somebody looked. Append-only until dropped whole after twelve months."""

    __tablename__ = "access_record"
    __table_args__ = (
        Index("ix_access_record_subject", "subject_kind", "subject_id", "id"),
        Index("ix_access_record_actor", "actor_id", "kind", "at"),
    )

    kind: Mapped[AccessKind] = mapped_column(growing_enum(AccessKind))
    subject_kind: Mapped[SubjectKind] = mapped_column(growing_enum(SubjectKind))
    subject_id: Mapped[Ref]
    actor_kind: Mapped[ActorKind] = mapped_column(growing_enum(ActorKind))
    actor_id: Mapped[Ref | None]
    actor_organisation_id: Mapped[Ref | None]
    actor_name: Mapped[str]
    at: Mapped[datetime]
    reason: Mapped[str | None]
    detail: Mapped[Json]


class AccessGrant(Model):
    """A reasoned permission for one person to read one subject's personal data for thirty minutes."""

    __tablename__ = "access_grant"
    __table_args__ = (Index("ix_access_grant_person", "person_id", "subject_kind", "subject_id", "expires_at"),)

    person_id: Mapped[Ref]
    subject_kind: Mapped[SubjectKind] = mapped_column(growing_enum(SubjectKind))
    subject_id: Mapped[Ref]
    reason: Mapped[str]
    granted_at: Mapped[datetime]
    expires_at: Mapped[datetime]


def note_access(
    session: Session,
    actor: Actor,
    kind: AccessKind,
    subject_kind: SubjectKind,
    subject_id: int,
    *,
    at: datetime,
    reason: str | None = None,
    **detail: Any,
) -> AccessRecord:
    """Write down that the actor looked at something."""
    entry = AccessRecord(
        kind=kind,
        subject_kind=subject_kind,
        subject_id=subject_id,
        actor_kind=actor.kind,
        actor_id=actor.person_id,
        actor_organisation_id=actor.organisation_id,
        actor_name=actor.name,
        at=at,
        reason=reason,
        detail=detail,
    )
    session.add(entry)
    return entry


def grant_reading(
    session: Session, actor: Actor, subject_kind: SubjectKind, subject_id: int, *, reason: str, now: datetime
) -> AccessGrant:
    """Let the actor read a subject's personal data for thirty minutes, and record the reveal with its reason."""
    if actor.person_id is None:
        msg = "only a signed-in person is granted reading"
        raise ValueError(msg)
    note_access(session, actor, AccessKind.REVEAL, subject_kind, subject_id, at=now, reason=reason)
    grant = AccessGrant(
        person_id=actor.person_id,
        subject_kind=subject_kind,
        subject_id=subject_id,
        reason=reason,
        granted_at=now,
        expires_at=now + timedelta(minutes=GRANT_MINUTES),
    )
    session.add(grant)
    return grant


def granted_until(
    session: Session, actor: Actor, subject_kind: SubjectKind, subject_id: int, *, now: datetime
) -> datetime | None:
    """Say until when the actor may read the subject's personal data, or None."""
    if actor.person_id is None:
        return None
    return session.scalars(
        select(AccessGrant.expires_at)
        .where(
            AccessGrant.person_id == actor.person_id,
            AccessGrant.subject_kind == subject_kind,
            AccessGrant.subject_id == subject_id,
            AccessGrant.expires_at > now,
        )
        .order_by(AccessGrant.expires_at.desc(), AccessGrant.id.desc())
        .limit(1)
    ).first()
