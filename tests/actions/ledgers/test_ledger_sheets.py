"""Sheets into a ledger and out of it: bad rows come back in a file that can be imported once it is corrected."""

import csv
import io
from datetime import date

import openpyxl
import pytest
from sqlalchemy import select

from portal.core import files
from portal.core.errors import NotFound, RuleBroken, Stale
from portal.core.privacy import DataKey
from portal.ledgers import books, importing, log, sheets
from portal.ledgers.amending import AmendEntry, amend_entry
from portal.ledgers.books import HEADERS, write_book
from portal.ledgers.entry_models import SheetImport, SheetState
from portal.ledgers.importing import StartSheet, TakeCorrections, run_sheet, start_sheet, take_corrections
from portal.ledgers.models import EntryKind, LedgerEntry
from portal.ledgers.rules.entries import COMPLAINT_FIELDS
from portal.ledgers.rules.returns import RETURN_FIELDS
from portal.ledgers.sheet_jobs import continue_sheets, forget_sheets, import_sheet
from portal.ledgers.sheets import read_sheet
from tests.conftest import NOW
from tests.factories.books import clerk, complained, complaint_cells, enter, entered, entries_of, return_cells

TITLES = {one.name: one.title for one in (*COMPLAINT_FIELDS, *RETURN_FIELDS)}


def table(*rows: dict[str, str], **titles: str) -> bytes:
    """The rows as a CSV file under the ledgers' own headers."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([titles.get(name, TITLES.get(name, name)) for name in names])
    writer.writerows([[row.get(name, "") for name in names] for row in rows])
    return out.getvalue().encode("utf-8-sig")


def lines(content: bytes) -> list[dict[str, str]]:
    """A workbook's rows by its headers."""
    header, *rows = openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True)
    return [dict(zip(header, row, strict=False)) for row in rows]


def hand_in(runtime, desk, content: bytes, kind: EntryKind = EntryKind.RETURN) -> SheetImport:
    run = runtime.perform(desk.agent, start_sheet, StartSheet(read_sheet(kind, "台账.csv", content)))
    return run_sheet(runtime, run.id)


@pytest.fixture
def desk(session):
    found = clerk(session)
    session.commit()
    return found


def test_good_rows_of_a_sheet_are_entered_and_bad_ones_counted(runtime, session, desk) -> None:
    content = table(return_cells(), return_cells(price="-3"), return_cells(goods="电热毯"), return_cells(category="?"))
    run = hand_in(runtime, desk, content)
    assert (run.state, run.total_rows, run.entered, run.refused) == (SheetState.DONE, 4, 2, 2)
    assert [one.goods for one in entries_of(session, desk)] == ["不粘炒锅", "电热毯"]
    assert run.problems["3"] == [["price", "单价不能是负数。请写 0 或更大的金额。"]]


def test_the_file_of_bad_rows_is_imported_once_it_is_corrected(runtime, session, desk) -> None:
    first = hand_in(runtime, desk, table(return_cells(), return_cells(price="-3", goods="=1+1")))
    bad = runtime.perform(desk.agent, take_corrections, TakeCorrections(first.reference)).read()
    (line,) = lines(bad)
    assert (line["原行号"], line["退换商品名称"]) == (3, "=1+1")
    assert line["问题"] == "单价不能是负数。请写 0 或更大的金额。"
    book = openpyxl.load_workbook(io.BytesIO(bad))
    header = [cell.value for cell in book.active[1]]
    book.active.cell(2, header.index("单价（元）") + 1).value = 3.5
    out = io.BytesIO()
    book.save(out)
    again = hand_in(runtime, desk, out.getvalue())
    assert (again.entered, again.refused) == (1, 0), again.problems
    assert [one.goods for one in entries_of(session, desk)] == ["不粘炒锅", "=1+1"]


def test_a_file_handed_in_twice_is_stored_once(runtime, session, desk) -> None:
    content = table(return_cells(), return_cells())
    first, second = hand_in(runtime, desk, content), hand_in(runtime, desk, content)
    assert first.id == second.id
    assert len(entries_of(session, desk)) == 2


