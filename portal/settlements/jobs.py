"""What is due by itself; each finds its cases by an index and acts on each in a transaction of its own.

Safe to run at any time, twice, and beside people: every action looks again under the lock.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from portal.cases.models import Case
from portal.cases.rules import BEFORE_AGREEMENT, CaseState
from portal.core.actor import SYSTEM
from portal.core.errors import Refused
from portal.runtime import Runtime
from portal.settlements import actions
from portal.settlements.actions import DueCase
from portal.settlements.models import Answer, Offer

AT_ONCE = 500  # cases found by one look

DueAction = Callable[..., bool]


def expire_offers(runtime: Runtime) -> int:
    """Let rounds past their end lapse; return how many did."""
    due = select(Offer.case_id).where(Offer.answer == Answer.PENDING, Offer.expires_at <= runtime.now())
    return _each(runtime, due.order_by(Offer.expires_at, Offer.case_id), actions.expire_offer)


def fail_overdue(runtime: Runtime) -> int:
    """Let negotiations fail whose merchant's limit is over; return how many did."""
    now = runtime.now()
    return _each(runtime, _due_cases(now, Case.state.in_(BEFORE_AGREEMENT), Case.respond_by <= now), actions.fail_late)


def breach_overdue(runtime: Runtime) -> int:
    """Call agreements broken whose day is over; return how many."""
    return _each(runtime, _due_cases(runtime.now(), Case.state == CaseState.AGREED), actions.breach_late)


def close_silent(runtime: Runtime) -> int:
    """Close performed cases whose consumers stayed silent; return how many."""
    return _each(runtime, _due_cases(runtime.now(), Case.state == CaseState.PERFORMED), actions.close_unconfirmed)


def erase_payees(runtime: Runtime) -> int:
    """Forget accounts that are done with; return how many."""
    return runtime.perform(SYSTEM, actions.erase_payees, actions.ErasePayees())


def _due_cases(now: datetime, *conditions: ColumnElement[bool]) -> Select[int]:
    return select(Case.id).where(Case.next_action_at <= now, *conditions).order_by(Case.next_action_at, Case.id)


def _each(runtime: Runtime, due: Select[int], action: DueAction) -> int:
    with runtime.reading() as session:
        found = _ids(session, due)
    done = 0
    for case_id in found:
        try:
            done += runtime.perform(SYSTEM, action, DueCase(case_id))
        except Refused:  # somebody else was faster; the next look finds what is left
            continue
    return done


def _ids(session: Session, due: Select[int]) -> Sequence[int]:
    return session.scalars(due.limit(AT_ONCE)).all()
