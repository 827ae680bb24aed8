"""The authority's own dates of filings, derived again after a calendar was imported; see `portal.cases.redating`."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases.redating import AT_ONCE, go_on
from portal.cases.steps import authorities_upwards
from portal.clocks import rules as clocks
from portal.clocks.queries import recount_of
from portal.core import facts
from portal.core.actor import SYSTEM
from portal.core.facts import Fact, SubjectKind, Topic
from portal.intake.models import Filing
from portal.intake.states import AdminState

PART = "filings"


def redate_next(session: Session, fact: Fact, *, now: datetime) -> None:
    """Derive the limit of 受理 (令121第十五条) of the next undecided filings again; nothing where the fact is of another part."""
    if fact.topic is Topic.CALENDAR_SPREAD and fact.detail["part"] != PART:
        return
    recount = recount_of(session, fact.detail["year"], fact.detail["former"])
    begin = clocks.start_of_day(date(recount.year, 1, 1))
    filings = session.scalars(
        select(Filing)
        .where(
            Filing.id > fact.detail.get("after", 0),
            Filing.admin_state == AdminState.RECEIVED,
            Filing.decide_by >= begin,
        )
        .order_by(Filing.id)
        .limit(AT_ONCE)
        .with_for_update()
    ).all()
    for filing in filings:
        assert filing.decide_by is not None
        starts = [("triage", filing.registered_at), ("triage", filing.escalated_at)]
        former, filing.decide_by = (
            filing.decide_by,
            recount.again(filing.decide_by, starts, authorities_upwards(session, filing.authority_id)),
        )
        if filing.decide_by != former:
            days = [clocks.due_day(end).isoformat() for end in (former, filing.decide_by)]
            facts.record(
                session,
                SYSTEM,
                Topic.FILING_REDATED,
                SubjectKind.FILING,
                filing.id,
                at=now,
                year=recount.year,
                decide_by=days,
            )
    go_on(session, fact, PART, filings[-1].id if len(filings) == AT_ONCE else None, now=now)
