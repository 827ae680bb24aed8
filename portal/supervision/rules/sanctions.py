"""Measures against a merchant, from the mildest to the last, and the way back from each.

提醒 → 限期整改 → 暂停分流 → 退出: that enterprises leave is found in local rules, the steps and every number are our
own (domain 1.1); the papers are our own forms, not official ones.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Level(StrEnum):
    """A measure, in the order of its weight."""

    REMIND = "remind"  # 提醒
    RECTIFY = "rectify"  # 限期整改
    SUSPEND = "suspend"  # 暂停分流
    EXIT = "exit"  # 退出


LEVELS = tuple(Level)
LEVEL_NAMES: dict[Level, tuple[str, str]] = {  # label, tone
    Level.REMIND: ("提醒", "ours"),
    Level.RECTIFY: ("限期整改", "near"),
    Level.SUSPEND: ("暂停分流", "bad"),
    Level.EXIT: ("退出", "bad"),
}
PAPER_TITLES: dict[Level, str] = {
    Level.REMIND: "行政提示",
    Level.RECTIFY: "限期整改通知",
    Level.SUSPEND: "暂停分流通知",
    Level.EXIT: "退出通知",
}
OWN_FORM = "本文书为本平台自制样式，不是国家市场监督管理总局规定的文书式样。"
CHIEFS_OWN = frozenset({Level.SUSPEND, Level.EXIT})  # the chief decides: our rule


class ProposalState(StrEnum):
    """Where a proposal stands."""

    OPEN = "open"  # 待决定
    DECLINED = "declined"  # 不采取措施
    TAKEN = "taken"  # 已采取措施


PROPOSAL_STATES: dict[ProposalState, tuple[str, str]] = {
    ProposalState.OPEN: ("待决定", "near"),
    ProposalState.DECLINED: ("不采取措施", "theirs"),
    ProposalState.TAKEN: ("已采取措施", "good"),
}


class MeasureState(StrEnum):
    """Where a measure stands."""

    ISSUED = "issued"  # 待企业回执
    RECEIVED = "received"  # 执行中
    ANSWERED = "answered"  # 企业已报整改或申请恢复，待复查
    CLOSED = "closed"  # 已解除
    REPLACED = "replaced"  # 已转下一步措施


class MeasureEvent(StrEnum):
    """What happens to it."""

    CONFIRM = "confirm"  # 企业回执
    CONFIRM_LAST = "confirm_last"  # 企业回执，提醒到此为止
    ANSWER = "answer"  # 企业报整改，或申请恢复
    LIFT = "lift"  # 解除
    PROLONG = "prolong"  # 延长
    REPLACE = "replace"  # 转下一步


S, E = MeasureState, MeasureEvent

TRANSITIONS: dict[tuple[MeasureState, MeasureEvent], MeasureState] = {
    (S.ISSUED, E.CONFIRM): S.RECEIVED,
    (S.ISSUED, E.CONFIRM_LAST): S.CLOSED,
    (S.RECEIVED, E.ANSWER): S.ANSWERED,
    (S.ISSUED, E.LIFT): S.CLOSED,
    (S.RECEIVED, E.LIFT): S.CLOSED,
    (S.ANSWERED, E.LIFT): S.CLOSED,
    (S.ISSUED, E.PROLONG): S.ISSUED,
    (S.RECEIVED, E.PROLONG): S.RECEIVED,
    (S.ANSWERED, E.PROLONG): S.RECEIVED,
    (S.ISSUED, E.REPLACE): S.REPLACED,
    (S.RECEIVED, E.REPLACE): S.REPLACED,
    (S.ANSWERED, E.REPLACE): S.REPLACED,
}
MEASURE_STATES: dict[MeasureState, tuple[str, str]] = {
    S.ISSUED: ("待企业回执", "theirs"),
    S.RECEIVED: ("执行中", "near"),
    S.ANSWERED: ("待复查", "ours"),
    S.CLOSED: ("已解除", "good"),
    S.REPLACED: ("已转下一步", "bad"),
}


class NoteKind(StrEnum):
    """What is written down about a measure."""

    RECEIPT = "receipt"  # 回执
    STATEMENT = "statement"  # 陈述、申辩
    ANSWER = "answer"  # 整改报告或恢复申请
    LIFTED = "lifted"  # 解除
    PROLONGED = "prolonged"  # 延长
    REPLACED = "replaced"  # 转下一步


NOTE_NAMES: dict[NoteKind, str] = {
    NoteKind.RECEIPT: "企业回执",
    NoteKind.STATEMENT: "陈述、申辩",
    NoteKind.ANSWER: "整改报告或恢复申请",
    NoteKind.LIFTED: "解除",
    NoteKind.PROLONGED: "延长期限",
    NoteKind.REPLACED: "转下一步措施",
}
OPEN_MEASURES = (S.ISSUED, S.RECEIVED, S.ANSWERED)


class IllegalMeasureStep(Exception):  # noqa: N818
    """The table has no such step."""


def measure_after(state: MeasureState, event: MeasureEvent) -> MeasureState:
    """Return the state behind an event; raises IllegalMeasureStep where the table has none."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise IllegalMeasureStep(f"{state} + {event}") from None


