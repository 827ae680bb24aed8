"""What a repeated number with other columns does to its case: told on its timeline, and 已回填 (decisions 7)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases.actions import BACKFILL_SOURCES
from portal.cases.models import Case
from portal.core import facts
from portal.core.actor import Actor
from portal.core.facts import SubjectKind, Topic
from portal.intake import rules
from portal.intake.models import Filing


def tell_case(session: Session, actor: Actor, filing: Filing, detail: Mapping[str, Any], *, at: datetime) -> None:
    """Record on the case what the platform says now; tick 已回填 where every platform has closed its filing.

    Only a finished case is ticked: what a platform closes early is still ours to finish.
    """
    case, told = filing.case, {name: value for name, value in detail.items() if name != "import"}
    named = {**told, "source": filing.source, "number": filing.number}
    facts.record(session, actor, Topic.CASE_PLATFORM_CHANGED, SubjectKind.CASE, case.id, at=at, **named)
    if case.is_open or case.backfilled_at is not None or not rules.is_finished(filing.platform_status):
        return
    session.flush()
    if all(rules.is_finished(status) for status in _statuses(session, case)):
        case.backfilled_at = at
        facts.record(session, actor, Topic.CASE_BACKFILLED, SubjectKind.CASE, case.id, at=at, by="import")


def _statuses(session: Session, case: Case) -> list[str | None]:
    """The states of the filings whose platforms keep a record of their own."""
    return list(
        session.scalars(
            select(Filing.platform_status).where(Filing.case_id == case.id, Filing.source.in_(BACKFILL_SOURCES))
        )
    )
