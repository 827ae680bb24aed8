"""A merchant's public figures: numerator, denominator and period, or why none is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import and_, case, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from portal.clocks.models import LegalLimit
from portal.clocks.rules import start_of_day
from portal.indicators.models import CaseTally
from portal.indicators.rules import Rate
from portal.ledgers.entry_models import MonthTotal
from portal.ledgers.models import EntryKind, Ledger
from portal.returns.models import ReturnRequest
from portal.returns.rules import GRANTED_STATES, ReturnState

DAYS = 365  # of the period, today not among them
LIMIT = "public_figures_least"
MONTHS = 12  # whole months of returns, the running one not among them


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure as the page shows it; `value` is empty where it is not published, and `meaning` says why."""

    title: str
    value: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Figures:
    """All of them, with their period."""

    period: str
    rows: Sequence[Figure]


def firm_figures(session: Session, merchant_id: int, today: date) -> Figures:
    """Read the rates of the last 365 whole days and the returns of twelve whole months, in one statement."""
    first = today - timedelta(days=DAYS)
    month_last = today.replace(day=1)
    month_first = month_last.replace(year=month_last.year - 1)
    cells = {
        name: (int(cases or 0), int(met or 0))
        for name, cases, met in session.execute(_counted(merchant_id, first, today, month_first, month_last))
    }
    least = cells["least"][0]
    rates = {name: Rate(cells[name][1], cells[name][0]) for name in ("settled", "on_time", "granted")}
    handled = cells["settled"][0]
    rows = [
        Figure(_("办结的投诉"), _("%(count)s 件", count=f"{handled:,}"), _("协商已经结束的，撤回的不计")),
        _rate(_("和解成功率"), rates["settled"], least, _("达成和解的")),
        _rate(_("按时办结率"), rates["on_time"], least, _("在期限内办结的")),
        _rate(_("退货申请同意率"), rates["granted"], least, _("同意的")),
        Figure(
            _("登记的退换货"),
            _("%(count)s 笔", count=f"{cells['returns'][0]:,}"),
            _(
                "企业退换货台账所记，%(first)s 至 %(last)s",
                first=f"{month_first:%Y-%m}",
                last=f"{month_last - timedelta(days=1):%Y-%m}",
            ),
        ),
    ]
    return Figures(_("%(first)s 至 %(last)s", first=first, last=today - timedelta(days=1)), rows)


def _rate(title: str, rate: Rate, least: int, counted: str) -> Figure:
    if rate.denominator < least:
        why = _(
            "这一期只有 %(count)s 件，不足 %(least)s 件（本平台设定），偶然性大，不公布比率",
            count=rate.denominator,
            least=least,
        )
        return Figure(title, "", why)
    parts = _(
        "%(all)s 件中 %(met)s 件%(counted)s", all=f"{rate.denominator:,}", met=f"{rate.numerator:,}", counted=counted
    )
    return Figure(title, f"{rate.percent:.1f}%", parts)


def _counted(merchant_id: int, first: date, today: date, month_first: date, month_last: date) -> Any:
    ours = CaseTally.merchant_id == merchant_id
    settled = and_(CaseTally.settled_on >= first, CaseTally.settled_on < today)
    on_time = and_(CaseTally.on_time_on >= first, CaseTally.on_time_on < today)
    limit = (
        select(LegalLimit.amount)
        .where(
            LegalLimit.code == LIMIT,
            LegalLimit.organisation_id.is_(None),
            LegalLimit.valid_from <= today,
            or_(LegalLimit.valid_to.is_(None), LegalLimit.valid_to >= today),
        )
        .order_by(LegalLimit.valid_from.desc())
        .limit(1)
        .scalar_subquery()
    )
    met = {"settled": CaseTally.settled_met, "on_time": CaseTally.on_time_met}
    rates = [
        select(literal(name), func.count(), func.sum(case((met[name], 1), else_=0))).where(ours, inside)
        for name, inside in (("settled", settled), ("on_time", on_time))
    ]
    returns = (
        select(literal("returns"), func.sum(MonthTotal.entries), literal(0))
        .join(Ledger, Ledger.id == MonthTotal.ledger_id)
        .where(
            Ledger.merchant_id == merchant_id,
            MonthTotal.kind == EntryKind.RETURN,
            MonthTotal.month_on >= month_first,
            MonthTotal.month_on < month_last,
        )
    )
    given = ReturnRequest.state.in_(GRANTED_STATES)
    granted = select(literal("granted"), func.count(), func.sum(case((given, 1), else_=0))).where(
        ReturnRequest.merchant_id == merchant_id,
        or_(given, ReturnRequest.state == ReturnState.REFUSED),
        ReturnRequest.asked_at >= start_of_day(first),
        ReturnRequest.asked_at < start_of_day(today),
    )
    return union_all(*rates, granted, returns, select(literal("least"), limit, literal(0)))
