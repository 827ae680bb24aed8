"""A paper's content: fixed as canonical JSON, named by its digest, sealed under the key of its case."""

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.core.errors import NotFound
from portal.core.privacy import DataKey, Erased, vault_of
from portal.documents.models import Document, DocumentKind

SEAL = "document.content"
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no 0 O, 1 I L, U: people type it from paper
CODE_LENGTH = 8

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """What an agreement says, before it is fixed; `outlay` in 分, days as ISO dates."""

    kind: DocumentKind
    number: str
    case_id: int
    title: str
    parties: Pairs
    matters: Pairs
    terms: tuple[str, ...]
    outlay: int
    perform_on: str
    clauses: tuple[str, ...]
    confirmation: Pairs
    notice: str


@dataclass(frozen=True, slots=True)
class Letter:
    """What a letter to a consumer says; `answer_by` is empty without an offer. The link is never part of it."""

    number: str
    case_id: int
    title: str
    authority: str
    made_on: str
    greeting: str
    lead: str
    matters: Pairs
    terms: tuple[str, ...]
    answer_by: str
    steps: tuple[str, ...]
    notice: str
    kind: DocumentKind = DocumentKind.CONSUMER_LETTER


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a merchant's promise says, on paper; it belongs to no case and names nobody but the firm."""

    number: str
    title: str
    declaration: str
    promisor: Pairs
    span: str  # the days of purchase it holds for
    scope: Pairs
    terms: Pairs
    exclusions: Pairs  # what is not covered, and on what that rests
    places: tuple[str, ...]
    clauses: tuple[str, ...]
    review: Pairs
    notice: str
    kind: DocumentKind = DocumentKind.PROMISE
    case_id: None = None


@dataclass(frozen=True, slots=True)
class MeasurePaper:
    """What the paper of a measure against a merchant says; days as ISO dates. It is about no case."""

    number: str
    title: str
    authority: str
    made_on: str
    addressee: str
    matters: Pairs
    reason: str
    effects: tuple[str, ...]
    rights: tuple[str, ...]
    notice: str
    case_id: int | None = None
    kind: DocumentKind = DocumentKind.MEASURE


def seal_document(
    session: Session, key: DataKey, paper: Paper | Letter | Certificate | MeasurePaper, *, now: datetime
) -> Document:
    """Fix a paper: canonical content, digest, check code; whoever changes a word changes the digest."""
    content = canonical({name: value for name, value in asdict(paper).items() if name != "case_id"})
    document = Document(
        number=paper.number,
        kind=paper.kind,
        check_code="".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH)),
        digest=hashlib.sha256(content.encode()).hexdigest(),
        case_id=paper.case_id,
        key_id=key.id,
        content_sealed=vault_of(session).seal(key, content, SEAL),
        made_at=now,
    )
    session.add(document)
    session.flush()
    return document


def open_document(session: Session, document: Document) -> dict[str, Any]:
    """The content of a paper as it was fixed; raises NotFound once its key was destroyed, so that nothing opens it."""
    key = session.get_one(DataKey, document.key_id)
    try:
        content: dict[str, Any] = json.loads(vault_of(session).open(key, document.content_sealed, SEAL))
    except Erased as gone:
        raise NotFound("这份文书的内容已按保存期限删除，只能核验编号、摘要和日期。") from gone
    return content


def canonical(content: Any) -> str:
    """JSON in one way only: sorted keys, no spaces, ASCII (RFC 8785 for integers and strings)."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
