"""What is due by itself: counting, once a day, how much of each ledger has been kept long enough."""

from portal.core.actor import SYSTEM
from portal.retention.due import CountDue, count_due, ledgers_to_count
from portal.runtime import Runtime

AT_ONCE = 200  # ledgers found by one look; each is counted in a transaction of its own


def count_all_due(runtime: Runtime) -> int:
    """Count what is due of every ledger; returns how many entries are."""
    total, after = 0, 0
    while True:
        with runtime.reading() as session:
            found = ledgers_to_count(session, after=after, limit=AT_ONCE)
        if not found:
            return total
        total += sum(runtime.perform(SYSTEM, count_due, CountDue(ledger_id)) for ledger_id in found)
        after = found[-1]
