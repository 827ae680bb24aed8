"""The administrator's home: every organisation and person, found by name or code."""

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from portal import web
from portal.accounts import queries
from portal.accounts.forms import PersonForm
from portal.accounts.models import OrganisationKind
from portal.accounts.staff_views import staff_page

bp = Blueprint("accounts_admin", __name__, url_prefix="/admin")

KIND_NAMES = {
    OrganisationKind.MERCHANT: "企业",
    OrganisationKind.AUTHORITY: "市场监管部门",
    OrganisationKind.COUNCIL: "消委会",
    OrganisationKind.OPERATOR: "运维单位",
}


@bp.get("/")
def home() -> ResponseReturnValue:
    """List organisations, and the people who fit the words."""
    words = request.args.get("q", "").strip()[:100]
    database, actor = web.database(), web.current_actor()
    return web.page(
        "accounts/admin_home.html",
        q=words,
        found=queries.organisations(database, words, request.args.get("cursor")),
        people=queries.people_named(database, actor, words) if words else [],
        kind_names=KIND_NAMES,
        address=url_for(".home", q=words or None),
    )


@bp.get("/organisations/<code>")
def organisation(code: str) -> ResponseReturnValue:
    """Show the people of one organisation."""
    return staff_page(code, PersonForm())
