"""Entering practice, its checklists and messages, a fresh start, and back to work."""

from flask import Blueprint, redirect, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.core.actor import ActorKind
from portal.core.errors import NotFound, RuleBroken
from portal.practice import actions, queries
from portal.practice.actions import BeginAgain, EnterPractice
from portal.practice.plots import PLOTS
from portal.practice.rules import MARK_NAMES, MARK_TONES

bp = Blueprint("practice_staff", __name__, url_prefix="/staff/practice")

TOLD = "told"


@bp.get("")
def show() -> ResponseReturnValue:
    """Explain practice before it; show one's checklists inside it."""
    actor = web.current_actor()
    if actor.kind is not ActorKind.MERCHANT:
        raise NotFound(actions.FOR_MERCHANTS)
    if not actor.in_practice:
        return web.page("practice/staff_start.html", plots=list(PLOTS.values()))
    found = queries.practised(web.database(), actor, now=web.now())
    return web.page(
        "practice/staff_checklists.html",
        found=found,
        done=sum(one.done for one in found),
        asked=sum(one.asked for one in found),
        names=MARK_NAMES,
        tones=MARK_TONES,
        told=session.pop(TOLD, None),
    )


@bp.post("")
def enter() -> ResponseReturnValue:
    """Prepare the practice tenant, then let the account go over to it: the same form again (RFC 9110 15.4.8)."""
    web.perform(actions.enter_practice, EnterPractice())
    return redirect("/staff/switch-practice", code=307)


@bp.post("/again")
def begin_again() -> ResponseReturnValue:
    """Put the present cases away and begin with a fresh set."""
    try:
        count = web.perform(actions.begin_again, BeginAgain())
        session[TOLD] = _("已收起原来的练习，新编了 %(count)s 件。", count=count)
    except RuleBroken as objection:
        session[TOLD] = objection.text
    return redirect(url_for(".show"), code=303)


@bp.get("/<reference>")
def show_messages(reference: str) -> ResponseReturnValue:
    """Show what the consumer of a practice case would have been sent."""
    actor = web.current_actor()
    if not actor.in_practice:
        raise NotFound(queries.MISSING)
    texts = queries.messages_of(web.database(), actor, reference, base_url=web.runtime().config.base_url, now=web.now())
    return web.page("practice/staff_messages.html", reference=reference, texts=texts)
