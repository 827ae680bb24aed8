"""The four documents of an application, page by page: each file is stored at once, sealed, and replaceable."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.core import files
from portal.core.actor import Actor
from portal.core.errors import NotFound, RuleBroken
from portal.core.media import SUFFIXES, Media, plain_name
from portal.core.privacy import DataKey, vault_of
from portal.core.uploads import PAPERS, Upload, accepted, cleaned
from portal.enrolment.application_links import application_by_token
from portal.enrolment.application_models import Application, ApplicationPage
from portal.enrolment.application_rules import DOCUMENTS, MAX_PAGES, DocumentKind
from portal.enrolment.applying import editable

SEAL, NAME_SEAL = "application.file", "application.file_name"
MAX_REQUEST = 60 * 1024 * 1024  # bytes of one form with its files; our limit
MISSING = "没有这页材料。"


@dataclass(frozen=True, slots=True)
class AddPage:
    """One file of a document as it came; with `replaces`, instead of the page of that reference."""

    token: str
    kind: DocumentKind
    name: str
    content: bytes
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class RemovePage:
    """A page to be taken away."""

    token: str
    reference: str


@dataclass(frozen=True, slots=True)
class OpenedPage:
    """A page to send."""

    content: bytes
    media_type: str
    name: str


@dataclass(frozen=True, slots=True)
class PageLine:
    """A page as the lists show it."""

    reference: str
    kind: DocumentKind
    name: str
    size: int
    at: datetime


def add_page(session: Session, actor: Actor, command: AddPage, *, now: datetime) -> bool:
    """Store one page; False where the document has the same file already.

    Refuses with RuleBroken (field "files"), naming the file, what is no picture or PDF, damaged, too big or too many.
    """
    application = editable(session, command.token, now=now)
    media = accepted(Upload(command.name, command.content), PAPERS)
    digest = hashlib.sha256(command.content).hexdigest()
    pages = _pages(session, application, command.kind)
    if any(page.digest == digest for page in pages):
        return False
    replaced = next((page for page in pages if page.reference == command.replaces), None)
    if replaced is None and len(pages) >= MAX_PAGES:
        raise RuleBroken(
            f"“{DOCUMENTS[command.kind]}”最多 {MAX_PAGES} 页，“{command.name[:60]}”没有存下来。请合并成 PDF 再上传。",
            field="files",
        )
    row = _stored(session, application, command, media, digest, now=now)
    row.place = replaced.place if replaced else max((page.place for page in pages), default=0) + 1
    session.add(row)
    if replaced is not None:
        _discard(session, replaced)
    return True


def remove_page(session: Session, actor: Actor, command: RemovePage, *, now: datetime) -> None:
    """Take a page away while it is the applicant's turn; one that is gone already is fine."""
    application = editable(session, command.token, now=now)
    row = session.scalars(
        select(ApplicationPage).where(
            ApplicationPage.application_id == application.id, ApplicationPage.reference == command.reference
        )
    ).first()
    if row is not None:
        _discard(session, row)


def pages_of(session: Session, application: Application, key: DataKey) -> list[PageLine]:
    """The pages of an application, by document and order; empty once erased."""
    if application.erased_at is not None:
        return []
    rows = session.scalars(
        select(ApplicationPage)
        .where(ApplicationPage.application_id == application.id)
        .order_by(ApplicationPage.kind, ApplicationPage.place, ApplicationPage.id)
    )
    vault = vault_of(session)
    return [
        PageLine(row.reference, row.kind, vault.open(key, row.name_sealed, NAME_SEAL), row.size, row.at) for row in rows
    ]


def open_own_page(session: Session, token: str, reference: str) -> OpenedPage:
    """A page as the applicant gave it; NotFound for strangers."""
    application = application_by_token(session, token)
    return opened_page(session, application, reference)


def opened_page(session: Session, application: Application, reference: str) -> OpenedPage:
    """A page of an application that the caller was found to see: a clean copy of a picture, a PDF as it came."""
    row = session.scalars(
        select(ApplicationPage).where(
            ApplicationPage.application_id == application.id, ApplicationPage.reference == reference
        )
    ).first()
    if row is None or application.erased_at is not None:
        raise NotFound(MISSING)
    media = Media.JPEG if row.shown else Media(row.media_type)
    name = vault_of(session).open(application.key, row.name_sealed, NAME_SEAL)
    content = files.get(session, application.key, row.shown or row.original, SEAL)
    return OpenedPage(content, media.value, f"{name}.{SUFFIXES[media]}")


def page_count(session: Session, application_id: int) -> int:
    """How many pages an application has."""
    query = select(func.count()).select_from(ApplicationPage).where(ApplicationPage.application_id == application_id)
    return session.scalars(query).one()


def discard_pages(session: Session, application_id: int) -> None:
    """Delete every page and its files, as when the application is erased."""
    for row in session.scalars(select(ApplicationPage).where(ApplicationPage.application_id == application_id)):
        _discard(session, row)


def _pages(session: Session, application: Application, kind: DocumentKind) -> Sequence[ApplicationPage]:
    return session.scalars(
        select(ApplicationPage)
        .where(ApplicationPage.application_id == application.id, ApplicationPage.kind == kind)
        .order_by(ApplicationPage.place, ApplicationPage.id)
    ).all()


def _stored(
    session: Session, application: Application, command: AddPage, media: Media, digest: str, *, now: datetime
) -> ApplicationPage:
    key = application.key
    picture = cleaned(Upload(command.name, command.content), media)
    return ApplicationPage(
        application_id=application.id,
        reference=secrets.token_hex(12),
        kind=command.kind,
        media_type=media.value,
        size=len(command.content),
        digest=digest,
        name_sealed=vault_of(session).seal(key, plain_name(command.name), NAME_SEAL),
        original=files.put(session, key, command.content, SEAL),
        shown=files.put(session, key, picture.shown, SEAL) if picture else None,
        at=now,
    )


def _discard(session: Session, row: ApplicationPage) -> None:
    for address in (row.original, row.shown):
        if address:
            files.remove(session, address)
    session.delete(row)
