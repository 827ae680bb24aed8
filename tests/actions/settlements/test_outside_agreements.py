"""An agreement reached outside: proof, mark, call-back; the consumer's own word confirms or disowns it (decisions 10)."""

import io
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import select

from portal.cases import bookkeeping
from portal.cases.models import Case, Evidence, PhoneSource
from portal.cases.rules import CaseState
from portal.clocks.rules import end_of_day, local_day
from portal.core.actor import SYSTEM, Role
from portal.core.errors import NotFound, RuleBroken
from portal.core.facts import Fact, Topic
from portal.core.uploads import Upload
from portal.documents.models import Document, DocumentState
from portal.documents.sealing import open_document
from portal.indicators.queries import Indicator, Part, in_part
from portal.indicators.rules import Period
from portal.ledgers.models import LedgerEntry
from portal.notifications import jobs as notices
from portal.notifications.models import Message
from portal.settlements import actions, limits, queries
from portal.settlements.actions import DueCase
from portal.settlements.limits import SetLimits
from portal.settlements.models import Agreement, Answer, Callback, CallbackOccasion, CallbackResult, Offer
from tests.conftest import NOW
from tests.factories import people, settling

LATER = NOW + timedelta(hours=1)


def paper(colour="white"):
    out = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, "JPEG")
    return Upload("协议.jpg", out.getvalue())


def without_phone(session, **changes):
    values = {"phone_source": PhoneSource.MERCHANT, **changes}
    return settling.dispute(session, **values)


def record(session, dispute, *terms, proof=True, now=NOW):
    upload = paper() if proof is True else proof
    command = actions.RecordOutside(dispute.case.reference, terms or (settling.refund(),), upload)
    return actions.record_outside(session, dispute.agent, command, now=now)


def call(session, dispute, result, note="消费者本人接听，说得清楚。", now=LATER):
    officer = people.actor(session, people.member(session, dispute.authority.id, Role.OFFICER, name="陈经办"))
    row = session.scalars(select(Callback).where(Callback.case_id == dispute.case.id, Callback.done_at.is_(None))).one()
    return actions.record_callback(session, officer, actions.RecordCallback(row.reference, result, note), now=now)


def counts(session, dispute, part, indicator=Indicator.SETTLED):
    today = local_day(NOW)
    condition = in_part(
        indicator, part, Period(today - timedelta(days=1), today + timedelta(days=30)), NOW + timedelta(days=40)
    )
    return session.scalars(select(Case.id).where(Case.id == dispute.case.id, condition)).first() is not None


def test_it_becomes_an_agreement_that_is_marked_and_called_back(session):
    dispute = without_phone(session)
    agreement = record(session, dispute)
    case = dispute.case
    assert (case.state, case.unverified_at, case.answer) == (CaseState.AGREED, NOW, None)
    assert (agreement.confirmation, agreement.outlay) == ("paper", 50_000)
    proof = session.get(Evidence, agreement.proof_id)
    assert proof.purpose == "agreement_proof"
    row = session.scalars(select(Callback)).one()
    assert (row.occasion, row.done_at) == (CallbackOccasion.UNVERIFIED, None)
    fact = session.scalars(select(Fact).where(Fact.topic == Topic.AGREEMENT_MADE)).one()
    assert fact.detail["unverified"] is True
    view = queries.negotiation(session, dispute.agent, case, now=LATER)
    assert view.agreement.is_unverified
    assert view.agreement.proof == proof.reference


def test_the_paper_says_so_and_carries_the_numbers_it_was_filed_under(session):
    dispute = without_phone(session)
    agreement = record(session, dispute)
    content = open_document(session, session.get(Document, agreement.document_id))
    assert "未经消费者本人确认" in content["notice"]
    assert "未经消费者本人确认" in dict(content["confirmation"])["确认方式"]
    assert dict(content["matters"])["投诉编号"].startswith("12315 35020600000")


