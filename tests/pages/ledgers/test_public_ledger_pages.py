"""/verify/ledgers, as anyone sees it."""

import pytest

from portal.core.actor import OPERATOR
from portal.enrolment.models import Merchant
from portal.ledgers.checkpoints import SignCheckpoint, sign_checkpoint
from portal.ledgers.rules import merkle, notes
from tests.conftest import NOW
from tests.factories import people
from tests.factories.ledgers import entered, mixed
from tests.queries import counted


@pytest.fixture
def merchant(session) -> Merchant:
    """A merchant whose ledger was signed at 5 and at 9 and goes on since."""
    row = people.merchant(session, people.authority(session))
    for count in (5, 4):
        entered(session, row.id, list(mixed(count)))
        sign_checkpoint(session, OPERATOR, SignCheckpoint(row.id), now=NOW)
    entered(session, row.id, list(mixed(2)))
    session.commit()
    return row


@pytest.fixture
def address(merchant) -> str:
    return f"/verify/ledgers/{merchant.organisation.code}"


def test_the_form_leads_to_the_ledgers_own_address(client, merchant, address):
    assert "统一社会信用代码" in client.get("/verify/ledgers").get_data(as_text=True)
    assert "请填写" in client.get("/verify/ledgers?code=").get_data(as_text=True)
    answer = client.get("/verify/ledgers", query_string={"code": merchant.organisation.code.lower()})
    assert (answer.status_code, answer.headers["Location"]) == (303, address)
    assert "/verify/ledgers" in client.get("/verify").get_data(as_text=True)


def test_the_newest_note_is_shown_whole_and_the_former_ones_are_there(client, address):
    html = client.get(address).get_data(as_text=True)
    note = client.get(f"{address}/checkpoint").get_data(as_text=True)
    assert note.split("\n")[1] == "9"
    assert note.split("\n")[2] in html
    assert f"{address}/checkpoints/5" in html
    assert "11" not in note.split("\n"), "what came after the checkpoint is nobody's business"


def test_a_note_can_be_fetched_and_verified_with_the_published_key(client, address):
    answer = client.get(f"{address}/checkpoints/5")
    assert answer.mimetype == "text/plain"
    name = answer.get_data(as_text=True).split("\n")[0]
    vkey = notes.verifier(name, b"l" * 32).vkey
    assert vkey in client.get(address).get_data(as_text=True)
    assert notes.opened(answer.get_data(as_text=True), [notes.parsed_vkey(vkey)]) is not None
    assert client.get(f"{address}/checkpoints/6").status_code == 404


def test_an_entry_is_proved_by_its_leaf_hash(client, session, address, merchant):
    rows = entered(session, merchant.id, list(mixed(1)))
    session.commit()
    newest = client.get(f"{address}/checkpoint").get_data(as_text=True)
    assert "没有叶哈希" in client.get(f"{address}?leaf={rows[0].leaf_hash.hex()}").get_data(as_text=True)
    sign_checkpoint(session, OPERATOR, SignCheckpoint(merchant.id), now=NOW)
    session.commit()
    assert client.get(f"{address}/checkpoint").get_data(as_text=True) != newest
    html = client.get(f"{address}?leaf={rows[0].leaf_hash.hex()}").get_data(as_text=True)
    assert "它是第 12 条，在最新检查点的 12 条之内" in html


@pytest.mark.parametrize("leaf", ["x", "00" * 32, "0" * 63, "ü"])
def test_what_is_no_leaf_is_told(client, address, leaf):
    assert "没有叶哈希" in client.get(address, query_string={"leaf": leaf}).get_data(as_text=True)


def test_neither_people_nor_content_are_shown(client, address):
    html = client.get(address).get_data(as_text=True)
    assert not any(word in html for word in ("张三", "张**", "蛋糕", "13812345678", "电水壶", "林晓燕"))


def test_a_merchant_without_a_signed_ledger_is_not_found(client, session):
    row = people.merchant(session, people.authority(session))
    entered(session, row.id, list(mixed(1)))
    session.commit()
    for path in ("", "/checkpoint", "/checkpoints/1"):
        assert client.get(f"/verify/ledgers/{row.organisation.code}{path}").status_code == 404
    assert client.get("/verify/ledgers/NOBODY").status_code == 404


def test_many_checkpoints_are_paged_with_few_statements(client, runtime, session, merchant, address):
    for _ in range(25):
        entered(session, merchant.id, list(mixed(1)))
        sign_checkpoint(session, OPERATOR, SignCheckpoint(merchant.id), now=NOW)
    session.commit()
    leaf = merkle.leaf_hash(b"none").hex()
    with counted(runtime.engine) as said:
        html = client.get(f"{address}?leaf={leaf}").get_data(as_text=True)
    assert len(said) <= 8, said
    assert html.count("/checkpoints/") == 1 + 20
    following = client.get(html.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")).get_data(
        as_text=True
    )
    assert following.count("/checkpoints/") == 1 + 6
