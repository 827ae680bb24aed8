"""How a merchant's standing and history are said."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from portal.clocks.rules import SHANGHAI
from portal.core.facts import Fact, Topic
from portal.enrolment.models import MerchantState
from portal.enrolment.rules import SUSPENSION_REASONS, SuspensionReason

STATES = {  # label, tone
    MerchantState.ADMITTED: ("已入驻", "good"),
    MerchantState.SUSPENDED: ("暂停分流", "near"),
    MerchantState.EXITED: ("已退出", "theirs"),
}
SORTS = {"newest": "最近入驻的在前", "name": "按名称", "code": "按代码"}
DUES = {"confirm": "年度确认已逾期", "licence": "营业执照将到期或已到期"}
TITLES = {
    Topic.MERCHANT_ADMITTED: ("入驻", "store"),
    Topic.MERCHANT_CHANGED: ("资料变更", "edit"),
    Topic.MERCHANT_SUSPENDED: ("暂停分流", "lock"),
    Topic.MERCHANT_RESUMED: ("恢复分流", "undo"),
    Topic.MERCHANT_PROPOSED: ("企业提出资料变更", "edit"),
    Topic.MERCHANT_CONFIRMED: ("年度资料确认", "check"),
    Topic.MERCHANT_DATA_DUE: ("提醒年度资料确认", "bell"),
    Topic.MERCHANT_LICENCE_ENDING: ("提醒营业执照到期", "bell"),
    Topic.MERCHANT_EXITED: ("退出", "lock"),
    Topic.MERCHANT_READMITTED: ("恢复入驻", "undo"),
}
FIELDS = {
    "name": "企业名称",
    "authority_id": "辖区市场监管部门",
    "address": "经营地址",
    "phone": "联系电话",
    "tier": "类别",
    "alias_added": "添加别名",
    "alias_removed": "删除别名",
    "outlet_added": "添加门店",
    "outlet_removed": "关闭门店",
    "outlet_changed": "修改门店",
    "licence_until_on": "营业执照有效期",
}


def day(moment: datetime) -> str:
    """The day of a moment in China, with its year."""
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d}"


def history(happened: Sequence[Fact]) -> list[dict[str, Any]]:
    """What happened to a merchant, as `ui.timeline` shows it."""
    return [_line(fact) for fact in happened if fact.topic in TITLES]


def _line(fact: Fact) -> dict[str, Any]:
    title, icon = TITLES[fact.topic]
    return {
        "title": title,
        "icon": icon,
        "when": f"{fact.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
        "iso": fact.at.isoformat(),
        "who": fact.actor_name,
        "text": _text(fact),
    }


def _text(fact: Fact) -> str:
    if fact.topic in (Topic.MERCHANT_CHANGED, Topic.MERCHANT_PROPOSED):
        return "、".join(FIELDS.get(field, field) for field in fact.detail.get("fields", ()))
    if fact.topic is Topic.MERCHANT_SUSPENDED:
        return SUSPENSION_REASONS[SuspensionReason(fact.detail["reason"])]
    return ""
