"""A merchant writes its promise in six steps, two levels review it, and every page is fit for everyone, errors too."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from portal.accounts import passwords
from portal.core.actor import Role
from portal.core.installation import Installation
from portal.runtime import Runtime
from tests.browser import PHONE, axe, fits_the_width
from tests.conftest import NOW, FixedClock
from tests.factories import people, promises
from tests.journeys.conftest import OpenContext

PASSWORD = "correct horse 7"
HOME = "/merchant/promise"
Picture = Callable[[Page, str], Path]


@pytest.fixture
def house(own_runtime: Runtime, clock: FixedClock) -> Runtime:
    """A merchant with its head, the district's officer and the city's."""
    clock.row = Installation(rehearsal=True, demo=True, clock_offset=0, made_at=NOW)
    with own_runtime.writing() as session:
        cast = promises.cast(session)
        cast.district.level = "区"
        for name, organisation, role in (
            ("head", cast.merchant.id, Role.PRINCIPAL),
            ("officer", cast.district.id, Role.OFFICER),
            ("above", cast.city.id, Role.OFFICER),
        ):
            person = people.member(session, organisation, role).person
            person.sign_in_name, person.password_hash = name, passwords.hash_password(PASSWORD)
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


def go_on(page: Page, following: str) -> None:
    page.get_by_role("button", name="保存并继续").last.click()
    page.wait_for_url(re.compile(f"/draft/{following}$"))


def test_a_promise_is_written_reviewed_and_in_force(
    house: Runtime, open_context: OpenContext, picture: Picture
) -> None:
    page = open_context().new_page()
    sign_in(page, "head")
    page.goto(HOME)
    look(page, picture, "promise-empty")
    page.get_by_role("button", name="开始填写").click()
    page.get_by_label("天数").fill("15")
    page.get_by_role("button", name="再加一行").click()
    expect(page.get_by_role("group", name="第 2 行")).to_be_visible()
    page.locator("[name=scopes-1-goods]").fill("床品、毛巾")
    page.locator("[name=scopes-1-days]").fill("0")
    page.get_by_role("button", name="保存并继续").last.click()
    expect(page.get_by_role("alert").first).to_contain_text("有 1 处需要修改")
    look(page, picture, "promise-scope-error")
    page.locator("[name=scopes-1-days]").fill("30")
    go_on(page, "days")
    go_on(page, "terms")
    page.get_by_role("button", name="加一种不适用的商品").click()
    page.get_by_label("依据").select_option("offline:declared")
    page.get_by_role("button", name="保存并继续").last.click()
    expect(page.get_by_text("请写明在哪里明示").first).to_be_visible()
    look(page, picture, "promise-terms-error")
    page.get_by_label("消费者看到的说法").fill("贴身内衣")
    page.get_by_label("在哪里明示").fill("店堂公告")
    go_on(page, "places")
    page.locator("[name=outlets]").first.check()
    look(page, picture, "promise-places")
    go_on(page, "extras")
    go_on(page, "preview")
    page.get_by_role("button", name="提交审核").click()
    expect(page.get_by_text("请先勾选声明").first).to_be_visible()
    look(page, picture, "promise-preview-error")
    page.get_by_label("我已核对以上内容").check()
    page.get_by_role("button", name="提交审核").click()
    expect(page.get_by_text("等监管部门初审")).to_be_visible()
    look(page, picture, "promise-submitted")

    review(open_context, picture)


def review(open_context: OpenContext, picture: Picture) -> None:
    """The district passes it with script, the city without."""
    officer = open_context().new_page()
    sign_in(officer, "officer")
    officer.goto("/regulator/promises")
    look(officer, picture, "promise-roll")
    officer.locator("tbody a").first.click()
    officer.get_by_role("button", name="登记审核结果").click()
    expect(officer.get_by_text("请选择通过或不通过").first).to_be_visible()
    look(officer, picture, "promise-review-error")
    officer.get_by_label("通过", exact=True).check()
    officer.get_by_role("button", name="登记审核结果").click()
    expect(officer.get_by_text("等上一级市场监督管理部门复审")).to_be_visible()
    officer.goto("/regulator/promises/programmes")
    look(officer, picture, "promise-programmes")

    above = open_context(java_script_enabled=False).new_page()
    sign_in(above, "above")
    above.goto("/regulator/promises")
    above.locator("tbody a").first.click()
    above.get_by_label("通过", exact=True).check()
    above.get_by_role("button", name="登记审核结果").click()
    expect(above.get_by_text("已登记审核结果")).to_be_visible()
    above.goto("/regulator/promises?view=removed")
    expect(above.get_by_text("没有摘牌的承诺")).to_be_visible()


def test_a_list_is_brought_in_and_a_promise_removed(
    house: Runtime, open_context: OpenContext, picture: Picture
) -> None:
    page = open_context().new_page()
    sign_in(page, "officer")
    page.goto("/regulator/promises/import")
    page.get_by_role("button", name="开始导入").click()
    expect(page.get_by_role("alert").first).to_contain_text("请选择要导入")
    look(page, picture, "promise-import-error")
    page.get_by_label("名录文件").set_input_files("tests/samples/promises.csv")
    page.get_by_role("button", name="开始导入").click()
    expect(page.get_by_text("没有导入的行").first).to_be_visible()
    look(page, picture, "promise-import")
    page.get_by_role("link", name="查看在期的承诺").click()
    page.locator("tbody a").first.click()
    page.get_by_role("link", name="摘牌").click()
    page.get_by_label("摘牌原因").fill("暗访三次拒不退货")
    page.get_by_role("button", name="摘牌").click()
    expect(page.get_by_role("alert").first).to_contain_text("请先勾选")
    look(page, picture, "promise-removal-error")
    page.get_by_label("我已核实").check()
    page.get_by_role("button", name="摘牌").click()
    expect(page.get_by_text("今天和以前的购买仍按承诺办理")).to_be_visible()
    look(page, picture, "promise-removed")
