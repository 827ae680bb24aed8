"""What the pages of the ledgers leave to the background: long verifications, and forgetting old drafts."""

from portal.core.actor import SYSTEM
from portal.duties import DutyReport
from portal.ledgers import queries
from portal.ledgers.checking import run_check
from portal.ledgers.drafts import ForgetDrafts, forget_old_drafts
from portal.runtime import Runtime


def check_ledger(runtime: Runtime, *, check_id: int) -> None:
    """Do one verification that somebody asked for."""
    run_check(runtime, check_id=check_id)


def continue_checks(runtime: Runtime) -> DutyReport:
    """Take up verifications that nobody is at: their job was lost, or their process ended."""
    with runtime.reading() as session:
        ids = queries.unfinished_checks(session, asked_before=runtime.now() - queries.LEFT_LYING)
    for check_id in ids:
        run_check(runtime, check_id=check_id)
    return DutyReport(len(ids))


def forget_drafts(runtime: Runtime) -> DutyReport:
    """Forget rows that were typed long ago and never stored."""
    return DutyReport(runtime.perform(SYSTEM, forget_old_drafts, ForgetDrafts()))
