"""What is due by itself: warnings, overdue answers and refunds, forms nobody sent, data kept long enough."""

from portal.core.actor import SYSTEM
from portal.duties import DutyReport
from portal.returns.drafts import ForgetDrafts, forget_drafts
from portal.returns.due import Look, erase_finished, look_at_due
from portal.runtime import Runtime


def watch_returns(runtime: Runtime) -> DutyReport:
    """Warn of what is due soon and mark what is overdue."""
    return DutyReport(runtime.perform(SYSTEM, look_at_due, Look()))


def forget_return_drafts(runtime: Runtime) -> DutyReport:
    """Drop forms that were begun and not sent."""
    return DutyReport(runtime.perform(SYSTEM, forget_drafts, ForgetDrafts()))


def erase_returns(runtime: Runtime) -> DutyReport:
    """Erase the personal data of requests that ended long ago."""
    return DutyReport(runtime.perform(SYSTEM, erase_finished, Look()))
