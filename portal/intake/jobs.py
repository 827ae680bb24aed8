"""Imports in the background: the job, taking up what was left lying; raw files and drafts go in time."""

from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from portal.core.actor import SYSTEM
from portal.core.errors import RuleBroken
from portal.core.facts import Fact
from portal.duties import DutyReport
from portal.intake import queries, redating
from portal.intake.actions import KEPT_DAYS, ForgetRawFile, forget_raw_file
from portal.intake.green_drafts import ForgetDrafts, forget_drafts
from portal.intake.importing import run_import
from portal.intake.storing import Overtaken
from portal.runtime import Runtime


def import_file(runtime: Runtime, *, run_id: int) -> None:
    """Read a run's file to its end. What stops it is kept on the run, for people to read."""
    with suppress(RuleBroken, Overtaken):
        run_import(runtime, SYSTEM, run_id)


def continue_imports(runtime: Runtime) -> DutyReport:
    """Take up the imports that nobody is at: their process ended, or their job was lost with Valkey."""
    with runtime.reading() as session:
        ids = queries.unfinished_runs(session, now=runtime.now())
    for run_id in ids:
        import_file(runtime, run_id=run_id)
    return DutyReport(len(ids))


def sweep_raw_imports(runtime: Runtime) -> DutyReport:
    """Delete the sealed raw files of imports that ended seven days ago (decisions 21)."""
    before = runtime.now() - timedelta(days=KEPT_DAYS)
    with runtime.reading() as session:
        ids = queries.runs_to_forget(session, ended_before=before)
    return DutyReport(sum(runtime.perform(SYSTEM, forget_raw_file, ForgetRawFile(run_id)) for run_id in ids))


def forget_greens(runtime: Runtime) -> DutyReport:
    """Forget complaints of the green channel that were begun and not filed, and the drafts of those that were."""
    return DutyReport(runtime.perform(SYSTEM, forget_drafts, ForgetDrafts()))


def redate_filings(session: Session, fact: Fact, *, now: datetime) -> None:
    """After a calendar was imported, derive the authority's own dates of the next filings again; a handler."""
    redating.redate_next(session, fact, now=now)
