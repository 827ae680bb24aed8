"""What a joining filing brings to its case: words of the filing that leads, and while it waits also its clocks."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases import steps
from portal.cases.models import Case
from portal.cases.rules import CaseState
from portal.intake import rules
from portal.intake.models import Filing
from portal.intake.values import NewCase

WORDS = ("headline", "goods", "problem", "demands")  # one filing's, together
FILLED = ("sold_by", "purchased_on")  # the leading filing's, else the other's
WHILE_WAITING = ("channel", "source", "platform_due_on", "platform_due_inferred", "candidates")
UNNAMED = "匿名"


def sources_of(session: Session, case_ids: Collection[int]) -> dict[int, set[str]]:
    """Return the channels through which these cases have come so far."""
    found: dict[int, set[str]] = {case_id: set() for case_id in case_ids}
    for case_id, source in session.execute(
        select(Filing.case_id, Filing.source).where(Filing.case_id.in_(list(case_ids)))
    ):
        found[case_id].add(source)
    return found


def take_in(
    session: Session, case: Case, said: NewCase, before: Collection[str], *, decide_by: datetime | None
) -> None:
    """Give a locked case what a filing brings that joins it, so that the order in which filings come is nearly nothing.

    What the merchant has been given stays: once dispatched its due date, authority and channel do not move
    (decisions 9); while the case waits they follow from its filings, whichever came first. `before` holds the
    sources of the filings that it had, `decide_by` is the end of 受理 of the joining one.
    """
    values = said.values
    leading = rules.leads(values["source"], before)
    for name in WORDS if leading else ():
        setattr(case, name, values[name])
    for name in FILLED:
        first, second = (values[name], getattr(case, name)) if leading else (getattr(case, name), values[name])
        setattr(case, name, second if first is None else first)
    _name(case, values, leading=leading)
    case.amount = values["amount"] if case.amount is None else case.amount
    if case.state is CaseState.WAITING:
        _while_waiting(session, case, said, leading=leading)
    elif case.state is CaseState.KEPT and decide_by is not None:
        case.due_at = min(case.due_at, decide_by)
    case.registered_at = min(case.registered_at, values["registered_at"])


def _name(case: Case, values: Any, *, leading: bool) -> None:
    """Keep the fuller name: a whole one before a masked one, any before none."""
    own = (case.name_index is not None, case.consumer_mask != UNNAMED, not leading)
    its = (values["name_index"] is not None, values["consumer_mask"] != UNNAMED, leading)
    if its > own:
        case.consumer_mask, case.name_index = values["consumer_mask"], values["name_index"]


def _while_waiting(session: Session, case: Case, said: NewCase, *, leading: bool) -> None:
    values = said.values
    for name in WHILE_WAITING if leading else ():
        setattr(case, name, values[name])
    present = steps.authorities_upwards(session, case.authority_id)
    lies = rules.authority_of(present, case.registered_at, said.upwards, values["registered_at"])
    case.authority_id = lies[0]
    case.wait_reason = rules.graver(case.wait_reason, values["wait_reason"])
    case.due_at = min(case.due_at, waiting_due(values, case.due_at))


def waiting_due(values: Any, otherwise: datetime) -> datetime:
    """Return when a filing that waits has to be dealt with; a filing that is dispatched sets the clocks itself."""
    due_at: datetime = values["due_at"] if values["wait_reason"] else otherwise
    return due_at
