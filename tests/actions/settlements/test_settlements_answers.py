"""Answers: once, to what was seen, and what an agreement is."""

import hashlib
import json
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from portal.accounts.codes import TryCode, try_code
from portal.cases.models import PhoneSource
from portal.cases.rules import Answered, CaseState, FailureCause, Turn
from portal.clocks.rules import end_of_day
from portal.core.actor import Actor, ActorKind
from portal.core.errors import NotAllowed, NotFound, RuleBroken, Stale
from portal.core.facts import Fact, Topic
from portal.core.privacy import vault_of
from portal.documents.models import Document, DocumentState
from portal.documents.sealing import SEAL, open_document
from portal.settlements import actions
from portal.settlements.models import Agreement, Answer, Side
from tests.conftest import NOW
from tests.factories import settling

SEEN = NOW + timedelta(minutes=1)


def accept(session, dispute, digest, now=SEEN, **more):
    return actions.accept_offer(
        session, dispute.consumer, actions.AcceptOffer(dispute.case.id, digest, **more), now=now
    )


def test_acceptance_makes_a_numbered_sealed_agreement_and_sets_the_day(session):
    dispute = settling.dispute(session)
    offer = settling.offered(session, dispute, settling.refund(), settling.voucher())
    agreement = accept(session, dispute, offer.digest, address="192.0.2.7")
    case = dispute.case
    assert (case.state, case.turn, case.answer) == (CaseState.AGREED, Turn.OURS, Answered.AGREED)
    assert agreement.perform_on == date(2026, 8, 20)  # the longest of 7 and 8 days
    assert (case.perform_by, case.due_at) == (end_of_day(date(2026, 8, 20)),) * 2
    assert (agreement.outlay, agreement.accepted_by, agreement.confirmation) == (60_000, Side.CONSUMER, "link")
    assert agreement.address_hash is not None
    document = session.get_one(Document, agreement.document_id)
    assert document.number == "HJ-HL2608-0001"
    assert len(document.check_code) == 8
    content = open_document(session, document)
    assert content["notice"] == "这是双方的民事和解协议，不是行政调解书。"
    assert content["parties"][0][1].startswith("李**，手机 138****1234")
    assert content["terms"][-1] == "以上内容最迟于 2026-08-20 履行完毕。"


