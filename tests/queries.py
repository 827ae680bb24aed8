"""Counting what a block of code says to the database."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

_UNCOUNTED = re.compile(r"\s*(SAVEPOINT|RELEASE|ROLLBACK|BEGIN|COMMIT|SET|PRAGMA)\b", re.IGNORECASE)
_WRITES = re.compile(
    r"\s*(INSERT|UPDATE|DELETE|REPLACE|MERGE|TRUNCATE|CREATE|DROP|ALTER)\b|\bINSERT INTO\b", re.IGNORECASE
)


@dataclass
class Statements:
    """The statements of a block, in order; transactions and settings are not counted."""

    all: list[str] = field(default_factory=list)

    @property
    def writes(self) -> list[str]:
        """Those that change something."""
        return [one for one in self.all if _WRITES.match(one)]

    def __len__(self) -> int:
        return len(self.all)

    def __str__(self) -> str:
        return "\n".join([f"{len(self.all)} statements:", *self.all])


@contextmanager
def counted(engine: Engine) -> Iterator[Statements]:
    """Collect the statements that go through the engine while the block runs.

    `with counted(runtime.engine) as said: …; assert len(said) <= 8, said`
    """
    said = Statements()

    def listen(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not _UNCOUNTED.match(statement):
            said.all.append(re.sub(r"\s+", " ", statement))

    event.listen(engine, "before_cursor_execute", listen)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", listen)
