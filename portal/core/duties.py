"""Periodic duties as rows: whoever claims a row first does the duty, so that any number of schedules double nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, Index, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from portal.core.actor import Actor
from portal.core.db import Model, is_postgresql

LEASE_SECONDS = 120  # a duty whose process died is taken over after this long


class DutyRow(Model):
    """One periodic duty: when it is due again, and whether somebody is at it."""

    __tablename__ = "duty"
    __table_args__ = (Index("ix_duty_next_at", "next_at"),)

    name: Mapped[str] = mapped_column(unique=True)
    next_at: Mapped[datetime]
    held_until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    problem: Mapped[str | None]  # kind and place of the last error; never its text


@dataclass(frozen=True, slots=True)
class AddDuties:
    """Names that need a row."""

    names: tuple[str, ...]


def add_duties(session: Session, actor: Actor, command: AddDuties, *, now: datetime) -> None:
    """Give each duty its row, due at once; those that have one keep it."""
    row_of = postgresql.insert if is_postgresql(session) else sqlite.insert
    rows = [{"name": name, "next_at": now} for name in command.names]
    session.execute(row_of(DutyRow).values(rows).on_conflict_do_nothing())


@dataclass(frozen=True, slots=True)
class Claim:
    """Who wants to do which duty; `early` takes it in any case (`portal tick` waits for nobody)."""

    name: str
    early: bool = False


def claim_duty(session: Session, actor: Actor, command: Claim, *, now: datetime) -> bool:
    """Take a duty that is due and that nobody holds; False where another was faster. One statement, one winner."""
    statement = update(DutyRow).where(DutyRow.name == command.name)
    if not command.early:
        free = or_(DutyRow.held_until.is_(None), DutyRow.held_until <= now)
        statement = statement.where(DutyRow.next_at <= now, free)
    result = session.execute(statement.values(held_until=now + timedelta(seconds=LEASE_SECONDS)))
    assert isinstance(result, CursorResult)
    return result.rowcount == 1


@dataclass(frozen=True, slots=True)
class EndDuty:
    """A duty that was done, or failed with a problem; due again after `interval` seconds."""

    name: str
    interval: int
    problem: str | None = None


def end_duty(session: Session, actor: Actor, command: EndDuty, *, now: datetime) -> None:
    """Give a duty back and say when it is due again."""
    session.execute(
        update(DutyRow)
        .where(DutyRow.name == command.name)
        .values(
            next_at=now + timedelta(seconds=command.interval), held_until=None, ended_at=now, problem=command.problem
        )
    )


def due_duties(session: Session, *, now: datetime) -> dict[str, datetime]:
    """The names of the duties that are due and that nobody holds, with the moments they were due."""
    free = or_(DutyRow.held_until.is_(None), DutyRow.held_until <= now)
    rows = session.execute(
        select(DutyRow.name, DutyRow.next_at).where(DutyRow.next_at <= now, free).order_by(DutyRow.next_at, DutyRow.id)
    )
    return {row.name: row.next_at for row in rows}
