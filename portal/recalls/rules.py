"""Where problem goods stand, and what may happen next (notice on handling problem goods, seed 4 item 16).

Register, have it tested; what fails is taken off the shelves at once and reported; the authority tells every merchant
of its area, each confirms its own take-down with the quantity, and whoever does not answer is chased.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

MOST_PIECES = 1_000_000  # of one article at one merchant; more is a slip of the finger, not law


class GoodsState(StrEnum):
    """Where an article stands."""

    REGISTERED = "registered"  # 已登记，待送检
    TESTING = "testing"  # 检测中
    PASSED = "passed"  # 检测合格
    DEFECTIVE = "defective"  # 不合格，待下架
    REMOVED = "removed"  # 已下架，已报告
    NOTIFIED = "notified"  # 已通报辖区
    CLOSED = "closed"  # 已办结
    CANCELLED = "cancelled"  # 登记有误，已撤销


class GoodsEvent(StrEnum):
    """What happens to it."""

    SEND = "send"  # 送检
    CLEAR = "clear"  # 结果合格
    FAIL = "fail"  # 结果不合格
    REMOVE = "remove"  # 下架退市
    NOTIFY = "notify"  # 监管部门通报
    CLOSE = "close"  # 办结
    CANCEL = "cancel"  # 撤销


S, E = GoodsState, GoodsEvent

TRANSITIONS: dict[tuple[GoodsState, GoodsEvent], GoodsState] = {
    (S.REGISTERED, E.SEND): S.TESTING,
    (S.REGISTERED, E.CANCEL): S.CANCELLED,
    (S.TESTING, E.CLEAR): S.PASSED,
    (S.TESTING, E.FAIL): S.DEFECTIVE,
    (S.DEFECTIVE, E.REMOVE): S.REMOVED,
    (S.DEFECTIVE, E.NOTIFY): S.NOTIFIED,  # the authority need not wait for the merchant
    (S.REMOVED, E.NOTIFY): S.NOTIFIED,
    (S.REMOVED, E.CLOSE): S.CLOSED,  # nobody else sells it
    (S.NOTIFIED, E.REMOVE): S.NOTIFIED,
    (S.NOTIFIED, E.CLOSE): S.CLOSED,
}

STATE_NAMES: dict[GoodsState, str] = {
    S.REGISTERED: "待送检",
    S.TESTING: "检测中",
    S.PASSED: "检测合格",
    S.DEFECTIVE: "不合格，待下架",
    S.REMOVED: "已下架",
    S.NOTIFIED: "已通报",
    S.CLOSED: "已办结",
    S.CANCELLED: "已撤销",
}
TONES: dict[GoodsState, str] = {
    S.REGISTERED: "ours",
    S.TESTING: "theirs",
    S.PASSED: "good",
    S.DEFECTIVE: "bad",
    S.REMOVED: "near",
    S.NOTIFIED: "near",
    S.CLOSED: "good",
    S.CANCELLED: "theirs",
}
OPEN_STATES = frozenset({S.REGISTERED, S.TESTING, S.DEFECTIVE, S.REMOVED, S.NOTIFIED})
REPORTED_STATES = frozenset({S.DEFECTIVE, S.REMOVED, S.NOTIFIED, S.CLOSED})  # what the regulator is told of


class Source(StrEnum):
    """How the suspicion arose."""

    RETURN = "return"  # 消费者退回
    SELF_CHECK = "self_check"  # 企业自查
    SUPPLIER = "supplier"  # 供货商通知
    INSPECTION = "inspection"  # 监督抽检


SOURCE_NAMES: dict[Source, str] = {
    Source.RETURN: "消费者退回",
    Source.SELF_CHECK: "企业自查",
    Source.SUPPLIER: "供货商或生产者通知",
    Source.INSPECTION: "监督抽检",
}


class Disposal(StrEnum):
    """Where the goods that were taken off went."""

    TO_SUPPLIER = "to_supplier"  # 退供货商
    TO_PRODUCER = "to_producer"  # 退生产者
    SEALED = "sealed"  # 封存待处理
    DESTROYED = "destroyed"  # 销毁


DISPOSAL_NAMES: dict[Disposal, str] = {
    Disposal.TO_SUPPLIER: "退回供货商",
    Disposal.TO_PRODUCER: "退回生产者",
    Disposal.SEALED: "封存，等待处理",
    Disposal.DESTROYED: "销毁，留有记录",
}


class IllegalStep(Exception):  # noqa: N818
    """The table has no such step."""


def next_state(state: GoodsState, event: GoodsEvent) -> GoodsState:
    """Return the state behind an event; raises IllegalStep where the table has none."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise IllegalStep(f"{state} + {event}") from None


def allows(state: GoodsState, event: GoodsEvent) -> bool:
    """Say whether the table has this step."""
    return (state, event) in TRANSITIONS


def pieces_problem(quantity: int) -> str | None:
    """Say what is wrong with a number of pieces, or None."""
    if quantity < 0:
        return "数量不能是负数。没有存货请填 0。"
    if quantity > MOST_PIECES:
        return f"数量超过 {MOST_PIECES} 件，请核对是否多输了数字。"
    return None


def day_problem(day: date, *, today: date, earliest: date | None = None, before: str = "") -> str | None:
    """Say what is wrong with a day on which something was done, or None; `before` names what `earliest` was."""
    if day > today:
        return "日期不能晚于今天。"
    if earliest is not None and day < earliest:
        return f"日期不能早于{before}（{earliest.isoformat()}）。"
    return None


@dataclass(frozen=True, slots=True)
class Standing:
    """What closing looks at."""

    own_removal_open: bool  # the registering merchant has not said that its own goods are off the shelves
    unanswered: int  # merchants of the area that have not confirmed


def closing_problem(standing: Standing, reason: str) -> str | None:
    """Say why a notice can't be closed yet, or None: every merchant confirms, or the officer says why not."""
    if standing.own_removal_open:
        return "登记企业还没有确认下架。请先催办，确认下架后再办结。"
    if standing.unanswered and not reason.strip():
        return f"还有 {standing.unanswered} 家企业没有确认。请继续催办，或写明不再等待的理由后办结。"
    return None
