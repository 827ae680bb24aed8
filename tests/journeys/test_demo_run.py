"""`portal demo` as a visitor meets it: one command, an address, and a sign-in for every role that works."""

import http.cookiejar
import json
import re
import select
import signal
import urllib.error
import urllib.parse
import urllib.request

import pytest

from portal.core.actor import Role
from tests.journeys.test_run import data as data
from tests.journeys.test_run import port as port
from tests.journeys.test_run import processes
from tests.journeys.test_run import start as start

PATIENCE = 180  # seconds; the readme promises one, on an idle machine


def announced(run):
    ready, _, _ = select.select([run.stdout], [], [], PATIENCE)
    assert ready, "portal demo said nothing"
    return json.loads(run.stdout.readline())


def sign_in(site, name, password):
    """Sign in as a browser does; returns the address and the text of the page behind it."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    with browser.open(f"{site}/sign-in") as page:
        text = page.read().decode()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', text)

    fields = {"csrf_token": token.group(1), "sign_in_name": name, "password": password}
    try:
        with browser.open(f"{site}/sign-in", urllib.parse.urlencode(fields).encode()) as page:
            return page.url, page.read().decode()
    except urllib.error.HTTPError as refusal:
        words = re.sub(r"<[^>]+>|\s+", " ", refusal.read().decode())
        pytest.fail(f"{name} was refused at {refusal.url} with {refusal.code}: {words}")


def test_the_demo_announces_sign_ins_that_work_and_is_made_only_once(start, data, port):
    run = start("demo", "--port", str(port), "--json")
    told = announced(run)
    assert told["address"] == f"http://127.0.0.1:{port}"
    assert told["data"] == str(data)
    assert {one["role"] for one in told["sign_ins"]} == {role.value for role in Role}
    for one in told["sign_ins"]:
        url, page = sign_in(told["address"], one["name"], one["password"])
        assert "sign-in" not in url, one
        assert one["person"] in page, one
    run.send_signal(signal.SIGTERM)
    rest, _ = run.communicate(timeout=60)
    assert rest == ""
    assert processes(data) == {}
    before = (data / "keys" / "sealing_keys").read_text()
    again = start("demo", "--port", str(port), "--json")
    assert announced(again) == told
    assert (data / "keys" / "sealing_keys").read_text() == before
    again.send_signal(signal.SIGTERM)
    _, complaints = again.communicate(timeout=60)
    assert "正在准备" not in complaints
