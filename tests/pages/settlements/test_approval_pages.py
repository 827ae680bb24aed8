"""An offer above the limit: handed up with one click, seen ready by who may send it, sent or given back; no script."""

import re
from types import SimpleNamespace

import pytest

from portal.cases.rules import CaseState
from portal.core.actor import Role
from portal.settlements import actions, limits
from portal.settlements.limits import SetLimits
from portal.settlements.models import Offer, OfferDraft
from tests.conftest import NOW
from tests.factories import people, settling

TYPED = {
    "terms-0-kind": "refund",
    "terms-0-amount": "500",
    "terms-0-method": "original",
    "terms-0-due_days": "7",
    "terms-0-freight": "none",
    "terms-0-detail": "",
    "message": "抱歉给您添麻烦了。",
}


@pytest.fixture
def house(session, client_for):
    dispute = settling.dispute(session)
    chief = people.member(session, dispute.merchant.id, Role.SUPERVISOR, name="王强")
    head = people.member(session, dispute.merchant.id, Role.PRINCIPAL, name="陈立")
    limits.set_limits(session, people.actor(session, head), SetLimits(30_000, 60_000), now=NOW)
    session.commit()
    here = f"/merchant/cases/{dispute.case.reference}"
    return SimpleNamespace(
        dispute=dispute, here=here, agent=client_for(dispute.membership), chief=client_for(chief), head=client_for(head)
    )


def hidden(html, name):
    found = re.search(rf'name="{name}"[^>]* value="([^"]*)"', html)
    assert found, name
    return found.group(1)


def hold(house):
    """Preview above the limit and press the one button."""
    html = house.agent.submit(f"{house.here}/settlement/preview", TYPED, page=f"{house.here}/settlement").text
    assert f'action="{house.here}/settlement/hold"' in html
    values = {name: hidden(html, name) for name in ("csrf_token", *TYPED)}
    return html, house.agent.post(f"{house.here}/settlement/hold", data=values)


def test_above_the_limit_the_preview_names_the_rule_and_hands_up_with_one_click(house, session):
    html, held = hold(house)
    assert "客服最多可以承诺支出 ¥300.00（陈立 2026-08-12 设定）" in html
    assert "提交部门负责人审批" in html
    assert held.status_code == 303
    assert session.query(Offer).count() == 0
    page = house.agent.get(house.here).text
    assert "方案已写好，等部门负责人审批" in page
    assert "已上报部门负责人" in page
    assert "同意并发送" not in page
    assert "收回" in page


def test_sending_past_the_preview_is_refused_with_the_button_that_hands_up(house, session):
    answer = house.agent.submit(f"{house.here}/settlement", TYPED)
    assert answer.status_code == 422
    assert "提交部门负责人审批" in answer.text
    assert session.query(Offer).count() == 0


def test_the_supervisor_finds_it_on_today_and_sends_it_as_it_is(house, session):
    hold(house)
    today = house.chief.get("/merchant/").text
    assert "上报给我的" in today
    assert house.dispute.case.reference in house.chief.get("/merchant/cases?view=raised").text
    assert "上报给我的" not in house.agent.get("/merchant/").text
    page = house.chief.get(house.here).text
    assert "¥500.00 原路退回" in page
    assert "抱歉给您添麻烦了。" in page
    digest = session.query(OfferDraft).one().digest
    values = {"csrf_token": hidden(page, "csrf_token"), "digest": digest}
    assert house.chief.post(f"{house.here}/settlement/approval", data=values).status_code == 303
    session.expire_all()
    assert session.query(Offer).one().made_by == "王强"
    twice = house.chief.post(f"{house.here}/settlement/approval", data=values)
    assert twice.status_code == 409
    assert "已经发送，王强" in twice.text


def test_given_back_with_a_reason_it_goes_on_from_what_was_written(house, session):
    hold(house)
    asked = f"{house.here}/settlement/approval/return"
    digest = session.query(OfferDraft).one().digest
    empty = house.chief.submit(asked, {"digest": digest, "reason": " "})
    assert empty.status_code == 422
    assert "请写明退回的理由" in empty.text
    assert house.chief.submit(asked, {"digest": digest, "reason": "先退三百。"}).status_code == 303
    page = house.agent.get(house.here).text
    assert "王强退回：先退三百。" in page
    form = house.agent.get(f"{house.here}/settlement?start=draft").text
    assert 'value="500.00"' in form
    assert "抱歉给您添麻烦了。" in form
    assert house.agent.get(asked).status_code == 409


def test_its_author_takes_it_back(house, session):
    hold(house)
    draft = session.query(OfferDraft).one()
    answer = house.agent.submit(
        f"{house.here}/settlement/approval/take-back", {"digest": draft.digest}, page=house.here
    )
    assert answer.status_code == 303
    assert "已收回，还没有发送" in house.agent.get(house.here).text
    late = house.chief.submit(f"{house.here}/settlement/approval", {"digest": draft.digest}, page=house.here)
    assert late.status_code == 409


def test_neither_consumer_nor_officer_sees_what_waits(house, session, client_for):
    hold(house)
    officer = client_for(people.member(session, house.dispute.authority.id, Role.OFFICER))
    session.commit()
    page = officer.get(f"/regulator/cases/{house.dispute.case.reference}").text
    assert "审批" not in page
    assert "上报" not in page
    assert "500.00" not in page


def test_a_counter_above_the_limit_is_handed_up_and_accepted_by_who_may(house, session, clock):
    offer = settling.offered(session, house.dispute, settling.refund(30_000))
    clock.advance(minutes=5)
    command = actions.CounterOffer(house.dispute.case.id, offer.digest, (settling.refund(60_000),))
    counter = actions.counter_offer(session, house.dispute.consumer, command, now=clock.now())
    session.commit()
    page = house.agent.get(house.here).text
    assert "提交部门负责人接受还价" in page
    refused = house.agent.submit(f"{house.here}/settlement/acceptance", {"digest": counter.digest}, page=house.here)
    assert refused.status_code == 409
    assert "要由部门负责人发送" in refused.text
    held = house.agent.submit(f"{house.here}/settlement/acceptance/hold", {"digest": counter.digest}, page=house.here)
    assert held.status_code == 303
    draft = session.query(OfferDraft).one()
    assert "同意并接受还价" in house.chief.get(house.here).text
    done = house.chief.submit(f"{house.here}/settlement/approval", {"digest": draft.digest}, page=house.here)
    assert done.status_code == 303
    session.expire_all()
    assert house.dispute.case.state is CaseState.AGREED
