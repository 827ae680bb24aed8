"""One entry: its fields, its amendments, its proof; the recorded look; a correction that keeps what was typed."""

import re
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.core.access import AccessKind, AccessRecord
from portal.core.facts import SubjectKind
from portal.ledgers.amending import AmendEntry, amend_entry
from portal.ledgers.checkpoints import SignCheckpoint, sign_checkpoint
from portal.ledgers.log import erase_openings
from portal.ledgers.models import LedgerEntry
from portal.ledgers.rules import merkle
from tests.conftest import NOW
from tests.factories import books
from tests.factories.books import Clerk
from tests.inspector import InspectingClient

FIRST = "/merchant/ledgers/entries/1"
AMEND = f"{FIRST}/amend"


@pytest.fixture
def entry(session: Session, clerk: Clerk) -> LedgerEntry:
    made = books.entered(session, clerk)
    session.commit()
    return made


def test_an_entry_shows_its_fields_and_hides_its_consumer(entry: LedgerEntry, counter: InspectingClient) -> None:
    page = counter.get(FIRST).text
    for shown in ("不粘炒锅", "日用百货", "268.00", "善意退换", "退回供货商", "洪**", "138****1234"):
        assert shown in page
    assert "洪丽华" not in page
    assert entry.leaf_hash.hex() in page
    assert "下一次签发（每天一次）后可以证明" in page


def test_the_proof_on_the_page_leads_to_the_signed_root(
    entry: LedgerEntry, session: Session, clerk: Clerk, counter: InspectingClient
) -> None:
    books.entered(session, clerk)
    books.entered(session, clerk)
    signed = sign_checkpoint(session, clerk.agent, SignCheckpoint(clerk.merchant.id), now=NOW)
    session.commit()
    page = counter.get(FIRST).text
    path = re.search(r'<ol class="hash">(.*?)</ol>', page)
    assert path
    hashes = [bytes.fromhex(one) for one in re.findall(r"<li>([0-9a-f]{64})</li>", path.group(1))]
    line = re.search(r'<p class="paste">(.*?)</p>', page)
    assert line
    leaf = merkle.leaf_hash(line.group(1).replace("&#34;", '"').encode())
    assert merkle.includes(signed.root, leaf, 0, signed.size, hashes)
    assert signed.root.hex() in page


def test_a_place_outside_the_log_is_not_there(entry: LedgerEntry, counter: InspectingClient) -> None:
    for place in ("2", "0", "x", "-1", "9999999999"):
        assert counter.get(f"/merchant/ledgers/entries/{place}").status_code == 404, place


def test_a_look_needs_a_reason_and_is_on_record(
    entry: LedgerEntry, session: Session, counter: InspectingClient
) -> None:
    assert counter.submit(f"{FIRST}/reveal", page=FIRST).status_code == 422
    assert session.scalars(select(AccessRecord)).all() == []
    assert counter.submit(f"{FIRST}/reveal", {"reason": "contact"}, page=FIRST).status_code == 303
    page = counter.get(FIRST).text
    assert "洪丽华" in page
    assert "13860001234" in page
    record = session.scalars(select(AccessRecord)).one()
    assert (record.kind, record.subject_kind, record.subject_id, record.reason) == (
        AccessKind.REVEAL, SubjectKind.LEDGER_ENTRY, entry.id, "contact",
    )  # fmt: skip


def test_after_thirty_minutes_the_consumer_is_hidden_again(
    entry: LedgerEntry, counter: InspectingClient, clock: Any
) -> None:
    counter.submit(f"{FIRST}/reveal", {"reason": "contact"}, page=FIRST)
    clock.advance(minutes=30)
    assert "洪丽华" not in counter.get(FIRST).text


def test_what_was_erased_is_said_to_be(entry: LedgerEntry, session: Session, counter: InspectingClient) -> None:
    erase_openings(session, [entry.id], now=NOW)
    session.commit()
    assert counter.get(FIRST).text.count("已按规定删除") == 2


def amend(counter: InspectingClient, **typed: str) -> Any:
    html = counter.get(AMEND).text
    shown = dict(re.findall(r'<input id="f-(\w+)" type="text" name="\w+" value="([^"]*)"', html))
    for name, body in re.findall(r'<select id="f-(\w+)".*?>(.*?)</select>', html, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', body)
        shown[name] = chosen.group(1) if chosen else ""
    token = re.search(r'name="token"[^>]*value="([^"]*)"', html)
    assert token
    return counter.submit(AMEND, {**shown, "token": token.group(1), **typed})


def test_a_correction_is_a_new_entry_that_names_the_old_one(
    entry: LedgerEntry, session: Session, counter: InspectingClient
) -> None:
    answer = amend(counter, quantity="2", reason="数量录入错误")
    assert (answer.status_code, answer.location) == (303, "/merchant/ledgers/entries/2")
    page = counter.get(answer.location).text
    assert "更正第 1 笔" in page
    assert "数量录入错误" in page
    assert "<del>268.00</del> <ins>536.00</ins>" in page
    made = session.scalars(select(LedgerEntry).where(LedgerEntry.seq == 2)).one()
    assert made.amends_id == entry.id
    assert '"quantity":"2"' in made.line
    assert '"goods"' not in made.line


def test_a_correction_needs_a_reason(entry: LedgerEntry, session: Session, counter: InspectingClient) -> None:
    answer = amend(counter, quantity="2", reason="")
    assert answer.status_code == 422
    assert "请写明更正的原因" in answer.text
    assert 'name="quantity" value="2"' in answer.text
    assert len(session.scalars(select(LedgerEntry)).all()) == 1


def test_a_correction_that_the_rules_refuse_keeps_what_was_typed(
    entry: LedgerEntry, session: Session, counter: InspectingClient
) -> None:
    answer = amend(counter, category="bulk_food", disposition="resale", goods="散装蜜饯", reason="类别选错")
    assert answer.status_code == 422
    assert "散装食品不能再销售" in answer.text
    assert '<a href="#f-disposition">' in answer.text
    assert 'name="goods" value="散装蜜饯"' in answer.text
    assert "类别选错" in answer.text
    assert len(session.scalars(select(LedgerEntry)).all()) == 1


def test_a_correction_that_changes_nothing_is_refused(entry: LedgerEntry, counter: InspectingClient) -> None:
    answer = amend(counter, reason="没有什么")
    assert answer.status_code == 422
    assert "没有改动" in answer.text


def test_a_consumers_name_can_be_corrected_without_being_shown(
    entry: LedgerEntry, session: Session, counter: InspectingClient
) -> None:
    assert "洪丽华" not in counter.get(AMEND).text
    assert amend(counter, consumer_name="洪莉华", reason="姓名写错").status_code == 303
    page = counter.get("/merchant/ledgers/entries/2").text
    assert "洪莉华" not in page
    assert "（已更正）" in page
    counter.submit(f"{FIRST}/reveal", {"reason": "verify"}, page=FIRST)
    assert "洪莉华" in counter.get(FIRST).text


def test_numbers_in_a_reason_are_masked_until_a_look(
    entry: LedgerEntry, session: Session, clerk: Clerk, counter: InspectingClient
) -> None:
    amend_entry(session, clerk.agent, AmendEntry(1, {"quantity": "2"}, "应为 13912345678 的退货"), now=NOW)
    session.commit()
    assert "13912345678" not in counter.get(FIRST).text
