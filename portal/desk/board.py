"""The regulator's board: rates of a period, what burns now, and where each number leads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, func, literal, select, union_all
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.cases.models import Case
from portal.cases.rules import BEFORE_AGREEMENT, CaseState, FailureCause
from portal.cases.wording import CAUSE_NAMES
from portal.clocks import rules as clocks
from portal.core.paging import COUNT_CAP
from portal.indicators.queries import DEFINITIONS, STANDING, UNPAID, Indicator, Reach, Totals, best_merchants, totals
from portal.indicators.rules import PERIODS, Period, Rate, change_in_words, period_named

LIST = "/regulator/cases"
SHOWN_OVERDUE = 8
SHOWN_MERCHANTS = 10
DEFAULT_PERIOD = "quarter"
COUNTED = ("overdue", "unverified")


@dataclass(frozen=True, slots=True)
class Figure:
    """One rate in the strip; `href` lists what the numerator leaves out of the denominator."""

    title: str
    meaning: str
    rate: Rate
    goal: int
    change: str
    href: str
    all_href: str


@dataclass(frozen=True, slots=True)
class Counter:
    """A number that opens its list; `text` is capped."""

    label: str
    count: int
    text: str
    href: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class CauseRow:
    """One cause of failure in the period."""

    label: str
    count: int
    share: float
    share_text: str
    href: str


@dataclass(frozen=True, slots=True)
class OverdueRow:
    """One overdue case."""

    reference: str
    merchant: str
    headline: str
    overdue: str
    state: CaseState


@dataclass(frozen=True, slots=True)
class MerchantRow:
    """One merchant's on-time rate; `place` is None where there are too few cases to rank."""

    place: int | None
    name: str
    rate: Rate


@dataclass(frozen=True, slots=True)
class Board:
    """Everything the page shows."""

    period: Period
    period_name: str
    area: str
    areas: Sequence[tuple[str, str]]
    figures: list[Figure]
    weeks: list[tuple[Period, Rate]]
    causes: list[CauseRow]
    counters: list[Counter]
    overdue: list[OverdueRow]
    unverified: Counter  # agreements nobody but the merchant vouches for: in no rate (decisions 10)
    unpaid: Counter
    unpaid_sum: int  # 分
    merchants: list[MerchantRow]

    @property
    def is_empty(self) -> bool:
        """Say whether there is nothing to show yet."""
        return not any(one.count for one in (*self.counters, self.unverified, self.unpaid)) and not any(
            figure.rate.denominator for figure in self.figures
        )


def board(
    session: Session,
    scope: ColumnElement[bool],
    reach: Reach,
    areas: Sequence[tuple[str, str]],
    *,
    period_name: str,
    area: str,
    calendar: clocks.Calendar,
    now: datetime,
) -> Board:
    """Read the board of an officer's cases in four statements.

    All but what is overdue comes from the rollups of `reach`; `scope` means the same cases.
    """
    name = period_name if period_name in PERIODS else DEFAULT_PERIOD
    period = period_named(name, clocks.local_day(now))
    link, weeks = Links(period, area), period.weeks()
    found = totals(session, reach, period.former.first, now)
    counters = _counters(session, scope, found, link, now)
    best = best_merchants(session, reach, name, found, now, limit=SHOWN_MERCHANTS)
    return Board(
        period=period,
        period_name=period_name,
        area=area,
        areas=areas,
        figures=[_figure(one, found.rate(one, period), found.rate(one, period.former), link) for one in Indicator],
        weeks=[(week, found.rate(Indicator.ON_TIME, week)) for week in weeks],
        causes=_causes(found, period, link),
        counters=counters[:-2],
        unverified=counters[-2],
        overdue=_overdue(session, scope, calendar, now),
        unpaid=counters[-1],
        unpaid_sum=found.owed,
        merchants=[
            MerchantRow(place if rate.is_shown else None, name, rate) for place, (_, name, rate) in enumerate(best, 1)
        ],
    )


