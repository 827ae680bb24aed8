"""Where a return request stands, when it is due, and which refusals may break the promise."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from portal.classification.rules import GoodsClass
from portal.clocks.rules import end_of_day, local_day
from portal.commitments.rules import Way
from portal.commitments.rules.coverage import Answer
from portal.core.money import MAX_FEN
from portal.ledgers.rules.vocabulary import Category, Cause

MOST_PIECES = 999  # of one request, our limit
MOST_GOODS = 60  # characters of the goods' name, our limit
MOST_NAME = 30  # characters, our limit
MOST_WORDS = 500  # characters of a reason, our limit
MOST_REFUSAL = 150  # characters: with its ground it fits the ledger's 200


class ReturnState(StrEnum):
    """Where a request stands."""

    ASKED = "asked"  # 待答复
    AGREED = "agreed"  # 已同意，待收货
    RECEIVED = "received"  # 已收货，待退款
    REFUNDED = "refunded"  # 已退款
    EXCHANGED = "exchanged"  # 已换货
    REFUSED = "refused"  # 已拒绝
    WITHDRAWN = "withdrawn"  # 消费者撤回
    LAPSED = "lapsed"  # 同意后没有寄回，或意愿没有答复，已结束


class ReturnEvent(StrEnum):
    """What happens to it."""

    AGREE = "agree"
    REFUSE = "refuse"
    RECEIVE = "receive"  # the merchant has the goods back
    REFUND = "refund"
    EXCHANGE = "exchange"
    DENY = "deny"  # 消费者没收到退款
    WITHDRAW = "withdraw"
    LAPSE = "lapse"


S, E = ReturnState, ReturnEvent
TRANSITIONS: dict[tuple[ReturnState, ReturnEvent], ReturnState] = {
    (S.ASKED, E.AGREE): S.AGREED,
    (S.ASKED, E.REFUSE): S.REFUSED,
    (S.ASKED, E.WITHDRAW): S.WITHDRAWN,
    (S.ASKED, E.LAPSE): S.LAPSED,
    (S.AGREED, E.RECEIVE): S.RECEIVED,
    (S.AGREED, E.WITHDRAW): S.WITHDRAWN,
    (S.AGREED, E.LAPSE): S.LAPSED,
    (S.RECEIVED, E.REFUND): S.REFUNDED,
    (S.RECEIVED, E.EXCHANGE): S.EXCHANGED,
    (S.RECEIVED, E.REFUSE): S.REFUSED,  # the goods that came back do not meet the conditions
    (S.REFUNDED, E.DENY): S.RECEIVED,
}
STATE_NAMES: dict[ReturnState, tuple[str, str]] = {  # label, tone
    S.ASKED: ("待答复", "ours"),
    S.AGREED: ("已同意，待收货", "theirs"),
    S.RECEIVED: ("已收货，待退款", "ours"),
    S.REFUNDED: ("已退款", "good"),
    S.EXCHANGED: ("已换货", "good"),
    S.REFUSED: ("已拒绝", "bad"),
    S.WITHDRAWN: ("消费者撤回", "theirs"),
    S.LAPSED: ("已结束，未退货", "theirs"),
}
OPEN_STATES = (S.ASKED, S.AGREED, S.RECEIVED)
TO_DO_STATES = (S.ASKED, S.RECEIVED)  # the merchant's turn
GRANTED_STATES = (S.AGREED, S.RECEIVED, S.REFUNDED, S.EXCHANGED)
DONE_STATES = (S.REFUNDED, S.EXCHANGED, S.WITHDRAWN, S.LAPSED)


class Ground(StrEnum):
    """On what a refusal rests."""

    EXCLUSION = "exclusion"  # 承诺列明的不适用商品
    CONDITION = "condition"  # 不符合退货条件
    OUTSIDE = "outside"  # 不在承诺范围: only where the promise does not cover the purchase


GROUND_NAMES = {
    Ground.EXCLUSION: "承诺列明的不适用商品",
    Ground.CONDITION: "不符合退货条件",
    Ground.OUTSIDE: "不在承诺范围",
}


class Breach(StrEnum):
    """Why the promise may have been broken; a person finds whether it was."""

    REFUSED = "refused"  # 承诺适用而拒绝，没有相符的不适用条款
    UNANSWERED = "unanswered"  # 逾期没有答复
    UNPAID = "unpaid"  # 逾期没有退款
    DENIED = "denied"  # 消费者没有收到退款


BREACH_NAMES = {
    Breach.REFUSED: "承诺适用而拒绝，没有相符的不适用条款",
    Breach.UNANSWERED: "逾期没有答复",
    Breach.UNPAID: "逾期没有退款",
    Breach.DENIED: "消费者反映没有收到退款",
}

BREACH_MARKS = {  # for lists
    Breach.REFUSED: "拒绝存疑",
    Breach.UNANSWERED: "逾期未答复",
    Breach.UNPAID: "逾期未退款",
    Breach.DENIED: "称没收到款",
}


class Finding(StrEnum):
    """What the authority found."""

    BROKEN = "broken"
    KEPT = "kept"


FINDING_NAMES = {Finding.BROKEN: "承诺有违反", Finding.KEPT: "没有违反承诺"}


class IllegalStep(Exception):  # noqa: N818
    """The table has no such step."""


def next_state(state: ReturnState, event: ReturnEvent) -> ReturnState:
    """Return the state behind an event; raises IllegalStep where the table has none."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise IllegalStep(f"{state} + {event}") from None


