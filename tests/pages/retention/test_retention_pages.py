"""Keeping and erasing, as both sides see it in browsers without script."""

from datetime import timedelta

import pytest

from portal.core.actor import Role
from portal.ledgers.log import append, ledger_of
from portal.retention.jobs import count_all_due
from tests.conftest import NOW
from tests.factories import ledgers, people

HERE = "/staff/retention"


@pytest.fixture
def authority(session):
    return people.authority(session)


@pytest.fixture
def merchant(runtime, session, authority):
    row = people.merchant(session, authority)
    old = NOW - timedelta(days=1100)
    append(session, ledgers.CLERK, ledger_of(session, row.id, now=old), list(ledgers.mixed(4)), now=old)
    session.commit()
    count_all_due(runtime)
    return row


@pytest.fixture
def principal(session, merchant, client_for):
    membership = people.member(session, merchant.id, Role.PRINCIPAL)
    session.commit()
    return client_for(membership)


@pytest.fixture
def officer(session, authority, client_for):
    membership = people.member(session, authority.id, Role.OFFICER, name="陈立")
    session.commit()
    return client_for(membership)


def test_a_list_is_drawn_and_approved_by_both_sides(principal, officer):
    page = principal.get(HERE)
    assert "2 笔" in page.text
    drawn = principal.submit(f"{HERE}/draw", {}, page=HERE).location
    assert "须由企业负责人和监管部门分别批准" in principal.get(drawn).text
    principal.submit(drawn, {"decision": "agree"}, page=drawn)
    assert "待审批" in officer.get(drawn).text
    officer.submit(drawn, {"decision": "agree"}, page=drawn)
    assert "已批准，待执行" in principal.get(drawn).text


def test_a_refusal_without_a_reason_keeps_the_list_waiting(principal, officer):
    drawn = principal.submit(f"{HERE}/draw", {}, page=HERE).location
    answer = officer.submit(drawn, {"decision": "refuse", "reason": ""}, page=drawn)
    assert answer.status_code == 422
    assert "请写明不同意的理由" in answer.text
    officer.submit(drawn, {"decision": "refuse", "reason": "正在诉讼"}, page=drawn)
    assert "正在诉讼" in principal.get(drawn).text


def test_an_officer_draws_for_a_merchant_that_is_due(officer, merchant):
    page = officer.get(HERE)
    assert merchant.organisation.name in page.text
    drawn = officer.submit(f"{HERE}/draw", {"code": merchant.organisation.code}, page=HERE).location
    assert "第 1 笔" in officer.get(drawn).text
    again = officer.submit(f"{HERE}/draw", {"code": merchant.organisation.code}, page=HERE)
    assert "已有一份清单" in officer.get(again.location).text


def test_a_hold_is_placed_and_released(officer, principal, merchant):
    values = {"code": merchant.organisation.code, "seq": "1", "reason": "（2026）闽0206民初1号"}
    officer.submit(f"{HERE}/holds", values, page=HERE)
    shown = principal.get(HERE).text
    assert "（2026）闽0206民初1号" in shown
    assert "解除" not in shown
    page = officer.get(HERE).text
    release = page.partition(f'action="{HERE}/holds/')[2].partition('"')[0]
    officer.submit(f"{HERE}/holds/{release}", {}, page=HERE)
    assert "没有冻结" in officer.get(HERE).text


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"code": "91350206MA00000000", "reason": "检查"}, "没有这家企业"),
        ({"reason": "检查"}, "请填写企业的统一社会信用代码"),
        ({"seq": "99", "reason": "检查"}, "没有第 99 笔"),
        ({"reason": ""}, "请写明冻结理由"),
    ],
)
def test_a_hold_that_can_not_be_is_refused_and_keeps_what_was_typed(officer, merchant, values, said):
    known = {} if said == "请填写企业的统一社会信用代码" else {"code": merchant.organisation.code}
    answer = officer.submit(f"{HERE}/holds", {**known, **values}, page=HERE)
    assert answer.status_code == 422
    assert said in answer.text
    assert values["reason"] in answer.text


def test_nothing_due_says_so(session, client_for):
    empty = people.merchant(session, people.authority(session, "厦门市思明区市场监督管理局", prefix="SM"))
    membership = people.member(session, empty.id, Role.PRINCIPAL)
    session.commit()
    page = client_for(membership).get(HERE)
    assert "0 笔" in page.text
