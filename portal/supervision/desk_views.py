"""The two desks of supervision; the views register what each can do."""

from typing import Any

from flask import Blueprint, make_response, request
from flask_babel import gettext as _
from werkzeug.exceptions import RequestEntityTooLarge

from portal import web
from portal.supervision.attachments import MAX_REQUEST

regulator = Blueprint("supervision_regulator", __name__, url_prefix="/regulator")
merchant = Blueprint("supervision_merchant", __name__, url_prefix="/merchant")
TOLD = "told"  # in the session: one sentence for the next page
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TAKES_FILES = frozenset(
    {
        "supervision_merchant.state_objection",
        "supervision_merchant.answer_measure",
        "supervision_merchant.rectify_visit",
        "supervision_regulator.record_visit",
        "supervision_regulator.add_visit_files",
    }
)


@regulator.url_value_preprocessor
@merchant.url_value_preprocessor
def refuse_too_big(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Refuse an upload by its Content-Length, before anything reads the body."""
    if endpoint in TAKES_FILES and (request.content_length or 0) > MAX_REQUEST:
        limit = MAX_REQUEST // (1024 * 1024)
        message = _("一次上传的文件合计不能超过 %(limit)s MB，没有保存。请压缩、剪短或分几次上传。", limit=limit)
        raise RequestEntityTooLarge(response=make_response(web.page("errors/413.html", status=413, message=message)))
