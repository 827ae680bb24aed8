"""Entering practice, its checklists and messages, a fresh start, and back to work."""

from flask import Blueprint, redirect, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from portal import web
from portal.accounts import queries as accounts
from portal.accounts.public_views import HOMES, open_session
from portal.core.actor import ActorKind
from portal.core.errors import NotFound
from portal.practice import actions, queries
from portal.practice.actions import BeginAgain, EnterPractice
from portal.practice.founding import real_code_of
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
    """Go over to the practice tenant."""
    membership_id = web.perform(actions.enter_practice, EnterPractice())
    live = current_user.live
    open_session(membership_id, live.stamp, proven=bool(session.get("second_factor")))
    return redirect(HOMES[ActorKind.MERCHANT], code=303)


@bp.post("/leave")
def leave() -> ResponseReturnValue:
    """Go back to one's own organisation."""
    actor, live = web.current_actor(), current_user.live
    code = real_code_of(web.database(), actor)
    own = [one for one in accounts.choices_of(web.database(), live.person_id) if one.code == code]
    if not own:
        raise NotFound(_("不在练习环境里。"))
    back = open_session(own[0].membership_id, live.stamp, proven=bool(session.get("second_factor")))
    return redirect(HOMES[back.actor.kind], code=303)


@bp.post("/again")
def begin_again() -> ResponseReturnValue:
    """Put the present cases away and begin with a fresh set."""
    count = web.perform(actions.begin_again, BeginAgain())
    session[TOLD] = _("已收起原来的练习，新编了 %(count)s 件。", count=count)
    return redirect(url_for(".show"), code=303)


@bp.get("/<reference>")
def show_messages(reference: str) -> ResponseReturnValue:
    """Show what the consumer of a practice case would have been sent."""
    actor = web.current_actor()
    if not actor.in_practice:
        raise NotFound(queries.MISSING)
    texts = queries.messages_of(web.database(), actor, reference, base_url=web.runtime().config.base_url, now=web.now())
    return web.page("practice/staff_messages.html", reference=reference, texts=texts)
