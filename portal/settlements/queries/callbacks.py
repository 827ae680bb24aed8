"""The officers' list of call-backs: whom to call, about what, and what earlier calls brought."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.cases.access import visible_to
from portal.cases.models import Case
from portal.core.actor import Actor
from portal.core.errors import NotFound
from portal.core.paging import Page, SortKey, keyset_page
from portal.settlements.actions.calling import MISSING
from portal.settlements.models import Agreement, Callback, CallbackOccasion, Rating
from portal.settlements.rules import (
    CALLBACK_OCCASION_NAMES,
    CALLBACK_RESULT_NAMES,
    CALLBACK_RESULTS,
    RATING_REASON_NAMES,
    CallbackResult,
    RatingReason,
)


@dataclass(frozen=True, slots=True)
class CallbackRow:
    """One consumer to call, masked; the number itself is opened on the case's page, with a reason."""

    reference: str
    authority_id: int  # as the access table asks for it
    case: str
    consumer: str
    phone: str
    merchant: str
    headline: str
    why: str
    outlay: int  # 分
    added_at: datetime
    attempts: int
    last: str  # what the last call brought; empty before the first
    is_done: bool
    results: tuple[CallbackResult, ...]  # what the call can bring
    is_unverified: bool  # called about an agreement that only the merchant recorded


def callbacks(session: Session, actor: Actor, cursor: str | None) -> Page[CallbackRow]:
    """The open call-backs of the jurisdiction, the oldest first."""
    keys = [SortKey(Callback.__table__.c.id, lambda row: row[0].id)]
    query = _rows(actor).where(Callback.done_at.is_(None))
    found = keyset_page(session, query, keys, cursor, scalars=False)
    return Page([_row(row) for row in found.rows], found.next_cursor, found.previous_cursor)


def callback(session: Session, actor: Actor, reference: str) -> CallbackRow:
    """One call-back of the jurisdiction; raises NotFound for anyone else's."""
    row = session.execute(_rows(actor).where(Callback.reference == reference)).first()
    if row is None:
        raise NotFound(MISSING)
    return _row(row)


def _rows(actor: Actor) -> Select[Any]:
    merchant = select(Organisation.name).where(Organisation.id == Case.merchant_id).scalar_subquery()
    return (
        select(Callback, Case, Agreement.outlay, Rating.reason, merchant.label("merchant"))
        .join(Case, Case.id == Callback.case_id)
        .join(Agreement, Agreement.id == Callback.agreement_id)
        .outerjoin(Rating, Rating.agreement_id == Callback.agreement_id)
        .where(visible_to(actor))
    )


def _row(row: Any) -> CallbackRow:
    entry, case = row[0], row[1]
    return CallbackRow(
        reference=entry.reference,
        authority_id=case.authority_id,
        case=case.reference,
        consumer=case.consumer_mask,
        phone=case.phone_mask,
        merchant=row.merchant or "",
        headline=case.headline,
        why=_why(entry.occasion, row.reason),
        outlay=row.outlay,
        added_at=entry.added_at,
        attempts=entry.attempts,
        last=CALLBACK_RESULT_NAMES[entry.result] if entry.result else "",
        is_done=entry.done_at is not None,
        results=CALLBACK_RESULTS[entry.occasion],
        is_unverified=entry.occasion is CallbackOccasion.UNVERIFIED,
    )


def _why(occasion: CallbackOccasion, reason: str | None) -> str:
    name = CALLBACK_OCCASION_NAMES[occasion]
    if occasion is CallbackOccasion.RATING and reason in set(RatingReason):
        return f"{name}：{RATING_REASON_NAMES[RatingReason(reason)]}"
    return name
