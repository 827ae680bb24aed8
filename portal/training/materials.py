"""Files that a training hands out: looked at, sealed, and given to whoever may see the training."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, contains_eager

from portal.core import facts, files
from portal.core.actor import Actor
from portal.core.errors import NotFound, RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.media import SUFFIXES, Media, plain_name, spoken_size
from portal.core.privacy import vault_of
from portal.core.uploads import PAPERS, Upload, accepted, cleaned
from portal.training.access import visible_to
from portal.training.actions import own_training
from portal.training.models import Training, TrainingFile

SEAL, NAME_SEAL = "training.file", "training.name"
MAX_AT_ONCE = 10  # our limit
MAX_FILES = 20  # of one training, our limit
MISSING = "没有这份资料，或者它不属于你能查看的培训。"


@dataclass(frozen=True, slots=True)
class Material:
    """A file of the list; `size` in bytes."""

    reference: str
    name: str
    size: int

    @property
    def size_words(self) -> str:
        """The size as people read it."""
        return spoken_size(self.size)


@dataclass(frozen=True, slots=True)
class OpenedMaterial:
    """A file to send as an attachment."""

    content: bytes
    media_type: str
    name: str


@dataclass(frozen=True, slots=True)
class AddMaterials:
    """Files for a training."""

    reference: str
    uploads: tuple[Upload, ...]


def add_materials(session: Session, actor: Actor, command: AddMaterials, *, now: datetime) -> int:
    """Store files with a training of one's own authority; returns how many.

    Refuses with RuleBroken (field "files") what is no picture or PDF, is damaged, too big or too many.
    """
    training = own_training(session, actor, command.reference)
    held = session.scalars(select(func.count()).where(TrainingFile.training_id == training.id)).one()
    if not command.uploads:
        raise RuleBroken("请选择文件。", field="files")
    if len(command.uploads) > MAX_AT_ONCE or held + len(command.uploads) > MAX_FILES:
        raise RuleBroken(f"一次最多上传 {MAX_AT_ONCE} 个文件，一次培训最多 {MAX_FILES} 个。", field="files")
    for upload in command.uploads:
        _store(session, training, upload, now=now)
    _note(session, actor, training, now=now, added=len(command.uploads))
    return len(command.uploads)


@dataclass(frozen=True, slots=True)
class RemoveMaterial:
    """A file that is taken away again."""

    reference: str
    file: str


def remove_material(session: Session, actor: Actor, command: RemoveMaterial, *, now: datetime) -> None:
    """Take a file away and destroy its key; raises NotFound where the training has none of this reference."""
    training = own_training(session, actor, command.reference)
    row = _one(session, actor, training.reference, command.file)
    row.key.wrapped, row.key.destroyed_at = None, now
    files.remove(session, row.address)
    session.delete(row)
    _note(session, actor, training, now=now, removed=1)


def materials_of(session: Session, training: Training) -> list[Material]:
    """The files of a training that was found visible, in the order in which they came; one statement."""
    vault = vault_of(session)
    rows = session.scalars(
        select(TrainingFile)
        .join(TrainingFile.key)
        .where(TrainingFile.training_id == training.id)
        .options(contains_eager(TrainingFile.key))
        .order_by(TrainingFile.id)
    )
    return [Material(row.reference, vault.open(row.key, row.name_sealed, NAME_SEAL), row.size) for row in rows]


def open_material(session: Session, actor: Actor, reference: str, file: str) -> OpenedMaterial:
    """Open a file for the authority, or for a merchant that was invited; NotFound for strangers."""
    row = _one(session, actor, reference, file)
    name = vault_of(session).open(row.key, row.name_sealed, NAME_SEAL)
    content = files.get(session, row.key, row.address, SEAL)
    return OpenedMaterial(content, row.media_type, f"{name}.{SUFFIXES[Media(row.media_type)]}")


def _store(session: Session, training: Training, upload: Upload, *, now: datetime) -> None:
    content, media = _readable(upload)
    vault = vault_of(session)
    key = vault.new_key(session, now=now)
    session.flush()
    session.add(
        TrainingFile(
            reference=secrets.token_hex(12),
            training_id=training.id,
            key_id=key.id,
            media_type=media.value,
            size=len(content),
            name_sealed=vault.seal(key, plain_name(upload.name), NAME_SEAL),
            address=files.put(session, key, content, SEAL),
            at=now,
        )
    )
    session.flush()


def _readable(upload: Upload) -> tuple[bytes, Media]:
    """A picture drawn anew as JPEG, or a PDF as it came."""
    media = accepted(upload, PAPERS, remedy="课件请另存为 PDF 再上传，视频请写明网址。")
    picture = cleaned(upload, media, remedy="请重新导出后再上传。")
    return (picture.shown, Media.JPEG) if picture else (upload.content, media)


def _one(session: Session, actor: Actor, reference: str, file: str) -> TrainingFile:
    row = session.scalars(
        select(TrainingFile)
        .join(Training, Training.id == TrainingFile.training_id)
        .join(TrainingFile.key)
        .where(TrainingFile.reference == file, Training.reference == reference, visible_to(actor))
        .options(contains_eager(TrainingFile.key))
    ).first()
    if row is None:
        raise NotFound(MISSING)
    return row


def _note(session: Session, actor: Actor, row: Training, *, now: datetime, **detail: Any) -> None:
    """A change of a training of which nobody is told: neither day nor place moved."""
    facts.record(
        session,
        actor,
        Topic.TRAINING_CHANGED,
        SubjectKind.TRAINING,
        row.id,
        at=now,
        reference=row.reference,
        moved=False,
        **detail,
    )
