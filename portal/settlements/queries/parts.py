"""Rounds and agreements as pages need them, opened and put into words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, aliased

from portal.cases.models import Case, Evidence
from portal.clocks.rules import local_day
from portal.core.privacy import DataKey, vault_of
from portal.documents.models import Document, DocumentState
from portal.settlements import rules
from portal.settlements.models import Agreement, Answer, Performance, Rating, Receipt, Side, Verdict
from portal.settlements.rounds import SEAL_MESSAGE, SEAL_REASON, Kept
from portal.settlements.rules import RatingReason, TermDraft, TermLine

SEAL_REMARK = "performance.remark"
Paper = aliased(Evidence)  # the proof of an agreement, beside those of performances


@dataclass(frozen=True, slots=True)
class RoundView:
    """One round. `version` counts the rounds of its side; `outlay` in 分; moments in UTC."""

    number: int
    version: int
    side: Side
    terms: tuple[TermDraft, ...]
    lines: tuple[TermLine, ...]
    outlay: int
    message: str
    digest: str
    made_at: datetime
    made_by: str
    visible_at: datetime
    expires_at: datetime
    answer: Answer
    answered_at: datetime | None
    reason: str

    @property
    def is_ours(self) -> bool:
        """Say whether the merchant made it."""
        return self.side is Side.MERCHANT

    @property
    def title(self) -> str:
        """The round as staff call it: 我方第 2 版."""
        return f"{'我方' if self.is_ours else '消费者还价'}第 {self.version} 版"

    @property
    def headline(self) -> str:
        """Its kinds in one phrase."""
        return rules.headline(self.terms)

    @property
    def answer_words(self) -> str:
        """What became of it."""
        return rules.ANSWER_NAMES[self.answer]

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Its terms for `ui.facts`."""
        return tuple((line.name, line.text) for line in self.lines)


def round_views(session: Session, key: DataKey, known: Sequence[Kept]) -> tuple[RoundView, ...]:
    """The rounds of one case, newest first."""
    vault = vault_of(session)
    versions = dict.fromkeys(Side, 0)
    found = []
    for kept in known:
        offer = kept.offer
        versions[offer.side] += 1
        found.append(
            RoundView(
                number=offer.round,
                version=versions[offer.side],
                side=offer.side,
                terms=kept.terms,
                lines=tuple(map(rules.term_line, kept.terms)),
                outlay=offer.outlay,
                message=vault.open(key, offer.message_sealed, SEAL_MESSAGE) if offer.message_sealed else "",
                digest=offer.digest,
                made_at=offer.made_at,
                made_by=offer.made_by,
                visible_at=offer.visible_at,
                expires_at=offer.expires_at,
                answer=offer.answer,
                answered_at=offer.answered_at,
                reason=vault.open(key, offer.answer_reason_sealed, SEAL_REASON) if offer.answer_reason_sealed else "",
            )
        )
    return tuple(reversed(found))


@dataclass(frozen=True, slots=True)
class PerformanceView:
    """One record of performance; `proof` is the reference of its evidence."""

    performed_on: date
    recorded_at: datetime
    recorded_by: str
    remark: str
    proof: str | None
    receipt: Receipt
    answered_at: datetime | None

    @property
    def receipt_words(self) -> str:
        """What the consumer said."""
        return rules.RECEIPT_NAMES[self.receipt]


@dataclass(frozen=True, slots=True)
class AgreementView:
    """The agreement in force, with what was done under it (newest first) and the consumer's rating."""

    agreement_id: int
    number: str
    digest: str
    check_code: str
    round: int
    outlay: int
    accepted_by: Side
    accepted_at: datetime
    perform_on: date
    performances: tuple[PerformanceView, ...]
    proof: str | None  # the evidence of one made outside
    is_unverified: bool  # 未经消费者本人确认, by now
    verdict: Verdict | None
    rating_reason: str | None

    @property
    def accepted_on(self) -> date:
        """The day in China on which it was made."""
        return local_day(self.accepted_at)

    @property
    def rating_words(self) -> str:
        """The consumer's rating in words; empty before it."""
        if self.verdict is None:
            return ""
        if self.verdict is Verdict.SATISFIED:
            return "满意"
        reason = rules.RATING_REASON_NAMES[RatingReason(self.rating_reason)] if self.rating_reason else ""
        return f"不满意，{reason}" if reason else "不满意"

    @property
    def performance(self) -> PerformanceView | None:
        """The latest record."""
        return self.performances[0] if self.performances else None


def agreement_view(session: Session, case: Case, key: DataKey, known: Sequence[Kept]) -> AgreementView | None:
    """The agreement in force of a case, in one statement; a case that never agreed costs none."""
    if case.agreed_at is None:
        return None
    rows = session.execute(_in_force(), {"case": case.id}).all()
    if not rows:
        return None
    agreement, document, _performance, _proof, rating, _agreed_proof = rows[0]
    done = [(row[2], row[3]) for row in rows if row[2] is not None and row[0].id == agreement.id]
    return AgreementView(
        agreement_id=agreement.id,
        number=document.number,
        digest=document.digest,
        check_code=document.check_code,
        round=next(kept.offer.round for kept in known if kept.offer.id == agreement.offer_id),
        outlay=agreement.outlay,
        accepted_by=agreement.accepted_by,
        accepted_at=agreement.accepted_at,
        perform_on=agreement.perform_on,
        performances=tuple(_performance_view(session, key, row, proof) for row, proof in done),
        proof=rows[0].agreed_proof,
        is_unverified=case.unverified_at is not None,
        verdict=rating.verdict if rating else None,
        rating_reason=rating.reason if rating else None,
    )


@cache
def _in_force() -> Any:
    agreed_proof = select(Paper.reference).where(Paper.id == Agreement.proof_id).scalar_subquery()
    return (
        select(Agreement, Document, Performance, Evidence.reference, Rating, agreed_proof.label("agreed_proof"))
        .join(Document, Document.id == Agreement.document_id)
        .outerjoin(Performance, Performance.agreement_id == Agreement.id)
        .outerjoin(Evidence, Evidence.id == Performance.proof_id)
        .outerjoin(Rating, Rating.agreement_id == Agreement.id)
        .where(Agreement.case_id == bindparam("case"), Document.state == DocumentState.IN_FORCE)
        .order_by(Agreement.id.desc(), Performance.id.desc())
    )


def accepted_round(views: Sequence[RoundView], agreement: AgreementView | None) -> RoundView | None:
    """The round that became the agreement."""
    return next((one for one in views if agreement and one.number == agreement.round), None)


def _performance_view(session: Session, key: DataKey, row: Performance, proof: str | None) -> PerformanceView:
    remark = vault_of(session).open(key, row.remark_sealed, SEAL_REMARK) if row.remark_sealed else ""
    return PerformanceView(
        performed_on=row.performed_on,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
        remark=remark,
        proof=proof,
        receipt=row.receipt,
        answered_at=row.answered_at,
    )
