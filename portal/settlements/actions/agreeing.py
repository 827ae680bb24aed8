"""Both sides said yes: the 和解协议 is numbered and sealed, and the day of performance set."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.cases import bookkeeping, steps
from portal.cases.filed_words import filed_numbers
from portal.cases.models import Case, Evidence
from portal.cases.rules import CaseEvent
from portal.cases.wording import SOURCE_NAMES
from portal.clocks.rules import SHANGHAI, end_of_day, local_day
from portal.core import facts
from portal.core.actor import Actor
from portal.core.facts import SubjectKind, Topic
from portal.core.money import yuan
from portal.core.privacy import DataKey, vault_of
from portal.documents.models import Document, DocumentKind, DocumentState
from portal.documents.numbers import take_numbers
from portal.documents.sealing import Paper, seal_document
from portal.ledgers.published import checkpoint_words
from portal.settlements import rules
from portal.settlements.actions import ending
from portal.settlements.models import Agreement, Answer, Side
from portal.settlements.rounds import Kept


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Who said the last yes, how it was confirmed, from which address; `detail` for the fact beside it.

    `proof` is the evidence of an agreement made outside, which nobody confirmed yet (decisions 10).
    """

    by: Side
    confirmation: str  # link, link_and_code, merchant, paper
    address: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    proof: Evidence | None = None


UNVERIFIED = "本协议由商家登记，未经消费者本人确认。"
CLAUSES = (
    "乙方按约定履行完毕后，双方就本纠纷的上述事项再无争议。",
    "乙方没有按期履行的，甲方可以在原链接中反映，要求市场监督管理部门继续处理投诉，也可以向人民法院起诉。",
    "本协议达成不等于投诉撤回；投诉的处理以市场监督管理部门的决定为准。",
)
CONFIRMATIONS = {
    "link": "消费者凭发到登记手机的专用链接确认",
    "link_and_code": "消费者凭专用链接和手机验证码确认",
    "merchant": "商家在本平台接受消费者凭专用链接提出的方案",
    "paper": "商家登记双方在平台外达成和解并上传凭证，未经消费者本人确认",
}


def make_agreement(
    session: Session, actor: Actor, case: Case, key: DataKey, kept: Kept, acceptance: Acceptance, *, now: datetime
) -> Agreement:
    """Make the agreement of a locked case out of the round that was accepted; a former agreement is replaced."""
    ending.end_round(session, kept.offer, Answer.ACCEPTED, now=now)
    _replace_former(session, case)
    number = _next_number(session, case, now)
    document = seal_document(session, key, _paper(session, case, kept, acceptance, number, now), now=now)
    agreement = Agreement(
        case_id=case.id,
        offer_id=kept.offer.id,
        document_id=document.id,
        outlay=kept.offer.outlay,
        accepted_by=acceptance.by,
        accepted_at=now,
        confirmation=acceptance.confirmation,
        proof_id=acceptance.proof.id if acceptance.proof else None,
        address_hash=vault_of(session).blind(acceptance.address, "address") if acceptance.address else None,
        perform_on=rules.perform_on(kept.terms, local_day(now)),
    )
    session.add(agreement)
    session.flush()
    _follow(session, actor, case, kept, agreement, now=now)
    facts.record(
        session,
        actor,
        Topic.AGREEMENT_MADE,
        SubjectKind.CASE,
        case.id,
        at=now,
        round=kept.offer.round,
        number=number,
        outlay=agreement.outlay,
        accepted_by=acceptance.by.value,
        perform_on=agreement.perform_on.isoformat(),
        **acceptance.detail,
    )
    return agreement


def _follow(session: Session, actor: Actor, case: Case, kept: Kept, agreement: Agreement, *, now: datetime) -> None:
    """Let state, clocks and ledger follow an agreement."""
    steps.move(case, CaseEvent.AGREE, now=now)
    case.cause, case.agreed_at, case.perform_by = None, now, end_of_day(agreement.perform_on)
    case.performed_at = case.receipt_asked_at = None
    case.unverified_at = now if agreement.proof_id is not None else None
    steps.set_clocks(session, case, now=now)
    terms = ",".join(term.kind.value for term in kept.terms)
    bookkeeping.book_outcome(session, actor, case, now=now, settled=agreement.outlay, terms=terms)


def _replace_former(session: Session, case: Case) -> None:
    session.execute(
        update(Document)
        .where(Document.case_id == case.id, Document.kind == DocumentKind.AGREEMENT)
        .values(state=DocumentState.REPLACED)
    )


def _next_number(session: Session, case: Case, now: datetime) -> str:
    """HJ-HL2609-0001: consecutive for each district and month."""
    prefix = re.match(r"[A-Z]*", case.reference)
    series = f"{prefix.group() if prefix else ''}{now.astimezone(SHANGHAI):%y%m}"
    return f"HJ-{series}-{take_numbers(session, f'agreement:{series}')[0]:04d}"


def _paper(session: Session, case: Case, kept: Kept, acceptance: Acceptance, number: str, now: datetime) -> Paper:
    """What the paper says; the consumer appears masked, for the link is all that identifies him here."""
    merchant = session.scalars(select(Organisation).where(Organisation.id == case.merchant_id)).one()
    authority = session.scalars(select(Organisation.name).where(Organisation.id == case.authority_id)).one()
    written = now.astimezone(SHANGHAI)
    phone = f"，手机 {case.phone_mask}" if case.phone_mask else ""
    perform_on = rules.perform_on(kept.terms, written.date())
    return Paper(
        kind=DocumentKind.AGREEMENT,
        number=number,
        case_id=case.id,
        title="和解协议",
        parties=(
            ("甲方（消费者）", f"{case.consumer_mask}{phone}"),
            ("乙方（经营者）", f"{merchant.name}（统一社会信用代码 {merchant.code}）"),
        ),
        matters=(
            ("纠纷编号", case.reference),
            *_filed_under(session, case),
            ("商品或服务", case.goods),
            ("争议事项", case.headline),
            ("争议金额", "不明" if case.amount is None else f"¥{yuan(case.amount)}"),
            ("购买日期", case.purchased_on.isoformat() if case.purchased_on else "未提供"),
            ("指导单位", authority),
        ),
        terms=rules.agreement_sentences(kept.terms, perform_on),
        outlay=kept.offer.outlay,
        perform_on=perform_on.isoformat(),
        clauses=CLAUSES,
        confirmation=(
            ("确认方式", CONFIRMATIONS[acceptance.confirmation]),
            ("确认时间", f"{written:%Y-%m-%d %H:%M:%S}（北京时间）"),
            ("方案版本", f"第 {kept.offer.round} 轮"),
            ("方案核对码", kept.offer.digest),
            *_ledger_checkpoint(session, case),
        ),
        notice=f"这是双方的民事和解协议，不是行政调解书。{UNVERIFIED if acceptance.proof else ''}",
    )


def _ledger_checkpoint(session: Session, case: Case) -> tuple[tuple[str, str], ...]:
    """The newest checkpoint of the merchant's ledger: both parties then hold the ledger to it (decisions 27)."""
    words = checkpoint_words(session, case.merchant_id) if case.merchant_id is not None else ""
    return (("乙方台账检查点", words),) if words else ()


def _filed_under(session: Session, case: Case) -> tuple[tuple[str, str], ...]:
    """The numbers by which 12315 and other channels know the complaint."""
    numbers = filed_numbers(session, case)
    words = "；".join(f"{SOURCE_NAMES.get(source, source)} {number}" for source, number in numbers)
    return (("投诉编号", words),) if words else ()
