"""The green channel: a complaint while the consumer writes it, its photos, and what was consented to when it was filed."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.db import Model, Ref, growing_enum
from portal.core.privacy import DataKey
from portal.enrolment.models import Merchant


class GreenDraft(Model):
    """A complaint being written, known to its browser by a cookie; its key becomes the case's when it is filed."""

    __tablename__ = "green_draft"
    __table_args__ = (
        Index("ix_green_draft_merchant_id", "merchant_id"),
        Index("ix_green_draft_key_id", "key_id"),
        Index("ix_green_draft_touched_at", "touched_at"),
        Index(
            "ix_green_draft_case_id",
            "case_id",
            postgresql_where=text("case_id IS NOT NULL"),
            sqlite_where=text("case_id IS NOT NULL"),
        ),
        Index(
            "ix_green_draft_filing_id",
            "filing_id",
            postgresql_where=text("filing_id IS NOT NULL"),
            sqlite_where=text("filing_id IS NOT NULL"),
        ),
        CheckConstraint("(filed_at IS NULL) = (case_id IS NULL)", name="case_iff_filed"),
        CheckConstraint("(filed_at IS NULL) = (filing_id IS NULL)", name="filing_iff_filed"),
    )

    token_hash: Mapped[bytes] = mapped_column(unique=True)  # SHA-256 of what the cookie holds
    merchant_id: Mapped[Ref] = mapped_column(ForeignKey("merchant.id"))
    key_id: Mapped[Ref] = mapped_column(ForeignKey("data_key.id"))
    said_sealed: Mapped[bytes | None]  # JSON of what was typed so far; wiped when filed
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary(16))  # of the number that was proved
    proved_at: Mapped[datetime | None]
    apart: Mapped[bool] = mapped_column(default=False)  # the consumer says: not the matter of my open complaint
    started_at: Mapped[datetime]
    touched_at: Mapped[datetime]  # forgotten some days behind it
    filed_at: Mapped[datetime | None]
    case_id: Mapped[Ref | None] = mapped_column(ForeignKey("dispute_case.id"))
    filing_id: Mapped[Ref | None] = mapped_column(ForeignKey("filing.id"))

    key: Mapped[DataKey] = relationship(lazy="raise_on_sql")
    merchant: Mapped[Merchant] = relationship(lazy="raise_on_sql")


class GreenFile(Model):
    """A photo or paper of a draft, sealed under its key; becomes evidence of the case when it is filed."""

    __tablename__ = "green_file"
    __table_args__ = (Index("uq_green_file_content", "draft_id", "digest", unique=True),)

    reference: Mapped[str] = mapped_column(unique=True)  # random, for URLs
    draft_id: Mapped[Ref] = mapped_column(ForeignKey("green_draft.id"))
    media_type: Mapped[str]
    size: Mapped[int]  # bytes
    digest: Mapped[str]  # SHA-256 of the original
    name_sealed: Mapped[bytes]
    original_file: Mapped[str]  # address in the file store
    shown_file: Mapped[str | None]
    thumbnail_file: Mapped[str | None]
    at: Mapped[datetime]


class ConsentKind(StrEnum):
    """What is asked for, each by itself."""

    SETTLE = "settle"  # 同意由企业先行和解
    SHARE = "share"  # 同意向企业提供个人信息 (个人信息保护法第二十三条: 单独同意)
    PUBLISH = "publish"  # 同意公示投诉信息


class FilingConsent(Model):
    """What the consumer was asked on filing, in the very words, and the answer. Never changed."""

    __tablename__ = "filing_consent"
    __table_args__ = (Index("uq_filing_consent_kind", "filing_id", "kind", unique=True),)

    filing_id: Mapped[Ref] = mapped_column(ForeignKey("filing.id"))
    kind: Mapped[ConsentKind] = mapped_column(growing_enum(ConsentKind))
    given: Mapped[bool]
    words: Mapped[str]  # as they stood beside the box; they name the merchant, never the consumer
    at: Mapped[datetime]
