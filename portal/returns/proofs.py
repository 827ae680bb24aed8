"""Receipts and photos: checked by their content, cleaned, sealed, each stored once (decisions 25)."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from portal.core import files
from portal.core.actor import Actor
from portal.core.errors import NotFound, RuleBroken
from portal.core.media import SUFFIXES, Media, plain_name
from portal.core.privacy import DataKey, Erased, vault_of
from portal.core.uploads import PAPERS, Upload, accepted, cleaned
from portal.returns.access import visible_to
from portal.returns.models import ReturnDraft, ReturnFile, ReturnRequest

MOST_FILES = 20  # of one request, our limit
MOST_BYTES = 60 * 1024 * 1024  # of one form with its files; more is refused by Content-Length
SEAL, NAME_SEAL = "return.file", "return.file_name"
MISSING = "没有这份凭证，或者它不属于你能查看的退货申请。"
TOO_BIG = "一次上传的文件合计超过 60 MB，没有存下来。请分几次上传，每次少选几张。"
ACCEPT = "image/jpeg,image/png,image/webp,image/heic,application/pdf"


class Variant(StrEnum):
    """Which copy is asked for."""

    THUMBNAIL = "thumbnail"
    SHOWN = "shown"  # the clean copy of a picture; a PDF as it came


@dataclass(frozen=True, slots=True)
class Kept:
    """How many files were stored, how many were there already, and why others were not taken."""

    stored: int = 0
    repeated: int = 0
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """A file as a list shows it."""

    reference: str
    name: str
    has_thumbnail: bool


@dataclass(frozen=True, slots=True)
class OpenedProof:
    """A file to send as an attachment."""

    content: bytes
    media_type: str
    name: str


def keep_files(
    session: Session, owner: ReturnDraft | ReturnRequest, uploads: Sequence[Upload], *, now: datetime
) -> Kept:
    """Store what can be stored with a locked draft or request; one bad file does not lose the others.

    A file that is there already (same SHA-256) is passed over, so that a repeated upload is harmless.
    """
    known = set(session.scalars(select(ReturnFile.digest).where(_of(owner))))
    stored, repeated, problems = 0, 0, []
    for upload in uploads:
        digest = hashlib.sha256(upload.content).hexdigest()
        if digest in known:
            repeated += 1
            continue
        if len(known) >= MOST_FILES:
            problems.append(f"“{upload.name[:60]}”没有存下来：一件申请最多 {MOST_FILES} 个文件。")
            continue
        try:
            session.add(_row(session, owner, upload, digest, now=now))
        except RuleBroken as objection:
            problems.append(objection.text)
            continue
        known.add(digest)
        stored += 1
    session.flush()
    return Kept(stored, repeated, tuple(problems))


def proofs_of(session: Session, owner: ReturnDraft | ReturnRequest) -> list[Proof]:
    """The files of a draft or request, oldest first; none once they were erased."""
    vault = vault_of(session)
    rows = session.scalars(select(ReturnFile).where(_of(owner)).order_by(ReturnFile.id))
    try:
        return [
            Proof(row.reference, vault.open(owner.key, row.name_sealed, NAME_SEAL), row.thumbnail is not None)
            for row in rows
        ]
    except Erased:
        return []


def count_of(session: Session, owner: ReturnDraft | ReturnRequest) -> int:
    """How many files a draft or request has."""
    return session.scalars(select(func.count()).select_from(ReturnFile).where(_of(owner))).one()


def hand_over(session: Session, draft: ReturnDraft, request: ReturnRequest) -> None:
    """Give the files of a draft to the request that was sent; both are under the same key."""
    for row in session.scalars(select(ReturnFile).where(ReturnFile.draft_id == draft.id)):
        row.draft_id, row.request_id = None, request.id
    session.flush()


def drop_file(session: Session, owner: ReturnDraft | ReturnRequest, reference: str) -> bool:
    """Take one file away; False where it is gone already."""
    row = session.scalars(select(ReturnFile).where(_of(owner), ReturnFile.reference == reference)).first()
    if row is None:
        return False
    _discard(session, [row])
    return True


def drop_files(session: Session, owner: ReturnDraft | ReturnRequest) -> None:
    """Take every file away, rows and stored copies."""
    _discard(session, session.scalars(select(ReturnFile).where(_of(owner))).all())


def open_proof(session: Session, actor: Actor, reference: str, variant: Variant) -> OpenedProof:
    """Read a copy of a file for the merchant that was asked; raises NotFound for strangers and what was erased."""
    row = session.execute(
        select(ReturnFile, DataKey)
        .join(ReturnRequest, ReturnRequest.id == ReturnFile.request_id)
        .join(DataKey, DataKey.id == ReturnRequest.key_id)
        .where(ReturnFile.reference == reference, visible_to(actor))
    ).first()
    if row is None:
        raise NotFound(MISSING)
    return _opened(session, row[0], row[1], variant)


def open_own_proof(
    session: Session, owner: ReturnDraft | ReturnRequest, reference: str, variant: Variant
) -> OpenedProof:
    """Read a copy of a file for the consumer who gave it."""
    row = session.scalars(select(ReturnFile).where(_of(owner), ReturnFile.reference == reference)).first()
    if row is None:
        raise NotFound(MISSING)
    return _opened(session, row, owner.key, variant)


def _of(owner: ReturnDraft | ReturnRequest) -> ColumnElement[bool]:
    column = ReturnFile.draft_id if isinstance(owner, ReturnDraft) else ReturnFile.request_id
    return column == owner.id


def _row(
    session: Session, owner: ReturnDraft | ReturnRequest, upload: Upload, digest: str, *, now: datetime
) -> ReturnFile:
    media = accepted(upload, PAPERS)
    picture = cleaned(upload, media)
    is_draft, key = isinstance(owner, ReturnDraft), owner.key
    return ReturnFile(
        reference=secrets.token_hex(12),
        draft_id=owner.id if is_draft else None,
        request_id=None if is_draft else owner.id,
        media_type=media.value,
        size=len(upload.content),
        digest=digest,
        name_sealed=vault_of(session).seal(key, plain_name(upload.name), NAME_SEAL),
        original=files.put(session, key, upload.content, SEAL),
        shown=files.put(session, key, picture.shown, SEAL) if picture else None,
        thumbnail=files.put(session, key, picture.thumbnail, SEAL) if picture else None,
        at=now,
    )


def _opened(session: Session, row: ReturnFile, key: DataKey, variant: Variant) -> OpenedProof:
    address = row.thumbnail if variant is Variant.THUMBNAIL else row.shown or row.original
    if address is None:
        raise NotFound(MISSING)
    media = Media(row.media_type) if address == row.original else Media.JPEG
    try:
        name = vault_of(session).open(key, row.name_sealed, NAME_SEAL)
        return OpenedProof(files.get(session, key, address, SEAL), media.value, f"{name}.{SUFFIXES[media]}")
    except Erased as gone:
        raise NotFound(MISSING) from gone


def _discard(session: Session, rows: Sequence[ReturnFile]) -> None:
    for row in rows:
        for address in (row.original, row.shown, row.thumbnail):
            if address is not None:
                files.remove(session, address)
        session.delete(row)
    session.flush()
