"""The due panel of a case: the date that binds, the calendar it comes from, and the platform's own date beside it."""

from dataclasses import dataclass
from datetime import date, datetime

from portal.cases.models import Case
from portal.cases.rules import BEFORE_AGREEMENT, CaseState
from portal.cases.wording import full_day
from portal.clocks import rules as clocks
from portal.clocks.queries import Almanac, Due, due_for_list
from portal.clocks.rules import Calendar
from portal.clocks.showing import DayCell, reckoning

ADJUSTED = "辖区在决定受理以前先行和解，期限已按法定受理期限调整，不按通常的天数推算。"
PURPOSES = {
    CaseState.AGREED: "24:00 前履行协议",
    CaseState.BREACHED: "24:00 前本应履行",
    CaseState.PERFORMED: "24:00 前等消费者确认收到",
}


@dataclass(frozen=True, slots=True)
class DuePanel:
    """A deadline with its sum."""

    due: Due
    day: str  # 2026-10-15 周四
    purpose: str  # 24:00 前反馈结果
    weeks: tuple[tuple[DayCell, ...], ...]  # empty where nothing is derived
    caption: str
    sentences: tuple[str, ...]
    basis: str
    own: str  # the merchant's own limit, where the platform's day comes before it
    platform: str  # the platform's own date and where it comes from; empty where there is none


def due_panel(
    case: Case, authorities: list[int], now: datetime, almanac: Almanac, *, promised: bool
) -> DuePanel | None:
    """Derive what the panel shows; None for a case in which nothing burns any more.

    `authorities` runs from the nearest upwards; `promised` says that money is due.
    """
    negotiating = case.state in BEFORE_AGREEMENT and case.dispatched_at is not None
    if not negotiating and case.state not in PURPOSES:
        return None
    calendar, due_on = almanac.calendar, clocks.due_day(case.due_at)
    derivation = almanac.derive("odr", case.dispatched_at, authorities) if negotiating and case.dispatched_at else None
    holds = derivation is not None and derivation.due_at == case.respond_by
    told = reckoning(derivation, calendar, now) if derivation and holds else None
    start = case.dispatched_at if negotiating else case.agreed_at
    return DuePanel(
        due=due_for_list(now, start or case.opened_at, case.due_at, calendar, payment=promised and not negotiating),
        day=_marked(due_on, calendar) if negotiating else full_day(due_on),
        purpose=_purpose(case, negotiating=negotiating),
        weeks=told.weeks if told else (),
        caption=told.caption if told else "",
        sentences=told.sentences if told else (),
        basis=told.basis if told else ADJUSTED if derivation else "",
        own=_own(case, calendar) if negotiating else "",
        platform=_platform(case, calendar) if negotiating else "",
    )


def exported_day(state: CaseState, due_at: datetime, calendar: Calendar) -> str:
    """The day on whose end a row of an exported list is due; a limit that leans on unpublished holidays is marked."""
    day = clocks.due_day(due_at)
    return full_day(day) if state in PURPOSES else _marked(day, calendar)


def _purpose(case: Case, *, negotiating: bool) -> str:
    if negotiating and case.respond_by is not None and case.due_at < case.respond_by:
        return "24:00 前在平台反馈结果"
    return PURPOSES.get(case.state, "24:00 前反馈结果")


def _marked(day: date, calendar: Calendar) -> str:
    return f"{full_day(day)}{clocks.provisional_mark(day, calendar)}"


def _own(case: Case, calendar: Calendar) -> str:
    if case.respond_by is None or case.due_at >= case.respond_by:
        return ""
    return f"我方期限：{_marked(clocks.due_day(case.respond_by), calendar)}"


def _platform(case: Case, calendar: Calendar) -> str:
    if case.platform_due_on is None:
        return ""
    if case.platform_due_inferred:
        return f"平台期限（推算，自登记时间起）：{_marked(case.platform_due_on, calendar)}"
    return f"平台期限（平台给出）：{full_day(case.platform_due_on)}"
