"""What stands beside the log so that entering is quick and happens once: tokens, labels, links, totals, imports."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.db import Fen, Json, Model, Ref, growing_enum
from portal.core.privacy import DataKey
from portal.ledgers.models import EntryKind, Ledger


class RowToken(Model):
    """A row that a client has sent: sent again, it is the entry it became (a double click, a lost answer)."""

    __tablename__ = "ledger_row_token"
    __table_args__ = (
        Index("uq_ledger_row_token", "ledger_id", "token", unique=True),
        Index("ix_ledger_row_token_entry_id", "entry_id"),
    )

    ledger_id: Mapped[Ref] = mapped_column(ForeignKey("ledger.id"))
    token: Mapped[str]
    entry_id: Mapped[Ref] = mapped_column(ForeignKey("ledger_entry.id"))


class LabelClaim(Model):
    """A 退换商品明示标识 in use: one article of one outlet carries it."""

    __tablename__ = "ledger_label_claim"
    __table_args__ = (
        Index("uq_ledger_label_claim", "ledger_id", "place", "label", unique=True),
        Index("uq_ledger_label_claim_entry", "entry_id", unique=True),
    )

    ledger_id: Mapped[Ref] = mapped_column(ForeignKey("ledger.id"))
    place: Mapped[Ref]  # the outlet's id; 0 for the merchant as a whole
    label: Mapped[str]
    entry_id: Mapped[Ref] = mapped_column(ForeignKey("ledger_entry.id"))  # of the return, never of an amendment


class ReturnLink(Model):
    """A return that belongs to a complaint of the same ledger: ⑤–⑧ of 消费投诉记录台账."""

    __tablename__ = "ledger_return_link"
    __table_args__ = (
        Index("uq_ledger_return_link_entry", "entry_id", unique=True),
        Index("ix_ledger_return_link_complaint_id", "complaint_id", "entry_id"),
    )

    entry_id: Mapped[Ref] = mapped_column(ForeignKey("ledger_entry.id"))
    complaint_id: Mapped[Ref] = mapped_column(ForeignKey("ledger_entry.id"))


class MonthTotal(Model):
    """How many entries of a kind happened in a month and what they paid, as amended; kept by whoever appends."""

    __tablename__ = "ledger_month_total"
    __table_args__ = (Index("uq_ledger_month_total", "ledger_id", "kind", "month_on", unique=True),)

    ledger_id: Mapped[Ref] = mapped_column(ForeignKey("ledger.id"))
    kind: Mapped[EntryKind] = mapped_column(growing_enum(EntryKind))
    month_on: Mapped[date]  # its first day
    entries: Mapped[int]  # no CHECK: an upsert that takes one away is checked before it meets its row
    amount: Mapped[Fen]  # refunded or settled


class SheetState(StrEnum):
    """Where the import of a sheet stands."""

    QUEUED = "queued"  # 等待导入
    RUNNING = "running"  # 正在导入
    DONE = "done"  # 已导入
    FAILED = "failed"  # 没有完成


class SheetImport(Model):
    """One reading of one file into a ledger; known by SHA-256, continued where it stopped."""

    __tablename__ = "ledger_import"
    __table_args__ = (
        Index("uq_ledger_import_file", "ledger_id", "kind", "digest", unique=True),
        Index("ix_ledger_import_ledger", "ledger_id", "id"),
        Index("ix_ledger_import_key_id", "key_id"),
        Index(
            "ix_ledger_import_unfinished",
            "id",
            postgresql_where=text("state IN ('queued', 'running')"),
            sqlite_where=text("state IN ('queued', 'running')"),
        ),
        CheckConstraint("(state IN ('done', 'failed')) = (ended_at IS NOT NULL)", name="ended_at_iff_ended"),
    )

    reference: Mapped[str] = mapped_column(unique=True)  # random, for URLs
    ledger_id: Mapped[Ref] = mapped_column(ForeignKey("ledger.id"))
    merchant_id: Mapped[Ref]
    kind: Mapped[EntryKind] = mapped_column(growing_enum(EntryKind))
    person_id: Mapped[Ref | None]  # no foreign key, as in facts
    person_name: Mapped[str]
    digest: Mapped[str]  # SHA-256 of the file, hexadecimal
    file_name: Mapped[str]
    key_id: Mapped[Ref] = mapped_column(ForeignKey("data_key.id"))
    raw_file: Mapped[str | None]  # address of the sealed file; wiped seven days after the end
    state: Mapped[SheetState] = mapped_column(default=SheetState.QUEUED)
    total_rows: Mapped[int]
    next_row: Mapped[int] = mapped_column(default=0)  # how many rows were read and committed
    entered: Mapped[int] = mapped_column(default=0)
    repeated: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    problems: Mapped[Json] = mapped_column(default=dict)  # {sheet line: [[field, sentence]]}; nothing personal
    problem: Mapped[str | None]  # one sentence when the file could not be read to its end
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    ledger: Mapped[Ledger] = relationship(lazy="raise_on_sql")
    key: Mapped[DataKey] = relationship(lazy="raise_on_sql")
