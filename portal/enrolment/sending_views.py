"""A page of an application as an attachment that no browser runs or sniffs (decisions 25)."""

from urllib.parse import quote

from flask import Response

from portal.enrolment.application_documents import OpenedPage

SANDBOX = "sandbox; default-src 'none'"


def attachment(page: OpenedPage) -> Response:
    """An answer that is saved, never run."""
    response = Response(page.content, mimetype=page.media_type)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(page.name, safe='')}"
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
