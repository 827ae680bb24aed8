"""Figures of promises by authority and month, and the rows behind each of them.

Four statements for the whole table whatever its size: authorities, versions, requests, the ledgers' month totals.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from portal.accounts.models import Organisation, OrganisationKind
from portal.clocks.rules import end_of_day, local_day, start_of_day
from portal.commitments.models import PromiseVersion, Promisor
from portal.commitments.rules import PromiseState
from portal.commitments.rules.states import EVER_HELD
from portal.core.actor import Actor
from portal.core.paging import Page, SortKey, keyset_page
from portal.enrolment.models import Merchant
from portal.ledgers.entry_models import MonthTotal
from portal.ledgers.models import EntryKind, Ledger
from portal.returns.models import ReturnRequest
from portal.returns.queries import figures as request_figures
from portal.returns.rules import GRANTED_STATES, ReturnState
from portal.supervision.rules.figures import (
    AMOUNTS,
    MEASURES,
    OF_LEDGERS,
    OF_PROMISES,
    OF_REQUESTS,
    Measure,
    Month,
)
from portal.supervision.sanction_listing import written_sheet

Place = aliased(Organisation, name="place")
Cells = Mapping[Measure, int]
ENDINGS = (PromiseState.ENDED, PromiseState.EXPIRED)


@dataclass(frozen=True, slots=True)
class Row:
    """One authority's month, with the month before; amounts in 分."""

    code: str  # empty: the sum of all rows
    name: str
    depth: int
    now: Cells
    before: Cells


@dataclass(frozen=True, slots=True)
class Behind:
    """One row behind a number."""

    id: int
    name: str
    number: str
    day: date | None
    href: str
    amount: int | None = None  # 分


def promise_figures(session: Session, actor: Actor, month: Month, today: date) -> list[Row]:
    """Each authority of the jurisdiction with what lies with it directly, and the sum of all at the end."""
    places = session.execute(
        select(Organisation.id, Organisation.code, Organisation.name, Organisation.path)
        .where(Organisation.id.in_(sorted(actor.jurisdiction)), Organisation.kind == OrganisationKind.AUTHORITY)
        .order_by(Organisation.path, Organisation.id)
    ).all()
    ids = [place.id for place in places]
    cells: defaultdict[tuple[int, Month], dict[Measure, int]] = defaultdict(dict)
    for authority, one, measure, value in _counted(session, ids, month, today):
        cells[authority, one][measure] = cells[authority, one].get(measure, 0) + value
    top = min((place.path.count("/") for place in places), default=0)
    rows = [
        Row(
            place.code,
            place.name,
            place.path.count("/") - top,
            _full(cells[place.id, month]),
            _full(cells[place.id, month.before]),
        )
        for place in places
    ]
    return [*rows, Row("", "合计", 0, _sum([row.now for row in rows]), _sum([row.before for row in rows]))]


def behind(
    session: Session, actor: Actor, measure: Measure, month: Month, code: str, cursor: str | None, *, today: date
) -> Page[Behind]:
    """The rows behind one number of an authority, or of the whole jurisdiction without a code."""
    authorities = select(Place.id).where(Place.id.in_(sorted(actor.jurisdiction)))
    if code:
        authorities = authorities.where(Place.code == code)
    query = _rows(measure, month, authorities, today)
    key = query.selected_columns[0]
    page = keyset_page(session, query, [SortKey(key, lambda row: row[0])], cursor, scalars=False)
    return Page([_behind(measure, row) for row in page.rows], page.next_cursor, page.previous_cursor)


@dataclass(frozen=True, slots=True)
class ExportFigures:
    """Which month, as seen on which day."""

    month: Month
    today: date


def export_figures(session: Session, actor: Actor, command: ExportFigures, *, now: datetime) -> IO[bytes]:
    """Write the table as XLSX and record the export; amounts in 元."""
    month = command.month
    headers = ["单位"]
    for label, _meaning in MEASURES.values():
        headers += [f"{label} {month.name}", f"{label} {month.before.name}"]
    rows = [
        [row.name, *(_said(measure, cells[measure]) for measure in MEASURES for cells in (row.now, row.before))]
        for row in promise_figures(session, actor, month, command.today)
    ]
    return written_sheet(session, actor, "承诺数据", headers, rows, now=now)


def _said(measure: Measure, value: int) -> str:
    return f"{value // 100}.{value % 100:02d}" if measure in AMOUNTS else str(value)


def _full(cells: Mapping[Measure, int]) -> Cells:
    return {measure: cells.get(measure, 0) for measure in MEASURES}


def _sum(cells: Sequence[Cells]) -> Cells:
    return {measure: sum(one[measure] for one in cells) for measure in MEASURES}


