"""What the public list and the feedback do by themselves: made anew from the start, and cleared when it is time."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from portal.clocks.queries import almanac
from portal.clocks.rules import local_day
from portal.commitments.feedback import EraseFeedback, erase_feedback
from portal.commitments.listing_models import ListingTally, PromiseListing
from portal.commitments.listings import AT_ONCE, RelistPromisors, cells_of, entry_of_row, lock_list, relist_promisors
from portal.commitments.models import Promisor
from portal.core.actor import SYSTEM, Actor
from portal.runtime import Runtime

KEPT = "promise_feedback_kept"
READ_AT_ONCE = 5000  # lines


def relist_all(runtime: Runtime, progress: Callable[[int], None] = lambda _done: None) -> int:
    """Make the whole list anew, a portion a transaction, then count it; returns how many lines came or went."""
    changed = done = last = 0
    while ids := _promisors(runtime, last):
        changed += runtime.perform(SYSTEM, relist_promisors, RelistPromisors(ids))
        done, last = done + len(ids), ids[-1]
        progress(done)
    runtime.perform(SYSTEM, recount_list, None)
    return changed


def recount_list(session: Session, actor: Actor, command: None, *, now: datetime) -> int:
    """Count the tallies anew from the lines; returns how many lines there are."""
    lock_list(session)
    counts: dict[tuple[str, str, str], int] = {}
    names: dict[str, tuple[str, str]] = {"": ("", "")}
    lines = last = 0
    while rows := session.scalars(
        select(PromiseListing).where(PromiseListing.id > last).order_by(PromiseListing.id).limit(READ_AT_ONCE)
    ).all():
        for row in rows:
            names[row.area] = (row.city, row.district)
            for cell in cells_of(entry_of_row(row)):
                counts[cell] = counts.get(cell, 0) + 1
        lines, last = lines + len(rows), rows[-1].id
        session.expunge_all()
    session.execute(delete(ListingTally))
    if counts:
        session.execute(
            insert(ListingTally),
            [
                {
                    "area": area,
                    "category": category,
                    "band": band,
                    "city": names[area][0],
                    "district": names[area][1],
                    "shops": shops,
                }
                for (area, category, band), shops in sorted(counts.items())
            ],
        )
    return lines


def clear_feedback(runtime: Runtime) -> int:
    """Clear what was handled longer ago than the limit keeps it; returns how many."""
    now = runtime.now()
    with runtime.reading() as session:
        days = almanac(session).amount(KEPT, local_day(now))
    return runtime.perform(SYSTEM, erase_feedback, EraseFeedback(now - timedelta(days=days)))


def listed_shops(session: Session) -> int:
    """How many lines the list has."""
    return session.scalar(select(func.count()).select_from(PromiseListing)) or 0


def _promisors(runtime: Runtime, last: int) -> list[int]:
    with runtime.reading() as session:
        query = select(Promisor.id).where(Promisor.id > last).order_by(Promisor.id).limit(AT_ONCE)
        return list(session.scalars(query))
