"""What the house does by itself, and doing it: each duty is claimed in the database before it is done."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from portal.core.actor import SYSTEM
from portal.core.duties import AddDuties, Claim, EndDuty, add_duties, claim_duty, end_duty
from portal.core.errors import Refused
from portal.logs import kind_and_place
from portal.runtime import Runtime

MOST_ROUNDS = 50  # a tick that still finds work after so many rounds stops and says so

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DutyReport:
    """What one round of a duty did; `done` counts what was acted upon, and 0 means that nothing was due."""

    done: int
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Duty:
    """Something done every `interval` seconds; it finds its work in rows that are due.

    Safe to do twice and by two at once: the claim spares work, the rows themselves protect (locks, states, unique keys).
    """

    name: str
    interval: int  # seconds
    work: Callable[[Runtime], DutyReport]
    light: bool = False  # so short that the schedule does it itself instead of asking a worker


def counted(work: Callable[[Runtime], int]) -> Callable[[Runtime], DutyReport]:
    """The work of a duty that says how many rows it acted upon."""
    return lambda runtime: DutyReport(work(runtime))


def once(work: Callable[[Runtime], object]) -> Callable[[Runtime], DutyReport]:
    """The work of a duty that leaves nothing to be done in the same round, whatever it says."""

    def do(runtime: Runtime) -> DutyReport:
        work(runtime)
        return DutyReport(0)

    return do


class DutyFailed(Refused):
    """A duty raised; the text names it, with kind and place of the error."""


def do_duty(runtime: Runtime, duty: Duty, *, early: bool = False) -> DutyReport | None:
    """Claim a duty, do it, give it back; None where it is not due or another process has it.

    With `early` it is done now in any case. Raises DutyFailed; the row keeps kind and place.
    """
    if not runtime.perform(SYSTEM, claim_duty, Claim(duty.name, early)):
        return None
    try:
        report = duty.work(runtime)
    except Exception as problem:  # noqa: BLE001 -- its text may hold people's data
        described = kind_and_place(problem)
        log.warning("duty failed", duty=duty.name, problem=described)
        runtime.perform(SYSTEM, end_duty, EndDuty(duty.name, duty.interval, described))
        raise DutyFailed(f"{duty.name}: {described}") from None
    runtime.perform(SYSTEM, end_duty, EndDuty(duty.name, duty.interval))
    return report


def do_all(runtime: Runtime, duties: Sequence[Duty]) -> dict[str, DutyReport]:
    """Do every duty, in their order, again and again until a round finds nothing to do.

    Raises DutyFailed after the others were done.
    """
    know_duties(runtime, duties)
    totals = {duty.name: DutyReport(0) for duty in duties}
    problems: dict[str, DutyFailed] = {}
    for _ in range(MOST_ROUNDS):
        found = 0
        for duty in duties:
            if duty.name in problems:
                continue
            try:
                report = do_duty(runtime, duty, early=True) or DutyReport(0)
            except DutyFailed as problem:
                problems[duty.name] = problem
                continue
            before = totals[duty.name]
            totals[duty.name] = DutyReport(before.done + report.done, before.failed + report.failed)
            found += report.done
        if not found:
            break
    if problems:
        raise DutyFailed("；".join(problem.text for problem in problems.values()))
    return totals


def know_duties(runtime: Runtime, duties: Sequence[Duty]) -> None:
    """Give each duty of the table its row in the database."""
    runtime.perform(SYSTEM, add_duties, AddDuties(tuple(duty.name for duty in duties)))
