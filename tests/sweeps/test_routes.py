"""Every route, tried as a visitor, as each kind of actor, as a stranger merchant and a stranger district's officer."""

import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from portal import web
from portal.clocks.queries import almanac
from tests.conftest import BoundRuntime
from tests.inspector import InspectingClient, objections
from tests.queries import Statements, counted
from tests.sweeps.routes import DOORS, Door
from tests.sweeps.world import GUESSES, SUBJECTS, Values, World, make_world


@dataclass
class Visit:
    """One door tried by one caller."""

    answer: TestResponse
    said: Statements  # to the database


Knock = Callable[[str, Rule, Door], Visit]

KINDS = {  # who comes to the doors
    "visitor": "visitor",
    "agent": "merchant",
    "supervisor": "merchant",
    "principal": "merchant",
    "neighbour": "merchant",
    "stranger merchant": "merchant",
    "officer": "regulator",
    "auditor": "regulator",
    "chief": "regulator",
    "stranger officer": "regulator",
    "admin": "admin",
}
STRANGERS = frozenset({"neighbour", "stranger merchant", "stranger officer"})  # another merchant, another district
RIGHT = frozenset({200, 204, 303, 409, 422})  # an empty form is refused in words, a stale one told so
PAGE_BYTES, CONSUMER_BYTES = 60_000, 35_000  # compressed, with style, script and icons
ONE_OF_EACH = ("visitor", "agent", "officer", "admin")
CLOSED = frozenset({403, 404})
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def rules(app: Flask) -> list[Rule]:
    return sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)


def endpoints(app: Flask) -> dict[str, Rule]:
    return {rule.endpoint: rule for rule in rules(app) if rule.endpoint != "static"}


def method_of(rule: Rule) -> str:
    return next(method for method in METHODS if method in (rule.methods or ()))


@pytest.fixture
def world(session: Session) -> World:
    return make_world(session)


