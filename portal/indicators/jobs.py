"""What the rollups do by themselves: follow the facts, fold, make standings when a day begins, recount each night."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.clocks.rules import local_day
from portal.core.actor import SYSTEM
from portal.core.facts import SubjectKind
from portal.indicators import folding, recounting
from portal.indicators.counting import recount_cases
from portal.intake.models import Filing
from portal.outbox import Told
from portal.runtime import Runtime


def recount_told(session: Session, told: Sequence[Told], *, now: datetime) -> None:
    """Recount every case that facts speak of, together: a batch of an import costs a few statements."""
    cases = {one.subject_id for one in told if one.subject_kind is SubjectKind.CASE}
    if filings := [one.subject_id for one in told if one.subject_kind is SubjectKind.FILING]:
        cases |= set(session.scalars(select(Filing.case_id).where(Filing.id.in_(filings))))
    if cases:
        recount_cases(session, sorted(cases))


def fold(runtime: Runtime) -> int:
    """Fold what waits, then make the standings of a day that has begun; returns how many deltas and merchants."""
    done = 0
    while folded := runtime.perform(SYSTEM, folding.fold_deltas, None):
        done += folded
    return done + _begin_day(runtime)


def recount_nightly(runtime: Runtime) -> int:
    """Recount once a day, at the first look after midnight; returns how many corrections there were."""
    now = runtime.now()
    with runtime.reading() as session:
        if folding.was_recounted_today(folding.state_of(session), now):
            return 0
    corrected = recounting.recount_all(runtime)
    fold(runtime)
    return corrected


def fill_rollups(runtime: Runtime) -> bool:
    """Fill the rollups where there are none yet, as after an upgrade from before they existed; say whether it was so."""
    with runtime.reading() as session:
        if folding.state_of(session) is not None:
            return False
    recounting.recount_all(runtime)
    fold(runtime)
    return True


def _begin_day(runtime: Runtime) -> int:
    now = runtime.now()
    with runtime.reading() as session:
        state = folding.state_of(session)
        if state is None or not folding.is_new_day(state, now):
            return 0
    done = last = 0
    while True:
        with runtime.reading() as session:
            some = folding.merchants_counted(session, last)
        if not some:
            break
        runtime.perform(SYSTEM, folding.refresh_some, folding.RefreshStandings(tuple(some)))
        done, last = done + len(some), some[-1]
    runtime.perform(SYSTEM, folding.standings_made, local_day(now))
    return done
