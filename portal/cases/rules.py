"""The negotiation's states as one table (decisions 1), whose turn each is, and why a merchant may give a case back.

The administrative machine of each filing is a second one, in `portal.intake.states`; neither waits for the other.
"""

from enum import StrEnum


class CaseState(StrEnum):
    """Where the negotiation between merchant and consumer stands."""

    WAITING = "waiting"  # 待分流
    DISPATCHED = "dispatched"  # 待受理
    ACCEPTED = "accepted"  # 已受理，未联系
    NEGOTIATING = "negotiating"  # 协商中
    OFFERED = "offered"  # 待消费者答复
    AGREED = "agreed"  # 已达成，待履行
    PERFORMED = "performed"  # 已履行，待确认
    CLOSED_SETTLED = "closed_settled"  # 已和解
    CLOSED_UNCONFIRMED = "closed_unconfirmed"  # 已履行，消费者未确认
    RETURNED = "returned"  # 已退回分派
    FAILED = "failed"  # 未和解
    BREACHED = "breached"  # 未兑现
    WITHDRAWN = "withdrawn"  # 已撤回
    KEPT = "kept"  # 自办：不经企业，由监管部门办理
    SENT_BACK = "sent_back"  # 已退回来源单位 (令121第四十一条)


class Channel(StrEnum):
    """The two ways in, with two legal clocks (domain 1.3)."""

    GREEN = "green"  # A 绿色通道
    REGULATOR = "regulator"  # B 监管流转


class CaseEvent(StrEnum):
    """What moves a case."""

    DISPATCH = "dispatch"  # 分流
    ACCEPT = "accept"  # 受理
    RETURN = "return"  # 退回分派
    CONTACT = "contact"  # 联系消费者
    OFFER = "offer"  # 提出方案
    LAPSE = "lapse"  # 方案到期或撤回
    COUNTER = "counter"  # 消费者还价
    REFUSE = "refuse"  # 消费者不接受
    AGREE = "agree"  # 达成
    PERFORM = "perform"  # 记录履行
    CONFIRM = "confirm"  # 消费者确认收到
    DENY = "deny"  # 消费者没收到
    SILENCE = "silence"  # 确认期满未答
    BREACH = "breach"  # 逾期未履行
    DISOWN = "disown"  # 消费者否认商家登记的协议
    FAIL = "fail"  # 未达成
    WITHDRAW = "withdraw"  # 撤回投诉
    KEEP = "keep"  # 自办
    SEND_BACK = "send_back"  # 退回来源单位


class Turn(StrEnum):
    """Whose move it is, seen from the merchant."""

    OURS = "ours"
    THEIRS = "theirs"
    OFFICER = "officer"
    NOBODY = "nobody"


class Level(StrEnum):
    """The three internal levels of a merchant (三级接待, domain 4.4), lowest first."""

    AGENT = "agent"  # 客服
    SUPERVISOR = "supervisor"  # 部门负责人
    PRINCIPAL = "principal"  # 企业负责人


LEVEL_NAMES: dict[Level, str] = {
    Level.AGENT: "客服",
    Level.SUPERVISOR: "部门负责人",
    Level.PRINCIPAL: "企业负责人",
}
LEVELS = tuple(Level)


def is_above(one: Level, other: Level) -> bool:
    """Say whether a level is higher than another."""
    return LEVELS.index(one) > LEVELS.index(other)


S, E = CaseState, CaseEvent

