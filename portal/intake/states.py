"""The administrative states of a filing (decisions 1): the second machine beside the negotiation."""

from enum import StrEnum


class AdminState(StrEnum):
    """Where the authority stands with one filing."""

    NONE = "none"  # channel A until the consumer asks
    RECEIVED = "received"  # 已收到，待决定受理
    REFUSED = "refused"  # 不予受理
    ACCEPTED = "accepted"  # 已受理
    MEDIATING = "mediating"  # 调解中
    TESTING = "testing"  # 鉴定检测中
    MEDIATED = "mediated"  # 达成调解
    TERMINATED = "terminated"  # 终止调解
    WITHDRAWN = "withdrawn"  # 已撤回
    SENT_BACK = "sent_back"  # 已退回来源单位 (令121第四十一条)


class AdminEvent(StrEnum):
    """What moves a filing."""

    ESCALATE = "escalate"  # 消费者请求市场监管部门处理
    REFUSE = "refuse"
    ACCEPT = "accept"
    MEDIATE = "mediate"
    SEND_FOR_TESTING = "send_for_testing"
    TEST_ENDED = "test_ended"
    SETTLE = "settle"
    TERMINATE = "terminate"
    WITHDRAW = "withdraw"
    TAKE = "take"  # 经办人员自办绿色通道件
    SEND_BACK = "send_back"  # 退回来源单位


A, E = AdminState, AdminEvent

ADMIN_TRANSITIONS: dict[tuple[AdminState, AdminEvent], AdminState] = {
    (A.NONE, E.ESCALATE): A.RECEIVED,
    (A.NONE, E.TAKE): A.RECEIVED,
    (A.NONE, E.WITHDRAW): A.WITHDRAWN,
    (A.NONE, E.SEND_BACK): A.SENT_BACK,
    (A.RECEIVED, E.REFUSE): A.REFUSED,
    (A.RECEIVED, E.ACCEPT): A.ACCEPTED,
    (A.RECEIVED, E.WITHDRAW): A.WITHDRAWN,
    (A.RECEIVED, E.SEND_BACK): A.SENT_BACK,
    (A.ACCEPTED, E.MEDIATE): A.MEDIATING,
    (A.ACCEPTED, E.TERMINATE): A.TERMINATED,
    (A.ACCEPTED, E.WITHDRAW): A.WITHDRAWN,
    (A.MEDIATING, E.SEND_FOR_TESTING): A.TESTING,
    (A.TESTING, E.TEST_ENDED): A.MEDIATING,
    (A.MEDIATING, E.SETTLE): A.MEDIATED,
    (A.MEDIATING, E.TERMINATE): A.TERMINATED,
    (A.MEDIATING, E.WITHDRAW): A.WITHDRAWN,
    (A.TESTING, E.TERMINATE): A.TERMINATED,
    (A.TESTING, E.WITHDRAW): A.WITHDRAWN,
}


ADMIN_STATE_NAMES: dict[AdminState, str] = {
    A.NONE: "未进入行政程序",
    A.RECEIVED: "已收到，待决定是否受理",
    A.REFUSED: "不予受理",
    A.ACCEPTED: "已受理",
    A.MEDIATING: "调解中",
    A.TESTING: "鉴定检测中",
    A.MEDIATED: "达成调解",
    A.TERMINATED: "终止调解",
    A.WITHDRAWN: "已撤回",
    A.SENT_BACK: "已退回来源单位",
}


DECIDED = frozenset({A.REFUSED, A.MEDIATED, A.TERMINATED, A.WITHDRAWN, A.SENT_BACK})  # nothing moves it any more


class IllegalAdminTransition(Exception):  # noqa: N818
    """The table has no such step."""


def next_admin_state(state: AdminState, event: AdminEvent) -> AdminState:
    """Return the state behind an event; raises IllegalAdminTransition where the table has none."""
    try:
        return ADMIN_TRANSITIONS[state, event]
    except KeyError:
        raise IllegalAdminTransition(f"{state} + {event}") from None
