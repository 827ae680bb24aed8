"""Imports of ledgers' sheets in the background: the job, taking up what was left lying, forgetting files in time."""

from contextlib import suppress
from datetime import timedelta

from portal.core.actor import SYSTEM
from portal.core.errors import Stale
from portal.duties import DutyReport
from portal.ledgers.importing import (
    KEPT_DAYS,
    LEFT_LYING,
    ForgetSheet,
    forget_sheet,
    run_sheet,
    sheets_to_forget,
    unfinished_sheets,
)
from portal.runtime import Runtime


def import_sheet(runtime: Runtime, *, run_id: int) -> None:
    """Read one import to its end."""
    with suppress(Stale):  # another process is at it
        run_sheet(runtime, run_id)


def continue_sheets(runtime: Runtime) -> DutyReport:
    """Take up the imports that nobody is at: their process ended, or their job was lost."""
    with runtime.reading() as session:
        ids = unfinished_sheets(session, created_before=runtime.now() - LEFT_LYING)
    for run_id in ids:
        import_sheet(runtime, run_id=run_id)
    return DutyReport(len(ids))


def forget_sheets(runtime: Runtime) -> DutyReport:
    """Delete the sealed files of imports that ended seven days ago (decisions 21)."""
    before = runtime.now() - timedelta(days=KEPT_DAYS)
    with runtime.reading() as session:
        ids = sheets_to_forget(session, ended_before=before)
    return DutyReport(sum(runtime.perform(SYSTEM, forget_sheet, ForgetSheet(run_id)) for run_id in ids))
