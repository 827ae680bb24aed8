"""The dispute: its state, its clocks, and what was written and uploaded along the way."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Organisation, Person
from portal.cases.rules import (
    ANSWERS,
    CONCLUDED_STATES,
    OPEN_STATES,
    TURNS,
    Answered,
    CaseEvent,
    CaseState,
    Channel,
    FailureCause,
    Level,
    Turn,
    next_state,
)
from portal.core.db import Fen, Json, Model, Ref, growing_enum
from portal.core.privacy import DataKey
from portal.enrolment.models import Merchant, Outlet

FAR_FUTURE_YEAR = 9999


class PhoneSource(StrEnum):
    """Who gave the consumer's number; only filing and officer count as verified (decisions 10)."""

    NONE = "none"
    FILING = "filing"
    OFFICER = "officer"
    MERCHANT = "merchant"


class Case(Model):
    """One dispute between a consumer and a merchant, made of one or more filings."""

    __tablename__ = "dispute_case"
    __table_args__ = (
        Index("ix_dispute_case_merchant_due", "merchant_id", "is_open", "due_at", "id"),
        Index("ix_dispute_case_merchant_turn", "merchant_id", "turn", "due_at", "id"),
        Index("ix_dispute_case_merchant_state", "merchant_id", "state", "due_at", "id"),
        Index("ix_dispute_case_merchant_registered", "merchant_id", "registered_at", "id"),
        Index("ix_dispute_case_merchant_finished", "merchant_id", "is_open", "backfilled_at", "last_event_at", "id"),
        Index(
            "ix_dispute_case_merchant_answered",
            "merchant_id",
            "due_at",
            "id",
            postgresql_where=text("answer IS NOT NULL"),
            sqlite_where=text("answer IS NOT NULL"),
        ),
        Index("ix_dispute_case_authority_due", "authority_id", "due_at", "id", "is_open", "state"),  # open ones first
        Index("ix_dispute_case_authority_state", "authority_id", "state", "due_at", "id"),
        Index("ix_dispute_case_authority_state_new", "authority_id", "state", "registered_at", "id"),
        Index("ix_dispute_case_authority_registered", "authority_id", "registered_at", "id"),
        Index("ix_dispute_case_registered", "registered_at", "id"),  # of several authorities together
        Index("ix_dispute_case_due", "due_at", "id", "is_open"),
        Index("ix_dispute_case_authority_respond", "authority_id", "respond_by"),
        Index("ix_dispute_case_authority_concluded", "authority_id", "concluded_at"),
        Index("ix_dispute_case_authority_perform", "authority_id", "perform_by"),
        Index("ix_dispute_case_authority_contact", "authority_id", "contact_by"),
        Index("ix_dispute_case_assignee", "assignee_id", "is_open", "due_at", "id"),
        Index(
            "ix_dispute_case_next_action",
            "next_action_at",
            "id",
            postgresql_where=text("next_action_at IS NOT NULL"),
            sqlite_where=text("next_action_at IS NOT NULL"),
        ),
        Index(
            "ix_dispute_case_choosing",  # 待消费者选择, of an authority
            "authority_id",
            "id",
            postgresql_where=text("state = 'failed' AND channel = 'green' AND closed_at IS NULL"),
            sqlite_where=text("state = 'failed' AND channel = 'green' AND closed_at IS NULL"),
        ),
        Index("ix_dispute_case_merchant_dispatched", "merchant_id", "dispatched_at"),
        Index("ix_dispute_case_merchant_concluded", "merchant_id", "concluded_at"),
        Index("ix_dispute_case_phone", "phone_index", "merchant_id"),
        Index("ix_dispute_case_name", "name_index", "registered_at"),  # a common name has thousands
        Index("ix_dispute_case_key_id", "key_id"),
        Index(
            "ix_dispute_case_keeper_id",
            "keeper_id",
            "due_at",
            "id",
            postgresql_where=text("keeper_id IS NOT NULL"),
            sqlite_where=text("keeper_id IS NOT NULL"),
        ),
        Index(
            "ix_dispute_case_sent_back",
            "authority_id",
            "closed_at",
            "id",
            postgresql_where=text("state = 'sent_back'"),
            sqlite_where=text("state = 'sent_back'"),
        ),
        Index("ix_dispute_case_outlet_id", "outlet_id"),
        Index(
            "ix_dispute_case_merchant_raised",
            "merchant_id",
            "raised_to",
            "due_at",
            "id",
            postgresql_where=text("raised_to IS NOT NULL"),
            sqlite_where=text("raised_to IS NOT NULL"),
        ),
        Index(
            "ix_dispute_case_raised_person_id",
            "raised_person_id",
            postgresql_where=text("raised_person_id IS NOT NULL"),
            sqlite_where=text("raised_person_id IS NOT NULL"),
        ),
        Index(
            "ix_dispute_case_raised_by_id",
            "raised_by_id",
            postgresql_where=text("raised_by_id IS NOT NULL"),
            sqlite_where=text("raised_by_id IS NOT NULL"),
        ),
        Index(
            "ix_dispute_case_unverified",
            "authority_id",
            "concluded_at",
            postgresql_where=text("unverified_at IS NOT NULL"),
            sqlite_where=text("unverified_at IS NOT NULL"),
        ),
        CheckConstraint(
            "(state IN ('waiting', 'returned', 'withdrawn', 'kept', 'sent_back')) OR merchant_id IS NOT NULL",
            name="merchant_once_dispatched",
        ),
        CheckConstraint("amount IS NULL OR amount >= 0", name="amount_not_negative"),
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered_at_iff_answer"),
        CheckConstraint(
            "cause IS NULL OR state NOT IN ('waiting', 'dispatched', 'accepted', 'returned')",
            name="cause_only_after_failure",
        ),
    )

    reference: Mapped[str] = mapped_column(unique=True)
    authority_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"))
    merchant_id: Mapped[Ref | None] = mapped_column(ForeignKey("merchant.id"))
    outlet_id: Mapped[Ref | None] = mapped_column(ForeignKey("outlet.id"))
    key_id: Mapped[Ref] = mapped_column(ForeignKey("data_key.id"))
    channel: Mapped[Channel]
    source: Mapped[str]  # 12315, 12345, green, generic: of its first filing
    state: Mapped[CaseState] = mapped_column(default=CaseState.WAITING)
    turn: Mapped[Turn] = mapped_column(default=Turn.OFFICER)
    is_open: Mapped[bool] = mapped_column(default=True)
    cause: Mapped[FailureCause | None]
    answer: Mapped[Answered | None]  # what the consumer said last, until the merchant moves again
    answered_at: Mapped[datetime | None]
    wait_reason: Mapped[str | None]  # machine code of intake's routing; None once dispatched
    candidates: Mapped[Json]  # {"merchants": [ids]}: suggestions for the officer only
    keeper_id: Mapped[Ref | None] = mapped_column(ForeignKey("person.id"))  # the officer who handles it himself (自办)
    kept_reason: Mapped[str | None]  # machine code of `KeepReason`
    kept_at: Mapped[datetime | None]
    sent_back_reason: Mapped[str | None]  # machine code of `ReturnReason`; the moment is `closed_at`

    headline: Mapped[str]  # from structured columns only: goods, problem, demand
    goods: Mapped[str]
    problem: Mapped[str]
    demands: Mapped[str]  # comma-separated codes of `portal.intake.rules.Demand`
    sold_by: Mapped[str | None]  # 网购, 现场购 …
    amount: Mapped[Fen | None]  # in dispute
    purchased_on: Mapped[date | None]

    consumer_mask: Mapped[str]
    name_index: Mapped[bytes | None] = mapped_column(LargeBinary(16))  # of a full name; masked ones have none
    phone_mask: Mapped[str]
    phone_source: Mapped[PhoneSource] = mapped_column(default=PhoneSource.NONE)
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    phone_sealed: Mapped[bytes | None]
    phone_set_at: Mapped[datetime | None]  # when changed after filing (decisions 13)

    assignee_id: Mapped[Ref | None] = mapped_column(ForeignKey("person.id"))
    raised_to: Mapped[Level | None]  # to which internal level it was handed up; None while the 客服 have it
    raised_person_id: Mapped[Ref | None] = mapped_column(ForeignKey("person.id"))  # None: anyone of that level
    raised_by_id: Mapped[Ref | None] = mapped_column(ForeignKey("person.id"))
    raised_at: Mapped[datetime | None]
    registered_at: Mapped[datetime]  # 登记时间 of the first filing
    opened_at: Mapped[datetime]
    dispatched_at: Mapped[datetime | None]
    respond_by: Mapped[datetime | None]  # end of the merchant's limit
    platform_due_on: Mapped[date | None]  # the platform's own date, given or inferred (decisions 7)
    platform_due_inferred: Mapped[bool] = mapped_column(default=True)
    perform_by: Mapped[datetime | None]
    due_at: Mapped[datetime]  # the date that burns next; lists are sorted by it
    next_action_at: Mapped[datetime | None]  # all that tick reads (decisions 5)
    warned_at: Mapped[datetime | None]  # the planned moment of the last warning that was told
    accepted_at: Mapped[datetime | None]
    contact_by: Mapped[datetime | None]  # end of the merchant's limit to accept or return (limit "accept")
    first_contact_at: Mapped[datetime | None]
    agreed_at: Mapped[datetime | None]
    unverified_at: Mapped[datetime | None]  # 未经消费者本人确认: since when (decisions 10)
    concluded_at: Mapped[datetime | None]  # the negotiation's first end: agreed, failed or withdrawn
    performed_at: Mapped[datetime | None]
    receipt_asked_at: Mapped[datetime | None]  # told to the consumer: silence counts from here
    closed_at: Mapped[datetime | None]
    last_event_at: Mapped[datetime]
    recovered: Mapped[Fen | None]  # 挽回经济损失, set when performance is confirmed
    backfilled_at: Mapped[datetime | None]  # 已回填

    merchant: Mapped[Merchant | None] = relationship(lazy="raise_on_sql", foreign_keys=[merchant_id])
    authority: Mapped[Organisation] = relationship(lazy="raise_on_sql", foreign_keys=[authority_id])
    outlet: Mapped[Outlet | None] = relationship(lazy="raise_on_sql")
    assignee: Mapped[Person | None] = relationship(lazy="raise_on_sql", foreign_keys=[assignee_id])
    raised_person: Mapped[Person | None] = relationship(lazy="raise_on_sql", foreign_keys=[raised_person_id])
    key: Mapped[DataKey] = relationship(lazy="raise_on_sql")

    @property
    def case_id(self) -> int:
        """Its own id, as the access table asks for it."""
        return self.id

    def apply(self, event: CaseEvent, *, at: datetime) -> None:
        """Move along the table, keeping turn, openness and answer true; raises IllegalTransition."""
        before, self.state = self.state, next_state(self.state, event)
        self.turn = TURNS[self.state]
        self.is_open = self.state in OPEN_STATES
        if self.state in CONCLUDED_STATES and self.concluded_at is None:
            self.concluded_at = at
        if event is not CaseEvent.CONTACT:
            self.answer = ANSWERS.get((before, event))
            self.answered_at = at if self.answer else None
        self.last_event_at = at


