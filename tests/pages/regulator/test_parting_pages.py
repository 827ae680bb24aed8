"""The page on which an officer parts a joined filing, and what merchants see of it."""

import pytest
from sqlalchemy import select

from portal.cases.models import Case
from portal.core.actor import Role
from tests.factories import people
from tests.factories.intake import complaint
from tests.factories.joined import hotline, joined
from tests.queries import counted

NATIONAL, ORDER = complaint(1)["登记编号"], hotline(1)["工单编号"]
CHOSEN = {"filing": f"12345 {ORDER}", "reason": "purchase", "then": "dispatch"}


@pytest.fixture
def world(runtime, session):
    return joined(runtime, session)


@pytest.fixture
def officer(world, client_for):
    return client_for(world.officer)


def test_the_officer_is_asked_first_and_finds_both_cases_in_the_end(world, session, officer, client_for):
    old = world.case_of(session, NATIONAL).reference
    here = f"/regulator/cases/{old}"
    assert f"{here}/part" in officer.get(here).text
    page = officer.get(f"{here}/part").text
    assert "拆出的登记件" in page
    assert world.case_of(session, ORDER).reference == old  # nothing was done by asking
    answer = officer.submit(f"{here}/part", CHOSEN)
    assert answer.status_code == 303
    new = world.case_of(session, ORDER).reference
    assert answer.headers["Location"].endswith(f"/regulator/cases/{new}")
    assert f"由{old}拆出，单独办理" in officer.get(f"/regulator/cases/{new}").text
    assert f"登记件 {ORDER} 拆出为{new}，另行办理：不是同一次购买" in officer.get(here).text
    assert f"{here}/part" not in officer.get(here).text


@pytest.mark.parametrize("database", ["sqlite"])
def test_the_merchant_sees_that_a_filing_was_parted_but_not_where_it_went(world, session, officer, client_for):
    old = world.case_of(session, NATIONAL).reference
    officer.submit(f"/regulator/cases/{old}/part", {**CHOSEN, "reason": "merchant", "then": "wait"})
    new = world.case_of(session, ORDER).reference
    text = client_for(world.agent).get(f"/merchant/cases/{old}").text
    assert f"登记件 {ORDER} 拆出，另行办理：投诉的不是同一家企业" in text
    assert new not in text
    assert client_for(world.agent).get(f"/merchant/cases/{new}").status_code == 404


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_case_of_its_own_is_found_new_in_the_merchants_list(world, session, officer, client_for):
    old = world.case_of(session, NATIONAL).reference
    officer.submit(f"/regulator/cases/{old}/part", CHOSEN)
    new = world.case_of(session, ORDER).reference
    agent = client_for(world.agent)
    assert new in agent.get("/merchant/cases?view=new").text
    page = agent.get(f"/merchant/cases/{new}").text
    assert "由另一件纠纷拆出，单独办理" in page
    assert NATIONAL not in page


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"filing": ""}, "请选择要拆出的登记件"),
        ({"reason": ""}, "请选择拆分理由"),
        ({"then": ""}, "请选择拆出以后怎么办"),
        ({"reason": "merchant"}, "不能派给它"),
        ({"filing": "12345 XM0"}, "已不在这件纠纷里"),
    ],
)
def test_a_refused_form_keeps_what_was_chosen_and_says_what_is_wrong(world, session, officer, changes, words):
    old = world.case_of(session, NATIONAL).reference
    answer = officer.submit(f"/regulator/cases/{old}/part", {**CHOSEN, **changes})
    assert answer.status_code == 422
    assert words in answer.text
    assert "checked" in answer.text
    assert len(session.scalars(select(Case)).all()) == 1


@pytest.mark.parametrize("database", ["sqlite"])
def test_an_auditor_only_looks(world, session, client_for):
    old = world.case_of(session, NATIONAL).reference
    auditor = client_for(people.member(session, world.district.id, Role.AUDITOR))
    session.commit()
    assert "由经办人员拆分" in auditor.get(f"/regulator/cases/{old}/part").text
    assert "/part" not in auditor.get(f"/regulator/cases/{old}").text


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_case_of_one_filing_says_why_it_cannot_be_parted(world, session, officer):
    old = world.case_of(session, NATIONAL).reference
    officer.submit(f"/regulator/cases/{old}/part", CHOSEN)
    with counted(world.runtime.engine) as said:
        page = officer.get(f"/regulator/cases/{old}/part").text
    assert "只有一个登记件" in page
    assert len(said) <= 8, said
