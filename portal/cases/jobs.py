"""What is due by itself while a merchant's limit runs; safe to run at any time, twice, and beside people."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases import redating
from portal.cases.models import Case
from portal.cases.rules import BEFORE_AGREEMENT
from portal.cases.warnings import WarnCase, warn_case
from portal.core.actor import SYSTEM
from portal.core.errors import Refused
from portal.core.facts import Fact
from portal.runtime import Runtime

AT_ONCE = 500  # cases found by one look


def warn_due(runtime: Runtime) -> int:
    """Tell every warning that is due; return how many. What has ended, `settlements` lets fail with its last warning."""
    now = runtime.now()
    due = select(Case.id).where(
        Case.next_action_at <= now,
        Case.state.in_(BEFORE_AGREEMENT),
        Case.respond_by > now,
    )
    with runtime.reading() as session:
        found = session.scalars(due.order_by(Case.next_action_at, Case.id).limit(AT_ONCE)).all()
    done = 0
    for case_id in found:
        try:
            done += runtime.perform(SYSTEM, warn_case, WarnCase(case_id))
        except Refused:  # somebody else was faster; the next look finds what is left
            continue
    return done


def redate_cases(session: Session, fact: Fact, *, now: datetime) -> None:
    """After a calendar was imported, derive the dates of the next open cases again; a handler."""
    redating.redate_next(session, fact, now=now)
