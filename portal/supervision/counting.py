"""What each trigger counts: the rows behind a number, from which it is counted, listed and dated.

Overdue and settled are the board's own indicators, so that two pages never say two numbers (domain 1.4).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, literal, or_, select, union
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation, OrganisationKind
from portal.cases.models import Case
from portal.clocks.rules import end_of_day, start_of_day
from portal.core.db import among
from portal.enrolment.models import Merchant, MerchantState
from portal.indicators.queries import DEFINITIONS, Indicator, Part, in_part
from portal.indicators.rules import Period
from portal.recalls.models import ProblemGoods, RecallAnswer, RecallNotice
from portal.settlements.models import Callback
from portal.settlements.rules.words import CallbackResult
from portal.supervision.rules.triggers import COUNTED, Figures, Trigger
from portal.supervision.rules.visits import COUNTED_VIOLATIONS
from portal.supervision.visit_models import PromiseViolation

DENIALS = (CallbackResult.NOT_RECEIVED, CallbackResult.DISOWNED)
MOST_BEHIND = 200  # references kept with a proposal: our limit
CASES = frozenset({Trigger.OVERDUE, Trigger.SETTLEMENT_RATE, Trigger.FALSE_FEEDBACK})
UNMET: ColumnElement[int] = literal(0)
PLACES = {Trigger.PROMISES: "violations", Trigger.GOODS: "goods", Trigger.LICENCE: "merchants"}


def counted(
    session: Session, code: Trigger, merchants: Sequence[int], period: Period, *, now: datetime
) -> dict[int, Figures]:
    """What a trigger counts of each merchant in a period of whole days; a merchant without any row is left out."""
    rows = _rows(code, period, now, merchants).subquery()
    met = func.sum(rows.c.met)
    found = session.execute(select(rows.c.merchant_id, func.count(), met).group_by(rows.c.merchant_id))
    if code is Trigger.SETTLEMENT_RATE:
        return {merchant: Figures(int(good), total) for merchant, total, good in found}
    return {merchant: Figures(total) for merchant, total, _good in found}


def behind(session: Session, code: Trigger, merchant_id: int, period: Period, *, now: datetime) -> dict[str, list[str]]:
    """The references of what was counted, as far as a proposal keeps them; of a rate those that are missing in it."""
    rows = _rows(code, period, now, (merchant_id,)).subquery()
    query = select(rows.c.reference).order_by(rows.c.reference).limit(MOST_BEHIND)
    if code is Trigger.SETTLEMENT_RATE:
        query = query.where(rows.c.met == 0)
    return {PLACES.get(code, "cases"): list(session.scalars(query))}


def changed_merchants(session: Session, period: Period, *, now: datetime) -> list[int]:
    """The merchants about whom anything happened in a period that a trigger counts."""
    parts = [_rows(code, period, now, None).with_only_columns(_merchant_of(code)) for code in COUNTED]
    return [one for one in session.scalars(union(*parts)) if one is not None]


def _merchant_of(code: Trigger) -> Any:
    return {
        Trigger.PROMISES: PromiseViolation.merchant_id,
        Trigger.GOODS: RecallAnswer.merchant_id,
        Trigger.LICENCE: Merchant.id,
    }.get(code, Case.merchant_id)


def _rows(code: Trigger, period: Period, now: datetime, whose: Sequence[int] | None) -> Select[Any]:
    """The rows of a trigger: merchant, reference, 1 where a rate counts the row as met. `whose` None: everyone's."""
    if code in CASES:
        return _cases(code, period, now, whose)
    made = {Trigger.PROMISES: _violations, Trigger.GOODS: _late_answers, Trigger.LICENCE: _ended_licences}[code]
    query = made(period)
    return query if whose is None else query.where(among(_merchant_of(code), list(whose)))


def _cases(code: Trigger, period: Period, now: datetime, whose: Sequence[int] | None) -> Select[Any]:
    met = case((DEFINITIONS[Indicator.SETTLED].met, 1), else_=0) if code is Trigger.SETTLEMENT_RATE else UNMET
    denied = select(Callback.case_id).where(Callback.result.in_(DENIALS), _within(Callback.done_at, period))
    conditions = {
        Trigger.OVERDUE: in_part(Indicator.ON_TIME, Part.MISSED, period, now),
        Trigger.SETTLEMENT_RATE: in_part(Indicator.SETTLED, Part.ALL, period, now),
        Trigger.FALSE_FEEDBACK: Case.id.in_(denied),
    }
    query: Any = select(Case.merchant_id, Case.reference.label("reference"), met.label("met"))
    query = query.where(conditions[code])
    if whose is not None:
        return query.where(among(Case.merchant_id, list(whose)))
    # by authority and day there is an index, by day alone there is none
    authorities = select(Organisation.id).where(Organisation.kind != OrganisationKind.MERCHANT)
    return query.where(Case.authority_id.in_(authorities), Case.merchant_id.is_not(None))


def _violations(period: Period) -> Select[Any]:
    held = PromiseViolation.state.in_(COUNTED_VIOLATIONS) & _within(PromiseViolation.decided_at, period)
    query: Any = select(PromiseViolation.merchant_id, PromiseViolation.reference.label("reference"), UNMET.label("met"))
    return query.where(held)


def _late_answers(period: Period) -> Select[Any]:
    late = or_(RecallAnswer.answered_at.is_(None), RecallAnswer.answered_at > RecallNotice.answer_by)
    query: Any = (
        select(RecallAnswer.merchant_id, ProblemGoods.reference.label("reference"), UNMET.label("met"))
        .join(RecallNotice, RecallNotice.id == RecallAnswer.notice_id)
        .join(ProblemGoods, ProblemGoods.id == RecallNotice.goods_id)
    )
    return query.where(late, _within(RecallNotice.answer_by, period))


def _ended_licences(period: Period) -> Select[Any]:
    day = timedelta(days=1)
    query: Any = select(
        Merchant.id.label("merchant_id"), Organisation.code.label("reference"), UNMET.label("met")
    ).join(Organisation, Organisation.id == Merchant.id)
    return query.where(Merchant.licence_until_on.between(period.first - day, period.last - day))


def _within(moment: Any, period: Period) -> ColumnElement[bool]:
    """Behind the start of the first day and not behind the end of the last: 24:00 belongs to the day it ends."""
    found: ColumnElement[bool] = (moment > start_of_day(period.first)) & (moment <= end_of_day(period.last))
    return found


def merchants_below(session: Session, authority_id: int | None, after: int, limit: int) -> list[int]:
    """Merchants of an authority and those below it (None: all) that have not left, by id behind `after`."""
    query = select(Merchant.id).where(
        Merchant.id > after, Merchant.state != MerchantState.EXITED, Merchant.practice_of_id.is_(None)
    )
    if authority_id is not None:
        top = select(Organisation.path).where(Organisation.id == authority_id).scalar_subquery()
        query = query.join(Organisation, Organisation.id == Merchant.authority_id).where(
            Organisation.path.startswith(top)
        )
    return list(session.scalars(query.order_by(Merchant.id).limit(limit)))
