"""The duties of enrolment: applications that nobody goes on with, merchants' data and licences."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from portal.core.actor import SYSTEM
from portal.core.facts import Fact
from portal.enrolment import redating, upkeep
from portal.enrolment.upkeep import AT_ONCE, Sweep
from portal.runtime import Runtime

DUTIES: tuple[Callable[..., int], ...] = (
    upkeep.lapse_drafts,
    upkeep.erase_abandoned,
    upkeep.warn_of_confirmation,
    upkeep.warn_of_licences,
)


def keep_enrolment(runtime: Runtime) -> int:
    """Do what is due now, a hundred rows a transaction; returns how many rows were touched. Safe to run twice."""
    total = 0
    for action in DUTIES:
        while done := runtime.perform(SYSTEM, action, Sweep()):
            total += done
            if done < AT_ONCE:
                break
    return total


def redate_applications(session: Session, fact: Fact, *, now: datetime) -> None:
    """After a calendar was imported, derive the limits of reviews again; a handler."""
    redating.redate_reviews(session, fact, now=now)