TRANSITIONS: dict[tuple[CaseState, CaseEvent], CaseState] = {
    (S.WAITING, E.DISPATCH): S.DISPATCHED,
    (S.WAITING, E.WITHDRAW): S.WITHDRAWN,
    (S.WAITING, E.KEEP): S.KEPT,
    (S.WAITING, E.SEND_BACK): S.SENT_BACK,
    (S.DISPATCHED, E.ACCEPT): S.ACCEPTED,
    (S.DISPATCHED, E.RETURN): S.RETURNED,
    (S.DISPATCHED, E.FAIL): S.FAILED,
    (S.DISPATCHED, E.WITHDRAW): S.WITHDRAWN,
    (S.ACCEPTED, E.CONTACT): S.NEGOTIATING,
    (S.ACCEPTED, E.OFFER): S.OFFERED,
    (S.ACCEPTED, E.RETURN): S.RETURNED,
    (S.ACCEPTED, E.FAIL): S.FAILED,
    (S.ACCEPTED, E.WITHDRAW): S.WITHDRAWN,
    (S.NEGOTIATING, E.CONTACT): S.NEGOTIATING,
    (S.NEGOTIATING, E.OFFER): S.OFFERED,
    (S.NEGOTIATING, E.AGREE): S.AGREED,
    (S.NEGOTIATING, E.FAIL): S.FAILED,
    (S.NEGOTIATING, E.WITHDRAW): S.WITHDRAWN,
    (S.NEGOTIATING, E.BREACH): S.BREACHED,  # an offer after a breach ended without agreement: the breach stands
    (S.OFFERED, E.CONTACT): S.OFFERED,
    (S.OFFERED, E.LAPSE): S.NEGOTIATING,
    (S.OFFERED, E.COUNTER): S.NEGOTIATING,
    (S.OFFERED, E.REFUSE): S.NEGOTIATING,
    (S.OFFERED, E.AGREE): S.AGREED,
    (S.OFFERED, E.FAIL): S.FAILED,
    (S.OFFERED, E.WITHDRAW): S.WITHDRAWN,
    (S.AGREED, E.CONTACT): S.AGREED,
    (S.AGREED, E.PERFORM): S.PERFORMED,
    (S.AGREED, E.CONFIRM): S.CLOSED_SETTLED,
    (S.AGREED, E.BREACH): S.BREACHED,
    (S.AGREED, E.DISOWN): S.NEGOTIATING,  # nothing was agreed: the negotiation goes on (decisions 10)
    (S.PERFORMED, E.CONTACT): S.PERFORMED,
    (S.PERFORMED, E.CONFIRM): S.CLOSED_SETTLED,
    (S.PERFORMED, E.DENY): S.BREACHED,
    (S.PERFORMED, E.DISOWN): S.BREACHED,
    (S.PERFORMED, E.SILENCE): S.CLOSED_UNCONFIRMED,
    (S.CLOSED_UNCONFIRMED, E.CONFIRM): S.CLOSED_SETTLED,
    (S.CLOSED_UNCONFIRMED, E.DENY): S.BREACHED,
    (S.CLOSED_UNCONFIRMED, E.DISOWN): S.BREACHED,
    (S.CLOSED_SETTLED, E.BREACH): S.BREACHED,
    (S.BREACHED, E.CONTACT): S.BREACHED,
    (S.BREACHED, E.PERFORM): S.PERFORMED,
    (S.BREACHED, E.CONFIRM): S.CLOSED_SETTLED,
    (S.BREACHED, E.OFFER): S.OFFERED,
    (S.BREACHED, E.FAIL): S.FAILED,
    (S.FAILED, E.CONTACT): S.FAILED,
    (S.FAILED, E.OFFER): S.OFFERED,  # settlement stays possible after failure
    (S.FAILED, E.WITHDRAW): S.WITHDRAWN,
    (S.RETURNED, E.DISPATCH): S.DISPATCHED,
    (S.RETURNED, E.WITHDRAW): S.WITHDRAWN,
    (S.RETURNED, E.KEEP): S.KEPT,
    (S.RETURNED, E.SEND_BACK): S.SENT_BACK,
    (S.KEPT, E.DISPATCH): S.DISPATCHED,  # the merchant was admitted meanwhile
    (S.KEPT, E.WITHDRAW): S.WITHDRAWN,
    (S.KEPT, E.SEND_BACK): S.SENT_BACK,
}

