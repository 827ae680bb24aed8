"""Mystery visits, breaches of promises, and the files of supervision."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.commitments.models import Promisor
from portal.core.db import Model, Ref
from portal.supervision.rules.visits import (
    Lapse,
    ViolationEvent,
    ViolationSource,
    ViolationState,
    VisitEvent,
    VisitState,
    violation_after,
    visit_after,
)


class MysteryVisit(Model):
    """A visit to a shop that promises, planned or made."""

    __tablename__ = "mystery_visit"
    __table_args__ = (
        Index("ix_mystery_visit_authority_id", "authority_id", "state", "id"),
        Index("ix_mystery_visit_merchant_id", "merchant_id", "id"),
        Index("ix_mystery_visit_promisor_id", "promisor_id", "id"),
        Index("ix_mystery_visit_key_id", "key_id"),
        CheckConstraint("(closed_at IS NOT NULL) = (state IN ('closed', 'cancelled'))", name="closed_at_iff_over"),
        CheckConstraint("(visited_on IS NULL) = (state IN ('planned', 'cancelled'))", name="visited_on_iff_visited"),
    )

    reference: Mapped[str] = mapped_column(unique=True)
    promisor_id: Mapped[Ref] = mapped_column(ForeignKey("promisor.id"))
    merchant_id: Mapped[Ref | None] = mapped_column(ForeignKey("merchant.id"))  # of an enrolled one
    authority_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"))  # who visits
    key_id: Mapped[Ref] = mapped_column(ForeignKey("data_key.id"))  # of the photos
    state: Mapped[VisitState]
    outlet: Mapped[str]  # the shop, as its sign says
    scenario: Mapped[str]  # 情景
    planned_on: Mapped[date | None]
    officer: Mapped[str]
    second_officer: Mapped[str]
    visited_on: Mapped[date | None]
    asked: Mapped[str]  # 问了什么
    answered: Mapped[str]  # 怎样答复
    lapses: Mapped[int] = mapped_column(default=0)
    rectify_on: Mapped[date | None]
    created_at: Mapped[datetime]
    released_at: Mapped[datetime | None]
    rectified_at: Mapped[datetime | None]
    rectification: Mapped[str | None]
    rechecked_on: Mapped[date | None]
    recheck: Mapped[str | None]
    closed_at: Mapped[datetime | None]

    promisor: Mapped[Promisor] = relationship(lazy="raise_on_sql")

    def apply(self, event: VisitEvent) -> None:
        """Move along the table; raises IllegalVisitStep."""
        self.state = visit_after(self.state, event)


class VisitLapse(Model):
    """One thing that a visit found wrong."""

    __tablename__ = "visit_lapse"
    __table_args__ = (Index("ix_visit_lapse_visit_id", "visit_id", "id"),)

    visit_id: Mapped[Ref] = mapped_column(ForeignKey("mystery_visit.id"))
    kind: Mapped[Lapse]
    text: Mapped[str]


class PromiseViolation(Model):
    """A breach of a promise: possible, then found to be so or not, with what follows."""

    __tablename__ = "promise_violation"
    __table_args__ = (
        Index("ix_promise_violation_authority_id", "authority_id", "state", "id"),
        Index("ix_promise_violation_promisor_id", "promisor_id", "id"),
        Index("ix_promise_violation_merchant_id", "merchant_id", "happened_on"),
        Index("uq_promise_violation_source", "source", "source_reference", unique=True),
        CheckConstraint("(decided_at IS NULL) = (state = 'possible')", name="decided_at_iff_decided"),
    )

    reference: Mapped[str] = mapped_column(unique=True)
    promisor_id: Mapped[Ref] = mapped_column(ForeignKey("promisor.id"))
    merchant_id: Mapped[Ref | None] = mapped_column(ForeignKey("merchant.id"))
    authority_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"))
    source: Mapped[ViolationSource]
    source_reference: Mapped[str]  # of the request, visit or feedback
    state: Mapped[ViolationState] = mapped_column(default=ViolationState.POSSIBLE)
    happened_on: Mapped[date]
    text: Mapped[str]  # what was broken; nothing about a person
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    decision: Mapped[str | None]  # why it is so or not
    removal: Mapped[str | None]  # why the promise should be removed, and what was decided

    promisor: Mapped[Promisor] = relationship(lazy="raise_on_sql")

    def apply(self, event: ViolationEvent) -> None:
        """Move along the table; raises IllegalVisitStep."""
        self.state = violation_after(self.state, event)


class SupervisionFile(Model):
    """A file of a visit, or one that came with what a merchant said about a measure; sealed under their key."""

    __tablename__ = "supervision_file"
    __table_args__ = (
        Index("ix_supervision_file_note_id", "note_id", "id"),
        Index("ix_supervision_file_visit_id", "visit_id", "id"),
        CheckConstraint("(note_id IS NULL) <> (visit_id IS NULL)", name="belongs_to_one"),
    )

    reference: Mapped[str] = mapped_column(unique=True)  # random, for addresses
    note_id: Mapped[Ref | None] = mapped_column(ForeignKey("sanction_note.id"))
    visit_id: Mapped[Ref | None] = mapped_column(ForeignKey("mystery_visit.id"))
    by_merchant: Mapped[bool]
    media_type: Mapped[str]  # of what is given out: a picture's clean copy is JPEG
    size: Mapped[int]  # bytes, as it came
    name_sealed: Mapped[bytes]
    address: Mapped[str]  # in the file store: a picture drawn anew, anything else as it came
    at: Mapped[datetime]
