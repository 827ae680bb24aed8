"""The public home, and how large a browser shows its pages."""

from urllib.parse import urlsplit

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from portal import web

bp = Blueprint("desk_public", __name__)

YEAR = 365 * 24 * 3600  # seconds that a browser keeps the size of type


@bp.get("/")
def home() -> ResponseReturnValue:
    """Say what this is and where each of the three people goes."""
    return web.page("desk/public_home.html")


@bp.post("/display-size")
def display_size() -> ResponseReturnValue:
    """Remember 大字版 or the standard size in this browser and go back to the page."""
    back = urlsplit(request.form.get("next", "/"))
    ours = not back.scheme and not back.netloc and back.path.startswith("/") and not back.path.startswith(("//", "/\\"))
    response = redirect(f"{back.path}?{back.query}".rstrip("?") if ours else "/", code=303)
    size = "large" if request.form.get("size") == "large" else "normal"
    response.set_cookie("size", size, max_age=YEAR, httponly=True, samesite="Lax", secure=request.is_secure)
    return response
