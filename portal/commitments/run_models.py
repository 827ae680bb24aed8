"""Directory lists as they were handed in: each file once, its progress, and what was wrong with its rows."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.db import Json, Model, Ref
from portal.core.privacy import DataKey


class ListState(StrEnum):
    """Where the reading of a list stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ListRun(Model):
    """One reading of one directory list; continued where it stopped."""

    __tablename__ = "promise_list_run"
    __table_args__ = (
        Index("uq_promise_list_run_file", "authority_id", "digest", unique=True),
        Index("ix_promise_list_run_authority", "authority_id", "id"),
        Index("ix_promise_list_run_key_id", "key_id"),
        Index(
            "ix_promise_list_run_unfinished",
            "id",
            postgresql_where=text("state IN ('queued', 'running')"),
            sqlite_where=text("state IN ('queued', 'running')"),
        ),
        CheckConstraint("(state IN ('done', 'failed')) = (ended_at IS NOT NULL)", name="ended_at_iff_ended"),
    )

    reference: Mapped[str] = mapped_column(unique=True)  # random, for URLs
    authority_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"))
    person_id: Mapped[Ref]  # no foreign key, as in facts
    person_name: Mapped[str]
    digest: Mapped[str]  # SHA-256 of the file, hexadecimal
    file_name: Mapped[str]
    key_id: Mapped[Ref] = mapped_column(ForeignKey("data_key.id"))
    raw_file: Mapped[str | None]  # address of the sealed file; wiped seven days after the end
    state: Mapped[ListState] = mapped_column(default=ListState.QUEUED)
    total_rows: Mapped[int]
    next_portion: Mapped[int] = mapped_column(default=0)  # how many portions were read and committed
    read: Mapped[int] = mapped_column(default=0)  # rows, as those below
    made: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    problems: Mapped[Json] = mapped_column(default=dict)  # {line of the sheet: [code, sentence]}
    problem: Mapped[str | None]  # one sentence when the file could not be read to its end
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    key: Mapped[DataKey] = relationship(lazy="raise_on_sql")
