"""A complaint of the green channel while it is written: its parts are kept as typed, and forgotten in time."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, joinedload

from portal.accounts import codes
from portal.cases.models import Case
from portal.core import facts
from portal.core.actor import Actor
from portal.core.facts import SubjectKind, Topic
from portal.core.privacy import vault_of
from portal.intake import green_doors, green_files
from portal.intake.green_access import (
    SEAL,
    Place,
    bound_to,
    drafts,
    found_draft,
    hash_of,
    is_proved,
    kept_days,
    locked_draft,
    said_in,
)
from portal.intake.green_models import GreenDraft, GreenFile
from portal.intake.rules.greens import Said


@dataclass(frozen=True, slots=True)
class SavePart:
    """One part of the form as it was typed, right or wrong."""

    place: Place
    typed: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Saved:
    """What stands there now, and what the browser's cookie has to hold."""

    token: str
    said: Said
    proved: bool


def save_part(session: Session, actor: Actor, command: SavePart, *, now: datetime) -> Saved:
    """Keep what was typed, so that a mistake or a lost connection costs nothing; makes the draft at first.

    Refuses with RuleBroken where the merchant takes no complaints or the draft was filed.
    """
    door = green_doors.open_door(session, command.place.slug)
    token, draft = command.place.token, found_draft(session, command.place, now=now)
    if draft is None:
        token, draft = secrets.token_urlsafe(24), None
    draft = locked_draft(session, command.place, now=now) if draft else _new_draft(session, door, token, now=now)
    said = said_in(session, draft).with_parts(command.typed)
    draft.said_sealed = vault_of(session).seal(draft.key, said.to_json(), SEAL)
    draft.touched_at = now
    session.flush()
    return Saved(token, said, is_proved(session, draft, said))


def _new_draft(session: Session, door: green_doors.Door, token: str, *, now: datetime) -> GreenDraft:
    draft = GreenDraft(
        token_hash=hash_of(token),
        merchant_id=door.merchant_id,
        key=vault_of(session).new_key(session, now=now),
        started_at=now,
        touched_at=now,
    )
    session.add(draft)
    session.flush()
    return draft


@dataclass(frozen=True, slots=True)
class Discard:
    """The consumer throws the draft away."""

    place: Place


def discard(session: Session, actor: Actor, command: Discard, *, now: datetime) -> None:
    """Forget a draft at once; one that is gone already is fine."""
    draft = session.scalars(drafts(session, command.place, now=now).with_for_update(of=GreenDraft)).first()
    if draft is not None:
        _forget(session, actor, draft, now=now)


@dataclass(frozen=True, slots=True)
class ForgetDrafts:
    """How many to forget in one transaction."""

    limit: int = 100


def forget_drafts(session: Session, actor: Actor, command: ForgetDrafts, *, now: datetime) -> int:
    """Forget drafts that nobody touched for some days, filed ones too: those live on in their cases."""
    before = now - timedelta(days=kept_days(session, now=now))
    rows = session.scalars(
        select(GreenDraft)
        .where(GreenDraft.touched_at <= before)
        .order_by(GreenDraft.touched_at)
        .limit(command.limit)
        .options(joinedload(GreenDraft.key))
        .with_for_update(of=GreenDraft, skip_locked=True)
    ).all()
    for draft in rows:
        _forget(session, actor, draft, now=now)
    return len(rows)


def _forget(session: Session, actor: Actor, draft: GreenDraft, *, now: datetime) -> None:
    for row in session.scalars(select(GreenFile).where(GreenFile.draft_id == draft.id)).all():
        green_files.drop(session, row)
    used = session.scalars(select(func.count()).select_from(Case).where(Case.key_id == draft.key_id)).one()
    if not used:
        draft.key.wrapped, draft.key.destroyed_at = None, now
    codes.forget_proofs(session, bound_to(draft))
    facts.record(session, actor, Topic.GREEN_FORGOTTEN, SubjectKind.GREEN_DRAFT, draft.id, at=now)
    session.execute(delete(GreenDraft).where(GreenDraft.id == draft.id))
