"""Return requests as messages, lists and figures read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Integer, String, cast, func, select, text, type_coerce
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.clocks.rules import due_day, end_of_day, start_of_day
from portal.core.db import is_postgresql
from portal.core.privacy import DataKey, Erased, vault_of
from portal.returns.access import path_of
from portal.returns.asking import PHONE_SEAL
from portal.returns.models import ReturnRequest
from portal.returns.rules import GRANTED_STATES, TO_DO_STATES, Finding, ReturnState


@dataclass(frozen=True, slots=True)
class Contact:
    """Where the consumer is reached, and the path of his page."""

    phone: str
    path: str
    merchant: str


def contact_of(session: Session, request: ReturnRequest) -> Contact | None:
    """How to reach the consumer of a request; None once his data was erased."""
    path = path_of(session, request)
    if path is None or request.phone_sealed is None:
        return None
    key = session.get_one(DataKey, request.key_id)
    try:
        phone = vault_of(session).open(key, request.phone_sealed, PHONE_SEAL)
    except Erased:
        return None
    merchant = session.get_one(Organisation, request.merchant_id)
    return Contact(phone, path, merchant.name)


@dataclass(frozen=True, slots=True)
class Sent:
    """What the consumer reads after sending."""

    reference: str
    merchant: str
    phone_mask: str
    answer_on: date | None  # None: a wish, nobody promised an answer


def sent_words(session: Session, reference: str) -> Sent:
    """The number and promised day of a request that this browser sent; masked."""
    row = session.execute(
        select(ReturnRequest.reference, Organisation.name, ReturnRequest.phone_mask, ReturnRequest.answer_by)
        .join(Organisation, Organisation.id == ReturnRequest.merchant_id)
        .where(ReturnRequest.reference == reference)
    ).one()
    return Sent(row[0], row[1], row[2], due_day(row[3]) if row[3] else None)


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """A month of one authority: requests sent in it and what has become of them; `refunded` in 分."""

    authority_id: int
    month_on: date
    asked: int
    covered: int
    granted: int
    refused: int
    settled: int
    refunded: int
    breaches: int  # possible ones
    broken: int  # found so


def figures(session: Session, authority_ids: Sequence[int], first: date, last: date) -> list[MonthFigures]:
    """Count requests by authority and month of sending, first to last day inclusive; one statement."""
    month, request = _month(session), ReturnRequest
    query = (
        select(request.authority_id, month.label("month"), *_sums())
        .where(request.authority_id.in_(sorted(authority_ids)), *_sent_between(first, last))
        .group_by(request.authority_id, text("month"))
        .order_by(request.authority_id, text("month"))
    )
    return [
        MonthFigures(row[0], date.fromisoformat(f"{row[1]}-01"), *(int(value) for value in row[2:]))
        for row in session.execute(query)
    ]


@dataclass(frozen=True, slots=True)
class MerchantFigures:
    """What became of the requests that a merchant got in a span; `refunded` in 分."""

    asked: int
    covered: int
    granted: int
    refused: int
    settled: int
    refunded: int
    breaches: int
    broken: int


def merchant_figures(session: Session, merchant_id: int, first: date, last: date) -> MerchantFigures:
    """Count a merchant's requests sent from the first to the last day inclusive; one statement."""
    query = select(*_sums()).where(ReturnRequest.merchant_id == merchant_id, *_sent_between(first, last))
    return MerchantFigures(*(int(value) for value in session.execute(query).one()))


def waiting_for(merchant: ColumnElement[int]) -> ColumnElement[bool]:
    """The requests that wait for a merchant's answer or refund, for the navigation's count."""
    return (ReturnRequest.merchant_id == merchant) & ReturnRequest.state.in_(TO_DO_STATES)


def to_judge() -> ColumnElement[bool]:
    """The requests whose possible breach waits for a finding."""
    return ReturnRequest.breach.is_not(None) & ReturnRequest.finding.is_(None)


def _sums() -> tuple[ColumnElement[int], ...]:
    state, request = ReturnRequest.state, ReturnRequest
    return (
        func.count(request.id),
        _counted(request.verdict == "covered"),
        _counted(state.in_(GRANTED_STATES)),
        _counted(state == ReturnState.REFUSED),
        _counted(request.settled_at.is_not(None)),
        func.coalesce(func.sum(request.refund), 0),
        _counted(request.breach.is_not(None)),
        _counted(request.finding == Finding.BROKEN),
    )


def _counted(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(cast(func.coalesce(condition, False), Integer)), 0)


def _sent_between(first: date, last: date) -> tuple[ColumnElement[bool], ...]:
    return ReturnRequest.asked_at >= start_of_day(first), ReturnRequest.asked_at < end_of_day(last)


def _month(session: Session) -> ColumnElement[str]:
    """The month in China in which a request was sent: 2026-08."""
    if is_postgresql(session):
        local = func.timezone("Asia/Shanghai", ReturnRequest.asked_at)
        return type_coerce(func.to_char(local, "YYYY-MM"), String)
    return type_coerce(func.strftime("%Y-%m", ReturnRequest.asked_at, "+8 hours"), String)
