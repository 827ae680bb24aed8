"""Triggers, proposals, measures and what was said about each measure."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.db import Json, Model, Ref, growing_enum
from portal.documents.models import Document
from portal.enrolment.models import Merchant
from portal.supervision.rules.sanctions import (
    Level,
    MeasureEvent,
    MeasureState,
    NoteKind,
    ProposalState,
    measure_after,
)
from portal.supervision.rules.triggers import Trigger


class SanctionTrigger(Model):
    """When supervision proposes what, from a day on; no number of it is law. Rows are added, never changed."""

    __tablename__ = "sanction_trigger"
    __table_args__ = (
        Index("ix_sanction_trigger_organisation_id", "organisation_id", "code", "first_on"),
        CheckConstraint("threshold > 0", name="threshold_positive"),
        CheckConstraint("days > 0", name="days_positive"),
        CheckConstraint("least >= 0", name="least_not_negative"),
    )

    code: Mapped[Trigger]
    organisation_id: Mapped[Ref | None] = mapped_column(ForeignKey("organisation.id"))  # None: everywhere
    threshold: Mapped[int]  # a count, or per cent
    least: Mapped[int]  # concluded cases below which a rate says nothing
    days: Mapped[int]  # natural days
    level: Mapped[Level]
    active: Mapped[bool]
    first_on: Mapped[date]
    basis: Mapped[str]
    is_own_rule: Mapped[bool]  # our default, in no rule of anybody
    author_name: Mapped[str]
    at: Mapped[datetime]


class SanctionRun(Model):
    """One row: through which day every merchant was looked at."""

    __tablename__ = "sanction_run"

    through_on: Mapped[date]
    at: Mapped[datetime]


class SanctionProposal(Model):
    """What supervision proposes about a merchant, with the figures that led to it, frozen."""

    __tablename__ = "sanction_proposal"
    __table_args__ = (
        Index(
            "uq_sanction_proposal_open",
            "merchant_id",
            "code",
            unique=True,
            postgresql_where=text("state = 'open'"),
            sqlite_where=text("state = 'open'"),
        ),
        Index("ix_sanction_proposal_merchant_id", "merchant_id", "id"),
        Index("ix_sanction_proposal_authority_id", "authority_id", "state", "id"),
        Index("ix_sanction_proposal_trigger_id", "trigger_id"),
        CheckConstraint("first_on <= last_on", name="period_ordered"),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided_at_iff_decided"),
    )

    reference: Mapped[str] = mapped_column(unique=True)
    merchant_id: Mapped[Ref] = mapped_column(ForeignKey("merchant.id"))
    authority_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"))  # who supervised it then
    trigger_id: Mapped[Ref] = mapped_column(ForeignKey("sanction_trigger.id"))  # the row that held
    code: Mapped[Trigger]
    level: Mapped[Level]  # proposed
    state: Mapped[ProposalState] = mapped_column(default=ProposalState.OPEN)
    numerator: Mapped[int]
    denominator: Mapped[int | None]
    first_on: Mapped[date]  # of the period that was counted
    last_on: Mapped[date]
    behind: Mapped[Json]  # {"cases": [references], …}: what was counted, as far as it fits
    remark: Mapped[str]  # of a proposal by hand
    proposed_at: Mapped[datetime]
    proposed_by: Mapped[str]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    decision: Mapped[str | None]  # the reason

    merchant: Mapped[Merchant] = relationship(lazy="raise_on_sql")
    trigger: Mapped[SanctionTrigger] = relationship(lazy="raise_on_sql")


class Measure(Model):
    """One measure against a merchant, with its paper."""

    __tablename__ = "sanction_measure"
    __table_args__ = (
        Index("ix_sanction_measure_merchant_id", "merchant_id", "id"),
        Index("ix_sanction_measure_authority_id", "authority_id", "state", "id"),
        Index("ix_sanction_measure_proposal_id", "proposal_id"),
        Index("ix_sanction_measure_previous_id", "previous_id"),
        Index("ix_sanction_measure_document_id", "document_id"),
        Index("ix_sanction_measure_key_id", "key_id"),
        CheckConstraint("(closed_at IS NOT NULL) = (state IN ('closed', 'replaced'))", name="closed_at_iff_over"),
    )

    number: Mapped[str] = mapped_column(unique=True)  # of the paper
    merchant_id: Mapped[Ref] = mapped_column(ForeignKey("merchant.id"))
    authority_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"))
    proposal_id: Mapped[Ref] = mapped_column(ForeignKey("sanction_proposal.id"))
    previous_id: Mapped[Ref | None] = mapped_column(ForeignKey("sanction_measure.id"))  # which this one replaced
    document_id: Mapped[Ref] = mapped_column(ForeignKey("document.id"))
    key_id: Mapped[Ref] = mapped_column(ForeignKey("data_key.id"))  # of the paper and the files
    level: Mapped[Level]
    state: Mapped[MeasureState] = mapped_column(default=MeasureState.ISSUED)
    reason: Mapped[str]
    rectify_on: Mapped[date | None]
    conditions: Mapped[str]  # of the way back
    earliest_on: Mapped[date | None]  # when the merchant may ask to come back
    taken_at: Mapped[datetime]
    taken_by: Mapped[str]
    issuer: Mapped[str]  # the authority that took it, by name: the merchant's own or one above it
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[str | None]
    closed_at: Mapped[datetime | None]

    merchant: Mapped[Merchant] = relationship(lazy="raise_on_sql")
    document: Mapped[Document] = relationship(lazy="raise_on_sql")

    def apply(self, event: MeasureEvent) -> None:
        """Move along the table; raises IllegalMeasureStep."""
        self.state = measure_after(self.state, event)


class MeasureNote(Model):
    """One thing that was said or done about a measure. Never updated, never deleted: a trigger refuses both."""

    __tablename__ = "sanction_note"
    __table_args__ = (Index("ix_sanction_note_measure_id", "measure_id", "id"),)

    measure_id: Mapped[Ref] = mapped_column(ForeignKey("sanction_measure.id"))
    kind: Mapped[NoteKind] = mapped_column(growing_enum(NoteKind))
    text: Mapped[str]
    author_name: Mapped[str]
    by_merchant: Mapped[bool]
    at: Mapped[datetime]
