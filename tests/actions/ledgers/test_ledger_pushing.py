"""The action that changes a case pushes its entry in the same transaction (decisions 26)."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.cases.actions import AcceptCase, ReturnCase, accept_case, return_case
from portal.cases.bookkeeping import book_complaint, strike_from_book
from portal.cases.models import Case
from portal.cases.rules import CaseState, PartingReason, ReturnReason
from portal.cases.steps import dispatch
from portal.core.actor import SYSTEM
from portal.core.errors import NotFound, RuleBroken
from portal.intake.models import Filing
from portal.intake.parting import Parting, part
from portal.ledgers import log, records
from portal.ledgers.batches import TypedRow
from portal.ledgers.entering import EnterReturns, enter_returns
from portal.ledgers.models import EntryKind, LedgerEntry
from portal.ledgers.prefilling import prefilled_return
from portal.ledgers.rules.vocabulary import Outcome
from portal.mediation.actions import Escalate, WithdrawComplaint, escalate, withdraw_complaint
from portal.settlements import actions
from tests.conftest import NOW
from tests.factories import disputes, settling
from tests.factories.books import return_cells
from tests.factories.joined import joined
from tests.queries import counted

LATER = NOW + timedelta(hours=2)


def book(session, dispute):
    """The entries of the dispute's case, in the order of the log."""
    return list(
        session.scalars(
            select(LedgerEntry).where(LedgerEntry.reference == dispute.case.reference).order_by(LedgerEntry.seq)
        )
    )


def accepted(session):
    dispute = settling.dispute(session, state=CaseState.DISPATCHED)
    accept_case(session, dispute.agent, AcceptCase(dispute.case.reference), now=NOW)
    return dispute


def standing(session, dispute):
    (record,) = records.records(session, book(session, dispute)[:1])
    return record.standing


def test_a_case_is_entered_when_it_is_accepted(session) -> None:
    dispute = accepted(session)
    (entry,) = book(session, dispute)
    line = json.loads(entry.line)
    assert (entry.kind, entry.number, entry.author_name) == (EntryKind.COMPLAINT, 1, dispute.agent.name)
    assert (line["received"], line["outcome"], line["claimed"], line["goods"]) == ("12315", "open", 80_000, "羊毛大衣")
    assert line["staff"] == dispute.agent.name
    assert log.opened(session, [entry])[entry.id] == {
        "consumer_name": disputes.CONSUMER,
        "consumer_phone": disputes.PHONE,
        "content": "羊毛双面呢大衣首次穿着起球，要求退款。",
    }
    assert records.masks_of(session, [entry])[entry.id].phone == "138****1234"
    for secret in (disputes.CONSUMER, disputes.PHONE, "起球"):
        assert secret not in entry.line


def test_entering_a_case_twice_changes_nothing(session) -> None:
    dispute = accepted(session)
    book_complaint(session, dispute.agent, dispute.case, now=LATER)
    assert len(book(session, dispute)) == 1


def test_a_settlement_is_told_step_by_step(session) -> None:
    dispute = accepted(session)
    agreement = settling.agreed(session, dispute, settling.refund(50_000), now=NOW)
    made = standing(session, dispute)
    assert (made["outcome"], made["settled"], made["terms"]) == ("agreed", 50_000, "refund")
    record = actions.RecordPerformance(dispute.case.reference, NOW.date(), remark="已原路退回。")
    actions.record_performance(session, dispute.agent, record, now=LATER)
    assert standing(session, dispute)["outcome"] == "performed"
    actions.answer_receipt(session, dispute.consumer, actions.AnswerReceipt(dispute.case.id, received=True), now=LATER)
    assert standing(session, dispute)["outcome"] == "settled"
    entry, *amendments = book(session, dispute)
    assert [one.kind for one in amendments] == [EntryKind.AMENDMENT] * 3
    assert {one.amends_id for one in amendments} == {entry.id}
    assert (amendments[-1].outcome, amendments[-1].amount) == ("settled", agreement.outlay)
    assert json.loads(amendments[-1].line)["outcome"] == "settled"


