"""What frames every desk page: the navigation with its counts, and who is signed in."""

from typing import Any

from flask import request

from portal.core.actor import ROLE_NAMES, Actor, ActorKind
from portal.core.installation import Installation

SECTIONS: dict[ActorKind, list[dict[str, Any]]] = {
    ActorKind.MERCHANT: [{"title": None, "items": [{"label": "今日", "icon": "today", "href": "/merchant/"}]}],
    ActorKind.AUTHORITY: [{"title": None, "items": [{"label": "辖区看板", "icon": "chart", "href": "/regulator/"}]}],
    ActorKind.ADMIN: [],
}


def navigation(actor: Actor, *, installation: Installation | None) -> dict[str, Any]:
    """The template variables that every page has: installation, nav and me."""
    return {
        "installation": installation,
        "nav": [_section(section) for section in SECTIONS.get(actor.kind, [])],
        "me": {
            "name": actor.name,
            "organisation": actor.organisation_name,
            "role_label": ROLE_NAMES[actor.role] if actor.role else "",
        },
    }


def _section(section: dict[str, Any]) -> dict[str, Any]:
    here = request.path
    items = [{"count": None, "tone": None, **item, "current": item["href"] == here} for item in section["items"]]
    return {"title": section["title"], "items": items}
