"""A visitor without script finds a shop, asks whether a thing can go back, and tells that the promise was not kept."""

import pytest
from playwright.sync_api import expect

from portal.commitments.listings import relist
from portal.commitments.rules import PromiseState, Way
from portal.commitments.rules.body import OutletRow, ScopeRow
from portal.enrolment.models import Merchant
from portal.runtime import Runtime
from tests.browser import PHONE, WIDE, axe, fits_the_width
from tests.factories import people, promises
from tests.journeys.conftest import OpenContext


@pytest.fixture
def firm(own_runtime: Runtime) -> Merchant:
    """A department store that promised 15 days, now 30, in two shops."""
    with own_runtime.writing() as session:
        row = people.merchant(session, people.authority(session), "厦门鹭湾百货有限公司")
        former = {"first_on": promises.FIRST.replace(year=2025), "last_on": promises.FIRST.replace(year=2025, month=12)}
        promises.promise(session, row, state=PromiseState.REPLACED, days=15, **former)
        version = promises.promise(
            session,
            row,
            days=30,
            scopes=(ScopeRow(Way.OFFLINE, category="clothing"),),
            outlets=tuple(
                OutletRow(f"鹭湾百货{name}", region="350206", city="厦门市", district="湖里区", address="金湖路 101 号")
                for name in ("五缘湾店", "殿前店")
            ),
        )
        relist(session, [version.promisor_id], today=promises.TODAY)
        session.commit()
    return row


def test_from_the_front_page_to_a_word_about_the_promise(firm: Merchant, open_context: OpenContext) -> None:
    page = open_context(viewport=PHONE, java_script_enabled=False).new_page()
    checked, wide = open_context(viewport=PHONE).new_page(), open_context(viewport=WIDE).new_page()

    page.goto("/")
    page.get_by_label("店名、地址或商品").fill("鹭湾百货")
    page.get_by_role("button", name="找一家店").click()
    expect(page.get_by_role("heading", name="2 家门店")).to_be_visible()
    page.get_by_role("link", name="鹭湾百货五缘湾店").click()
    expect(page.get_by_role("heading", name="厦门鹭湾百货有限公司")).to_be_visible()
    page.get_by_label("哪天买的").fill("2026-08-01")
    page.get_by_label("门店购买").check()
    page.get_by_role("button", name="查一查").click()
    expect(page.get_by_text("能退：在承诺期限内")).to_be_visible()
    answered = page.url
    page.get_by_role("link", name="反映承诺没有兑现").first.click()
    page.get_by_role("button", name="提交").click()
    expect(page.locator("#errors")).to_contain_text("还没有提交")
    page.get_by_label("没有照承诺退货").check()
    page.get_by_label("情况", exact=True).fill("拿小票去退，店员说打折商品不退。")
    page.get_by_label("我同意把以上内容").check()
    page.get_by_role("button", name="提交").click()
    expect(page.locator("main")).to_contain_text("FK2608-0001")

    feedback = f"/m/{firm.slug}/feedback"
    for path in (
        "/",
        "/commitments",
        "/commitments?show=list",
        "/commitments?q=云帆数码",
        "/firms",
        "/open-data",
        answered,
    ):
        checked.goto(path)
        axe(checked)
        fits_the_width(checked)
    for path in ("/commitments", answered):
        wide.goto(path)
        axe(wide)
    checked.goto(feedback)
    axe(checked)
    checked.get_by_role("button", name="提交").click()
    expect(checked.locator("#errors")).to_be_visible()
    axe(checked)
