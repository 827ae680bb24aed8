"""A test client that reads every HTML answer as an inspector would."""

import re
import time
from collections import Counter
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.test import TestResponse

from portal.accounts.models import Membership
from portal.runtime import Runtime

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}
NAMELESS_CONTROLS = {"hidden", "submit", "button", "image", "reset"}
FULL_PHONE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
HASH = re.compile(r"[0-9a-f]{64}")  # of whose digits eleven may look like a number; a cell's number may stand before
MAIL = re.compile(r"[\w.]+@[\w.]+\.\w+")


class InspectingClient(FlaskClient):
    """A browser without script that fails the test when a page breaks the house rules."""

    inspect = True

    def sign_in(self, membership: Any, runtime: Runtime) -> None:
        """Open a session for a membership without typing the password (which costs argon2's time)."""
        with runtime.reading() as session:
            row = session.scalars(
                select(Membership).where(Membership.id == membership.id).options(joinedload(Membership.person))
            ).one()
            cookie = f"{row.id}:{row.person.session_stamp}"
        with self.session_transaction() as stored:
            stored["_user_id"] = cookie
            stored["_fresh"] = True
            stored["seen"] = int(time.time())
            stored["second_factor"] = True

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send a request and inspect the answer if it is a page."""
        response = super().open(*args, **{"buffered": True, **kwargs})  # read whole, so that files are closed
        if self.inspect and response.mimetype == "text/html" and response.get_data():
            problems = objections(response.get_data(as_text=True), path=response.request.path)
            assert not problems, f"{response.request.path}: " + "; ".join(problems)
        return response

    def token(self, path: str) -> str:
        """The CSRF token of a page's first form."""
        return form_token(self.get(path).get_data(as_text=True))

    def submit(
        self, path: str, values: dict[str, Any] | None = None, *, page: str | None = None, **kwargs: Any
    ) -> TestResponse:
        """Post a form as the page at `page` (default: the same path) would, with its CSRF token."""
        return self.post(path, data={"csrf_token": self.token(page or path), **(values or {})}, **kwargs)


def form_token(html: str) -> str:
    """Find the CSRF token in a page."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', html)
    assert found, "the page has no form with a CSRF token"
    return found.group(1)


def objections(html: str, *, path: str = "") -> list[str]:
    """Say everything that is wrong with a page or fragment."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    whole = html.lstrip().lower().startswith("<!doctype")
    root = parser.parse(html) if whole else parser.parseFragment(html)
    problems = [f"HTML: {code} at {position}" for position, code, _ in parser.errors]
    elements = [element for element in root.iter() if isinstance(element.tag, str)]
    problems += _ids(elements) + _controls(elements) + _forms(elements) + _inline(elements) + _words(root, path)
    if whole:
        problems += _headings(elements)
    return problems


def _headings(elements: list[Element]) -> list[str]:
    headings = [_text(one) for one in elements if one.tag == "h1"]
    titles = [_text(one) for one in elements if one.tag == "title"]
    if len(headings) != 1 or len(titles) != 1:
        return [f"{len(headings)} h1 and {len(titles)} title elements"]
    title = titles[0].removeprefix("错误：")
    return [] if title.startswith(headings[0]) else [f"the title “{title}” does not start with the h1 “{headings[0]}”"]


def _ids(elements: list[Element]) -> list[str]:
    counted = Counter(one.get("id") for one in elements if one.get("id"))
    problems = [f"id {name} occurs {count} times" for name, count in counted.items() if count > 1]
    referring = [(one, key) for one in elements for key in ("aria-describedby", "aria-labelledby") if one.get(key)]
    return problems + [
        f"{key} names {name}, which is not there"
        for one, key in referring
        for name in (one.get(key) or "").split()
        if name not in counted
    ]


def _controls(elements: list[Element]) -> list[str]:
    labelled = {one.get("for") for one in elements if one.tag == "label"}
    inside = {id(child) for one in elements if one.tag == "label" for child in one.iter()}
    return [
        f"the control {one.get('name')} has no label"
        for one in elements
        if one.tag in {"input", "select", "textarea"}
        and one.get("type") not in NAMELESS_CONTROLS
        and not (one.get("id") in labelled or id(one) in inside or one.get("aria-label") or one.get("aria-labelledby"))
    ]


def _forms(elements: list[Element]) -> list[str]:
    problems = []
    for form in (one for one in elements if one.tag == "form"):
        if not form.get("action") or not form.get("method"):
            problems.append("a form lacks action or method")
        if (form.get("method") or "").lower() == "post" and not any(
            one.get("name") == "csrf_token" for one in form.iter("input")
        ):
            problems.append(f"the form to {form.get('action')} lacks the CSRF token")
    return problems


def _inline(elements: list[Element]) -> list[str]:
    problems = []
    for one in elements:
        if one.tag == "style" or one.get("style") is not None or (one.tag == "script" and not one.get("src")):
            problems.append(f"inline script or style in <{one.tag}>")
        problems += [f"{name} on <{one.tag}>" for name in one.keys() if name.startswith("on")]  # noqa: SIM118
        for key in ("src", "href", "action"):
            if (one.get(key) or "").startswith(("http://", "https://", "//", "javascript:")) and one.tag != "a":
                problems.append(f"external address in <{one.tag}>")
    return problems


def _words(root: Element, path: str) -> list[str]:
    text = _text(root)
    problems = [
        f"the word {word} is shown" for word in ("None", "undefined", "Undefined", "{{", "StrEnum") if word in text
    ]
    if path.startswith(("/c/", "/m/", "/commitments", "/verify", "/complain")):
        problems += [f"a full phone number is shown: {found[:3]}…" for found in FULL_PHONE.findall(HASH.sub("", text))]
        problems += ["a mail address is shown" for _ in MAIL.findall(text)]
    return problems


def _text(element: Element) -> str:
    return re.sub(r"\s+", " ", "".join(_pieces(element))).strip()


def _pieces(element: Element) -> Any:
    if isinstance(element.tag, str) and element.tag not in {"script", "style"} and element.text:
        yield element.text
    for child in element:
        yield from _pieces(child)
        if child.tail:
            yield child.tail
