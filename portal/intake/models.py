"""What the channels send: filings, tips, and the runs that brought them in."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.cases.models import Case
from portal.cases.rules import Channel
from portal.core.db import Fen, Json, Model, Ref
from portal.core.privacy import DataKey
from portal.intake.states import AdminState


class Filing(Model):
    """A complaint as a channel sent it: the channel's number, its clock, its administrative state."""

    __tablename__ = "filing"
    __table_args__ = (
        Index("uq_filing_number", "source", "number", unique=True),
        Index("ix_filing_case_id", "case_id"),
        Index("ix_filing_key_id", "key_id"),
        Index("ix_filing_import_id", "import_id"),
        Index("ix_filing_authority_state", "authority_id", "admin_state", "decide_by", "id"),
        Index("ix_filing_phone", "phone_index", "registered_at"),
        Index(
            "ix_filing_parted_from_id",
            "parted_from_id",
            postgresql_where=text("parted_from_id IS NOT NULL"),
            sqlite_where=text("parted_from_id IS NOT NULL"),
        ),
        Index(
            "ix_filing_changed",
            "case_id",
            "changed_at",
            postgresql_where=text("changed_at IS NOT NULL"),
            sqlite_where=text("changed_at IS NOT NULL"),
        ),
        CheckConstraint("parted_from_id <> case_id", name="never_joined_again"),
    )

    source: Mapped[str]  # 12315 12345 generic green api
    number: Mapped[str]
    case_id: Mapped[Ref] = mapped_column(ForeignKey("dispute_case.id"))
    authority_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"))
    key_id: Mapped[Ref] = mapped_column(ForeignKey("data_key.id"))
    import_id: Mapped[Ref | None] = mapped_column(ForeignKey("import_run.id"))
    row: Mapped[int | None]  # line of the sheet, from 1
    channel: Mapped[Channel]
    admin_state: Mapped[AdminState]
    registered_at: Mapped[datetime]  # 登记时间
    in_future: Mapped[bool] = mapped_column(default=False)  # a time after the import's: accepted and marked
    decide_by: Mapped[datetime | None]  # 受理 within 7 working days of RECEIVED (令121 art 15)
    decided_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]  # the consumer asked the authority to take it up
    platform_due_on: Mapped[date | None]
    platform_status: Mapped[str | None]
    reception: Mapped[str]  # 接收方式
    dispatch_label: Mapped[str]  # 分流情况
    office: Mapped[str]  # 处理部门
    company_name: Mapped[str]
    company_code: Mapped[str | None]
    object_path: Mapped[str]  # 客体类别全称
    problem_path: Mapped[str]  # 问题类别全称
    publication_consent: Mapped[bool | None]
    amount: Mapped[Fen | None]  # in dispute, as this channel states it
    purchased_on: Mapped[date | None]
    sold_by: Mapped[str | None]
    parted_from_id: Mapped[Ref | None] = mapped_column(ForeignKey("dispute_case.id"))  # where it no longer belongs
    changed_at: Mapped[datetime | None]  # when a repeated number last came with other columns
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    row_digest: Mapped[bytes] = mapped_column(LargeBinary(16))  # keyed; differs when a repeated number changed
    name_sealed: Mapped[bytes | None]
    phone_sealed: Mapped[bytes | None]
    address_sealed: Mapped[bytes | None]
    text_sealed: Mapped[bytes]  # what the merchant may read: after a redaction the redacted text
    original_sealed: Mapped[bytes | None]  # the channel's own text before an officer's redaction; officers only
    extras_sealed: Mapped[bytes | None]  # unknown columns, JSON; officers only
    created_at: Mapped[datetime]

    case: Mapped[Case] = relationship(lazy="raise_on_sql", foreign_keys=[case_id])
    key: Mapped[DataKey] = relationship(lazy="raise_on_sql")


