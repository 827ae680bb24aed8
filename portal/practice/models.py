"""The invented cases of the practice tenant: whose they are and which plot each follows."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.cases.models import Case
from portal.core.db import Model, Ref


class PracticeCase(Model):
    """A case that was invented for one person to learn on."""

    __tablename__ = "practice_case"
    __table_args__ = (Index("ix_practice_case_person", "person_id", "merchant_id", "ended_at", "id"),)

    case_id: Mapped[Ref] = mapped_column(ForeignKey("dispute_case.id"), unique=True)
    merchant_id: Mapped[Ref] = mapped_column(ForeignKey("merchant.id"), index=True)  # the practice merchant
    person_id: Mapped[Ref] = mapped_column(ForeignKey("person.id"))
    plot: Mapped[str]  # a key of `portal.practice.plots.PLOTS`
    contact_by: Mapped[datetime]  # until when it was to be accepted or given back; the case forgets it on return
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]  # put away by a fresh start

    case: Mapped[Case] = relationship(lazy="raise_on_sql")
