"""The lines at the head of every public page, in one place."""

from typing import Any

from flask import request
from flask_babel import gettext as _

LINES = ("/commitments", "/firms", "/open-data", "/verify")


def public_nav() -> list[dict[str, Any]]:
    """The lines with their addresses, and the one we are on."""
    labels = (_("承诺名录"), _("和解企业"), _("公开数据"), _("核验"))
    return [
        {"label": label, "href": path, "current": request.path == path or request.path.startswith(f"{path}/")}
        for path, label in zip(LINES, labels, strict=True)
    ]
