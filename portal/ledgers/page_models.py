"""What the pages of the ledgers keep for themselves: unfinished rows, verifications asked for, reads released."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Person
from portal.core.db import Model, Ref
from portal.core.privacy import DataKey
from portal.enrolment.models import Merchant
from portal.ledgers.models import LedgerEntry


class Book(StrEnum):
    """Which of a merchant's two ledgers a page shows; amendments stand in the book of what they amend."""

    COMPLAINTS = "complaints"  # 消费投诉记录台账
    RETURNS = "returns"  # 退换货台账


# A return has a disposition, and so has every amendment of one: that is how the two books part. Each is read
# newest first by an index of its own, however few of its entries lie among those of the other.
IN_RETURNS, IN_COMPLAINTS = text("disposition IS NOT NULL"), text("disposition IS NULL")
Index(
    "ix_ledger_entry_returns",
    LedgerEntry.ledger_id,
    LedgerEntry.seq,
    postgresql_where=IN_RETURNS,
    sqlite_where=IN_RETURNS,
)
Index(
    "ix_ledger_entry_complaints",
    LedgerEntry.ledger_id,
    LedgerEntry.seq,
    postgresql_where=IN_COMPLAINTS,
    sqlite_where=IN_COMPLAINTS,
)
Index(
    "ix_ledger_entry_ledger_label",
    LedgerEntry.ledger_id,
    LedgerEntry.label_number,
    postgresql_where=text("label_number IS NOT NULL"),
    sqlite_where=text("label_number IS NOT NULL"),
)


class LedgerDraft(Model):
    """The rows that one person has typed and not stored, sealed under a key of their own; dropped when stored."""

    __tablename__ = "ledger_draft"
    __table_args__ = (
        Index("uq_ledger_draft_of_person", "person_id", "merchant_id", "book", unique=True),
        Index("ix_ledger_draft_merchant_id", "merchant_id"),
        Index("ix_ledger_draft_key_id", "key_id"),
        Index("ix_ledger_draft_kept_at", "kept_at"),
    )

    person_id: Mapped[Ref] = mapped_column(ForeignKey("person.id"))
    merchant_id: Mapped[Ref] = mapped_column(ForeignKey("merchant.id"))
    book: Mapped[Book]
    key_id: Mapped[Ref] = mapped_column(ForeignKey("data_key.id"))
    rows_sealed: Mapped[bytes]  # JSON: a list of rows, each field as it was typed
    kept_at: Mapped[datetime]

    person: Mapped[Person] = relationship(lazy="raise_on_sql")
    merchant: Mapped[Merchant] = relationship(lazy="raise_on_sql")
    key: Mapped[DataKey] = relationship(lazy="raise_on_sql")


class CheckState(StrEnum):
    """Where a verification stands."""

    QUEUED = "queued"  # 等待验证
    RUNNING = "running"  # 正在验证
    DONE = "done"  # 已验证
    FAILED = "failed"  # 没有完成


class LedgerCheck(Model):
    """One verification of a merchant's ledger that somebody asked for, with what it found."""

    __tablename__ = "ledger_check"
    __table_args__ = (
        Index("ix_ledger_check_merchant", "merchant_id", "id"),
        Index("ix_ledger_check_state", "state", "id"),
        CheckConstraint("(state = 'done') = (ok IS NOT NULL)", name="ok_iff_done"),
        CheckConstraint("entries >= 0 AND total >= 0", name="counts_not_negative"),
    )

    reference: Mapped[str] = mapped_column(unique=True)
    merchant_id: Mapped[Ref] = mapped_column(ForeignKey("merchant.id"))
    organisation_id: Mapped[Ref | None]  # of who asked; None for the house itself
    asked_by: Mapped[str]  # a staff name
    asked_at: Mapped[datetime]
    state: Mapped[CheckState] = mapped_column(default=CheckState.QUEUED)
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    total: Mapped[int] = mapped_column(default=0)  # entries when asked
    entries: Mapped[int] = mapped_column(default=0)  # looked at so far
    ok: Mapped[bool | None]
    root: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    checkpoints: Mapped[int] = mapped_column(default=0)
    first_bad: Mapped[int | None]
    bad_after: Mapped[int | None]
    problem: Mapped[str | None]

    merchant: Mapped[Merchant] = relationship(lazy="raise_on_sql")


class ReadRelease(Model):
    """The head of an authority lets the audited merchant know of a read that was held back. Never taken back."""

    __tablename__ = "ledger_read_release"

    access_record_id: Mapped[Ref] = mapped_column(unique=True)  # no foreign key: access records are dropped whole
    authority_id: Mapped[Ref]
    released_by: Mapped[str]  # a staff name
    person_id: Mapped[Ref]
    reason: Mapped[str]
    at: Mapped[datetime]
