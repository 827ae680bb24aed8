"""Rounds of a negotiation, the agreement they end in, and its performance."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.cases.models import Case, Evidence
from portal.cases.rules import Level
from portal.core.db import Fen, Model, Ref
from portal.documents.models import Document
from portal.settlements.rules.words import Answer as Answer
from portal.settlements.rules.words import CallbackOccasion as CallbackOccasion
from portal.settlements.rules.words import CallbackResult as CallbackResult
from portal.settlements.rules.words import DraftKind as DraftKind
from portal.settlements.rules.words import DraftState as DraftState
from portal.settlements.rules.words import Payer as Payer
from portal.settlements.rules.words import PaymentMethod as PaymentMethod
from portal.settlements.rules.words import Receipt as Receipt
from portal.settlements.rules.words import Side as Side
from portal.settlements.rules.words import TermKind as TermKind
from portal.settlements.rules.words import Verdict as Verdict


class Offer(Model):
    """One round: terms offered by one side, answered once by the other."""

    __tablename__ = "settlement_offer"
    __table_args__ = (
        Index("uq_settlement_offer_round", "case_id", "round", unique=True),
        Index(
            "uq_settlement_offer_one_pending",
            "case_id",
            unique=True,
            postgresql_where=text("answer = 'pending'"),
            sqlite_where=text("answer = 'pending'"),
        ),
        Index(
            "ix_settlement_offer_to_expire",
            "expires_at",
            "case_id",
            postgresql_where=text("answer = 'pending'"),
            sqlite_where=text("answer = 'pending'"),
        ),
        CheckConstraint("(answer = 'pending') = (answered_at IS NULL)", name="answered_at_iff_answered"),
        CheckConstraint("outlay >= 0", name="outlay_not_negative"),
    )

    case_id: Mapped[Ref] = mapped_column(ForeignKey("dispute_case.id"))
    round: Mapped[int]
    side: Mapped[Side]
    outlay: Mapped[Fen]  # what the merchant pays in money, all terms together
    message_sealed: Mapped[bytes | None]  # words to the other side
    digest: Mapped[str]  # SHA-256 over the canonical terms: what an answer is bound to
    made_at: Mapped[datetime]
    made_by: Mapped[str]  # a staff name; empty for the consumer
    visible_at: Mapped[datetime]  # undo is possible before (decisions 15)
    expires_at: Mapped[datetime]
    answer: Mapped[Answer] = mapped_column(default=Answer.PENDING)
    answered_at: Mapped[datetime | None]
    answer_reason_sealed: Mapped[bytes | None]
    first_seen_at: Mapped[datetime | None]  # set by an answer or a message receipt, never by a GET

    case: Mapped[Case] = relationship(lazy="raise_on_sql")


class Term(Model):
    """One term of a round."""

    __tablename__ = "settlement_term"
    __table_args__ = (
        Index("uq_settlement_term_position", "offer_id", "position", unique=True),
        CheckConstraint("amount IS NULL OR amount > 0", name="amount_positive"),
        CheckConstraint("due_days >= 0", name="due_days_not_negative"),
    )

    offer_id: Mapped[Ref] = mapped_column(ForeignKey("settlement_offer.id"))
    position: Mapped[int]
    kind: Mapped[TermKind]
    amount: Mapped[Fen | None]
    method: Mapped[PaymentMethod | None]
    due_days: Mapped[int]  # natural days after acceptance
    freight: Mapped[Payer] = mapped_column(default=Payer.NONE)
    detail_sealed: Mapped[bytes | None]  # free text: what exactly, where, how it is collected


class Agreement(Model):
    """和解协议: a civil contract between the two, not a 调解书."""

    __tablename__ = "settlement_agreement"
    __table_args__ = (
        Index("ix_settlement_agreement_case_id", "case_id"),
        Index("uq_settlement_agreement_offer", "offer_id", unique=True),
        Index("ix_settlement_agreement_document_id", "document_id"),
        Index("ix_settlement_agreement_proof_id", "proof_id"),
    )

    case_id: Mapped[Ref] = mapped_column(ForeignKey("dispute_case.id"))
    offer_id: Mapped[Ref] = mapped_column(ForeignKey("settlement_offer.id"))
    document_id: Mapped[Ref] = mapped_column(ForeignKey("document.id"))
    outlay: Mapped[Fen]
    accepted_by: Mapped[Side]
    accepted_at: Mapped[datetime]
    confirmation: Mapped[str]  # link, link_and_code, merchant, paper
    proof_id: Mapped[Ref | None] = mapped_column(ForeignKey("evidence.id"))  # of one made outside (decisions 10)
    address_hash: Mapped[bytes | None] = mapped_column(LargeBinary(16))  # keyed hash of the address that accepted
    perform_on: Mapped[date]  # last day, Asia/Shanghai

    case: Mapped[Case] = relationship(lazy="raise_on_sql")
    offer: Mapped[Offer] = relationship(lazy="raise_on_sql")
    document: Mapped[Document] = relationship(lazy="raise_on_sql")


class Performance(Model):
    """The merchant's record that it did what was agreed, with proof; the consumer has the last word."""

    __tablename__ = "settlement_performance"
    __table_args__ = (
        Index("ix_settlement_performance_agreement_id", "agreement_id"),
        Index("ix_settlement_performance_proof_id", "proof_id"),
        CheckConstraint("(receipt = 'asked') = (answered_at IS NULL)", name="answered_at_iff_answered"),
    )

    agreement_id: Mapped[Ref] = mapped_column(ForeignKey("settlement_agreement.id"))
    performed_on: Mapped[date]
    proof_id: Mapped[Ref | None] = mapped_column(ForeignKey("evidence.id"))
    remark_sealed: Mapped[bytes | None]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str]
    receipt: Mapped[Receipt] = mapped_column(default=Receipt.ASKED)
    answered_at: Mapped[datetime | None]

    agreement: Mapped[Agreement] = relationship(lazy="raise_on_sql")
    proof: Mapped[Evidence | None] = relationship(lazy="raise_on_sql")


