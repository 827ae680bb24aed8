"""The installation's own row: is it a rehearsal, and how far is its clock shifted (decisions 18)."""

import threading
import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, CheckConstraint, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Mapped, Session, mapped_column

from portal.core.db import Model, reading

ONLY_ROW = 1
REFRESH_SECONDS = 1.0  # how long a rehearsal's offset may be seen late by another process


class Installation(Model):
    """One row a database."""

    __tablename__ = "installation"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("rehearsal OR clock_offset = 0", name="real_clock_unless_rehearsal"),
    )

    rehearsal: Mapped[bool] = mapped_column(default=False)
    demo: Mapped[bool] = mapped_column(default=False)
    clock_offset: Mapped[int] = mapped_column(BigInteger, default=0)  # seconds
    made_at: Mapped[datetime]


def installation(session: Session) -> Installation | None:
    """The installation's row; None before it is made."""
    return session.scalars(select(Installation).where(Installation.id == ONLY_ROW)).first()


class InstallationClock:
    """Tells the installation's time: real in production, shifted in a rehearsal, the same in all processes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._seen: Installation | None = None
        self._seen_at = 0.0

    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        current = self.describe()
        shift = current.clock_offset if current else 0
        return datetime.now(UTC) + timedelta(seconds=shift)

    def describe(self) -> Installation | None:
        """The installation's row, at most a second old in a rehearsal and read once elsewhere."""
        fixed = self._seen is not None and not self._seen.rehearsal
        if fixed or (self._seen is not None and time.monotonic() - self._seen_at < REFRESH_SECONDS):
            return self._seen
        with self._lock, reading(self._engine) as session:
            self._seen = installation(session)
            self._seen_at = time.monotonic()
        return self._seen

    def forget(self) -> None:
        """Read the row again at the next question (after moving the clock)."""
        self._seen = None
