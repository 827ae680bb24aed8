"""The provable books: one log per merchant, its entries, the tree above them, and what was signed."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.db import Fen, Model, Ref, growing_enum
from portal.core.privacy import DataKey
from portal.enrolment.models import Merchant, Outlet
from portal.ledgers.rules.words import EntryKind as EntryKind


class Ledger(Model):
    """One merchant's log: its row is locked by whoever appends, so that a ledger has one writer at a time."""

    __tablename__ = "ledger"
    __table_args__ = (
        CheckConstraint("size = complaints + returns + amendments + disposals", name="numbers_add_up"),
        CheckConstraint("signed_size IS NULL OR signed_size <= size", name="signed_within"),
    )

    merchant_id: Mapped[Ref] = mapped_column(ForeignKey("merchant.id"), unique=True)
    origin: Mapped[str] = mapped_column(unique=True)  # of its checkpoints and the name of its keys; given once
    size: Mapped[int] = mapped_column(default=0)
    frontier: Mapped[bytes] = mapped_column(default=b"")  # hashes of the right edge, the largest subtree first
    complaints: Mapped[int] = mapped_column(default=0)  # the last running number of each kind
    returns: Mapped[int] = mapped_column(default=0)
    amendments: Mapped[int] = mapped_column(default=0)
    disposals: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime]
    signed_size: Mapped[int | None]  # of the newest checkpoint
    signed_at: Mapped[datetime | None]

    merchant: Mapped[Merchant] = relationship(lazy="raise_on_sql")


class LedgerEntry(Model):
    """One entry. Never updated, never deleted: a correction is a new entry that names the old one.

    The columns beside `line` are for searching; those of an amendment hold the values that result after it.
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (
        Index("uq_ledger_entry_seq", "ledger_id", "seq", unique=True),
        Index("uq_ledger_entry_number", "ledger_id", "kind", "number", unique=True),
        Index("ix_ledger_entry_occurred_on", "ledger_id", "occurred_on", "seq"),
        Index("ix_ledger_entry_leaf_hash", "ledger_id", "leaf_hash"),
        Index(
            "ix_ledger_entry_amends_id",
            "amends_id",
            "seq",
            postgresql_where=text("amends_id IS NOT NULL"),
            sqlite_where=text("amends_id IS NOT NULL"),
        ),
        Index(
            "ix_ledger_entry_reference",
            "reference",
            "ledger_id",
            postgresql_where=text("reference IS NOT NULL"),
            sqlite_where=text("reference IS NOT NULL"),
        ),
        Index(
            "ix_ledger_entry_label",
            "outlet_id",
            "label_number",
            postgresql_where=text("label_number IS NOT NULL"),
            sqlite_where=text("label_number IS NOT NULL"),
        ),
        CheckConstraint("seq > 0", name="seq_from_one"),
        CheckConstraint("number > 0", name="number_from_one"),
    )

    ledger_id: Mapped[Ref] = mapped_column(ForeignKey("ledger.id"))
    seq: Mapped[int]  # place in the log, from 1
    kind: Mapped[EntryKind] = mapped_column(growing_enum(EntryKind))
    number: Mapped[int]  # running number within the kind, from 1
    amends_id: Mapped[Ref | None] = mapped_column(ForeignKey("ledger_entry.id"))
    reference: Mapped[str | None]  # a case's public reference: all that a ledger knows of a case
    occurred_on: Mapped[date]  # Asia/Shanghai
    outlet_id: Mapped[Ref | None] = mapped_column(ForeignKey("outlet.id"))
    outcome: Mapped[str | None]
    disposition: Mapped[str | None]
    category: Mapped[str | None]
    goods: Mapped[str | None]
    label_number: Mapped[str | None]
    amount: Mapped[Fen | None]  # refunded or settled
    author_id: Mapped[Ref | None]  # a person's id; no foreign key, as in facts
    author_name: Mapped[str]  # a staff name; empty for consumers
    at: Mapped[datetime]
    line: Mapped[str] = mapped_column(Text)  # the leaf, byte for byte
    leaf_hash: Mapped[bytes]

    ledger: Mapped[Ledger] = relationship(lazy="raise_on_sql")
    outlet: Mapped[Outlet | None] = relationship(lazy="raise_on_sql")


class LedgerNode(Model):
    """The hash of a complete subtree above the leaves. Never updated, never deleted."""

    __tablename__ = "ledger_node"
    __table_args__ = (
        Index("uq_ledger_node_place", "ledger_id", "level", "position", unique=True),
        CheckConstraint("level >= 1", name="above_the_leaves"),
    )

    ledger_id: Mapped[Ref] = mapped_column(ForeignKey("ledger.id"))
    level: Mapped[int]
    position: Mapped[int]
    hash: Mapped[bytes]


class Checkpoint(Model):
    """A signed tree head, as C2SP tlog-checkpoint writes it. Never updated, never deleted."""

    __tablename__ = "ledger_checkpoint"
    __table_args__ = (
        Index("uq_ledger_checkpoint_key", "ledger_id", "size", "key_id", unique=True),
        CheckConstraint("size >= 0", name="size_not_negative"),
    )

    ledger_id: Mapped[Ref] = mapped_column(ForeignKey("ledger.id"))
    size: Mapped[int]
    key_id: Mapped[str]  # 8 hexadecimal characters: which of our keys signed
    root: Mapped[bytes]
    note: Mapped[str] = mapped_column(Text)  # the signed note, byte for byte
    signed_at: Mapped[datetime]

    ledger: Mapped[Ledger] = relationship(lazy="raise_on_sql")


class LedgerOpening(Model):
    """What opens an entry's commitments: values and salts, sealed, erased together (decisions 22)."""

    __tablename__ = "ledger_opening"
    __table_args__ = (
        Index("ix_ledger_opening_key_id", "key_id"),
        CheckConstraint("(sealed IS NULL) = (erased_at IS NOT NULL)", name="sealed_until_erased"),
    )

    entry_id: Mapped[Ref] = mapped_column(ForeignKey("ledger_entry.id"), unique=True)
    key_id: Mapped[Ref] = mapped_column(ForeignKey("data_key.id"))
    sealed: Mapped[bytes | None]  # JSON {field: [salt in hex, value]}
    consumer_mask: Mapped[str] = mapped_column(default="")  # 张**, for lists; empty once erased
    phone_mask: Mapped[str] = mapped_column(default="")
    erased_at: Mapped[datetime | None]

    key: Mapped[DataKey] = relationship(lazy="raise_on_sql")
