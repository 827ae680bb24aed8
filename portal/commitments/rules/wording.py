"""A version as pairs of words: one way of saying it for pages, papers and comparisons."""

from dataclasses import dataclass
from datetime import date

from portal.classification.rules import CLASS_NAMES
from portal.commitments.rules import telling
from portal.commitments.rules.terms import Exclusion, Scope, Terms
from portal.commitments.rules.words import (
    DELIVERY_START_NAMES,
    FREIGHT_NAMES,
    PICKUP_START_NAMES,
    WAY_NAMES,
    Way,
)

Pairs = tuple[tuple[str, str], ...]

CLAUSES = (
    "以购买当天有效的承诺为准。以后改动或者退出承诺，不影响此前购买的商品。",
    "消费者在期限内提出、符合退货条件的，不要求商品有质量问题。",
    "拒绝退货时，逐项说明商品属于上面哪一种不适用的情形。",
)


@dataclass(frozen=True, slots=True)
class Said:
    """One version as consumers read it, ready for a page."""

    number: int
    days: str
    span: str
    scope: Pairs  # days, what
    terms: Pairs
    exclusions: Pairs  # what, basis
    places: tuple[str, ...]
    clauses: tuple[str, ...] = CLAUSES


def said(terms: Terms) -> Said:
    """Say a version."""
    return Said(
        number=terms.number,
        days=days_words(terms),
        span=span_words(terms),
        scope=scope_pairs(terms),
        terms=term_pairs(terms),
        exclusions=exclusion_pairs(terms),
        places=place_lines(terms),
    )


def scope_pairs(terms: Terms) -> Pairs:
    """What is covered, and for how many natural days."""
    rows = terms.scopes or (Scope(terms.way, "", (), None),)
    return tuple((f"{row.days or terms.days} 天", f"{WAY_NAMES[row.way]}的{telling.scope_words(row)}") for row in rows)


def start_words(terms: Terms) -> str:
    """From which day the days are counted."""
    ways = {row.way for row in terms.scopes} or {terms.way}
    pickup = f"当场拿走的，{PICKUP_START_NAMES[terms.pickup_start]}"
    delivery = f"送货的，{DELIVERY_START_NAMES[terms.delivery_start]}"
    return f"{pickup}；{delivery}" if Way.OFFLINE in ways else delivery


def term_pairs(terms: Terms) -> Pairs:
    """How a return goes, without what the version does not say."""
    said = (
        ("期限起算", start_words(terms)),
        ("退货条件", terms.conditions),
        ("退货流程", terms.procedure),
        ("退货运费", _with(FREIGHT_NAMES[terms.freight], terms.freight_note)),
        ("赠品", terms.gifts),
        ("小票遗失", terms.receipt_lost),
        ("答复申请", f"收到申请后 {terms.days_to_answer} 天内"),
        ("退款", f"收到退回的商品后 {terms.days_to_refund} 天内"),
        ("异地异店退换", _with("可以在其他门店退换", terms.any_outlet_note) if terms.any_outlet else ""),
        ("无障碍退换货", _with("承诺", terms.easy_exchange_note) if terms.easy_exchange else ""),
        ("先行赔付", _with("承诺", terms.advances_note) if terms.advances else ""),
        ("其他承诺", terms.other),
    )
    return tuple(pair for pair in said if pair[1])


def exclusion_pairs(terms: Terms) -> Pairs:
    """What is not covered, and on what that rests."""
    return tuple((exclusion_words(row, terms), telling.basis(row)) for row in terms.exclusions)


def exclusion_words(row: Exclusion, terms: Terms) -> str:
    """One row of 不适用商品; its way only where the version has both."""
    ways = {scope.way for scope in terms.scopes}
    named = "" if not row.goods or row.text in row.goods else f"（列明：{'、'.join(row.goods)}）"
    category = f"{CLASS_NAMES.get(row.category, row.category)}：" if row.category else ""
    return f"{WAY_NAMES[row.way] + '：' if len(ways) > 1 else ''}{category}{row.text}{named}"


def place_lines(terms: Terms) -> tuple[str, ...]:
    """The shops, online ones last."""
    outlets = (" ".join(part for part in (place.name, place.district, place.address) if part) for place in terms.places)
    online = (f"{shop.platform} {shop.name}".strip() + (f"（{shop.url}）" if shop.url else "") for shop in terms.shops)
    return (*outlets, *online)


def span_words(terms: Terms) -> str:
    """The days of purchase for which it holds."""
    return f"{telling.span_of(terms)}购买的商品"


def days_words(terms: Terms) -> str:
    """The days as the largest figure says them: 7, or 7–30 where goods differ."""
    days = sorted({row.days or terms.days for row in terms.scopes} or {terms.days})
    return str(days[0]) if len(days) == 1 else f"{days[0]}–{days[-1]}"


def shorter(before: Terms, after: Terms) -> bool:
    """Say whether the new version gives fewer days for something."""
    least = min(row.days or before.days for row in before.scopes) if before.scopes else before.days
    new = min(row.days or after.days for row in after.scopes) if after.scopes else after.days
    return after.days < before.days or new < least


def kept_words(before: Terms, first_on: date) -> str:
    """Which purchases keep the version that is replaced."""
    return (
        f"{telling.plain_day(first_on)} 以前购买的商品，仍按第 {before.number} 版的 {days_words(before)} 天办理；"
        "新的天数只管那天起的购买。"
    )


def _with(words: str, note: str) -> str:
    return f"{words}。{note}" if note else words
