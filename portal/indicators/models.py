"""The rollups behind the board (decisions 20): what each case adds to, changes not yet folded, totals by day, standings.

Written by `portal.indicators` alone, from facts; whatever changes a case knows nothing of them.
"""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import BigKey, Fen, Model, Ref


class CaseTally(Model):
    """What one case adds to the totals at present; its key is the case's own. A day that is None adds nothing."""

    __tablename__ = "case_tally"
    __table_args__ = (
        Index("ix_case_tally_merchant", "merchant_id", "on_time_on", "authority_id", "on_time_met"),
        Index("ix_case_tally_on_time", "on_time_on", "authority_id", "merchant_id", "on_time_met"),
    )

    id: Mapped[BigKey] = mapped_column(ForeignKey("dispute_case.id"), primary_key=True, autoincrement=False)
    authority_id: Mapped[Ref]
    merchant_id: Mapped[Ref | None]
    on_time_on: Mapped[date | None]
    on_time_met: Mapped[bool]
    settled_on: Mapped[date | None]
    settled_met: Mapped[bool]
    performed_on: Mapped[date | None]
    performed_met: Mapped[bool]
    contacted_on: Mapped[date | None]
    contacted_met: Mapped[bool]
    failed_on: Mapped[date | None]
    cause: Mapped[str | None]
    standing: Mapped[str | None]  # a name of `queries.STANDING`: what an officer's desk counts it as, without a day
    owed: Mapped[Fen | None]  # 分 of the newest agreement, while it is to be paid


class TallyDelta(Model):
    """A change of a total that no tick has folded yet. Writers only insert."""

    __tablename__ = "tally_delta"
    __table_args__ = (Index("ix_tally_delta_cell", "authority_id", "measure", "day_on"),)

    authority_id: Mapped[Ref]
    merchant_id: Mapped[Ref | None]  # of an on-time delta: whose standing it changes
    measure: Mapped[str]
    day_on: Mapped[date]
    cases: Mapped[int]
    met: Mapped[int]
    fen: Mapped[Fen]


class Tally(Model):
    """The total of one measure at one authority on one day; below it are others of their own."""

    __tablename__ = "tally"
    __table_args__ = (Index("uq_tally_cell", "authority_id", "measure", "day_on", unique=True),)

    authority_id: Mapped[Ref]
    measure: Mapped[str]
    day_on: Mapped[date]
    cases: Mapped[int]
    met: Mapped[int]
    fen: Mapped[Fen]


class MerchantStanding(Model):
    """A merchant's on-time rate in a named period, at an authority with all below it."""

    __tablename__ = "merchant_standing"
    __table_args__ = (
        Index("ix_merchant_standing_rank", "authority_id", "period", "lower_bound", "merchant_id"),
        Index("ix_merchant_standing_merchant_id", "merchant_id"),
    )

    authority_id: Mapped[Ref]
    merchant_id: Mapped[Ref]
    period: Mapped[str]  # a name of `rules.PERIODS`
    cases: Mapped[int]
    met: Mapped[int]
    lower_bound: Mapped[int] = mapped_column(BigInteger)  # of the 95 % interval, in 10^-7 per cent; -1: too few cases


class TallyState(Model):
    """One row: for which day the standings hold, and what the last recount found."""

    __tablename__ = "tally_state"

    standings_on: Mapped[date | None]
    recounted_at: Mapped[datetime | None]
    checked: Mapped[int]  # cases
    corrected: Mapped[int]  # cases and totals that the last recount had to correct
    corrected_at: Mapped[datetime | None]  # when a recount last had to
