"""A clerk keeps the ledger by keyboard, loses the session and finds the draft; an officer opens, verifies, takes it.

The pictures of the look: wide and at 360 px, with an error, empty, with many rows.
"""

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from portal.accounts import passwords
from portal.accounts.models import Person
from portal.core.actor import Role
from portal.core.installation import Installation
from portal.runtime import Runtime
from tests.browser import PHONE, axe, fits_the_width
from tests.conftest import NOW, FixedClock
from tests.factories import books, people
from tests.journeys.conftest import OpenContext

PASSWORD = "correct horse 7"
RETURNS = "/merchant/ledgers/returns"
BLOCK = (
    "日期\t商品名称\t类别\t单价\t数量\t原因\t是否退换\t退回商品处理\n"
    "8-11\t电热毯\t家用电器\t129\t1\t善意退换\t退货退款\t退回供货商\n"
    "8-11\t散装瓜子\t散装食品\t20\t1\t善意退换\t退货退款\t贴标识再销售\n"
    "8-10\t皮鞋\t服装\t539\t1\t善意退换\t换货\t退回供货商\n"
)
PASTE = """([selector, text]) => {
  const field = document.querySelector(selector);
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", text);
  field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""
Picture = Callable[[Page, str], Path]


@pytest.fixture
def house(own_runtime: Runtime, clock: FixedClock) -> Runtime:
    """A merchant with a clerk and forty entries, its district's officer, and a merchant without entries."""
    clock.row = Installation(rehearsal=True, demo=True, clock_offset=0, made_at=NOW)
    with own_runtime.writing() as session:
        clerk = books.clerk(session)
        new = people.merchant(session, clerk.authority, "厦门新开商行")
        for name, organisation, role in (
            ("clerk", clerk.merchant.id, Role.AGENT),
            ("officer", clerk.authority.id, Role.OFFICER),
            ("newcomer", new.id, Role.AGENT),
        ):
            person = people.member(session, organisation, role).person
            person.sign_in_name, person.password_hash = name, passwords.hash_password(PASSWORD)
        books.enter(session, clerk, *({**books.return_cells(), "goods": f"不粘炒锅 {n} 号"} for n in range(40)))
        session.commit()
    return own_runtime


def sign_in(page: Page, name: str) -> None:
    page.goto("/sign-in")
    fill_in(page, name)
    page.wait_for_url(re.compile("/(merchant|regulator)/"))


def fill_in(page: Page, name: str) -> None:
    page.get_by_label("登录名").fill(name)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()


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


def rows(page: Page) -> Locator:
    return page.locator("[data-row]")


def entries(page: Page) -> Locator:
    return page.locator("tbody[data-rows] tr")


def type_row(page: Page) -> None:
    """From the consumer's name to the label by Tab alone; lists answer to their digits."""
    keys = page.keyboard
    for text in ("洪女士", "13860001234", "散装蜜饯"):
        keys.type(text)
        keys.press("Tab")
    keys.press("1")  # 散装食品
    for text in ("36.80", "2"):
        keys.press("Tab")
        keys.type(text)
    keys.press("Tab")  # 退货退款 stands there already
    keys.press("Tab")
    keys.press("5")  # 善意退换
    keys.press("Tab")
    keys.press("4")  # 贴标识再销售
    keys.press("Tab")  # 完好 stands there already
    keys.press("Tab")
    keys.type("T-20260812-01")


def test_a_ledger_is_kept_by_keyboard(house: Runtime, page: Page, picture: Picture) -> None:
    sign_in(page, "clerk")
    page.goto(RETURNS)
    look(page, picture, "ledger")
    page.keyboard.press("n")
    expect(page.get_by_label("消费者姓名")).to_be_focused()
    type_row(page)
    page.keyboard.press("Enter")
    expect(page.get_by_text("散装食品不能再销售。请改为“退回供货商”或“退回生产者”。")).to_be_visible()
    expect(page.get_by_label("退换回商品处理方式")).to_be_focused()
    look(page, picture, "ledger-error")
    page.keyboard.press("1")  # 退回供货商
    page.get_by_label("标识号").fill("")
    page.keyboard.press("Enter")
    expect(page.get_by_text("已存入 1 笔")).to_be_visible()
    expect(entries(page).first).to_contain_text("散装蜜饯")
    expect(page.get_by_label("消费者姓名")).to_be_focused()
    scan(page)
    paste_and_lose_the_session(house, page, picture)
    amend(page, picture)


def scan(page: Page) -> None:
    """A scanner's Enter moves on and stores nothing."""
    page.get_by_label("条形码").focus()
    page.keyboard.type("6901234567892")
    page.keyboard.press("Enter")
    expect(page.get_by_label("消费者姓名")).to_be_focused()
    expect(page.get_by_label("条形码")).to_have_value("6901234567892")
    expect(rows(page)).to_have_count(1)
    with page.expect_response(re.compile("/returns/draft")):
        page.get_by_label("条形码").fill("")
        page.get_by_label("条形码").blur()