def allows(state: ReturnState, event: ReturnEvent) -> bool:
    """Say whether the table has this step."""
    return (state, event) in TRANSITIONS


def due_at(began_at: datetime, days: int) -> datetime:
    """The end of the last of so many natural days behind the day of a moment."""
    return end_of_day(local_day(began_at) + timedelta(days=days))


@dataclass(frozen=True, slots=True)
class Standing:
    """What the clock looks at; `due_at` is the promised moment of the state, None for a wish or while waiting."""

    state: ReturnState
    due_at: datetime | None
    warned: bool
    overdue: bool
    lapses_at: datetime | None


def next_look(standing: Standing, warning_days: int) -> datetime | None:
    """When the clock looks at a request again: to warn, to find it overdue, or to let it lapse; None: never."""
    due = standing.due_at
    if due is not None and standing.state in TO_DO_STATES and not standing.overdue:
        warns_at = due - timedelta(days=warning_days)
        return due if standing.warned else warns_at
    return standing.lapses_at if standing.state in (S.ASKED, S.AGREED) else None


def may_break(verdict: str, ground: Ground, *, exclusion_fits: bool) -> bool:
    """Say whether a refusal may break the promise: it covers the purchase and no fitting exclusion is named.

    Decisions 28: such a refusal warns before it is sent, and the regulator learns of it when it is sent.
    """
    return verdict == Answer.COVERED and not (ground is Ground.EXCLUSION and exclusion_fits)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a consumer asks for, as typed; `price` in 分 for one piece."""

    way: Way
    purchased_on: date
    received_on: date | None
    outlet_id: int | None
    category: str
    goods: str
    price: int
    quantity: int
    reason: str
    name: str
    phone: str


def objections_to(wanted: Wanted, *, today: date) -> tuple[tuple[str, str], ...]:
    """Say everything that stands against a request, as (field, sentence); nothing where it may be sent."""
    return tuple(_objections(wanted, today))


def _objections(wanted: Wanted, today: date) -> Iterator[tuple[str, str]]:
    if wanted.purchased_on > today:
        yield "purchased_on", "购买日期晚于今天。请核对小票或订单上的日期。"
    if wanted.received_on is not None and wanted.received_on > today:
        yield "received_on", "签收日期晚于今天。还没有签收的请留空。"
    if wanted.received_on is not None and wanted.received_on < wanted.purchased_on:
        yield "received_on", "签收日期早于购买日期。请核对两个日期；当场拿走的请留空。"
    if not wanted.goods.strip():
        yield "goods", "请填写商品名称，写小票或订单上的名称。"
    if wanted.price <= 0 or wanted.price * max(wanted.quantity, 1) > MAX_FEN:
        yield "price", "请填写单价，单位元，例如 199 或 199.00。"
    if not 1 <= wanted.quantity <= MOST_PIECES:
        yield "quantity", f"数量应为 1 至 {MOST_PIECES} 的整数。"
    if not wanted.name.strip():
        yield "name", "请填写姓名，商家退款时要核对。"


def cause_of(way: Way, verdict: str) -> Cause:
    """Why the goods come back, in the ledger's words; what no promise covers is taken back out of goodwill."""
    if verdict != Answer.COVERED:
        return Cause.GOODWILL
    return Cause.ONLINE if way is Way.ONLINE else Cause.PROMISE


_CATEGORIES: dict[str, Category] = {
    GoodsClass.APPLIANCES: Category.APPLIANCE,
    GoodsClass.CLOTHING: Category.CLOTHING,
    GoodsClass.FOOD: Category.PACKAGED_FOOD,
    GoodsClass.DRINKS: Category.PACKAGED_FOOD,
    GoodsClass.DAILY: Category.DAILY_GOODS,
}
_IN_NAMES: tuple[tuple[str, Category], ...] = (("散装", Category.BULK_FOOD), ("鲜活", Category.FRESH_FOOD))


def category_of(consumer_class: str, goods: str) -> Category:
    """The ledger's class of goods that a consumer named; a proposal, the clerk decides."""
    if consumer_class == GoodsClass.FOOD:
        for word, category in _IN_NAMES:
            if word in goods:
                return category
    return _CATEGORIES.get(consumer_class, Category.OTHER)


def total_of(price: int, quantity: int) -> int:
    """What was paid for all pieces, in 分."""
    return price * quantity


def refund_objection(refund: int, *, price: int, quantity: int) -> str | None:
    """Say what is wrong with a refund in 分, or None."""
    if refund <= 0:
        return "请填写退款金额，单位元。"
    if refund > total_of(price, quantity):
        return "退款不能超过单价×数量。多给的补偿请另行登记。"
    return None
