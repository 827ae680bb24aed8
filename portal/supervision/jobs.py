"""What supervision does by itself: once a day, look at merchants whose figures changed; keep breaches that are found."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.clocks.rules import local_day
from portal.core.actor import SYSTEM
from portal.core.facts import Fact
from portal.indicators.rules import Period
from portal.runtime import Runtime
from portal.supervision.counting import changed_merchants, merchants_below
from portal.supervision.sanction_models import SanctionTrigger
from portal.supervision.triggers import EndRun, Watch, counted_through, end_run, watch_merchants
from portal.supervision.violations import keep_found

AT_ONCE = 200  # merchants of one transaction


def watch_due(runtime: Runtime) -> int:
    """Look at every merchant about whom whole days brought something new, or whose rules changed; returns proposals.

    What was killed halfway begins anew: a proposal that is there is not made again.
    """
    today = local_day(runtime.now())
    last = today - timedelta(days=1)
    with runtime.reading() as session:
        before = counted_through(session)
    if before is not None and before >= last:
        return 0
    made = sum(runtime.perform(SYSTEM, watch_merchants, Watch(batch)) for batch in _batches(runtime, before, today))
    runtime.perform(SYSTEM, end_run, EndRun(last))
    return made


def keep_violation(session: Session, fact: Fact, *, now: datetime) -> None:
    """Keep what an officer found broken in a return request as a breach of the promise; once for a request."""
    keep_found(session, fact.subject_id, now=now)


def _batches(runtime: Runtime, before: date | None, today: date) -> Iterator[tuple[int, ...]]:
    if before is None:
        yield from _below(runtime, None)
        return
    with runtime.reading() as session:
        period = Period(before + timedelta(days=1), today - timedelta(days=1))
        changed = sorted(changed_merchants(session, period, now=runtime.now()))
        anew = session.scalars(
            select(SanctionTrigger.organisation_id)
            .where(SanctionTrigger.first_on > before, SanctionTrigger.first_on <= today)
            .distinct()
        ).all()
    for start in range(0, len(changed), AT_ONCE):
        yield tuple(changed[start : start + AT_ONCE])
    for authority_id in anew:
        yield from _below(runtime, authority_id)


def _below(runtime: Runtime, authority_id: int | None) -> Iterator[tuple[int, ...]]:
    after = 0
    while True:
        with runtime.reading() as session:
            found = merchants_below(session, authority_id, after, AT_ONCE)
        if not found:
            return
        yield tuple(found)
        after = found[-1]
