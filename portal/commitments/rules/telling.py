"""The reasons of an answer as people read them: which version, which span, which day was counted, which exclusion."""

from collections.abc import Iterable
from datetime import date

from portal.classification.rules import CLASS_NAMES
from portal.commitments.rules.terms import Exclusion, Scope, Terms
from portal.commitments.rules.words import (
    BASIS_NAMES,
    WAY_NAMES,
    BasisKind,
    DeliveryStart,
    PickupStart,
    PromiseState,
    Way,
)

FUTURE = "购买或签收日期晚于今天，请核对日期。"
NO_PROMISE = "这家店没有作出无理由退货承诺。商品有质量问题的，仍可依法要求退换、修理。"
SHOWN_ROWS = 5  # of a list in one sentence; the page shows all
ENDS = {
    PromiseState.ENDED: "商家已退出承诺",
    PromiseState.EXPIRED: "承诺到期后没有续期",
    PromiseState.REMOVED: "承诺已被摘牌",
}


def plain_day(day: date) -> str:
    """A day as sentences write it."""
    return f"{day.year}年{day.month}月{day.day}日"


def span_of(terms: Terms) -> str:
    """The days of purchase for which a version holds."""
    end = terms.holds_until
    return f"{plain_day(terms.first_on)}起" if end is None else f"{plain_day(terms.first_on)}至{plain_day(end)}"


def version(terms: Terms, bought_on: date) -> str:
    """Which version holds for the day of purchase, and that a later change leaves it alone."""
    sentence = f"购买日 {plain_day(bought_on)} 适用第 {terms.number} 版承诺（{span_of(terms)}的购买）"
    if terms.state is PromiseState.CURRENT:
        return f"{sentence}。"
    later = ENDS.get(terms.state, "商家后来改了承诺")
    return f"{sentence}；{later}，不影响此前的购买。"


def before(first: Terms, bought_on: date) -> str:
    """Why a purchase before the first version is not covered."""
    return f"{plain_day(bought_on)} 购买时还没有承诺：第 {first.number} 版承诺从 {plain_day(first.first_on)} 起生效。"


def after(last: Terms, bought_on: date) -> str:
    """Why a purchase behind the last version's end is not covered."""
    end = last.holds_until
    until = f"第 {last.number} 版承诺只管到 {plain_day(end)}" if end else f"第 {last.number} 版承诺已经结束"
    reason = ENDS.get(last.state, "此后没有生效的承诺")
    return f"{plain_day(bought_on)} 购买时承诺已经结束：{until}，{reason}。"


def wrong_way(terms: Terms, ways: Iterable[Way], bought: Way) -> str:
    """Why a purchase in the shop or online falls outside."""
    named = "和".join(WAY_NAMES[way] for way in Way if way in set(ways))
    sentence = f"第 {terms.number} 版承诺只管{named}的商品，不管{WAY_NAMES[bought]}的商品。"
    if bought is Way.ONLINE:
        return sentence + "网上购买依法享有七日无理由退货（《消费者权益保护法》第二十五条），可直接向商家提出。"
    return sentence


def other_outlet(terms: Terms) -> str:
    """Why a purchase in an outlet that is not on the list falls outside."""
    names = _listed(place.name for place in terms.places)
    return f"购买的门店不在第 {terms.number} 版承诺的门店名单里。名单：{names}。"


def not_in_scope(terms: Terms, rows: tuple[Scope, ...]) -> str:
    """Why the goods fall outside, with what the version does hold for."""
    return f"第 {terms.number} 版承诺的适用商品是：{_listed(scope_words(row) for row in rows)}；没有包括这种商品。"


def scope_words(row: Scope) -> str:
    """A row of 适用商品 in a few words."""
    category = CLASS_NAMES.get(row.category, row.category)
    goods = "、".join(row.goods)
    if category and goods:
        return f"{category}中的{goods}"
    return goods or category or "全部商品"


def read_as(words: Iterable[str], category: str) -> tuple[str, ...]:
    """Which word of the shop's was read as a class; nothing where none was."""
    said = "、".join(f"“{word}”" for word in dict.fromkeys(words))
    if not said:
        return ()
    return (f"承诺的适用商品写的是{said}，按类别理解；你选的类别是{CLASS_NAMES[category]}，属于这一类。",)


def excluded(terms: Terms, row: Exclusion) -> str:
    """Which exclusion names the goods, on what it rests, and when it may not be used."""
    named = "" if row.text in row.goods else f"（列明：{'、'.join(row.goods)}）"
    sentence = f"第 {terms.number} 版承诺把“{row.text}”{named}列为不适用，依据：{basis(row)}。"
    if row.basis_kind is BasisKind.CONFIRMED:
        return sentence + "这一条须在购买时经你单独确认；没有确认的，商家不能据此拒绝（实施条例第十九条）。"
    return sentence


def basis(row: Exclusion) -> str:
    """On what an exclusion rests: its kind and where it is written."""
    return f"{BASIS_NAMES[row.basis_kind]}，{row.basis}" if row.basis else BASIS_NAMES[row.basis_kind]


def counted(terms: Terms, days: int, last_on: date | None, *, delivered_on: date | None, bought_on: date) -> str:
    """How the days were counted."""
    span = f"{days} 天无理由退货"
    if last_on is None:
        return f"承诺 {span}，{_start(terms)}算起；还没有签收的，期限尚未开始。"
    if delivered_on is not None:
        return (
            f"承诺 {span}，{_start(terms)}（签收日 {plain_day(delivered_on)}）算起，最后一天是 {plain_day(last_on)}。"
        )
    first = "当天" if terms.pickup_start is PickupStart.RECEIPT_DAY else "次日"
    return f"承诺 {span}，从小票或发票日期 {plain_day(bought_on)} {first}算起，最后一天是 {plain_day(last_on)}。"


def too_late(last_on: date, today: date) -> str:
    """By how much it is too late, and what remains."""
    return f"今天是 {plain_day(today)}，已超过 {(today - last_on).days} 天。商品有质量问题的，仍可依法要求退换、修理。"


def cautions(rows: tuple[Exclusion, ...]) -> tuple[str, ...]:
    """What would exclude the goods if it applied; a person decides by the text."""
    if not rows:
        return ()
    listed = "；".join(f"{row.text}（{basis(row)}）" for row in rows[:SHOWN_ROWS])
    more = f"；等 {len(rows)} 项" if len(rows) > SHOWN_ROWS else ""
    return (f"属于以下情形的除外：{listed}{more}。",)


def _start(terms: Terms) -> str:
    return "从签收当天" if terms.delivery_start is DeliveryStart.SIGNING_DAY else "从签收次日"


def _listed(words: Iterable[str]) -> str:
    rows = list(words)
    return "、".join(rows[:SHOWN_ROWS]) + (f" 等 {len(rows)} 项" if len(rows) > SHOWN_ROWS else "")
