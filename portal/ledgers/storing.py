"""What the grid sends: good rows become entries, bad ones stay the clerk's draft, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.core.actor import Actor
from portal.core.errors import RuleBroken
from portal.ledgers import drafts
from portal.ledgers.batches import RowResult, TypedRow
from portal.ledgers.drafts import KeepDraft
from portal.ledgers.entering import EnterComplaints, EnterReturns, enter_complaints, enter_returns
from portal.ledgers.page_models import Book


@dataclass(frozen=True, slots=True)
class StoreRows:
    """The rows of the grid."""

    book: Book
    rows: Sequence[TypedRow]


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of each row, and how many were stored."""

    rows: tuple[TypedRow, ...]
    results: tuple[RowResult, ...]

    @property
    def count(self) -> int:
        """How many rows are entries now that were none before."""
        return sum(one.entry is not None and not one.repeated for one in self.results)

    @property
    def refused(self) -> list[tuple[TypedRow, RowResult]]:
        """The rows that stay in the grid."""
        return [(row, one) for row, one in zip(self.rows, self.results, strict=True) if one.entry is None]


def store_rows(session: Session, actor: Actor, command: StoreRows, *, now: datetime) -> Stored:
    """Store the good rows and keep the bad ones as the draft; refuses with RuleBroken a grid without rows."""
    rows = tuple(command.rows)
    if not rows:
        raise RuleBroken("还没有填写任何一行。")
    if command.book is Book.RETURNS:
        results = enter_returns(session, actor, EnterReturns(rows), now=now)
    else:
        results = enter_complaints(session, actor, EnterComplaints(rows), now=now)
    stored = Stored(rows, results)
    left = [{**row.cells, "token": row.token} for row, _ in stored.refused]
    drafts.keep_draft(session, actor, KeepDraft(command.book, left), now=now)
    return stored
