"""Words of the pages about problem goods."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from portal.clocks.rules import SHANGHAI, due_day
from portal.core.facts import Fact, Topic
from portal.recalls.models import ProblemGoods
from portal.recalls.queries import GoodsPage
from portal.recalls.rules import DISPOSAL_NAMES, SOURCE_NAMES

TOLD: Mapping[str, tuple[str, str, Callable[[Mapping[str, Any]], str]]] = {
    Topic.GOODS_REGISTERED: ("edit", "", lambda _detail: "登记问题商品"),
    Topic.GOODS_SENT: ("send", "", lambda detail: f"送检，{detail['on']}"),
    Topic.GOODS_TESTED: ("doc", "", lambda detail: "检测合格" if detail["passed"] else "检测不合格，已报告监管部门"),
    Topic.GOODS_REMOVED: ("check", "good", lambda detail: f"登记企业下架 {detail['pieces']} 件"),
    Topic.GOODS_CANCELLED: ("x", "", lambda _detail: "撤销登记"),
    Topic.RECALL_ISSUED: ("bell", "near", lambda detail: f"通报辖区企业 {detail['merchants']} 家，{detail['answer_on']} 前确认"),
    Topic.RECALL_ANSWERED: ("check", "", lambda detail: f"一家企业确认，下架 {detail['pieces']} 件"),
    Topic.RECALL_CHASED: ("bell", "near", lambda detail: f"催办 {detail['merchants']} 家"),
    Topic.GOODS_CLOSED: ("done", "good", lambda _detail: "办结"),
}  # fmt: skip


def day(moment: datetime | None) -> str:
    """A day for lists: 2026-10-12; empty where there is none."""
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d}" if moment else ""


def facts_of(goods: ProblemGoods) -> list[tuple[str, str]]:
    """What is known of an article, as pairs."""
    pairs = [
        ("商品", goods.goods),
        ("品牌", goods.brand),
        ("规格型号", goods.model),
        ("批号或生产日期", goods.batch),
        ("条码", goods.barcode),
        ("供货商或生产者", goods.supplier),
        ("质量问题", goods.problem),
        ("来源", SOURCE_NAMES[goods.source]),
    ]
    return [pair for pair in pairs if pair[1]]


def test_facts(goods: ProblemGoods) -> list[tuple[str, str]]:
    """What is known of the test, as pairs."""
    pairs = [
        ("检测方", goods.laboratory or ""),
        ("送检日期", _plain(goods.sent_on)),
        ("报告日期", _plain(goods.tested_on)),
        ("报告编号", goods.report_number or ""),
        ("检测项目和结论", goods.finding or ""),
    ]
    return [pair for pair in pairs if pair[1]]


def removal_facts(goods: ProblemGoods) -> list[tuple[str, str]]:
    """What the registering merchant took off its shelves, as pairs; empty before."""
    if goods.removed_on is None or goods.disposal is None:
        return []
    return [
        ("下架日期", _plain(goods.removed_on)),
        ("下架件数", f"{goods.removed_quantity} 件"),
        ("处理方式", DISPOSAL_NAMES[goods.disposal]),
    ]


def notice_facts(page: GoodsPage) -> list[tuple[str, str]]:
    """The notice to the area, as pairs."""
    if page.notice is None:
        return []
    return [
        ("要求", page.notice.text),
        ("确认期限", due_day(page.notice.answer_by).isoformat()),
        ("通报时间", day(page.notice.issued_at)),
    ]


def demand(goods: ProblemGoods) -> str:
    """The usual words of a notice, to start from."""
    finding = f"，不合格项目：{goods.finding}" if goods.finding else ""
    return (
        f"{goods.goods}（批号或生产日期 {goods.batch}，供货商或生产者 {goods.supplier}）检测不合格{finding}。"
        "请立即核对库存，停止销售并下架，停止进货，并在期限内确认下架件数；没有存货也请确认。"
    )


def progress(page: GoodsPage) -> str:
    """How far the area has answered: 已确认 12/40 家，共下架 87 件."""
    if page.notice is None:
        return ""
    return f"已确认 {page.notice.answered}/{page.notice.asked} 家，共下架 {page.notice.pieces} 件"


def history(page: GoodsPage, *, for_merchant: bool) -> list[dict[str, Any]]:
    """The article's timeline as `ui.timeline` draws it; merchants don't see who else answered."""
    lines = []
    for fact in page.history:
        if for_merchant and fact.topic is Topic.RECALL_ANSWERED:
            continue
        lines.append(_line(fact))
    return lines


def _line(fact: Fact) -> dict[str, Any]:
    icon, tone, words = TOLD[fact.topic]
    local = fact.at.astimezone(SHANGHAI)
    return {
        "title": words(fact.detail),
        "icon": icon,
        "tone": tone,
        "text": "",
        "when": f"{local:%m-%d %H:%M}",
        "iso": fact.at.isoformat(),
        "day": f"{local:%Y-%m-%d %H:%M}",
        "who": fact.actor_name,
    }


def _plain(value: date | None) -> str:
    return value.isoformat() if value else ""
