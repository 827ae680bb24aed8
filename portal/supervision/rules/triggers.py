"""What makes supervision propose a measure: triggers with their numbers in dated rows, none of which is law.

Numeric triggers were found in no rule (domain 1.1): the rows everyone has are our own defaults and say so; each
authority sets its own. Only whole days are counted, and each day once: behind a decision counting begins anew.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from portal.supervision.rules.sanctions import Level

OWN_DEFAULT = "本平台设定，非法律规定，可由监管部门调整"
LONGEST_WINDOW = 731  # days, our limit
LARGEST_THRESHOLD = 10_000
BY_HAND_DAYS = 1  # the window of what a person proposes: the day itself


class Trigger(StrEnum):
    """The reasons."""

    OVERDUE = "overdue"  # 逾期未办
    SETTLEMENT_RATE = "settlement_rate"  # 和解成功率低
    FALSE_FEEDBACK = "false_feedback"  # 反馈不实
    PROMISES = "promises"  # 违反承诺
    GOODS = "goods"  # 问题商品未确认
    LICENCE = "licence"  # 营业执照吊销、注销或到期
    PERSONAL_DATA = "personal_data"  # 泄露消费者信息
    OWN_REQUEST = "own_request"  # 企业自己申请


@dataclass(frozen=True, slots=True)
class Definition:
    """A trigger as people read it; `unit` belongs to its threshold."""

    title: str
    meaning: str
    unit: str
    rate: bool = False  # falls below a rate instead of reaching a count
    by_hand: bool = False


DEFINITIONS: dict[Trigger, Definition] = {
    Trigger.OVERDUE: Definition(
        "逾期未办", "和解期限在期间内届满而没有办结的纠纷数，口径同按时办结率的未达标部分", "件"
    ),
    Trigger.SETTLEMENT_RATE: Definition(
        "和解成功率低", "期间内协商结束的纠纷中达成和解的比例，口径同和解成功率；办结数不足时不判断", "%", rate=True
    ),
    Trigger.FALSE_FEEDBACK: Definition("反馈不实", "回访时消费者否认企业登记的协议或履行的纠纷数", "件"),
    Trigger.PROMISES: Definition("违反承诺", "期间内登记的违反退货承诺记录数", "次"),
    Trigger.GOODS: Definition("问题商品未确认", "期限在期间内届满而没有按期确认下架的问题商品通报数", "份"),
    Trigger.LICENCE: Definition("营业执照失效", "营业执照在期间内到期；吊销、注销由人工提出", "次"),
    Trigger.PERSONAL_DATA: Definition(
        "泄露消费者信息", "经核实的泄露、出售或非法提供消费者个人信息", "次", by_hand=True
    ),
    Trigger.OWN_REQUEST: Definition("企业自己申请", "企业书面申请暂停或退出", "次", by_hand=True),
}
COUNTED = tuple(code for code, one in DEFINITIONS.items() if not one.by_hand)


@dataclass(frozen=True, slots=True)
class Rule:
    """One dated row: from `first_on` on, until a newer row of the same authority; the newest of a day holds."""

    id: int
    code: Trigger
    authority_id: int | None  # None: everywhere
    threshold: int  # a count to reach, or per cent to stay above
    least: int  # concluded cases below which a rate says nothing
    days: int  # natural days looked at
    level: Level
    active: bool
    first_on: date
    basis: str
    is_own_rule: bool  # our default, in no rule of anybody


@dataclass(frozen=True, slots=True)
class Figures:
    """What was counted: of a rate, so many of so many; of a count only the numerator."""

    numerator: int
    denominator: int | None = None

    @property
    def words(self) -> str:
        """As people read it: 12 / 30 (40.0 %), or 12."""
        if self.denominator is None:
            return str(self.numerator)
        share = f"（{self.numerator * 100 / self.denominator:.1f}%）" if self.denominator else ""
        return f"{self.numerator} / {self.denominator}{share}"


def rule_in_force(rules: Iterable[Rule], code: Trigger, ladder: Sequence[int], on: date) -> Rule | None:
    """The row that holds on a day for an authority: the newest of the nearest that has one, else everyone's.

    `ladder` runs from the nearest authority upwards.
    """
    begun = [one for one in rules if one.code is code and one.first_on <= on]
    for place in (*ladder, None):
        own = [one for one in begun if one.authority_id == place]
        if own:
            return max(own, key=lambda one: (one.first_on, one.id))
    return None


def is_reached(rule: Rule, figures: Figures) -> bool:
    """Say whether the figures make supervision propose a measure."""
    if not rule.active:
        return False
    if not DEFINITIONS[rule.code].rate:
        return figures.numerator >= rule.threshold
    whole = figures.denominator or 0
    return whole >= max(rule.least, 1) and figures.numerator * 100 < rule.threshold * whole


def window(rule: Rule, counted_through: date | None, today: date) -> tuple[date, date] | None:
    """The whole days to count, or None: those of the rule's window that no decided proposal has counted."""
    last = today - timedelta(days=1)
    first = last - timedelta(days=rule.days - 1)
    if counted_through is not None:
        first = max(first, counted_through + timedelta(days=1))
    return (first, last) if first <= last else None


@dataclass(frozen=True, slots=True)
class Setting:
    """A row as a chief types it."""

    code: Trigger
    threshold: int
    least: int
    days: int
    first_on: date
    basis: str


def problem_of_setting(setting: Setting, today: date) -> tuple[str, str] | None:
    """Say at which field and why a row can't be stored, or None."""
    rate = DEFINITIONS[setting.code].rate
    most = 100 if rate else LARGEST_THRESHOLD
    rules = (
        (not 0 < setting.threshold <= most, "threshold", f"数值应在 1 到 {most} 之间。"),
        (rate and not 0 < setting.least <= LARGEST_THRESHOLD, "least", "请写明至少办结多少件才判断，1 以上。"),
        (not 0 < setting.days <= LONGEST_WINDOW, "days", f"期间应在 1 到 {LONGEST_WINDOW} 天之间。"),
        (setting.first_on < today, "first_on", "生效日期不能早于今天，已经过去的日子按原来的规则。"),
        (not setting.basis.strip(), "basis", "请写明依据，例如本局文件的名称和文号。"),
    )
    return next(((field, text) for broken, field, text in rules if broken), None)
