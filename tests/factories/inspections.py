"""Inspections as an officer would record them."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from portal.core.actor import Actor
from portal.enrolment.models import Merchant
from portal.supervision.actions import RecordInspection, record_inspection
from portal.supervision.models import Inspection
from portal.supervision.rules import Finding, FindingKind, Manner, Visit
from tests.conftest import NOW

FINDING = Finding(FindingKind.MISSING, "7 月 3 日的退货没有记录")
VISIT = Visit(date(2026, 8, 12), date(2026, 7, 1), date(2026, 7, 31), 30, "王珂", (FINDING,), date(2026, 8, 20))
CLEAN = Visit(date(2026, 8, 12), date(2026, 7, 1), date(2026, 7, 31), 30, "王珂", (), None)


def recorded(
    session: Session, officer: Actor, merchant: Merchant, visit: Visit = VISIT, *, now: datetime = NOW
) -> Inspection:
    """An inspection that waits for the merchant's word."""
    command = RecordInspection(merchant.organisation.code, Manner.ON_SITE, visit)
    return record_inspection(session, officer, command, now=now)
