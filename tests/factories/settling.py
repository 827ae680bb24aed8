"""Negotiations brought to a point by the actions themselves."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from portal.accounts import codes, links
from portal.accounts.models import ConsumerLink, Organisation
from portal.cases.models import Case
from portal.cases.rules import CaseState
from portal.core.actor import Actor
from portal.core.privacy import DataKey
from portal.documents.models import Document
from portal.enrolment.models import Merchant
from portal.settlements import actions, rounds
from portal.settlements.models import Agreement, Offer, Payer, PaymentMethod, TermKind
from portal.settlements.rules import TermDraft
from tests.conftest import NOW
from tests.factories import disputes, people

UNDO = timedelta(seconds=30)


@dataclass
class Dispute:
    """A case with the two who settle it."""

    case: Case
    agent: Actor
    consumer: Actor
    link: ConsumerLink
    authority: Organisation
    merchant: Merchant
    membership: Any


def refund(amount: int = 50_000, **changes: Any) -> TermDraft:
    """A refund the way it was paid, within a week."""
    values: dict[str, Any] = {"amount": amount, "method": PaymentMethod.ORIGINAL, "due_days": 7}
    return TermDraft(TermKind.REFUND, **{**values, **changes})


def by_transfer(amount: int = 50_000) -> TermDraft:
    """A refund that cannot go back the way it came."""
    return refund(amount, method=PaymentMethod.TRANSFER)


def exchange(**changes: Any) -> TermDraft:
    """A new piece, freight on the merchant."""
    values: dict[str, Any] = {"due_days": 8, "freight": Payer.MERCHANT, "detail": "换同款新品一件"}
    return TermDraft(TermKind.EXCHANGE, **{**values, **changes})


def voucher(amount: int = 10_000) -> TermDraft:
    """Something on top."""
    return TermDraft(TermKind.COMPENSATE, amount, PaymentMethod.VOUCHER, 8)


def dispute(
    session: Session, *, state: CaseState = CaseState.NEGOTIATING, amount: int | None = 80_000, **changes: Any
) -> Dispute:
    """A case of ¥800 (so that no code is needed) in negotiation, with its agent and its consumer's link."""
    authority = people.authority(session)
    merchant = people.merchant(session, authority)
    membership = people.member(session, merchant.id)
    case = disputes.case(session, authority, merchant, state=state, amount=amount, **changes)
    link, _token = links.issue_link(session, case.id, disputes.PHONE, now=NOW)
    agent = people.actor(session, membership)
    return Dispute(case, agent, links.consumer_of(link), link, authority, merchant, membership)


def offered(session: Session, dispute: Dispute, *terms: TermDraft, now: datetime = NOW, message: str = "") -> Offer:
    """An offer that the consumer can see half a minute later."""
    command = actions.MakeOffer(dispute.case.reference, terms or (refund(),), message)
    return actions.make_offer(session, dispute.agent, command, now=now)


def agreed(session: Session, dispute: Dispute, *terms: TermDraft, now: datetime = NOW) -> Agreement:
    """An agreement accepted by the consumer a minute after the offer."""
    offer = offered(session, dispute, *terms, now=now)
    command = actions.AcceptOffer(dispute.case.id, offer.digest, address="192.0.2.7")
    return actions.accept_offer(session, dispute.consumer, command, now=now + timedelta(minutes=1))


def confirm_by_code(session: Session, dispute: Dispute, digest: str, *, now: datetime) -> None:
    """Ask for a code and type it as it came."""
    code = codes.send_code(session, dispute.consumer, codes.SendCode(dispute.link.id, digest), now=now)
    digits = codes.digits_of(session, code, now=now)
    assert digits is not None
    typed = codes.TryCode(dispute.link.id, digest, digits)
    assert codes.try_code(session, dispute.consumer, typed, now=now) is codes.CodeResult.RIGHT


def rounds_of(session: Session, dispute: Dispute) -> tuple[rounds.Kept, ...]:
    """Every round of the dispute, oldest first."""
    return rounds.rounds_of(session, dispute.case.id, rounds.key_of(session, dispute.case))


def key_of(session: Session, document: Document) -> DataKey:
    """The key that sealed a paper."""
    return session.get_one(DataKey, document.key_id)
