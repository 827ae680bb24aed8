"""The lines at the head of every public page, in one place."""

from typing import Any

from flask import current_app, request
from flask_babel import gettext as _

LINES = (  # endpoint, the addresses below it
    ("commitments_public.directory", "/commitments"),
    ("desk_public.list_firms", "/firms"),
    ("commitments_public.open_data", "/open-data"),
    ("documents_public.ask", "/verify"),
)


def public_nav() -> list[dict[str, Any]]:
    """The lines whose pages exist, with the one we are on."""
    labels = (_("承诺名录"), _("和解企业"), _("公开数据"), _("核验"))
    return [
        {"label": label, "href": path, "current": request.path == path or request.path.startswith(f"{path}/")}
        for (endpoint, path), label in zip(LINES, labels, strict=True)
        if endpoint in current_app.view_functions
    ]
