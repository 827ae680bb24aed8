"""Practising in a browser without script: enter, settle a case, read the checklist, begin again, leave."""

import re
from datetime import timedelta

import pytest

from portal.core.actor import Role
from portal.worker import dispatch
from tests.factories import disputes, people

BANNER = "练习环境：案件是编造的，不会发给任何人"
HOME = "/staff/practice"
SWITCH = "/staff/switch-practice"


@pytest.fixture
def district(session):
    return people.authority(session)


@pytest.fixture
def merchant(session, district):
    return people.merchant(session, district)


@pytest.fixture
def agent(session, merchant):
    return people.member(session, merchant.id, Role.PRINCIPAL)


@pytest.fixture
def real(session, district, merchant, agent):
    row = disputes.case(session, district, merchant, headline="真的案件")
    session.commit()
    return row


@pytest.fixture
def clerk(real, agent, client_for):
    return client_for(agent)


@pytest.fixture
def inside(clerk):
    enter(clerk)
    return clerk


def enter(client):
    prepared = client.submit(HOME, {})
    assert (prepared.status_code, prepared.location) == (307, SWITCH)  # a browser sends the same form there again
    client.submit(SWITCH, {}, page=HOME)


def reference_of(client, title):
    page = client.get(HOME).text
    return re.search(rf'id="(LIANXI\d+-\d+)">{title}', page).group(1)


def test_a_clerk_enters_and_leaves_and_the_work_is_as_it_was(clerk, real):
    before = clerk.get("/merchant/cases").text
    assert "真的案件" in before
    assert BANNER not in before
    assert "会遇到的情形" in clerk.get(HOME).text
    enter(clerk)
    listed = clerk.get("/merchant/cases").text
    assert BANNER in listed
    assert "真的案件" not in listed
    assert "LIANXI26" in listed
    assert clerk.get(f"/merchant/cases/{real.reference}").status_code == 404
    clerk.submit(SWITCH, {}, page=HOME)
    after = clerk.get("/merchant/cases").text
    assert "真的案件" in after
    assert "LIANXI26" not in after
    assert BANNER not in after


def test_a_case_is_settled_with_the_invented_consumer(inside, runtime, clock):
    reference = reference_of(inside, "大衣起球")
    case = f"/merchant/cases/{reference}"
    inside.submit(f"{case}/accept", {}, page=case)
    form = {
        "terms-0-kind": "refund",
        "terms-0-amount": "399",
        "terms-0-method": "original",
        "terms-0-due_days": "7",
        "terms-0-freight": "none",
        "terms-0-detail": "",
    }
    assert inside.submit(f"{case}/settlement", form, page=f"{case}/settlement").status_code == 303
    clock.moment += timedelta(seconds=31)
    dispatch(runtime)
    checklist = inside.get(HOME).text
    assert "待履行" in checklist
    messages = inside.get(f"{HOME}/{reference}").text
    assert "链接不显示" in messages
    assert "/c/" not in messages


def test_the_house_is_closed_while_practising(inside, merchant):
    for path in ("/staff", "/merchant/organisation", "/merchant/trainings", "/merchant/goods", "/staff/retention"):
        assert inside.get(path).status_code == 404, path
    assert inside.get("/account").status_code == 200
    assert inside.get("/merchant/ledgers/complaints").status_code == 200
    assert 'href="/staff"' not in inside.get("/merchant/").text


def test_a_fresh_start_is_a_new_set(inside):
    former = reference_of(inside, "大衣起球")
    inside.submit(f"{HOME}/again", {}, page=HOME)
    assert "新编了 9 件" in inside.get(HOME).text
    assert reference_of(inside, "大衣起球") != former


def test_a_colleague_who_practised_can_still_be_helped_back_in(inside, session, merchant, agent, client_for):
    colleague = people.member(session, merchant.id, Role.PRINCIPAL)
    session.commit()
    chief = client_for(colleague)
    name = agent.person.sign_in_name
    answer = chief.submit("/staff/reset-password", {"person": name}, page="/staff")
    assert answer.status_code == 303
    assert name in chief.get("/staff").text


def test_nobody_goes_over_before_practice_was_prepared(clerk):
    assert clerk.submit(SWITCH, {}, page=HOME).status_code == 404


def test_officers_have_no_practice(session, district, client_for):
    officer = client_for(people.member(session, district.id, Role.OFFICER))
    session.commit()
    assert officer.get(HOME).status_code == 404


def test_nobody_finds_a_practice_merchant(inside, session, district, client_for):
    membership = people.member(session, district.id, Role.CHIEF)
    session.commit()
    officer = client_for(membership)
    for path in ("/regulator/merchants?q=练习", "/regulator/cases?q=大衣", "/regulator/ledgers", "/firms?q=练习"):
        assert "（练习）" not in officer.get(path).text, path