def _counted(session: Session, ids: list[int], month: Month, today: date) -> list[tuple[int, Month, Measure, int]]:
    months = (month, month.before)
    found: list[tuple[int, Month, Measure, int]] = []
    columns = [(one, measure, _holds(measure, one, today)) for one in months for measure in OF_PROMISES]
    sums = [func.count().filter(holds) for _one, _what, holds in columns]
    versions = (
        select(Promisor.authority_id, *sums)
        .join(PromiseVersion, PromiseVersion.promisor_id == Promisor.id)
        .where(Promisor.authority_id.in_(ids), PromiseVersion.state.in_(EVER_HELD))
        .group_by(Promisor.authority_id)
    )
    for authority, *values in session.execute(versions):
        found += [(authority, one, what, int(v)) for (one, what, _c), v in zip(columns, values, strict=True)]
    for line in request_figures(session, ids, month.before.first, month.last):
        one = Month(line.month_on)
        found += [
            (line.authority_id, one, Measure.ASKED, line.asked),
            (line.authority_id, one, Measure.GRANTED, line.granted),
            (line.authority_id, one, Measure.REFUSED, line.refused),
            (line.authority_id, one, Measure.REFUNDED, line.refunded),
        ]
    totals = (
        select(Merchant.authority_id, MonthTotal.month_on, func.sum(MonthTotal.entries), func.sum(MonthTotal.amount))
        .join(Ledger, Ledger.id == MonthTotal.ledger_id)
        .join(Merchant, Merchant.id == Ledger.merchant_id)
        .where(
            Merchant.authority_id.in_(ids),
            MonthTotal.kind == EntryKind.RETURN,
            MonthTotal.month_on.in_([one.first for one in months]),
        )
        .group_by(Merchant.authority_id, MonthTotal.month_on)
    )
    for authority, first, entries, amount in session.execute(totals):
        found.append((authority, Month(first), Measure.ENTRIES, int(entries)))
        found.append((authority, Month(first), Measure.LEDGER_AMOUNT, int(amount)))
    return found


def _holds(measure: Measure, month: Month, today: date) -> ColumnElement[bool]:
    """The condition that a version which took effect is counted; at most one of a promisor holds on a day."""
    version = PromiseVersion
    day = min(month.last, today)
    over = func.coalesce(version.last_on, version.expires_on)
    match measure:
        case Measure.UNITS:
            return (version.first_on <= day) & or_(over.is_(None), over >= day)
        case Measure.STARTED:
            return (version.since_on == version.first_on) & version.first_on.between(month.first, day)
        case Measure.ENDED:
            return version.state.in_(ENDINGS) & version.last_on.between(month.first, month.last)
        case _:
            return version.removed_on.between(month.first, month.last)


def _rows(measure: Measure, month: Month, authorities: Select[Any], today: date) -> Select[Any]:
    """Id, name, number, day and amount of what is behind a number."""
    if measure in OF_PROMISES:
        return _versions(_holds(measure, month, today), authorities)
    return _requests(measure, month, authorities) if measure in OF_REQUESTS else _totals(month, authorities)


def _versions(holds: ColumnElement[bool], authorities: Select[Any]) -> Select[Any]:
    version = PromiseVersion
    query: Any = select(version.id, Promisor.name, Promisor.code, version.first_on, version.reference)
    query = query.join(version.promisor)
    found: Select[Any] = query.where(Promisor.authority_id.in_(authorities), version.state.in_(EVER_HELD), holds)
    return found


def _requests(measure: Measure, month: Month, authorities: Select[Any]) -> Select[Any]:
    request = ReturnRequest
    sent = (request.asked_at >= start_of_day(month.first)) & (request.asked_at < end_of_day(month.last))
    narrowed = {
        Measure.GRANTED: request.state.in_(GRANTED_STATES),
        Measure.REFUSED: request.state == ReturnState.REFUSED,
        Measure.REFUNDED: request.refund.is_not(None),
    }
    query: Any = select(request.id, Organisation.name, request.reference, request.asked_at, request.refund)
    query = query.join(Organisation, Organisation.id == request.merchant_id)
    query = query.where(request.authority_id.in_(authorities), sent)
    found: Select[Any] = query.where(narrowed[measure]) if measure in narrowed else query
    return found


def _totals(month: Month, authorities: Select[Any]) -> Select[Any]:
    query: Any = (
        select(MonthTotal.id, Organisation.name, Organisation.code, MonthTotal.entries, MonthTotal.amount)
        .join(Ledger, Ledger.id == MonthTotal.ledger_id)
        .join(Merchant, Merchant.id == Ledger.merchant_id)
        .join(Organisation, Organisation.id == Merchant.id)
    )
    found: Select[Any] = query.where(
        Merchant.authority_id.in_(authorities),
        MonthTotal.kind == EntryKind.RETURN,
        MonthTotal.month_on == month.first,
        MonthTotal.entries > 0,
    )
    return found


def _behind(measure: Measure, row: Any) -> Behind:
    if measure in OF_PROMISES:
        return Behind(row[0], row[1], row[2], row[3], f"/regulator/promises/{row[4]}")
    if measure in OF_LEDGERS:
        return Behind(row[0], row[1], f"{row[3]} 笔", None, f"/regulator/ledgers/{row[2]}", int(row[4]))
    return Behind(row[0], row[1], row[2], local_day(row[3]), f"/regulator/returns-asked/{row[2]}", row[4])
