"""Months as the figures of promises are read by, each beside the one before it."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

_MONTH = re.compile(r"^(20\d\d)-(0[1-9]|1[0-2])$")


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month in China."""

    first: date

    @property
    def last(self) -> date:
        """Its last day."""
        return (self.first + timedelta(days=31)).replace(day=1) - timedelta(days=1)

    @property
    def before(self) -> "Month":
        """The month before it."""
        return Month((self.first - timedelta(days=1)).replace(day=1))

    @property
    def name(self) -> str:
        """As addresses and people write it: 2026-08."""
        return f"{self.first:%Y-%m}"


def month_named(text: str, today: date) -> Month:
    """The month of this name; what is no month, or lies ahead, is the present one."""
    found = _MONTH.match(text.strip())
    present = Month(today.replace(day=1))
    if found is None:
        return present
    asked = Month(date(int(found[1]), int(found[2]), 1))
    return present if asked.first > present.first else asked


class Measure(StrEnum):
    """What is counted about promises, each with a list of its own."""

    UNITS = "units"  # 在期承诺单位
    STARTED = "started"  # 新增
    ENDED = "ended"  # 退出或到期
    REMOVED = "removed"  # 摘牌
    ASKED = "asked"  # 退货申请
    GRANTED = "granted"  # 同意
    REFUSED = "refused"  # 拒绝
    REFUNDED = "refunded"  # 已退款金额，分
    ENTRIES = "entries"  # 台账记的退换货
    LEDGER_AMOUNT = "ledger_amount"  # 台账记的退款金额，分


MEASURES: dict[Measure, tuple[str, str]] = {  # label, meaning
    Measure.UNITS: ("在期承诺单位", "本月最后一天（本月未结束的到今天）承诺在期的商家"),
    Measure.STARTED: ("新增", "本月第一天起承诺的商家，续期和改版不算"),
    Measure.ENDED: ("退出、到期", "本月自行退出或到期没有续期的商家"),
    Measure.REMOVED: ("摘牌", "本月被摘牌的商家"),
    Measure.ASKED: ("退货申请", "本月提交的网上退货申请"),
    Measure.GRANTED: ("同意", "本月提交的申请中已同意的"),
    Measure.REFUSED: ("拒绝", "本月提交的申请中已拒绝的"),
    Measure.REFUNDED: ("申请退款（元）", "本月提交的申请中已退款的金额"),
    Measure.ENTRIES: ("台账退换货", "台账中发生在本月的退换货笔数，含线下的"),
    Measure.LEDGER_AMOUNT: ("台账退款（元）", "台账中发生在本月的退款金额，含线下的"),
}
AMOUNTS = frozenset({Measure.REFUNDED, Measure.LEDGER_AMOUNT})  # 分
OF_PROMISES = (Measure.UNITS, Measure.STARTED, Measure.ENDED, Measure.REMOVED)
OF_REQUESTS = (Measure.ASKED, Measure.GRANTED, Measure.REFUSED, Measure.REFUNDED)
OF_LEDGERS = (Measure.ENTRIES, Measure.LEDGER_AMOUNT)
