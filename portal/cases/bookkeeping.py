"""A case's entries in its merchant's 消费投诉记录台账, pushed by the action that changes the case (decisions 26)."""

from datetime import UTC, datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.cases.filed_words import filed_words
from portal.cases.models import Case
from portal.cases.rules import CaseState
from portal.clocks.rules import local_day
from portal.core.actor import SYSTEM, Actor, ActorKind
from portal.enrolment.models import Outlet
from portal.ledgers.models import LedgerEntry
from portal.ledgers.pushing import Change, Complaint, push_complaint, push_outcome, strike_complaint
from portal.ledgers.rules.vocabulary import Outcome

S = CaseState
OUTCOMES: dict[CaseState, Outcome] = {
    S.AGREED: Outcome.AGREED,
    S.PERFORMED: Outcome.PERFORMED,
    S.CLOSED_SETTLED: Outcome.SETTLED,
    S.CLOSED_UNCONFIRMED: Outcome.UNCONFIRMED,
    S.FAILED: Outcome.FAILED,
    S.BREACHED: Outcome.BREACHED,
    S.WITHDRAWN: Outcome.WITHDRAWN,
}
PAYS_NOTHING = frozenset({S.FAILED, S.BREACHED, S.WITHDRAWN})


def book_complaint(session: Session, actor: Actor, case: Case, *, now: datetime) -> LedgerEntry | None:
    """Enter an accepted case into its merchant's ledger; doing it twice changes nothing."""
    if case.merchant_id is None:
        return None
    complaint = _complaint(session, actor, case)
    return push_complaint(session, _writer(actor), case.merchant_id, complaint, now=now)


def _complaint(session: Session, actor: Actor, case: Case) -> Complaint:
    words = filed_words(session, case)
    outlet = session.get(Outlet, case.outlet_id) if case.outlet_id is not None else None
    return Complaint(
        reference=case.reference,
        occurred_on=local_day(case.registered_at),
        received=case.source,
        consumer_name=words.name,
        consumer_phone=words.phone,
        consumer_mask=case.consumer_mask if words.name else "",
        phone_mask=case.phone_mask if words.phone else "",
        content=words.text,
        goods=case.goods,
        claimed=case.amount or 0,
        staff=_staff(session, actor, case),
        outlet_id=case.outlet_id,
        outlet=outlet.name if outlet is not None else "",
    )


def book_outcome(
    session: Session, actor: Actor, case: Case, *, now: datetime, settled: int | None = None, terms: str = ""
) -> LedgerEntry | None:
    """Amend the complaint of a case by the state it has reached; None where nothing changes or it was never accepted.

    `settled` is what the merchant pays in 分, `terms` the kinds of what was agreed, joined by commas; what was paid by
    a case that failed or broke its promise is taken away.
    """
    outcome = OUTCOMES.get(case.state)
    if outcome is None or case.merchant_id is None:
        return None
    changes: dict[str, str | int] = {"outcome": outcome.value}
    if case.first_contact_at is not None:
        changes["first_response_on"] = local_day(case.first_contact_at).isoformat()
        changes["first_response_at"] = case.first_contact_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if staff := _staff(session, actor, case):
        changes["staff"] = staff
    paid = case.recovered if settled is None else settled
    if case.state in PAYS_NOTHING:
        changes["settled"] = ""
    elif paid is not None:
        changes["settled"] = paid or ""
    if terms:
        changes["terms"] = terms
    late = partial(_complaint, session, actor, case) if case.accepted_at is not None else None
    change = Change(case.reference, changes, late)
    return push_outcome(session, _writer(actor), case.merchant_id, change, now=now)


def take_back_outcome(session: Session, actor: Actor, case: Case, *, now: datetime) -> LedgerEntry | None:
    """Open the complaint of a case again whose outcome turned out not to be one; None where none was entered."""
    if case.merchant_id is None:
        return None
    changes: dict[str, str | int] = {"outcome": Outcome.OPEN.value, "settled": "", "terms": ""}
    late = partial(_complaint, session, actor, case) if case.accepted_at is not None else None
    change = Change(case.reference, changes, late)
    return push_outcome(session, _writer(actor), case.merchant_id, change, now=now)


def strike_from_book(
    session: Session, actor: Actor, case: Case, outcome: Outcome = Outcome.GIVEN_BACK, *, now: datetime
) -> LedgerEntry | None:
    """Erase the consumer from the ledger of a merchant that loses the case; call it while the case still names it."""
    if case.merchant_id is None:
        return None
    return strike_complaint(session, _writer(actor), case.merchant_id, case.reference, outcome, now=now)


def rebook_parted(session: Session, actor: Actor, case: Case, *, now: datetime) -> LedgerEntry | None:
    """Erase what the ledger held of a case that a filing has left, and enter what remains of it anew (decisions 26)."""
    if strike_from_book(session, actor, case, Outcome.PARTED, now=now) is None:
        return None
    return book_complaint(session, actor, case, now=now)


def _writer(actor: Actor) -> Actor:
    """Whose name stands in the merchant's book: its own staff's, else the house's, never a consumer's or officer's."""
    return actor if actor.kind is ActorKind.MERCHANT else SYSTEM


def _staff(session: Session, actor: Actor, case: Case) -> str:
    if case.assignee_id is None:
        return ""
    if case.assignee_id == actor.person_id:
        return actor.name
    return session.scalars(select(Person.name).where(Person.id == case.assignee_id)).one()