def test_the_consumers_own_doing_carries_no_name(session) -> None:
    dispute = accepted(session)
    settling.agreed(session, dispute)
    amendment = book(session, dispute)[-1]
    assert (amendment.author_name, amendment.author_id) == (SYSTEM.name, None)


def test_a_broken_promise_takes_what_was_paid_away_and_a_kept_one_gives_it_back(session) -> None:
    dispute = accepted(session)
    settling.agreed(session, dispute, settling.refund(50_000))
    late = NOW + timedelta(days=30)
    assert actions.breach_late(session, SYSTEM, actions.DueCase(dispute.case.id), now=late)
    broken = standing(session, dispute)
    assert broken["outcome"] == "breached"
    assert "settled" not in broken
    actions.answer_receipt(session, dispute.consumer, actions.AnswerReceipt(dispute.case.id, received=True), now=late)
    assert standing(session, dispute)["settled"] == 50_000


def test_a_failure_is_told_once(session) -> None:
    dispute = accepted(session)
    escalate(session, dispute.consumer, Escalate(dispute.case.id), now=LATER)
    assert standing(session, dispute)["outcome"] == "failed"
    settling.offered(session, dispute, now=LATER)
    escalate(session, dispute.consumer, Escalate(dispute.case.id), now=LATER + timedelta(minutes=1))
    assert len(book(session, dispute)) == 2


def test_a_withdrawal_is_told(session) -> None:
    dispute = accepted(session)
    withdraw_complaint(session, dispute.consumer, WithdrawComplaint(dispute.case.id), now=LATER)
    assert standing(session, dispute)["outcome"] == "withdrawn"


def test_a_case_that_was_never_accepted_has_no_entry(session) -> None:
    dispute = settling.dispute(session, state=CaseState.DISPATCHED)
    withdraw_complaint(session, dispute.consumer, WithdrawComplaint(dispute.case.id), now=LATER)
    assert book(session, dispute) == []


def given_back(session):
    dispute = accepted(session)
    command = ReturnCase(dispute.case.reference, ReturnReason.NOT_OURS, "不是我店售出的商品。")
    return_case(session, dispute.agent, command, now=LATER)
    return dispute


def test_a_case_given_back_leaves_nothing_of_its_consumer(session) -> None:
    dispute = given_back(session)
    entry, amendment = book(session, dispute)
    assert log.opened(session, [entry, amendment]) == {}
    (record,) = records.records(session, [entry], personal=True)
    assert (record.standing["outcome"], record.personal, record.masks.erased) == ("given_back", {}, True)
    assert (record.masks.consumer, record.masks.phone) == ("", "")
    line = json.loads(amendment.line)
    assert {name for name in line if name not in log.RESERVED} == {"outcome", "reason"}


def test_a_case_that_comes_again_is_a_new_entry(session) -> None:
    dispute = given_back(session)
    dispatch(session, SYSTEM, dispute.case, dispute.merchant.id, now=LATER)
    session.flush()
    accept_case(session, dispute.agent, AcceptCase(dispute.case.reference), now=LATER)
    first, _struck, second = book(session, dispute)
    assert (first.kind, second.kind, second.number) == (EntryKind.COMPLAINT, EntryKind.COMPLAINT, 2)
    assert log.opened(session, [second])[second.id]["consumer_name"] == disputes.CONSUMER
    withdraw_complaint(session, dispute.consumer, WithdrawComplaint(dispute.case.id), now=LATER)
    assert book(session, dispute)[-1].amends_id == second.id


def test_a_parted_filing_leaves_nothing_of_its_consumer(session) -> None:
    dispute = accepted(session)
    strike_from_book(session, SYSTEM, dispute.case, Outcome.PARTED, now=LATER)
    assert standing(session, dispute)["outcome"] == "parted"
    assert log.opened(session, book(session, dispute)) == {}
    assert strike_from_book(session, SYSTEM, dispute.case, Outcome.PARTED, now=LATER) is None


