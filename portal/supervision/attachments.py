"""Files of visits and of what merchants say about measures: looked at, drawn anew, sealed; several at once."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.cases.evidence import OpenedFile
from portal.core import files
from portal.core.errors import RuleBroken
from portal.core.media import SUFFIXES, Media, plain_name
from portal.core.privacy import DataKey, vault_of
from portal.core.uploads import Upload, accepted, cleaned
from portal.supervision.visit_models import SupervisionFile

SEAL, NAME_SEAL = "supervision.file", "supervision.name"
MAX_AT_ONCE = 10  # our limit
MAX_FILES = 40  # of one visit or one word about a measure
MAX_REQUEST = 60 * 1024 * 1024  # bytes of one form with its files


@dataclass(frozen=True, slots=True)
class Attached:
    """A file of a list."""

    reference: str
    name: str
    size: int
    by_merchant: bool


def attach(
    session: Session,
    key: DataKey,
    uploads: Sequence[Upload],
    *,
    now: datetime,
    by_merchant: bool,
    note_id: int | None = None,
    visit_id: int | None = None,
) -> int:
    """Store files with a note about a measure or with a visit; returns how many.

    Refuses with RuleBroken (field "files") what is no picture, PDF or MP4, is damaged, too big or too many.
    """
    owner = SupervisionFile.note_id == note_id if visit_id is None else SupervisionFile.visit_id == visit_id
    held = session.scalars(select(func.count()).select_from(SupervisionFile).where(owner)).one()
    if len(uploads) > MAX_AT_ONCE or held + len(uploads) > MAX_FILES:
        raise RuleBroken(f"一次最多上传 {MAX_AT_ONCE} 个文件，一共最多 {MAX_FILES} 个。", field="files")
    for upload in uploads:
        media = accepted(upload)
        picture = cleaned(upload, media)
        content, media = (picture.shown, Media.JPEG) if picture else (upload.content, media)
        session.add(
            SupervisionFile(
                reference=secrets.token_hex(12),
                note_id=note_id,
                visit_id=visit_id,
                by_merchant=by_merchant,
                media_type=media.value,
                size=len(upload.content),
                name_sealed=vault_of(session).seal(key, plain_name(upload.name), NAME_SEAL),
                address=files.put(session, key, content, SEAL),
                at=now,
            )
        )
    session.flush()
    return len(uploads)


def opened(session: Session, key: DataKey, row: SupervisionFile) -> OpenedFile:
    """A file for somebody who was found to see what it belongs to."""
    name = vault_of(session).open(key, row.name_sealed, NAME_SEAL)
    content = files.get(session, key, row.address, SEAL)
    return OpenedFile(content, row.media_type, f"{name}.{SUFFIXES[Media(row.media_type)]}")


def attached(session: Session, key: DataKey, rows: Sequence[SupervisionFile]) -> list[Attached]:
    """The files of a list, with the names that their givers gave them."""
    vault = vault_of(session)
    return [
        Attached(row.reference, vault.open(key, row.name_sealed, NAME_SEAL), row.size, row.by_merchant) for row in rows
    ]
