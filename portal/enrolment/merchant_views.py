"""A merchant's own record: what the authority knows of it, its outlets and names."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from portal import web
from portal.core.permissions import Permission, can
from portal.enrolment import queries, wording

bp = Blueprint("enrolment_merchant", __name__, url_prefix="/merchant/organisation")


@bp.get("")
def show() -> ResponseReturnValue:
    """Show one's own merchant."""
    actor = web.current_actor()
    found = queries.own_page(web.database(), actor)
    label, tone = wording.STATES[found.merchant.state]
    return web.page(
        "enrolment/merchant_organisation.html",
        found=found,
        label=label,
        tone=tone,
        day=wording.day,
        may_change=False,  # the authority's part: these names decide who is answerable
        may_manage=can(actor, Permission.PERSON_MANAGE, actor),
    )
