"""Inspections of merchants' ledgers and what they found."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.db import Model, Ref
from portal.enrolment.models import Merchant
from portal.supervision.rules import FindingKind, InspectionEvent, InspectionState, Manner, next_state


class Inspection(Model):
    """One inspection of a merchant's ledgers (台账检查记录)."""

    __tablename__ = "inspection"
    __table_args__ = (
        Index("ix_inspection_merchant", "merchant_id", "id"),
        Index("ix_inspection_authority", "authority_id", "state", "id"),
        CheckConstraint("sample > 0", name="sample_positive"),
        CheckConstraint("period_first <= period_last", name="period_ordered"),
        CheckConstraint("(closed_at IS NOT NULL) = (state = 'closed')", name="closed_at_iff_closed"),
    )

    reference: Mapped[str] = mapped_column(unique=True)
    merchant_id: Mapped[Ref] = mapped_column(ForeignKey("merchant.id"))
    authority_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"))  # who inspected
    state: Mapped[InspectionState] = mapped_column(default=InspectionState.RECORDED)
    manner: Mapped[Manner]
    inspected_on: Mapped[date]
    period_first: Mapped[date]
    period_last: Mapped[date]
    sample: Mapped[int]  # entries looked at
    officer: Mapped[str]  # who wrote the record
    second_officer: Mapped[str]
    findings: Mapped[int] = mapped_column(default=0)
    rectify_on: Mapped[date | None]
    recorded_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[str | None]
    objection: Mapped[str | None]  # the merchant's own view, kept beside the record
    rectified_at: Mapped[datetime | None]
    rectification: Mapped[str | None]
    rechecked_on: Mapped[date | None]
    recheck: Mapped[str | None]
    closed_at: Mapped[datetime | None]

    merchant: Mapped[Merchant] = relationship(lazy="raise_on_sql")

    def apply(self, event: InspectionEvent) -> None:
        """Move along the table; raises IllegalStep."""
        self.state = next_state(self.state, event)


class InspectionFinding(Model):
    """One thing that an inspection found wrong."""

    __tablename__ = "inspection_finding"
    __table_args__ = (Index("ix_inspection_finding_inspection_id", "inspection_id", "id"),)

    inspection_id: Mapped[Ref] = mapped_column(ForeignKey("inspection.id"))
    kind: Mapped[FindingKind]
    seq: Mapped[int | None]  # the entry of the ledger that it is about
    text: Mapped[str]
