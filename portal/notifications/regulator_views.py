"""What officers see of messages: those that need a decision, and the notices on their desk."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal import web
from portal.clocks.rules import SHANGHAI
from portal.core.errors import RuleBroken
from portal.notifications import actions, queries
from portal.notifications.actions import Decision, ResolveMessage

bp = Blueprint("notifications_regulator", __name__, url_prefix="/regulator")


@bp.get("/messages")
def messages() -> ResponseReturnValue:
    """List what could not be sent, or perhaps was; never with link or code."""
    return _messages_page()


@bp.post("/messages/<reference>/repeat")
def repeat(reference: str) -> ResponseReturnValue:
    """Send a message again."""
    return _resolve(reference, Decision.REPEAT)


@bp.post("/messages/<reference>/told")
def told(reference: str) -> ResponseReturnValue:
    """Close a message because the consumer knows."""
    return _resolve(reference, Decision.TOLD)


@bp.get("/notices")
def notices() -> ResponseReturnValue:
    """List what came to the authority's desk."""
    found = queries.notices(web.database(), web.current_actor(), request.args.get("cursor"))
    return web.page("notifications/regulator_notices.html", found=found, zone=SHANGHAI)


def _resolve(reference: str, decision: Decision) -> ResponseReturnValue:
    try:
        web.perform(actions.resolve_message, ResolveMessage(reference, decision))
    except RuleBroken as objection:
        return _messages_page(objection=objection.text, status=422)
    return redirect(url_for(".messages"), code=303)


def _messages_page(*, objection: str = "", status: int = 200) -> ResponseReturnValue:
    found = queries.open_messages(web.database(), web.current_actor(), request.args.get("cursor"))
    return web.page(
        "notifications/regulator_messages.html",
        status=status,
        found=found,
        zone=SHANGHAI,
        objection=objection,
        failed=bool(objection),
    )
