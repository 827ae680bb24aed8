"""The agreement as page and as PDF, for the merchant's people and for officers."""

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from portal import web
from portal.documents.rendering import render_agreement_pdf
from portal.settlements import papers

bp = Blueprint("settlements_staff", __name__, url_prefix="/agreements")


@bp.get("/<number>")
def show(number: str) -> ResponseReturnValue:
    """Show the agreement."""
    document = papers.document_of(web.database(), web.current_actor(), number)
    return web.page("settlements/staff_agreement.html", paper=papers.paper_view(web.database(), document))


@bp.get("/<number>/pdf")
def download(number: str) -> ResponseReturnValue:
    """Send the agreement as PDF/A."""
    document = papers.document_of(web.database(), web.current_actor(), number)
    return pdf_response(render_agreement_pdf(web.database(), document), document.number)


def pdf_response(content: bytes, number: str) -> Response:
    """A PDF as an attachment."""
    return Response(
        content,
        mimetype="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{number}.pdf"'},
    )
