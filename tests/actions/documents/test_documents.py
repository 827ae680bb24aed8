"""Papers: the same bytes each time, PDF/A, nothing in them evaluated; verified without names."""

import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest

from portal.core.errors import NotFound
from portal.documents import queries
from portal.documents.models import Document, DocumentKind, DocumentState
from portal.documents.rendering import qr_path, render_agreement_pdf, render_pdf, verify_address
from portal.documents.sealing import CODE_ALPHABET, Paper, open_document, seal_document
from tests.conftest import NOW
from tests.factories import settling


@pytest.fixture
def document(session):
    return session.get_one(Document, settling.agreed(session, settling.dispute(session)).document_id)


def test_a_pdf_is_pdf_a_and_the_same_each_time(session, document):
    first, second = (render_agreement_pdf(session, document) for _ in range(2))
    assert first == second
    assert first.startswith(b"%PDF-1.7")
    assert b"<pdfaid:part>2</pdfaid:part>" in first
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in first
    assert b"FontFile3" in first  # fonts travel with the paper


def test_another_process_renders_the_same_bytes(session, document, tmp_path):
    here = render_agreement_pdf(session, document)
    script = tmp_path / "render.py"
    content = open_document(session, document)
    script.write_text(
        "import sys\n"
        "from datetime import datetime\n"
        "from portal.documents.models import Document, DocumentKind\n"
        "from portal.documents.rendering import render_pdf\n"
        f"document = Document(number={document.number!r}, kind=DocumentKind.AGREEMENT,\n"
        f"    check_code={document.check_code!r}, digest={document.digest!r},\n"
        f"    made_at=datetime.fromisoformat({document.made_at.isoformat()!r}))\n"
        f"sys.stdout.buffer.write(render_pdf(document, {content!r}, base_url={session.info['base_url']!r}))\n"
    )
    there = subprocess.run([sys.executable, str(script)], capture_output=True, check=True).stdout
    assert there == here


def test_hostile_text_stays_text(session, document):
    content = open_document(session, document)
    hostile = '#read("/etc/passwd") *粗* $x^2$ \\ ] #{ <b> @ref // 结束 """'
    content["matters"] = [["商品或服务", hostile]]
    content["terms"] = [hostile]
    assert render_pdf(document, content, base_url="http://127.0.0.1:8000").startswith(b"%PDF")


def test_a_word_changed_is_a_digest_changed(session, document):
    paper = Paper(
        kind=DocumentKind.AGREEMENT,
        number="HJ-X-1",
        case_id=document.case_id,
        title="和解协议",
        parties=(),
        matters=(),
        terms=("退款 ¥1。",),
        outlay=100,
        perform_on="2026-08-19",
        clauses=(),
        confirmation=(),
        notice="",
    )
    key = settling.key_of(session, document)
    one = seal_document(session, key, paper, now=NOW)
    two = seal_document(session, key, replace(paper, number="HJ-X-2", terms=("退款 ¥2。",)), now=NOW)
    again = seal_document(session, key, replace(paper, number="HJ-X-3"), now=NOW)
    assert len({one.digest, two.digest, again.digest}) == 3
    assert set(one.check_code) <= set(CODE_ALPHABET)
    assert one.check_code != two.check_code


def test_a_destroyed_key_takes_the_paper_with_it(session, document):
    settling.key_of(session, document).wrapped = None
    with pytest.raises(NotFound, match="已按保存期限删除"):
        render_agreement_pdf(session, document)


def test_verification_opens_with_the_code_only(session, document):
    typed = f" {document.check_code[:4].lower()}-{document.check_code[4:].lower()} "
    right = queries.verification(session, document.number.lower(), typed)
    assert right.proof is not None
    assert (right.proof.digest, right.proof.state) == (document.digest, "有效")
    wrong = queries.verification(session, document.number, "2" * 8)
    assert (wrong.kind, wrong.code_given, wrong.proof) == ("和解协议", True, None)
    alone = queries.verification(session, document.number, "")
    assert (alone.kind, alone.code_given, alone.proof) == ("和解协议", False, None)
    assert queries.verification(session, "HJ-NO-0000", "").kind == ""
    document.state = DocumentState.REPLACED
    assert queries.proof_of(document).state == "已被新协议代替，或不再有效"


def test_the_day_is_chinas(session, document):
    document.made_at = NOW.replace(hour=20)  # 04:00 of the next day in China
    assert queries.proof_of(document).made_on == NOW.date() + timedelta(days=1)


def test_the_qr_code_leads_to_verify(session, document):
    address = verify_address("https://odr.example.cn", document)
    assert address == f"https://odr.example.cn/verify/{document.number}?code={document.check_code}"
    path, size = qr_path(address)
    assert re.fullmatch(r"M[\d.Mhvm\- ]+", path)
    assert size >= 29
