"""The invented cases: what each consumer complains of, what would satisfy them, and what a clerk is to learn by it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from portal.settlements.rules.words import TermKind


class Age(StrEnum):
    """How far along a case is when it is made."""

    FRESH = "fresh"  # 刚派来
    PRESSING = "pressing"  # 快到期
    OVERDUE = "overdue"  # 已逾期
    BROKEN = "broken"  # 已达成，逾期没有履行


@dataclass(frozen=True, slots=True)
class Plot:
    """One invented case; amounts in 分. `fair` is the least that the consumer accepts."""

    key: str
    title: str
    lesson: str
    consumer: str
    goods: str  # full path of 客体类别
    problem: str  # full path of 问题类别
    text: str
    amount: int
    fair: int
    age: Age = Age.FRESH
    counter: int | None = None  # asked once, in answer to less than `fair`
    kinds: tuple[TermKind, ...] = ()  # accepted whatever the money
    refusal: str = "金额太低，我不接受。"
    is_ours: bool = True  # False: it complains of another shop
    is_silent: bool = False  # never answers
    wants_proof: bool = False  # says 没收到 until a proof was uploaded
    travels_back: bool = False  # goods come back, so the book of returns asks where they went


_ALL = (
    Plot(
        key="simple_refund",
        title="大衣起球，要求退货退款",
        lesson="消费者要求合理。先受理并联系，核对订单后提出退货退款方案，金额覆盖诉求。",
        consumer="练习甲",
        goods="商品（产品）->服装、鞋帽->服装",
        problem="质量->起球",
        text="本月在店里买的羊毛双面呢大衣，第一次穿就大面积起球，小票和吊牌都在，要求退货退款399元。",
        amount=39_900,
        fair=39_900,
        travels_back=True,
        refusal="小票都在，第一次穿就起球，我要求全额退款。",
    ),
    Plot(
        key="counter_offer",
        title="电饭煲脱涂层，会还价",
        lesson="消费者除退款外还要误工和路费。方案偏低时他会还价：可以接受还价，也可以再提一个方案。",
        consumer="练习乙",
        goods="商品（产品）->家居用品->厨房电器",
        problem="质量->涂层脱落",
        text="电饭煲用了两个月内胆涂层脱落，来回跑了三趟没有解决，要求退款269元并赔偿路费50元。",
        amount=31_900,
        fair=30_000,
        counter=30_900,
        refusal="跑了三趟，只退这些我不能接受。",
    ),
    Plot(
        key="silent",
        title="消费者一直不回复",
        lesson="方案发出后消费者没有答复。要留下联系记录；方案到期后可以再提一次。消费者不答复不算企业拖延。",
        consumer="练习丙",
        goods="商品（产品）->家居用品->家具",
        problem="售后服务->不履行承诺",
        text="书架少发一块层板，客服说补发一直没有收到，要求补发或者退款88元。",
        amount=8_800,
        fair=8_800,
        is_silent=True,
    ),
    Plot(
        key="wrong_merchant",
        title="投诉的不是本企业",
        lesson="内容说的是别的店。不要受理，及时退回分派，理由选“不属本职”，写清楚是哪一家。",
        consumer="练习丁",
        goods="商品（产品）->服装、鞋帽->鞋",
        problem="质量->开胶",
        text="在中山路“海鹭鞋城”买的运动鞋穿一周开胶，老板不理，要求换一双。投诉对象：海鹭鞋城（中山路店）。",
        amount=25_900,
        fair=25_900,
        is_ours=False,
    ),
    Plot(
        key="due_soon",
        title="马上到期",
        lesson="期限快到了，先处理它。剩不到一个工作日时提方案，要消费者要求延长；先联系再提。",
        consumer="练习戊",
        goods="商品（产品）->通讯产品->手机配件",
        problem="质量->不能使用",
        text="充电器买来三天就不能充电，店里让找厂家，要求退款128元。",
        amount=12_800,
        fair=12_800,
        age=Age.PRESSING,
    ),
    Plot(
        key="overdue",
        title="已经逾期",
        lesson="期限已过不等于不用管：和解随时可以继续。马上提出方案，达成后照样履行。",
        consumer="练习己",
        goods="商品（产品）->家居用品->床上用品",
        problem="质量->褪色",
        text="四件套洗一次严重褪色，染花了衣服，要求退款199元。",
        amount=19_900,
        fair=19_900,
        age=Age.OVERDUE,
    ),
    Plot(
        key="food",
        title="蛋糕变质，退回的食品怎么处理",
        lesson="食品退回后不能再卖。达成和解并履行后，在退换货台账登记去向（销毁要有授权或两人签字留照片）。",
        consumer="练习庚",
        goods="商品（产品）->食品->糕点",
        problem="食品安全->变质",
        text="上午买的奶油蛋糕打开有酸味，已经送回店里，要求退款86元。",
        amount=8_600,
        fair=8_600,
        travels_back=True,
        refusal="蛋糕是坏的，要全额退款。",
    ),
    Plot(
        key="proof",
        title="付了款，消费者说没收到",
        lesson="履行要留凭证。只写“已退款”而不传凭证，消费者会说没收到；核对后传上转账凭证再记录一次。",
        consumer="练习辛",
        goods="服务->生活、社会服务类->洗涤染色",
        problem="售后服务->损坏",
        text="干洗把真丝衬衫洗缩水了，要求赔偿260元。",
        amount=26_000,
        fair=26_000,
        wants_proof=True,
    ),
    Plot(
        key="breach",
        title="同事答应了退款，却没有付",
        lesson="协议约定的日子已经过了，消费者和监管部门都会看到未兑现。马上付款，记录履行并传凭证。",
        consumer="练习壬",
        goods="商品（产品）->儿童用品->玩具",
        problem="质量->损坏",
        text="积木少件，盒子里的说明书也破了，要求退款158元。",
        amount=15_800,
        fair=15_800,
        age=Age.BROKEN,
    ),
)
PLOTS: Mapping[str, Plot] = {plot.key: plot for plot in _ALL}
