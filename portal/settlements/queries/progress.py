"""How far it is, in the fixed order that consumers read."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from portal.cases.models import Case
from portal.cases.rules import CaseState
from portal.clocks.rules import consumer_day, due_day, local_day
from portal.settlements import rules
from portal.settlements.queries.parts import AgreementView, RoundView

Step = Mapping[str, str]  # label, when, state: done, current, failed, next
S = CaseState
CLOSED = (S.CLOSED_SETTLED, S.CLOSED_UNCONFIRMED)


def consumer_steps(
    case: Case, views: Sequence[RoundView], agreement: AgreementView | None, waiting: RoundView | None
) -> tuple[Step, ...]:
    """The steps for `ui.steps`: filed, offered, answered, performed, confirmed."""
    first = (_step("收到投诉", "done", _day(case.registered_at)),)
    if agreement is not None and case.state in (S.AGREED, S.PERFORMED, S.BREACHED, *CLOSED):
        return first + _after_agreement(case, agreement, views)
    return first + _before_agreement(case, views, waiting)


def _before_agreement(case: Case, views: Sequence[RoundView], waiting: RoundView | None) -> tuple[Step, ...]:
    rest = (_step("商家履行"), _step("你确认收到"))
    if case.state is S.WITHDRAWN:
        return (_step("你已撤回投诉", "done", _day(case.closed_at)),)
    if case.state is S.FAILED and waiting is None:
        return (_step("没有谈成", "failed"), _step("市场监督管理部门处理"))
    if waiting is not None and waiting.is_ours:
        by = f"{_day(waiting.expires_at, end=True)}前"
        return (_step("商家提出方案", "done", _day(waiting.made_at)), _step("等你答复", "current", by), *rest)
    if waiting is not None:
        by = f"{_day(waiting.expires_at, end=True)}前"
        return (_step("你提出要求", "done", _day(waiting.made_at)), _step("等商家答复", "current", by), *rest)
    again = "等商家提新方案" if any(one.is_ours for one in views) else "等商家提方案"
    return (_step(again, "current", _by(case)), _step("你答复"), *rest)


def _after_agreement(case: Case, agreement: AgreementView, views: Sequence[RoundView]) -> tuple[Step, ...]:
    accepted = next((one for one in views if one.number == agreement.round), None)
    pays = accepted is not None and rules.is_money_only(accepted.terms)
    doing, done = ("商家付款", "你确认到账") if pays else ("商家履行", "你确认收到")
    agreed = _step("双方达成和解", "done", _day(agreement.accepted_at))
    by = f"{consumer_day(agreement.perform_on)}前"
    if case.state is S.AGREED:
        return (agreed, _step(doing, "current", by), _step(done))
    if case.state is S.BREACHED:
        return (agreed, _step(f"{doing}，没有按期办到", "failed", by), _step(done))
    performed = agreement.performance
    when = consumer_day(performed.performed_on) if performed else ""
    if case.state is S.PERFORMED:
        return (agreed, _step(doing, "done", when), _step(f"等{done}", "current"))
    return (agreed, _step(doing, "done", when), _step(done, "done", _day(case.closed_at)))


def _step(label: str, state: str = "next", when: str = "") -> Step:
    return {"label": label, "state": state, "when": when}


def _day(at: datetime | None, *, end: bool = False) -> str:
    if at is None:
        return ""
    day = due_day(at) if end else local_day(at)
    return f"{day.month} 月 {day.day} 日"


def _by(case: Case) -> str:
    return f"{_day(case.respond_by, end=True)}前" if case.respond_by else ""
