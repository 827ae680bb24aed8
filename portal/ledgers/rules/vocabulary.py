"""The words of the ledgers, each with the Chinese that people read and write."""

from enum import StrEnum


class Category(StrEnum):
    """Classes of returned goods (seed rules: 散装、鲜活 apart from packaged food and other goods)."""

    BULK_FOOD = "bulk_food"  # 散装食品
    FRESH_FOOD = "fresh_food"  # 鲜活食品
    PACKAGED_FOOD = "packaged_food"  # 定型包装食品
    DAILY_GOODS = "daily_goods"  # 日用百货
    CLOTHING = "clothing"  # 服装
    APPLIANCE = "appliance"  # 家用电器
    OTHER = "other"  # 其他商品


class Cause(StrEnum):
    """Why goods are returned or exchanged."""

    QUALITY = "quality"  # 质量问题（三包）
    PROMISE = "promise"  # 无理由退货承诺
    ONLINE = "online"  # 网购七日无理由
    AGREED = "agreed"  # 按和解协议
    GOODWILL = "goodwill"  # 善意退换
    OTHER = "other"  # 其他


class Condition(StrEnum):
    """How the goods were when they came back."""

    INTACT = "intact"  # 完好
    DAMAGED = "damaged"  # 损坏
    INCOMPLETE = "incomplete"  # 缺件
    MISMATCHED = "mismatched"  # 与单不符
    EMPTY = "empty"  # 空包
    NOT_RETURNED = "not_returned"  # 未收回商品


class Decision(StrEnum):
    """是否给予退换."""

    RETURNED = "returned"  # 退货退款
    EXCHANGED = "exchanged"  # 换货
    REFUSED = "refused"  # 不予退换


class Disposition(StrEnum):
    """退换回商品处理方式."""

    SUPPLIER = "supplier"  # 退回供货商
    PRODUCER = "producer"  # 退回生产者
    DESTROY = "destroy"  # 销毁
    RESALE = "resale"  # 贴标识再销售
    TESTING = "testing"  # 送检
    NONE = "none"  # 无退回商品


class DestroyBasis(StrEnum):
    """What allows 散装 and 鲜活 food to be destroyed (decisions 28, our rule)."""

    SUPPLIER = "supplier"  # 供货商授权
    TWO_SIGNATURES = "two_signatures"  # 两人签字并留照片


class LabResult(StrEnum):
    """What the test of goods with a quality problem found."""

    PASSED = "passed"  # 检测合格
    FAILED = "failed"  # 检测不合格


class Recovery(StrEnum):
    """Whether what was paid in advance comes back from the supplier (先行赔付追偿)."""

    CLAIMED = "claimed"  # 已提出
    RECOVERED = "recovered"  # 已追回
    WAIVED = "waived"  # 已放弃


class Received(StrEnum):
    """By which way a complaint came; the first four are the sources of filings."""

    PLATFORM_12315 = "12315"  # 全国12315平台
    HOTLINE_12345 = "12345"  # 12345热线
    GREEN = "green"  # 绿色通道
    GENERIC = "generic"  # 其他平台
    COUNTER = "counter"  # 柜台
    PHONE = "phone"  # 电话
    ONLINE = "online"  # 网络客服
    LETTER = "letter"  # 来函


class Outcome(StrEnum):
    """What has become of a complaint, as the ledger tells it."""

    OPEN = "open"  # 处理中
    AGREED = "agreed"  # 已达成，待履行
    PERFORMED = "performed"  # 已履行，待确认
    SETTLED = "settled"  # 已解决
    UNCONFIRMED = "unconfirmed"  # 已履行，消费者未确认
    BREACHED = "breached"  # 未兑现
    FAILED = "failed"  # 未解决
    WITHDRAWN = "withdrawn"  # 消费者撤回
    GIVEN_BACK = "given_back"  # 退回分派，不归本企业
    PARTED = "parted"  # 登记件拆出，不归本企业


