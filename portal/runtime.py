"""One process's grip on the house: engine, vault, clock, and `perform`, the only place that commits.

Web, jobs, API and command line all act through `Runtime.perform`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from portal.config import Config
from portal.core.actor import Actor
from portal.core.db import for_reading, for_writing, make_engine, read_session, write_session
from portal.core.errors import Busy, Stale
from portal.core.installation import InstallationClock
from portal.core.room import is_full, no_room
from portal.queues import Queues

R = TypeVar("R")
Action = Callable[..., R]

TRIES = 4  # against deadlocks, locks held too long and a busy SQLite; each action is safe to run again, for it was rolled back whole
BUSY = "别人刚刚也在处理，系统太忙，这一步没有保存。请过几秒再做一次。"
STALE = "别人刚刚也在处理，你看到的内容已经变了。请刷新页面后再试。"


@dataclass(slots=True)
class Runtime:
    """What every process of an installation holds."""

    config: Config
    engine: Engine
    clock: InstallationClock
    wake: Callable[[], None] = field(default=lambda: None)  # tells a dispatcher that facts wait; may be lost
    enqueue: Callable[..., bool] = field(
        default=lambda *_name, **_ids: False
    )  # see `Queues.enqueue`; False: not queued
    _for_reading: Engine = field(init=False, repr=False)
    _for_writing: Engine = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._for_reading = for_reading(self.engine)
        self._for_writing = for_writing(self.engine)

    def perform(self, actor: Actor, action: Action[R], command: Any) -> R:
        """Run one action in one transaction and commit it; a refusal rolls back and is raised.

        Raises Refused (RuleBroken, NotAllowed, NotFound, Stale). A unique constraint that stops a second writer
        is told as Stale, a database that others hold for too long as Busy, a full disk as NoRoom.
        """
        for attempt in range(1, TRIES + 1):
            try:
                return self._attempt(actor, action, command)
            except IntegrityError as problem:
                raise Stale(STALE) from problem
            except DBAPIError as problem:
                if is_full(problem):
                    raise no_room() from problem
                if not _may_be_tried_again(problem):
                    raise
                if attempt == TRIES:
                    raise Busy(BUSY) from problem
        raise AssertionError

    def _attempt(self, actor: Actor, action: Action[R], command: Any) -> R:
        with self.writing() as session:
            result = action(session, actor, command, now=self.clock.now())
            session.commit()
            woken = session.info.get("facts_recorded", 0)
        if woken:
            self.wake()
        return result

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Look at the database for the length of a block."""
        with self.open_reading() as session:
            yield session

    def open_reading(self) -> Session:
        """Open a read session that the caller closes."""
        session = read_session(self._for_reading)
        self._equip(session)
        return session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open a write session; leaving the block without a commit rolls back. For `perform` and imports only."""
        with write_session(self._for_writing) as session:
            self._equip(session)
            yield session

    def now(self) -> datetime:
        """The installation's present moment, aware, UTC."""
        return self.clock.now()

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    def _equip(self, session: Session) -> None:
        session.info["vault"] = self.config.vault
        session.info["ledger_keys"] = self.config.ledger_keys
        session.info["undo_seconds"] = self.config.undo_seconds
        session.info["files_url"] = self.config.files_url
        session.info["base_url"] = self.config.base_url


def make_runtime(config: Config) -> Runtime:
    """Open an installation."""
    engine = make_engine(config.database_url)
    queues = Queues(config)
    return Runtime(
        config=config, engine=engine, clock=InstallationClock(engine), wake=queues.wake, enqueue=queues.enqueue
    )


def _may_be_tried_again(problem: DBAPIError) -> bool:
    state = getattr(problem.orig, "sqlstate", None)
    return state in {"40001", "40P01", "55P03"} or "database is locked" in str(problem.orig)
