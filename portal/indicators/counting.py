"""What a case adds to the totals, and keeping that up: the difference to what it added before, as deltas.

One recount writes at a time (an advisory lock on PostgreSQL, the one writer on SQLite), and each reads a case after
the fact that woke it was committed; so deliveries may come twice, late or in any order.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, case, delete, func, insert, select, text
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.accounts.rules import PRACTICE
from portal.cases.models import Case
from portal.clocks.rules import due_day
from portal.core.db import is_postgresql
from portal.indicators.models import CaseTally, TallyDelta
from portal.indicators.queries import CAUSE, DEFINITIONS, DESK, OWED, STANDING, UNDATED, UNPAID, Indicator
from portal.settlements.models import Agreement

LOCK = 20_260_812  # of PostgreSQL's advisory locks, ours alone
AT_ONCE = 500  # cases a statement: SQLite takes 32,766 parameters, and plans are made for few sizes

Added = Mapping[str, Any]  # a row of CaseTally
Cell = tuple[int, int | None, str, date]  # authority, merchant (of on-time only), measure, day


def recount_cases(session: Session, case_ids: Sequence[int]) -> int:
    """Take what these cases add now against what they added before; returns how many differed. Locks until commit."""
    lock_totals(session)
    differing = 0
    for start in range(0, len(case_ids), AT_ONCE):
        differing += _recount(session, case_ids[start : start + AT_ONCE])
    return differing


def lock_totals(session: Session) -> None:
    """Let one writer of the rollups at a time through, until the end of its transaction."""
    if is_postgresql(session):
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})


def differing_cases(session: Session, case_ids: Sequence[int]) -> list[int]:
    """The cases among these whose rows in the rollups are not what they should be."""
    should, kept = _should_add(session, case_ids), _kept(session, case_ids)
    return [key for key in case_ids if should.get(key) != kept.get(key)]


def entries(added: Added) -> Iterator[tuple[Cell, bool, int]]:
    """The cells a case counts in, with whether it meets them and its 分."""
    authority = added["authority_id"]
    for indicator in Indicator:
        day = added[f"{indicator.value}_on"]
        if day is not None:
            merchant = added["merchant_id"] if indicator is Indicator.ON_TIME else None
            yield (authority, merchant, indicator.value, day), added[f"{indicator.value}_met"], 0
    if added["cause"] is not None and added["failed_on"] is not None:
        yield (authority, None, f"{CAUSE}{added['cause']}", added["failed_on"]), False, 0
    if added["standing"] is not None:
        yield (authority, None, f"{DESK}{added['standing']}", UNDATED), False, 0
    if added["owed"] is not None:
        yield (authority, None, OWED, UNDATED), False, added["owed"]


def _recount(session: Session, case_ids: Sequence[int]) -> int:
    session.flush()
    should, kept = _should_add(session, case_ids), _kept(session, case_ids)
    cells: dict[Cell, list[int]] = defaultdict(lambda: [0, 0, 0])
    outdated, fresh = [], []
    for key in dict.fromkeys(case_ids):
        before, after = kept.get(key), should.get(key)
        if before == after:
            continue
        for added, sign in ((before, -1), (after, 1)):
            for cell, met, fen in entries(added) if added else ():
                one = cells[cell]
                one[0] += sign
                one[1] += sign * met
                one[2] += sign * fen
        if before:
            outdated.append(key)
        if after:
            fresh.append({"id": key, **after})
    if outdated:
        session.execute(delete(CaseTally).where(CaseTally.id.in_(outdated)))
    if fresh:
        session.connection().execute(insert(_table(CaseTally)), fresh)
    add_deltas(session, cells)
    return len({*outdated, *(row["id"] for row in fresh)})


def add_deltas(session: Session, cells: Mapping[Cell, Sequence[int]]) -> None:
    """Write changes of totals: cases, met, 分 by cell; those that change nothing fall away."""
    rows = [
        {"authority_id": authority, "merchant_id": merchant, "measure": measure, "day_on": day}
        | {"cases": change[0], "met": change[1], "fen": change[2]}
        for (authority, merchant, measure, day), change in cells.items()
        if any(change)
    ]
    if rows:
        session.connection().execute(insert(_table(TallyDelta)), rows)


def _table(model: Any) -> Any:
    return model.__table__


def _should_add(session: Session, case_ids: Sequence[int]) -> dict[int, Added]:
    practice = select(Organisation.id).where(Organisation.code == PRACTICE)
    rows = session.execute(_CONTRIBUTIONS.where(Case.id.in_(case_ids), Case.authority_id.not_in(practice)))
    return {row["id"]: _added(row) for row in rows.mappings()}


def _added(row: RowMapping) -> Added:
    added = {"authority_id": row["authority_id"], "merchant_id": row["merchant_id"]}
    for indicator in Indicator:
        moment: datetime | None = row[f"{indicator.value}_at"]
        added[f"{indicator.value}_on"] = due_day(moment) if moment else None
        added[f"{indicator.value}_met"] = bool(row[f"{indicator.value}_met"]) and moment is not None
    failed = row["cause"] is not None and row["concluded_at"] is not None
    added["failed_on"] = due_day(row["concluded_at"]) if failed else None
    added["cause"] = row["cause"].value if failed else None
    added["standing"], added["owed"] = row["standing"], row["owed"]
    return added


def _kept(session: Session, case_ids: Sequence[int]) -> dict[int, Added]:
    rows = session.execute(select(*_KEPT).where(CaseTally.id.in_(case_ids))).mappings()
    return {row["id"]: {name: row[name] for name in _NAMES} for row in rows}


def _contributed(indicator: Indicator) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    definition = DEFINITIONS[indicator]
    moment: ColumnElement[Any] = definition.moment.expression
    if definition.counted is not None:
        moment = case((definition.counted, moment))
    return moment.label(f"{indicator.value}_at"), case((definition.met, 1), else_=0).label(f"{indicator.value}_met")


def _owed() -> ColumnElement[int | None]:
    newest = (
        select(Agreement.outlay).where(Agreement.case_id == Case.id).order_by(Agreement.id.desc()).limit(1)
    ).correlate(Case)
    return case((UNPAID, func.coalesce(newest.scalar_subquery(), 0)))


_CONTRIBUTIONS = select(
    Case.id,
    Case.authority_id,
    Case.merchant_id,
    *(column for indicator in Indicator for column in _contributed(indicator)),
    Case.cause,
    Case.concluded_at,
    case(*((condition, name) for name, condition in STANDING.items())).label("standing"),
    _owed().label("owed"),
)
_KEPT = tuple(_table(CaseTally).columns)
_NAMES = tuple(column.name for column in _KEPT if column.name != "id")
