"""The filings around some cases: of the same phone or the same name, near in time, inside what the officer may see."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import CTE, ColumnElement, CompoundSelect, Select, and_, bindparam, case, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from portal.cases.access import Sight, sight_of, sight_values, visible
from portal.cases.models import Case
from portal.core.actor import Actor
from portal.core.db import among
from portal.core.privacy import DataKey
from portal.intake.models import Filing

LOOKED_AT = 60  # filings of one phone or one name, the newest: more says nothing more
AT_MOST = 2000  # filings around a page's cases, where many of one moment stand last
NEAR = timedelta(days=14)  # filings of one case lie closer together than this: they join within hours


def around(
    session: Session, actor: Actor, cases: Collection[int], span: tuple[datetime, datetime], *, texts: bool
) -> Sequence[Any]:
    """The newest filings of the phones and names of these cases, registered inside the span, each with its case.

    One statement. A common name has thousands of cases, and so may one phone: LOOKED_AT of each end the look. Without
    `texts` a name alone counts only where goods or problem are the same: nothing else is told of it.
    """
    values = {
        "cases": sorted(cases),
        "first": span[0],
        "last": span[1],
        "first_of_name": span[0] - NEAR,
        "last_of_name": span[1] + NEAR,
        "before": LOOKED_AT - 1,
        **sight_values(actor),
    }
    rows = session.execute(_around(sight_of(actor), texts=texts), values)
    return list({row.filing_id: row for row in rows}.values())


def _moment(name: str) -> ColumnElement[datetime]:
    return bindparam(name, type_=Case.registered_at.type)


@cache
def _around(sight: Sight, *, texts: bool) -> CompoundSelect[Any]:
    asked = _asked(texts=texts)
    same_phone = and_(Filing.phone_index == asked.c.phone, Filing.registered_at >= asked.c.phone_since)
    # a case's filings lie close together: the day of its first says which of a name are near
    same_name = and_(
        Case.name_index == asked.c.name,
        Case.registered_at >= asked.c.name_since,
        Case.registered_at <= _moment("last_of_name"),
    )
    if not texts:
        same_name &= or_(
            and_(Case.goods == asked.c.goods, Case.goods != ""),
            and_(Case.problem == asked.c.problem, Case.problem != ""),
        )
    return union_all(*(_part(sight, asked, condition, texts=texts) for condition in (same_phone, same_name)))


def _asked(*, texts: bool) -> CTE:
    """The cases that are asked about, each with the moments since which its phone and its name are looked at.

    A list asks by the phone that a case has now, one case by the phones that its filings gave.
    """
    others, filings = aliased(Case), aliased(Filing)
    phone = Filing.phone_index if texts else Case.phone_index
    last_filings = (
        select(filings.registered_at)
        .where(filings.phone_index == phone, filings.registered_at <= _moment("last"))
        .order_by(filings.registered_at.desc())
    )
    last_cases = (
        select(others.registered_at)
        .where(others.name_index == Case.name_index, others.registered_at <= _moment("last_of_name"))
        .order_by(others.registered_at.desc())
    )
    query = select(
        Case.id,
        phone.label("phone"),
        Case.name_index.label("name"),
        Case.goods,
        Case.problem,
        _since(last_filings, _moment("first")).label("phone_since"),
        _since(last_cases, _moment("first_of_name")).label("name_since"),
    ).where(among(Case.id, bindparam("cases")))
    if texts:
        query = query.join(Filing, Filing.case_id == Case.id)
    return query.cte("asked").prefix_with("MATERIALIZED")


def _since(newest: Select[datetime], first: ColumnElement[datetime]) -> ColumnElement[datetime]:
    last = newest.offset(bindparam("before")).limit(1).correlate(Case, Filing).scalar_subquery()
    return case((last > first, last), else_=first)


def _part(sight: Sight, asked: CTE, condition: ColumnElement[bool], *, texts: bool) -> Any:
    found: Any = (
        select(
            Case.id, Case.reference, Case.name_index, Case.merchant_id, Case.candidates, Case.amount, Case.goods,
            Case.problem, Case.is_open, Filing.id.label("filing_id"), Filing.source, Filing.number,
            Filing.registered_at, Filing.phone_index,
        )
        .join(Filing, Filing.case_id == Case.id)
        .join(asked, condition)
        .where(Case.id != asked.c.id, Filing.registered_at.between(_moment("first"), _moment("last")), visible(sight))
    )  # fmt: skip
    if texts:
        found = found.add_columns(Filing.text_sealed, DataKey.wrapped).join(DataKey, DataKey.id == Filing.key_id)
    return select(found.limit(AT_MOST).subquery())
