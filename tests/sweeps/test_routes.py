"""Every route, tried as a visitor, as each kind of actor, as a stranger merchant and a stranger district's officer."""

import gzip
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from portal import web
from tests.conftest import BoundRuntime
from tests.inspector import InspectingClient, objections
from tests.queries import counted
from tests.sweeps.routes import DOORS, Door
from tests.sweeps.world import GUESSES, SUBJECTS, World, make_world

Knock = Callable[[str, Rule, Door], TestResponse]

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
MOST_STATEMENTS = 8  # at any size of table
PAGE_BYTES, CONSUMER_BYTES = 60_000, 35_000  # compressed, with style, script and icons
SIGN_IN_OF_THE_TEST = 1  # statement: the client looks up the membership it signs in
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

    def ask(caller: str, rule: Rule, door: Door) -> TestResponse:
        client = app.test_client() if caller == "visitor" else client_for(world.members[caller])
        client.inspect = False  # once is enough: see tried
        values = world.values(door.subject) if door.subject else {}
        with app.test_request_context():
            path = app.url_map.bind("localhost").build(rule.endpoint, values, method=method_of(rule))
        with runtime.connection.begin_nested() as savepoint:
            answer = client.open(
                path, method=method_of(rule), data=door.form or None, headers={"X-CSRFToken": signed_token(app, client)}
            )
            answer.get_data()  # a file is read while its rows are there
            answer.close()
            savepoint.rollback()
        return answer

    return ask


def signed_token(app: Flask, client: InspectingClient) -> str:
    """The CSRF token as a page of this session would hold it."""
    with client.session_transaction() as stored:
        stored["csrf_token"] = "0" * 40
    return str(URLSafeTimedSerializer(app.config["SECRET_KEY"], salt="wtf-csrf-token").dumps("0" * 40))


def test_every_endpoint_is_in_the_access_table(built: Flask) -> None:
    known = endpoints(built)
    missing = [f"    {line(endpoint, rule)}" for endpoint, rule in sorted(known.items()) if endpoint not in DOORS]
    assert not missing, "add to DOORS in tests/sweeps/routes.py:\n" + "\n".join(missing)
    assert not DOORS.keys() - known.keys(), "these endpoints are gone: remove their lines"


def line(endpoint: str, rule: Rule) -> str:
    """The line to add, with a guess at the subject."""
    audience = endpoint.partition(".")[0].rpartition("_")[2]
    subject = next((subject for piece, subject in GUESSES if piece in rule.rule), "…" if rule.arguments else "")
    return f'"{endpoint}": Door("{audience}"' + (f', "{subject}"' if subject else "") + "),"


def test_a_door_names_a_known_subject() -> None:
    assert sorted({door.subject for door in DOORS.values()} - SUBJECTS.keys() - {""}) == []


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
        assert not re.search(r"<int|<float|<uuid|_id>|<id>|<key>", rule.rule), (
            f"{rule.rule}: carry a public reference, never a key"
        )


def test_a_view_answers_one_method(built: Flask) -> None:
    for rule in rules(built):
        written = set(rule.methods or ()) - {"HEAD", "OPTIONS"}
        assert len(written) == 1, f"{rule.endpoint} answers {sorted(written)}: write one view for each"


def test_every_door_opens_for_its_own_and_for_nobody_else(app: Flask, knock: Knock) -> None:
    problems: list[str] = []
    for endpoint, rule in endpoints(app).items():
        if endpoint in DOORS:
            problems += list(tried(knock, rule, DOORS[endpoint]))
    assert not problems, "\n".join(problems)


def expected(caller: str, door: Door) -> str:
    """What a door does for a caller: it is open, closed, absent, or it leads to the sign-in page."""
    if door.audience in {"public", "consumer"}:
        return "open"
    if caller == "visitor":
        return "sign in"
    if KINDS[caller] != door.audience and door.audience != "staff":
        return "absent"
    return "closed" if door.subject and caller in STRANGERS else "open"