def test_the_digest_is_that_of_the_sealed_content(session):
    dispute = settling.dispute(session)
    document = session.get_one(Document, settling.agreed(session, dispute).document_id)
    sealed = vault_of(session).open(dispute.case.key, document.content_sealed, SEAL)
    assert document.digest == hashlib.sha256(sealed.encode()).hexdigest()
    again = json.dumps(json.loads(sealed), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    assert again == sealed


def test_numbers_run_on(session):
    numbers = [
        session.get_one(Document, settling.agreed(session, settling.dispute(session)).document_id).number
        for _ in range(3)
    ]
    assert numbers == ["HJ-HL2608-0001", "HJ-HL2608-0002", "HJ-HL2608-0003"]


def test_accepting_twice_is_told_that_it_was_accepted(session):
    dispute = settling.dispute(session)
    offer = settling.offered(session, dispute)
    accept(session, dispute, offer.digest)
    with pytest.raises(Stale, match="已经接受"):
        accept(session, dispute, offer.digest)
    assert len(session.scalars(select(Agreement)).all()) == 1


def test_an_offer_still_in_its_undo_can_not_be_answered(session):
    dispute = settling.dispute(session)
    offer = settling.offered(session, dispute)
    with pytest.raises(Stale, match="没有等待答复的方案"):
        accept(session, dispute, offer.digest, now=NOW)


def test_an_undone_offer_says_so(session):
    dispute = settling.dispute(session)
    offer = settling.offered(session, dispute)
    actions.undo_offer(session, dispute.agent, actions.UndoOffer(dispute.case.reference, 1), now=NOW)
    with pytest.raises(Stale, match="商家已撤回"):
        accept(session, dispute, offer.digest)


def test_a_late_offer_is_refused(session):
    dispute = settling.dispute(session)
    offer = settling.offered(session, dispute)
    with pytest.raises(Stale, match="已过答复期限"):
        accept(session, dispute, offer.digest, now=offer.expires_at)


def test_an_answer_to_the_offer_before_is_told_that_it_changed(session):
    dispute = settling.dispute(session)
    first = settling.offered(session, dispute)
    actions.undo_offer(session, dispute.agent, actions.UndoOffer(dispute.case.reference, 1), now=NOW)
    settling.offered(session, dispute, settling.refund(60_000))
    with pytest.raises(Stale, match="商家已撤回这个方案"):
        accept(session, dispute, first.digest)
    with pytest.raises(Stale, match="已经变了"):
        accept(session, dispute, "0" * 64)


def test_a_strangers_link_and_the_merchant_may_not_accept(session):
    dispute, other = settling.dispute(session), settling.dispute(session)
    offer = settling.offered(session, dispute)
    command = actions.AcceptOffer(dispute.case.id, offer.digest)
    with pytest.raises(NotFound):
        actions.accept_offer(session, other.consumer, command, now=SEEN)
    with pytest.raises(NotAllowed):
        actions.accept_offer(session, dispute.agent, command, now=SEEN)
    with pytest.raises(NotFound):
        actions.accept_offer(session, Actor(ActorKind.VISITOR), command, now=SEEN)


def test_a_thousand_yuan_need_the_code(session):
    dispute = settling.dispute(session, amount=100_000)
    offer = settling.offered(session, dispute)
    with pytest.raises(RuleBroken, match="验证码") as refusal:
        accept(session, dispute, offer.digest)
    assert refusal.value.field == "code"
    settling.confirm_by_code(session, dispute, offer.digest, now=SEEN)
    assert accept(session, dispute, offer.digest).confirmation == "link_and_code"


def test_a_code_for_another_offer_confirms_nothing(session):
    dispute = settling.dispute(session, amount=None)
    offer = settling.offered(session, dispute)
    settling.confirm_by_code(session, dispute, "0" * 64, now=SEEN)
    wrong = TryCode(dispute.link.id, offer.digest, "000000")
    try_code(session, dispute.consumer, wrong, now=SEEN)
    with pytest.raises(RuleBroken, match="验证码"):
        accept(session, dispute, offer.digest, code="000000")


def test_a_phone_set_after_filing_needs_the_code_for_any_sum(session):
    dispute = settling.dispute(session, phone_set_at=NOW)
    offer = settling.offered(session, dispute)
    with pytest.raises(RuleBroken, match="获取验证码"):
        accept(session, dispute, offer.digest)


def test_without_a_verified_phone_a_big_offer_says_where_to_turn(session):
    dispute = settling.dispute(session, amount=200_000, phone_source=PhoneSource.MERCHANT)
    offer = settling.offered(session, dispute)
    with pytest.raises(RuleBroken, match="没有核实"):
        accept(session, dispute, offer.digest)


def test_refusal_keeps_the_reason_sealed_and_gives_the_merchant_the_move(session):
    dispute = settling.dispute(session)
    offer = settling.offered(session, dispute)
    refuse = actions.RefuseOffer(dispute.case.id, offer.digest, "检测时间太长。")
    actions.refuse_offer(session, dispute.consumer, refuse, now=SEEN)
    assert (offer.answer, dispute.case.state) == (Answer.REFUSED, CaseState.NEGOTIATING)
    assert offer.answer_reason_sealed is not None
    assert "检测".encode() not in offer.answer_reason_sealed
    with pytest.raises(Stale, match="已经答复为不接受"):
        actions.refuse_offer(session, dispute.consumer, refuse, now=SEEN)
    again = settling.offered(session, dispute, now=SEEN)
    long = actions.RefuseOffer(dispute.case.id, again.digest, "长" * 201)
    with pytest.raises(RuleBroken, match="理由最多"):
        actions.refuse_offer(session, dispute.consumer, long, now=SEEN + timedelta(minutes=1))


def test_a_counter_is_a_round_that_waits_for_the_merchant(session):
    dispute = settling.dispute(session)
    offer = settling.offered(session, dispute)
    same = actions.CounterOffer(dispute.case.id, offer.digest, (settling.refund(),))
    with pytest.raises(RuleBroken, match="一样"):
        actions.counter_offer(session, dispute.consumer, same, now=SEEN)
    command = actions.CounterOffer(dispute.case.id, offer.digest, (settling.refund(80_000),), "退全款。")
    counter = actions.counter_offer(session, dispute.consumer, command, now=SEEN)
    assert (offer.answer, counter.side, counter.round) == (Answer.COUNTERED, Side.CONSUMER, 2)
    assert (dispute.case.state, dispute.case.turn) == (CaseState.NEGOTIATING, Turn.OURS)
    with pytest.raises(Stale, match="还价答复"):
        accept(session, dispute, offer.digest)
    agree = actions.AcceptCounter(dispute.case.reference, counter.digest)
    agreement = actions.accept_counter(session, dispute.agent, agree, now=SEEN)
    assert (agreement.outlay, agreement.confirmation) == (80_000, "merchant")
    with pytest.raises(Stale, match="这个还价已经接受"):
        actions.accept_counter(session, dispute.agent, agree, now=SEEN)


def test_the_merchant_refuses_a_counter_with_a_reason(session):
    dispute = settling.dispute(session)
    offer = settling.offered(session, dispute)
    command = actions.CounterOffer(dispute.case.id, offer.digest, (settling.refund(80_000),))
    counter = actions.counter_offer(session, dispute.consumer, command, now=SEEN)
    with pytest.raises(RuleBroken, match="请写明"):
        actions.refuse_counter(
            session, dispute.agent, actions.RefuseCounter(dispute.case.reference, counter.digest, " "), now=SEEN
        )
    refuse = actions.RefuseCounter(dispute.case.reference, counter.digest, "没有质量问题。")
    actions.refuse_counter(session, dispute.agent, refuse, now=SEEN)
    assert (counter.answer, dispute.case.answer) == (Answer.REFUSED, None)
    with pytest.raises(Stale):
        actions.refuse_counter(session, dispute.agent, refuse, now=SEEN)


def test_an_agreement_after_failure_takes_the_failure_back(session):
    dispute = settling.dispute(session, state=CaseState.FAILED, cause=FailureCause.MERCHANT_DELAY)
    settling.agreed(session, dispute)
    assert (dispute.case.state, dispute.case.cause) == (CaseState.AGREED, None)


def test_a_second_agreement_replaces_the_first(session):
    dispute = settling.dispute(session)
    first = settling.agreed(session, dispute)
    later = end_of_day(first.perform_on) + timedelta(hours=1)
    actions.breach_late(session, SYSTEM_ACTOR, actions.DueCase(dispute.case.id), now=later)
    second = settling.agreed(session, dispute, settling.refund(70_000), now=later)
    session.flush()
    session.expire_all()
    states = [session.get_one(Document, one.document_id).state for one in (first, second)]
    assert states == [DocumentState.REPLACED, DocumentState.IN_FORCE]
    assert dispute.case.state is CaseState.AGREED


def test_facts_carry_numbers_and_no_words(session):
    dispute = settling.dispute(session)
    offer = settling.offered(session, dispute, message="请拨打我们的电话。")
    accept(session, dispute, offer.digest)
    found = session.scalars(select(Fact).where(Fact.subject_id == dispute.case.id)).all()
    assert [one.topic for one in found] == [Topic.OFFER_MADE, Topic.OFFER_ACCEPTED, Topic.AGREEMENT_MADE]
    assert "电话" not in json.dumps([one.detail for one in found], ensure_ascii=False)


SYSTEM_ACTOR = Actor(ActorKind.SYSTEM, name="系统")
