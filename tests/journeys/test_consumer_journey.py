"""The consumer's way from the link to the end, on a phone of 360 × 740, with and without script."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from portal.runtime import Runtime
from portal.settlements import actions
from tests.browser import PHONE, axe, fits_the_width
from tests.conftest import FixedClock
from tests.factories import standings
from tests.factories.standings import Standing
from tests.journeys.conftest import OpenContext

Picture = Callable[[Page, str], Path]
Arrive = Callable[..., Standing]
BOTH = pytest.mark.parametrize("kind", ["phone", "plain_phone"])


@pytest.fixture
def arrive(own_runtime: Runtime, clock: FixedClock) -> Arrive:
    """Bring a complaint to the end of a story and the clock to its moment."""

    def make(story: Callable[[Session], standings.Made]) -> Standing:
        with own_runtime.writing() as session:
            standing = standings.made(session, story)
        clock.moment = standing.now
        return standing

    return make


@BOTH
def test_an_offer_is_accepted_paid_confirmed_and_rated(
    request: pytest.FixtureRequest, arrive: Arrive, own_runtime: Runtime, clock: FixedClock, picture: Picture, kind: str
) -> None:
    page: Page = request.getfixturevalue(kind)
    standing = arrive(standings.offered)
    page.goto(standing.path)
    for choice in page.locator(".choice").all():  # all that is needed lies above the fold
        box = choice.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= PHONE["height"]
    picture(page, f"consumer-offer-{kind}")

    page.get_by_role("link", name="接受，收到 ¥800").click()
    expect(page.get_by_text("不会被撤销；未按期收到，可在本页要求市场监管部门处理")).to_be_visible()
    page.get_by_role("button", name="确认接受，收到 ¥800").click()
    expect(page.get_by_role("heading", name="你已接受，等待商家付款")).to_be_visible()
    picture(page, f"consumer-receipt-{kind}")

    clock.advance(days=2)
    record = actions.RecordPerformance(standing.dispute.case.reference, clock.now().date(), None, "已原路退款。")
    own_runtime.perform(standing.dispute.agent, actions.record_performance, record)
    page.reload()
    expect(page.get_by_role("heading", name="商家说已经付款，你收到了吗")).to_be_visible()
    page.get_by_role("button", name="已收到款").click()
    expect(page.get_by_role("heading", name="你已确认收到款，投诉办结")).to_be_visible()
    page.get_by_role("button", name="满意", exact=False).first.click()
    expect(page.get_by_text("谢谢你的评价。")).to_be_visible()


@BOTH
def test_a_counter_is_corrected_and_sent(request: pytest.FixtureRequest, arrive: Arrive, kind: str) -> None:
    page: Page = request.getfixturevalue(kind)
    page.goto(arrive(standings.offered_goods).path)
    page.get_by_role("link", name="不接受，我想要…").click()
    page.get_by_label("想怎么解决").select_option("退货退款")
    page.get_by_label("退给我多少钱").fill("900")
    page.get_by_role("button", name="发给商家").click()
    expect(page.get_by_role("alert").first).to_contain_text("不能超过争议金额 ¥800.00")
    if kind == "phone":
        axe(page)
        fits_the_width(page)
    page.get_by_label("退给我多少钱").fill("800")
    page.get_by_role("button", name="发给商家").click()
    expect(page.get_by_role("heading", name="已把你的要求发给商家")).to_be_visible()


@BOTH
def test_the_authority_is_asked_after_a_question(request: pytest.FixtureRequest, arrive: Arrive, kind: str) -> None:
    page: Page = request.getfixturevalue(kind)
    page.goto(arrive(standings.failed_to_choose).path)
    page.locator(".choice", has_text="请市场监督管理部门处理").click()
    page.get_by_role("button", name="确认请求处理").click()
    expect(page.get_by_role("heading", name="没有谈成，由市场监督管理部门处理")).to_be_visible()


@BOTH
def test_photos_go_up_from_a_phone(
    request: pytest.FixtureRequest, arrive: Arrive, tmp_path: Path, picture: Picture, kind: str
) -> None:
    page: Page = request.getfixturevalue(kind)
    page.goto(arrive(standings.waiting).path)
    photo = picture(page, "photo")
    page.get_by_role("link", name="补充照片或文件").click()
    page.get_by_label("照片、视频或 PDF").set_input_files([photo])
    page.get_by_role("button", name="上传").click()
    expect(page.get_by_text("已收到 1 个文件。")).to_be_visible()


def test_every_state_can_be_used_by_everyone(phone: Page, arrive: Arrive, picture: Picture) -> None:
    for story in standings.TITLES:
        phone.goto(arrive(story).path)
        axe(phone)
        fits_the_width(phone)
        picture(phone, f"consumer-{story.__name__}")


def test_every_screen_of_an_answer_can_be_used_by_everyone(phone: Page, arrive: Arrive) -> None:
    screens = {
        standings.offered_dear: ("accept", "counter", "refuse", "evidence", "escalation", "withdrawal", "privacy"),
        standings.failed_to_choose: ("rest",),
        standings.confirmed: ("rating",),
    }
    for story, paths in screens.items():
        standing = arrive(story)
        for path in paths:
            phone.goto(f"{standing.path}/{path}")
            axe(phone)
            fits_the_width(phone)


def test_errors_can_be_used_by_everyone(phone: Page, arrive: Arrive) -> None:
    standing = arrive(standings.offered_dear)
    phone.goto(f"{standing.path}/accept")
    phone.get_by_role("button", name="获取验证码").click()
    phone.get_by_label("短信验证码").fill("12")
    phone.get_by_role("button", name="确认接受").click()
    expect(phone.get_by_text("验证码是 6 位数字。").first).to_be_visible()
    axe(phone)
    phone.goto(arrive(standings.confirmed).path + "/rating")
    phone.get_by_role("button", name="提交评价").click()
    expect(phone.get_by_text("请选一个最主要的原因。").first).to_be_visible()
    axe(phone)
    phone.goto(arrive(standings.waiting).path + "/evidence")
    phone.get_by_role("button", name="上传").click()
    expect(phone.get_by_text("还没有选文件").first).to_be_visible()
    axe(phone)
    phone.goto(arrive(standings.waiting).path + "/accept")
    expect(phone.get_by_role("alert").first).to_contain_text("现在没有等待你答复的方案")
    axe(phone)
    phone.goto("/c/" + "a" * 20)
    axe(phone)
    phone.get_by_role("button", name="发新链接到我的手机").click()
    expect(phone.get_by_role("heading", name="请留意短信")).to_be_visible()
    axe(phone)


@pytest.mark.parametrize("look", ["dark", "large"])
def test_dark_and_large_type_keep_their_contrast_and_width(
    open_context: OpenContext, arrive: Arrive, picture: Picture, address: str, look: str
) -> None:
    context = open_context(viewport=PHONE, color_scheme="dark" if look == "dark" else "light")
    if look == "large":
        context.add_cookies([{"name": "size", "value": "large", "url": address}])
    page = context.new_page()
    for story in (standings.offered, standings.agreed, standings.breached, standings.failed_to_choose):
        page.goto(arrive(story).path)
        axe(page)
        fits_the_width(page)
        picture(page, f"consumer-{story.__name__}-{look}")
