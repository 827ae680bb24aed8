"""What is wrong with a version that someone wants to submit: each fault with its field, the rule and the remedy."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from portal.classification.rules import CLASS_NAMES
from portal.commitments.rules.body import ExclusionRow, PromiseBody
from portal.commitments.rules.programme import DECLARED, Requirements
from portal.commitments.rules.states import TRANSITIONS as TRANSITIONS
from portal.commitments.rules.states import PromiseEvent as PromiseEvent
from portal.commitments.rules.states import next_state as next_state
from portal.commitments.rules.telling import plain_day
from portal.commitments.rules.words import WAY_NAMES, DeliveryStart, Way

Objection = tuple[str, str]  # the field's name, and a sentence

MOST_DAYS = 1095  # three years: a longer promise is a slip of the finger; our limit, not law
LONGEST_WAIT = 365  # days until a submitted version begins; our limit
MOST_ROWS = {"scopes": 50, "exclusions": 50, "outlets": 500, "shops": 50}  # our limits
ROW_NAMES = {"scopes": "适用商品", "exclusions": "不适用商品", "outlets": "门店", "shops": "网店"}
LONG_TEXTS = {"conditions": "退货条件", "gifts": "赠品处理", "procedure": "退货流程", "other": "其他承诺"}
NOTES = {
    "freight_note": "运费说明",
    "receipt_lost": "小票遗失时的处理",
    "any_outlet_note": "异地异店退换说明",
    "easy_exchange_note": "无障碍退换货说明",
    "advances_note": "先行赔付说明",
}
MAX_LONG, MAX_NOTE, MAX_CELL = 1000, 300, 200  # characters, our limits


@dataclass(frozen=True, slots=True)
class Before:
    """The newest version that held or holds: what another one must not overlap."""

    number: int
    first_on: date
    last_on: date | None
    expires_on: date | None


def objections_to_body(
    body: PromiseBody, programmes: Mapping[Way, Requirements], *, today: date, before: Before | None = None
) -> tuple[Objection, ...]:
    """Say everything that keeps a version from being submitted, by field, in the order of the form."""
    ways = ways_of(body)
    if not ways:
        return (("scopes", "请至少写一行适用商品：选一个商品类别，或写出商品名称。"),)
    found: list[Objection] = []
    for part in (
        _scopes(body),
        _days(body, ways, programmes),
        _exclusions(body, ways, programmes),
        _limits(body, ways, programmes),
        _places(body, ways),
        _span(body, today, before),
        _texts(body),
    ):
        found += part
    return tuple(found)


def objections_to_draft(body: PromiseBody) -> tuple[Objection, ...]:
    """Say what not even a draft may contain: numbers that can't be, too many rows, texts too long."""
    numbers: list[Objection] = []
    if not 1 <= body.days <= MOST_DAYS:
        numbers.append(("days", f"退货期限应在 1 到 {MOST_DAYS} 天之间。"))
    for i, row in enumerate(body.scopes):
        if row.days is not None and not 1 <= row.days <= MOST_DAYS:
            numbers.append((f"scopes-{i}-days", f"退货期限应在 1 到 {MOST_DAYS} 天之间；与总期限相同请留空。"))
    return (*numbers, *_texts(body))


def ways_of(body: PromiseBody) -> tuple[Way, ...]:
    """The ways of purchase for which the body has a row of 适用商品."""
    named = {row.way for row in body.scopes}
    return tuple(way for way in Way if way in named)


def _scopes(body: PromiseBody) -> Iterator[Objection]:
    seen: dict[tuple[Way, str, str], int] = {}
    for i, row in enumerate(body.scopes):
        if row.category and row.category not in CLASS_NAMES:
            yield f"scopes-{i}-category", "没有这个商品类别，请从列表里选。"
        key = (row.way, row.category, row.goods.strip())
        if key in seen:
            yield f"scopes-{i}-goods", f"与第 {seen[key] + 1} 行适用商品重复，请删去一行。"
        seen.setdefault(key, i)


def _days(body: PromiseBody, ways: Iterable[Way], programmes: Mapping[Way, Requirements]) -> Iterator[Objection]:
    for way in ways:
        rows = [(i, row) for i, row in enumerate(body.scopes) if row.way is way]
        if any(row.days is None for _, row in rows) and (short := _too_few(body, body.days, way, programmes)):
            yield "days", short
        for i, row in rows:
            if row.days is not None and (short := _too_few(body, row.days, way, programmes)):
                yield f"scopes-{i}-days", short


def _too_few(body: PromiseBody, days: int, way: Way, programmes: Mapping[Way, Requirements]) -> str | None:
    """Counting from the day of signing itself takes a day away from goods sent to the consumer."""
    if not 1 <= days <= MOST_DAYS:
        return f"退货期限应在 1 到 {MOST_DAYS} 天之间。"
    row = programmes[way]
    lost = 1 if way is Way.ONLINE and body.delivery_start is DeliveryStart.SIGNING_DAY else 0
    if days - lost >= row.least_days:
        return None
    counted = "（从签收当天算起时少一天）" if lost else ""
    return f"{WAY_NAMES[way]}最少 {row.least_days} 天{counted}，依据：{row.named()}。请改为 {row.least_days + lost} 天或更长。"


