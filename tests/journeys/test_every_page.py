"""Every page of the access table on a phone of 360 × 740: usable by everyone, and nothing sticks out at the side.

Chromium asks the application in this process; no server runs, and nothing is kept.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import OK
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Route
from sqlalchemy.orm import Session

from tests.browser import PHONE, Watched, assert_no_csp_violations, axe, fits_the_width
from tests.inspector import InspectingClient
from tests.sweeps.routes import DOORS
from tests.sweeps.test_routes import address, endpoints, method_of
from tests.sweeps.world import World, make_world

CALLERS = {  # the first whom a page lets in looks at it
    "admin": ("admin",),
    "consumer": ("visitor",),
    "merchant": ("principal", "agent"),
    "public": ("visitor",),
    "regulator": ("chief", "officer", "auditor"),
    "staff": ("chief", "principal"),
}
HOST = "http://localhost"
Knocker = Callable[[str], InspectingClient]
Answer = tuple[int, dict[str, str], bytes]  # status, headers, body


@pytest.fixture
def world(session: Session) -> World:
    return make_world(session)


@pytest.fixture
def knocker(app: Flask, world: World, client_for: Callable[..., InspectingClient]) -> Knocker:
    """A caller's client, signed in once."""
    known: dict[str, InspectingClient] = {}

    def client_of(caller: str) -> InspectingClient:
        if caller not in known:
            client = app.test_client() if caller == "visitor" else client_for(world.members[caller])
            assert isinstance(client, InspectingClient)
            client.inspect = False  # the sweep of routes does
            known[caller] = client
        return known[caller]

    return client_of


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A phone whose requests are answered below."""
    context = browser.new_context(base_url=HOST, locale="zh-CN", viewport=PHONE, has_touch=True, is_mobile=True)  # type: ignore[arg-type]
    watched = Watched(context)
    yield context.new_page()
    context.close()
    assert_no_csp_violations(watched)


@pytest.fixture
def answers(knocker: Knocker) -> "Answers":
    """What the application says to the phone."""
    return Answers(knocker)


def test_every_page_is_usable_on_a_phone(app: Flask, world: World, answers: "Answers", phone: Page) -> None:
    phone.route("**/*", answers.give)
    problems: list[str] = []
    looked_at = 0
    for endpoint, rule in endpoints(app).items():
        door = DOORS[endpoint]
        if method_of(rule) != "GET":
            continue
        path = address(app, rule, world.values(door.subject) if door.subject else {})
        if answers.led_to(CALLERS[door.audience], path):
            looked_at += 1
            problems += looked(phone, path, answers.caller)
    assert not problems, "\n\n".join(problems)
    assert looked_at > 150, "most doors that are looked through lead to a page"


@dataclass
class Answers:
    """What the application says to the browser of one caller."""

    knocker: Knocker
    caller: str = "visitor"
    known: dict[str, Answer] = field(default_factory=dict)  # files of style and script, and the page about to be shown

    def give(self, route: Route) -> None:
        """Answer one request."""
        place = urlsplit(route.request.url)
        path = f"{place.path}?{place.query}" if place.query else place.path
        if path not in self.known and place.path.startswith("/static/"):
            self.known[path] = self._asked(path)
        status, headers, body = self.known.get(path) or self._asked(path)
        route.fulfill(status=status, headers=headers, body=body)

    def led_to(self, callers: tuple[str, ...], path: str) -> bool:
        """Become the first whom this path lets in; say whether it is to a page, and not to a file or further on."""
        for caller in callers:
            self.caller = caller
            status, headers, body = self._asked(path)
            if status == OK:
                self.known[path] = status, headers, body
                return headers["Content-Type"].startswith("text/html")
        return False

    def _asked(self, path: str) -> Answer:
        answer = self.knocker(self.caller).get(path)
        headers = {name: value for name, value in answer.headers if name != "Set-Cookie"}
        known = answer.status_code, headers, answer.data
        answer.close()
        return known


def looked(page: Page, path: str, caller: str) -> list[str]:
    """What is wrong with one page."""
    page.goto(path)
    found = []
    for look in (axe, fits_the_width):
        try:
            look(page)
        except AssertionError as objection:
            found.append(f"as {caller}: {objection}")
    return found
