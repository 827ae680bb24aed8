"""The public home, the enrolled enterprises and their pages, and how large a browser shows them."""

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from portal import web
from portal.core.paging import shown_count
from portal.desk.firm_page import firm_page
from portal.enrolment import public_list
from portal.extensions import limiter

bp = Blueprint("desk_public", __name__)

YEAR = 365 * 24 * 3600  # seconds that a browser keeps the size of type
LOOKS = "60 per minute"  # our limit, by address


@bp.get("/")
def home() -> ResponseReturnValue:
    """Say what this is and where each of the three people goes; consumers first."""
    return web.page("desk/public_home.html")


@bp.get("/firms")
@limiter.limit(LOOKS)
def list_firms() -> ResponseReturnValue:
    """List the enrolled enterprises by name."""
    wanted = public_list.filter_of(request.args)
    kept = _kept(request.args)
    return web.page(
        "desk/public_firms.html",
        wanted=wanted,
        found=public_list.firms(web.database(), wanted, request.args.get("cursor")),
        count=shown_count(public_list.firm_count(web.database(), wanted)),
        choices=public_list.choices(web.database()),
        address=f"/firms?{urlencode(kept)}" if kept else "/firms",
    )


@bp.get("/m/<slug>")
@limiter.limit(LOOKS)
def show_firm(slug: str) -> ResponseReturnValue:
    """Show what a merchant promises, and whether it covers a purchase that the address describes."""
    return web.page("desk/public_firm.html", **firm_page(slug, request.args))


@bp.post("/display-size")
def display_size() -> ResponseReturnValue:
    """Remember 大字版 or the standard size in this browser and go back to the page."""
    back = urlsplit(request.form.get("next", "/"))
    ours = not back.scheme and not back.netloc and back.path.startswith("/") and not back.path.startswith(("//", "/\\"))
    response = redirect(f"{back.path}?{back.query}".rstrip("?") if ours else "/", code=303)
    size = "large" if request.form.get("size") == "large" else "normal"
    response.set_cookie("size", size, max_age=YEAR, httponly=True, samesite="Lax", secure=request.is_secure)
    return response


def _kept(asked: Mapping[str, str]) -> dict[str, str]:
    return {name: asked[name] for name in ("q", "region", "tier") if asked.get(name)}
