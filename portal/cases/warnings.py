"""Warnings of a merchant's running limit: computed from the state, told once each, made up for after an outage."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.cases import access, steps
from portal.cases.models import Case
from portal.clocks import rules as clocks
from portal.clocks.queries import almanac
from portal.core import facts
from portal.core.actor import Actor
from portal.core.facts import SubjectKind, Topic


@dataclass(frozen=True, slots=True)
class WarnCase:
    """A case at which a warning was found to be due."""

    case_id: int


def warn_case(session: Session, actor: Actor, command: WarnCase, *, now: datetime) -> bool:
    """Tell what has been reached of a running limit; False where somebody was faster or it runs no longer."""
    case = access.locked_by_id(session, actor, command.case_id)
    if not steps.limit_runs(case):
        return False
    told = tell_reached(session, actor, case, now=now)
    case.next_action_at = steps.next_look(session, case)
    return told


def tell_reached(session: Session, actor: Actor, case: Case, *, now: datetime) -> bool:
    """Record the most severe warning reached but not yet told, with its planned and its real moment.

    The case is locked and its limit runs. Milder ones that an outage passed over are not made up for.
    """
    assert case.dispatched_at is not None
    points = steps.warnings_of(almanac(session), case.dispatched_at, case.due_at)
    told = max(case.warned_at or case.dispatched_at, case.dispatched_at)
    reached = clocks.reached_warning([point for point in points if point.at > told], now)
    if reached is None:
        return False
    case.warned_at = reached.at
    facts.record(
        session,
        actor,
        Topic.CASE_WARNED,
        SubjectKind.CASE,
        case.id,
        at=now,
        severity=reached.severity.name.lower(),
        planned_at=reached.at.isoformat(),
        due_on=clocks.due_day(case.due_at).isoformat(),
    )
    return True
