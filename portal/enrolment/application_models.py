"""Applications for enrolment with their documents and requests for more; proposals to change a merchant's data."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Organisation
from portal.core.db import Json, Model, Ref
from portal.core.privacy import DataKey
from portal.enrolment.application_rules import ApplicationState, DocumentKind


class Application(Model):
    """A merchant that wants to be admitted. What is personal is sealed under a key of its own."""

    __tablename__ = "enrolment_application"
    __table_args__ = (
        Index("ix_enrolment_application_authority", "authority_id", "state", "id"),
        Index("ix_enrolment_application_key_id", "key_id"),
        Index("ix_enrolment_application_merchant_id", "merchant_id"),
        Index("ix_enrolment_application_phone", "phone_index", "created_at"),
        Index("ix_enrolment_application_state", "state", "changed_at"),
        Index(
            "uq_enrolment_application_under_review",
            "code",
            unique=True,
            postgresql_where=text("state IN ('submitted', 'asked')"),
            sqlite_where=text("state IN ('submitted', 'asked')"),
        ),
        CheckConstraint("(state = 'admitted') = (merchant_id IS NOT NULL)", name="merchant_iff_admitted"),
    )

    reference: Mapped[str] = mapped_column(unique=True)  # random, for the officers' URLs
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)  # SHA-256; None once erased
    token_sealed: Mapped[bytes | None]  # so that a message can repeat the link
    key_id: Mapped[Ref] = mapped_column(ForeignKey("data_key.id"))
    authority_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"))  # whom it is addressed to
    state: Mapped[ApplicationState] = mapped_column(default=ApplicationState.DRAFT)
    round: Mapped[int] = mapped_column(default=0)  # how often it was submitted

    code: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    normalised_name: Mapped[str] = mapped_column(index=True)
    address: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")  # the merchant's public line
    tier: Mapped[str] = mapped_column(default="")  # wished
    licence_until_on: Mapped[date | None]
    licence_open_ended: Mapped[bool] = mapped_column(default=False)  # 长期
    outlets: Mapped[Json]  # {"outlets": [[name, address], …]}
    conditions: Mapped[Json]  # condition → statement
    contact_sealed: Mapped[bytes | None]  # name, phone and mail of the contact person
    phone_index: Mapped[bytes] = mapped_column(LargeBinary(16))  # blind index; empty once erased
    phone_mask: Mapped[str]
    accounts_sealed: Mapped[bytes | None]  # who is to sign in

    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    review_by: Mapped[datetime | None]  # while it waits for the authority
    concluded_at: Mapped[datetime | None]
    decider: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")  # of a refusal, for the applicant
    merchant_id: Mapped[Ref | None] = mapped_column(ForeignKey("merchant.id"))
    erased_at: Mapped[datetime | None]

    invite_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)  # of the way to a first password
    invite_sealed: Mapped[bytes | None]
    invite_until: Mapped[datetime | None]
    activated_at: Mapped[datetime | None]

    key: Mapped[DataKey] = relationship(lazy="raise_on_sql")
    authority: Mapped[Organisation] = relationship(lazy="raise_on_sql", foreign_keys="Application.authority_id")


class ApplicationPage(Model):
    """One page or file of one of the four documents, sealed."""

    __tablename__ = "enrolment_page"
    __table_args__ = (Index("uq_enrolment_page_digest", "application_id", "kind", "digest", unique=True),)

    application_id: Mapped[Ref] = mapped_column(ForeignKey("enrolment_application.id"))
    reference: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[DocumentKind]
    place: Mapped[int]  # order within its document
    media_type: Mapped[str]
    size: Mapped[int]  # bytes
    digest: Mapped[str]
    name_sealed: Mapped[bytes]
    original: Mapped[str]  # addresses in the file store
    shown: Mapped[str | None]
    at: Mapped[datetime]


class ApplicationRequest(Model):
    """One request for more, and what the applicant answered."""

    __tablename__ = "enrolment_request"
    __table_args__ = (Index("ix_enrolment_request_application_id", "application_id", "id"),)

    application_id: Mapped[Ref] = mapped_column(ForeignKey("enrolment_application.id"))
    parts: Mapped[Json]  # {"parts": […]}
    words: Mapped[str]
    reply_on: Mapped[date]  # the last day that the authority asks for
    asked_at: Mapped[datetime]
    officer: Mapped[str]
    answered_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(default="")


class ProposalState(StrEnum):
    """Where a proposed change stands."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class MerchantProposal(Model):
    """A change of its data that a merchant proposes: name, address, phone, licence; the authority decides."""

    __tablename__ = "merchant_proposal"
    __table_args__ = (
        Index("ix_merchant_proposal_merchant_id", "merchant_id", "id"),
        Index(
            "uq_merchant_proposal_waiting",
            "merchant_id",
            unique=True,
            postgresql_where=text("state = 'waiting'"),
            sqlite_where=text("state = 'waiting'"),
        ),
    )

    merchant_id: Mapped[Ref] = mapped_column(ForeignKey("merchant.id"))
    reference: Mapped[str] = mapped_column(unique=True)
    changes: Mapped[Json]  # field → wished value; nothing personal
    note: Mapped[str]
    state: Mapped[ProposalState] = mapped_column(default=ProposalState.WAITING)
    proposer: Mapped[str]
    at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decider: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
