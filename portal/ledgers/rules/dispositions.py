"""What may be done with goods that came back: 散装 and 鲜活 food, resale, quality problems, destroying.

Sources: the seed rules on 问题商品 and on 分类处置 of returned goods (domain 4.2, 4.3) and decisions 28. Each objection
says the rule and what is possible instead.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from portal.ledgers.rules.vocabulary import (
    CATEGORY_NAMES,
    CONDITION_NAMES,
    DESTROY_BASIS_NAMES,
    DISPOSITION_NAMES,
    Category,
    Cause,
    Condition,
    Decision,
    DestroyBasis,
    Disposition,
    LabResult,
)

D = Disposition

TO_SOURCE_ONLY = frozenset({Category.BULK_FOOD, Category.FRESH_FOOD})
NOTHING_CAME_BACK = frozenset({Condition.EMPTY, Condition.NOT_RETURNED})
NEEDS_SHELF_LIFE = frozenset({Category.PACKAGED_FOOD})
SIGNATURES = 2  # decisions 28


@dataclass(frozen=True, slots=True)
class Goods:
    """What is asked about: the goods, why and how they came back, and what the merchant decided."""

    category: Category
    cause: Cause
    condition: Condition
    decision: Decision
    lab_result: LabResult | None = None


@dataclass(frozen=True, slots=True)
class Particulars:
    """What a disposition may need besides."""

    on: date  # the day of the return
    label_number: str = ""
    shelf_life_on: date | None = None  # the last day of the shelf life
    supplier: str = ""
    destroy_basis: DestroyBasis | None = None
    witnesses: tuple[str, ...] = ()
    photo: str = ""


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a disposition is refused: the field at fault and the sentence."""

    field: str
    sentence: str


def possible(goods: Goods) -> frozenset[Disposition]:
    """The dispositions that these goods allow, whatever their particulars."""
    if goods.decision is Decision.REFUSED or goods.condition in NOTHING_CAME_BACK:
        return frozenset({D.NONE})
    if goods.category in TO_SOURCE_ONLY:
        to_source = {D.SUPPLIER, D.PRODUCER, D.DESTROY}
        return frozenset(to_source | {D.TESTING} if goods.cause is Cause.QUALITY else to_source)
    if goods.cause is Cause.QUALITY:
        to_test = {D.TESTING, D.SUPPLIER, D.PRODUCER}  # supplier and producer have it tested
        return frozenset(to_test | {D.DESTROY} if goods.lab_result else to_test)
    kept = {D.SUPPLIER, D.PRODUCER, D.DESTROY, D.TESTING}
    return frozenset(kept | {D.RESALE} if goods.condition is Condition.INTACT else kept)


def objections_to_disposition(goods: Goods, asked: Disposition, given: Particulars) -> tuple[Objection, ...]:
    """Say everything that stands against doing this with the goods; nothing where it is allowed."""
    if asked not in possible(goods):
        return (Objection("disposition", _why_not(goods, asked)),)
    if asked is D.RESALE:
        return tuple(_against_resale(goods, given))
    found = []
    if given.label_number:
        found.append(Objection("label_number", "标识号只用于“贴标识再销售”的商品。请去掉标识号，或改选处理方式。"))
    if asked is D.DESTROY and goods.category in TO_SOURCE_ONLY:
        found += _against_destroying(goods, given)
    return tuple(found)


def listed(goods: Goods) -> str:
    """Name what is possible with these goods: “退回供货商”、“退回生产者”."""
    allowed = possible(goods)
    return "、".join(f"“{DISPOSITION_NAMES[one]}”" for one in Disposition if one in allowed)


def _why_not(goods: Goods, asked: Disposition) -> str:
    instead, condition = listed(goods), CONDITION_NAMES[goods.condition]
    if goods.decision is Decision.REFUSED:
        return f"不予退换时商品没有退回，处理方式只能是{instead}。"
    if goods.condition in NOTHING_CAME_BACK:
        return f"收货状况是“{condition}”，没有可处理的商品。处理方式请选{instead}。"
    if asked is D.NONE:
        return f"商品已经退回，要写明怎么处理。请选{instead}；没有收回的，请把收货状况改为“未收回商品”。"
    if goods.category in TO_SOURCE_ONLY:
        return _why_not_food(goods, asked)
    if goods.cause is Cause.QUALITY:
        return _why_not_faulty(goods, asked)
    return f"收货状况是“{condition}”，影响再次销售，不能贴标识再销售。请改为{instead}。"


def _why_not_faulty(goods: Goods, asked: Disposition) -> str:
    if asked is D.RESALE:
        return f"有质量问题的商品不能再销售，要先检测。请改为{listed(goods)}。"
    return "有质量问题的商品要先检测，有了检测结果才能销毁。请先选“送检”，或退回供货商、生产者检测。"


def _why_not_food(goods: Goods, asked: Disposition) -> str:
    name = CATEGORY_NAMES[goods.category]
    if asked is D.RESALE:
        return f"{name}不能再销售。请改为“退回供货商”或“退回生产者”。"
    return f"{name}没有质量问题的不用送检，只能退回来源处理。请改为“退回供货商”或“退回生产者”。"


def _against_resale(goods: Goods, given: Particulars) -> Iterable[Objection]:
    if not given.label_number:
        yield Objection(
            "label_number", "再次销售要加贴退换商品明示标识。请填写标识号；没有贴标识的，请改选“退回供货商”等处理方式。"
        )
    if given.shelf_life_on is None and goods.category in NEEDS_SHELF_LIFE:
        yield Objection(
            "shelf_life_on", "定型包装食品在保质期内才能再销售。请填写保质期到哪一天，或改为“退回供货商”“退回生产者”。"
        )
    if given.shelf_life_on is not None and given.shelf_life_on < given.on:
        yield Objection(
            "shelf_life_on",
            f"保质期到 {given.shelf_life_on.isoformat()}，退换时已经过期，不能再销售。请改为“退回供货商”“退回生产者”或“销毁”。",
        )


def _against_destroying(goods: Goods, given: Particulars) -> Iterable[Objection]:
    name = CATEGORY_NAMES[goods.category]
    if given.destroy_basis is None:
        both = "”或“".join(DESTROY_BASIS_NAMES.values())
        yield Objection(
            "destroy_basis", f"{name}应退回来源处理，就地销毁要有依据：“{both}”。请填写销毁依据，或改为“退回供货商”。"
        )
    elif given.destroy_basis is DestroyBasis.SUPPLIER and not given.supplier:
        yield Objection("supplier", "销毁依据是供货商授权。请填写供货商名称。")
    elif given.destroy_basis is DestroyBasis.TWO_SIGNATURES:
        if len(given.witnesses) < SIGNATURES:
            yield Objection("witnesses", f"{name}就地销毁要两人签字。请填写两位经手人的姓名，用顿号分开。")
        if not given.photo:
            yield Objection("photo", f"{name}就地销毁要留照片。请填写照片编号或上传照片。")
