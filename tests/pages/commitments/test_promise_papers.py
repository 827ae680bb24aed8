"""A promise on paper: the certificate is verified by its code, the posters' QR codes open the merchant's page."""

import io
from urllib.parse import urlsplit

import pypdfium2
import pytest
import zxingcpp
from sqlalchemy import select

from portal.commitments import actions, papers
from portal.commitments.actions import EndPromise
from portal.commitments.papers import IssueCertificate, Size
from portal.commitments.rules import PromiseState, Way
from portal.commitments.rules.body import ScopeRow
from portal.core.actor import Role
from portal.core.errors import RuleBroken
from portal.documents.models import Document
from tests.conftest import NOW
from tests.factories import people, promises
from tests.factories.promises import TODAY

HOME = "/merchant/promise"
DOTS = 2.5  # of the picture for each point of the page: 180 dots an inch, less than any printer


@pytest.fixture
def cast(session):
    return promises.cast(session)


@pytest.fixture
def head(session, cast, client_for):
    membership = people.member(session, cast.merchant.id, Role.PRINCIPAL)
    session.commit()
    return client_for(membership)


def read_codes(pdf):
    """The texts of the QR codes on the pages, as a phone would read them."""
    pages = pypdfium2.PdfDocument(io.BytesIO(pdf))
    try:
        pictures = [page.render(scale=DOTS).to_pil() for page in pages]
    finally:
        pages.close()
    return [code.text for picture in pictures for code in zxingcpp.read_barcodes(picture)]


def said_on(pdf):
    pages = pypdfium2.PdfDocument(io.BytesIO(pdf))
    try:
        return "".join("".join(page.get_textpage().get_text_range().split()) for page in pages)
    finally:
        pages.close()


@pytest.mark.parametrize("size", ["a4", "a6"])
def test_a_posters_code_opens_the_merchants_page(head, session, cast, client, size):
    version = promises.promise(session, cast.merchant, days=15)
    session.commit()
    answer = head.get(f"{HOME}/versions/{version.reference}/poster-{size}.pdf")
    assert answer.mimetype == "application/pdf"
    (address,) = read_codes(answer.data)
    assert address == f"http://127.0.0.1:8000/m/{cast.merchant.slug}"
    assert client.get(urlsplit(address).path).status_code == 200
    words = said_on(answer.data)
    assert cast.merchant.organisation.name in words
    assert "15" in words
    assert "以购买当天有效的承诺为准" in words
    assert "贴身内衣" in words


def test_a_long_promise_stays_on_one_small_page(session, cast):
    rows = tuple(ScopeRow(Way.OFFLINE, "clothing", f"很长的商品名称第{n}种", n + 7) for n in range(12))
    version = promises.promise(session, cast.merchant, scopes=rows, conditions="商品完好。" * 60)
    pdf = papers.poster(session, cast.principal, version.reference, Size.A6)
    pages = pypdfium2.PdfDocument(io.BytesIO(pdf))
    assert len(pages) == 1
    pages.close()
    assert len(read_codes(pdf)) == 1
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf


def test_a_certificate_is_numbered_once_and_verified(head, session, cast, client):
    version = promises.passed(session, cast)
    session.commit()
    url = f"{HOME}/versions/{version.reference}/certificate.pdf"
    first = head.submit(url, {}, page=HOME)
    assert first.mimetype == "application/pdf"
    assert head.submit(url, {}, page=HOME).data == first.data
    (document,) = session.scalars(select(Document))
    (address,) = read_codes(first.data)
    verified = client.get(address.removeprefix("http://127.0.0.1:8000")).text
    assert "本平台生成的无理由退货承诺书" in verified
    assert document.digest in verified
    assert cast.merchant.organisation.name not in verified
    words = said_on(first.data)
    assert "不是市场监管部门的官方文书式样" in words
    assert document.number in words


def test_a_certificate_says_when_it_no_longer_speaks_for_new_purchases(session, cast, client):
    version = promises.passed(session, cast)
    papers.issue_certificate(session, cast.principal, IssueCertificate(version.reference), now=NOW)
    (document,) = session.scalars(select(Document))
    actions.end_promise(session, cast.principal, EndPromise(version.reference, "停业", TODAY), now=NOW)
    session.commit()
    page = client.get(f"/verify/{document.number}?code={document.check_code}").text
    assert "已不再适用于新的购买" in page
    again = papers.issue_certificate(session, cast.principal, IssueCertificate(version.reference), now=NOW)
    assert again.startswith(b"%PDF")  # what was bought while it held is still bound: the paper stays


def test_nothing_goes_on_paper_before_it_passed(head, session, cast):
    version = promises.submitted(session, cast)
    session.commit()
    answer = head.submit(f"{HOME}/versions/{version.reference}/certificate.pdf", {}, page=HOME)
    assert answer.status_code == 422
    assert "审核通过或在期" in answer.text
    assert head.get(f"{HOME}/versions/{version.reference}/poster-a4.pdf").status_code == 404
    with pytest.raises(RuleBroken, match="审核通过或在期"):
        papers.poster(session, cast.principal, version.reference, Size.A4)
    assert version.state is PromiseState.SUBMITTED
