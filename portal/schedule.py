"""The clock of the house: asks for each duty when it is due. Any number of schedules may run; none doubles another.

Heavy duties are queued for a worker, once for each time they are due; whoever does one claims its row first. Where
Valkey is away, or no worker came, the schedule does the duty itself, so nothing stops.
"""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import DBAPIError

from portal.core.duties import due_duties
from portal.duties import Duty, DutyFailed, do_duty, know_duties
from portal.logs import kind_and_place
from portal.queues import QUICK
from portal.runtime import Runtime

SECONDS_BETWEEN_LOOKS = 1.0
SECONDS_FOR_A_WORKER = 10  # then the schedule does the duty itself
SECONDS_WITHOUT_DATABASE = 5.0

log = structlog.get_logger(__name__)


def keep_time(runtime: Runtime, duties: Sequence[Duty], stop: threading.Event) -> None:
    """Look once a second for duties that are due, until told to stop; waits while the database is away."""
    known = False
    while not stop.is_set():
        try:
            if not known:
                know_duties(runtime, duties)
                known = True
            look(runtime, duties)
        except DBAPIError as problem:
            log.warning("database away", problem=kind_and_place(problem))
            stop.wait(SECONDS_WITHOUT_DATABASE)
        stop.wait(SECONDS_BETWEEN_LOOKS)


def look(runtime: Runtime, duties: Sequence[Duty]) -> None:
    """See to every duty that is due now."""
    now = runtime.now()
    with runtime.reading() as session:
        due = due_duties(session, now=now)
    for duty in duties:
        if duty.name in due and not (_is_for_a_worker(duty, due[duty.name], now) and _ask(runtime, duty, due)):
            _do(runtime, duty)


def _is_for_a_worker(duty: Duty, due_at: datetime, now: datetime) -> bool:
    return not duty.light and now - due_at < timedelta(seconds=SECONDS_FOR_A_WORKER)


def _ask(runtime: Runtime, duty: Duty, due: dict[str, datetime]) -> bool:
    slot = int(due[duty.name].timestamp())
    return runtime.enqueue("duty", queue=QUICK, job_id=f"duty-{duty.name}-{slot}", name=duty.name)


def _do(runtime: Runtime, duty: Duty) -> None:
    try:
        do_duty(runtime, duty)
    except DutyFailed:  # told and kept in its row; due again after its interval
        return
