"""Legal holds, and lists of entries whose personal fields are to be erased."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.db import Model, Ref
from portal.ledgers.models import Ledger, LedgerEntry
from portal.retention.rules import ListState, Side, Word


class LegalHold(Model):
    """A reason for which nothing is erased: of a whole ledger, or of one entry and its amendments."""

    __tablename__ = "legal_hold"
    __table_args__ = (
        Index("ix_legal_hold_ledger_id", "ledger_id", "released_at"),
        Index("ix_legal_hold_entry_id", "entry_id"),
    )

    reference: Mapped[str] = mapped_column(unique=True)
    ledger_id: Mapped[Ref] = mapped_column(ForeignKey("ledger.id"))
    entry_id: Mapped[Ref | None] = mapped_column(ForeignKey("ledger_entry.id"))  # None: the whole ledger
    reason: Mapped[str]
    placed_by: Mapped[str]  # a staff name
    placed_at: Mapped[datetime]
    released_by: Mapped[str | None]
    released_at: Mapped[datetime | None]

    entry: Mapped[LedgerEntry | None] = relationship(lazy="raise_on_sql")


class DisposalList(Model):
    """Entries of one ledger whose personal fields are due; carried out once two people agree."""

    __tablename__ = "disposal_list"
    __table_args__ = (
        Index("ix_disposal_list_ledger_id", "ledger_id", "id"),
        Index("ix_disposal_list_state", "state", "id"),
        CheckConstraint("entries > 0", name="not_empty"),
        CheckConstraint(
            "state NOT IN ('approved', 'done') OR (merchant_person_id IS NOT NULL AND authority_person_id IS NOT NULL"
            " AND merchant_person_id <> authority_person_id)",
            name="two_people",
        ),
        CheckConstraint("(done_at IS NOT NULL) = (state = 'done')", name="done_at_iff_done"),
    )

    reference: Mapped[str] = mapped_column(unique=True)
    ledger_id: Mapped[Ref] = mapped_column(ForeignKey("ledger.id"))
    cutoff: Mapped[date]  # the last day whose entries are on the list
    entries: Mapped[int]
    digest: Mapped[str]  # SHA-256 of the places in the log, in order, joined by newlines
    state: Mapped[ListState] = mapped_column(default=ListState.DRAWN)
    drawn_by: Mapped[str]
    drawn_at: Mapped[datetime]
    merchant_person_id: Mapped[Ref | None]
    merchant_name: Mapped[str | None]
    merchant_at: Mapped[datetime | None]
    authority_person_id: Mapped[Ref | None]
    authority_name: Mapped[str | None]
    authority_at: Mapped[datetime | None]
    rejected_by: Mapped[str | None]
    reject_reason: Mapped[str | None]
    erased: Mapped[int] = mapped_column(default=0)  # so far
    held_back: Mapped[int] = mapped_column(default=0)  # put on hold after the list was drawn
    done_at: Mapped[datetime | None]
    disposal_seq: Mapped[int | None]  # the entry that records it in the log

    ledger: Mapped[Ledger] = relationship(lazy="raise_on_sql")

    @property
    def words(self) -> tuple[Word, ...]:
        """The approvals given so far."""
        given = ((Side.MERCHANT, self.merchant_person_id), (Side.AUTHORITY, self.authority_person_id))
        return tuple(Word(side, person_id) for side, person_id in given if person_id is not None)


class DisposalItem(Model):
    """One entry of a list."""

    __tablename__ = "disposal_item"
    __table_args__ = (
        Index("uq_disposal_item_once", "list_id", "entry_id", unique=True),
        Index("ix_disposal_item_entry_id", "entry_id"),
    )

    list_id: Mapped[Ref] = mapped_column(ForeignKey("disposal_list.id"))
    entry_id: Mapped[Ref] = mapped_column(ForeignKey("ledger_entry.id"))
    handled_at: Mapped[datetime | None]  # erased, or passed over because of a hold


class DueCount(Model):
    """How many entries of a ledger were due when it was last counted; pages read this, drawing a list counts anew."""

    __tablename__ = "retention_due"

    ledger_id: Mapped[Ref] = mapped_column(ForeignKey("ledger.id"), unique=True)
    entries: Mapped[int]
    cutoff: Mapped[date]
    counted_at: Mapped[datetime]