@dataclass(frozen=True, slots=True)
class Links:
    """Builds the addresses of lists so that they count what the board counted."""

    period: Period
    area: str

    def to(self, **filters: str) -> str:
        """The case list with these filters and the board's area."""
        given = {**filters, **({"area": self.area} if self.area else {})}
        return f"{LIST}?{urlencode(given)}"

    def indicator(self, indicator: Indicator, part: str) -> str:
        """The cases of one part of an indicator in the board's period."""
        return self.to(
            tab="all",
            indicator=indicator.value,
            part=part,
            since=self.period.first.isoformat(),
            until=self.period.last.isoformat(),
        )


def _figure(indicator: Indicator, now: Rate, before: Rate, link: Links) -> Figure:
    definition = DEFINITIONS[indicator]
    return Figure(
        title=definition.title,
        meaning=definition.meaning,
        rate=now,
        goal=definition.goal,
        change=change_in_words(now, before),
        href=link.indicator(indicator, "missed"),
        all_href=link.indicator(indicator, "all"),
    )


def standing(now: datetime) -> dict[str, tuple[str, ColumnElement[bool], str]]:
    """The standing numbers of an officer's desk: name → label, condition, tone. Lists use the same conditions."""
    return {
        "overdue": ("逾期未结", (Case.is_open) & (Case.due_at < now) & Case.state.in_(BEFORE_AGREEMENT), "bad"),
        "waiting": ("待分流", STANDING["waiting"], "ours"),
        "failed": ("未和解待处理", STANDING["failed"], "ours"),
        "choice": ("待消费者选择", STANDING["choice"], ""),
        "breached": ("未兑现", STANDING["breached"], "bad"),
        "unverified": ("未经本人确认", Case.unverified_at.is_not(None), ""),
        "unpaid": ("应付未付", UNPAID, ""),
    }


def _counters(session: Session, scope: ColumnElement[bool], found: Totals, link: Links, now: datetime) -> list[Counter]:
    """What depends on the moment or is rare is counted, capped; the other numbers are in the rollups."""
    meanings = standing(now)
    parts = []
    for name in COUNTED:
        capped = select(Case.id).where(scope, meanings[name][1]).limit(COUNT_CAP + 1).subquery()
        parts.append(select(literal(name), func.count()).select_from(capped))
    counts = {row[0]: int(row[1]) for row in session.execute(union_all(*parts))}
    counts |= {name: found.standing(name) for name in STANDING} | {"unpaid": found.unpaid}
    return [
        Counter(label, counts[name], _capped(counts[name]), link.to(tab=name), tone if counts[name] else "")
        for name, (label, _, tone) in meanings.items()
    ]


def _capped(count: int) -> str:
    return f"{COUNT_CAP}+" if count > COUNT_CAP else str(count)


def _causes(found: Totals, period: Period, link: Links) -> list[CauseRow]:
    counts = {cause: found.failures(cause, period) for cause in FailureCause}
    total, longest = sum(counts.values()), max(counts.values(), default=0)
    rows = [
        CauseRow(
            label=CAUSE_NAMES[cause],
            count=count,
            share=100 * count / longest,
            share_text=f"{100 * count / total:.0f}%",
            href=link.to(tab="all", cause=cause.value, since=period.first.isoformat(), until=period.last.isoformat()),
        )
        for cause, count in counts.items()
        if count
    ]
    return sorted(rows, key=lambda row: -row.count)


def _overdue(
    session: Session, scope: ColumnElement[bool], calendar: clocks.Calendar, now: datetime
) -> list[OverdueRow]:
    merchant = select(Organisation.name).where(Organisation.id == Case.merchant_id).scalar_subquery()
    rows = session.execute(
        select(Case.reference, Case.headline, Case.due_at, Case.state, merchant.label("merchant"))
        .where(scope, standing(now)["overdue"][1])
        .order_by(Case.due_at, Case.id)
        .limit(SHOWN_OVERDUE)
    )
    return [
        OverdueRow(
            reference=row.reference,
            merchant=row.merchant,
            headline=row.headline,
            overdue=clocks.deadline_wording(now, row.due_at, calendar).text,
            state=row.state,
        )
        for row in rows
    ]