def test_a_refused_action_leaves_no_entry(runtime, session) -> None:
    dispute = settling.dispute(session, state=CaseState.DISPATCHED)
    session.commit()
    runtime.perform(dispute.agent, accept_case, AcceptCase(dispute.case.reference))
    with pytest.raises(RuleBroken):
        runtime.perform(dispute.agent, accept_case, AcceptCase(dispute.case.reference))
    assert len(book(session, dispute)) == 1


def test_what_pushing_costs(session, runtime) -> None:
    accepted(session)  # prepared statements and the like
    dispute = settling.dispute(session, state=CaseState.DISPATCHED)
    session.flush()
    with counted(runtime.engine) as said:
        accept_case(session, dispute.agent, AcceptCase(dispute.case.reference), now=NOW)
        session.flush()
    writes = [one for one in said.all if "ledger" in one or "data_key" in one]
    assert len(writes) <= 14, said


def test_a_return_begins_with_what_was_agreed(session) -> None:
    dispute = accepted(session)
    settling.agreed(session, dispute, settling.refund(50_000))
    begun = prefilled_return(session, dispute.agent, dispute.case.reference, now=LATER)
    assert begun.cells == {
        "occurred_on": "2026-08-12",
        "reference": dispute.case.reference,
        "goods": "羊毛大衣",
        "price": "800.00",
        "quantity": "1",
        "cause": "按和解协议",
        "decision": "退货退款",
        "refund": "500.00",
        "condition": "未收回商品",
    }
    assert (begun.consumer.consumer, begun.agreed, begun.returns) == ("李**", "已达成，待履行", 0)
    row = TypedRow("1", {**begun.cells, "category": "服装"})
    (result,) = enter_returns(session, dispute.agent, EnterReturns((row,)), now=LATER)
    assert result.entry is not None, result.problems
    assert result.entry.reference == dispute.case.reference
    assert log.opened(session, [result.entry])[result.entry.id] == {
        "consumer_name": disputes.CONSUMER,
        "consumer_phone": disputes.PHONE,
    }
    assert prefilled_return(session, dispute.agent, dispute.case.reference, now=LATER).returns == 1


def test_no_return_begins_from_a_case_that_is_not_ours(session) -> None:
    dispute, stranger, back = accepted(session), settling.dispute(session), given_back(session)
    for actor, reference in ((stranger.agent, dispute.case.reference), (back.agent, back.case.reference)):
        with pytest.raises(NotFound):
            prefilled_return(session, actor, reference, now=LATER)
    row = TypedRow("1", return_cells(reference=back.case.reference))
    (result,) = enter_returns(session, back.agent, EnterReturns((row,)), now=LATER)
    assert [one.field for one in result.problems] == ["reference"]


def test_a_case_older_than_the_ledger_is_entered_when_something_becomes_of_it(session) -> None:
    dispute = settling.dispute(session, accepted_at=NOW)
    settling.agreed(session, dispute)
    entry, amendment = book(session, dispute)
    assert (entry.kind, amendment.amends_id) == (EntryKind.COMPLAINT, entry.id)
    assert standing(session, dispute)["outcome"] == "agreed"


def test_a_filing_that_leaves_takes_its_words_out_of_the_book(runtime, session) -> None:
    made = joined(runtime, session)
    filing = session.scalars(select(Filing).where(Filing.source == "12345")).one()
    case = session.get_one(Case, filing.case_id)
    accept_case(session, made.clerk, AcceptCase(case.reference), now=NOW)
    before = session.scalars(select(LedgerEntry).where(LedgerEntry.reference == case.reference)).one()
    assert "热线反映" in log.opened(session, [before])[before.id]["content"]
    session.refresh(case, ["key"])
    part(session, made.actor, Parting(case, filing, PartingReason.MERCHANT, dispatched=False), now=LATER)
    entries = session.scalars(
        select(LedgerEntry).where(LedgerEntry.reference == case.reference).order_by(LedgerEntry.seq)
    ).all()
    first, struck, again = entries
    assert (first.id, struck.amends_id, struck.outcome) == (before.id, before.id, "parted")
    opened = log.opened(session, entries)
    assert set(opened) == {again.id}
    assert "热线反映" not in opened[again.id]["content"]
