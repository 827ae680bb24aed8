"""From the poster's QR code to the refund in the return ledger: consumer on a phone, clerk at a desk, officer behind."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from portal.accounts import passwords
from portal.commitments.papers import page_address
from portal.core.actor import Role
from portal.core.installation import Installation
from portal.runtime import Runtime
from portal.worker import dispatch
from tests.browser import axe, fits_the_width
from tests.conftest import NOW, FixedClock
from tests.factories import people, promises, returning

PASSWORD = "correct horse 7"
BOUGHT = (returning.TODAY - timedelta(days=2)).isoformat()
Picture = Callable[[Page, str], Path]


@dataclass(frozen=True)
class Stage:
    """Where the poster leads, and the installation behind it."""

    poster: str
    house: Runtime


@pytest.fixture
def stage(own_runtime: Runtime, clock: FixedClock) -> Stage:
    clock.row = Installation(rehearsal=True, demo=True, clock_offset=0, made_at=NOW)
    with own_runtime.writing() as session:
        authority = people.authority(session)
        merchant = people.merchant(session, authority, "厦门鹭湾百货有限公司")
        promises.promise(session, merchant)
        for name, organisation, role in (
            ("clerk", merchant.id, Role.AGENT),
            ("officer", authority.id, Role.OFFICER),
        ):
            person = people.member(session, organisation, role).person
            person.sign_in_name, person.password_hash = name, passwords.hash_password(PASSWORD)
        printed = page_address(session, merchant.slug)
        session.commit()
    return Stage(printed.removeprefix(own_runtime.config.base_url), own_runtime)


@pytest.fixture
def receipts(tmp_path: Path) -> list[Path]:
    """Two photos on the consumer's phone."""
    files = [tmp_path / "小票.png", tmp_path / "围巾.png"]
    for file, colour in zip(files, ("white", "grey"), strict=True):
        file.write_bytes(returning.picture(colour))
    return files


def look_at(page: Page, picture: Picture, name: str, *, script: bool = True) -> None:
    """The page as it stands is accessible, fits and is kept as a picture."""
    if script:
        axe(page)
    fits_the_width(page)
    picture(page, f"returns-{name}")


