"""What the audited merchant learns of a regulator's reading of its ledger, and from which day on (decisions 19)."""

from datetime import date, timedelta
from enum import StrEnum


class OpeningReason(StrEnum):
    """Why somebody of an authority opens a merchant's ledger."""

    INSPECTION = "inspection"  # 日常检查
    COMPLAINT = "complaint"  # 办理投诉
    VERIFICATION = "verification"  # 核验台账
    ANALYSIS = "analysis"  # 统计分析
    TIP = "tip"  # 核查举报
    CLUE = "clue"  # 核查线索
    UNANNOUNCED = "unannounced"  # 不打招呼的检查


REASON_NAMES: dict[OpeningReason, str] = {
    OpeningReason.INSPECTION: "日常检查",
    OpeningReason.COMPLAINT: "办理投诉",
    OpeningReason.VERIFICATION: "核验台账",
    OpeningReason.ANALYSIS: "统计分析",
    OpeningReason.TIP: "核查举报",
    OpeningReason.CLUE: "核查案件线索",
    OpeningReason.UNANNOUNCED: "不打招呼的检查",
}

# Only the head of the authority lets the merchant know of these; a tip must not even be guessed (令121 art 37).
HELD_BACK = frozenset({OpeningReason.TIP, OpeningReason.CLUE, OpeningReason.UNANNOUNCED})

GENERAL_PURPOSES: dict[OpeningReason, str] = {
    **{reason: name for reason, name in REASON_NAMES.items() if reason not in HELD_BACK},
    **dict.fromkeys(HELD_BACK, "监督检查"),
}


def weightiest(reasons: list[OpeningReason]) -> OpeningReason:
    """Return the reason under which a read is kept when several are in force: one that is held back wins."""
    held = [reason for reason in reasons if reason in HELD_BACK]
    return (held or reasons)[0]


def shown_from(read_on: date, *, days: int) -> date:
    """Return the day from which a read of `read_on` may be shown to the merchant; `days` are natural days."""
    return read_on + timedelta(days=days)


def is_shown(reason: OpeningReason, read_on: date, *, released: bool, today: date, days: int) -> bool:
    """Say whether the merchant sees a read today: late enough, and of a kind that is open or was released."""
    return today >= shown_from(read_on, days=days) and (reason not in HELD_BACK or released)


class LookReason(StrEnum):
    """Why somebody looks at the personal fields of one entry."""

    CONTACT = "contact"  # 联系消费者
    VERIFY = "verify"  # 核对登记内容
    REFUND = "refund"  # 安排退款、取件或送货


LOOK_REASON_NAMES: dict[LookReason, str] = {
    LookReason.CONTACT: "联系消费者",
    LookReason.VERIFY: "核对登记内容",
    LookReason.REFUND: "安排退款、取件或送货",
}
