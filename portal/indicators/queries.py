"""Each indicator defined once: the conditions of its denominator and numerator, for counting and for listing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Date, and_, case, func, literal, not_, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from portal.accounts.models import Organisation
from portal.cases.models import Case
from portal.cases.rules import CaseState, FailureCause
from portal.clocks.rules import end_of_day, local_day, start_of_day
from portal.indicators.models import CaseTally, MerchantStanding, Tally, TallyDelta, TallyState
from portal.indicators.rules import Period, Rate, period_named, ranked
from portal.mediation.queries import awaits_choice, failed_with_authority

CAUSE = "cause:"  # before the cause of a failure: a measure
DESK = "desk:"  # before a name of STANDING: a measure without days
OWED = "owed"  # another
UNDATED = date(1970, 1, 1)  # the day of what has none
STANDINGS = "standings"


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
        "分母：协商在本期结束的纠纷，撤回的和协议未经消费者本人确认的不计；分子：其中达成和解的",
        70,
        Case.concluded_at,
        and_(Case.state != CaseState.WITHDRAWN, Case.unverified_at.is_(None)),
        Case.agreed_at.is_not(None),
    ),
    Indicator.PERFORMED: Definition(
        "付款兑现率",
        "分母：约定履行日在本期的和解，未经消费者本人确认的不计；分子：按约定日期履行且消费者没有反映未收到的",
        95,
        Case.perform_by,
        and_(Case.agreed_at.is_not(None), Case.unverified_at.is_(None)),
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


STANDING: dict[str, ColumnElement[bool]] = {  # none of them depends on the moment, and no two hold of one case
    "waiting": Case.state.in_([CaseState.WAITING, CaseState.RETURNED]),
    "failed": failed_with_authority(),
    "choice": awaits_choice(),
    "breached": Case.state == CaseState.BREACHED,
}
UNPAID: ColumnElement[bool] = Case.state.in_([CaseState.AGREED, CaseState.BREACHED])
LIMITS = (Indicator.ON_TIME, Indicator.PERFORMED, Indicator.CONTACTED)  # dated by a limit, which may lie ahead


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose cases are counted: the authorities, and the one above them all."""

    authorities: tuple[int, ...]
    top: int | None


def in_part(indicator: Indicator, part: Part, period: Period, now: datetime) -> ColumnElement[bool]:
    """The condition that a case belongs to this part of an indicator in a period; days to come do not count.

    24:00 belongs to the day it ends, as everywhere (`clocks.due_day`).
    """
    definition = DEFINITIONS[indicator]
    until = min(end_of_day(period.last), now)
    conditions: list[ColumnElement[bool]] = [
        definition.moment > start_of_day(period.first),
        definition.moment <= until,
    ]
    if definition.counted is not None:
        conditions.append(definition.counted)
    if part is Part.MET:
        conditions.append(definition.met)
    if part is Part.MISSED:
        conditions.append(not_(func.coalesce(definition.met, literal(value=False))))
    return and_(*conditions)


@dataclass(frozen=True, slots=True)
class Cell:
    """A total of one measure on one day."""

    cases: int
    met: int
    fen: int


@dataclass(frozen=True, slots=True)
class Totals:
    """The totals of a reach by measure and day, with the day for which the standings of its merchants hold."""

    cells: Mapping[str, Mapping[date, Cell]]
    standings_on: date | None

    def rate(self, indicator: Indicator, period: Period) -> Rate:
        """An indicator's rate in a period."""
        found = [
            cell for day, cell in self.cells.get(indicator.value, {}).items() if period.first <= day <= period.last
        ]
        return Rate(sum(cell.met for cell in found), sum(cell.cases for cell in found))

    def failures(self, cause: FailureCause, period: Period) -> int:
        """How many negotiations failed for this cause in a period."""
        days = self.cells.get(f"{CAUSE}{cause.value}", {})
        return sum(cell.cases for day, cell in days.items() if period.first <= day <= period.last)

    def standing(self, name: str) -> int:
        """How many cases an officer's desk counts under a name of STANDING."""
        return sum(cell.cases for cell in self.cells.get(f"{DESK}{name}", {}).values())

    @property
    def unpaid(self) -> int:
        """How many agreements are to be paid, or were not paid in time."""
        return sum(cell.cases for cell in self.cells.get(OWED, {}).values())

    @property
    def owed(self) -> int:
        """What merchants have promised and not paid, 分."""
        return sum(cell.fen for cell in self.cells.get(OWED, {}).values())