def sign_in(page: Page, name: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("登录名").fill(name)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(re.compile("/(merchant|regulator)/"))


def ask(page: Page, stage: Stage, receipts: list[Path], picture: Picture, kind: str) -> str:
    """From the poster to the sent request, uploading first one photo and then both; returns its number."""
    script = kind != "plain_phone"
    page.goto(stage.poster)
    page.get_by_label("哪天买的").fill(BOUGHT)
    page.get_by_role("radio", name="门店购买").check()
    page.get_by_label("什么商品").fill("羊毛围巾")
    page.get_by_role("button", name="查一查").click()
    look_at(page, picture, f"poster-{kind}", script=script)
    page.get_by_role("link", name="去申请退货").click()

    expect(page.get_by_role("heading", name="申请退货")).to_be_visible()
    expect(page.get_by_text("承诺适用，可以退")).to_be_visible()
    expect(page.get_by_label("购买日期")).to_have_value(BOUGHT)
    page.get_by_label("商品类别").select_option("clothing")
    page.get_by_label("小票、订单或商品照片").set_input_files(receipts[0])
    if not script:  # with script each goes as soon as it is chosen
        page.get_by_role("button", name="上传", exact=True).click()
    expect(page.get_by_text("已上传 1 个文件")).to_be_visible()
    page.get_by_label("小票、订单或商品照片").set_input_files(receipts)
    if script:
        expect(page.get_by_text("已上传 2 个文件")).to_be_visible()
    page.get_by_role("button", name="发送申请").click()
    expect(
        page.get_by_text("申请还没有发出")
    ).to_be_visible()  # price, name and phone are missing; both photos are kept
    expect(page.get_by_text("已上传 2 个文件")).to_be_visible()
    look_at(page, picture, f"ask-{kind}", script=script)

    page.get_by_label("单价（元）").fill("199")
    page.get_by_label("数量").fill("2")
    page.get_by_label("姓名").fill(returning.NAME)
    page.get_by_label("手机号").fill(returning.PHONE)
    page.get_by_role("button", name="发送申请").click()
    expect(page.get_by_role("heading", name="申请已发送")).to_be_visible()
    look_at(page, picture, f"sent-{kind}", script=script)
    found = re.search(r"TH\w+-\d{4}", page.content())
    assert found is not None
    return found.group()


def open_link(page: Page, stage: Stage) -> None:
    """Take the newest link from the demo's phone."""
    dispatch(stage.house)
    page.goto("/demo/phone")
    link = page.locator(".sms a").first.get_attribute("href")
    assert link is not None
    page.goto(link.removeprefix(stage.house.config.base_url))


@pytest.mark.parametrize("kind", ["phone", "plain_phone"])
def test_a_return_goes_from_the_poster_to_the_ledger(
    request: pytest.FixtureRequest, stage: Stage, receipts: list[Path], page: Page, picture: Picture, kind: str
) -> None:
    phone: Page = request.getfixturevalue(kind)
    script = kind != "plain_phone"
    reference = ask(phone, stage, receipts, picture, kind)
    open_link(phone, stage)
    expect(phone.get_by_text("待答复")).to_be_visible()
    look_at(phone, picture, f"waiting-{kind}", script=script)

    sign_in(page, "clerk")
    page.get_by_role("link", name="退货申请").click()
    look_at(page, picture, "merchant-list")
    page.get_by_role("link", name=reference).click()
    look_at(page, picture, "merchant-request")
    page.get_by_role("button", name="同意退货").click()
    expect(page.get_by_text("已同意，答复已发给消费者。")).to_be_visible()
    page.get_by_role("radio", name="完好").check()
    page.get_by_role("button", name="登记收货").click()
    page.get_by_label("退换回商品处理方式").select_option("resale")
    page.get_by_role("button", name="登记并记入台账").click()
    expect(page.get_by_text("再次销售要加贴退换商品明示标识").first).to_be_visible()
    look_at(page, picture, "merchant-settle")
    page.get_by_label("标识号").fill("BS-0001")
    page.get_by_role("button", name="登记并记入台账").click()
    page.get_by_role("link", name="退换货台账第 1 笔").click()
    expect(page.get_by_text("BS-0001").first).to_be_visible()
    look_at(page, picture, "ledger-entry")

    open_link(phone, stage)
    expect(phone.get_by_text("已退款", exact=True).first).to_be_visible()
    look_at(phone, picture, f"refunded-{kind}", script=script)
    phone.get_by_role("button", name="收到 退款已经到账").click()
    expect(phone.get_by_text("谢谢，已登记你收到退款。")).to_be_visible()


def test_ten_pages_survive_a_lost_connection(stage: Stage, phone: Page, picture: Picture, tmp_path: Path) -> None:
    pages = [tmp_path / f"第{number}页.png" for number in range(10)]
    for number, file in enumerate(pages):
        file.write_bytes(returning.picture(f"rgb({number * 20}, 0, 0)"))
    phone.goto(f"{stage.poster}/return")
    phone.get_by_label("商品名称").fill("羊毛围巾")
    sent: list[str] = []

    def lose_the_fourth(route: Route) -> None:
        if route.request.method == "POST":
            sent.append(route.request.url)
        if len(sent) == 4:
            route.abort("aborted")
        else:
            route.continue_()

    phone.route("**/return", lose_the_fourth)
    phone.get_by_label("小票、订单或商品照片").set_input_files(pages)
    expect(phone.get_by_text("网络断了：已存下 3 个，还差 7 个。")).to_be_visible()
    look_at(phone, picture, "offline")
    phone.get_by_role("button", name="继续上传").first.click()
    expect(phone.get_by_text("已上传 10 个文件")).to_be_visible(timeout=20_000)
    expect(phone.get_by_label("商品名称")).to_have_value("羊毛围巾")


def test_a_refusal_without_an_exclusion_warns_first_and_reaches_the_officer(
    stage: Stage, receipts: list[Path], phone: Page, page: Page, picture: Picture
) -> None:
    reference = ask(phone, stage, receipts, picture, "refused")
    sign_in(phone, "clerk")  # at 360 px as well
    phone.goto(f"/merchant/returns-asked/{reference}")
    fits_the_width(phone)
    phone.get_by_text("拒绝退货").click()
    phone.get_by_text("不符合退货条件", exact=True).click()
    phone.get_by_label("说明").fill("吊牌已剪")
    phone.get_by_role("button", name="拒绝", exact=True).click()
    expect(phone.get_by_text("这次拒绝可能违反承诺")).to_be_visible()
    look_at(phone, picture, "warning")
    phone.get_by_role("button", name="仍要拒绝").click()
    expect(phone.get_by_text("已拒绝，理由已发给消费者")).to_be_visible()
    look_at(phone, picture, "merchant-refused")
    phone.goto("/merchant/returns-asked?view=all")
    look_at(phone, picture, "merchant-list-phone")

    sign_in(page, "officer")
    page.goto("/regulator/returns-asked")
    look_at(page, picture, "regulator-list")
    page.get_by_role("link", name=reference).click()
    page.get_by_text("承诺有违反").click()
    page.get_by_label("核查情况和理由").fill("商品完好，吊牌不是承诺的条件。")
    look_at(page, picture, "regulator-request")
    page.get_by_role("button", name="登记结论").click()
    expect(page.get_by_text("结论已登记，企业会看到。")).to_be_visible()

    open_link(phone, stage)
    expect(phone.get_by_text("还可以怎么办")).to_be_visible()
    look_at(phone, picture, "consumer-refused")
