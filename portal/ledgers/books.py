"""The two official ledgers as XLSX files, as they stand: streamed, masked unless the reader may see more."""

from collections.abc import Iterator, Mapping, Sequence
from typing import IO

import xlsxwriter
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from portal.clocks.rules import SHANGHAI
from portal.core.cells import clean
from portal.core.money import plain_yuan
from portal.ledgers.models import EntryKind, LedgerEntry
from portal.ledgers.records import BookLine, Record, book_lines, records
from portal.ledgers.rules.entries import COMPLAINT_FIELDS, Leaf
from portal.ledgers.rules.returns import MONEY, RETURN_FIELDS
from portal.ledgers.rules.vocabulary import (
    CATEGORY_NAMES,
    CAUSE_NAMES,
    CONDITION_NAMES,
    DECISION_NAMES,
    DESTROY_BASIS_NAMES,
    DISPOSITION_NAMES,
    LAB_RESULT_NAMES,
    OUTCOME_NAMES,
    RECEIVED_NAMES,
    RECOVERY_NAMES,
)

MOST_ROWS = 200_000  # our limit; a narrower span of days gives the rest
CHUNK = 500  # entries read at a time, so that memory does not grow with the ledger
CELL_LENGTH = 32_767  # characters, a limit of XLSX
HIDDEN = "已隐去"
ERASED = "已删除"
NAMES: Mapping[str, Mapping[str, str]] = {
    "category": {one.value: name for one, name in CATEGORY_NAMES.items()},
    "cause": {one.value: name for one, name in CAUSE_NAMES.items()},
    "condition": {one.value: name for one, name in CONDITION_NAMES.items()},
    "decision": {one.value: name for one, name in DECISION_NAMES.items()},
    "disposition": {one.value: name for one, name in DISPOSITION_NAMES.items()},
    "destroy_basis": {one.value: name for one, name in DESTROY_BASIS_NAMES.items()},
    "lab_result": {one.value: name for one, name in LAB_RESULT_NAMES.items()},
    "recovery": {one.value: name for one, name in RECOVERY_NAMES.items()},
    "outcome": {one.value: name for one, name in OUTCOME_NAMES.items()},
    "received": {one.value: name for one, name in RECEIVED_NAMES.items()},
}
TAIL = ("登记人", "登记时间", "更正")
COMPLAINT_HEAD = (
    "序号", "日期", "消费者姓名", "消费者联系电话", "投诉内容", "退换商品名称", "退换商品价格和数量",
    "是否给予退换", "退换回商品处理方式",
)  # fmt: skip
COMPLAINT_EXTRAS = ("投诉编号", *(one.title for one in COMPLAINT_FIELDS[4:]), "商品类别", "退换原因", "标识号")
HEADERS: Mapping[EntryKind, tuple[str, ...]] = {
    EntryKind.RETURN: ("序号", *(one.title for one in RETURN_FIELDS), *TAIL),
    EntryKind.COMPLAINT: (*COMPLAINT_HEAD, *COMPLAINT_EXTRAS, *TAIL),
}
TITLES = {EntryKind.RETURN: "退换货台账", EntryKind.COMPLAINT: "消费投诉记录台账"}


def write_book(
    session: Session, out: IO[bytes], kind: EntryKind, conditions: Sequence[ColumnElement[bool]], *, personal: bool
) -> int:
    """Write the entries of a kind that meet the conditions, in the order of the log; how many.

    Whoever asks has asked for permission and recorded the export. The session lets go of everything it has read, so
    that memory does not grow with the ledger. Text is never a formula, whatever it begins with.
    """
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    count = 0
    with xlsxwriter.Workbook(out, options) as book:
        page = book.add_worksheet(TITLES[kind])
        page.freeze_panes(1, 0)
        page.set_column(0, len(HEADERS[kind]) - 1, 16)
        page.write_row(0, 0, HEADERS[kind], book.add_format({"bold": True}))
        for cells in _lines(session, kind, conditions, personal=personal):
            count += 1
            for place, cell in enumerate(cells):
                if isinstance(cell, int):
                    page.write_number(count, place, cell)
                elif cell:
                    page.write_string(count, place, clean(cell)[:CELL_LENGTH])
    return count


