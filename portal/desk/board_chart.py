"""The board's weekly chart and strip, worded for the page's macros."""

from dataclasses import dataclass
from math import floor
from typing import Any

from portal.desk.board import Figure
from portal.indicators.rules import Period, Rate

AXIS_LABELS = 4
LEAST_WEEKS = 3  # a line through fewer says nothing


@dataclass(frozen=True, slots=True)
class Chart:
    """A line chart as `ui.line_chart` draws it."""

    summary: str
    bottom: int
    top: int
    ticks: list[int]
    unit: str
    goal: int
    points: list[dict[str, Any]]
    axis: list[str]
    columns: list[str]
    rows: list[list[str]]


def weekly_chart(weeks: list[tuple[Period, Rate]], goal: int) -> Chart:
    """Draw the on-time rate week by week; weeks without a case are left out, and under three there is no line."""
    known = [(period, rate) for period, rate in weeks if rate.denominator]
    lowest = min((rate.interval[0] for _, rate in known), default=0.0)
    bottom = min(70, floor(lowest / 10) * 10)
    points = [_point(period, rate) for period, rate in known] if len(known) >= LEAST_WEEKS else []
    step = 10 if bottom >= 50 else 25
    return Chart(
        summary=_summary(known, goal),
        bottom=bottom,
        top=100,
        ticks=list(range(100, bottom - 1, -step)),
        unit="%",
        goal=goal,
        points=points,
        axis=_axis([_name(period) for period, _ in known]),
        columns=["周", "按时", "到期", "比率", "95% 区间"],
        rows=[
            [_name(period), str(rate.numerator), str(rate.denominator), percent(rate), interval(rate)]
            for period, rate in weeks
        ],
    )


def percent(rate: Rate) -> str:
    """A rate for a table: 91.1%, or a dash without cases."""
    return f"{rate.percent:.1f}%" if rate.denominator else "–"


def interval(rate: Rate) -> str:
    """An interval for a table: 79.3–96.5."""
    if not rate.denominator:
        return "–"
    low, high = rate.interval
    return f"{low:.1f}–{high:.1f}"


def axis_start(figures: list[Figure]) -> int:
    """Where the strip's little axes begin, so that intervals fill them."""
    lows = [figure.rate.interval[0] for figure in figures if figure.rate.is_shown]
    return 50 if lows and min(lows) >= 50 else 0


def _point(period: Period, rate: Rate) -> dict[str, Any]:
    low, high = rate.interval
    return {
        "label": _name(period),
        "value": rate.percent,
        "prior": None,
        "low": low,
        "high": high,
    }


def _name(period: Period) -> str:
    return f"{period.first:%m-%d} 起"


def _axis(names: list[str]) -> list[str]:
    if len(names) <= AXIS_LABELS:
        return names
    step = (len(names) - 1) / (AXIS_LABELS - 1)
    return [names[round(place * step)] for place in range(AXIS_LABELS)]


def _summary(known: list[tuple[Period, Rate]], goal: int) -> str:
    if not known:
        return "本期还没有到期的纠纷"
    shares = [rate.percent for _, rate in known]
    return (
        f"近 {len(known)} 周按时办结率在 {min(shares):.0f}% 到 {max(shares):.0f}% 之间，"
        f"最近一周 {shares[-1]:.1f}%，目标 {goal}%"
    )
