"""What an entry of returned goods holds, and how a typed, pasted or imported row becomes one (or says why not)."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from portal.core.money import MAX_FEN, plain_yuan, yuan
from portal.ledgers.rules import cells, dispositions
from portal.ledgers.rules.entries import MAX_GOODS, MAX_NAME, CellProblem, Field, Leaf, RowReader, filled, spellings
from portal.ledgers.rules.vocabulary import (
    CATEGORY_NAMES,
    CAUSE_NAMES,
    CONDITION_NAMES,
    DECISION_NAMES,
    DESTROY_BASIS_NAMES,
    DISPOSITION_NAMES,
    LAB_RESULT_NAMES,
    RECOVERY_NAMES,
    Category,
    Cause,
    Condition,
    Decision,
    DestroyBasis,
    Disposition,
    LabResult,
    Recovery,
)

Parser = Callable[[str], Any]  # gives the value or a Refusal

MAX_REFUSAL = 200  # characters, our limit
MAX_SUPPLIER = 100  # characters, our limit
MAX_PHOTO = 80  # characters: a number, or the digest of an uploaded photograph

RETURN_FIELDS = (
    Field("occurred_on", "日期", ("退换日期", "登记日期"), required=True),
    Field("consumer_name", "消费者姓名", ("姓名", "消费者")),
    Field("consumer_phone", "消费者联系电话", ("联系电话", "电话", "消费者电话", "手机")),
    Field("goods", "退换商品名称", ("商品", "商品名称", "品名", "名称"), required=True),
    Field("barcode", "条形码", ("条码", "商品条码", "货号")),
    Field("category", "商品类别", ("类别", "分类", "商品分类"), required=True),
    Field("price", "单价（元）", ("单价", "价格", "退换商品价格", "商品价格"), required=True),
    Field("quantity", "数量", ("退换商品数量", "件数", "商品数量")),
    Field("cause", "退换原因", ("原因", "退货原因"), required=True),
    Field("condition", "收货状况", ("商品状况", "状况")),
    Field("decision", "是否给予退换", ("是否退换", "处理方式", "退换"), required=True),
    Field("refusal", "不予退换理由", ("拒绝理由", "不退换理由", "理由")),
    Field("refund", "退款金额（元）", ("退款金额", "退款", "退款额")),
    Field("disposition", "退换回商品处理方式", ("退回商品处理", "退回商品处理方式", "商品处理方式", "处置方式")),
    Field("label_number", "标识号", ("明示标识号", "标识编号", "标签号")),
    Field("supplier", "供货商", ("供应商", "供货商名称")),
    Field("shelf_life_on", "保质期至", ("保质期", "保质期到", "有效期至")),
    Field("destroy_basis", "销毁依据", ()),
    Field("witnesses", "销毁签字人", ("签字人", "经手人")),
    Field("photo", "照片编号", ("照片", "销毁照片")),
    Field("lab_result", "检测结果", ("送检结果",)),
    Field("recovered", "向供货商追偿（元）", ("追偿金额", "先行赔付追偿")),
    Field("recovery", "追偿情况", ("追偿状态",)),
    Field("outlet", "门店", ("门店名称", "店铺")),
    Field("reference", "投诉编号", ("投诉", "纠纷编号", "关联投诉")),
)

CATEGORIES, CAUSES = spellings(CATEGORY_NAMES), spellings(CAUSE_NAMES)
CONDITIONS, DECISIONS = spellings(CONDITION_NAMES), spellings(DECISION_NAMES)
DISPOSITIONS, DESTROY_BASES = spellings(DISPOSITION_NAMES), spellings(DESTROY_BASIS_NAMES)
LAB_RESULTS, RECOVERIES = spellings(LAB_RESULT_NAMES), spellings(RECOVERY_NAMES)


@dataclass(frozen=True, slots=True)
class ReturnRow:
    """One return, exchange or refusal; amounts in 分. Everything in it has passed the rules of a single row."""

    occurred_on: date
    goods: str
    category: Category
    price: int
    quantity: Decimal
    unit: str
    cause: Cause
    condition: Condition
    decision: Decision
    disposition: Disposition | None  # None only before the rules have been asked
    refund: int
    consumer_name: str = ""
    consumer_phone: str = ""
    barcode: str = ""
    refusal: str = ""
    label_number: str = ""
    supplier: str = ""
    shelf_life_on: date | None = None
    destroy_basis: DestroyBasis | None = None
    witnesses: tuple[str, ...] = ()
    photo: str = ""
    lab_result: LabResult | None = None
    recovered: int = 0
    recovery: Recovery | None = None
    outlet: str = ""
    reference: str = ""


def parse_return(written: Mapping[str, str], *, today: date) -> ReturnRow | tuple[CellProblem, ...]:
    """Read a row of 退换货; every problem of the row at once. Whether a label is free only the ledger knows.

    Without a quantity there is one piece; goods are intact unless the row says otherwise; a return refunds price ×
    quantity unless it says less.
    """
    row = RowReader(written, RETURN_FIELDS)
    for name, parse in PARSERS.items():
        row.read(name, parse)
    row.read("occurred_on", lambda text: cells.day_of(text, today=today))
    if row.problems:
        return tuple(row.problems)
    found = _completed(row.values)
    return objections_to_return(found) or found


PARSERS: dict[str, Parser] = {
    "consumer_name": lambda text: cells.text_within(text, "消费者姓名", MAX_NAME),
    "consumer_phone": cells.phone_of,
    "goods": lambda text: cells.text_within(text, "退换商品名称", MAX_GOODS),
    "barcode": lambda text: cells.code_of(text, "条形码"),
    "category": lambda text: cells.word_of(text, CATEGORIES, "商品类别"),
    "price": lambda text: cells.fen_of(text, "单价"),
    "quantity": cells.quantity_of,
    "cause": lambda text: cells.word_of(text, CAUSES, "退换原因"),
    "condition": lambda text: cells.word_of(text, CONDITIONS, "收货状况"),
    "decision": lambda text: cells.word_of(text, DECISIONS, "是否给予退换"),
    "refusal": lambda text: cells.text_within(text, "不予退换理由", MAX_REFUSAL),
    "refund": lambda text: cells.fen_of(text, "退款金额", limit=MAX_FEN),
    "disposition": lambda text: cells.word_of(text, DISPOSITIONS, "退换回商品处理方式"),
    "label_number": lambda text: cells.code_of(text, "标识号"),
    "supplier": lambda text: cells.text_within(text, "供货商", MAX_SUPPLIER),
    "shelf_life_on": cells.coming_day_of,
    "destroy_basis": lambda text: cells.word_of(text, DESTROY_BASES, "销毁依据"),
    "witnesses": lambda text: tuple(one for one in re.split(r"[、,，;；/ ]+", text[:MAX_NAME]) if one),
    "photo": lambda text: cells.text_within(text, "照片编号", MAX_PHOTO),
    "lab_result": lambda text: cells.word_of(text, LAB_RESULTS, "检测结果"),
    "recovered": lambda text: cells.fen_of(text, "追偿金额", limit=MAX_FEN),
    "recovery": lambda text: cells.word_of(text, RECOVERIES, "追偿情况"),
    "outlet": lambda text: cells.text_within(text, "门店", MAX_GOODS),
    "reference": lambda text: cells.code_of(text, "投诉编号"),
}


def _completed(values: Mapping[str, Any]) -> ReturnRow:
    """Make the row of its cells, with what goes without saying."""
    given = {name: value for name, value in values.items() if name != "quantity"}
    quantity, unit = values.get("quantity", (Decimal(1), ""))
    decision = values["decision"]
    condition = values.get("condition", Condition.INTACT)
    came_back = decision is not Decision.REFUSED and condition not in dispositions.NOTHING_CAME_BACK
    row = ReturnRow(
        **{
            "condition": condition,
            "disposition": Disposition.NONE,
            "refund": total_of(values["price"], quantity) if decision is Decision.RETURNED else 0,
            "quantity": quantity,
            "unit": unit,
            **given,
        }
    )
    return row if "disposition" in values or not came_back else replace(row, disposition=None)


def total_of(price: int, quantity: Decimal | str) -> int:
    """Price × quantity in 分, half a 分 rounded up."""
    return int((price * Decimal(quantity)).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def objections_to_return(row: ReturnRow) -> tuple[CellProblem, ...]:
    """Say everything that stands against a row whose cells are all readable."""
    found = [CellProblem(field, sentence) for field, sentence in _objections(row)]
    goods = dispositions.Goods(row.category, row.cause, row.condition, row.decision, row.lab_result)
    if row.disposition is None:
        found.append(CellProblem("disposition", f"商品已经退回，要写明怎么处理。请选{dispositions.listed(goods)}。"))
        return tuple(found)
    particulars = dispositions.Particulars(
        on=row.occurred_on,
        label_number=row.label_number,
        shelf_life_on=row.shelf_life_on,
        supplier=row.supplier,
        destroy_basis=row.destroy_basis,
        witnesses=row.witnesses,
        photo=row.photo,
    )
    found += [
        CellProblem(one.field, one.sentence)
        for one in dispositions.objections_to_disposition(goods, row.disposition, particulars)
    ]
    return tuple(found)


def _objections(row: ReturnRow) -> Iterator[tuple[str, str]]:
    total = total_of(row.price, row.quantity)
    if total > MAX_FEN:
        yield "quantity", f"单价×数量超过 {yuan(MAX_FEN)} 元，像是多写了几位。请核对单价和数量。"
    if row.decision is Decision.REFUSED and not row.refusal:
        yield "refusal", "不予退换要写明理由，以备查验。请填写不予退换理由。"
    if row.decision is not Decision.REFUSED and row.refusal:
        yield "refusal", "已经给予退换，不用写不予退换理由。请去掉理由，或把“是否给予退换”改为“不予退换”。"
    if row.decision is Decision.REFUSED and row.refund:
        yield "refund", "不予退换没有退款。请去掉退款金额，或把“是否给予退换”改为“退货退款”。"
    if row.refund > total:
        yield "refund", f"退款不能超过单价×数量 {yuan(total)} 元。多给的补偿请登记在投诉的解决金额里。"
    if row.lab_result is not None and row.cause is not Cause.QUALITY:
        yield "lab_result", "只有质量问题的商品才有检测结果。请去掉检测结果，或把退换原因改为“质量问题”。"
    yield from _objections_to_recovery(row)


def _objections_to_recovery(row: ReturnRow) -> Iterator[tuple[str, str]]:
    if row.recovery is None and row.recovered:
        yield "recovery", f"写了追偿金额，请选追偿情况：{'、'.join(RECOVERY_NAMES.values())}。"
    if row.recovery is not None and not row.recovered:
        yield "recovered", "请填写向供货商追偿的金额，单位元；没有追偿的，请去掉追偿情况。"
    if row.recovery is not None and not row.supplier:
        yield "supplier", "追偿要写明向谁追偿。请填写供货商。"


def return_leaf(row: ReturnRow) -> tuple[Leaf, dict[str, str]]:
    """What the entry of a return holds: open fields, and personal ones."""
    assert row.disposition is not None
    plain: Leaf = {
        "goods": row.goods,
        "barcode": row.barcode,
        "category": row.category.value,
        "price": row.price,
        "quantity": cells.written_quantity(row.quantity),
        "unit": row.unit,
        "cause": row.cause.value,
        "condition": row.condition.value,
        "decision": row.decision.value,
        "refund": row.refund,
        "disposition": row.disposition.value,
        "label_number": row.label_number,
        "supplier": row.supplier,
        "shelf_life_on": row.shelf_life_on.isoformat() if row.shelf_life_on else "",
        "destroy_basis": row.destroy_basis.value if row.destroy_basis else "",
        "witnesses": "、".join(row.witnesses),
        "photo": row.photo,
        "lab_result": row.lab_result.value if row.lab_result else "",
        "recovered": row.recovered,
        "recovery": row.recovery.value if row.recovery else "",
        "outlet": row.outlet,
    }
    personal = {"consumer_name": row.consumer_name, "consumer_phone": row.consumer_phone, "refusal": row.refusal}
    return filled(plain), {name: value for name, value in personal.items() if value}


def label_of(written: str) -> str:
    """The label number of a typed cell as it is claimed; '' where there is none or it can't be one."""
    text = cells.tidy(written)
    found = cells.code_of(text, "标识号") if text else ""
    return found if isinstance(found, str) else ""


MONEY = frozenset({"price", "refund", "recovered", "settled", "claimed"})


def typed_cells(leaf: Mapping[str, str | int]) -> dict[str, str]:
    """Write an entry's fields as somebody would type them, so that they can be read again (for amending, forms)."""
    typed = {
        name: plain_yuan(int(value)) if name in MONEY else str(value) for name, value in leaf.items() if name != "unit"
    }
    if "quantity" in leaf:
        typed["quantity"] = f"{leaf['quantity']}{leaf.get('unit', '')}"
    return typed
