"""The words that invented complaints are made of: what was bought, what went wrong, who complains."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Good:
    """Something people complain about, as the platform's tables name it."""

    name: str
    path: str  # 客体类别全称
    problems: tuple[tuple[str, str], ...]  # 问题类别全称 and what happened
    yuan: tuple[int, int]  # from, to


QUALITY, SERVICE, CONTRACT = "质量", "售后服务", "合同"

GOODS = (
    Good(
        "羊毛双面呢大衣",
        "商品（产品）->服装、鞋帽->服装",
        (
            (f"{QUALITY}->起球", "第一次穿着就大面积起球，按洗涤说明清洗后更严重"),
            (f"{SERVICE}->七日无理由退货", "收到后第三天申请七日无理由退货，吊牌完好仍被拒绝"),
        ),
        (399, 980),
    ),
    Good(
        "皮鞋",
        "商品（产品）->服装、鞋帽->鞋",
        (
            (f"{QUALITY}->开胶断底", "穿了不到两周鞋底开胶，门店只肯上胶水"),
            (f"{SERVICE}->三包争议", "在三包期内送修两次仍然开胶，要求退货被拒"),
        ),
        (199, 860),
    ),
    Good(
        "电饭煲",
        "商品（产品）->家用电子电器->厨房电器",
        (
            (f"{QUALITY}->功能故障", "使用一个月后不能加热，维修点说主板损坏"),
            (f"{SERVICE}->拒绝退换", "开箱发现内胆有划痕，当天联系换货没有答复"),
        ),
        (159, 699),
    ),
    Good(
        "笔记本电脑",
        "商品（产品）->计算机产品->整机",
        (
            (f"{QUALITY}->功能故障", "频繁死机，检测出硬盘坏道，商家要求自费维修"),
            (f"{SERVICE}->三包争议", "七日内报修屏幕闪烁，商家不给出具检测单"),
        ),
        (3299, 7999),
    ),
    Good(
        "盒装牛奶",
        "商品（产品）->（一般）食品->乳制品",
        (
            ("食品安全->过期变质", "买到的整箱牛奶有三盒胀包，均在保质期内"),
            ("计量->缺斤少两", "标称二十四盒，实际只有二十二盒"),
        ),
        (59, 129),
    ),
    Good(
        "沙发",
        "商品（产品）->家居用品->家具",
        (
            (f"{CONTRACT}->逾期交付", "约定月初送货，推迟三次仍没有送到"),
            (f"{QUALITY}->与样品不符", "送到的皮面颜色与样品明显不同，商家说属于色差"),
        ),
        (2599, 5999),
    ),
    Good(
        "健身年卡",
        "服务->文化、娱乐、体育->健身",
        (
            (f"{CONTRACT}->预付款退费", "门店停业装修两个月，申请退还剩余费用被要求扣一半"),
            (f"{CONTRACT}->格式条款", "办卡时口头说随时可退，合同写明概不退款"),
        ),
        (888, 2888),
    ),
    Good(
        "英语培训课程",
        "服务->教育、培训->培训",
        (
            (f"{CONTRACT}->预付款退费", "孩子只上了四次课，更换老师后要求退剩余课时费"),
            (f"{CONTRACT}->虚假宣传", "宣传一对一授课，实际是三人小班"),
        ),
        (1980, 5980),
    ),
)

DEMANDS = ("退款", "退货退款", "换货", "修理", "赔偿损失", "赔礼道歉", "补足数量")
CHANNELS = ("微信小程序", "支付宝小程序", "APP", "电话", "互联网平台", "监管人员录入")
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
SURNAME_WEIGHTS = tuple(1000 // (rank + 4) for rank in range(len(SURNAMES)))  # the first is eight times the thirtieth
GIVEN = (
    "伟芳娜敏静丽强磊洋勇艳杰娟涛明超秀霞平刚雅婷志华晓燕文斌建国玉兰红梅海波丹丹鹏飞慧玲俊峰雪莉健宁云"
    "龙凤英桂珍美琴春生荣光辉永福德贵学义成林浩宇子涵梓轩欣怡佳琪思远嘉豪诗雨泽民立新振东少卿锦程若曦"
    "亦凡可心书瑶宏达家兴庆祥绍安毅恒岚翠萍素贞惠芬月娥巧云锐捷炜煜晨曦睿哲博瀚清源润之培根松柏"
)
STREETS = ("嘉禾", "枋湖", "殿前", "江头", "乌石浦", "仙岳", "金尚", "高殿")

Choice = tuple[Good, str, str]  # what, 问题类别全称, what happened


def choose(random: Random) -> Choice:
    """Draw something bought and what was wrong with it."""
    good = random.choice(GOODS)
    path, story = random.choice(good.problems)
    return good, path, story


def person(random: Random) -> str:
    """Draw a name, as many people of one name as in a large town: a common one is that of some in ten thousand."""
    (surname,) = random.choices(SURNAMES, SURNAME_WEIGHTS)
    return surname + "".join(random.choices(GIVEN, k=random.choice((1, 2, 2, 2))))


def home(random: Random) -> str:
    """Draw an address."""
    return f"厦门市湖里区{random.choice(STREETS)}里{random.randint(1, 200)}号{random.randint(101, 1806)}室"


def complaint(good: Good, story: str, yuan: int, company: str, bought: str, demand: str) -> str:
    """Write what a consumer writes."""
    return f"消费者于{bought}在{company}购买{good.name}，支付{yuan}元。{story}。与商家协商未果，要求{demand}。"
