"""What anyone may learn of a paper: that it exists; with the code printed on it, its digest, day and state."""

import hmac
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.documents.models import Document, DocumentKind, DocumentState

SHANGHAI = ZoneInfo("Asia/Shanghai")
OF_PRACTICE = "LIANXI"  # in the numbers of papers that were made for learning: nobody can verify them, they bind nobody
KIND_NAMES = {
    DocumentKind.AGREEMENT: "和解协议",
    DocumentKind.CONSUMER_LETTER: "致消费者函",
    DocumentKind.PROMISE: "无理由退货承诺书",
    DocumentKind.MEASURE: "监管措施文书",
}
STATE_NAMES = {DocumentState.IN_FORCE: "有效", DocumentState.REPLACED: "已被新协议代替，或不再有效"}
PROMISE_OVER = "已不再适用于新的购买；在它有效的日子里购买的商品仍按它办理"
OVER = {DocumentKind.PROMISE: PROMISE_OVER, DocumentKind.MEASURE: "已解除，或已由下一份文书代替"}


@dataclass(frozen=True, slots=True)
class Proof:
    """What the right code opens: never a name, never an amount (decisions 14)."""

    digest: str
    made_on: date
    state: str
    in_force: bool


@dataclass(frozen=True, slots=True)
class Verification:
    """The answer of `/verify`; `proof` only with the right code."""

    number: str
    kind: str  # empty where there is no such paper
    code_given: bool
    proof: Proof | None


def verification(session: Session, number: str, code: str) -> Verification:
    """Verify a paper by number and check code, as people type them: spaces, hyphens and case do not matter."""
    wanted = plain_number(number)
    typed = plain_code(code)
    document = session.scalars(select(Document).where(Document.number == wanted)).first()
    if document is None or OF_PRACTICE in document.number:
        return Verification(wanted, "", code_given=bool(typed), proof=None)
    right = hmac.compare_digest(document.check_code.encode(), typed.encode())
    return Verification(
        number=document.number,
        kind=KIND_NAMES[document.kind],
        code_given=bool(typed),
        proof=proof_of(document) if right else None,
    )


def proof_of(document: Document) -> Proof:
    """What the code opens."""
    in_force = document.state is DocumentState.IN_FORCE
    return Proof(
        digest=document.digest,
        made_on=document.made_at.astimezone(SHANGHAI).date(),
        state=STATE_NAMES[document.state] if in_force else OVER.get(document.kind, STATE_NAMES[document.state]),
        in_force=in_force,
    )


def plain_number(text: str) -> str:
    """A number without spaces, in capitals."""
    return "".join(text.split()).upper()[:40]


def plain_code(text: str) -> str:
    """A check code without spaces and hyphens, in capitals."""
    return "".join(char for char in text.upper() if char.isalnum())[:20]
