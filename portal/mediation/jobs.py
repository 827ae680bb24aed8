"""What is due by itself on the official side; safe to run at any time and twice."""

from datetime import timedelta

from portal.clocks.queries import almanac
from portal.clocks.rules import local_day, start_of_day
from portal.core.actor import SYSTEM
from portal.core.errors import Refused
from portal.mediation.actions import LayAside, lay_aside
from portal.mediation.queries import unchosen
from portal.runtime import Runtime


def close_unchosen(runtime: Runtime) -> int:
    """Lay failed cases of channel A aside whose consumers chose nothing in thirty days; return how many (decisions 3)."""
    today = local_day(runtime.now())
    with runtime.reading() as session:
        days = almanac(session).amount("consumer_choice", today)
        found = unchosen(session, SYSTEM, before=start_of_day(today - timedelta(days=days)))
    done = 0
    for case_id in found:
        try:
            runtime.perform(SYSTEM, lay_aside, LayAside(case_id))
        except Refused:  # the consumer was faster
            continue
        done += 1
    return done