TURNS: dict[CaseState, Turn] = {
    S.WAITING: Turn.OFFICER,
    S.DISPATCHED: Turn.OURS,
    S.ACCEPTED: Turn.OURS,
    S.NEGOTIATING: Turn.OURS,
    S.OFFERED: Turn.THEIRS,
    S.AGREED: Turn.OURS,
    S.PERFORMED: Turn.THEIRS,
    S.CLOSED_SETTLED: Turn.NOBODY,
    S.CLOSED_UNCONFIRMED: Turn.NOBODY,
    S.RETURNED: Turn.OFFICER,
    S.FAILED: Turn.OFFICER,
    S.BREACHED: Turn.OURS,
    S.WITHDRAWN: Turn.NOBODY,
    S.KEPT: Turn.OFFICER,
    S.SENT_BACK: Turn.NOBODY,
}


class Answered(StrEnum):
    """What the consumer said last, as long as the merchant has not moved since."""

    AGREED = "agreed"  # 接受
    COUNTERED = "countered"  # 还价
    REFUSED = "refused"  # 不接受
    DENIED = "denied"  # 没收到


ANSWERS: dict[tuple[CaseState, CaseEvent], Answered] = {  # agreeing out of NEGOTIATING is the merchant's own yes
    (S.OFFERED, E.AGREE): Answered.AGREED,
    (S.OFFERED, E.COUNTER): Answered.COUNTERED,
    (S.OFFERED, E.REFUSE): Answered.REFUSED,
    (S.PERFORMED, E.DENY): Answered.DENIED,
    (S.CLOSED_UNCONFIRMED, E.DENY): Answered.DENIED,
}

OPEN_STATES = frozenset(
    {
        S.WAITING, S.DISPATCHED, S.ACCEPTED, S.NEGOTIATING, S.OFFERED, S.AGREED, S.PERFORMED, S.RETURNED, S.BREACHED,
        S.KEPT,
    }
)  # fmt: skip
WAITING_STATES = frozenset({S.WAITING, S.RETURNED})  # an officer has to say where it goes
NEVER_WITH_MERCHANT = WAITING_STATES | {S.KEPT, S.SENT_BACK}
WITH_MERCHANT = OPEN_STATES - NEVER_WITH_MERCHANT
BEFORE_AGREEMENT = frozenset({S.DISPATCHED, S.ACCEPTED, S.NEGOTIATING, S.OFFERED})
CONCLUDED_STATES = frozenset({S.AGREED, S.FAILED, S.WITHDRAWN})  # the first of these ends the negotiation's clock
SETTLED_STATES = frozenset({S.AGREED, S.PERFORMED, S.CLOSED_SETTLED, S.CLOSED_UNCONFIRMED})

STATE_NAMES: dict[CaseState, str] = {
    S.WAITING: "待分流",
    S.DISPATCHED: "待受理",
    S.ACCEPTED: "待联系",
    S.NEGOTIATING: "协商中",
    S.OFFERED: "待消费者答复",
    S.AGREED: "待履行",
    S.PERFORMED: "待消费者确认",
    S.CLOSED_SETTLED: "已和解",
    S.CLOSED_UNCONFIRMED: "已履行未确认",
    S.RETURNED: "已退回分派",
    S.FAILED: "未和解",
    S.BREACHED: "未兑现",
    S.WITHDRAWN: "已撤回",
    S.KEPT: "自行办理",
    S.SENT_BACK: "已退回来源单位",
}


class ReturnReason(StrEnum):
    """Why a merchant gives a case back (domain 5.7, 退回原因)."""

    ELEMENTS_MISSING = "elements_missing"  # 缺失要素
    UNCLEAR = "unclear"  # 表述不清
    WRONG_TYPE = "wrong_type"  # 类型有误
    ADDRESS_UNKNOWN = "address_unknown"  # 地址不详
    KNOWN = "known"  # 已有知识
    DUPLICATE = "duplicate"  # 重复受理
    REVOKED = "revoked"  # 市民撤诉
    NOT_OURS = "not_ours"  # 不属本职
    OTHER = "other"  # 其他


