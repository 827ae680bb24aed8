"""The line by which a case is known in lists: from structured columns only, never from free text."""

import re
from collections.abc import Iterable

from portal.intake.rules.words import Demand

LONGEST_PART = 24  # characters; a leaf of the platform's tables is shorter, a longer one is no leaf
DEMAND_NAMES: dict[Demand, str] = {
    Demand.REPAIR: "修理",
    Demand.REDO: "重作",
    Demand.EXCHANGE: "更换",
    Demand.RETURN: "退货",
    Demand.MAKE_UP_QUANTITY: "补足数量",
    Demand.REFUND: "退款",
    Demand.COMPENSATION: "赔偿",
    Demand.APOLOGY: "道歉",
}
_ARROWS = re.compile(r"\s*(?:-+>|→|=>|＞|>)\s*")
_NUMBERS = re.compile(r"\d[\d\s-]{5,}\d")


def leaf(path: str | None) -> str:
    """Return the last part of a path such as 商品->服装、鞋帽->服装; '' where there is none."""
    parts = [part.strip() for part in _ARROWS.split(path or "") if part.strip()]
    return _NUMBERS.sub("****", " ".join(parts[-1].split()))[:LONGEST_PART] if parts else ""


def headline_of(goods: str, problem: str, demands: Iterable[Demand]) -> str:
    """Compose goods, problem and what is asked for: 服装 起球，要求退货、退款."""
    subject = " ".join(part for part in (goods, problem) if part) or "未注明商品和问题"
    asked = "、".join(DEMAND_NAMES[demand] for demand in demands)
    return f"{subject}，要求{asked}" if asked else subject
