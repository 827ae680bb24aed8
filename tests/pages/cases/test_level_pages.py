"""上报, 交回, 收回 and 权限与代理, without script."""

from types import SimpleNamespace

import pytest

from portal.cases.models import Substitution
from portal.cases.rules import Level
from portal.core.actor import Role
from portal.settlements.models import SendingLimits
from tests.factories import people, settling

REASON = "消费者要求三倍赔偿，超出我的权限。"


@pytest.fixture
def house(session, client_for):
    dispute = settling.dispute(session)
    chief = people.member(session, dispute.merchant.id, Role.SUPERVISOR, name="王强")
    head = people.member(session, dispute.merchant.id, Role.PRINCIPAL, name="陈立")
    session.commit()
    return SimpleNamespace(
        dispute=dispute,
        here=f"/merchant/cases/{dispute.case.reference}",
        agent=client_for(dispute.membership),
        chief=client_for(chief),
        head=client_for(head),
        chief_name=chief.person.sign_in_name,
        agent_name=dispute.membership.person.sign_in_name,
    )


def test_a_case_is_handed_up_and_down_by_forms_that_keep_what_was_typed(house, session):
    empty = house.agent.submit(f"{house.here}/raise", {"to": "principal", "reason": ""})
    assert empty.status_code == 422
    assert "请写明上报的理由" in empty.text
    wrong = house.agent.submit(f"{house.here}/raise", {"to": "supervisor", "person": "nobody", "reason": REASON})
    assert wrong.status_code == 422
    assert REASON in wrong.text
    done = house.agent.submit(f"{house.here}/raise", {"to": "supervisor", "person": house.chief_name, "reason": REASON})
    assert done.status_code == 303
    page = house.agent.get(house.here).text
    assert "已上报部门负责人 王强" in page
    assert REASON in page
    assert "收回上报" in page
    assert "交回下级" in house.chief.get(house.here).text
    assert house.chief.submit(f"{house.here}/lower", {"to": "agent", "reason": "退一赔一。"}).status_code == 303
    session.expire_all()
    assert house.dispute.case.raised_to is None


def test_taking_back_is_one_click_and_too_late_afterwards(house):
    house.agent.submit(f"{house.here}/raise", {"to": "supervisor", "reason": REASON})
    assert house.agent.submit(f"{house.here}/take-back", {}, page=house.here).status_code == 303
    assert house.agent.submit(f"{house.here}/take-back", {}, page=house.here).status_code == 409


def test_the_level_is_a_filter_with_its_chip(house):
    house.agent.submit(f"{house.here}/raise", {"to": "supervisor", "reason": REASON})
    reference = house.dispute.case.reference
    found = house.agent.get("/merchant/cases?level=supervisor").text
    assert reference in found
    assert "层级：部门负责人" in found
    assert reference not in house.agent.get("/merchant/cases?level=agent").text
    assert "上报给我的 1" in house.chief.get("/merchant/cases").text


def test_the_head_sets_limits_and_sees_every_setting(house, session):
    page = "/merchant/levels"
    assert "各级都可以发送任何金额" in house.head.get(page).text
    wrong = house.head.submit(f"{page}/limits", {"agent": "500", "supervisor": "200"}, page=page)
    assert wrong.status_code == 422
    assert "不能低于客服" in wrong.text
    assert 'value="500"' in wrong.text
    assert house.head.submit(f"{page}/limits", {"agent": "500", "supervisor": ""}, page=page).status_code == 303
    shown = house.head.get(page).text
    assert "¥500.00" in shown
    assert "2026-08-12 09:00" in shown
    assert house.head.submit(f"{page}/limits", {"agent": "300", "supervisor": "1,000"}, page=page).status_code == 303
    assert [row.agent_limit for row in session.query(SendingLimits).order_by(SendingLimits.id)] == [50_000, 30_000]
    assert "由企业负责人设定" in house.agent.get(page).text
    assert house.agent.submit(f"{page}/limits", {"agent": "900"}, page=page).status_code == 403


def test_a_substitute_is_named_and_ended(house, session):
    page = "/merchant/levels"
    days = {"starts_on": "2026-08-12", "ends_on": "2026-08-14"}
    strange = house.chief.submit(
        f"{page}/substitutes", {"person": house.agent_name, "substitute": house.chief_name, **days}, page=page
    )
    assert strange.status_code == 403
    past = {
        "person": house.chief_name,
        "substitute": house.agent_name,
        "starts_on": "2026-08-01",
        "ends_on": "2026-08-02",
    }
    refused = house.chief.submit(f"{page}/substitutes", past, page=page)
    assert refused.status_code == 422
    assert "已经过去" in refused.text
    assert house.chief.submit(f"{page}/substitutes", {**past, **days}, page=page).status_code == 303
    shown = house.chief.get(page).text
    assert "林晓燕 代 王强" in shown
    assert "代理中" in shown
    house.head.submit(f"{house.here}/raise", {"to": "supervisor", "reason": REASON})
    assert "上报给我的" in house.agent.get("/merchant/").text
    assert "你代王强决定" in house.agent.get(f"{house.here}/lower").text
    row = session.query(Substitution).one()
    assert house.head.submit(f"{page}/substitutes/{row.reference}/end", {}, page=page).status_code == 303
    assert "已提前结束" in house.head.get(page).text


def test_levels_are_words_of_the_roles():
    assert {level.value for level in Level} == {"agent", "supervisor", "principal"}
