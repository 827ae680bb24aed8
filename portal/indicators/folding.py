"""Folding deltas into totals, and keeping the merchants' standings: a few thousand deltas or merchants a commit."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, case, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.clocks.rules import local_day
from portal.core.actor import Actor
from portal.core.db import is_postgresql
from portal.indicators.counting import lock_totals
from portal.indicators.models import CaseTally, MerchantStanding, Tally, TallyDelta, TallyState
from portal.indicators.queries import Indicator
from portal.indicators.rules import PERIODS, Rate, period_named

DELTAS_AT_ONCE = 5000
MERCHANTS_AT_ONCE = 200
TOO_FEW = -1  # a standing's bound where there are too few cases for a rate
BOUND = 10_000_000  # parts of a per cent that a standing's bound is written in
ONE_ROW = 1  # the id of the state


def state_of(session: Session) -> TallyState | None:
    """The state of the rollups; None before the first recount."""
    return session.get(TallyState, ONE_ROW)


def fold_deltas(session: Session, actor: Actor, command: None, *, now: datetime) -> int:
    """Add waiting deltas to the totals and take them away; the standings they change follow. Returns how many."""
    lock_totals(session)
    rows = session.execute(
        select(
            TallyDelta.id,
            TallyDelta.authority_id,
            TallyDelta.merchant_id,
            TallyDelta.measure,
            TallyDelta.day_on,
            TallyDelta.cases,
            TallyDelta.met,
            TallyDelta.fen,
        )
        .order_by(TallyDelta.id)
        .limit(DELTAS_AT_ONCE)
    ).all()
    if not rows:
        return 0
    cells: dict[tuple[int, str, date], list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in rows:
        cell = cells[row.authority_id, row.measure, row.day_on]
        cell[0] += row.cases
        cell[1] += row.met
        cell[2] += row.fen
    _add_to_totals(session, cells)
    session.execute(delete(TallyDelta).where(TallyDelta.id <= rows[-1].id))  # the lock: nobody is between them
    touched = {row.merchant_id for row in rows if row.measure == Indicator.ON_TIME and row.merchant_id is not None}
    state = state_of(session)
    if state is not None and state.standings_on is not None:
        if len(touched) <= MERCHANTS_AT_ONCE:
            refresh_standings(session, sorted(touched), local_day(now))
        else:  # a large import: all of them are made once, behind its last delta; until then boards count themselves
            state.standings_on = None
    return len(rows)


def _add_to_totals(session: Session, cells: Mapping[tuple[int, str, date], Sequence[int]]) -> None:
    rows = [
        {"authority_id": authority, "measure": measure, "day_on": day, "cases": one[0], "met": one[1], "fen": one[2]}
        for (authority, measure, day), one in sorted(cells.items())
    ]
    table: Any = Tally.__table__
    statement: Any = (postgresql.insert if is_postgresql(session) else sqlite.insert)(table)
    added = {name: table.columns[name] + statement.excluded[name] for name in ("cases", "met", "fen")}
    session.connection().execute(
        statement.on_conflict_do_update(index_elements=["authority_id", "measure", "day_on"], set_=added), rows
    )


@dataclass(frozen=True, slots=True)
class RefreshStandings:
    """Merchants whose standings are made anew."""

    merchant_ids: tuple[int, ...]


def refresh_some(session: Session, actor: Actor, command: RefreshStandings, *, now: datetime) -> None:
    """Make the standings of some merchants anew, for periods that end today."""
    lock_totals(session)
    refresh_standings(session, command.merchant_ids, local_day(now))


def standings_made(session: Session, actor: Actor, command: date, *, now: datetime) -> None:
    """Say that every standing now holds for this day."""
    state = state_of(session)
    if state is not None:
        state.standings_on = command


def merchants_counted(session: Session, after: int) -> Sequence[int]:
    """The next merchants, by key, that have or had cases in the rollups."""
    known = select(CaseTally.merchant_id.label("id")).where(CaseTally.merchant_id > after).distinct()
    placed = select(MerchantStanding.merchant_id).where(MerchantStanding.merchant_id > after).distinct()
    both = known.union(placed).subquery()
    return session.scalars(select(both.c.id).order_by(both.c.id).limit(MERCHANTS_AT_ONCE)).all()


def refresh_standings(session: Session, merchant_ids: Sequence[int], today: date) -> None:
    """Count the cases of merchants anew by authority and named period, and place them at every authority above."""
    for start in range(0, len(merchant_ids), MERCHANTS_AT_ONCE):
        some = merchant_ids[start : start + MERCHANTS_AT_ONCE]
        rates = _rates(session, some, today)
        session.execute(delete(MerchantStanding).where(MerchantStanding.merchant_id.in_(some)))
        if rates:
            table: Any = MerchantStanding.__table__
            session.connection().execute(insert(table), _standings(rates))


Place = tuple[int, int, str]  # authority, merchant, period


def _rates(session: Session, merchant_ids: Sequence[int], today: date) -> Mapping[Place, Rate]:
    periods = {name: period_named(name, today) for name in PERIODS}
    sums: list[Any] = []
    for name, period in periods.items():
        inside = CaseTally.on_time_on >= period.first
        sums.append(func.sum(case((inside, 1), else_=0)).label(f"{name}_cases"))
        sums.append(func.sum(case((and_(inside, CaseTally.on_time_met), 1), else_=0)).label(f"{name}_met"))
    rows = session.execute(
        select(CaseTally.authority_id, CaseTally.merchant_id, *sums)
        .where(
            CaseTally.merchant_id.in_(merchant_ids),
            CaseTally.on_time_on >= min(period.first for period in periods.values()),
            CaseTally.on_time_on < today,
        )
        .group_by(CaseTally.authority_id, CaseTally.merchant_id)
    ).mappings()
    upwards = _upwards(session)
    found: dict[Place, Rate] = {}
    for row in rows:
        for name in periods:
            for authority in upwards.get(row["authority_id"], ()):
                before = found.get((authority, row["merchant_id"], name), Rate(0, 0))
                found[authority, row["merchant_id"], name] = Rate(
                    before.numerator + int(row[f"{name}_met"]), before.denominator + int(row[f"{name}_cases"])
                )
    return {place: rate for place, rate in found.items() if rate.denominator}


def _standings(rates: Mapping[Place, Rate]) -> list[dict[str, Any]]:
    return [
        {
            "authority_id": authority,
            "merchant_id": merchant,
            "period": name,
            "cases": rate.denominator,
            "met": rate.numerator,
            "lower_bound": round(rate.interval[0] * BOUND) if rate.is_shown else TOO_FEW,
        }
        for (authority, merchant, name), rate in rates.items()
    ]


def _upwards(session: Session) -> Mapping[int, Iterable[int]]:
    """Each authority's own id and those above it."""
    rows = session.execute(select(Organisation.id, Organisation.path).where(Organisation.path != ""))
    return {row.id: [int(part) for part in row.path.split("/") if part] for row in rows}


def is_new_day(state: TallyState, now: datetime) -> bool:
    """Say whether the standings are still those of an earlier day."""
    return state.standings_on != local_day(now)


def was_recounted_today(state: TallyState | None, now: datetime) -> bool:
    """Say whether a recount has ended since midnight in China."""
    recounted = state.recounted_at if state else None
    return recounted is not None and local_day(recounted) >= local_day(now)
