"""The agreement of a case as a paper, for those who may see the case."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases import access
from portal.cases.models import Case
from portal.cases.wording import UNVERIFIED
from portal.core.actor import Actor
from portal.core.errors import NotFound
from portal.documents.models import Document, DocumentKind, DocumentState
from portal.documents.queries import STATE_NAMES
from portal.documents.rendering import qr_path, spaced_code, verify_address
from portal.documents.sealing import open_document

MISSING = "没有这份和解协议，或者它不归你的单位办理。"


@dataclass(frozen=True, slots=True)
class PaperView:
    """A paper as HTML shows it; the content is what was sealed, word by word."""

    number: str
    content: dict[str, Any]
    digest: str
    check_code: str
    state: str
    verify_url: str
    qr_path: str
    qr_size: int
    unverified: str = ""  # 未经消费者本人确认, by now


def unverified_now(session: Session, document: Document) -> bool:
    """Say whether an agreement in force still waits for the consumer's own word (decisions 10)."""
    waits = select(Case.id).where(Case.id == document.case_id, Case.unverified_at.is_not(None))
    return document.state is DocumentState.IN_FORCE and session.scalars(waits).first() is not None


def document_of(session: Session, actor: Actor, number: str) -> Document:
    """The agreement of this number for someone who may see its case; raises NotFound for strangers."""
    document = session.scalars(
        select(Document)
        .join(Case, Case.id == Document.case_id)
        .where(Document.number == number, Document.kind == DocumentKind.AGREEMENT, access.visible_to(actor))
    ).first()
    if document is None:
        raise NotFound(MISSING)
    return document


def paper_view(session: Session, document: Document) -> PaperView:
    """An agreement opened for HTML."""
    address = verify_address(session.info["base_url"], document)
    path, size = qr_path(address)
    return PaperView(
        number=document.number,
        content=open_document(session, document),
        digest=document.digest,
        check_code=spaced_code(document.check_code),
        state=STATE_NAMES[document.state],
        verify_url=address,
        qr_path=path,
        qr_size=size,
        unverified=UNVERIFIED if unverified_now(session, document) else "",
    )
