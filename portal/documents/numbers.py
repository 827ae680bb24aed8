"""Running numbers: consecutive inside a series, given out under a row lock."""

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.core.db import is_postgresql
from portal.documents.models import RunningNumber


def take_numbers(session: Session, series: str, count: int = 1) -> range:
    """Take the next `count` numbers of a series; they are used up if the transaction commits."""
    row_of = postgresql.insert if is_postgresql(session) else sqlite.insert
    session.execute(row_of(RunningNumber).values(series=series, last=0).on_conflict_do_nothing())
    row = session.scalars(select(RunningNumber).where(RunningNumber.series == series).with_for_update()).one()
    first = row.last + 1
    row.last += count
    session.flush()
    return range(first, first + count)
