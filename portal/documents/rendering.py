"""Papers as PDF: typst, our own fonts, PDF/A-2b, the same bytes for the same paper every time."""

import io
import json
from datetime import datetime
from functools import cache
from typing import Any, Literal
from urllib.parse import quote

import pylopdf_fonts_zh_cn
import segno
import typst
from sqlalchemy.orm import Session

from portal.documents.models import Document, DocumentKind
from portal.documents.sealing import open_document
from portal.resources import resource_folder

TEMPLATES = {
    DocumentKind.AGREEMENT: "agreement.typ",
    DocumentKind.CONSUMER_LETTER: "letter.typ",
    DocumentKind.PROMISE: "promise.typ",
    DocumentKind.MEASURE: "measure.typ",
}
STANDARD: Literal["a-2b"] = "a-2b"


def render_agreement_pdf(session: Session, document: Document) -> bytes:
    """Render a sealed paper as PDF/A-2b; byte-identical each time, for its only moment is the one it was made at."""
    content = open_document(session, document)
    return render_pdf(document, content, base_url=session.info["base_url"])


def render_letter_pdf(session: Session, document: Document, address: str) -> bytes:
    """Render a letter as PDF/A-2b with the consumer's address on it, which nothing else keeps in the clear."""
    content = open_document(session, document)
    return _compiled(document, letter_inputs(document, content, base_url=session.info["base_url"], address=address))


def render_pdf(document: Document, content: dict[str, Any], *, base_url: str) -> bytes:
    """Render a paper whose content was opened; data enters as JSON only, so that no text becomes markup."""
    return _compiled(document, paper_inputs(document, content, base_url=base_url))


def paper_inputs(document: Document, content: dict[str, Any], *, base_url: str) -> dict[str, str]:
    """What the template of a paper reads: its content, and what proves it."""
    address = verify_address(base_url, document)
    seal = {
        "qr": qr_svg(address),
        "address": address,
        "verify": f"{base_url}/verify",
        "check_code": spaced_code(document.check_code),
        "digest": document.digest,
    }
    return {"content": json.dumps(content), "seal": json.dumps(seal)}


def letter_inputs(document: Document, content: dict[str, Any], *, base_url: str, address: str) -> dict[str, str]:
    """What the template of a letter reads: as a paper, and the consumer's way in as text and QR code."""
    way = json.dumps({"address": address, "qr": qr_svg(address)})
    return {**paper_inputs(document, content, base_url=base_url), "way": way}


def _compiled(document: Document, inputs: dict[str, str]) -> bytes:
    return compiled_pdf(TEMPLATES[document.kind], inputs, made_at=document.made_at)


def compiled_pdf(template: str, inputs: dict[str, str], *, made_at: datetime) -> bytes:
    """Make PDF/A-2b of a template in templates/documents; `made_at` is the only moment in it."""
    pdf = typst.Compiler(
        input=str(resource_folder("templates") / "documents" / template),
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs=inputs,
    ).compile(format="pdf", pdf_standards=STANDARD, timestamp=int(made_at.timestamp()))
    assert isinstance(pdf, bytes)
    return pdf


def verify_address(base_url: str, document: Document) -> str:
    """Where anyone can verify the paper, with the code that opens its day and state."""
    return f"{base_url}/verify/{quote(document.number)}?code={document.check_code}"


def qr_svg(address: str) -> str:
    """The address as a QR code in SVG, error correction M."""
    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(out, kind="svg", border=1, xmldecl=False)
    return out.getvalue().decode()


def qr_path(address: str) -> tuple[str, int]:
    """The address as an SVG path and its size in modules, for `ui.qr`."""
    code = segno.make(address, error="m", micro=False)
    out = io.BytesIO()
    code.save(out, kind="svg", border=0, omitsize=True)
    return out.getvalue().decode().split(' d="')[1].split('"')[0], int(code.symbol_size(border=0)[0])


def spaced_code(code: str) -> str:
    """A check code as people read it: 8K3F 2M7Q."""
    return f"{code[:4]} {code[4:]}"


@cache
def _fonts() -> typst.Fonts:
    folder = pylopdf_fonts_zh_cn.sans_path().parent
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)])
