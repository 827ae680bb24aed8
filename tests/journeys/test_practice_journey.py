"""A new clerk practises: goes over, settles an invented case with a consumer who answers, and comes back to the work.

The pictures of the look, too: practice, trainings, staff from a file, wide and at 360 px.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from portal.accounts import passwords
from portal.core.actor import Role
from portal.core.installation import Installation
from portal.runtime import Runtime
from portal.worker import tick
from tests.browser import PHONE, axe, fits_the_width
from tests.conftest import NOW, FixedClock
from tests.factories import disputes, people, trainings

PASSWORD = "correct horse 7"
BANNER = "练习环境：案件是编造的"
Picture = Callable[[Page, str], Path]


@pytest.fixture
def house(own_runtime: Runtime, clock: FixedClock) -> Runtime:
    """A merchant with a real case, its head, and an officer who recorded a training."""
    clock.row = Installation(rehearsal=False, demo=True, clock_offset=0, made_at=NOW)
    with own_runtime.writing() as session:
        district = people.authority(session)
        merchant = people.merchant(session, district)
        people.merchant(session, district)
        head = people.member(session, merchant.id, Role.PRINCIPAL)
        officer = people.member(session, district.id, Role.OFFICER)
        for member, name in ((head, "head"), (officer, "officer")):
            member.person.sign_in_name, member.person.password_hash = name, passwords.hash_password(PASSWORD)
        disputes.case(session, district, merchant, headline="真的案件")
        trainings.recorded(session, people.actor(session, officer))
        session.commit()
    return own_runtime


def sign_in(page: Page, name: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("登录名").fill(name)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(re.compile("/(merchant|regulator)/"))


def look(page: Page, picture: Picture, name: str) -> None:
    """Everyone can use the page as it stands, wide and on a phone."""
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


def test_a_new_clerk_settles_an_invented_case(house: Runtime, clock: FixedClock, page: Page, picture: Picture) -> None:
    sign_in(page, "head")
    page.goto("/merchant/cases")
    before = page.locator("main").inner_text()
    page.get_by_role("link", name="练习", exact=True).click()
    look(page, picture, "practice-start")
    page.get_by_role("button", name="进入练习环境").click()
    page.wait_for_url("**/merchant/")
    expect(page.get_by_text(BANNER)).to_be_visible()
    look(page, picture, "practice-today")
    page.get_by_role("link", name="练习说明和评语").click()
    look(page, picture, "practice-checklists")

    settle(page, house, clock)
    page.goto("/staff/practice")
    settled = page.locator("section", has_text="大衣起球")
    expect(settled.get_by_text("已和解")).to_be_visible()
    expect(settled.get_by_text("没做到")).to_have_count(0)
    look(page, picture, "practice-settled")
    settled.get_by_role("link", name=re.compile("消费者会收到的短信")).click()
    expect(page.get_by_text("链接不显示").first).to_be_visible()
    look(page, picture, "practice-messages")

    page.get_by_role("button", name="回到工作").click()
    page.wait_for_url("**/merchant/")
    expect(page.get_by_text(BANNER)).to_have_count(0)
    page.goto("/merchant/cases")
    assert page.locator("main").inner_text() == before


def settle(page: Page, house: Runtime, clock: FixedClock) -> None:
    """Accept, offer what is asked, pay, and let the invented consumer answer each time."""
    page.locator("section", has_text="大衣起球").get_by_role("link", name=re.compile("^LIANXI")).click()
    case = page.url
    page.get_by_role("button", name="受理").first.click()
    page.goto(f"{case}/settlement")
    page.get_by_role("button", name="预览后发送").click()
    page.get_by_role("button", name="发送").click()
    page.wait_for_url(case)
    clock.advance(seconds=31)
    tick(house)
    page.goto(f"{case}/settlement/performance")
    page.get_by_label("没有凭证的").or_(page.locator("textarea")).first.fill("已按原路退回，当天到账。")
    page.get_by_role("button", name="记录履行").click()
    page.wait_for_url(case)
    clock.advance(seconds=31)
    tick(house)


def test_trainings_and_staff_files_are_usable_by_everyone(house: Runtime, page: Page, picture: Picture) -> None:
    sign_in(page, "officer")
    page.goto("/regulator/trainings")
    look(page, picture, "trainings")
    page.get_by_role("link", name=re.compile("^PX")).click()
    look(page, picture, "training")
    page.get_by_role("link", name=re.compile("百货有限公司")).first.click()
    page.get_by_role("button", name="登记", exact=True).click()
    look(page, picture, "training-attendance-error")
    page.goto("/regulator/trainings/new")
    look(page, picture, "training-new")
    page.goto("/regulator/trainings/absent")
    look(page, picture, "trainings-absent")
    page.context.clear_cookies()
    sign_in(page, "head")
    page.goto("/merchant/trainings")
    look(page, picture, "own-trainings")
    page.get_by_role("link", name="七日无理由退货怎么办").click()
    look(page, picture, "own-training")
    page.goto("/staff/import")
    table = "姓名,登录名,岗位\n陈一,chenyi,客服\n王二,wang er,客服\n".encode()
    page.set_input_files("input[type=file]", {"name": "人员.csv", "mimeType": "text/csv", "buffer": table})
    look(page, picture, "staff-import")
    page.get_by_role("button", name="核对").click()
    look(page, picture, "staff-import-check")
    page.get_by_role("button", name="添加这 1 人").click()
    expect(page.get_by_text("初始密码只在本页显示一次")).to_be_visible()
    look(page, picture, "staff-import-done")
