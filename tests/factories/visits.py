"""Mystery visits and breaches of promises."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from portal.commitments.models import Promisor
from portal.core.actor import Actor
from portal.supervision.rules.visits import Lapse, LapseFound, ViolationSource, VisitEvent, VisitRecord
from portal.supervision.violations import RecordViolation, record_violation
from portal.supervision.visit_models import MysteryVisit, PromiseViolation
from portal.supervision.visits import PlanVisit, RecordVisit, StepVisit, plan_visit, record_visit, step_visit
from tests.conftest import NOW

DAY = date(2026, 8, 12)
RECORD = VisitRecord(
    DAY,
    "王珂",
    "买一件毛衣，问能不能退",
    "店员说打折商品一律不退",
    (LapseFound(Lapse.OBSTRUCTED, "打折商品不在承诺的不适用范围里"),),
    date(2026, 8, 26),
)


def planned(session: Session, officer: Actor, promisor: Promisor, *, now: datetime = NOW) -> MysteryVisit:
    """A visit that is to be made today."""
    return plan_visit(session, officer, PlanVisit(promisor.code, "湖里总店", "以普通消费者身份退货", DAY), now=now)


def made(session: Session, officer: Actor, promisor: Promisor, *, now: datetime = NOW) -> MysteryVisit:
    """A visit that found something; the merchant doesn't know."""
    row = planned(session, officer, promisor, now=now)
    return record_visit(session, officer, RecordVisit(row.reference, RECORD), now=now)


def released(session: Session, officer: Actor, promisor: Promisor, *, now: datetime = NOW) -> MysteryVisit:
    """A visit that the merchant can read."""
    row = made(session, officer, promisor, now=now)
    return step_visit(session, officer, StepVisit(row.reference, VisitEvent.RELEASE), now=now)


def violated(
    session: Session, officer: Actor, promisor: Promisor, text: str = "拒绝退货", *, now: datetime = NOW
) -> PromiseViolation:
    """A possible breach that an officer found."""
    command = RecordViolation(promisor.code, ViolationSource.OFFICER, "", DAY, text)
    return record_violation(session, officer, command, now=now)
