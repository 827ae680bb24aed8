"""The words of the log."""

from enum import StrEnum


class EntryKind(StrEnum):
    """What an entry is; each kind has its own running number."""

    COMPLAINT = "complaint"  # 消费投诉记录
    RETURN = "return"  # 退换货
    AMENDMENT = "amendment"  # 更正
    DISPOSAL = "disposal"  # 处置
