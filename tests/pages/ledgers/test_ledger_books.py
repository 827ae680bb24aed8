"""A merchant's book: head, integrity, filters in the URL, search, paging, export, import."""

import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.core.access import AccessRecord
from portal.core.actor import Role
from portal.core.facts import SubjectKind
from portal.ledgers.amending import AmendEntry, amend_entry
from portal.ledgers.checkpoints import SignCheckpoint, sign_checkpoint
from portal.ledgers.models import EntryKind, LedgerEntry
from portal.ledgers.opening import OpenLedger, open_ledger
from portal.ledgers.rules.disclosure import OpeningReason
from portal.runtime import Runtime
from tests.conftest import NOW
from tests.factories import books, people
from tests.factories.books import Clerk
from tests.inspector import InspectingClient
from tests.pages.ledgers.conftest import COMPLAINTS, RETURNS
from tests.queries import counted

BOTH = pytest.mark.parametrize("database", ["sqlite", "postgresql"])


@pytest.fixture
def filled(session: Session, clerk: Clerk) -> list[LedgerEntry]:
    """Four returns of as many kinds, an amendment of the first, and a complaint."""
    books.outlet(session, clerk.merchant)
    rows = [
        {"goods": "电热毯", "category": "家用电器"},
        {"goods": "散装蜜饯", "category": "散装食品", "occurred_on": "2026-07-30"},
        {"goods": "女式风衣", "category": "服装", "disposition": "贴标识再销售", "label_number": "T-20260811-01"},
        {"goods": "皮鞋", "category": "服装", "decision": "换货", "outlet": "五缘湾店"},
    ]
    entries = [books.entered(session, clerk, **row) for row in rows]
    amend_entry(session, clerk.agent, AmendEntry(1, {"quantity": "3"}, "数量录入错误"), now=NOW)
    books.complained(session, clerk)
    session.commit()
    return entries


def rows_of(html: str) -> list[int]:
    """The places in the log that a page lists, in its order."""
    body = re.search(r"<tbody data-rows>(.*?)</tbody>", html, re.DOTALL)
    return [int(found) for found in re.findall(r'entries/(\d+)">[\d,]+</a></td>', body.group(1))] if body else []


def test_a_book_without_entries_says_what_to_do(counter: InspectingClient) -> None:
    page = counter.get(RETURNS).text
    assert "还没有登记过退换货" in page
    assert "导入 Excel" in page
    assert "台账完整" not in page


def test_the_head_tells_month_newest_entry_and_what_is_signed(
    session: Session, clerk: Clerk, filled: Any, counter: InspectingClient
) -> None:
    sign_checkpoint(session, clerk.agent, SignCheckpoint(clerk.merchant.id), now=NOW)
    session.commit()
    page = counter.get(RETURNS).text
    assert "2026 年 8 月，3 笔，退款 ¥1,072.00" in page  # 3 × 268 amended, 268, and an exchange
    assert "第 6 笔" in page
    assert "已全部签发" in page
    assert "还没有验证过" in page


def test_amendments_show_what_was_and_what_is(filled: Any, counter: InspectingClient) -> None:
    page = counter.get(RETURNS).text
    assert "<del>1</del> <ins>3</ins>" in page
    assert "更正 1" in page
    assert "数量录入错误，林晓燕" in page
    assert "已由第 5 笔更正" in page
    assert page.count('class="was"') == 1


def test_consumers_are_masked(filled: Any, counter: InspectingClient) -> None:
    page = counter.get(RETURNS).text
    assert "洪**" in page
    assert "138****1234" in page
    assert "13860001234" not in page
    assert "洪丽华" not in page


NARROWED = {
    "": [5, 4, 3, 2, 1],
    "sort=old": [1, 2, 3, 4, 5],
    "sort=day": [5, 4, 3, 1, 2],
    "month=2026-08": [5, 4, 3, 1],
    "since=2026-07-01&until=2026-07-31": [2],
    "outcome=exchanged": [4],
    "disposition=resale": [3],
    "category=clothing": [4, 3],
    "outlet=五缘湾店": [4],
    "kind=amendment": [5],
    "kind=original": [4, 3, 2, 1],
    "amended=yes": [1],
    "amended=no": [5, 4, 3, 2],
    "q=风衣": [3],
    "q=T-20260811-01": [3],
    "q=t-20260811-01": [3],
    "q=4": [4],
    "q=999": [],
    "q=没有这种商品": [],
    "outcome=nonsense&sort=x&since=yesterday": [5, 4, 3, 2, 1],
}


@BOTH
def test_the_address_narrows_and_sorts(filled: Any, counter: InspectingClient) -> None:
    found = {query: rows_of(counter.get(f"{RETURNS}?{query}").text) for query in NARROWED}
    assert found == NARROWED


@BOTH
def test_every_entry_stands_in_its_own_book(filled: Any, counter: InspectingClient, session: Session) -> None:
    entries = session.scalars(select(LedgerEntry)).all()
    returns = {one.seq for one in entries if one.disposition is not None}
    first = {one.id: one.kind for one in entries}
    assert returns == {one.seq for one in entries if first[one.amends_id or one.id] is EntryKind.RETURN}
    assert rows_of(counter.get(COMPLAINTS).text) == [6]


def test_a_complaint_is_found_by_the_way_it_came(filled: Any, counter: InspectingClient) -> None:
    assert rows_of(counter.get(f"{COMPLAINTS}?category=counter").text) == [6]
    assert rows_of(counter.get(f"{COMPLAINTS}?category=phone").text) == []


