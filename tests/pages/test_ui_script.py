"""What static/js/app.js and htmx add, in Chromium and under the strict content policy, on the gallery of macros."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.pages import ui_samples as samples

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

pytestmark = pytest.mark.browser


class Gallery(BaseHTTPRequestHandler):
    """Serves the sample pages; POST answers as a refusing, a beaten or a moved action would."""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.startswith("/static/"):
            file = samples.ROOT / path[1:]
            self.answer(file.read_bytes(), KINDS[file.suffix])
        elif path == "/poll":
            self.answer('<p id="poll">完成</p>'.encode())
        elif path.strip("/") in samples.PAGES:
            self.answer(self.render(path.strip("/")))
        else:
            self.answer(b"", status=204)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/redirect":
            self.send_response(303)
            self.send_header("Location", "/sign_in.html")
            self.end_headers()
        elif self.path == "/conflict":
            self.answer(self.render("errors/409.html"), status=409)
        elif self.path == "/refuse":
            self.answer(self.render("merchant_form.html", block="summary"), status=422)
        else:
            self.answer('<div id="box">新</div>'.encode())

    def render(self, name: str, block: str = "") -> bytes:
        html = samples.environment().get_template(name).render(**samples.context())
        if block:
            html = (
                '<div id="box">'
                + html[html.index('<section class="note bad"') : html.index("</section>")]
                + "</section></div>"
            )
        return html.encode()

    def answer(self, body: bytes, kind: str = "text/html", status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Gallery) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def tab(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(base_url=address)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if "Content Security Policy" in line.text else None)
    yield page
    context.close()
    assert not complaints


def test_j_and_k_walk_the_rows_and_x_picks(tab):
    tab.goto("/merchant_worklist.html")
    tab.keyboard.press("j")
    tab.keyboard.press("j")
    expect(tab.locator("tr[aria-current] a")).to_have_text("HL2609-0394")
    expect(tab.locator("tr[aria-current] a")).to_be_focused()
    tab.keyboard.press("k")
    expect(tab.locator("tr[aria-current] a")).to_have_text("HL2609-0388")
    tab.keyboard.press("x")
    expect(tab.locator("tr[aria-current] input")).to_be_checked()


def test_the_bar_counts_and_adds_what_is_picked(tab):
    tab.goto("/merchant_worklist.html")
    expect(tab.locator(".selbar b")).to_have_text("已选 2 件")
    expect(tab.locator("[data-sum]")).to_have_text("8,598.00")
    tab.get_by_label("选择本页全部").check()
    expect(tab.locator(".selbar b")).to_have_text("已选 5 件")
    tab.get_by_role("button", name="取消选择").click()
    expect(tab.locator("[data-pick-all]")).not_to_be_checked()


def test_single_keys_are_dead_in_fields_and_slash_leads_to_the_search(tab):
    tab.goto("/merchant_case.html")
    tab.keyboard.press("/")
    expect(tab.locator("#find")).to_be_focused()
    tab.keyboard.type("ac?")
    expect(tab.locator("#find")).to_have_value("ac?")
    expect(tab.locator("dialog[open]")).to_have_count(0)


def test_a_question_stands_before_an_act_and_no_means_no(tab):
    tab.goto("/merchant_case.html")
    tab.keyboard.press("a")
    expect(tab.locator("#confirm h2")).to_have_text("接受还价")
    expect(tab.locator("#confirm p")).to_have_text("接受后双方达成和解，不能撤回。")
    tab.get_by_role("button", name="再看看").click()
    expect(tab.locator("#confirm")).not_to_be_visible()
    tab.keyboard.press("a")
    with tab.expect_request("**/a") as asked:
        tab.locator("#confirm [data-yes]").click()
    assert asked.value.method == "POST"
    assert "csrf_token=token" in (asked.value.post_data or "")


def test_keys_can_be_moved_switched_off_and_stay_so(tab):
    tab.goto("/merchant_case.html")
    tab.keyboard.press("?")
    tab.get_by_role("textbox", name="接受还价").fill("c")
    tab.get_by_role("button", name="保存").click()
    expect(tab.locator("[data-keys-clash]")).to_be_visible()
    tab.get_by_role("textbox", name="接受还价").fill("g")
    tab.get_by_role("button", name="保存").click()
    expect(tab.locator('[data-key="A"]')).to_have_attribute("aria-keyshortcuts", "G")
    tab.reload()
    tab.keyboard.press("a")
    expect(tab.locator("#confirm")).not_to_be_visible()
    tab.keyboard.press("g")
    expect(tab.locator("#confirm")).to_be_visible()
    tab.keyboard.press("Escape")
    tab.get_by_role("button", name="快捷键").click()
    tab.get_by_label("使用单键快捷键").uncheck()
    tab.get_by_role("button", name="保存").click()
    expect(tab.locator('[data-key="A"] kbd')).to_be_hidden()
    tab.keyboard.press("g")
    expect(tab.locator("#confirm")).not_to_be_visible()


def test_undo_is_offered_until_its_seconds_are_over(tab):
    tab.clock.install()
    tab.goto("/merchant_form.html")
    tab.clock.run_for(4000)
    expect(tab.locator("[data-seconds]")).to_have_text("20")
    tab.clock.run_for(21000)
    expect(tab.locator(".toast")).to_have_text("已向 叶** 发出方案")


def test_the_error_summary_has_the_focus_and_leads_to_the_field(tab):
    tab.goto("/merchant_form.html")
    expect(tab.locator("#errors")).to_be_focused()
    tab.locator("#errors a[href='#amount']").click()
    expect(tab.locator("#amount")).to_be_focused()


def test_copying_takes_the_text_and_says_so(tab):
    tab.goto("/merchant_case.html")
    tab.locator('[data-copy="fill-1"]').click()
    expect(tab.locator("#say")).to_have_text("已复制")
    assert tab.evaluate("navigator.clipboard.readText()") == "2026-10-12 09:20"


def test_characters_are_counted_and_a_big_file_is_refused_at_once(tab, tmp_path):
    tab.goto("/merchant_form.html")
    tab.locator("#words").fill("同意退款")
    expect(tab.locator("#words-used")).to_have_text("已写 4 字，最多 500 字")
    big = tmp_path / "大图.jpg"
    big.write_bytes(b"0" * 21 * 1024 * 1024)
    tab.locator("#proof").set_input_files(big)
    expect(tab.locator("[data-too-big]")).to_contain_text("“大图.jpg”太大，最多 20 MB")
    assert tab.locator("#proof").input_value() == ""


def test_a_refused_fragment_is_swapped_and_focused(tab):
    tab.goto("/htmx.html")
    tab.get_by_role("button", name="/refuse").click()
    expect(tab.locator("#box #errors")).to_be_focused()


def test_a_beaten_action_is_told_and_the_page_stays(tab):
    tab.goto("/htmx.html")
    tab.get_by_role("button", name="/conflict").click()
    expect(tab.locator("#alerts")).to_contain_text("已经有人先办了")
    expect(tab.locator("#box")).to_have_text("旧")
    expect(tab.get_by_role("button", name="/conflict")).not_to_have_attribute("aria-busy", "true")


def test_polling_stops_when_the_answer_no_longer_asks_for_it(tab):
    tab.goto("/htmx.html")
    expect(tab.locator("#poll")).to_have_text("完成")


def test_a_draft_survives_a_lost_session_and_goes_once_accepted(tab):
    tab.goto("/htmx.html")
    tab.get_by_label("/redirect").fill("写到一半")
    tab.get_by_role("button", name="/redirect").click()
    tab.wait_for_url("**/sign_in.html")
    tab.goto("/htmx.html")
    expect(tab.get_by_label("/redirect")).to_have_value("写到一半")

    tab.get_by_label("/accept").fill("写完了")
    tab.get_by_role("button", name="/accept").click()
    expect(tab.locator("#box")).to_have_text("新")
    tab.reload()
    expect(tab.get_by_label("/accept")).to_have_value("")
