"""What is due by itself on the official side; safe to run at any time and twice."""

from portal.core.actor import SYSTEM
from portal.core.errors import Refused
from portal.mediation.actions import LayAside, close_unchosen_case
from portal.mediation.queries import unchosen
from portal.runtime import Runtime


def close_unchosen(runtime: Runtime) -> int:
    """Lay failed cases of channel A aside whose consumers chose nothing in thirty days; return how many (decisions 3)."""
    with runtime.reading() as session:
        found = unchosen(session, now=runtime.now())
    done = 0
    for case_id in found:
        try:
            done += runtime.perform(SYSTEM, close_unchosen_case, LayAside(case_id))
        except Refused:  # somebody else was faster
            continue
    return done
