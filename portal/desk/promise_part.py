"""购买当天有效的承诺 beside a case: which version, how many days, whether it covers the purchase and why.

条例 article 12: the version of the day of purchase binds, also after a change or an exit. The day that counts as asking
is the day on which the complaint was registered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from portal.cases.models import Case
from portal.classification.rules import CLASS_NAMES, class_of
from portal.clocks.rules import local_day
from portal.commitments.at_purchase import promises_of
from portal.commitments.rules.coverage import Answer, Coverage, Purchase, Terms, coverage, terms_at
from portal.commitments.rules.telling import plain_day, span_of
from portal.commitments.rules.words import Way
from portal.intake.models import Filing
from portal.intake.rules import leaf
from portal.intake.rules.greens import goods_said

ONLINE_WORDS = ("网购", "网络", "线上", "直播", "电视购")  # of 销售方式
NO_DATE = "登记件没有购买日期，这是现在的承诺。请先问清购买日期，按购买当天的承诺办理。"
TAGS = {  # label, tone, glyph
    Answer.COVERED: ("适用", "good", "done"),
    Answer.TOO_LATE: ("已过天数", "", "theirs"),
    Answer.EXCLUDED: ("不适用商品", "", "theirs"),
    Answer.NOT_IN_SCOPE: ("不在适用范围", "", "theirs"),
    Answer.WRONG_WAY: ("不管这种购买方式", "", "theirs"),
    Answer.OTHER_OUTLET: ("不在承诺门店", "", "theirs"),
    Answer.BEFORE: ("当时没有承诺", "", "theirs"),
    Answer.AFTER: ("承诺已结束", "", "theirs"),
    Answer.FUTURE: ("日期有误", "near", "alert"),
}


@dataclass(frozen=True, slots=True)
class PromisePart:
    """What the panel shows."""

    title: str  # 30 天无理由退货
    label: str  # of the tag; empty where nothing can be said
    tone: str
    glyph: str
    version: str  # 第 3 版，2026年6月1日起
    sentences: tuple[str, ...]
    slug: str  # of the merchant's public page, which shows every version
    covered: bool
    hint: str = ""


def promise_part(
    session: Session, case: Case, filings: Sequence[Filing], texts: Sequence[str], *, today: date
) -> PromisePart | None:
    """Read and word the promise of the case's merchant in one statement; None where it never promised anything.

    `texts` are the opened texts of the filings: the green channel's name the goods. The case's merchant must be loaded.
    """
    if case.merchant is None:
        return None
    history = promises_of(session, case.merchant.id)
    if not history:
        return None
    if case.purchased_on is None:
        return _undated(case.merchant.slug, history, today)
    asked_on = local_day(case.registered_at)
    purchase = _purchase(case, filings, texts, case.purchased_on)
    return _dated(case.merchant.slug, coverage(history, purchase, today=asked_on), purchase, asked_on)


def _purchase(case: Case, filings: Sequence[Filing], texts: Sequence[str], bought_on: date) -> Purchase:
    paths = [leaf(filing.object_path) for filing in filings]
    category = next((code for path in paths if (code := class_of(path))), "")
    named = next((goods for text in texts if (goods := goods_said(text))), "")
    goods = named or ("" if case.goods in CLASS_NAMES.values() else case.goods)
    way = Way.ONLINE if any(word in (case.sold_by or "") for word in ONLINE_WORDS) else Way.OFFLINE
    return Purchase(way, bought_on, None, category, goods, case.outlet_id)


def _undated(slug: str, history: Sequence[Terms], today: date) -> PromisePart | None:
    terms = terms_at(history, today)
    if terms is None:
        return None
    return PromisePart(
        title=f"{terms.days} 天无理由退货",
        label="",
        tone="",
        glyph="",
        version=f"第 {terms.number} 版，{span_of(terms)}",
        sentences=(),
        slug=slug,
        covered=False,
        hint=NO_DATE,
    )


def _dated(slug: str, found: Coverage, purchase: Purchase, asked_on: date) -> PromisePart:
    label, tone, glyph = TAGS.get(found.answer, ("", "", ""))
    terms = found.terms
    if found.answer is Answer.COVERED:
        label = f"在期内，第 {max((asked_on - purchase.purchased_on).days, 0) + 1} 天"
    return PromisePart(
        title=f"{found.days or terms.days} 天无理由退货" if terms else "无理由退货承诺",
        label=label,
        tone=tone,
        glyph=glyph,
        version=f"第 {terms.number} 版，{span_of(terms)}" if terms else "",
        sentences=_sentences(found, asked_on),
        slug=slug,
        covered=found.answer is Answer.COVERED,
    )


def _sentences(found: Coverage, asked_on: date) -> tuple[str, ...]:
    """The reasons, as of the day on which the complaint was registered."""
    day = plain_day(asked_on)
    if found.answer is Answer.TOO_LATE and found.last_on is not None:
        over = (asked_on - found.last_on).days
        late = f"投诉在 {day} 登记，已超过 {over} 天。商品有质量问题的，仍可依法要求退换、修理。"
        return (*found.sentences[:-1], late)
    if found.answer is Answer.FUTURE:
        return (f"购买日期晚于登记日 {day}，请核对。",)
    return (*found.sentences, f"按投诉登记日 {day} 计算。") if found.answer is Answer.COVERED else found.sentences
