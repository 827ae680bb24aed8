"""The public home and the answers that machines ask for."""

from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from portal import web

bp = Blueprint("desk_public", __name__)


@bp.get("/")
def home() -> ResponseReturnValue:
    """Say what this is and where each of the three people goes."""
    return web.page("desk/public_home.html")


@bp.get("/healthz")
def healthz() -> ResponseReturnValue:
    """Say that the process lives."""
    return {"ok": True}


@bp.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Say whether the database answers."""
    web.database().execute(text("SELECT 1"))
    return {"ok": True}