def test_an_import_that_stopped_goes_on_where_it_was(runtime, session, desk, clock, monkeypatch) -> None:
    monkeypatch.setattr(importing, "ROWS_A_COMMIT", 2)
    sheet = read_sheet(EntryKind.RETURN, "a.csv", table(*(return_cells(goods=f"商品{n}号") for n in range(5))))
    run = runtime.perform(desk.agent, start_sheet, StartSheet(sheet))
    runtime.perform(desk.agent, importing.store_sheet_rows, importing.StoreSheetRows(run.id, 0, sheet))
    assert continue_sheets(runtime).done == 0  # somebody may still be at it
    clock.advance(minutes=3)
    assert continue_sheets(runtime).done == 1
    session.expire_all()
    stored = session.scalars(select(SheetImport)).one()
    assert (stored.state, stored.next_row, stored.entered) == (SheetState.DONE, 5, 5)
    assert [one.goods for one in entries_of(session, desk)] == [f"商品{n}号" for n in range(5)]
    import_sheet(runtime, run_id=run.id)
    assert len(entries_of(session, desk)) == 5


def test_an_import_whose_file_is_gone_fails_and_goes_on_when_it_is_handed_in_again(runtime, session, desk) -> None:
    sheet = read_sheet(EntryKind.RETURN, "a.csv", table(return_cells()))
    run = runtime.perform(desk.agent, start_sheet, StartSheet(sheet))
    files.discard(session.info["files_url"], run.raw_file)
    failed = run_sheet(runtime, run.id)
    assert (failed.state, failed.entered) == (SheetState.FAILED, 0)
    assert failed.problem == "原文件已不在或已损坏，请重新上传。"
    again = runtime.perform(desk.agent, start_sheet, StartSheet(sheet))
    assert run_sheet(runtime, again.id).entered == 1
    assert run_sheet(runtime, again.id).state is SheetState.DONE
    with pytest.raises(Stale):
        runtime.perform(desk.agent, importing.store_sheet_rows, importing.StoreSheetRows(run.id, 0, sheet))


def test_more_rows_than_a_sheet_may_have_are_refused(monkeypatch) -> None:
    monkeypatch.setattr(sheets, "MOST_ROWS", 1)
    with pytest.raises(RuleBroken, match="文件有 2 行，最多 1 行"):
        read_sheet(EntryKind.RETURN, "a.csv", table(return_cells(), return_cells()))


def test_the_newest_imports_come_first(runtime, session, desk) -> None:
    first = hand_in(runtime, desk, table(return_cells()))
    second = hand_in(runtime, desk, table(return_cells(goods="电热毯")))
    assert [one.id for one in importing.sheet_runs(session, desk.agent)] == [second.id, first.id]
    assert import_sheet(runtime, run_id=second.id) is None


