"""Chromium for tests: found on the machine, never downloaded; pages are watched for broken script and policy."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
NO_BROWSER = "no Chromium on this machine: install chromium and fonts-noto-cjk to run the journeys"


def chromium_path() -> str | None:
    """Where a Chromium lies: PORTAL_TEST_BROWSER, else the first of the usual names."""
    return os.environ.get("PORTAL_TEST_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def launched_chromium() -> Iterator[Browser]:
    """Start Chromium; without one the test is skipped with the reason, but fails in CI."""
    path = chromium_path()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(NO_BROWSER, pytrace=False)
        pytest.skip(NO_BROWSER)
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*QUIET, *as_root])
        yield browser
        browser.close()


class Watched:
    """What went wrong on the pages of one context: refused by the content policy, errors of script, lost requests."""

    def __init__(self, context: BrowserContext) -> None:
        self.violations: list[str] = []
        self.errors: list[str] = []
        context.on("page", self._watch)
        context.on("console", self._listen)
        context.on("weberror", lambda problem: self.errors.append(str(problem.error)))

    def _watch(self, page: Page) -> None:
        page.on("requestfailed", self._lost)

    def _listen(self, message: Any) -> None:
        if "Content Security Policy" in message.text or "Content-Security-Policy" in message.text:
            self.violations.append(message.text)

    def _lost(self, request: Any) -> None:
        if "ERR_ABORTED" not in (request.failure or ""):  # a download, or a page left before it was there
            self.errors.append(f"{request.method} {request.url}: {request.failure}")


def assert_no_csp_violations(watched: Watched) -> None:
    """No page asked for what its content policy forbids, and no script broke."""
    assert watched.violations == []
    assert watched.errors == []


def axe(page: Page) -> None:
    """The page as it stands has no violation of WCAG 2.2 AA or of best practice."""
    page.wait_for_load_state()
    page.evaluate(Axe().axe_script)
    violations = page.evaluate(
        "options => axe.run(document, options).then(found => found.violations)",  # what passed is a hundred times more
        {"runOnly": {"type": "tag", "values": STANDARDS}, "resultTypes": ["violations"]},
    )
    told = [
        f"{one['id']} ({one['impact']}): {one['help']} – {node['target']} {node['html'][:160]}"
        for one in violations
        for node in one["nodes"]
    ]
    assert not told, f"{page.url}\n" + "\n".join(told)


def fits_the_width(page: Page) -> None:
    """Nothing makes the page scroll sideways."""
    page.wait_for_load_state()
    wide = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide[0] <= wide[1], f"{page.url} is {wide[0]} wide in a window of {wide[1]}"


def screenshot(page: Page, name: str, folder: Path) -> Path:
    """Keep a picture of the page under PORTAL_SCREENSHOTS, else in the test's folder."""
    chosen = Path(os.environ.get("PORTAL_SCREENSHOTS") or folder)
    chosen.mkdir(parents=True, exist_ok=True)
    file = chosen / f"{name}.png"
    page.screenshot(path=file, full_page=True, caret="initial")  # hiding it would leave style attributes behind
    return file
