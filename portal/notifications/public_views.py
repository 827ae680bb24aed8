"""The demo's own phone: shows short messages with their links where no gateway exists; a missing page elsewhere."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from portal import web
from portal.clocks.rules import SHANGHAI, local_day
from portal.core.errors import NotFound
from portal.notifications import queries

bp = Blueprint("notifications_public", __name__)


@bp.get("/demo/phone")
def phone() -> ResponseReturnValue:
    """Show the messages of one of the demo's phones, the latest phone first."""
    runtime = web.runtime()
    described = runtime.clock.describe()
    if described is None or not described.demo or runtime.config.has_gateway:
        raise NotFound("没有这个页面。")
    phones = queries.demo_phones(web.database())
    wanted = request.args.get("phone", "")
    chosen = next((one for one in phones if one.key == wanted), phones[0] if phones else None)
    messages = (
        queries.phone_messages(web.database(), chosen, base_url=runtime.config.base_url, now=web.now())
        if chosen
        else []
    )
    return web.page(
        "notifications/public_phone.html",
        phones=phones,
        chosen=chosen,
        messages=messages,
        zone=SHANGHAI,
        today=local_day(web.now()),
    )
