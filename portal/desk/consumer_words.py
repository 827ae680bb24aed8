"""Sentences of the consumer's page: who, what for, what is offered, and the steps of the official side."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from portal.cases.rules import CaseState, FailureCause
from portal.clocks.rules import SHANGHAI, consumer_day, due_day, local_day
from portal.core.money import yuan
from portal.desk.consumer_standing import Standing
from portal.desk.consumer_view import Pairs
from portal.intake.rules import DEMAND_NAMES
from portal.intake.rules.words import Demand
from portal.settlements import rules
from portal.settlements.rules import TermDraft

Step = Mapping[str, str]

CAUSES = {
    FailureCause.MERCHANT_DELAY: "商家没有在期限内答复你。",
    FailureCause.CONSUMER_SILENT: "上一个方案到期没有答复。不答复不等于同意。",
    FailureCause.NO_AGREEMENT: "双方没有谈成。",
    FailureCause.UNREACHABLE: "没有联系上你。",
    FailureCause.CONSUMER_ESCALATED: "你请求市场监督管理部门处理。",
}


def day(moment: datetime) -> str:
    """A moment as the consumer's day."""
    return consumer_day(local_day(moment))


def end_day(end: datetime) -> str:
    """The day that an end of a limit belongs to."""
    return consumer_day(due_day(end))


def minute(moment: datetime) -> str:
    """A moment for the receipt, Beijing time."""
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def asked_for(standing: Standing) -> str:
    """What the consumer asked for: 退货、退款 ¥1,280.00; empty where the filing does not say."""
    case = standing.case
    known = {demand.value: name for demand, name in DEMAND_NAMES.items()}
    names = "、".join(known[code] for code in case.demands.split(",") if code in known)
    money = f"¥{yuan(case.amount)}" if case.amount is not None and Demand.REFUND.value in case.demands else ""
    return " ".join(part for part in (names, money) if part)


def full_terms(terms: Sequence[TermDraft]) -> list[tuple[str, str]]:
    """Every term with all that belongs to it."""
    return [(line.name, line.text) for line in map(rules.term_line, terms)]


def pairs(rows: Sequence[tuple[str, str]]) -> Pairs:
    """Rows without those that say nothing."""
    return tuple((name, value) for name, value in rows if value)


def steps(standing: Standing) -> tuple[Step, ...]:
    """The way of the complaint: the negotiation's own steps, or the official ones where it has failed."""
    first = standing.talk.steps[:1]
    if standing.state is CaseState.FAILED:
        return first + _failed(standing)
    if standing.state is CaseState.KEPT:
        return (*first, _step("市场监督管理部门直接处理", "current"))
    if standing.state is CaseState.SENT_BACK:
        return (*first, _step("已退回登记单位", "done", _when(standing.case.closed_at)))
    if standing.case.dispatched_at is None and standing.state is not CaseState.WITHDRAWN:
        return (*first, _step("分派给商家", "current"), _step("商家提出方案"), _step("你答复"))
    if standing.state is CaseState.CLOSED_UNCONFIRMED:
        closed = _step("没有等到你的答复，先办结", "done", _when(standing.case.closed_at))
        return (*standing.talk.steps[:-1], closed)
    return standing.talk.steps


def _failed(standing: Standing) -> tuple[Step, ...]:
    ended = _step("和商家没有谈成", "failed", _when(standing.case.concluded_at))
    if standing.official.is_choice_open and standing.case.closed_at is not None:
        return (ended, _step("按未和解办结", "done", _when(standing.case.closed_at)))
    if standing.official.is_choice_open:
        return (ended, _step("等你选择", "current"))
    return (ended, _step("市场监督管理部门处理", "done" if standing.official.is_decided else "current"))


def _step(label: str, state: str = "next", when: str = "") -> Step:
    return {"label": label, "state": state, "when": when}


def _when(moment: datetime | None) -> str:
    return short_day(local_day(moment)) if moment else ""


def short_day(when: date) -> str:
    """A day without its weekday, for the steps."""
    return f"{when.month} 月 {when.day} 日"
