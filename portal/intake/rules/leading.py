"""Which of a case's filings speaks for it: a rule over the filings, not over the order in which they came."""

from collections.abc import Collection, Sequence
from datetime import datetime

from portal.intake.rules.routing import WaitingReason

# 令121第四十条: the national platform is the register of record; a hotline's order says less, a made-up sheet least.
LEADERS = ("12315", "green", "api", "12345", "generic")
GRAVEST_FIRST = tuple(WaitingReason)  # the first that holds is the reason; so among several filings


def leads(source: str, others: Collection[str]) -> bool:
    """Say whether a filing of this source speaks for a case rather than those of the others.

    No two filings of one case have the same source (decisions 9), so that one always leads.
    """
    return all(rank_of(source) < rank_of(other) for other in others)


def rank_of(source: str) -> int:
    """Return the place of a source among those that may lead, the first 0."""
    return LEADERS.index(source) if source in LEADERS else len(LEADERS)


def graver(first: str | None, second: str | None) -> str | None:
    """Return which of two waiting reasons an officer has to settle first; any reason is graver than none."""
    known = [reason for reason in (first, second) if reason]
    return min(known, key=_gravity) if known else None


def _gravity(reason: str) -> int:
    return next((place for place, one in enumerate(GRAVEST_FIRST) if one.value == reason), len(GRAVEST_FIRST))


def authority_of(first: Sequence[int], first_at: datetime, second: Sequence[int], second_at: datetime) -> Sequence[int]:
    """Return the authority with which two filings lie, each given upwards and with its registration.

    On one line the nearer one to the parties (a 所 rather than its district); else the first receiver (令121第十四条).
    """
    if first[0] in second:
        return second
    if second[0] in first:
        return first
    return second if second_at < first_at else first
