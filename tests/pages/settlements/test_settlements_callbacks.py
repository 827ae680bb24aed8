"""Officers call back: the list, a call that found nobody, a result, and what 没收到 on the phone does."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases.rules import CaseState
from portal.core.actor import SYSTEM, Role
from portal.core.privacy import vault_of
from portal.settlements import actions, rules
from portal.settlements.models import Callback, CallbackOccasion, Verdict
from tests.conftest import NOW
from tests.factories import people, settling
from tests.factories.settling import Dispute

DAY = timedelta(days=1)


@pytest.fixture
def unhappy(session: Session) -> Dispute:
    """A consumer who got the money and says that it was too slow."""
    dispute = settling.dispute(session)
    settling.agreed(session, dispute)
    receipt = actions.AnswerReceipt(dispute.case.id, received=True)
    actions.answer_receipt(session, dispute.consumer, receipt, now=NOW + timedelta(hours=1))
    rating = actions.RateSettlement(dispute.case.id, Verdict.UNSATISFIED, "too_slow")
    actions.rate_settlement(session, dispute.consumer, rating, now=NOW + timedelta(hours=2))
    session.commit()
    return dispute


def row_of(session: Session, dispute: Dispute) -> Callback:
    return session.scalars(select(Callback).where(Callback.case_id == dispute.case.id)).one()


def officer_of(session: Session, dispute: Dispute, role: Role = Role.OFFICER) -> object:
    member = people.member(session, dispute.authority.id, role)
    session.commit()
    return member


def test_what_is_not_a_breach_is_called_back_and_the_agreement_stands(client_for, session: Session, unhappy: Dispute):
    assert unhappy.case.state is CaseState.CLOSED_SETTLED
    client = client_for(officer_of(session, unhappy))
    page = client.get("/regulator/callbacks").text
    assert unhappy.case.reference in page
    assert "办得太慢" in page
    path = f"/regulator/callbacks/{row_of(session, unhappy).reference}"
    assert client.submit(path, {"result": ""}).status_code == 422
    assert client.submit(path, {"result": "complained", "note": ""}).status_code == 422
    assert client.submit(path, {"result": "unreached"}).status_code == 303
    assert "联系不到，1 次" in client.get("/regulator/callbacks").text
    assert client.submit(path, {"result": "complained", "note": "等了三周才退款。"}).status_code == 303
    session.expire_all()
    row = row_of(session, unhappy)
    assert (row.attempts, row.done_at is not None) == (2, True)
    assert row.note_sealed is not None
    assert "等了三周".encode() not in row.note_sealed
    assert unhappy.case.reference not in client.get("/regulator/callbacks").text
    assert "已有结果" in client.get(path).text
    assert client.get(f"/regulator/cases/{unhappy.case.reference}").text.count("回访：") == 2


def test_an_auditor_looks_and_a_stranger_finds_nothing(client_for, session: Session, unhappy: Dispute):
    path = f"/regulator/callbacks/{row_of(session, unhappy).reference}"
    auditor = client_for(officer_of(session, unhappy, Role.AUDITOR))
    assert "由经办人员回访" in auditor.get(path).text
    assert auditor.post(path, data={"result": "unreached", "csrf_token": auditor.token(path)}).status_code == 403
    elsewhere = people.authority(session, "厦门市思明区市场监督管理局", prefix="SM")
    stranger = client_for(people.member(session, elsewhere.id, Role.CHIEF))
    session.commit()
    assert stranger.get(path).status_code == 404
    assert unhappy.case.reference not in stranger.get("/regulator/callbacks").text
    merchant = client_for(unhappy.membership)
    assert not re.search("回访", merchant.get(f"/merchant/cases/{unhappy.case.reference}").text)


def test_not_received_on_the_phone_opens_the_case_again(client_for, session: Session, unhappy: Dispute):
    client = client_for(officer_of(session, unhappy))
    path = f"/regulator/callbacks/{row_of(session, unhappy).reference}"
    assert client.submit(path, {"result": "not_received", "note": "只到了一半。"}).status_code == 303
    session.expire_all()
    assert unhappy.case.state is CaseState.BREACHED
    assert unhappy.case.closed_at is None


@pytest.mark.parametrize(("lot", "share", "drawn"), [(0, 5, True), (499, 5, True), (500, 5, False), (9_999, 100, True)])
def test_a_share_of_lots_is_drawn(lot: int, share: int, drawn: bool):
    assert rules.is_drawn(lot.to_bytes(8), share) is drawn


def test_about_one_silent_case_in_twenty_is_drawn(session: Session):
    vault = vault_of(session)
    lots = [vault.blind(f"HL2609-{serial:04d}", "callback") for serial in range(4000)]
    drawn = sum(rules.is_drawn(lot, 5) for lot in lots)
    assert 150 < drawn < 250


def test_a_silent_case_that_is_drawn_is_called_back_once(session: Session, runtime):
    vault = vault_of(session)
    dispute = settling.dispute(session)
    dispute.case.reference = next(
        name
        for name in (f"HL2608-{serial}" for serial in range(9000, 9999))
        if rules.is_drawn(vault.blind(name, "callback"), 5)
    )
    settling.agreed(session, dispute)
    record = actions.RecordPerformance(dispute.case.reference, NOW.date(), remark="已退。")
    actions.record_performance(session, dispute.agent, record, now=NOW + timedelta(hours=1))
    actions.start_silence(session, SYSTEM, actions.StartSilence(dispute.case.id), now=NOW + timedelta(hours=2))
    assert actions.close_unconfirmed(session, SYSTEM, actions.DueCase(dispute.case.id), now=NOW + 9 * DAY)
    session.flush()
    assert row_of(session, dispute).occasion is CallbackOccasion.SILENCE
    assert not actions.close_unconfirmed(session, SYSTEM, actions.DueCase(dispute.case.id), now=NOW + 9 * DAY)
