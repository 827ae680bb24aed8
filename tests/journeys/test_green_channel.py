"""The green channel on a phone of 360 × 740, with and without script: from the shop's page to the consumer's link."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from portal.enrolment.models import Merchant, MerchantState
from portal.notifications.queries import PrintedMessage, printed_messages
from portal.runtime import Runtime
from portal.worker import tick
from tests.browser import axe, fits_the_width
from tests.factories import people

Picture = Callable[[Page, str], Path]
BOTH = pytest.mark.parametrize("kind", ["phone", "plain_phone"])


@pytest.fixture
def slug(own_runtime: Runtime) -> str:
    """An enrolled merchant's page."""
    with own_runtime.writing() as session:
        merchant = people.merchant(session, people.authority(session), "厦门五缘百货有限公司")
        session.commit()
        return merchant.slug


def newest(runtime: Runtime) -> PrintedMessage:
    """The message that came last to any phone."""
    tick(runtime)
    with runtime.reading() as session:
        return printed_messages(session, limit=1, base_url="", openly=True, now=runtime.now())[0]


def photo(name: str, shade: int) -> dict[str, object]:
    content = io.BytesIO()
    Image.new("RGB", (320, 240), (shade, 90, 120)).save(content, "JPEG")
    return {"name": name, "mimeType": "image/jpeg", "buffer": content.getvalue()}


def go_on(page: Page, heading: str) -> None:
    """Press the one blue button and see the next part."""
    page.locator("main").get_by_role("button", name="继续", exact=True).click()
    expect(page.get_by_role("heading", level=1, name=heading)).to_be_visible()


@BOTH
def test_a_complaint_is_written_filed_and_followed(
    request: pytest.FixtureRequest, own_runtime: Runtime, slug: str, picture: Picture, kind: str
) -> None:
    page: Page = request.getfixturevalue(kind)
    page.goto(f"/complain/{slug}")
    looked_at(page, picture, f"green-start-{kind}")
    page.get_by_role("link", name="开始填写").click()

    page.get_by_label("姓名").fill("陈小满")
    page.get_by_label("手机号").fill("139")
    page.get_by_label("通讯地址").fill("厦门市湖里区嘉禾路 321 号")
    page.get_by_role("button", name="继续").click()
    expect(page.get_by_role("alert").first).to_contain_text("11 位手机号")
    looked_at(page, picture, f"green-error-{kind}")
    expect(page.get_by_label("姓名")).to_have_value("陈小满")
    page.get_by_label("手机号").fill("13959201234")
    go_on(page, "验证手机号")

    page.get_by_role("button", name="获取验证码").click()
    code = re.search(r"验证码(\d{6})", newest(own_runtime).text)
    assert code is not None
    page.get_by_label("短信验证码").fill(code.group(1))
    looked_at(page, picture, f"green-code-{kind}")
    page.get_by_role("button", name="验证", exact=True).click()

    expect(page.get_by_role("heading", level=1, name="发生了什么")).to_be_visible()
    tell_the_matter(page)
    looked_at(page, picture, f"green-matter-{kind}")
    go_on(page, "你想怎么解决")
    page.get_by_text("退款", exact=True).click()
    go_on(page, "证据")

    page.get_by_label("照片、视频或 PDF").set_input_files([photo("小票.jpg", 30), photo("跑绒.jpg", 160)])  # type: ignore[list-item]
    page.get_by_role("button", name="上传").click()
    expect(page.locator(".thumbs img")).to_have_count(2)
    if kind == "phone":
        assert page.locator(".thumbs img").first.evaluate(
            "picture => picture.decode().then(() => picture.naturalWidth)"
        )
    looked_at(page, picture, f"green-files-{kind}")
    page.get_by_role("link", name="继续").click()

    for box in page.get_by_role("checkbox").all():
        expect(box).not_to_be_checked()
    looked_at(page, picture, f"green-consent-{kind}")
    page.get_by_label("同意先行和解").check()
    page.get_by_label("同意提供个人信息").check()
    go_on(page, "核对并提交")
    looked_at(page, picture, f"green-check-{kind}")
    page.get_by_role("button", name="提交投诉").click()
    expect(page.get_by_role("heading", level=1, name="投诉已送达商家")).to_be_visible()
    looked_at(page, picture, f"green-receipt-{kind}")

    link = newest(own_runtime).link
    assert link is not None
    page.goto(link)
    expect(page.get_by_role("heading", level=1, name="投诉已送达商家")).to_be_visible()
    looked_at(page, picture, f"green-link-{kind}")


def test_photos_go_on_behind_a_lost_connection(phone: Page, slug: str) -> None:
    phone.goto(f"/complain/{slug}/you")
    phone.get_by_label("姓名").fill("陈小满")
    phone.get_by_label("手机号").fill("13959201234")
    phone.get_by_label("通讯地址").fill("厦门市湖里区嘉禾路 321 号")
    go_on(phone, "验证手机号")
    phone.goto(f"/complain/{slug}/files")
    sent = []

    def lose_the_second(route: Route) -> None:
        sent.append(route.request.url)
        if len(sent) == 2:
            route.abort("aborted")
        else:
            route.continue_()

    phone.route(
        "**/files", lambda route: lose_the_second(route) if route.request.method == "POST" else route.continue_()
    )
    photos = [photo(f"第{number}页.jpg", number * 20) for number in range(1, 6)]
    phone.get_by_label("照片、视频或 PDF").set_input_files(photos)  # type: ignore[arg-type]
    phone.get_by_role("button", name="上传").click()
    expect(phone.get_by_text("网络断了，接通后自动继续")).to_be_visible()
    expect(phone.locator(".thumbs li")).to_have_count(5)
    assert len(sent) == 6  # the lost one again, nothing twice


def tell_the_matter(page: Page) -> None:
    """Fill in what happened."""
    page.get_by_label("买的是哪一类").select_option("服装鞋帽类")
    page.get_by_label("商品或服务名称").fill("羽绒服")
    page.get_by_label("主要是什么问题").select_option("质量")
    page.get_by_text("在店里买").click()
    page.get_by_label("购买日期").fill("2026-08-02")
    page.get_by_label("涉及金额").fill("499")
    page.get_by_label("经过").fill("8 月 2 日在店里买的羽绒服，穿两次就跑绒，商家说穿过不能退。")


def test_a_suspended_merchant_says_where_to_go(phone: Page, own_runtime: Runtime, slug: str, picture: Picture) -> None:
    with own_runtime.writing() as session:
        merchant = session.query(Merchant).one()
        merchant.state, merchant.suspended_at = MerchantState.SUSPENDED, own_runtime.now()
        session.commit()
    phone.goto(f"/complain/{slug}")
    expect(phone.get_by_text("已暂停接收投诉")).to_be_visible()
    looked_at(phone, picture, "green-closed")


def looked_at(page: Page, picture: Picture, name: str) -> None:
    """Keep a picture; where script runs, ask axe, and see that nothing sticks out at the side."""
    picture(page, name)
    if "plain" not in name:
        axe(page)
        fits_the_width(page)
