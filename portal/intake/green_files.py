"""Photos and papers of a complaint that is being written."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases import evidence
from portal.core import files
from portal.core.actor import Actor
from portal.core.errors import RuleBroken
from portal.core.media import plain_name
from portal.core.privacy import vault_of
from portal.core.uploads import Upload, accepted, cleaned
from portal.intake.green_access import (
    Place,
    locked_draft,
)
from portal.intake.green_models import GreenFile

MAX_FILES = 20  # our limit


@dataclass(frozen=True, slots=True)
class AddFile:
    """One file for a draft."""

    place: Place
    upload: Upload


def add_file(session: Session, actor: Actor, command: AddFile, *, now: datetime) -> bool:
    """Keep a photo or paper; False where the draft has the very same already.

    Refuses with RuleBroken (field "files") what is no picture, PDF or MP4, is damaged, too big or one too many.
    """
    draft, upload = locked_draft(session, command.place, now=now), command.upload
    media = accepted(upload)
    digest = hashlib.sha256(upload.content).hexdigest()
    held = session.scalars(select(GreenFile.digest).where(GreenFile.draft_id == draft.id)).all()
    if digest in held:
        return False
    if len(held) >= MAX_FILES:
        raise RuleBroken(
            f"最多放 {MAX_FILES} 个文件。“{upload.name[:60]}”没有存下来，请先删掉不需要的。", field="files"
        )
    picture = cleaned(upload, media)
    name = vault_of(session).seal(draft.key, plain_name(upload.name), evidence.NAME_SEAL)
    session.add(
        GreenFile(
            reference=secrets.token_hex(12),
            draft_id=draft.id,
            media_type=media.value,
            size=len(upload.content),
            digest=digest,
            name_sealed=name,
            original_file=files.put(session, draft.key, upload.content, evidence.SEAL),
            shown_file=files.put(session, draft.key, picture.shown, evidence.SEAL) if picture else None,
            thumbnail_file=files.put(session, draft.key, picture.thumbnail, evidence.SEAL) if picture else None,
            at=now,
        )
    )
    draft.touched_at = now
    session.flush()
    return True


@dataclass(frozen=True, slots=True)
class RemoveFile:
    """A file that the consumer takes out again."""

    place: Place
    reference: str


def remove_file(session: Session, actor: Actor, command: RemoveFile, *, now: datetime) -> None:
    """Delete a file of the draft; one that is gone already is fine."""
    draft = locked_draft(session, command.place, now=now)
    row = session.scalars(
        select(GreenFile).where(GreenFile.draft_id == draft.id, GreenFile.reference == command.reference)
    ).first()
    if row is not None:
        drop(session, row)


def drop(session: Session, row: GreenFile) -> None:
    """Delete a file and its row."""
    for address in (row.original_file, row.shown_file, row.thumbnail_file):
        if address is not None:
            files.remove(session, address)
    session.delete(row)
    session.flush()
