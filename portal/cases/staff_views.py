"""Evidence files, for whoever of merchant and authority may see their case."""

from urllib.parse import quote

from flask import Blueprint, Response, abort
from flask.typing import ResponseReturnValue

from portal import web
from portal.cases import evidence
from portal.cases.evidence import OpenedFile, Variant

bp = Blueprint("cases_staff", __name__)

SANDBOX = "sandbox; default-src 'none'"


@bp.get("/evidence/<reference>/<variant>")
def open_file(reference: str, variant: str) -> ResponseReturnValue:
    """Send a copy of a file as an attachment; a thumbnail may be drawn by our own pages."""
    if variant not in set(Variant):
        abort(404)
    file = evidence.open_evidence(web.database(), web.current_actor(), reference, Variant(variant), now=web.now())
    return attachment(file)


def attachment(file: OpenedFile) -> Response:
    """An answer that no browser runs or sniffs (decisions 25)."""
    response = Response(file.content, mimetype=file.media_type)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
