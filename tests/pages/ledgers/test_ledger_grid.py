"""The fast grid: storing, inline errors, drafts that survive, blocks pasted from a spreadsheet."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.core.actor import SYSTEM, Actor
from portal.core.errors import NotAllowed, RuleBroken
from portal.core.privacy import DataKey
from portal.ledgers import drafts
from portal.ledgers.drafts import ForgetDrafts, KeepDraft
from portal.ledgers.grid import pasted_rows, says_something
from portal.ledgers.models import LedgerEntry
from portal.ledgers.page_models import Book, LedgerDraft
from tests.conftest import NOW
from tests.factories import books, people
from tests.factories.books import Clerk, return_cells
from tests.inspector import PARTIAL, InspectingClient
from tests.pages.ledgers.conftest import COMPLAINTS, RETURNS, form_of

BULK = return_cells(goods="散装蜜饯", category="bulk_food", disposition="resale", label_number="T-1")
GOOD = return_cells(goods="电热毯", category="appliance")


def stored(session: Session) -> list[str | None]:
    return list(session.scalars(select(LedgerEntry.goods).order_by(LedgerEntry.seq)))


def enter(client: InspectingClient, *rows: dict[str, str], **kwargs: Any) -> Any:
    return client.submit(RETURNS, form_of(*rows), **kwargs)


def test_a_good_row_becomes_an_entry_and_a_new_line_waits(counter: InspectingClient, session: Session) -> None:
    answer = enter(counter, GOOD)
    assert (answer.status_code, answer.location) == (303, RETURNS)
    page = counter.get(RETURNS).text
    assert "已存入 1 笔" in page
    assert page.count("data-row>") == 1
    assert stored(session) == ["电热毯"]


def test_bulk_food_is_not_resold_and_the_row_says_so_below_it(counter: InspectingClient, session: Session) -> None:
    answer = enter(counter, BULK)
    assert answer.status_code == 422
    why = re.search(r'<tr class="why">.*?</tr>', answer.text, re.DOTALL)
    assert why
    assert "散装食品不能再销售。请改为“退回供货商”或“退回生产者”。" in why.group()
    select_at_fault = re.search(r'<select aria-label="退换回商品处理方式"[^>]*>', answer.text)
    assert select_at_fault
    assert 'aria-invalid="true" aria-describedby="why-token-0"' in select_at_fault.group()
    assert stored(session) == []


def test_good_rows_are_kept_and_the_bad_one_stays_typed(counter: InspectingClient, session: Session) -> None:
    answer = enter(counter, GOOD, BULK, return_cells(goods="皮鞋"))
    assert answer.status_code == 422
    assert stored(session) == ["电热毯", "皮鞋"]
    assert "已存入 2 笔。还有 1 行需要修改。" in answer.text
    assert answer.text.count("data-row>") == 1
    assert 'value="散装蜜饯"' in answer.text


def test_the_bad_row_is_there_after_signing_in_again(
    counter: InspectingClient, clerk: Clerk, client_for: Callable[..., InspectingClient]
) -> None:
    enter(counter, GOOD, BULK)
    page = client_for(clerk.membership).get(RETURNS).text
    assert "已恢复没有存入的 1 行" in page
    assert 'value="散装蜜饯"' in page


def test_a_lost_session_leads_to_the_door_and_back_to_the_grid(
    client: InspectingClient, counter: InspectingClient
) -> None:
    for referrer, next_page in ((f"http://localhost{RETURNS}?q=1", f"{RETURNS}%3Fq%3D1"), ("http://elsewhere/x", "/")):
        sent = {"csrf_token": client.token("/sign-in"), **form_of(GOOD)}  # the session ends with each try
        answer = client.post(RETURNS, data=sent, headers={"Referer": referrer})
        assert (answer.status_code, answer.location) == (303, f"/sign-in?next={next_page}")


def test_a_row_sent_twice_is_stored_once(counter: InspectingClient, session: Session) -> None:
    enter(counter, GOOD)
    enter(counter, GOOD)
    assert stored(session) == ["电热毯"]
    assert "没有重复登记" in counter.get(RETURNS).text


def test_a_scanned_code_alone_is_no_entry(counter: InspectingClient, session: Session) -> None:
    answer = enter(counter, {"barcode": "6901234567892", "occurred_on": "08-12"})
    assert answer.status_code == 422
    assert stored(session) == []
    assert 'value="6901234567892"' in answer.text


def test_an_empty_grid_is_told_so(counter: InspectingClient) -> None:
    answer = enter(counter, {"occurred_on": "08-12", "decision": "returned"})
    assert answer.status_code == 422
    assert "还没有填写任何一行" in answer.text


def test_columns_that_do_not_fit_are_refused_in_one_sentence(counter: InspectingClient, session: Session) -> None:
    form = form_of(GOOD, GOOD)
    form["price"] = ["1.00"]
    answer = counter.submit(RETURNS, form)
    assert answer.status_code == 422
    assert "表格的行和列对不上" in answer.text
    assert stored(session) == []


def test_htmx_gets_the_book_alone(counter: InspectingClient) -> None:
    token = counter.token(RETURNS)
    answer = counter.post(RETURNS, data={"csrf_token": token, **form_of(GOOD)}, headers=PARTIAL)
    assert answer.status_code == 200
    assert answer.text.strip().startswith('<div id="book"')
    assert "已存入 1 笔" in answer.text
    assert "电热毯" in answer.text


def test_the_fragment_is_the_same_markup_as_in_the_page(counter: InspectingClient, monkeypatch: Any) -> None:
    enter(counter, GOOD, BULK)  # a row that stays has its own token in both
    page, fragment = counter.get(RETURNS).text, counter.get(RETURNS, headers=PARTIAL).text.strip()
    without_token = re.compile(r'name="csrf_token" value="[^"]*"')
    assert without_token.sub("", fragment) in without_token.sub("", page)


def test_without_script_ten_rows_can_be_filled_at_once(counter: InspectingClient) -> None:
    assert counter.get(f"{RETURNS}?rows=10").text.count("data-row>") == 10
    assert counter.get(f"{RETURNS}?rows=999").text.count("data-row>") == 20
    assert counter.get(f"{RETURNS}?rows=x").text.count("data-row>") == 1


def test_a_complaint_over_the_counter_is_entered_with_its_goods(counter: InspectingClient, session: Session) -> None:
    row = books.complaint_cells(received="counter", outcome="open") | {
        "goods": "不粘炒锅", "category": "daily_goods", "price": "268", "cause": "quality", "decision": "returned",
        "disposition": "supplier",
    }  # fmt: skip
    answer = counter.submit(COMPLAINTS, form_of(row, book=Book.COMPLAINTS))
    assert answer.status_code == 303
    assert "洪**" in counter.get(COMPLAINTS).text
    assert "不粘炒锅" in counter.get(RETURNS).text
    assert session.scalar(select(func.count()).select_from(LedgerEntry)) == 2


def keep(client: InspectingClient, *rows: dict[str, str]) -> int:
    return client.submit(f"{RETURNS}/draft", form_of(*rows), page=RETURNS).status_code


def test_what_is_typed_is_kept_sealed_and_dropped_when_stored(counter: InspectingClient, session: Session) -> None:
    assert keep(counter, BULK, GOOD) == 204
    draft = session.scalars(select(LedgerDraft)).one()
    assert "洪丽华".encode() not in draft.rows_sealed
    keys = session.scalar(select(func.count()).select_from(DataKey))
    enter(counter, GOOD, return_cells(goods="皮鞋"))
    session.expire_all()
    assert session.scalars(select(LedgerDraft)).all() == []
    assert session.scalar(select(func.count()).select_from(DataKey)) == (keys or 0) - 1 + 2  # one a new entry


def test_a_draft_is_the_persons_own(
    counter: InspectingClient, clerk: Clerk, session: Session, client_for: Callable[..., InspectingClient]
) -> None:
    keep(counter, BULK)
    colleague = people.member(session, clerk.merchant.id, name="王珂")
    session.commit()
    assert "散装蜜饯" not in client_for(colleague).get(RETURNS).text
    assert "散装蜜饯" not in counter.get(COMPLAINTS).text


def test_an_emptied_grid_has_no_draft(counter: InspectingClient, session: Session) -> None:
    keep(counter, BULK)
    keep(counter)
    assert session.scalars(select(LedgerDraft)).all() == []


def test_drafts_are_forgotten_after_their_days(counter: InspectingClient, session: Session) -> None:
    keep(counter, BULK)
    assert drafts.forget_old_drafts(session, SYSTEM, ForgetDrafts(), now=NOW + timedelta(days=7)) == 0
    assert drafts.forget_old_drafts(session, SYSTEM, ForgetDrafts(), now=NOW + timedelta(days=7, seconds=1)) == 1
    assert session.scalars(select(LedgerDraft)).all() == []


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_too_many_drafted_rows_are_refused(session: Session, clerk: Clerk) -> None:
    with pytest.raises(RuleBroken, match="导入 Excel"):
        drafts.keep_draft(session, clerk.agent, KeepDraft(Book.RETURNS, [GOOD] * 201), now=NOW)
    drafts.keep_draft(session, clerk.agent, KeepDraft(Book.RETURNS, [GOOD] * 2), now=NOW)
    session.flush()
    assert len(drafts.kept_rows(session, clerk.agent, Book.RETURNS)) == 2


def test_only_a_merchants_people_draft(session: Session, clerk: Clerk) -> None:
    officer: Actor = people.actor(session, people.member(session, clerk.authority.id, name="陈立"))
    with pytest.raises(NotAllowed):
        drafts.keep_draft(session, officer, KeepDraft(Book.RETURNS, [GOOD]), now=NOW)


HEADED = "日期\t商品名称\t类别\t单价\t数量\t原因\t是否退换\t退回商品处理\n"
ROWS = (
    "8-11\t电热毯\t家电\t129\t1\t善意\t退货\t退回供货商\n8-11\t散装瓜子\t散装\t20\t1\t善意\t退货\t贴标识再销售\n"
    "8-10\t皮鞋\t服装\t539\t1\t善意\t换货\t退回供货商\n"
)


def test_a_pasted_block_with_a_header_fills_the_grid_and_stores_nothing(
    counter: InspectingClient, session: Session
) -> None:
    answer = counter.submit(f"{RETURNS}/paste", {**form_of(), "block": HEADED + ROWS}, page=RETURNS)
    assert answer.status_code == 303
    page = counter.get(RETURNS).text
    assert page.count("data-row>") == 3
    assert 'value="bulk_food" selected' in page
    assert stored(session) == []


def test_of_three_pasted_rows_the_bad_one_stays(counter: InspectingClient, session: Session) -> None:
    rows = [{**row, "token": f"p{place}"} for place, row in enumerate(pasted_rows(Book.RETURNS, HEADED + ROWS))]
    answer = enter(counter, *rows)
    assert answer.status_code == 422
    assert stored(session) == ["电热毯", "皮鞋"]
    assert 'value="散装瓜子"' in answer.text


def test_pasting_keeps_what_was_typed_before(counter: InspectingClient) -> None:
    counter.submit(f"{RETURNS}/paste", {**form_of(BULK), "block": HEADED + ROWS}, page=RETURNS)
    page = counter.get(RETURNS).text
    assert page.count("data-row>") == 4
    assert 'value="散装蜜饯"' in page


@pytest.mark.parametrize(
    ("block", "sentence"),
    [
        ("a\tb\tc", "粘贴的内容是 3 列，应为 13 列：日期、条形码、"),
        (HEADED + "8-11\t电热毯", "粘贴的内容有一行是 2 列，表头是 8 列"),
        ("", "没有可粘贴的内容"),
        (HEADED, "只有表头"),
        ("x\n" * 201, "应为 13 列"),
        (HEADED + ROWS * 67, "一次最多 200 行"),
    ],
)
def test_a_block_that_does_not_fit_is_refused_in_one_sentence(
    counter: InspectingClient, block: str, sentence: str
) -> None:
    answer = counter.submit(f"{RETURNS}/paste", {**form_of(BULK), "block": block}, page=RETURNS)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'value="散装蜜饯"' in answer.text


def test_a_block_without_header_has_the_columns_of_the_grid() -> None:
    line = "8-11\t\t洪丽华\t13860001234\t电热毯\t家电\t129\t1\t退货\t善意\t退回供货商\t完好\t"
    (row,) = pasted_rows(Book.RETURNS, line)
    assert (row["goods"], row["category"], row["decision"], row["disposition"]) == (
        "电热毯", "appliance", "returned", "supplier",
    )  # fmt: skip
    assert row["label_number"] == ""


def test_columns_that_are_none_of_ours_are_left_alone() -> None:
    (row,) = pasted_rows(Book.RETURNS, "备注\t商品\t单价\n随便\t电热毯\t129\n")
    assert row == {"goods": "电热毯", "price": "129"}


def test_quoted_cells_may_hold_lines(counter: InspectingClient) -> None:
    (row,) = pasted_rows(Book.RETURNS, '商品\t单价\n"电热毯\n双人"\t129\n')
    assert row["goods"] == "电热毯 双人"


def test_a_word_that_is_no_choice_stays_as_it_was_written(counter: InspectingClient) -> None:
    counter.submit(f"{RETURNS}/paste", {**form_of(), "block": "商品\t类别\n电热毯\t火箭\n"}, page=RETURNS)
    assert '<option value="火箭" selected>火箭</option>' in counter.get(RETURNS).text


def test_what_is_filled_beforehand_makes_no_row() -> None:
    assert not says_something({"occurred_on": "08-12", "decision": "returned", "goods": " "})
    assert says_something({"barcode": "690"})