CATEGORY_NAMES: dict[Category, str] = {
    Category.BULK_FOOD: "散装食品",
    Category.FRESH_FOOD: "鲜活食品",
    Category.PACKAGED_FOOD: "定型包装食品",
    Category.DAILY_GOODS: "日用百货",
    Category.CLOTHING: "服装",
    Category.APPLIANCE: "家用电器",
    Category.OTHER: "其他商品",
}
CAUSE_NAMES: dict[Cause, str] = {
    Cause.QUALITY: "质量问题",
    Cause.PROMISE: "无理由退货承诺",
    Cause.ONLINE: "网购七日无理由",
    Cause.AGREED: "按和解协议",
    Cause.GOODWILL: "善意退换",
    Cause.OTHER: "其他原因",
}
CONDITION_NAMES: dict[Condition, str] = {
    Condition.INTACT: "完好",
    Condition.DAMAGED: "损坏",
    Condition.INCOMPLETE: "缺件",
    Condition.MISMATCHED: "与单不符",
    Condition.EMPTY: "空包",
    Condition.NOT_RETURNED: "未收回商品",
}
DECISION_NAMES: dict[Decision, str] = {
    Decision.RETURNED: "退货退款",
    Decision.EXCHANGED: "换货",
    Decision.REFUSED: "不予退换",
}
DISPOSITION_NAMES: dict[Disposition, str] = {
    Disposition.SUPPLIER: "退回供货商",
    Disposition.PRODUCER: "退回生产者",
    Disposition.DESTROY: "销毁",
    Disposition.RESALE: "贴标识再销售",
    Disposition.TESTING: "送检",
    Disposition.NONE: "无退回商品",
}
DESTROY_BASIS_NAMES: dict[DestroyBasis, str] = {
    DestroyBasis.SUPPLIER: "供货商授权",
    DestroyBasis.TWO_SIGNATURES: "两人签字并留照片",
}
LAB_RESULT_NAMES: dict[LabResult, str] = {
    LabResult.PASSED: "检测合格",
    LabResult.FAILED: "检测不合格",
}
RECOVERY_NAMES: dict[Recovery, str] = {
    Recovery.CLAIMED: "已提出",
    Recovery.RECOVERED: "已追回",
    Recovery.WAIVED: "已放弃",
}
RECEIVED_NAMES: dict[Received, str] = {
    Received.PLATFORM_12315: "全国12315平台",
    Received.HOTLINE_12345: "12345热线",
    Received.GREEN: "绿色通道",
    Received.GENERIC: "其他平台",
    Received.COUNTER: "柜台",
    Received.PHONE: "电话",
    Received.ONLINE: "网络客服",
    Received.LETTER: "来函",
}
OUTCOME_NAMES: dict[Outcome, str] = {
    Outcome.OPEN: "处理中",
    Outcome.AGREED: "已达成，待履行",
    Outcome.PERFORMED: "已履行，待确认",
    Outcome.SETTLED: "已解决",
    Outcome.UNCONFIRMED: "已履行，消费者未确认",
    Outcome.BREACHED: "未兑现",
    Outcome.FAILED: "未解决",
    Outcome.WITHDRAWN: "消费者撤回",
    Outcome.GIVEN_BACK: "退回分派，不归本企业",
    Outcome.PARTED: "登记件拆出，不归本企业",
}

BY_HAND = (Received.COUNTER, Received.PHONE, Received.ONLINE, Received.LETTER)  # entered by the merchant's staff
GONE = frozenset({Outcome.GIVEN_BACK, Outcome.PARTED})  # no longer the merchant's
HAND_OUTCOMES = (Outcome.OPEN, Outcome.SETTLED, Outcome.FAILED, Outcome.WITHDRAWN)

OTHER_NAMES: dict[StrEnum, tuple[str, ...]] = {  # as people write them in their own sheets
    Category.BULK_FOOD: ("散装", "散装食品类"),
    Category.FRESH_FOOD: ("鲜活", "生鲜", "生鲜食品", "鲜活食品类"),
    Category.PACKAGED_FOOD: ("预包装食品", "包装食品", "定型包装"),
    Category.DAILY_GOODS: ("日用品", "百货", "日用商品"),
    Category.CLOTHING: ("服装鞋帽", "服饰", "鞋帽", "衣服"),
    Category.APPLIANCE: ("家电", "电器", "家用电子电器"),
    Category.OTHER: ("其他", "其它"),
    Cause.QUALITY: ("质量三包", "三包", "质量", "质量问题（三包）"),
    Cause.PROMISE: ("无理由承诺", "无理由退货", "无理由", "线下无理由"),
    Cause.ONLINE: ("网购七日", "七日无理由", "七天无理由", "7天无理由", "网购7日"),
    Cause.AGREED: ("和解协议", "和解", "协议"),
    Cause.GOODWILL: ("善意",),
    Cause.OTHER: ("其他", "其它"),
    Condition.INTACT: ("完整", "正常", "完好无损"),
    Condition.DAMAGED: ("破损",),
    Condition.INCOMPLETE: ("缺少配件", "少件"),
    Condition.MISMATCHED: ("不符", "货单不符"),
    Condition.NOT_RETURNED: ("未收回", "不收回", "未退回"),
    Decision.RETURNED: ("退货", "退", "已退", "退款", "是"),
    Decision.EXCHANGED: ("换", "已换"),
    Decision.REFUSED: ("不退换", "拒绝", "不予退货", "否", "未退换"),
    Disposition.SUPPLIER: ("退供货商", "退供应商", "退回供应商", "质量问题,退回供货商", "质量问题，退回供货商"),
    Disposition.PRODUCER: ("退生产者", "退厂家", "退回厂家", "退生产厂家", "退回生产厂家"),
    Disposition.DESTROY: ("已销毁",),
    Disposition.RESALE: ("贴标再售", "贴标识再售", "再销售", "贴标再销售", "加贴标识再销售"),
    Disposition.TESTING: ("检测", "送检测", "已送检"),
    Disposition.NONE: ("未收回", "不涉及"),
    DestroyBasis.SUPPLIER: ("供应商授权", "供货商同意"),
    DestroyBasis.TWO_SIGNATURES: ("两人签字", "双人签字", "双人签字并拍照"),
    LabResult.PASSED: ("合格",),
    LabResult.FAILED: ("不合格",),
    Recovery.CLAIMED: ("追偿中", "已申请"),
    Recovery.RECOVERED: ("已收回", "已到账"),
    Recovery.WAIVED: ("放弃", "不追偿"),
    Received.COUNTER: ("现场", "到店", "服务台"),
    Received.PHONE: ("来电",),
    Received.ONLINE: ("网络", "网店", "微信"),
    Received.LETTER: ("信函", "来信"),
    Outcome.SETTLED: ("已和解", "解决"),
    Outcome.FAILED: ("未和解", "未达成"),
    Outcome.WITHDRAWN: ("撤回", "已撤回"),
}
