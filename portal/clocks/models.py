"""The calendar and the limits, as rows."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.clocks.rules import DayKind, Unit
from portal.core.db import Model, Ref


class CalendarDay(Model):
    """A day of a holiday block (its weekends too, for the roll of article 45) or a make-up working day."""

    __tablename__ = "calendar_day"

    day: Mapped[date] = mapped_column(unique=True)
    kind: Mapped[DayKind]
    name: Mapped[str]


class CalendarYear(Model):
    """A year whose holidays were published; any other year is computed by weekends and shown as provisional."""

    __tablename__ = "calendar_year"

    year: Mapped[int] = mapped_column(unique=True)
    source: Mapped[str]


class LegalLimit(Model):
    """One limit for a span of time; an authority may have its own row. Days, with unit and article."""

    __tablename__ = "legal_limit"
    __table_args__ = (
        Index(
            "uq_legal_limit_own",
            "code",
            "organisation_id",
            "basis",
            "valid_from",
            unique=True,
            postgresql_where=text("organisation_id IS NOT NULL"),
            sqlite_where=text("organisation_id IS NOT NULL"),
        ),
        Index(
            "uq_legal_limit_everywhere",
            "code",
            "basis",
            "valid_from",
            unique=True,
            postgresql_where=text("organisation_id IS NULL"),
            sqlite_where=text("organisation_id IS NULL"),
        ),
        Index("ix_legal_limit_organisation_id", "organisation_id"),
        CheckConstraint("amount >= 0", name="amount_not_negative"),
    )

    code: Mapped[str]  # odr, triage, mediation, notice, clue, offer_answer …
    organisation_id: Mapped[Ref | None] = mapped_column(ForeignKey("organisation.id"))  # None: everywhere
    amount: Mapped[int]
    unit: Mapped[Unit]
    rolls: Mapped[bool]  # 令121 art 45: the last day on a public holiday moves behind it
    article: Mapped[str]
    basis: Mapped[str]
    is_law: Mapped[bool]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
