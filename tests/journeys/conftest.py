"""Journeys in Chromium: the real application behind a real server, looked at wide, on a phone, and without script."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.serving import WSGIRequestHandler, make_server

from portal.app import create_app
from portal.runtime import Runtime
from tests import browser as chromium
from tests.browser import PHONE, WIDE, Watched, assert_no_csp_violations

OpenContext = Callable[..., BrowserContext]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here is a journey."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


class Silent(WSGIRequestHandler):
    """Serves without a line for every request."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  werkzeug's own name
        """Say nothing."""


@pytest.fixture
def database() -> str:
    """Journeys run on SQLite; one that must hold on both says @pytest.mark.parametrize("database", […])."""
    return "sqlite"


@pytest.fixture
def address(own_runtime: Runtime) -> Iterator[str]:
    """The application on a database of this test's own, behind a threaded WSGI server on 127.0.0.1."""
    app = create_app(own_runtime)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Silent)
    server.daemon_threads = True
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    serving.join()
    server.server_close()


@pytest.fixture
def open_context(browser: Browser, address: str) -> Iterator[OpenContext]:
    """Open a browser profile: `open_context(viewport=PHONE, java_script_enabled=False)`; all are watched."""
    opened: list[tuple[BrowserContext, Watched]] = []

    def make(**options: object) -> BrowserContext:
        context = browser.new_context(base_url=address, locale="zh-CN", **{"viewport": WIDE, **options})
        context.set_default_timeout(10_000)
        opened.append((context, Watched(context)))
        return context

    yield make
    for context, _ in opened:
        context.close()
    for _, watched in opened:
        assert_no_csp_violations(watched)


@pytest.fixture
def page(open_context: OpenContext) -> Page:
    """A page as wide as a desk."""
    return open_context().new_page()


@pytest.fixture
def phone(open_context: OpenContext) -> Page:
    """A page of 360 × 740."""
    return open_context(viewport=PHONE, has_touch=True, is_mobile=True).new_page()


@pytest.fixture
def plain_phone(open_context: OpenContext) -> Page:
    """A phone whose browser runs no script."""
    return open_context(viewport=PHONE, has_touch=True, is_mobile=True, java_script_enabled=False).new_page()


@pytest.fixture
def picture(tmp_path: Path) -> Callable[[Page, str], Path]:
    """Keep a picture of a page under a name, in PORTAL_SCREENSHOTS or the test's folder."""
    return lambda page, name: chromium.screenshot(page, name, tmp_path)
