"""How one version moves: from draft over two reviews into force, and out of it."""

from enum import StrEnum

from portal.commitments.rules.words import PromiseState

S = PromiseState


class PromiseEvent(StrEnum):
    """What happens to a version."""

    SUBMIT = "submit"  # 提交
    WITHDRAW = "withdraw"  # 撤回提交, or sent back because the promise ended
    APPROVE_FIRST = "approve_first"  # 县级通过，报复审
    APPROVE_ONLY = "approve_only"  # 县级通过，没有第二级
    REFUSE_FIRST = "refuse_first"  # 县级不通过
    APPROVE_SECOND = "approve_second"  # 市级或协会通过
    REFUSE_SECOND = "refuse_second"  # 市级或协会不通过
    BEGIN = "begin"  # 生效
    REPLACE = "replace"  # 新版本接替
    EXPIRE = "expire"  # 到期
    END = "end"  # 退出
    REMOVE = "remove"  # 摘牌


E = PromiseEvent

TRANSITIONS: dict[tuple[PromiseState, PromiseEvent], PromiseState] = {
    (S.DRAFT, E.SUBMIT): S.SUBMITTED,
    (S.REFUSED, E.SUBMIT): S.SUBMITTED,
    (S.SECOND_REFUSED, E.SUBMIT): S.SUBMITTED,
    (S.SUBMITTED, E.WITHDRAW): S.DRAFT,
    (S.DISTRICT_PASSED, E.WITHDRAW): S.DRAFT,
    (S.PASSED, E.WITHDRAW): S.DRAFT,
    (S.SUBMITTED, E.APPROVE_FIRST): S.DISTRICT_PASSED,
    (S.SUBMITTED, E.APPROVE_ONLY): S.PASSED,
    (S.SUBMITTED, E.REFUSE_FIRST): S.REFUSED,
    (S.DISTRICT_PASSED, E.APPROVE_SECOND): S.PASSED,
    (S.DISTRICT_PASSED, E.REFUSE_SECOND): S.SECOND_REFUSED,
    (S.PASSED, E.BEGIN): S.CURRENT,
    (S.CURRENT, E.REPLACE): S.REPLACED,
    (S.CURRENT, E.EXPIRE): S.EXPIRED,
    (S.CURRENT, E.END): S.ENDED,
    (S.CURRENT, E.REMOVE): S.REMOVED,
}
EDITABLE = frozenset({S.DRAFT, S.REFUSED, S.SECOND_REFUSED})
ON_ITS_WAY = frozenset({S.SUBMITTED, S.DISTRICT_PASSED, S.PASSED})  # an authority has it, or has passed it
OPEN_STATES = EDITABLE | ON_ITS_WAY  # at most one version of a promisor
EVER_HELD = (S.CURRENT, S.REPLACED, S.EXPIRED, S.ENDED, S.REMOVED)  # it took effect


class IllegalStep(Exception):  # noqa: N818
    """The table has no such step."""


def next_state(state: PromiseState, event: PromiseEvent) -> PromiseState:
    """Return the state behind an event; raises IllegalStep where the table has none."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise IllegalStep(f"{state} + {event}") from None


def allows(state: PromiseState, event: PromiseEvent) -> bool:
    """Say whether the table has this step."""
    return (state, event) in TRANSITIONS