class Payee(Model):
    """Where the consumer is paid by transfer; one live row per agreement, its account wiped when it is erased."""

    __tablename__ = "settlement_payee"
    __table_args__ = (
        Index("ix_settlement_payee_agreement_id", "agreement_id"),
        Index(
            "uq_settlement_payee_live",
            "agreement_id",
            unique=True,
            postgresql_where=text("erased_at IS NULL"),
            sqlite_where=text("erased_at IS NULL"),
        ),
        CheckConstraint("(account_sealed IS NULL) = (erased_at IS NOT NULL)", name="sealed_until_erased"),
    )

    agreement_id: Mapped[Ref] = mapped_column(ForeignKey("settlement_agreement.id"))
    account_sealed: Mapped[bytes | None]  # kind, holder, number and bank as JSON
    given_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]  # replaced, or done with


class Rating(Model):
    """One rating per agreement, within 15 days of performance (decisions 6)."""

    __tablename__ = "settlement_rating"

    agreement_id: Mapped[Ref] = mapped_column(ForeignKey("settlement_agreement.id"), unique=True)
    verdict: Mapped[Verdict]
    reason: Mapped[str | None]  # a code; not_performed and not_as_agreed mean breach
    at: Mapped[datetime]


class Callback(Model):
    """A consumer whom an officer calls back: drawn from the silent, or not satisfied (decisions 6)."""

    __tablename__ = "settlement_callback"
    __table_args__ = (
        Index("uq_settlement_callback_once", "agreement_id", "occasion", unique=True),
        Index("ix_settlement_callback_case_id", "case_id"),
        Index(
            "ix_settlement_callback_open",
            "id",
            postgresql_where=text("done_at IS NULL"),
            sqlite_where=text("done_at IS NULL"),
        ),
        CheckConstraint("done_at IS NULL OR result IS NOT NULL", name="done_with_result"),
    )

    reference: Mapped[str] = mapped_column(unique=True)  # random, for URLs
    case_id: Mapped[Ref] = mapped_column(ForeignKey("dispute_case.id"))
    agreement_id: Mapped[Ref] = mapped_column(ForeignKey("settlement_agreement.id"))
    occasion: Mapped[CallbackOccasion]
    added_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    result: Mapped[CallbackResult | None]  # of the last attempt
    note_sealed: Mapped[bytes | None]
    tried_at: Mapped[datetime | None]
    tried_by: Mapped[str]  # a staff name; empty before the first attempt
    done_at: Mapped[datetime | None]

    case: Mapped[Case] = relationship(lazy="raise_on_sql")


class SendingLimits(Model):
    """Up to which outlay whom of a merchant may send an offer; the newest row holds. Never changed, never deleted."""

    __tablename__ = "settlement_sending_limits"
    __table_args__ = (
        Index("ix_settlement_sending_limits_merchant_id", "merchant_id", "id"),
        Index("ix_settlement_sending_limits_set_by_id", "set_by_id"),
        CheckConstraint("agent_limit IS NULL OR agent_limit >= 0", name="agent_not_negative"),
        CheckConstraint(
            "supervisor_limit IS NULL OR (agent_limit IS NOT NULL AND supervisor_limit >= agent_limit)",
            name="supervisor_not_below",
        ),
    )

    merchant_id: Mapped[Ref] = mapped_column(ForeignKey("merchant.id"))
    agent_limit: Mapped[Fen | None]  # None: any amount
    supervisor_limit: Mapped[Fen | None]
    set_at: Mapped[datetime]  # in force from this moment
    set_by_id: Mapped[Ref | None] = mapped_column(ForeignKey("person.id"))
    set_by: Mapped[str]


class OfferDraft(Model):
    """An offer, or a yes to a counter, that waits for someone who may send it; nothing of it left the house."""

    __tablename__ = "settlement_draft"
    __table_args__ = (
        Index("ix_settlement_draft_case_id", "case_id", "id"),
        Index("ix_settlement_draft_merchant_id", "merchant_id"),
        Index("ix_settlement_draft_made_by_id", "made_by_id"),
        Index(
            "uq_settlement_draft_one_waiting",
            "case_id",
            unique=True,
            postgresql_where=text("state = 'waiting'"),
            sqlite_where=text("state = 'waiting'"),
        ),
        CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name="decided_iff_over"),
        CheckConstraint("(kind = 'acceptance') = (counter_digest IS NOT NULL)", name="counter_iff_acceptance"),
    )

    case_id: Mapped[Ref] = mapped_column(ForeignKey("dispute_case.id"))
    merchant_id: Mapped[Ref] = mapped_column(ForeignKey("merchant.id"))
    kind: Mapped[DraftKind]
    needs: Mapped[Level]  # who may send it, by the limits when it was handed up
    outlay: Mapped[Fen]
    content_sealed: Mapped[bytes]  # terms, message and consumer_asked as JSON, under the case's key
    counter_digest: Mapped[str | None]  # of the counter to be accepted
    digest: Mapped[str]  # SHA-256 over what is to be sent: what an approval is bound to
    made_at: Mapped[datetime]
    made_by_id: Mapped[Ref | None] = mapped_column(ForeignKey("person.id"))
    made_by: Mapped[str]
    state: Mapped[DraftState] = mapped_column(default=DraftState.WAITING)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str]  # empty while it waits
    reason_sealed: Mapped[bytes | None]  # why it was given back
