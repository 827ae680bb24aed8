"""What a programme asks, in words: beside the steps of a promise, and on the authority's own page."""

from collections.abc import Iterable, Mapping
from typing import Any

from portal.commitments.rules import WAY_NAMES, Way
from portal.commitments.rules.programme import Requirements
from portal.commitments.rules.telling import plain_day

LOCAL = "这是本地项目的规定，不是法律。"
FREE = "可以自己写，但要在购买前明示"


def requirement_facts(row: Requirements) -> list[tuple[str, str]]:
    """What a programme's row asks, as pairs."""
    listed = "、".join(one.text for one in row.allowed)
    excluded = "；".join(part for part in (listed, FREE if row.free else "") if part) or "没有"
    return [
        ("最少天数", f"{row.least_days} 天"),
        ("答复申请", f"最长 {row.most_days_to_answer} 天"),
        ("退款", f"最长 {row.most_days_to_refund} 天"),
        ("可以不适用", excluded),
        ("有效期", f"{row.valid_months} 个月" if row.valid_months else "到退出为止"),
        ("审核", "两级审核" if row.second_review else "一级审核"),
    ]


def requirement_panels(programmes: Mapping[Way, Requirements], ways: Iterable[Way]) -> list[dict[str, Any]]:
    """The programme's rows of these ways, for the side of the page."""
    wanted = set(ways) or set(Way)
    return [
        {
            "way": way.value,
            "way_name": WAY_NAMES[way],
            "facts": requirement_facts(row),
            "article": row.named(),
            "basis": "法律法规规定。" if row.is_law else LOCAL,
            "since": f"{plain_day(row.valid_from)}起适用",
        }
        for way, row in programmes.items()
        if way in wanted
    ]
