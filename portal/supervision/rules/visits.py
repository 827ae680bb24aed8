"""A mystery visit (暗访), from the plan to the re-check; and what becomes of a breach of a promise.

Mystery shoppers, rectification and re-check stand in seed 4; the steps between them are ours. The merchant sees a
visit only when the officer has released it (as decisions 19 has it for reads before an unannounced inspection).
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class VisitState(StrEnum):
    """Where a visit stands."""

    PLANNED = "planned"  # 已计划
    VISITED = "visited"  # 已走访，未公开
    RELEASED = "released"  # 已公开，待企业整改
    RECTIFIED = "rectified"  # 企业已整改，待复查
    CLOSED = "closed"  # 已办结
    CANCELLED = "cancelled"  # 已取消


class VisitEvent(StrEnum):
    """What happens to it."""

    VISIT = "visit"  # 走访
    CANCEL = "cancel"  # 取消计划
    RELEASE = "release"  # 公开给企业
    CLOSE_UNSEEN = "close_unseen"  # 不公开而办结：没有问题，或不是入驻企业
    RECTIFY = "rectify"  # 企业答复整改
    PASS_RECHECK = "pass_recheck"  # noqa: S105  复查合格
    FAIL_RECHECK = "fail_recheck"  # 复查不合格


S, E = VisitState, VisitEvent

VISIT_STEPS: dict[tuple[VisitState, VisitEvent], VisitState] = {
    (S.PLANNED, E.VISIT): S.VISITED,
    (S.PLANNED, E.CANCEL): S.CANCELLED,
    (S.VISITED, E.RELEASE): S.RELEASED,
    (S.VISITED, E.CLOSE_UNSEEN): S.CLOSED,
    (S.RELEASED, E.RECTIFY): S.RECTIFIED,
    (S.RELEASED, E.PASS_RECHECK): S.CLOSED,  # looked at again before the merchant said anything
    (S.RELEASED, E.FAIL_RECHECK): S.RELEASED,
    (S.RECTIFIED, E.PASS_RECHECK): S.CLOSED,
    (S.RECTIFIED, E.FAIL_RECHECK): S.RELEASED,
}
VISIT_STATES: dict[VisitState, tuple[str, str]] = {  # label, tone
    S.PLANNED: ("已计划", "theirs"),
    S.VISITED: ("未公开", "ours"),
    S.RELEASED: ("待整改", "near"),
    S.RECTIFIED: ("待复查", "ours"),
    S.CLOSED: ("已办结", "good"),
    S.CANCELLED: ("已取消", "theirs"),
}
OPEN_TO_MERCHANT = (S.RELEASED, S.RECTIFIED, S.CLOSED)  # and only once it was released


class Lapse(StrEnum):
    """What a visit may find wrong."""

    NOT_SHOWN = "not_shown"  # 没有在显著位置公示承诺
    TOLD_LATE = "told_late"  # 购买前没有说明不适用的商品
    REFUSED = "refused"  # 承诺范围内拒绝退货
    OBSTRUCTED = "obstructed"  # 设置承诺之外的条件
    SHORTER = "shorter"  # 期限短于承诺
    REFUND_LATE = "refund_late"  # 退款不及时
    UNTRAINED = "untrained"  # 店员不知道承诺
    STALE_SIGN = "stale_sign"  # 标识过期或与名录不一致
    OTHER = "other"  # 其他


LAPSE_NAMES: dict[Lapse, str] = {
    Lapse.NOT_SHOWN: "没有公示承诺",
    Lapse.TOLD_LATE: "购买前没有说明不适用商品",
    Lapse.REFUSED: "承诺范围内拒绝退货",
    Lapse.OBSTRUCTED: "设置承诺之外的条件",
    Lapse.SHORTER: "期限短于承诺",
    Lapse.REFUND_LATE: "退款不及时",
    Lapse.UNTRAINED: "店员不知道承诺",
    Lapse.STALE_SIGN: "标识过期或与名录不一致",
    Lapse.OTHER: "其他",
}


@dataclass(frozen=True, slots=True)
class LapseFound:
    """One thing found wrong."""

    kind: Lapse
    text: str


@dataclass(frozen=True, slots=True)
class VisitRecord:
    """What is written down about a visit."""

    visited_on: date
    second_officer: str
    asked: str
    answered: str
    lapses: tuple[LapseFound, ...]
    rectify_on: date | None


def problem_of_record(record: VisitRecord, today: date) -> tuple[str, str] | None:
    """Say at which field and why a record can't be stored, or None."""
    by = record.rectify_on
    rules = (
        (record.visited_on > today, "visited_on", "走访日期不能晚于今天。"),
        (not record.second_officer.strip(), "second_officer", "走访须由两人进行，请填写另一名人员。"),
        (not record.asked.strip(), "asked", "请写明问了什么、做了什么。"),
        (not record.answered.strip(), "answered", "请写明店员怎样答复、怎样处理。"),
        (bool(record.lapses) and by is None, "rectify_on", "发现问题的，须写明整改期限。"),
        (not record.lapses and by is not None, "rectify_on", "没有发现问题，不需要整改期限。"),
        (by is not None and by < record.visited_on, "rectify_on", "整改期限不能早于走访日期。"),
    )
    return next(((field, text) for broken, field, text in rules if broken), None)


