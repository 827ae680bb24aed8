"""The notices on a merchant's desk."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from portal import web
from portal.clocks.rules import SHANGHAI
from portal.notifications import queries

bp = Blueprint("notifications_merchant", __name__, url_prefix="/merchant")


@bp.get("/notices")
def notices() -> ResponseReturnValue:
    """List what came to the merchant's desk."""
    found = queries.notices(web.database(), web.current_actor(), request.args.get("cursor"))
    return web.page("notifications/merchant_notices.html", found=found, zone=SHANGHAI)
