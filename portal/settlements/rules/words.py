"""The words of a negotiation, each with the Chinese that people read."""

from enum import StrEnum


class Side(StrEnum):
    """Who made a round."""

    MERCHANT = "merchant"  # 我方方案
    CONSUMER = "consumer"  # 消费者还价


class TermKind(StrEnum):
    """The typed terms of an offer."""

    REFUND = "refund"  # 退款
    RETURN_REFUND = "return_refund"  # 退货退款
    EXCHANGE = "exchange"  # 换货
    REPAIR = "repair"  # 修理
    SUPPLY = "supply"  # 补足数量
    REDO = "redo"  # 重作
    COMPENSATE = "compensate"  # 补偿
    APOLOGY = "apology"  # 道歉
    ADVANCE = "advance"  # 先行赔付
    OTHER = "other"  # 其他


class PaymentMethod(StrEnum):
    """How money reaches the consumer."""

    ORIGINAL = "original"  # 原路退回
    CASH = "cash"  # 现金
    TRANSFER = "transfer"  # 转账
    VOUCHER = "voucher"  # 购物卡
    OTHER = "other"  # 其他


class Payer(StrEnum):
    """Who pays the freight of what goes back."""

    MERCHANT = "merchant"
    CONSUMER = "consumer"
    NONE = "none"  # nothing is sent


class Answer(StrEnum):
    """What became of a round."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    COUNTERED = "countered"
    EXPIRED = "expired"
    UNDONE = "undone"
    VOID = "void"  # the case ended otherwise (withdrawn, escalated)


class Receipt(StrEnum):
    """What the consumer says of a performance."""

    ASKED = "asked"
    RECEIVED = "received"  # 收到
    NOT_RECEIVED = "not_received"  # 没收到
    SILENT = "silent"  # 七日未答


class Verdict(StrEnum):
    """The consumer's rating after fulfilment."""

    SATISFIED = "satisfied"
    UNSATISFIED = "unsatisfied"


class RatingReason(StrEnum):
    """Why a consumer is not satisfied; the first two mean breach (decisions 6)."""

    NOT_PERFORMED = "not_performed"
    NOT_AS_AGREED = "not_as_agreed"
    TOO_SLOW = "too_slow"
    ATTITUDE = "attitude"
    OTHER = "other"


class CallbackOccasion(StrEnum):
    """Why an officer calls a consumer back (decisions 6)."""

    SILENCE = "silence"  # 未确认收到，抽取回访
    RATING = "rating"  # 评价不满意
    UNVERIFIED = "unverified"  # 协议由商家登记，未经消费者本人确认 (decisions 10)


class CallbackResult(StrEnum):
    """What a call brought; only an unanswered one is tried again."""

    FULFILLED = "fulfilled"  # 消费者说已收到、已解决
    NOT_RECEIVED = "not_received"  # 消费者说没收到
    COMPLAINED = "complained"  # 有意见，已记录
    UNREACHED = "unreached"  # 联系不到
    CONFIRMED = "confirmed"  # 消费者承认协议
    DISOWNED = "disowned"  # 消费者否认协议


class DraftKind(StrEnum):
    """What waits for someone who may send it."""

    OFFER = "offer"  # 方案
    ACCEPTANCE = "acceptance"  # 接受还价


class DraftState(StrEnum):
    """What became of a draft."""

    WAITING = "waiting"
    SENT = "sent"
    GIVEN_BACK = "given_back"
    TAKEN_BACK = "taken_back"
    DROPPED = "dropped"  # another offer, or an end of the case, came first


BREACHING_REASONS = frozenset({RatingReason.NOT_PERFORMED, RatingReason.NOT_AS_AGREED})

KIND_NAMES: dict[TermKind, str] = {
    TermKind.REFUND: "退款",
    TermKind.RETURN_REFUND: "退货退款",
    TermKind.EXCHANGE: "换货",
    TermKind.REPAIR: "修理",
    TermKind.SUPPLY: "补足数量",
    TermKind.REDO: "重作",
    TermKind.COMPENSATE: "补偿",
    TermKind.APOLOGY: "道歉",
    TermKind.ADVANCE: "先行赔付",
    TermKind.OTHER: "其他",
}

METHOD_NAMES: dict[PaymentMethod, str] = {
    PaymentMethod.ORIGINAL: "原路退回",
    PaymentMethod.CASH: "现金",
    PaymentMethod.TRANSFER: "转账",
    PaymentMethod.VOUCHER: "购物卡",
    PaymentMethod.OTHER: "其他方式",
}

PAYER_NAMES: dict[Payer, str] = {
    Payer.MERCHANT: "商家承担",
    Payer.CONSUMER: "消费者承担",
    Payer.NONE: "无",
}

ANSWER_NAMES: dict[Answer, str] = {
    Answer.PENDING: "待答复",
    Answer.ACCEPTED: "已接受",
    Answer.REFUSED: "不接受",
    Answer.COUNTERED: "已还价",
    Answer.EXPIRED: "到期未答复",
    Answer.UNDONE: "已撤回",
    Answer.VOID: "已失效",
}

RECEIPT_NAMES: dict[Receipt, str] = {
    Receipt.ASKED: "待消费者确认",
    Receipt.RECEIVED: "消费者已收到",
    Receipt.NOT_RECEIVED: "消费者没收到",
    Receipt.SILENT: "消费者未答复",
}

RATING_REASON_NAMES: dict[RatingReason, str] = {
    RatingReason.NOT_PERFORMED: "没有履行",
    RatingReason.NOT_AS_AGREED: "和约定的不一样",
    RatingReason.TOO_SLOW: "办得太慢",
    RatingReason.ATTITUDE: "态度不好",
    RatingReason.OTHER: "其他原因",
}

CALLBACK_OCCASION_NAMES: dict[CallbackOccasion, str] = {
    CallbackOccasion.SILENCE: "未确认收到，抽取回访",
    CallbackOccasion.RATING: "评价不满意",
    CallbackOccasion.UNVERIFIED: "商家登记的协议，未经消费者本人确认",
}

CALLBACK_RESULT_NAMES: dict[CallbackResult, str] = {
    CallbackResult.FULFILLED: "消费者说已收到或已解决",
    CallbackResult.NOT_RECEIVED: "消费者说没收到",
    CallbackResult.COMPLAINED: "消费者有意见，已记录",
    CallbackResult.UNREACHED: "联系不到",
    CallbackResult.CONFIRMED: "消费者承认这份协议，还没有收到或办好",
    CallbackResult.DISOWNED: "消费者说没有达成这份协议",
}

CALLBACK_RESULTS: dict[CallbackOccasion, tuple[CallbackResult, ...]] = {  # what each call can bring
    CallbackOccasion.SILENCE: (
        CallbackResult.FULFILLED,
        CallbackResult.NOT_RECEIVED,
        CallbackResult.COMPLAINED,
        CallbackResult.UNREACHED,
    ),
    CallbackOccasion.RATING: (
        CallbackResult.FULFILLED,
        CallbackResult.NOT_RECEIVED,
        CallbackResult.COMPLAINED,
        CallbackResult.UNREACHED,
    ),
    CallbackOccasion.UNVERIFIED: (
        CallbackResult.CONFIRMED,
        CallbackResult.FULFILLED,
        CallbackResult.DISOWNED,
        CallbackResult.UNREACHED,
    ),
}