class IllegalVisitStep(Exception):  # noqa: N818
    """The table has no such step."""


def visit_after(state: VisitState, event: VisitEvent) -> VisitState:
    """Return the state behind an event; raises IllegalVisitStep where the table has none."""
    try:
        return VISIT_STEPS[state, event]
    except KeyError:
        raise IllegalVisitStep(f"{state} + {event}") from None


def visit_allows(state: VisitState, event: VisitEvent) -> bool:
    """Say whether the table has this step."""
    return (state, event) in VISIT_STEPS


class ViolationSource(StrEnum):
    """How a breach of a promise became known."""

    RETURN = "return"  # 退货申请
    VISIT = "visit"  # 暗访
    FEEDBACK = "feedback"  # 消费者反馈
    OFFICER = "officer"  # 监管部门发现


class ViolationState(StrEnum):
    """Where a breach stands."""

    POSSIBLE = "possible"  # 待核实
    CONFIRMED = "confirmed"  # 属实
    DISMISSED = "dismissed"  # 不属实
    REMOVAL_ASKED = "removal_asked"  # 属实，建议摘牌
    REMOVED = "removed"  # 属实，已摘牌


class ViolationEvent(StrEnum):
    """What happens to it."""

    CONFIRM = "confirm"
    DISMISS = "dismiss"
    ASK_REMOVAL = "ask_removal"
    DECLINE_REMOVAL = "decline_removal"
    REMOVE = "remove"


V, X = ViolationState, ViolationEvent

VIOLATION_STEPS: dict[tuple[ViolationState, ViolationEvent], ViolationState] = {
    (V.POSSIBLE, X.CONFIRM): V.CONFIRMED,
    (V.POSSIBLE, X.DISMISS): V.DISMISSED,
    (V.CONFIRMED, X.ASK_REMOVAL): V.REMOVAL_ASKED,
    (V.REMOVAL_ASKED, X.DECLINE_REMOVAL): V.CONFIRMED,
    (V.REMOVAL_ASKED, X.REMOVE): V.REMOVED,
}
SOURCE_NAMES: dict[ViolationSource, str] = {
    ViolationSource.RETURN: "退货申请",
    ViolationSource.VISIT: "暗访",
    ViolationSource.FEEDBACK: "消费者反馈",
    ViolationSource.OFFICER: "监管部门发现",
}
VIOLATION_STATES: dict[ViolationState, tuple[str, str]] = {
    V.POSSIBLE: ("待核实", "near"),
    V.CONFIRMED: ("属实", "bad"),
    V.DISMISSED: ("不属实", "theirs"),
    V.REMOVAL_ASKED: ("建议摘牌", "near"),
    V.REMOVED: ("已摘牌", "bad"),
}
COUNTED_VIOLATIONS = (V.CONFIRMED, V.REMOVAL_ASKED, V.REMOVED)


def violation_after(state: ViolationState, event: ViolationEvent) -> ViolationState:
    """Return the state behind an event; raises IllegalVisitStep where the table has none."""
    try:
        return VIOLATION_STEPS[state, event]
    except KeyError:
        raise IllegalVisitStep(f"{state} + {event}") from None