def totals(session: Session, reach: Reach, since: date, now: datetime) -> Totals:
    """Read every total from a day until now, folded or not, in one statement: its cost knows no number of cases.

    A limit that ends later today does not count yet; one that ended earlier today, before midnight, is counted from
    its rows (limits end at 24:00, so there is hardly ever one).
    """
    today = local_day(now)
    parts: list[Any] = []
    for table in (Tally, TallyDelta):
        parts += [
            select(table.measure, table.day_on, table.cases, table.met, table.fen).where(
                table.authority_id.in_(reach.authorities), wanted
            )
            for wanted in (
                and_(table.day_on >= since, table.day_on < today),
                and_(table.day_on == today, table.measure.not_in(LIMITS)),
                and_(table.day_on == UNDATED, table.measure.in_([OWED, *(f"{DESK}{name}" for name in STANDING)])),
            )
        ]
    parts += [
        select(
            literal(name), literal(today, Date()), literal(1), case((DEFINITIONS[name].met, 1), else_=0), literal(0)
        ).where(Case.authority_id.in_(reach.authorities), in_part(name, Part.ALL, Period(today, today), now))
        for name in LIMITS
    ]
    each = union_all(*parts).subquery()
    measure, day, cases, met, fen = each.columns
    summed = select(measure, day, func.sum(cases), func.sum(met), func.sum(fen)).group_by(measure, day)
    state = select(literal(STANDINGS), TallyState.standings_on, literal(0), literal(0), literal(0))
    cells: dict[str, dict[date, Cell]] = {}
    for name, on, *counts in session.execute(union_all(summed, state)):
        cells.setdefault(name, {})[on] = Cell(*map(int, counts))
    return Totals(cells, next(iter(cells.pop(STANDINGS, {})), None))


def best_merchants(
    session: Session, reach: Reach, period_name: str, known: Totals, now: datetime, *, limit: int
) -> list[tuple[int, str, Rate]]:
    """The merchants with the best on-time rates of a named period, best first, then those with too few cases by name.

    Whole days only. Read from the standings; where these are not yet those of today, or the reach has no authority
    above it, counted from every case of the period.
    """
    if reach.top is None or known.standings_on != local_day(now):
        period = period_named(period_name, local_day(now))
        return ranked(_counted_merchants(session, reach, period))[:limit]
    standing = (
        select(MerchantStanding)
        .where(MerchantStanding.authority_id == reach.top, MerchantStanding.period == period_name)
        .subquery()
    )
    best = (
        select(standing.c.merchant_id, standing.c.cases, standing.c.met, standing.c.lower_bound)
        .order_by(standing.c.lower_bound.desc(), standing.c.merchant_id.desc())
        .limit(limit)
        .subquery()
    )
    rows = session.execute(
        select(Organisation.id, Organisation.name, best.c.cases, best.c.met).join(
            best, best.c.merchant_id == Organisation.id
        )
    )
    return ranked((row.id, row.name, Rate(row.met, row.cases)) for row in rows)


def _counted_merchants(session: Session, reach: Reach, period: Period) -> list[tuple[int, str, Rate]]:
    met = func.sum(case((CaseTally.on_time_met, 1), else_=0))
    counted = (
        select(CaseTally.merchant_id, func.count().label("cases"), met.label("met"))
        .where(
            CaseTally.authority_id.in_(reach.authorities),
            CaseTally.on_time_on >= period.first,
            CaseTally.on_time_on < period.last,
            CaseTally.merchant_id.is_not(None),
        )
        .group_by(CaseTally.merchant_id)
        .subquery()
    )
    rows = session.execute(
        select(Organisation.id, Organisation.name, counted.c.cases, counted.c.met)
        .join(counted, counted.c.merchant_id == Organisation.id)
        .order_by(Organisation.id)
    )
    return [(row.id, row.name, Rate(int(row.met), int(row.cases))) for row in rows]
