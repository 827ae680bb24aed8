"""The green channel: what a complaint straight to a merchant has to say, and what its consumer consents to.

Name, phone, address, who is complained of, what happened and what is asked for are what 令121第十条 asks of every
complaint, so that nothing need be given again where the authority takes it up.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from enum import StrEnum
from typing import Any

from portal.classification.rules import CLASS_NAMES
from portal.core.money import fen_from_yuan, yuan
from portal.intake.rules.cells import phone_of
from portal.intake.rules.headlines import DEMAND_NAMES
from portal.intake.rules.words import SUSPICION_WORDS, Demand

MAX_TEXT, LEAST_TEXT = 2000, 10  # characters, our limits
MAX_DETAIL = 500
MAX_LINE = 60
MAX_ADDRESS = 120


class Step(StrEnum):
    """The parts of the form, in their order."""

    YOU = "you"
    MATTER = "matter"
    WISH = "wish"
    CONSENT = "consent"


class Nature(StrEnum):
    """What the quarrel is about: the ten of 消委会 statistics (domain 5.3)."""

    AFTER_SALES = "after_sales"
    CONTRACT = "contract"
    QUALITY = "quality"
    FALSE_ADVERTISING = "false_advertising"
    SAFETY = "safety"
    PRICE = "price"
    COUNTERFEIT = "counterfeit"
    DIGNITY = "dignity"
    MEASURE = "measure"
    OTHER = "other"


NATURE_NAMES: Mapping[Nature, str] = {
    Nature.QUALITY: "质量",
    Nature.AFTER_SALES: "售后服务",
    Nature.CONTRACT: "合同",
    Nature.PRICE: "价格",
    Nature.FALSE_ADVERTISING: "虚假宣传",
    Nature.SAFETY: "安全",
    Nature.COUNTERFEIT: "假冒",
    Nature.MEASURE: "计量",
    Nature.DIGNITY: "人格权益",
    Nature.OTHER: "其他",
}


class BoughtBy(StrEnum):
    """How it was bought."""

    SHOP = "shop"
    ONLINE = "online"
    OTHER = "other"


BOUGHT_BY_NAMES: Mapping[BoughtBy, str] = {
    BoughtBy.SHOP: "现场购",
    BoughtBy.ONLINE: "网购",
    BoughtBy.OTHER: "其他",
}
STEP_NAMES: Mapping[Step, str] = {
    Step.YOU: "你是谁",
    Step.MATTER: "发生了什么",
    Step.WISH: "你想怎么解决",
    Step.CONSENT: "同意事项",
}


@dataclass(frozen=True, slots=True)
class Said:
    """What the consumer has typed so far, as it was typed."""

    name: str = ""
    phone: str = ""
    address: str = ""
    category: str = ""
    goods: str = ""
    nature: str = ""
    bought_by: str = ""
    outlet: str = ""
    order: str = ""
    purchased_on: str = ""  # as the date control sends it
    amount: str = ""
    text: str = ""
    demands: tuple[str, ...] = ()
    detail: str = ""
    settle: bool = False
    share: bool = False
    publish: bool = False

    def with_parts(self, typed: Mapping[str, Any]) -> "Said":
        """Return it with other parts; unknown names fall away."""
        known = {one.name for one in fields(self)}
        return replace(self, **{name: _plain(value) for name, value in typed.items() if name in known})

    def to_json(self) -> str:
        """Write it down."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def of_json(cls, text: str) -> "Said":
        """Read it back."""
        return cls().with_parts(json.loads(text))

    @property
    def digest(self) -> str:
        """What was seen before filing: another text has another digest."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:32]

    @property
    def plain_phone(self) -> str:
        """The digits of a mobile number; empty where it is none."""
        digits = phone_of(self.phone)
        return digits if digits and _MOBILE.match(digits) else ""

    @property
    def fen(self) -> int | None:
        """The amount in 分."""
        return fen_from_yuan(self.amount) if self.amount.strip() else None

    @property
    def bought_on(self) -> date | None:
        """The day of purchase."""
        return day_of(self.purchased_on)

    @property
    def asked(self) -> tuple[Demand, ...]:
        """What is asked for, in the order of the official form."""
        return tuple(demand for demand in Demand if demand.value in self.demands)


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(str(one) for one in value)
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, bool) else str(value or "").strip()


def day_of(text: str) -> date | None:
    """Read a day as a date control sends it; None for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


_MOBILE = re.compile(r"^1[3-9]\d{9}$")  # as `core.privacy.takes_sms`, which is no rule
_GOODS = re.compile(r"^商品或服务：(.+)$", re.MULTILINE)

Objections = list[tuple[str, str]]  # field and sentence


def objections_to(step: Step, said: Said, *, today: date) -> Objections:
    """Say what is wrong with one part; empty where it can be filed."""
    return _CHECKS[step](said, today)


def unfinished(said: Said, *, today: date) -> list[Step]:
    """Return the parts that still have to be done, in their order."""
    return [step for step in Step if objections_to(step, said, today=today)]


def _you(said: Said, _today: date) -> Objections:
    found: Objections = []
    if not 2 <= len(said.name) <= 40 or "*" in said.name:
        found.append(("name", "请填写真实姓名。商家和市场监督管理部门要知道是谁在投诉。"))
    if not said.plain_phone:
        found.append(("phone", "请填写 11 位手机号。验证码和进展都发到这个号码。"))
    if not 4 <= len(said.address) <= MAX_ADDRESS:
        found.append(("address", f"请填写通讯地址，4 到 {MAX_ADDRESS} 个字，写到街道和门牌。"))
    return found