def paste_and_lose_the_session(house: Runtime, page: Page, picture: Picture) -> None:
    page.evaluate(PASTE, ["[data-row] [name=goods]", BLOCK])
    expect(rows(page)).to_have_count(3)
    rows(page).first.get_by_label("退换商品名称").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("已存入 2 笔。还有 1 行需要修改。")).to_be_visible()
    expect(rows(page)).to_have_count(1)
    with page.expect_response(re.compile("/returns/draft")):
        page.get_by_label("消费者姓名").fill("卢女士")
        page.get_by_label("消费者姓名").blur()
    end_sessions(house)
    page.get_by_label("退换商品名称").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/sign-in"))
    fill_in(page, "clerk")
    page.wait_for_url(re.compile(RETURNS))
    expect(page.get_by_text("已恢复没有存入的 1 行")).to_be_visible()
    expect(page.get_by_label("退换商品名称")).to_have_value("散装瓜子")
    expect(page.get_by_label("消费者姓名")).to_have_value("卢女士")
    look(page, picture, "ledger-draft")
    page.get_by_label("退换回商品处理方式").select_option("supplier")
    page.get_by_label("退换商品名称").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("已存入 1 笔")).to_be_visible()
    expect(entries(page).first).to_contain_text("散装瓜子")


def end_sessions(house: Runtime) -> None:
    """Every session is ended, as by an administrator or by long idleness; the browser knows nothing of it."""
    with house.writing() as session:
        for person in session.scalars(select(Person)):
            person.session_stamp = f"ended {person.id}"
        session.commit()


def amend(page: Page, picture: Picture) -> None:
    entries(page).first.get_by_role("link").first.click()
    look(page, picture, "ledger-entry")
    page.get_by_role("link", name="更正").click()
    page.get_by_label("更正原因").fill("数量录入错误")
    page.get_by_label("数量").fill("-3")
    page.get_by_role("button", name="登记更正").click()
    expect(page.locator("[data-errors]")).to_be_focused()
    expect(page.get_by_label("更正原因")).to_have_value("数量录入错误")
    look(page, picture, "ledger-amend-error")
    page.get_by_label("数量").fill("3")
    page.get_by_role("button", name="登记更正").click()
    expect(page.get_by_text("更正第 44 笔")).to_be_visible()
    page.get_by_role("link", name="返回台账").click()
    expect(page.get_by_text("已由第 45 笔更正")).to_be_visible()
    page.get_by_role("button", name="验证台账").click()
    expect(page.get_by_text("通过：台账完整，没有被改动")).to_be_visible()
    look(page, picture, "ledger-check")


def test_a_new_merchants_ledger_is_empty(house: Runtime, page: Page, picture: Picture) -> None:
    sign_in(page, "newcomer")
    for book in ("returns", "complaints"):
        page.goto(f"/merchant/ledgers/{book}")
        expect(page.get_by_text(re.compile("还没有登记过"))).to_be_visible()
        look(page, picture, f"ledger-empty-{book}")
    page.goto(f"{RETURNS}/import")
    look(page, picture, "ledger-import")


def test_an_officer_opens_verifies_and_takes_a_ledger(
    house: Runtime, page: Page, picture: Picture, tmp_path: Path
) -> None:
    sign_in(page, "officer")
    page.goto("/regulator/ledgers")
    look(page, picture, "ledgers")
    page.get_by_role("link", name=re.compile("厦门鹭湾")).click()
    look(page, picture, "ledgers-closed")
    page.get_by_role("button", name="打开台账").click()
    expect(page.locator("[data-errors]")).to_be_focused()
    page.get_by_label("日常检查").check()
    page.get_by_role("button", name="打开台账").click()
    expect(page.get_by_text("已打开：日常检查")).to_be_visible()
    look(page, picture, "ledgers-open")
    page.get_by_role("link", name="退换货台账").click()
    expect(page.get_by_text("洪**").first).to_be_visible()
    look(page, picture, "ledgers-book")
    page.get_by_role("button", name="验证台账").click()
    expect(page.get_by_text("通过：台账完整，没有被改动")).to_be_visible()
    look(page, picture, "ledgers-check")
    with page.expect_download() as started:
        page.get_by_role("button", name="下载可验证副本").click()
    told = verified(started.value.path(), tmp_path)
    assert (told["ok"], told["entries"]) == (True, 40)


def verified(bundle: Path, folder: Path) -> dict[str, object]:
    """What the bundle's own program says of it."""
    with zipfile.ZipFile(bundle) as packed:
        (folder / "verify.py").write_bytes(packed.read("verify.py"))
    file = folder / "bundle.zip"
    file.write_bytes(bundle.read_bytes())
    command = [sys.executable, "-I", str(folder / "verify.py"), str(file), "--json"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    told: dict[str, object] = json.loads(answer.stdout)
    return told


def test_without_script_a_return_is_entered_all_the_same(house: Runtime, open_context: OpenContext) -> None:
    page = open_context(java_script_enabled=False).new_page()
    sign_in(page, "clerk")
    page.goto(RETURNS)
    row = rows(page)
    row.get_by_label("退换商品名称").fill("女式风衣")
    row.get_by_label("商品类别").select_option("clothing")
    row.get_by_label("单价（元）").fill("459")
    row.get_by_label("退换原因").select_option("goodwill")
    row.get_by_label("退换回商品处理方式").select_option("supplier")
    row.get_by_role("button", name="存入").click()
    expect(page.get_by_text("已存入 1 笔")).to_be_visible()
    expect(entries(page).first).to_contain_text("女式风衣")
