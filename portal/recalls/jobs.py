"""What is due by itself: merchants that let the day of a notice pass are reminded."""

from portal.core.actor import SYSTEM
from portal.core.errors import Refused
from portal.recalls.notices import Chase, chase
from portal.recalls.queries import overdue_notices
from portal.runtime import Runtime

AT_ONCE = 100  # notices found by one look


def chase_overdue(runtime: Runtime) -> int:
    """Remind the merchants of every notice whose day has passed, once for each notice; later chases are a person's."""
    with runtime.reading() as session:
        found = overdue_notices(session, now=runtime.now(), limit=AT_ONCE)
    done = 0
    for reference in found:
        try:
            runtime.perform(SYSTEM, chase, Chase(reference))
            done += 1
        except Refused:  # somebody chased today, or closed it in the meantime
            continue
    return done
