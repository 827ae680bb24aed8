"""Papers as answers."""

import io

from flask import send_file
from flask.typing import ResponseReturnValue


def pdf_file(content: bytes, name: str) -> ResponseReturnValue:
    """Give a paper as a file."""
    return send_file(io.BytesIO(content), "application/pdf", as_attachment=True, download_name=name)


def certificate_file(content: bytes, reference: str) -> ResponseReturnValue:
    """Give a version's certificate as a file."""
    return pdf_file(content, f"无理由退货承诺书-{reference[:8]}.pdf")