def _exclusions(body: PromiseBody, ways: Iterable[Way], programmes: Mapping[Way, Requirements]) -> Iterator[Objection]:
    for i, row in enumerate(body.exclusions):
        if row.way not in tuple(ways):
            yield f"exclusions-{i}-way", f"适用商品里没有{WAY_NAMES[row.way]}，这一行不适用商品没有意义，请删去或改选。"
        elif row.category and row.category not in CLASS_NAMES:
            yield f"exclusions-{i}-category", "没有这个商品类别，请从列表里选。"
        else:
            yield from _exclusion(i, row, programmes[row.way])


def _exclusion(i: int, row: ExclusionRow, programme: Requirements) -> Iterator[Objection]:
    allowed = programme.exclusion(row.code)
    if allowed is not None:
        if row.text.strip() not in ("", allowed.text):
            yield (
                f"exclusions-{i}-text",
                f"这一项的写法以规定为准：“{allowed.text}”（{allowed.basis}）。请改回原文，具体商品写在商品名称一栏。",
            )
        return
    if not programme.free or row.code != DECLARED:
        listed = "；".join(one.text for one in programme.allowed)
        yield (
            f"exclusions-{i}-code",
            f"{WAY_NAMES[row.way]}不能另设不适用商品，依据：{programme.named()}。可选的只有：{listed}。请删去这一行或改选。",
        )
        return
    if not row.text.strip():
        yield f"exclusions-{i}-text", "请写明哪些商品不适用，消费者要在购买前看得明白。"
    if not row.basis.strip():
        yield (
            f"exclusions-{i}-basis",
            "请写明在哪里向消费者明示（如店堂公告、价签、小票背面）；没有在购买前明示的，不能作为拒绝理由。",
        )


def _limits(body: PromiseBody, ways: Iterable[Way], programmes: Mapping[Way, Requirements]) -> Iterator[Objection]:
    for field, name in (("days_to_answer", "答复"), ("days_to_refund", "退款")):
        row = min((programmes[way] for way in ways), key=lambda one: getattr(one, f"most_{field}"))
        most, days = getattr(row, f"most_{field}"), getattr(body, field)
        if not 1 <= days <= most:
            yield field, f"{name}期限应在 1 到 {most} 天之间，依据：{row.named()}。请改为 {most} 天或更短。"


def _places(body: PromiseBody, ways: tuple[Way, ...]) -> Iterator[Objection]:
    if Way.OFFLINE in ways and not body.outlets:
        yield "outlets", "门店购买的承诺要写明在哪些门店有效。请至少选一家门店。"
    if Way.ONLINE in ways and not body.shops:
        yield "shops", "网上购买的承诺要写明在哪些网店有效。请至少填一家网店的平台和名称。"
    for i, outlet in enumerate(body.outlets):
        if outlet.outlet_id is None and not outlet.name.strip():
            yield f"outlets-{i}-name", "请写明门店名称。"
    for i, shop in enumerate(body.shops):
        if not (shop.platform.strip() and shop.name.strip()):
            yield f"shops-{i}-name", "请写明平台和网店名称。"
        if shop.url.strip() and not shop.url.strip().startswith(("https://", "http://")):
            yield f"shops-{i}-url", "网店链接应以 https:// 开头，可从浏览器地址栏复制。"


def _span(body: PromiseBody, today: date, before: Before | None) -> Iterator[Objection]:
    first = body.first_on
    if first is None:
        yield "first_on", "请填写生效日期：从这一天起的购买适用本承诺。"
    elif first < today:
        yield "first_on", f"生效日期不能早于今天（{plain_day(today)}）：承诺不能追溯。请改为今天或以后。"
    elif first > today + timedelta(days=LONGEST_WAIT):
        yield "first_on", f"生效日期最晚为 {plain_day(today + timedelta(days=LONGEST_WAIT))}。请核对年份。"
    elif before is not None and (overlap := _overlap(first, before)):
        yield "first_on", overlap


def _overlap(first: date, before: Before) -> str | None:
    number, next_day = before.number, timedelta(days=1)
    if before.last_on is not None:
        if first <= before.last_on:
            return f"与第 {number} 版重叠：它管到 {plain_day(before.last_on)}。请从 {plain_day(before.last_on + next_day)} 或以后开始。"
        return None
    if first <= before.first_on:
        return f"与第 {number} 版重叠：它从 {plain_day(before.first_on)} 起生效。请从 {plain_day(before.first_on + next_day)} 或以后开始。"
    if before.expires_on is not None and first > before.expires_on + next_day:
        return f"第 {number} 版到 {plain_day(before.expires_on)} 到期，其后到 {plain_day(first)} 之间没有承诺。请最晚从 {plain_day(before.expires_on + next_day)} 开始。"
    return None


def _texts(body: PromiseBody) -> Iterator[Objection]:
    for names, most in ((LONG_TEXTS, MAX_LONG), (NOTES, MAX_NOTE)):
        for field, name in names.items():
            if len(getattr(body, field)) > most:
                yield field, f"{name}最多 {most} 个字，现在是 {len(getattr(body, field))} 个字。请缩短。"
    for part, most in MOST_ROWS.items():
        rows = getattr(body, part)
        if len(rows) > most:
            yield part, f"{ROW_NAMES[part]}最多 {most} 行，现在是 {len(rows)} 行。请合并或删去一些。"
        for i, row in enumerate(rows):
            for field in ("goods", "text", "basis", "name", "address", "platform", "url"):
                if len(getattr(row, field, "")) > MAX_CELL:
                    yield f"{part}-{i}-{field}", f"这一栏最多 {MAX_CELL} 个字，请缩短。"
