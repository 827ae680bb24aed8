"""Evidence: what either side shows, sealed; a clean copy to look at, never the file a stranger sent (decisions 25)."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.cases import access as case_access
from portal.cases.models import Case, Evidence, EvidenceSide
from portal.core import access, facts, files
from portal.core.actor import Actor, ActorKind
from portal.core.errors import NotAllowed, NotFound, RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.media import SUFFIXES, Media, plain_name
from portal.core.permissions import Permission, require
from portal.core.privacy import DataKey, vault_of
from portal.core.uploads import Upload, accepted, cleaned

MAX_FILES = 40  # a case, our limit
MAX_AT_ONCE = 10
MAX_REQUEST = 60 * 1024 * 1024  # bytes of one form with its files; routes that take files refuse more by Content-Length
SEAL, NAME_SEAL = "evidence.file", "evidence.name"
SIDES = {
    ActorKind.MERCHANT: EvidenceSide.MERCHANT,
    ActorKind.CONSUMER: EvidenceSide.CONSUMER,
    ActorKind.AUTHORITY: EvidenceSide.AUTHORITY,
}
MISSING = "没有这份证据，或者它不属于你能查看的纠纷。"
ASK_FIRST = "证据含有个人信息。请先在纠纷页面选择理由查看，30 分钟内可以打开证据。"


class Purpose(StrEnum):
    """Why a file was given."""

    EVIDENCE = "evidence"
    PERFORMANCE_PROOF = "performance_proof"  # 履行凭证
    AGREEMENT_PROOF = "agreement_proof"  # 平台外达成和解的凭证


class Variant(StrEnum):
    """Which copy is asked for."""

    THUMBNAIL = "thumbnail"
    SHOWN = "shown"  # the clean copy of a picture; a PDF or video as it came
    ORIGINAL = "original"  # as it came, with whatever it carries: authority and uploader's side only


@dataclass(frozen=True, slots=True)
class AddEvidence:
    """Files for a case named by its reference (staff) or its id (the consumer's link)."""

    uploads: tuple[Upload, ...]
    reference: str | None = None
    case_id: int | None = None
    purpose: Purpose = Purpose.EVIDENCE


@dataclass(frozen=True, slots=True)
class AddedEvidence:
    """What was stored and how many files were there already."""

    case: Case
    stored: tuple[Evidence, ...]
    repeated: int


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file to send as an attachment."""

    content: bytes
    media_type: str
    name: str


def add_evidence(session: Session, actor: Actor, command: AddEvidence, *, now: datetime) -> AddedEvidence:
    """Store files with a case; one that the case has already is passed over.

    Refuses with RuleBroken (field "files") what is no picture, PDF or MP4, is damaged, or is too big or too many.
    """
    if command.reference is not None:
        case = case_access.locked(session, actor, command.reference)
    else:
        case = case_access.locked_by_id(session, actor, command.case_id or 0)
    require(actor, Permission.EVIDENCE_ADD, case)
    _refuse_too_many(session, case, len(command.uploads))
    rows = [
        row
        for upload in command.uploads
        if (row := store_evidence(session, actor, case, upload, command.purpose, now=now))
    ]
    if rows:
        facts.record(
            session,
            actor,
            Topic.EVIDENCE_ADDED,
            SubjectKind.CASE,
            case.id,
            at=now,
            count=len(rows),
            purpose=command.purpose.value,
        )
    return AddedEvidence(case, tuple(rows), len(command.uploads) - len(rows))


def store_evidence(
    session: Session, actor: Actor, case: Case, upload: Upload, purpose: Purpose, *, now: datetime
) -> Evidence | None:
    """Store one file of a locked case, without a fact; None where the case has the same file already."""
    media = accepted(upload)
    digest = hashlib.sha256(upload.content).hexdigest()
    if session.scalars(select(Evidence.id).where(Evidence.case_id == case.id, Evidence.digest == digest)).first():
        return None
    key = session.get_one(DataKey, case.key_id)
    picture = cleaned(upload, media)
    row = Evidence(
        reference=secrets.token_hex(12),
        case_id=case.id,
        side=SIDES.get(actor.kind, EvidenceSide.AUTHORITY),
        uploader_id=actor.person_id,
        uploader_name=actor.name,
        purpose=purpose.value,
        media_type=media.value,
        size=len(upload.content),
        digest=digest,
        name_sealed=vault_of(session).seal(key, plain_name(upload.name), NAME_SEAL),
        original_at=files.put(session, key, upload.content, SEAL),
        shown_at=files.put(session, key, picture.shown, SEAL) if picture else None,
        thumbnail_at=files.put(session, key, picture.thumbnail, SEAL) if picture else None,
        at=now,
    )
    session.add(row)
    session.flush()
    return row


def open_evidence(session: Session, actor: Actor, reference: str, variant: Variant, *, now: datetime) -> OpenedFile:
    """Read a copy of a file for someone who may see its case; raises NotFound for strangers.

    An authority's people need the thirty-minute grant of the case (decisions 19); a picture's original, which may
    carry the place where it was taken, goes to the authority and to the side that gave it only.
    """
    row = session.execute(
        select(Evidence, Case, DataKey)
        .join(Case, Case.id == Evidence.case_id)
        .join(DataKey, DataKey.id == Case.key_id)
        .where(Evidence.reference == reference, case_access.visible_to(actor))
    ).first()
    if row is None:
        raise NotFound(MISSING)
    evidence, case, key = row
    _check_reader(session, actor, case, evidence, variant, now=now)
    address = _address(evidence, variant)
    clean = address != evidence.original_at
    media = Media.JPEG if clean else Media(evidence.media_type)
    name = vault_of(session).open(key, evidence.name_sealed, NAME_SEAL)
    return OpenedFile(files.get(session, key, address, SEAL), media.value, f"{name}.{SUFFIXES[media]}")


def evidence_names(session: Session, key: DataKey, rows: Sequence[Evidence]) -> list[str]:
    """The names that their givers gave the files of one case."""
    vault = vault_of(session)
    return [vault.open(key, row.name_sealed, NAME_SEAL) for row in rows]


def evidence_of(session: Session, case_id: int) -> Sequence[Evidence]:
    """The files of a case, oldest first, for someone who was found to see the case."""
    return session.scalars(select(Evidence).where(Evidence.case_id == case_id).order_by(Evidence.id)).all()


def is_hidden(actor: Actor, case: Case, side: EvidenceSide, at: datetime) -> bool:
    """Say whether a file is another merchant's: given by a merchant before the case came to this one."""
    before = case.dispatched_at is not None and at < case.dispatched_at
    return actor.kind is ActorKind.MERCHANT and side is EvidenceSide.MERCHANT and before


def _check_reader(
    session: Session, actor: Actor, case: Case, evidence: Evidence, variant: Variant, *, now: datetime
) -> None:
    require(actor, Permission.EVIDENCE_READ, case)
    if is_hidden(actor, case, evidence.side, evidence.at):
        raise NotFound(MISSING)
    if actor.kind is ActorKind.AUTHORITY and not access.granted_until(
        session, actor, SubjectKind.CASE, case.id, now=now
    ):
        raise NotAllowed(ASK_FIRST)
    if (
        variant is Variant.ORIGINAL
        and evidence.shown_at
        and SIDES[actor.kind] not in (evidence.side, EvidenceSide.AUTHORITY)
    ):
        raise NotFound(MISSING)


def _address(evidence: Evidence, variant: Variant) -> str:
    if variant is Variant.THUMBNAIL:
        if evidence.thumbnail_at is None:
            raise NotFound(MISSING)
        return evidence.thumbnail_at
    return evidence.shown_at or evidence.original_at if variant is Variant.SHOWN else evidence.original_at


def _refuse_too_many(session: Session, case: Case, given: int) -> None:
    held = session.scalars(select(func.count()).select_from(Evidence).where(Evidence.case_id == case.id)).one()
    if given > MAX_AT_ONCE or held + given > MAX_FILES:
        raise RuleBroken(
            f"一次最多上传 {MAX_AT_ONCE} 个文件，一件纠纷最多 {MAX_FILES} 个。请挑选后再上传。", field="files"
        )
