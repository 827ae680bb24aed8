"""Each indicator defined once: the conditions of its denominator and numerator, for counting and for listing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, not_, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from portal.accounts.models import Organisation
from portal.cases.models import Case
from portal.cases.rules import CaseState, FailureCause
from portal.clocks.rules import end_of_day, start_of_day
from portal.indicators.rules import Period, Rate


class Indicator(StrEnum):
    """The four rates of the board (domain 1.4: denominators differ between places, so each is spelled out)."""

    ON_TIME = "on_time"  # 按时办结率
    SETTLED = "settled"  # 和解成功率
    PERFORMED = "performed"  # 付款兑现率
    CONTACTED = "contacted"  # 首次联系及时率


class Part(StrEnum):
    """Which of an indicator's cases are meant."""

    ALL = "all"  # the denominator
    MET = "met"  # the numerator
    MISSED = "missed"  # what is missing


@dataclass(frozen=True, slots=True)
class Definition:
    """An indicator: the date that places a case in a period, and what counts as met."""

    title: str
    meaning: str
    goal: int  # per cent; ours, a target to look at, not law
    moment: InstrumentedAttribute[datetime | None]
    counted: ColumnElement[bool] | None
    met: ColumnElement[bool]


DEFINITIONS: dict[Indicator, Definition] = {
    Indicator.ON_TIME: Definition(
        "按时办结率",
        "分母：企业期限在本期届满的纠纷；分子：期限届满前已达成、未达成或撤回，且不是商家逾期",
        90,
        Case.respond_by,
        None,
        and_(
            Case.concluded_at <= Case.respond_by,
            or_(Case.cause.is_(None), Case.cause != FailureCause.MERCHANT_DELAY),
        ),
    ),
    Indicator.SETTLED: Definition(
        "和解成功率",
        "分母：协商在本期结束的纠纷，撤回的不计；分子：其中达成和解的",
        70,
        Case.concluded_at,
        Case.state != CaseState.WITHDRAWN,
        Case.agreed_at.is_not(None),
    ),
    Indicator.PERFORMED: Definition(
        "付款兑现率",
        "分母：约定履行日在本期的和解；分子：按约定日期履行且消费者没有反映未收到的",
        95,
        Case.perform_by,
        Case.agreed_at.is_not(None),
        and_(Case.performed_at <= Case.perform_by, Case.state != CaseState.BREACHED),
    ),
    Indicator.CONTACTED: Definition(
        "首次联系及时率",
        "分母：接收期限在本期届满的纠纷；分子：期限内已联系消费者的",
        95,
        Case.contact_by,
        None,
        Case.first_contact_at <= Case.contact_by,
    ),
}


def in_part(indicator: Indicator, part: Part, period: Period, now: datetime) -> ColumnElement[bool]:
    """The condition that a case belongs to this part of an indicator in a period; days to come do not count."""
    definition = DEFINITIONS[indicator]
    until = min(end_of_day(period.last), now)
    conditions: list[ColumnElement[bool]] = [
        definition.moment >= start_of_day(period.first),
        definition.moment <= until,
    ]
    if definition.counted is not None:
        conditions.append(definition.counted)
    if part is Part.MET:
        conditions.append(definition.met)
    if part is Part.MISSED:
        conditions.append(not_(func.coalesce(definition.met, literal(value=False))))
    return and_(*conditions)


def rates(
    session: Session, scope: ColumnElement[bool], wanted: Mapping[str, tuple[Indicator, Period]], now: datetime
) -> dict[str, Rate]:
    """Count each wanted rate of a scope, under its own key, all in one statement."""
    parts = [_counts(key, indicator, period, scope, now) for key, (indicator, period) in wanted.items()]
    return {row.key: Rate(int(row.met or 0), int(row.counted or 0)) for row in session.execute(union_all(*parts))}


def by_merchant(
    session: Session, scope: ColumnElement[bool], indicator: Indicator, period: Period, now: datetime
) -> list[tuple[int, str, Rate]]:
    """One rate for each merchant that has cases in the period: id, name, rate; in no particular order but stable."""
    met = func.sum(case((DEFINITIONS[indicator].met, 1), else_=0))
    counted = (
        select(Case.merchant_id, func.count().label("counted"), met.label("met"))
        .where(scope, in_part(indicator, Part.ALL, period, now), Case.merchant_id.is_not(None))
        .group_by(Case.merchant_id)
        .subquery()
    )
    rows = session.execute(
        select(Organisation.id, Organisation.name, counted.c.counted, counted.c.met)
        .join(counted, counted.c.merchant_id == Organisation.id)
        .order_by(Organisation.id)
    )
    return [(row.id, row.name, Rate(int(row.met), int(row.counted))) for row in rows]


def _counts(
    key: str, indicator: Indicator, period: Period, scope: ColumnElement[bool], now: datetime
) -> Select[str, int, Any]:
    met = case((DEFINITIONS[indicator].met, 1), else_=0)
    return select(literal(key).label("key"), func.count().label("counted"), func.sum(met).label("met")).where(
        scope, in_part(indicator, Part.ALL, period, now)
    )
