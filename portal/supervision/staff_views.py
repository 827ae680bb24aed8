"""Papers and files of supervision, for whoever may see what they belong to."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from portal import web
from portal.core.errors import NotFound
from portal.documents.rendering import render_agreement_pdf
from portal.supervision import sanction_queries, visit_queries
from portal.supervision.attachments import opened

bp = Blueprint("supervision_staff", __name__, url_prefix="/supervision")


@bp.get("/measures/<number>/pdf")
def measure_pdf(number: str) -> ResponseReturnValue:
    """Send a measure's paper as PDF/A."""
    found = sanction_queries.measure_page(web.database(), web.current_actor(), number)
    content = render_agreement_pdf(web.database(), found.document)
    return web.attachment(content, "application/pdf", f"{number}.pdf")


@bp.get("/files/<reference>")
def open_file(reference: str) -> ResponseReturnValue:
    """Send a file of a visit, or one that came with what was said about a measure, as an attachment."""
    actor, session = web.current_actor(), web.database()
    row = sanction_queries.file_of(session, actor, reference) or visit_queries.file_of(session, actor, reference)
    if row is None:
        raise NotFound("没有这个文件，或者它不属于你能查看的内容。")
    file = opened(session, row[1], row[0])
    return web.attachment(file.content, file.media_type, file.name)