def measure_allows(state: MeasureState, event: MeasureEvent) -> bool:
    """Say whether the table has this step."""
    return (state, event) in TRANSITIONS


def step_after(level: Level) -> Level:
    """The next heavier measure; behind the last there is none, so it stays."""
    return LEVELS[min(LEVELS.index(level) + 1, len(LEVELS) - 1)]


def heavier(one: Level, other: Level) -> bool:
    """Say whether the first weighs more."""
    return LEVELS.index(one) > LEVELS.index(other)


def suggested_level(of_trigger: Level, earlier: Iterable[Level]) -> Level:
    """What to propose: the trigger's own level, or the step behind the heaviest measure that still counts."""
    steps = [of_trigger, *(step_after(level) for level in earlier)]
    return max(steps, key=LEVELS.index)


@dataclass(frozen=True, slots=True)
class Order:
    """What a decision says beside its level."""

    level: Level
    reason: str
    rectify_on: date | None = None
    conditions: str = ""  # of the way back
    earliest_on: date | None = None  # when the merchant may ask to come back


def problem_of_order(order: Order, today: date) -> tuple[str, str] | None:
    """Say at which field and why a measure can't be taken so, or None."""
    level, by = order.level, order.rectify_on
    back = order.conditions.strip()
    rules = (
        (not order.reason.strip(), "reason", "请写明理由，企业会看到。"),
        (level is Level.RECTIFY and by is None, "rectify_on", "限期整改须写明整改期限。"),
        (by is not None and by <= today, "rectify_on", "整改期限须在今天之后。"),
        (level is Level.EXIT and by is not None, "rectify_on", "退出不设整改期限，请写明最早重新申请的日期。"),
        (level in CHIEFS_OWN and not back, "conditions", "请写明恢复的条件，企业据此申请恢复。"),
        (level is Level.EXIT and order.earliest_on is None, "earliest_on", "退出须写明最早可以重新申请的日期。"),
        (
            order.earliest_on is not None and order.earliest_on < today,
            "earliest_on",
            "最早可以重新申请的日期不能早于今天。",
        ),
        (level is not Level.EXIT and order.earliest_on is not None, "earliest_on", "只有退出才写最早重新申请的日期。"),
    )
    return next(((field, text) for broken, field, text in rules if broken), None)


def ends_with_receipt(level: Level, rectify_on: date | None) -> bool:
    """Say whether a measure is over once the merchant has read it: a reminder without a date."""
    return level is Level.REMIND and rectify_on is None


def objection_to_answer(level: Level, earliest_on: date | None, today: date) -> str | None:
    """Say why a merchant can't ask for its way back yet, or None."""
    if level is Level.EXIT and earliest_on is not None and today < earliest_on:
        return f"最早可以在 {earliest_on.isoformat()} 申请恢复，请到那天以后再提交。"
    return None
