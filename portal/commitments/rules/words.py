"""The words of promises, each with the Chinese that people read; status codes as domain 3.3 found them in Guangdong."""

from enum import StrEnum


class PromiseState(StrEnum):
    """Where one version of a promise stands."""

    DRAFT = "draft"  # 草稿
    SUBMITTED = "submitted"  # 4 待审核
    DISTRICT_PASSED = "district_passed"  # 5 县级审核通过
    PASSED = "passed"  # 6 市级/协会审核通过, not begun yet
    CURRENT = "current"  # 1 在期
    REFUSED = "refused"  # 7 不通过
    SECOND_REFUSED = "second_refused"  # 8 协会不通过
    REPLACED = "replaced"  # 已由新版本接替
    EXPIRED = "expired"  # 2 过期
    ENDED = "ended"  # 已退出: the merchant ended it itself, or left
    REMOVED = "removed"  # 0 摘牌


STATE_NAMES: dict[PromiseState, tuple[str, str]] = {  # label, tone
    PromiseState.DRAFT: ("草稿", "theirs"),
    PromiseState.SUBMITTED: ("待审核", "ours"),
    PromiseState.DISTRICT_PASSED: ("县级审核通过", "ours"),
    PromiseState.PASSED: ("审核通过，待生效", "good"),
    PromiseState.CURRENT: ("在期", "good"),
    PromiseState.REFUSED: ("不通过", "bad"),
    PromiseState.SECOND_REFUSED: ("复审不通过", "bad"),
    PromiseState.REPLACED: ("已有新版本", "theirs"),
    PromiseState.EXPIRED: ("过期", "theirs"),
    PromiseState.ENDED: ("已退出", "theirs"),
    PromiseState.REMOVED: ("已摘牌", "bad"),
}
STATUS_CODES: dict[PromiseState, int] = {  # the codes of the provincial system, for files (domain 3.3)
    PromiseState.REMOVED: 0,
    PromiseState.CURRENT: 1,
    PromiseState.EXPIRED: 2,
    PromiseState.SUBMITTED: 4,
    PromiseState.DISTRICT_PASSED: 5,
    PromiseState.PASSED: 6,
    PromiseState.REFUSED: 7,
    PromiseState.SECOND_REFUSED: 8,
}


class Way(StrEnum):
    """How goods were bought; each has its own programme."""

    OFFLINE = "offline"  # 线下
    ONLINE = "online"  # 网购


WAY_NAMES = {Way.OFFLINE: "门店购买", Way.ONLINE: "网上购买"}


class PickupStart(StrEnum):
    """From which day the days are counted for goods taken along (自提)."""

    RECEIPT_DAY = "receipt_day"  # the date of the invoice or receipt is the first day
    DAY_AFTER = "day_after"  # the day after it is the first


class DeliveryStart(StrEnum):
    """From which day the days are counted for goods delivered."""

    DAY_AFTER_SIGNING = "day_after_signing"  # 签收次日 is the first day (令90 art 10 for online)
    SIGNING_DAY = "signing_day"  # the day of signing is the first


PICKUP_START_NAMES = {
    PickupStart.RECEIPT_DAY: "从小票或发票日期当天算起",
    PickupStart.DAY_AFTER: "从小票或发票日期的次日算起",
}
DELIVERY_START_NAMES = {
    DeliveryStart.DAY_AFTER_SIGNING: "从签收次日算起",
    DeliveryStart.SIGNING_DAY: "从签收当天算起",
}


class Freight(StrEnum):
    """Who bears the freight of a return."""

    CONSUMER = "consumer"
    MERCHANT = "merchant"
    IN_SHOP = "in_shop"


FREIGHT_NAMES = {Freight.CONSUMER: "消费者付", Freight.MERCHANT: "商家付", Freight.IN_SHOP: "到店免费"}


class BasisKind(StrEnum):
    """On what an exclusion rests."""

    LAW = "law"  # an article, named in the row
    CONFIRMED = "confirmed"  # 购买时经消费者确认 (消法25 para 2, 令90 art 7)
    DECLARED = "declared"  # 购买前明示, offline


BASIS_NAMES = {
    BasisKind.LAW: "法定不适用",
    BasisKind.CONFIRMED: "购买时经消费者确认",
    BasisKind.DECLARED: "购买前明示",
}


class Origin(StrEnum):
    """How a promise came into the list (domain 3.3, 创建方式)."""

    MERCHANT = "merchant"  # 企业提交
    DISTRICT = "district"  # 区县导入
    CITY = "city"  # 地市导入


ORIGIN_NAMES = {Origin.MERCHANT: "企业提交", Origin.DISTRICT: "区县导入", Origin.CITY: "地市导入"}