def _matter(said: Said, today: date) -> Objections:
    found: Objections = []
    if said.category not in CLASS_NAMES:
        found.append(("category", "请选择买的是哪一类。拿不准的选“其他商品和服务”。"))
    if not 1 <= len(said.goods) <= MAX_LINE:
        found.append(("goods", f"请填写商品或服务的名称，最多 {MAX_LINE} 个字，例如 羽绒服。"))
    if said.nature not in set(Nature):
        found.append(("nature", "请选择主要是什么问题。"))
    if said.bought_by not in set(BoughtBy):
        found.append(("bought_by", "请选择怎么买的。"))
    if said.purchased_on and (said.bought_on is None or said.bought_on > today):
        found.append(("purchased_on", "购买日期应是今天或更早的一天，例如 2026-11-05。记不清可以不填。"))
    if said.amount and said.fen is None:
        found.append(("amount", "金额只写数字，最多两位小数，例如 128.50。"))
    if len(said.order) > MAX_LINE:
        found.append(("order", f"订单号最多 {MAX_LINE} 个字。"))
    if not LEAST_TEXT <= len(said.text) <= MAX_TEXT:
        found.append(("text", f"请写清时间、地点和经过，{LEAST_TEXT} 到 {MAX_TEXT} 个字。"))
    return found


def _wish(said: Said, _today: date) -> Objections:
    found: Objections = []
    if not said.asked:
        found.append(("demands", "请至少选一项。商家要知道你想怎么解决。"))
    if len(said.detail) > MAX_DETAIL:
        found.append(("detail", f"补充说明最多 {MAX_DETAIL} 个字。"))
    return found


def _consent(said: Said, _today: date) -> Objections:
    found: Objections = []
    if not said.settle:
        found.append(("settle", "不同意先和商家协商的，不能走绿色通道。可以拨打 12315 向市场监督管理部门投诉。"))
    if not said.share:
        found.append(("share", "不同意把信息给商家的，商家无法处理。可以拨打 12315 向市场监督管理部门投诉。"))
    return found


_CHECKS = {Step.YOU: _you, Step.MATTER: _matter, Step.WISH: _wish, Step.CONSENT: _consent}


def words_of_a_tip(said: Said) -> tuple[str, ...]:
    """Return the words for which the complaint waits as 疑含举报, as they are shown before filing (decisions 8)."""
    written = f"{said.goods}\n{said.text}\n{said.detail}"
    return tuple(word for word in SUSPICION_WORDS if word in written)


def composed_text(said: Said, outlet: str) -> str:
    """Write the complaint as merchant and officers read it: the consumer's words, then the answers of the form."""
    demands = "、".join(DEMAND_NAMES[demand] for demand in said.asked)
    rows = (
        ("商品或服务", said.goods),
        ("购买方式", BOUGHT_BY_NAMES[BoughtBy(said.bought_by)]),
        ("门店", outlet),
        ("订单号", said.order),
        (
            "购买日期",
            f"{said.bought_on.year}年{said.bought_on.month}月{said.bought_on.day}日" if said.bought_on else "",
        ),
        ("涉及金额", f"{yuan(said.fen)} 元" if said.fen is not None else ""),
        ("诉求", f"要求{demands}"),
        ("补充说明", said.detail),
    )
    answers = "\n".join(f"{name}：{value}" for name, value in rows if value)
    return f"{said.text}\n\n{answers}"


def goods_said(text: str) -> str:
    """The goods that a complaint of this channel names; empty where another channel wrote the text."""
    found = _GOODS.search(text)
    return found[1].strip() if found else ""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who is complained of, as a consent has to name it (个人信息保护法第二十三条)."""

    name: str
    phone: str


def consent_to_settle(recipient: Recipient, authority: str, days: int) -> str:
    """The words beside the box: choosing the channel is consenting, and what it means for the official side.

    `days` is the limit in working days in which the authority decides on 受理 (令121第十五条).
    """
    return (
        f"同意由{recipient.name}先和我协商和解。选择绿色通道就是同意先协商，协商的时间不算进市场监督管理部门的办理时限。"
        f"没有谈成的，或者我改变主意的，可以请{authority}处理，是否受理在收到请求后 {days} 个工作日内告诉我。"
    )


def consent_to_share(recipient: Recipient) -> str:
    """The words beside the box: who gets which data for what, asked by itself (个人信息保护法第十七条、第二十三条)."""
    reached = f"（联系电话 {recipient.phone}）" if recipient.phone else ""
    return (
        f"同意把我的姓名、手机号、通讯地址、投诉内容和证据提供给{recipient.name}{reached}，"
        "由它在本平台查看，只用来处理这件投诉。"
    )


def consent_to_publish() -> str:
    """The words beside the box that need not be ticked."""
    return "同意公示这件投诉的信息：被投诉的商家、问题类型和处理结果。不公示姓名、电话、地址和证据。不勾选不影响办理。"


def suspicion_sentence(words: Sequence[str], authority: str) -> str:
    """What the consumer is told before filing a text that sounds like a tip (decisions 8)."""
    named = "、".join(f"“{word}”" for word in words)
    return (
        f"内容里有{named}。绿色通道只办协商和解，举报请另外拨打 12315 或通过全国 12315 平台提出，举报内容不会转给商家。"
        f"照这样提交的，由{authority}先看过，遮去举报内容后再转给商家，会晚一些；也可以返回改掉这些字样。"
    )