def test_it_is_in_no_rate_until_the_consumer_confirms(session):
    dispute = without_phone(session)
    record(session, dispute)
    assert not counts(session, dispute, Part.ALL)
    assert not counts(session, dispute, Part.ALL, Indicator.PERFORMED)
    call(session, dispute, CallbackResult.CONFIRMED)
    assert dispute.case.unverified_at is None
    assert counts(session, dispute, Part.MET)
    assert counts(session, dispute, Part.ALL, Indicator.PERFORMED)
    assert session.scalars(select(Fact).where(Fact.topic == Topic.AGREEMENT_CONFIRMED)).one().actor_name == "陈经办"


@pytest.mark.parametrize("source", [PhoneSource.FILING, PhoneSource.OFFICER])
def test_who_can_confirm_by_code_is_asked_by_link(session, source):
    dispute = without_phone(session, phone_source=source)
    with pytest.raises(RuleBroken, match="有核实过的手机号"):
        record(session, dispute)


def test_no_proof_or_a_known_file_is_refused(session):
    dispute = without_phone(session)
    with pytest.raises(RuleBroken, match="没有凭证的不能登记") as refusal:
        record(session, dispute, proof=None)
    assert refusal.value.field == "proof"
    with pytest.raises(RuleBroken, match="不是照片"):
        record(session, dispute, proof=Upload("a.exe", b"MZ no picture"))
    assert session.query(Agreement).count() == 0


def test_terms_and_limits_hold_as_usual(session):
    dispute = without_phone(session)
    with pytest.raises(RuleBroken, match="不能超过争议金额"):
        record(session, dispute, settling.refund(90_000))
    head = people.actor(session, people.member(session, dispute.merchant.id, Role.PRINCIPAL, name="陈立"))
    limits.set_limits(session, head, SetLimits(30_000, None), now=NOW)
    with pytest.raises(RuleBroken, match="要由部门负责人发送"):
        record(session, dispute)


def test_a_strange_merchant_records_nothing(session):
    dispute = without_phone(session)
    stranger = people.actor(session, people.member(session, people.merchant(session, dispute.authority).id))
    command = actions.RecordOutside(dispute.case.reference, (settling.refund(),), paper())
    with pytest.raises(NotFound):
        actions.record_outside(session, stranger, command, now=NOW)


def test_an_offer_that_waited_ends_with_it(session):
    dispute = without_phone(session)
    offer = settling.offered(session, dispute)
    record(session, dispute, settling.refund(60_000), now=LATER)
    assert (offer.answer, dispute.case.state) == (Answer.VOID, CaseState.AGREED)


def test_disowned_before_anything_was_done_the_negotiation_goes_on(session):
    dispute = without_phone(session)
    agreement = record(session, dispute)
    call(session, dispute, CallbackResult.DISOWNED, "消费者说没有签过字。")
    case = dispute.case
    assert (case.state, case.agreed_at, case.unverified_at, case.concluded_at) == (
        CaseState.NEGOTIATING,
        None,
        None,
        None,
    )
    assert case.due_at == case.respond_by
    assert session.get(Document, agreement.document_id).state is DocumentState.REPLACED
    assert session.get(Offer, agreement.offer_id).answer is Answer.VOID
    assert queries.negotiation(session, dispute.agent, case, now=LATER).agreement is None
    assert settling.offered(session, dispute, now=LATER + timedelta(minutes=1)).round == 2


def test_a_denial_needs_words(session):
    dispute = without_phone(session)
    record(session, dispute)
    with pytest.raises(RuleBroken, match="请写明消费者怎么说") as refusal:
        call(session, dispute, CallbackResult.DISOWNED, " ")
    assert refusal.value.field == "note"


def test_disowned_after_the_limit_the_case_fails(session):
    dispute = without_phone(session)
    record(session, dispute)
    call(session, dispute, CallbackResult.DISOWNED, now=dispute.case.respond_by + timedelta(days=1))
    assert dispute.case.state is CaseState.FAILED
    assert session.scalars(select(Fact.topic).where(Fact.topic == Topic.CASE_FAILED)).all() == [Topic.CASE_FAILED]