def _lines(
    session: Session, kind: EntryKind, conditions: Sequence[ColumnElement[bool]], *, personal: bool
) -> Iterator[list[str | int]]:
    after = 0
    while True:
        entries = session.scalars(
            select(LedgerEntry).where(*conditions, LedgerEntry.seq > after).order_by(LedgerEntry.seq).limit(CHUNK)
        ).all()
        if not entries:
            return
        if kind is EntryKind.COMPLAINT:
            yield from (_complaint(one, personal=personal) for one in book_lines(session, entries, personal=personal))
        else:
            yield from (_return(one, personal=personal) for one in records(session, entries, personal=personal))
        after = entries[-1].seq
        session.expunge_all()


def _return(record: Record, *, personal: bool) -> list[str | int]:
    cells = [shown(record, one.name, personal=personal) for one in RETURN_FIELDS]
    return [record.entry.number, *cells, *_tail(record)]


def _complaint(line: BookLine, *, personal: bool) -> list[str | int]:
    """The eight required columns, ⑤–⑧ from the returns inside, then the rest."""
    complaint, inside = line.complaint, line.returns
    goods = [shown(one, "goods", personal=personal) for one in inside]
    first = [shown(complaint, one.name, personal=personal) for one in COMPLAINT_FIELDS[:4]]
    extras = [shown(complaint, one.name, personal=personal) for one in COMPLAINT_FIELDS[4:]]
    more = [
        "\n".join(shown(one, name, personal=False) for one in inside) for name in ("category", "cause", "label_number")
    ]
    return [
        complaint.entry.number,
        *first,
        "\n".join(goods),
        "\n".join(price_and_quantity(one.standing) for one in inside),
        given_back(complaint.standing, inside),
        "\n".join(shown(one, "disposition", personal=False) for one in inside),
        complaint.reference or "",
        *extras,
        *more,
        *_tail(complaint),
    ]


def given_back(complaint: Leaf, inside: Sequence[Record]) -> str:
    """Column ⑦ 是否给予退换: what was decided of each return, else whether anything is still to be decided."""
    if inside:
        return "\n".join(NAMES["decision"][str(one.standing["decision"])] for one in inside)
    return "处理中" if complaint.get("outcome") in ("open", "agreed", "performed") else "未退换"


def price_and_quantity(leaf: Leaf) -> str:
    """Column ⑥ in one cell: 268.00元×2件."""
    return f"{plain_yuan(int(leaf.get('price', 0)))}元×{leaf.get('quantity', '1')}{leaf.get('unit', '')}"


def shown(record: Record, name: str, *, personal: bool) -> str:
    """A field of an entry as people read it; what is personal masked or hidden unless it may be seen."""
    if name == "reference":
        return record.reference or ""
    value = record.standing.get(name, "")
    if name in ("consumer_name", "consumer_phone", "content", "refusal") and value:
        return _personal(record, name, personal=personal)
    if name == "quantity" and value:
        return f"{value}{record.standing.get('unit', '')}"
    if name in MONEY:
        return plain_yuan(int(value)) if value else ""
    return NAMES.get(name, {}).get(str(value), str(value))


def _personal(record: Record, name: str, *, personal: bool) -> str:
    if record.masks.erased:
        return ERASED
    if personal:
        return record.personal.get(name, "")
    return {"consumer_name": record.masks.consumer, "consumer_phone": record.masks.phone}.get(name, HIDDEN)


def _tail(record: Record) -> tuple[str, str, str]:
    amended = "、".join(f"第 {one.seq} 笔" for one in record.amendments)
    at = record.entry.at.astimezone(SHANGHAI)
    return record.entry.author_name, f"{at:%Y-%m-%d %H:%M}", f"已由{amended}更正" if amended else ""