@pytest.fixture
def knock(app: Flask, runtime: BoundRuntime, world: World, client_for: Callable[..., InspectingClient]) -> Knock:
    """Try one door as one caller; whatever it changes is undone. What breaks answers 500, as for people."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    name = app.config["SESSION_COOKIE_NAME"]

    @cache
    def arrived(caller: str) -> tuple[str, str]:
        """The cookie and the CSRF token of a caller whose browser has just been opened."""
        client = app.test_client() if caller == "visitor" else client_for(world.members[caller])
        token, cookie = signed_token(app, client), client.get_cookie(name)
        assert cookie
        return cookie.value, token

    def ask(caller: str, rule: Rule, door: Door) -> Visit:
        client = app.test_client()
        client.inspect = False  # once is enough: see tried
        cookie, token = arrived(caller)
        client.set_cookie(name, cookie)
        values = world.values(door.subject) if door.subject else {}
        form = {**door.form, **(world.values(door.posts) if door.posts else {})}
        path = address(app, rule, values)
        headers = {"X-CSRFToken": token}
        almanac(world.session)  # each minute a page reads it anew; not while statements are counted
        with runtime.connection.begin_nested() as savepoint, counted(runtime.engine) as said:
            answer = client.open(path, method=method_of(rule), data=form or None, headers=headers)
            answer.get_data()  # a file is read while its rows are there
            answer.close()
            savepoint.rollback()
        return Visit(answer, said)

    return ask


def address(app: Flask, rule: Rule, values: Values) -> str:
    with app.test_request_context():
        return app.url_map.bind("localhost").build(rule.endpoint, values, method=method_of(rule))


def signed_token(app: Flask, client: InspectingClient) -> str:
    """The CSRF token as a page of this session would hold it."""
    with client.session_transaction() as stored:
        stored["csrf_token"] = "0" * 40
    return str(URLSafeTimedSerializer(app.config["SECRET_KEY"], salt="wtf-csrf-token").dumps("0" * 40))


def test_every_endpoint_is_in_the_access_table(built: Flask) -> None:
    known = endpoints(built)
    missing = [f"    {line(endpoint, rule)}" for endpoint, rule in sorted(known.items()) if endpoint not in DOORS]
    assert not missing, "add to DOORS in tests/sweeps/doors/:\n" + "\n".join(missing)
    assert not DOORS.keys() - known.keys(), "these endpoints are gone: remove their lines"


def line(endpoint: str, rule: Rule) -> str:
    """The line to add, with a guess at the subject."""
    audience = endpoint.partition(".")[0].rpartition("_")[2]
    subject = next((subject for piece, subject in GUESSES if piece in rule.rule), "…" if rule.arguments else "")
    return f'"{endpoint}": Door("{audience}"' + (f', "{subject}"' if subject else "") + "),"


def test_a_door_names_a_known_subject() -> None:
    assert sorted({one for door in DOORS.values() for one in (door.subject, door.posts)} - SUBJECTS.keys() - {""}) == []


def test_a_door_stands_in_the_blueprint_of_its_audience(built: Flask) -> None:
    for endpoint, door in DOORS.items():
        said = endpoint.partition(".")[0].rpartition("_")[2]
        assert said == door.audience, f"{endpoint}: the blueprint says {said}, the table {door.audience}"
        assert said in web.AUDIENCES
    for endpoint, rule in endpoints(built).items():
        if endpoint not in DOORS:
            continue
        head = rule.rule.split("/")[1]
        if head in {"merchant", "regulator", "admin"}:
            assert DOORS[endpoint].audience == head, (
                f"{rule.rule} lies below /{head}/ but is {DOORS[endpoint].audience}'s"
            )
        if DOORS[endpoint].audience in {"merchant", "regulator", "admin"}:
            assert head == DOORS[endpoint].audience, f"{rule.rule}: write /{DOORS[endpoint].audience}{rule.rule}"


def test_urls_are_kebab_case_and_carry_references(built: Flask) -> None:
    for rule in rules(built):
        if rule.endpoint == "static":
            continue
        fixed = re.sub(r"<[^>]*>", "", rule.rule)
        assert re.fullmatch(r"[a-z0-9/.:-]*", fixed), f"{rule.rule}: write it in kebab-case"
        assert not re.search(r"<int:(?!round_number|size)|<float|<uuid|_id>|<id>|<key>", rule.rule), (
            f"{rule.rule}: carry a public reference, never a key"
        )


def test_a_view_answers_one_method(built: Flask) -> None:
    for rule in rules(built):
        written = set(rule.methods or ()) - {"HEAD", "OPTIONS"}
        assert len(written) == 1, f"{rule.endpoint} answers {sorted(written)}: write one view for each"


def test_every_door_opens_for_its_own_and_for_nobody_else(app: Flask, knock: Knock) -> None:
    """And looking writes nothing, pages are small, say little to the database, and pass the inspector."""
    problems: list[str] = []
    for endpoint, rule in endpoints(app).items():
        if endpoint in DOORS:
            problems += tried(app, knock, rule, DOORS[endpoint])
    assert not problems, "\n".join(problems)


def tried(app: Flask, knock: Knock, rule: Rule, door: Door) -> list[str]:
    """Everything that is wrong with one door."""
    problems: list[str] = []
    inspected: set[int] = set()
    opened = False
    for caller in callers(door):
        wanted, visit = expected(caller, door), knock(caller, rule, door)
        status = visit.answer.status_code
        found = objection_to_answer(wanted, visit.answer, door)
        if status not in inspected:
            inspected.add(status)
            found += objections_to_page(app, visit, door, rule.rule)
        if wanted == "open":
            opened = opened or status != 403
            if method_of(rule) == "GET":
                found += [f"looking writes: {one[:120]}" for one in visit.said.writes]
        problems += [f"{method_of(rule)} {rule.rule} as {caller}: {status}, {one}" for one in found]
    if not opened:
        problems.append(f"{method_of(rule)} {rule.rule} is forbidden to everybody")
    return problems


def expected(caller: str, door: Door) -> str:
    """What a door does for a caller: it is open, closed, absent, or it leads to the sign-in page."""
    if door.audience in {"public", "consumer"}:
        return "open"
    if caller == "visitor":
        return "sign in"
    if KINDS[caller] != door.audience and door.audience != "staff":
        return "absent"
    if door.subject and caller == "admin" and door.audience == "staff":
        return "closed"  # an administrator looks after people, never after cases
    return "closed" if (door.subject or door.posts) and caller in STRANGERS else "open"


def callers(door: Door) -> list[str]:
    """Every role it is meant for, every stranger of that kind, and one of each other kind."""
    if door.audience in {"public", "consumer"}:
        return list(ONE_OF_EACH)
    return [one for one in KINDS if one in ONE_OF_EACH or door.audience in {KINDS[one], "staff"}]


def objection_to_answer(wanted: str, answer: TestResponse, door: Door) -> list[str]:
    status = answer.status_code
    if status >= 500:
        return ["broken"]
    if wanted == "open" and status not in RIGHT | door.answers | {403}:  # a role may lack a permission
        return [f"expected one of {sorted(RIGHT | door.answers)}"]
    if wanted == "closed" and status not in CLOSED:
        return ["expected 403 or 404: narrow the query by the actor, before the form is judged"]
    if wanted == "sign in" and not (status == 303 and (answer.location or "").startswith("/sign-in")):
        return ["expected the way to /sign-in"]
    if wanted == "absent" and status != 404:
        return ["expected 404 as for a page that is not there"]
    return []


def objections_to_page(app: Flask, visit: Visit, door: Door, path: str) -> list[str]:
    found = []
    if len(visit.said) > door.statements and visit.answer.request.method == "GET":
        found.append(str(visit.said))
    if visit.answer.mimetype == "text/html" and visit.answer.data:
        found += objections(visit.answer.text, path=path)
        allowed = CONSUMER_BYTES if door.audience == "consumer" else PAGE_BYTES
        if (size := carried(app, visit.answer)) > allowed:
            found.append(f"it carries {size} bytes compressed, {allowed} are allowed")
    return found


def carried(app: Flask, answer: TestResponse) -> int:
    """What a browser loads for a page the first time, compressed."""
    named = set(re.findall(r'(?:href|src)="/static/([^"?#]+)', answer.text))
    files = sum(compressed(Path(str(app.static_folder)) / name) for name in named)
    return len(gzip.compress(answer.data)) + files


@cache
def compressed(file: Path) -> int:
    return len(gzip.compress(file.read_bytes()))


def test_a_forged_link_opens_nothing(app: Flask, client: InspectingClient) -> None:
    problems = []
    for rule in rules(app):
        door = DOORS.get(rule.endpoint)
        if door is None or door.audience != "consumer" or "token" not in rule.arguments:
            continue
        path = address(app, rule, dict.fromkeys(rule.arguments, "a" * 20))
        answer = client.open(path, method=method_of(rule), headers={"X-CSRFToken": signed_token(app, client)})
        if answer.status_code != 404 and "forged" not in door.why:
            problems.append(f"{method_of(rule)} {rule.rule}: {answer.status_code}, expected 404")
    assert not problems, "\n".join(problems)