def tried(knock: Knock, rule: Rule, door: Door) -> Iterator[str]:
    opened = 0
    seen: set[int] = set()
    for caller in KINDS:
        answer, wanted = knock(caller, rule, door), expected(caller, door)
        status = answer.status_code
        line = f"{method_of(rule)} {rule.rule} as {caller}: {status}"
        opened += wanted == "open" and status != 403
        if answer.mimetype == "text/html" and status not in seen and answer.data:
            seen.add(status)
            yield from (f"{line}: {one}" for one in objections(answer.text, path=rule.rule))
        if status >= 500:
            yield f"{line}, broken"
        elif wanted == "open" and status not in RIGHT | door.answers | {403}:  # a role may lack a permission
            yield f"{line}, expected one of {sorted(RIGHT | door.answers)}"
        elif wanted == "closed" and status not in CLOSED:
            yield f"{line}, expected 403 or 404: the query must be narrowed by the actor"
        elif wanted == "sign in" and not asks_to_sign_in(answer):
            yield f"{line}, expected the way to /sign-in"
        elif wanted == "absent" and status != 404:
            yield f"{line}, expected 404 as for a page that is not there"
    if not opened:
        yield f"{method_of(rule)} {rule.rule} is forbidden to everybody"


def insiders(door: Door) -> list[str]:
    return [caller for caller in KINDS if expected(caller, door) == "open"]


def asks_to_sign_in(answer: TestResponse) -> bool:
    return answer.status_code == 303 and (answer.location or "").startswith("/sign-in")


def test_looking_writes_nothing(app: Flask, runtime: BoundRuntime, knock: Knock) -> None:
    problems = []
    for endpoint, rule in endpoints(app).items():
        if endpoint not in DOORS or method_of(rule) != "GET":
            continue
        for caller in insiders(DOORS[endpoint]):
            with counted(runtime.engine) as said:
                knock(caller, rule, DOORS[endpoint])
            problems += [f"GET {rule.rule} as {caller} writes: {statement[:120]}" for statement in said.writes]
    assert not problems, "\n".join(problems)


def test_a_page_says_little_and_is_small(app: Flask, runtime: BoundRuntime, knock: Knock) -> None:
    problems = []
    for endpoint, rule in endpoints(app).items():
        if endpoint not in DOORS or method_of(rule) != "GET":
            continue
        door = DOORS[endpoint]
        caller = insiders(door)[-1 if door.audience in {"public", "consumer"} else 0]
        knock(caller, rule, door)  # the first time makes its subject
        with counted(runtime.engine) as said:
            answer = knock(caller, rule, door)
        if len(said) > MOST_STATEMENTS + SIGN_IN_OF_THE_TEST:
            problems.append(f"GET {rule.rule} as {caller}: {said}")
        allowed = CONSUMER_BYTES if door.audience == "consumer" else PAGE_BYTES
        if answer.mimetype == "text/html" and (size := carried(app, answer)) > allowed:
            problems.append(f"GET {rule.rule} carries {size} bytes compressed, {allowed} are allowed")
    assert not problems, "\n".join(problems)


def carried(app: Flask, answer: TestResponse) -> int:
    """What a browser loads for a page the first time, compressed."""
    named = set(re.findall(r'(?:href|src)="/static/([^"?#]+)', answer.text))
    files = [(Path(str(app.static_folder)) / name).read_bytes() for name in named]
    return sum(len(gzip.compress(one)) for one in [answer.data, *files])


def test_a_forged_link_opens_nothing(app: Flask, client: InspectingClient) -> None:
    problems = []
    for rule in rules(app):
        door = DOORS.get(rule.endpoint)
        if door is None or door.audience != "consumer" or "token" not in rule.arguments:
            continue
        with app.test_request_context():
            path = app.url_map.bind("localhost").build(
                rule.endpoint, dict.fromkeys(rule.arguments, "a" * 20), method=method_of(rule)
            )
        answer = client.open(path, method=method_of(rule), headers={"X-CSRFToken": signed_token(app, client)})
        if answer.status_code != 404 and "forged" not in door.why:
            problems.append(f"{method_of(rule)} {rule.rule}: {answer.status_code}, expected 404")
    assert not problems, "\n".join(problems)
