"""What the words of a complaint say: what is asked for, whether it accuses, where the platform sent it."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache


class Kind(StrEnum):
    """What a row is: a complaint is settled with a merchant, a tip never reaches one."""

    COMPLAINT = "complaint"  # 投诉
    TIP = "tip"  # 举报


class Demand(StrEnum):
    """What the consumer asks for: 投诉请求 of form 1 (投诉登记表), and an apology."""

    REPAIR = "repair"  # 修理
    REDO = "redo"  # 重作
    EXCHANGE = "exchange"  # 更换
    RETURN = "return"  # 退货
    MAKE_UP_QUANTITY = "make_up_quantity"  # 补足数量
    REFUND = "refund"  # 退款
    COMPENSATION = "compensation"  # 赔偿
    APOLOGY = "apology"  # 道歉


class Diversion(StrEnum):
    """Where 分流情况 says the platform sent a filing."""

    GREEN = "green"  # 绿色通道企业: channel A
    ODR = "odr"  # 700 监督ODR企业开展和解: channel B, to be handed to the enterprise
    LOCAL = "local"  # 100 本地市场监督管理机关 and its sub-routes: channel B, an officer decides
    ABSENT = "absent"  # the file does not say: hotlines do not


KINDS: Mapping[str, Kind] = {
    "投诉": Kind.COMPLAINT,
    "投诉件": Kind.COMPLAINT,
    "投诉单": Kind.COMPLAINT,
    "消费投诉": Kind.COMPLAINT,
    "消费者投诉": Kind.COMPLAINT,
    "举报": Kind.TIP,
    "举报件": Kind.TIP,
    "举报单": Kind.TIP,
    "举报线索": Kind.TIP,
    "违法举报": Kind.TIP,
}
SUSPICION_WORDS = ("举报", "查处", "处罚")  # decisions 8; an installation's code table may give others
DEMAND_WORDS: Mapping[Demand, str] = {
    Demand.REPAIR: r"修理|维修|返修|保修|修好",
    Demand.REDO: r"重作|重做|返工",
    Demand.EXCHANGE: r"更换|调换|换货|换新|退换",
    Demand.RETURN: r"退货|退换",
    Demand.MAKE_UP_QUANTITY: r"补足|补齐|补发|补货",
    Demand.REFUND: r"退款|退费|退钱|退还|退回|返还|退一赔|退全款|全额退",
    Demand.COMPENSATION: r"赔偿|赔付|补偿|退一赔|假一赔|[一二三四五六七八九十0-9]倍",
    Demand.APOLOGY: r"道歉|赔礼",
}
_DEMANDS = {demand: re.compile(words) for demand, words in DEMAND_WORDS.items()}
# What is asked for follows such a word; elsewhere 七日无理由退货 names the quarrel, not the wish.
_ASKING = re.compile(r"(?<![不未没无])(?:要求|请求|诉求|希望|申请|恳请|想要|望)([^。！？!?\n]*)")


@lru_cache(maxsize=64)  # a file writes the same few words in every row
def kind_of(text: str) -> Kind | None:
    """Return what the row is, None for any other word (the row is refused as `type_unknown`)."""
    return KINDS.get("".join(unicodedata.normalize("NFKC", text).split()))


def demands_in(text: str) -> tuple[Demand, ...]:
    """Return what the consumer asks for, in the order of the form; empty when the text does not say."""
    asked = " ".join(found[1] for found in _ASKING.finditer(text))
    return tuple(demand for demand, words in _DEMANDS.items() if words.search(asked)) if asked else ()


def sounds_like_a_tip(text: str, words: Iterable[str] = SUSPICION_WORDS) -> bool:
    """Say whether a complaint also accuses: it waits for an officer (decisions 8, 令121 art 37)."""
    return any(word in text for word in words)


@lru_cache(maxsize=64)
def diversion_of(text: str) -> Diversion:
    """Read 分流情况 (domain 1.3): a leading code decides, else the words; unknown ones are local."""
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    if not plain:
        return Diversion.ABSENT
    code = re.match(r"[0-9]*", plain)
    digits = code[0] if code else ""
    words = plain[len(digits) :].lstrip("-:.、")
    if digits == "700" or (not digits and words == "监督ODR企业开展和解"):
        return Diversion.ODR
    if not digits and words in {"绿色通道企业", "绿色通道"}:
        return Diversion.GREEN
    return Diversion.LOCAL
