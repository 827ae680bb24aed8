"""/verify, as anyone sees it."""

import pytest

from portal.documents.models import Document
from tests.factories import settling


@pytest.fixture
def document(session):
    found = session.get_one(Document, settling.agreed(session, settling.dispute(session)).document_id)
    session.commit()
    return found


def test_the_page_asks_for_number_and_code(client):
    html = client.get("/verify").get_data(as_text=True)
    assert "文书编号" in html
    assert "请填写文书编号" in client.get("/verify?number=").get_data(as_text=True)


def test_the_form_leads_to_the_papers_own_address(client, document):
    answer = client.get("/verify", query_string={"number": document.number, "code": document.check_code})
    assert answer.status_code == 303
    html = client.get(answer.headers["Location"]).get_data(as_text=True)
    assert document.digest in html
    assert "2026-08-12" in html
    assert "有效" in html


def test_a_number_alone_says_that_it_exists_and_no_more(client, document):
    html = client.get(f"/verify/{document.number}").get_data(as_text=True)
    assert document.number in html
    assert document.digest not in html
    assert "2026-08-12" not in html


def test_neither_names_nor_amounts_are_ever_shown(client, document):
    html = client.get(f"/verify/{document.number}?code={document.check_code}").get_data(as_text=True)
    for secret in ("李", "鹭湾", "500", "羊毛"):
        assert secret not in html


def test_a_wrong_code_and_an_unknown_number_are_told_apart_from_a_right_one(client, document):
    wrong = client.get(f"/verify/{document.number}?code=22222222")
    assert "核验码不对" in wrong.get_data(as_text=True)
    assert document.digest not in wrong.get_data(as_text=True)
    unknown = client.get("/verify/HJ-XX0000-0000?code=22222222")
    assert unknown.status_code == 404
    assert "没有编号为 HJ-XX0000-0000 的文书" in unknown.get_data(as_text=True)


def test_guessing_is_slowed_down(client, document):
    answers = [client.get(f"/verify/{document.number}?code={n:08d}").status_code for n in range(25)]
    assert answers[-1] == 429
