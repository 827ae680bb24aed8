"""Directory lists in the background: the job, taking up what was left lying, forgetting files in time."""

from contextlib import suppress
from datetime import timedelta

from portal.commitments.list_runs import (
    KEPT_DAYS,
    LEFT_LYING,
    ForgetList,
    forget_list,
    lists_to_forget,
    run_list,
    unfinished_lists,
)
from portal.core.actor import SYSTEM
from portal.core.errors import Stale
from portal.duties import DutyReport
from portal.runtime import Runtime


def import_list(runtime: Runtime, *, run_id: int) -> None:
    """Import one list to its end."""
    with suppress(Stale):  # another process is at it
        run_list(runtime, run_id)


def continue_lists(runtime: Runtime) -> DutyReport:
    """Take up the lists that nobody is at: their process ended, or their job was lost."""
    with runtime.reading() as session:
        ids = unfinished_lists(session, created_before=runtime.now() - LEFT_LYING)
    for run_id in ids:
        import_list(runtime, run_id=run_id)
    return DutyReport(len(ids))


def forget_lists(runtime: Runtime) -> DutyReport:
    """Delete the sealed files of lists whose import ended seven days ago (decisions 21)."""
    with runtime.reading() as session:
        ids = lists_to_forget(session, ended_before=runtime.now() - timedelta(days=KEPT_DAYS))
    return DutyReport(sum(runtime.perform(SYSTEM, forget_list, ForgetList(run_id)) for run_id in ids))