RETURN_REASON_NAMES: dict[ReturnReason, str] = {
    ReturnReason.ELEMENTS_MISSING: "缺失要素",
    ReturnReason.UNCLEAR: "表述不清",
    ReturnReason.WRONG_TYPE: "类型有误",
    ReturnReason.ADDRESS_UNKNOWN: "地址不详",
    ReturnReason.KNOWN: "已有知识",
    ReturnReason.DUPLICATE: "重复受理",
    ReturnReason.REVOKED: "市民撤诉",
    ReturnReason.NOT_OURS: "不属本职",
    ReturnReason.OTHER: "其他",
}


class KeepReason(StrEnum):
    """Why an officer handles a waiting case without a merchant (自办)."""

    NO_MERCHANT = "no_merchant"  # 企业未入驻
    SUSPENDED = "suspended"  # 企业已暂停分流
    MEDIATES = "mediates"  # 直接组织调解
    NOT_FOR_ODR = "not_for_odr"  # 不适宜企业先行和解


KEEP_REASON_NAMES: dict[KeepReason, str] = {
    KeepReason.NO_MERCHANT: "企业未入驻",
    KeepReason.SUSPENDED: "企业已暂停分流或退出",
    KeepReason.MEDIATES: "经办人员决定直接组织调解",
    KeepReason.NOT_FOR_ODR: "不适宜由企业先行和解",
}


class PartingReason(StrEnum):
    """Why an officer parts a joined filing from its case (decisions 9)."""

    PURCHASE = "purchase"  # 不是同一次购买
    GOODS = "goods"  # 不是同一商品或服务
    MERCHANT = "merchant"  # 不是同一家企业
    CONSUMER = "consumer"  # 不是同一消费者


PARTING_REASON_NAMES: dict[PartingReason, str] = {
    PartingReason.PURCHASE: "不是同一次购买",
    PartingReason.GOODS: "不是同一商品或服务",
    PartingReason.MERCHANT: "投诉的不是同一家企业",
    PartingReason.CONSUMER: "不是同一消费者",
}


class RevealReason(StrEnum):
    """Why staff look at a consumer's name, phone and address (decisions 19)."""

    CONTACT = "contact"  # 联系消费者协商
    VERIFY_ORDER = "verify_order"  # 核对订单和购买记录
    PAY_OR_COLLECT = "pay_or_collect"  # 安排退款、取件或送货
    VERIFY_CLAIM = "verify_claim"  # 核实投诉内容


REVEAL_REASON_NAMES: dict[RevealReason, str] = {
    RevealReason.CONTACT: "联系消费者协商",
    RevealReason.VERIFY_ORDER: "核对订单和购买记录",
    RevealReason.PAY_OR_COLLECT: "安排退款、取件或送货",
    RevealReason.VERIFY_CLAIM: "核实投诉内容",
}


class FailureCause(StrEnum):
    """Why a negotiation failed; the consumer's silence is not the merchant's delay (decisions 5)."""

    MERCHANT_DELAY = "merchant_delay"  # 商家逾期
    CONSUMER_SILENT = "consumer_silent"  # 消费者未答复
    NO_AGREEMENT = "no_agreement"  # 协商未达成
    UNREACHABLE = "unreachable"  # 联系不到当事人
    CONSUMER_ESCALATED = "consumer_escalated"  # 消费者请求市场监管部门处理


class IllegalTransition(Exception):  # noqa: N818
    """The table has no such step."""


def next_state(state: CaseState, event: CaseEvent) -> CaseState:
    """Return the state behind an event; raises IllegalTransition where the table has none."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise IllegalTransition(f"{state} + {event}") from None


def allows(state: CaseState, event: CaseEvent) -> bool:
    """Say whether the table has this step."""
    return (state, event) in TRANSITIONS
