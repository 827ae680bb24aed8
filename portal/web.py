"""Words of the edge: who asks, what the database says, one action, one page or its fragment."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote

import jinja2_fragments.flask
from flask import Response, current_app, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session

from portal.core.actor import VISITOR, Actor, ActorKind
from portal.core.errors import Refused
from portal.runtime import Runtime

R = TypeVar("R")

AUDIENCES: dict[str, frozenset[ActorKind]] = {  # a blueprint's last word says who may enter
    "merchant": frozenset({ActorKind.MERCHANT}),
    "regulator": frozenset({ActorKind.AUTHORITY}),
    "admin": frozenset({ActorKind.ADMIN}),
    "staff": frozenset({ActorKind.MERCHANT, ActorKind.AUTHORITY, ActorKind.ADMIN}),
    "consumer": frozenset(ActorKind),
    "public": frozenset(ActorKind),
}


def runtime() -> Runtime:
    """The installation that this application serves."""
    found: Runtime = current_app.extensions["portal"]
    return found


def database() -> Session:
    """The request's read session; closed when the request ends."""
    if "session" not in g:
        g.session = runtime().open_reading()
    session: Session = g.session
    return session


def close_database(_problem: BaseException | None = None) -> None:
    """Close the request's read session, so that the next look sees what was just written."""
    session: Session | None = g.pop("session", None)
    if session is not None:
        session.close()


def now() -> datetime:
    """The installation's present moment, the same for the whole request; aware, UTC."""
    if "now" not in g:
        g.now = runtime().now()
    moment: datetime = g.now
    return moment


def current_actor() -> Actor:
    """Who makes this request; a visitor when nobody is signed in."""
    if "actor" in g:  # a consumer's link, put there by its views
        found: Actor = g.actor
        return found
    if current_user.is_authenticated:
        signed_in: Actor = current_user.actor
        return signed_in
    return VISITOR


def act_as(actor: Actor) -> None:
    """Let the rest of the request act as a consumer, known by the link."""
    g.actor = actor


def perform(action: Callable[..., R], command: Any) -> R:
    """Run one action for whoever asks and commit it; a refusal is raised and nothing is kept."""
    close_database()
    g.pop("now", None)
    return runtime().perform(current_actor(), action, command)


def wants_fragment() -> bool:
    """Say whether htmx asks for a part of the page; boosted and history requests get the whole."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Request-Type") != "full"


def page(template: str, *, fragment: str | None = None, status: int = 200, **context: Any) -> ResponseReturnValue:
    """Render a page, or only its block `fragment` when htmx asks for a part."""
    if fragment and wants_fragment():
        body = jinja2_fragments.flask.render_block(template, fragment, **context)
    else:
        body = render_template(template, **context)
    response: Response = make_response(body, status)
    response.headers["Vary"] = "HX-Request, HX-Request-Type, Cookie"
    return response


def attachment(content: bytes, media_type: str, name: str) -> Response:
    """A file that no browser runs or sniffs (decisions 25)."""
    response = Response(content, mimetype=media_type)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def show_objection(form: FlaskForm, objection: Refused) -> None:
    """Put a refusal where the reader looks: at its field, else at the top of the form."""
    if objection.field and objection.field in form:
        form[objection.field].errors = [*form[objection.field].errors, objection.text]
    else:
        form.form_errors = [*form.form_errors, objection.text]