def test_nothing_found_offers_to_drop_the_conditions(filled: Any, counter: InspectingClient) -> None:
    page = counter.get(f"{RETURNS}?q=没有这种商品&category=clothing").text
    assert "没有符合这些条件的登记" in page
    assert "移除条件：类别：服装" in page


def test_another_merchants_book_is_another(
    filled: Any, session: Session, clerk: Clerk, client_for: Callable[..., InspectingClient]
) -> None:
    other = books.clerk(session, authority=clerk.authority)
    books.entered(session, other, goods="别家的商品")
    session.commit()
    page = client_for(other.membership).get(RETURNS).text
    assert rows_of(page) == [1]
    assert "电热毯" not in page
    assert client_for(other.membership).get("/merchant/ledgers/entries/3").status_code == 404


@BOTH
def test_a_long_book_is_paged_by_the_same_few_statements(
    session: Session, clerk: Clerk, counter: InspectingClient, runtime: Runtime
) -> None:
    for start in range(0, 120, 60):
        books.enter(session, clerk, *({**books.return_cells(), "goods": f"商品{start + n}"} for n in range(60)))
    amend_entry(session, clerk.agent, AmendEntry(119, {"quantity": "3"}, "录错"), now=NOW)
    session.commit()
    counter.get(RETURNS)  # calendar and limits are kept for a minute
    seen: list[int] = []
    address = RETURNS
    while address:
        with counted(runtime.engine) as said:
            page = counter.get(address).text
        assert len(said) <= 8, said
        seen += rows_of(page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = following.group(1) if following else ""
    assert seen == list(range(121, 0, -1))
    with counted(runtime.engine) as said:
        assert rows_of(counter.get(f"{RETURNS}?q=商品7").text)[-1] == 8
    assert len(said) <= 8, said


def sheet(answer: Any) -> list[tuple[Any, ...]]:
    return list(openpyxl.load_workbook(io.BytesIO(answer.data)).active.values)


def records(session: Session) -> list[AccessRecord]:
    return list(session.scalars(select(AccessRecord).where(AccessRecord.subject_kind == SubjectKind.LEDGER)))


def test_the_list_is_exported_as_it_stands_masked_and_recorded(
    filled: Any, counter: InspectingClient, session: Session
) -> None:
    header, *rows = sheet(counter.submit(f"{RETURNS}.xlsx?category=clothing", page=RETURNS))
    goods, name = header.index("退换商品名称"), header.index("消费者姓名")
    assert [(row[goods], row[name]) for row in rows] == [("女式风衣", "洪**"), ("皮鞋", "洪**")]
    (record,) = records(session)
    assert record.detail == {"what": "return", "rows": 2, "personal": False}


def test_the_merchant_may_take_its_book_with_the_names(
    filled: Any, counter: InspectingClient, session: Session
) -> None:
    header, *rows = sheet(counter.submit(f"{RETURNS}.xlsx", {"personal": "yes"}, page=RETURNS))
    assert rows[0][header.index("消费者姓名")] == "洪丽华"
    assert rows[0][header.index("数量")] == "3"
    (record,) = records(session)
    assert record.detail["personal"] is True


def test_an_empty_book_cannot_be_exported(counter: InspectingClient) -> None:
    answer = counter.submit(f"{RETURNS}.xlsx", page=RETURNS)
    assert answer.status_code == 422
    assert "还没有登记过台账" in answer.text


CSV = """日期,退换商品名称,商品类别,单价（元）,退换原因,是否给予退换,退换回商品处理方式
2026-08-11,电热毯,家用电器,129,善意退换,退货退款,退回供货商
2026-08-11,散装瓜子,散装食品,20,善意退换,退货退款,贴标识再销售
"""


def upload(counter: InspectingClient, content: str, name: str = "退换货.csv") -> Any:
    file = (io.BytesIO(content.encode()), name)
    return counter.submit(f"{RETURNS}/import", {"file": file}, content_type="multipart/form-data")


def test_a_sheet_is_imported_and_its_bad_row_comes_back_as_a_file(counter: InspectingClient) -> None:
    answer = upload(counter, CSV)
    assert answer.status_code == 303
    page = counter.get(answer.location).text
    assert "读取 2 行：登记 1 行，以前登记过 0 行，有错 1 行" in page
    assert "散装食品不能再销售" in page
    corrections = counter.submit(f"{answer.location}/corrections.xlsx", page=answer.location)
    assert [row[0] for row in sheet(corrections)] == ["原行号", 3]
    assert rows_of(counter.get(RETURNS).text) == [1]


def test_a_file_that_is_no_ledger_is_refused_in_words(counter: InspectingClient) -> None:
    answer = upload(counter, "完全,不是\n1,2\n")
    assert answer.status_code == 422
    assert "没有导入任何内容" in answer.text


def test_no_file_is_told_so(counter: InspectingClient) -> None:
    answer = counter.submit(f"{RETURNS}/import", {}, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "请选择要导入的" in answer.text


@pytest.mark.parametrize(("days", "seen"), [(29, False), (30, True)])
def test_the_merchant_reads_at_the_foot_who_looked(
    filled: Any, session: Session, clerk: Clerk, counter: InspectingClient, days: int, seen: bool
) -> None:
    officer = people.actor(session, people.member(session, clerk.authority.id, Role.OFFICER, name="陈立"))
    command = OpenLedger(clerk.merchant.organisation.code, OpeningReason.INSPECTION)
    open_ledger(session, officer, command, now=NOW - timedelta(days=days))
    session.commit()
    page = counter.get(RETURNS).text
    assert (f"{clerk.authority.name}，日常检查" in page) is seen
    assert "陈立" not in page
