"""Which fact wakes which handler, what happens by itself, and which names a worker runs. Nothing else is in here.

A fact without a line is a mistake that a sweep finds; NOBODY says that it was thought of.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta

from portal.accounts.links import WipeEnded, wipe_expired_links
from portal.cases.jobs import redate_cases, warn_due
from portal.commitments import jobs as promises
from portal.commitments.listing_jobs import clear_feedback
from portal.commitments.run_jobs import continue_lists, forget_lists, import_list
from portal.core.actor import SYSTEM
from portal.core.db import refresh_statistics
from portal.core.errors import NotFound
from portal.core.facts import Topic
from portal.duties import Duty, DutyReport, counted, do_all, do_duty, once
from portal.enrolment.jobs import keep_enrolment, redate_applications
from portal.indicators import jobs as tallies
from portal.intake.jobs import continue_imports, forget_greens, import_file, redate_filings, sweep_raw_imports
from portal.ledgers import page_jobs as pages
from portal.ledgers import sheet_jobs as sheets
from portal.ledgers.checkpoints import sign_due_checkpoints
from portal.mediation.jobs import close_unchosen
from portal.notifications import jobs as notices
from portal.notifications import return_jobs as returns
from portal.notifications.checkpoint_mails import tell_authorities
from portal.notifications.feedback_jobs import tell_of_feedback
from portal.notifications.promise_jobs import tell_of_promise
from portal.notifications.sending import send_due_messages
from portal.orphans import sweep_files
from portal.outbox import KEPT_DAYS, Delivered, ForgetDone, Gatherer, Handler, deliver_due, forget_done
from portal.practice import jobs as practice
from portal.recalls.jobs import chase_overdue
from portal.retention.jobs import count_all_due
from portal.returns.jobs import erase_returns, forget_return_drafts, watch_returns
from portal.runtime import Runtime
from portal.settlements import jobs as settlements
from portal.supervision.jobs import keep_violation, watch_due

NOBODY: tuple[Handler, ...] = ()

HANDLERS: dict[Topic, tuple[Handler, ...]] = {
    Topic.INSTALLATION_MADE: NOBODY,
    Topic.CLOCK_ADVANCED: NOBODY,
    Topic.AUTHORITY_IMPORTED: NOBODY,
    Topic.AUTHORITY_CHANGED: NOBODY,
    Topic.CALENDAR_IMPORTED: (redate_cases, redate_filings, redate_applications),
    Topic.CALENDAR_SPREAD: (redate_cases, redate_filings),
    Topic.PERSON_ADDED: NOBODY,
    Topic.PERSON_CHANGED: NOBODY,
    Topic.SUBSTITUTE_NAMED: NOBODY,
    Topic.SUBSTITUTE_ENDED: NOBODY,
    Topic.SECOND_FACTOR_SET: NOBODY,
    Topic.MERCHANT_ADMITTED: (promises.follow_merchant, promises.keep_listing),
    Topic.MERCHANT_CHANGED: (promises.follow_merchant, promises.keep_listing),
    Topic.MERCHANT_SUSPENDED: NOBODY,
    Topic.MERCHANT_RESUMED: NOBODY,
    Topic.MERCHANT_EXITED: (promises.end_of_exited, promises.keep_listing),
    Topic.MERCHANT_READMITTED: NOBODY,
    Topic.MERCHANT_PROPOSED: (notices.tell_of_merchant_data,),
    Topic.MERCHANT_PROPOSAL_DECIDED: (notices.tell_of_merchant_data,),
    Topic.MERCHANT_CONFIRMED: NOBODY,
    Topic.MERCHANT_DATA_DUE: (notices.tell_of_merchant_data,),
    Topic.MERCHANT_LICENCE_ENDING: (notices.tell_of_merchant_data,),
    Topic.APPLICATION_STARTED: (notices.tell_applicant,),
    Topic.APPLICATION_LINK_ASKED: (notices.tell_applicant,),
    Topic.APPLICATION_SUBMITTED: (notices.tell_of_application,),
    Topic.APPLICATION_MORE_ASKED: (notices.tell_applicant,),
    Topic.APPLICATION_ADMITTED: (notices.tell_applicant,),
    Topic.APPLICATION_REDATED: NOBODY,
    Topic.APPLICATION_REFUSED: (notices.tell_applicant,),
    Topic.APPLICATION_WITHDRAWN: NOBODY,
    Topic.APPLICATION_REOPENED: NOBODY,
    Topic.APPLICATION_LAPSED: NOBODY,
    Topic.APPLICATION_ERASED: (notices.forget_applicant,),
    Topic.INVITATION_ASKED: (notices.tell_applicant,),
    Topic.INVITATION_USED: NOBODY,
    Topic.SENDING_LIMIT_SET: NOBODY,
    Topic.IMPORT_STARTED: NOBODY,
    Topic.IMPORT_ENDED: NOBODY,
    Topic.TIP_REGISTERED: NOBODY,
    Topic.TIP_CHANGED: NOBODY,
    Topic.FILING_REGISTERED: NOBODY,
    Topic.FILING_CHANGED: NOBODY,
    Topic.FILING_ESCALATED: (notices.notify_staff, notices.keep_links),
    Topic.FILING_DECIDED: NOBODY,
    Topic.FILING_WITHDRAWN: NOBODY,
    Topic.FILING_PARTED: NOBODY,
    Topic.FILING_TAKEN: NOBODY,
    Topic.FILING_SENT_BACK: NOBODY,
    Topic.FILING_REDATED: NOBODY,
    Topic.CASE_OPENED: NOBODY,
    Topic.CASE_MERGED: NOBODY,
    Topic.CASE_PARTED: NOBODY,
    Topic.CASE_KEPT: (notices.keep_links,),
    Topic.CASE_SENT_BACK: (notices.keep_links,),
    Topic.FILING_REDACTED: NOBODY,
    Topic.CASE_DISPATCHED: NOBODY,
    Topic.CASE_ACCEPTED: NOBODY,
    Topic.CASE_RETURNED: NOBODY,
    Topic.CASE_ASSIGNED: NOBODY,
    Topic.CASE_RAISED: (notices.notify_staff,),
    Topic.CASE_LOWERED: NOBODY,
    Topic.CASE_TAKEN_BACK: NOBODY,
    Topic.CASE_NOTED: NOBODY,
    Topic.CASE_CONTACTED: NOBODY,
    Topic.CASE_FAILED: (
        notices.cancel_offer_message,
        notices.tell_of_failure,
        notices.notify_staff,
        notices.keep_links,
    ),
    Topic.CASE_WITHDRAWN: (notices.cancel_offer_message, notices.notify_staff, notices.keep_links),
    Topic.CASE_BREACHED: (notices.tell_of_breach, notices.notify_staff, notices.keep_links),
    Topic.CASE_CLOSED: (notices.keep_links,),
    Topic.CASE_WARNED: (notices.notify_staff,),
    Topic.CASE_REDATED: NOBODY,
    Topic.CASE_BACKFILLED: NOBODY,
    Topic.CASE_PLATFORM_CHANGED: NOBODY,
    Topic.EVIDENCE_ADDED: NOBODY,
    Topic.OFFER_MADE: (notices.tell_of_offer, notices.keep_links, practice.answer_offer),
    Topic.OFFER_UNDONE: (notices.cancel_offer_message,),
    Topic.OFFER_COUNTERED: (notices.notify_staff,),
    Topic.OFFER_REFUSED: (notices.notify_staff, notices.tell_of_counter),
    Topic.OFFER_ACCEPTED: (notices.send_receipt, notices.notify_staff),
    Topic.OFFER_EXPIRED: (notices.cancel_offer_message, notices.notify_staff),
    Topic.AGREEMENT_MADE: (notices.tell_of_counter,),
    Topic.AGREEMENT_CONFIRMED: NOBODY,
    Topic.AGREEMENT_DISOWNED: (notices.notify_staff,),
    Topic.PERFORMANCE_RECORDED: (notices.ask_for_receipt, practice.answer_performance),
    Topic.PERFORMANCE_CONFIRMED: (notices.notify_staff, notices.keep_links),
    Topic.PERFORMANCE_DENIED: (notices.notify_staff, notices.keep_links),
    Topic.SETTLEMENT_RATED: NOBODY,
    Topic.LEDGER_ENTERED: NOBODY,
    Topic.CHECKPOINT_SIGNED: (notices.mail_checkpoint,),
    Topic.CHECKPOINTS_TOLD: NOBODY,
    Topic.PROMISE_SUBMITTED: (tell_of_promise,),
    Topic.PROMISE_WITHDRAWN: NOBODY,
    Topic.PROMISE_REVIEWED: (tell_of_promise,),
    Topic.PROMISE_BEGUN: (promises.keep_listing, tell_of_promise),
    Topic.PROMISE_ENDING: (tell_of_promise,),
    Topic.PROMISE_ENDED: (promises.keep_listing, tell_of_promise),
    Topic.PROMISE_REMOVED: (promises.keep_listing, tell_of_promise),
    Topic.PROMISE_EXPIRED: (promises.keep_listing, tell_of_promise),
    Topic.PROMISE_WARNED: (tell_of_promise,),
    Topic.PROMISOR_CHANGED: (promises.keep_listing,),
    Topic.FEEDBACK_GIVEN: (tell_of_feedback,),
    Topic.FEEDBACK_HANDLED: NOBODY,
    Topic.FEEDBACK_PASSED_ON: (tell_of_feedback,),
    Topic.FEEDBACK_ERASED: NOBODY,
    Topic.PROGRAMME_EDITED: NOBODY,
    Topic.TRAINING_RECORDED: (notices.tell_of_training,),
    Topic.TRAINING_CHANGED: (notices.tell_of_training,),
    Topic.TRAINING_CANCELLED: (notices.tell_of_training,),
    Topic.TRAINING_ATTENDED: NOBODY,
    Topic.TRAINING_IMPORTED: NOBODY,
    Topic.PRACTICE_STARTED: NOBODY,
    Topic.INSPECTION_RECORDED: (notices.tell_of_inspection,),
    Topic.INSPECTION_CONFIRMED: NOBODY,
    Topic.INSPECTION_RECTIFIED: (notices.tell_of_inspection,),
    Topic.INSPECTION_RECHECKED: (notices.tell_of_inspection,),
    Topic.TRIGGER_SET: NOBODY,
    Topic.LIMIT_SET: NOBODY,
    Topic.SANCTION_PROPOSED: (notices.tell_of_proposal,),
    Topic.SANCTION_DECLINED: NOBODY,
    Topic.MEASURE_TAKEN: (notices.tell_of_measure,),
    Topic.MEASURE_CONFIRMED: NOBODY,
    Topic.MEASURE_STATED: (notices.tell_of_measure,),
    Topic.MEASURE_ANSWERED: (notices.tell_of_measure,),
    Topic.MEASURE_PROLONGED: (notices.tell_of_measure,),
    Topic.MEASURE_LIFTED: (notices.tell_of_measure,),
    Topic.MEASURE_REPLACED: NOBODY,
    Topic.VISIT_PLANNED: NOBODY,
    Topic.VISIT_CANCELLED: NOBODY,
    Topic.VISIT_RECORDED: NOBODY,
    Topic.VISIT_RELEASED: (notices.tell_of_visit,),
    Topic.VISIT_RECTIFIED: (notices.tell_of_visit,),
    Topic.VISIT_RECHECKED: (notices.tell_of_visit,),
    Topic.VISIT_CLOSED: NOBODY,
    Topic.VIOLATION_RECORDED: NOBODY,
    Topic.VIOLATION_DECIDED: NOBODY,
    Topic.REMOVAL_ASKED: NOBODY,
    Topic.REMOVAL_DECIDED: NOBODY,
    Topic.RECEIPT_ASKED: NOBODY,
    Topic.PAYEE_GIVEN: NOBODY,
    Topic.CALLBACK_RECORDED: NOBODY,
    Topic.PHONE_CHANGE_ASKED: (notices.notify_staff,),
    Topic.PHONE_CHANGE_REFUSED: NOBODY,
    Topic.PHONE_CHANGED: (notices.tell_old_phone, notices.tell_new_phone),
    Topic.LETTER_MADE: NOBODY,
    Topic.GOODS_REGISTERED: NOBODY,
    Topic.GOODS_SENT: NOBODY,
    Topic.GOODS_TESTED: (notices.tell_of_goods,),
    Topic.GOODS_REMOVED: NOBODY,
    Topic.GOODS_CANCELLED: NOBODY,
    Topic.GOODS_CLOSED: NOBODY,
    Topic.RECALL_ISSUED: (notices.tell_of_goods,),
    Topic.RECALL_ANSWERED: NOBODY,
    Topic.RECALL_CHASED: (notices.tell_of_goods,),
    Topic.RETURN_ASKED: (returns.tell_of_return,),
    Topic.RETURN_FILES_ADDED: NOBODY,
    Topic.RETURN_AGREED: (returns.tell_of_return,),
    Topic.RETURN_REFUSED: (returns.tell_of_return,),
    Topic.RETURN_GOODS_BACK: NOBODY,
    Topic.RETURN_REFUNDED: (returns.tell_of_return,),
    Topic.RETURN_EXCHANGED: NOBODY,
    Topic.RETURN_CONFIRMED: NOBODY,
    Topic.RETURN_DENIED: (returns.tell_of_return,),
    Topic.RETURN_WITHDRAWN: NOBODY,
    Topic.RETURN_LAPSED: NOBODY,
    Topic.RETURN_WARNED: (returns.tell_of_return,),
    Topic.RETURN_OVERDUE: (returns.tell_of_return,),
    Topic.RETURN_BREACH_FOUND: (returns.tell_of_return, keep_violation),
    Topic.RETURN_ERASED: (returns.forget_return,),
    Topic.DISPOSAL_DRAWN: NOBODY,
    Topic.DISPOSAL_APPROVED: NOBODY,
    Topic.DISPOSAL_REJECTED: NOBODY,
    Topic.DISPOSAL_DONE: NOBODY,
    Topic.HOLD_PLACED: NOBODY,
    Topic.HOLD_RELEASED: NOBODY,
    Topic.LINK_ASKED: (notices.send_fresh_link,),
    Topic.CODE_ASKED: (notices.send_code,),
    Topic.GREEN_CODE_ASKED: (notices.send_green_code,),
    Topic.GREEN_FORGOTTEN: (notices.forget_green_phone,),
    Topic.GREEN_FILED: (notices.tell_of_green_filing,),
    Topic.MESSAGE_FAILED: NOBODY,
    Topic.MESSAGE_RESOLVED: NOBODY,
    Topic.DELIVERY_GIVEN_UP: NOBODY,
    Topic.TALLY_CORRECTED: NOBODY,
    Topic.LEDGER_CHECKED: NOBODY,
    Topic.LEDGER_READ_RELEASED: NOBODY,
}

GATHERERS: tuple[Gatherer, ...] = (tallies.recount_told,)  # told of every fact, many at once


def dispatch(runtime: Runtime) -> Delivered:
    """Deliver every fact that is due to its handlers."""
    return deliver_due(runtime, HANDLERS, GATHERERS)


def _dispatch_duty(runtime: Runtime) -> DutyReport:
    delivered = dispatch(runtime)
    return DutyReport(delivered.taken + delivered.done, delivered.failed)


def _send_duty(runtime: Runtime) -> DutyReport:
    counts = send_due_messages(runtime)
    return DutyReport(counts.done, counts.put_off + counts.failed + counts.uncertain)


def _wipe_duty(runtime: Runtime) -> DutyReport:
    return DutyReport(runtime.perform(SYSTEM, wipe_expired_links, WipeEnded()))


def _settle_duty(runtime: Runtime) -> DutyReport:
    return DutyReport(
        settlements.expire_offers(runtime)
        + settlements.fail_overdue(runtime)
        + settlements.breach_overdue(runtime)
        + settlements.close_silent(runtime)
    )


def _statistics_duty(runtime: Runtime) -> DutyReport:
    runtime.perform(SYSTEM, refresh_statistics, None)
    return DutyReport(0)  # never more to do in the same round


def _forget_duty(runtime: Runtime) -> DutyReport:
    before = runtime.now() - timedelta(days=KEPT_DAYS)
    return DutyReport(runtime.perform(SYSTEM, forget_done, ForgetDone(before)))


DUE: tuple[Duty, ...] = (  # in the order in which a tick does them; intervals in seconds
    Duty("dispatch", 2, _dispatch_duty, light=True),
    Duty("imports", 30, continue_imports),
    Duty("raw_imports", 3600, sweep_raw_imports),
    Duty("warnings", 30, counted(warn_due)),
    Duty("settlements", 30, _settle_duty),
    Duty("consumer-choice", 3600, counted(close_unchosen)),
    Duty("send-messages", 2, _send_duty),
    Duty("wipe-links", 3600, _wipe_duty),
    Duty("promises", 300, counted(promises.look_after_promises)),
    Duty("forget-greens", 3600, forget_greens),
    Duty("chase-recalls", 3600, counted(chase_overdue)),
    Duty("enrolment", 3600, counted(keep_enrolment)),
    Duty("count-due", 24 * 3600, once(count_all_due)),
    Duty("erase-payees", 24 * 3600, counted(settlements.erase_payees)),
    Duty("checkpoints", 3600, counted(sign_due_checkpoints)),
    Duty("checkpoint-mails", 24 * 3600, once(tell_authorities)),
    Duty("forget-deliveries", 3600, _forget_duty),
    Duty("fold-tallies", 5, counted(tallies.fold)),
    Duty("recount-tallies", 600, counted(tallies.recount_nightly)),
    Duty("ledger-checks", 60, pages.continue_checks),
    Duty("ledger-drafts", 3600, pages.forget_drafts),
    Duty("returns", 60, watch_returns),
    Duty("return-drafts", 3600, forget_return_drafts),
    Duty("erase-returns", 24 * 3600, erase_returns),
    Duty("ledger-sheets", 60, sheets.continue_sheets),
    Duty("forget-sheets", 3600, sheets.forget_sheets),
    Duty("promise-lists", 60, continue_lists),
    Duty("forget-promise-lists", 3600, forget_lists),
    Duty("clear-feedback", 24 * 3600, counted(clear_feedback)),
    Duty("watch-merchants", 3600, counted(watch_due)),
    Duty("statistics", 6 * 3600, _statistics_duty),
    Duty("orphans", 24 * 3600, sweep_files),
)


def duty(runtime: Runtime, *, name: str) -> None:
    """Do one line of DUE, if it is still due; raises NotFound for any other name."""
    for line in DUE:
        if line.name == name:
            do_duty(runtime, line)
            return
    raise NotFound(f"没有名为 {name} 的定时任务。")


def wake(runtime: Runtime) -> None:
    """Deliver what waits."""
    dispatch(runtime)


JOBS: Mapping[str, Callable[..., None]] = {  # name → function (runtime, **ids); a worker refuses every other name
    "import": import_file,
    "ledger-check": pages.check_ledger,
    "ledger-import": sheets.import_sheet,
    "promise-list": import_list,
    "wake": wake,
    "duty": duty,
}


def tick(runtime: Runtime) -> dict[str, DutyReport]:
    """Do everything that is due now, once, in this process, and wait for it; counts by duty."""
    return do_all(runtime, DUE)