class Tip(Model):
    """举报: seen by officers only, never by a merchant, not even as a count (令121 art 37)."""

    __tablename__ = "tip"
    __table_args__ = (
        Index("uq_tip_number", "source", "number", unique=True),
        Index("ix_tip_authority_registered", "authority_id", "registered_at", "id"),
        Index("ix_tip_key_id", "key_id"),
        Index("ix_tip_import_id", "import_id"),
    )

    source: Mapped[str]
    number: Mapped[str]
    authority_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"))
    key_id: Mapped[Ref] = mapped_column(ForeignKey("data_key.id"))
    import_id: Mapped[Ref | None] = mapped_column(ForeignKey("import_run.id"))
    row: Mapped[int | None]
    registered_at: Mapped[datetime]
    in_future: Mapped[bool] = mapped_column(default=False)
    reception: Mapped[str]
    office: Mapped[str]
    company_name: Mapped[str]
    company_code: Mapped[str | None]
    object_path: Mapped[str]
    problem_path: Mapped[str]
    headline: Mapped[str]
    informant_mask: Mapped[str]
    row_digest: Mapped[bytes] = mapped_column(LargeBinary(16))
    name_sealed: Mapped[bytes | None]
    phone_sealed: Mapped[bytes | None]
    address_sealed: Mapped[bytes | None]
    text_sealed: Mapped[bytes]
    extras_sealed: Mapped[bytes | None]
    created_at: Mapped[datetime]

    key: Mapped[DataKey] = relationship(lazy="raise_on_sql")


class ImportState(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ImportRun(Model):
    """One reading of one file; known by SHA-256 and authority, resumed where it stopped."""

    __tablename__ = "import_run"
    __table_args__ = (
        Index("ix_import_run_authority", "authority_id", "id"),
        Index("ix_import_run_person_id", "person_id"),
        Index("ix_import_run_key_id", "key_id"),
        Index(
            "uq_import_run_unfinished",
            "digest",
            "authority_id",
            unique=True,
            postgresql_where=text("state IN ('queued', 'running')"),
            sqlite_where=text("state IN ('queued', 'running')"),
        ),
        CheckConstraint("next_row >= 0", name="next_row_not_negative"),
    )

    reference: Mapped[str] = mapped_column(unique=True)  # random, for URLs
    authority_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"))
    person_id: Mapped[Ref | None] = mapped_column(ForeignKey("person.id"))
    key_id: Mapped[Ref] = mapped_column(ForeignKey("data_key.id"))
    digest: Mapped[str]
    file_name: Mapped[str]
    source: Mapped[str | None]
    mapping: Mapped[Json]  # {} or the TOML map of a generic file
    state: Mapped[ImportState] = mapped_column(default=ImportState.QUEUED)
    stored_at: Mapped[str | None]  # address of the sealed raw file; wiped 7 days after the end
    headers: Mapped[Json] = mapped_column(default=dict)  # {"names": [...]} of the sheet, for the file of refused rows
    total_rows: Mapped[int | None]  # lines below the header; the rows read once it has ended
    next_row: Mapped[int] = mapped_column(default=0)  # how many rows were read and committed
    last_line: Mapped[int] = mapped_column(default=0)  # the sheet's line of the last of them
    attempt: Mapped[int] = mapped_column(default=0)  # the newest process at it; commits of an older one are refused
    attempt_at: Mapped[datetime | None]
    attempt_row: Mapped[int] = mapped_column(default=0)  # `next_row` when the attempt began, for the rate
    progressed_at: Mapped[datetime | None]  # of the last commit: a run that stands still has lost its process
    totals: Mapped[Json]  # created, tips, routed, waiting, merged, repeated, changed, refused
    problem: Mapped[str | None]  # one sentence when the file could not be read
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    key: Mapped[DataKey] = relationship(lazy="raise_on_sql")


class ImportRefusal(Model):
    """A row that was refused, with its cells, so that it can be corrected."""

    __tablename__ = "import_refusal"
    __table_args__ = (Index("uq_import_refusal_row", "import_id", "row", unique=True),)

    import_id: Mapped[Ref] = mapped_column(ForeignKey("import_run.id"))
    row: Mapped[int]
    number: Mapped[str]
    code: Mapped[str]
    cells_sealed: Mapped[bytes | None]  # JSON list of the row's cells