def test_disowned_after_it_was_called_performed_it_is_a_breach(session):
    dispute = without_phone(session)
    record(session, dispute)
    done = actions.RecordPerformance(dispute.case.reference, local_day(NOW), remark="已付现金。")
    actions.record_performance(session, dispute.agent, done, now=LATER)
    call(session, dispute, CallbackResult.DISOWNED)
    assert dispute.case.state is CaseState.BREACHED
    fact = session.scalars(select(Fact).where(Fact.topic == Topic.CASE_BREACHED)).one()
    assert fact.detail["cause"] == "disowned"


def test_disowned_in_place_of_a_former_agreement_the_former_one_holds_again(session):
    dispute = settling.dispute(session)
    former = settling.agreed(session, dispute)
    late = NOW + timedelta(days=9)
    assert actions.breach_late(session, SYSTEM, DueCase(dispute.case.id), now=late)
    dispute.case.phone_source = PhoneSource.MERCHANT
    record(session, dispute, settling.refund(40_000), now=late)
    call(session, dispute, CallbackResult.DISOWNED, now=late + timedelta(hours=1))
    case = dispute.case
    assert (case.state, case.agreed_at) == (CaseState.BREACHED, former.accepted_at)
    assert case.perform_by == end_of_day(former.perform_on)
    assert session.get(Document, former.document_id).state is DocumentState.IN_FORCE


def test_confirmed_and_received_in_one_call_closes_the_case_as_settled(session):
    dispute = without_phone(session)
    record(session, dispute)
    call(session, dispute, CallbackResult.FULFILLED)
    case = dispute.case
    assert (case.state, case.unverified_at, case.recovered) == (CaseState.CLOSED_SETTLED, None, 50_000)


def test_the_consumer_who_holds_a_letters_link_confirms_by_saying_received(session):
    dispute = without_phone(session)
    record(session, dispute)
    answer = actions.AnswerReceipt(dispute.case.id, received=True)
    actions.answer_receipt(session, dispute.consumer, answer, now=LATER)
    assert (dispute.case.state, dispute.case.unverified_at) == (CaseState.CLOSED_SETTLED, None)


def test_an_unanswered_call_changes_nothing_and_a_result_of_another_occasion_is_refused(session):
    dispute = without_phone(session)
    record(session, dispute)
    call(session, dispute, CallbackResult.UNREACHED, "")
    assert dispute.case.unverified_at == NOW
    with pytest.raises(RuleBroken, match="没有这个结果") as refusal:
        call(session, dispute, CallbackResult.COMPLAINED)
    assert refusal.value.field == "result"


def test_the_ledger_takes_the_outcome_back_that_was_disowned(session):
    dispute = without_phone(session)
    bookkeeping.book_complaint(session, dispute.agent, dispute.case, now=NOW)
    record(session, dispute)
    newest = (
        select(LedgerEntry.outcome)
        .where(LedgerEntry.reference == dispute.case.reference)
        .order_by(LedgerEntry.seq.desc())
    )
    assert session.scalars(newest).first() == "agreed"
    call(session, dispute, CallbackResult.DISOWNED)
    assert session.scalars(newest).first() == "open"


def test_no_message_tells_the_consumer_of_a_counter_that_never_was_and_the_merchant_hears_of_a_denial(session):
    dispute = without_phone(session)
    record(session, dispute)
    made = session.scalars(select(Fact).where(Fact.topic == Topic.AGREEMENT_MADE)).one()
    notices.tell_of_counter(session, made, now=NOW)
    assert session.query(Message).count() == 0
    call(session, dispute, CallbackResult.DISOWNED)
    denied = session.scalars(select(Fact).where(Fact.topic == Topic.AGREEMENT_DISOWNED)).one()
    notices.notify_staff(session, denied, now=LATER)
    assert {message.organisation_id for message in session.query(Message)} == {dispute.merchant.id}