class NoteKind(StrEnum):
    """What a line written by staff is."""

    NOTE = "note"  # 内部备注
    CONTACT = "contact"  # 沟通记录
    RETURN = "return"  # 退回说明
    RAISE = "raise"  # 上报理由
    LOWER = "lower"  # 交回下级的理由
    FAILURE = "failure"  # 未和解说明, for the officer


class ContactMethod(StrEnum):
    """How the consumer was reached (回填: 协商方式)."""

    PHONE = "phone"  # 电话
    VISIT = "visit"  # 现场
    MESSAGE = "message"  # 短信、微信等
    PLATFORM = "platform"  # 平台
    OTHER = "other"  # 其他


class ContactResult(StrEnum):
    """What came of it."""

    REACHED = "reached"  # 已联系
    UNREACHED = "unreached"  # 联系不到
    CALL_BACK = "call_back"  # 约定再联系


class CaseNote(Model):
    """A line of the merchant's staff: a note, or a contact record (时间、方式、过程、结果). Never changed."""

    __tablename__ = "case_note"
    __table_args__ = (
        Index("ix_case_note_case_id", "case_id", "at"),
        Index("ix_case_note_author_id", "author_id"),
        CheckConstraint("(kind = 'contact') = (method IS NOT NULL)", name="method_iff_contact"),
        CheckConstraint("(kind = 'contact') = (result IS NOT NULL)", name="result_iff_contact"),
    )

    case_id: Mapped[Ref] = mapped_column(ForeignKey("dispute_case.id"))
    author_id: Mapped[Ref | None] = mapped_column(ForeignKey("person.id"))
    author_name: Mapped[str]
    organisation_id: Mapped[Ref | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    kind: Mapped[NoteKind] = mapped_column(growing_enum(NoteKind))
    method: Mapped[ContactMethod | None] = mapped_column(growing_enum(ContactMethod))
    result: Mapped[ContactResult | None] = mapped_column(growing_enum(ContactResult))
    text_sealed: Mapped[bytes]
    happened_at: Mapped[datetime]
    at: Mapped[datetime]


class EvidenceSide(StrEnum):
    """Who gave it."""

    MERCHANT = "merchant"
    CONSUMER = "consumer"
    AUTHORITY = "authority"


class Evidence(Model):
    """A file of a case: original sealed, a re-encoded copy and a thumbnail to look at (decisions 25)."""

    __tablename__ = "evidence"
    __table_args__ = (
        Index("ix_evidence_case_id", "case_id", "id"),
        Index("ix_evidence_uploader_id", "uploader_id"),
        Index("uq_evidence_content", "case_id", "digest", unique=True),
    )

    reference: Mapped[str] = mapped_column(unique=True)  # random, for URLs
    case_id: Mapped[Ref] = mapped_column(ForeignKey("dispute_case.id"))
    side: Mapped[EvidenceSide]
    uploader_id: Mapped[Ref | None] = mapped_column(ForeignKey("person.id"))
    uploader_name: Mapped[str]
    purpose: Mapped[str]  # evidence, performance_proof
    media_type: Mapped[str]
    size: Mapped[int]  # bytes
    digest: Mapped[str]  # SHA-256 of the original
    name_sealed: Mapped[bytes]
    original_at: Mapped[str]  # address in the file store
    shown_at: Mapped[str | None]  # address of the re-encoded copy
    thumbnail_at: Mapped[str | None]
    at: Mapped[datetime]


class Substitution(Model):
    """A colleague who stands in for someone (代理人) on given days, with that person's level and authority."""

    __tablename__ = "case_substitution"
    __table_args__ = (
        Index("ix_case_substitution_organisation_id", "organisation_id", "id"),
        Index("ix_case_substitution_person_id", "person_id", "ends_on"),
        Index("ix_case_substitution_substitute_id", "substitute_id", "ends_on"),
        CheckConstraint("ends_on >= starts_on", name="ends_after_start"),
        CheckConstraint("person_id <> substitute_id", name="somebody_else"),
    )

    reference: Mapped[str] = mapped_column(unique=True)  # random, for URLs
    organisation_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"))
    person_id: Mapped[Ref] = mapped_column(ForeignKey("person.id"))  # who is away
    substitute_id: Mapped[Ref] = mapped_column(ForeignKey("person.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]  # last day, Asia/Shanghai
    named_at: Mapped[datetime]
    named_by: Mapped[str]
    ended_at: Mapped[datetime | None]  # taken back before the last day
    ended_by: Mapped[str]  # empty while it was not taken back

    person: Mapped[Person] = relationship(lazy="raise_on_sql", foreign_keys=[person_id])
    substitute: Mapped[Person] = relationship(lazy="raise_on_sql", foreign_keys=[substitute_id])


class SavedView(Model):
    """Filters of a list under a name; its owner may share it with the organisation."""

    __tablename__ = "saved_view"
    __table_args__ = (
        Index("uq_saved_view_name", "person_id", "name", unique=True),
        Index("ix_saved_view_organisation_id", "organisation_id"),
    )

    reference: Mapped[str] = mapped_column(unique=True)  # random, for URLs
    person_id: Mapped[Ref] = mapped_column(ForeignKey("person.id"))
    organisation_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"))
    name: Mapped[str]
    query: Mapped[str]
    shared: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime]
