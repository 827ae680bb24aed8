"""The review of an application, dated again after a calendar was imported; see `portal.cases.redating`."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.clocks import rules as clocks
from portal.clocks.queries import recount_of
from portal.core import facts
from portal.core.actor import SYSTEM
from portal.core.facts import Fact, SubjectKind, Topic
from portal.enrolment.application_models import Application


def redate_reviews(session: Session, fact: Fact, *, now: datetime) -> int:
    """Derive the limit of each review that reaches into the year again; each that moved is a fact with both days.

    The applications under review are few: one transaction does for all. Returns how many moved.
    """
    recount = recount_of(session, fact.detail["year"], fact.detail["former"])
    waiting = session.scalars(
        select(Application)
        .where(Application.review_by >= clocks.start_of_day(date(recount.year, 1, 1)))
        .options(joinedload(Application.authority))
        .order_by(Application.id)
        .with_for_update(of=Application)
    ).all()
    moved = 0
    for application in waiting:
        assert application.review_by is not None
        former, upwards = application.review_by, application.authority.ancestry()[::-1]
        application.review_by = recount.again(former, [("application_review", application.submitted_at)], upwards)
        if application.review_by == former:
            continue
        moved += 1
        days = [clocks.due_day(end).isoformat() for end in (former, application.review_by)]
        facts.record(
            session,
            SYSTEM,
            Topic.APPLICATION_REDATED,
            SubjectKind.APPLICATION,
            application.id,
            at=now,
            year=recount.year,
            review_by=days,
        )
    return moved