def test_a_sheet_of_complaints_has_the_eight_columns(runtime, session, desk) -> None:
    goods = {"goods": "不粘炒锅", "price_quantity": "268.00元×2件", "decision": "退货", "disposition": "送检",
             "category": "日用百货", "cause": "质量问题"}  # fmt: skip
    content = table(
        complaint_cells(**goods), complaint_cells(), complaint_cells(content=""), price_quantity="退换商品价格和数量"
    )
    run = hand_in(runtime, desk, content, EntryKind.COMPLAINT)
    assert (run.entered, run.refused) == (2, 1), run.problems
    complaint, inside, _ = entries_of(session, desk)
    assert (complaint.kind, inside.kind, inside.amount) == (EntryKind.COMPLAINT, EntryKind.RETURN, 53_600)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "文件是空的，请重新导出后再导入。"),
        (b"%PDF-1.7", "这是PDF文件，请从平台导出XLSX或CSV文件后再导入。"),
        ("日期,商品\n2026-08-11,锅\n".encode(), "表格缺少必需的列：商品类别、退换原因、是否给予退换。请补上后再导入。"),
        ("姓名,年龄\n张三,20\n".encode(), "表格缺少必需的列：日期、退换商品名称、商品类别、退换原因、是否给予退换。请补上后再导入。"),
        (table(return_cells()).splitlines()[0] + b"\n", "表头下面没有数据。请检查文件后再导入。"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_sheet_is_refused_in_one_sentence(content, said) -> None:
    with pytest.raises(RuleBroken) as refusal:
        read_sheet(EntryKind.RETURN, "x.csv", content)
    assert (refusal.value.text, refusal.value.field) == (said, "file")


def test_the_sealed_file_goes_seven_days_after_the_end(runtime, session, desk, clock) -> None:
    run = hand_in(runtime, desk, table(return_cells(price="-3")))
    clock.advance(days=6)
    assert forget_sheets(runtime).done == 0
    clock.advance(days=1, minutes=1)
    assert forget_sheets(runtime).done == 1
    stored = session.scalars(select(SheetImport)).one()
    assert stored.raw_file is None
    assert session.get_one(DataKey, run.key_id).wrapped is None
    with pytest.raises(RuleBroken):
        runtime.perform(desk.agent, take_corrections, TakeCorrections(run.reference))


def test_another_merchant_does_not_see_an_import(runtime, session, desk) -> None:
    run = hand_in(runtime, desk, table(return_cells(price="-3")))
    stranger = clerk(session)
    session.commit()
    with pytest.raises(NotFound):
        runtime.perform(stranger.agent, take_corrections, TakeCorrections(run.reference))


def taken(session, kind=EntryKind.RETURN, *more, personal=False):
    """The book as somebody opens it in a spreadsheet."""
    out = io.BytesIO()
    conditions = [LedgerEntry.kind == kind, *more]
    count = write_book(session, out, kind, conditions, personal=personal)
    rows = lines(out.getvalue())
    assert len(rows) == count
    return rows


def test_an_exported_book_is_masked_unless_more_may_be_seen(session, desk) -> None:
    entered(session, desk, quantity="2件", label_number="T-1", disposition="贴标识再销售", goods="=1+1")
    (line,) = taken(session)
    assert tuple(line) == HEADERS[EntryKind.RETURN]
    assert (line["序号"], line["消费者姓名"], line["消费者联系电话"]) == (1, "洪**", "138****1234")
    assert (line["单价（元）"], line["数量"], line["退换回商品处理方式"]) == ("268.00", "2件", "贴标识再销售")
    assert line["退换商品名称"] == "=1+1"  # text, not what it adds up to
    (open_line,) = taken(session, personal=True)
    assert (open_line["消费者姓名"], open_line["消费者联系电话"]) == ("洪丽华", "13860001234")


def test_an_exported_book_holds_what_stands_now(session, desk) -> None:
    entry = entered(session, desk, quantity="2")
    amend_entry(session, desk.agent, AmendEntry(entry.seq, {"quantity": "1"}, "录错"), now=NOW)
    log.erase_openings(session, [entry.id], now=NOW)
    (line,) = taken(session, personal=True)
    assert (line["数量"], line["更正"], line["消费者姓名"]) == ("1", "已由第 2 笔更正", "已删除")


def test_the_official_book_shows_returns_inside_their_complaint(session, desk) -> None:
    complained(session, desk)
    enter(session, desk, return_cells(reference="1"), return_cells(reference="1", goods="电热毯", decision="换货"))
    complained(session, desk, outcome="未解决")
    first, second = taken(session, EntryKind.COMPLAINT)
    assert list(first)[:9] == ["序号", "日期", "消费者姓名", "消费者联系电话", "投诉内容", "退换商品名称",
                               "退换商品价格和数量", "是否给予退换", "退换回商品处理方式"]  # fmt: skip
    assert first["退换商品名称"] == "不粘炒锅\n电热毯"
    assert first["退换商品价格和数量"] == "268.00元×1\n268.00元×1"
    assert first["是否给予退换"] == "退货退款\n换货"
    assert first["投诉内容"] == "已隐去"
    assert (second["是否给予退换"], second["退换商品名称"]) == ("未退换", None)


def test_a_book_longer_than_what_is_read_at_a_time_is_whole(session, desk, monkeypatch) -> None:
    monkeypatch.setattr(books, "CHUNK", 2)
    for day in range(1, 6):
        entered(session, desk, occurred_on=f"2026-08-{day:02d}")
    assert [one["日期"][-2:] for one in taken(session)] == ["01", "02", "03", "04", "05"]
    some = taken(session, EntryKind.RETURN, LedgerEntry.occurred_on > date(2026, 8, 3))
    assert [one["序号"] for one in some] == [4, 5]


def test_an_exported_book_can_be_read_again(session, desk) -> None:
    entered(session, desk)
    out = io.BytesIO()
    write_book(session, out, EntryKind.RETURN, [LedgerEntry.kind == EntryKind.RETURN], personal=False)
    sheet = read_sheet(EntryKind.RETURN, "退换货台账.xlsx", out.getvalue())
    assert sheet.rows[0].cells["goods"] == "不粘炒锅"
    assert sheet.rows[0].cells["category"] == "日用百货"
