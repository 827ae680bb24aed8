"""The chief turns a reached trigger into a suspension, the merchant asks for the way back; an officer visits a shop.

Every page is usable by everyone, wide and on a phone.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from portal.accounts import passwords
from portal.core.actor import SYSTEM, Role
from portal.core.installation import Installation
from portal.runtime import Runtime
from portal.supervision.triggers import Watch, watch_merchants
from tests.browser import PHONE, axe, fits_the_width
from tests.conftest import NOW, FixedClock
from tests.factories import people, promises, sanctions, visits
from tests.journeys.conftest import OpenContext

PASSWORD = "correct horse 7"
Picture = Callable[[Page, str], Path]


@pytest.fixture
def house(own_runtime: Runtime, clock: FixedClock) -> Runtime:
    """A district with a station, a merchant that promises and was late three times, and a breach."""
    clock.row = Installation(rehearsal=True, demo=True, clock_offset=0, made_at=NOW)
    with own_runtime.writing() as session:
        district = people.authority(session)
        station = people.authority(session, "江头市场监督管理所", parent=district)
        merchant = people.merchant(session, station)
        for name, organisation, role in (
            ("chief", district.id, Role.CHIEF),
            ("principal", merchant.id, Role.PRINCIPAL),
        ):
            member = people.member(session, organisation, role)
            member.person.sign_in_name = name
            member.person.password_hash = passwords.hash_password(PASSWORD)
        officer = people.actor(session, people.member(session, district.id, Role.OFFICER))
        promisor = promises.promise(session, merchant).promisor
        for days_ago in (2, 3, 4):
            sanctions.overdue(session, station, merchant, days_ago=days_ago)
        watch_merchants(session, SYSTEM, Watch((merchant.id,)), now=NOW)
        visits.planned(session, officer, promisor)
        visits.released(session, officer, promisor)
        visits.violated(session, officer, promisor)
        session.commit()
    return own_runtime


def sign_in(page: Page, name: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("登录名").fill(name)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(re.compile("/(merchant|regulator)/"))


def look(page: Page, picture: Picture, name: str) -> None:
    wide = page.viewport_size
    axe(page)
    fits_the_width(page)
    picture(page, f"{name}-wide")
    page.set_viewport_size(PHONE)
    fits_the_width(page)
    axe(page)
    picture(page, f"{name}-phone")
    assert wide is not None
    page.set_viewport_size(wide)


def test_from_the_trigger_to_the_way_back(house: Runtime, open_context: OpenContext, picture: Picture) -> None:
    chief, merchant = open_context().new_page(), open_context().new_page()
    sign_in(chief, "chief")
    chief.goto("/regulator/sanctions")
    look(chief, picture, "sanctions")
    chief.get_by_role("link", name=re.compile("^CZ")).click()
    look(chief, picture, "sanction")
    chief.get_by_label("暂停分流").check()
    chief.get_by_label("理由").first.fill("三件投诉逾期未办")
    chief.get_by_label("恢复的条件").fill("积压的投诉全部办结")
    chief.get_by_role("button", name="作出措施").click()
    chief.get_by_role("dialog", name="作出措施").get_by_role("button", name="作出措施").click()
    expect(chief.get_by_text("已作出监管措施")).to_be_visible()
    look(chief, picture, "measure")
    sign_in(merchant, "principal")
    merchant.goto("/merchant/measures")
    look(merchant, picture, "merchant-measures")
    merchant.get_by_role("link", name=re.compile("^CS-")).click()
    merchant.get_by_role("button", name="确认收到").click()
    merchant.get_by_label("情况").fill("积压的三件已经办结")
    look(merchant, picture, "merchant-measure")
    merchant.get_by_role("button", name="提交", exact=True).click()
    expect(merchant.get_by_text("等待监管部门复查")).to_be_visible()
    chief.reload()
    chief.get_by_label("解除").check()
    chief.get_by_label("复查情况").fill("已核实")
    chief.get_by_role("button", name="登记复查结果").click()
    expect(chief.get_by_text("已解除").first).to_be_visible()


def test_the_pages_of_supervising_promises(house: Runtime, page: Page, picture: Picture) -> None:
    sign_in(page, "chief")
    for path, name in (
        ("/regulator/sanctions/triggers", "triggers"),
        ("/regulator/visits", "visits"),
        ("/regulator/visits/AF2608-0001", "visit-record"),
        ("/regulator/visits/AF2608-0002", "visit-released"),
        ("/regulator/violations/WF2608-0001", "violation"),
        ("/regulator/promise-figures", "figures"),
        ("/regulator/inspections/new", "inspection-new"),
    ):
        page.goto(path)
        look(page, picture, name)
