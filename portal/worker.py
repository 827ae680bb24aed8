"""Which fact wakes which handler, what happens by itself, and which names a worker runs. Nothing else is in here.

A fact without a line is a mistake that a sweep finds; NOBODY says that it was thought of.
"""

from collections.abc import Callable, Mapping

from portal.core.errors import NotFound
from portal.core.facts import Topic
from portal.duties import Duty, DutyReport, do_all, do_duty
from portal.outbox import Delivered, Handler, deliver_due
from portal.runtime import Runtime

NOBODY: tuple[Handler, ...] = ()

HANDLERS: dict[Topic, tuple[Handler, ...]] = {
    Topic.INSTALLATION_MADE: NOBODY,
    Topic.CLOCK_ADVANCED: NOBODY,
    Topic.AUTHORITY_IMPORTED: NOBODY,
    Topic.PERSON_ADDED: NOBODY,
    Topic.PERSON_CHANGED: NOBODY,
    Topic.SECOND_FACTOR_SET: NOBODY,
    Topic.MERCHANT_ADMITTED: NOBODY,
    Topic.MERCHANT_CHANGED: NOBODY,
    Topic.MERCHANT_SUSPENDED: NOBODY,
    Topic.MERCHANT_RESUMED: NOBODY,
    Topic.IMPORT_STARTED: NOBODY,
    Topic.IMPORT_ENDED: NOBODY,
    Topic.TIP_REGISTERED: NOBODY,
    Topic.TIP_CHANGED: NOBODY,
    Topic.FILING_REGISTERED: NOBODY,
    Topic.FILING_CHANGED: NOBODY,
    Topic.FILING_ESCALATED: NOBODY,
    Topic.FILING_DECIDED: NOBODY,
    Topic.FILING_WITHDRAWN: NOBODY,
    Topic.CASE_OPENED: NOBODY,
    Topic.CASE_MERGED: NOBODY,
    Topic.FILING_REDACTED: NOBODY,
    Topic.CASE_DISPATCHED: NOBODY,
    Topic.CASE_ACCEPTED: NOBODY,
    Topic.CASE_RETURNED: NOBODY,
    Topic.CASE_ASSIGNED: NOBODY,
    Topic.CASE_NOTED: NOBODY,
    Topic.CASE_CONTACTED: NOBODY,
    Topic.CASE_FAILED: NOBODY,
    Topic.CASE_WITHDRAWN: NOBODY,
    Topic.CASE_BREACHED: NOBODY,
    Topic.CASE_CLOSED: NOBODY,
    Topic.CASE_WARNED: NOBODY,
    Topic.CASE_BACKFILLED: NOBODY,
    Topic.EVIDENCE_ADDED: NOBODY,
    Topic.OFFER_MADE: NOBODY,
    Topic.OFFER_UNDONE: NOBODY,
    Topic.OFFER_COUNTERED: NOBODY,
    Topic.OFFER_REFUSED: NOBODY,
    Topic.OFFER_ACCEPTED: NOBODY,
    Topic.OFFER_EXPIRED: NOBODY,
    Topic.AGREEMENT_MADE: NOBODY,
    Topic.PERFORMANCE_RECORDED: NOBODY,
    Topic.PERFORMANCE_CONFIRMED: NOBODY,
    Topic.PERFORMANCE_DENIED: NOBODY,
    Topic.SETTLEMENT_RATED: NOBODY,
    Topic.LINK_ASKED: NOBODY,
    Topic.CODE_ASKED: NOBODY,
    Topic.MESSAGE_FAILED: NOBODY,
    Topic.MESSAGE_RESOLVED: NOBODY,
    Topic.DELIVERY_GIVEN_UP: NOBODY,
}


def dispatch(runtime: Runtime) -> Delivered:
    """Deliver every fact that is due to its handlers."""
    return deliver_due(runtime, HANDLERS)


def _dispatch_duty(runtime: Runtime) -> DutyReport:
    delivered = dispatch(runtime)
    return DutyReport(delivered.taken + delivered.done, delivered.failed)


DUE: tuple[Duty, ...] = (  # in the order in which a tick does them; intervals in seconds
    Duty("dispatch", 2, _dispatch_duty, light=True),
)


def duty(runtime: Runtime, *, name: str) -> None:
    """Do one line of DUE, if it is still due; raises NotFound for any other name."""
    for line in DUE:
        if line.name == name:
            do_duty(runtime, line)
            return
    raise NotFound(f"没有名为 {name} 的定时任务。")


def wake(runtime: Runtime) -> None:
    """Deliver what waits."""
    dispatch(runtime)


JOBS: Mapping[str, Callable[..., None]] = {  # name → function (runtime, **ids); a worker refuses every other name
    "wake": wake,
    "duty": duty,
}


def tick(runtime: Runtime) -> dict[str, DutyReport]:
    """Do everything that is due now, once, in this process, and wait for it; counts by duty."""
    return do_all(runtime, DUE)
