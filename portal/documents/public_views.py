"""Anyone may verify a paper."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal import web
from portal.documents import queries
from portal.extensions import limiter

bp = Blueprint("documents_public", __name__, url_prefix="/verify")

TRIES = "20 per minute; 200 per hour"  # our limit: a code has 29^8 values


@bp.get("")
def ask() -> ResponseReturnValue:
    """Ask for number and code; with a number, go to its own address, which the QR code prints too."""
    number = queries.plain_number(request.args.get("number", ""))
    if not number:
        return web.page("documents/public_verify.html", found=None, number="", asked="number" in request.args)
    code = queries.plain_code(request.args.get("code", ""))
    return redirect(url_for(".show", number=number, code=code or None), code=303)


@bp.get("/<number>")
@limiter.limit(TRIES)
def show(number: str) -> ResponseReturnValue:
    """Say whether the paper exists and, with its code, its digest, day and state; never names or amounts."""
    found = queries.verification(web.database(), number, request.args.get("code", ""))
    status = 200 if found.kind else 404
    return web.page("documents/public_verify.html", status=status, found=found, number=found.number, asked=False)
