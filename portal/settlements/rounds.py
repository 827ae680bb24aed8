"""The rounds of one case as the database holds them: read, add, and the words sealed with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from portal.cases.models import Case
from portal.core.privacy import DataKey, Vault, vault_of
from portal.settlements import rules
from portal.settlements.models import Answer, Offer, Side, Term
from portal.settlements.rules import TermDraft

SEAL_DETAIL, SEAL_MESSAGE, SEAL_REASON = "term.detail", "offer.message", "offer.reason"


@dataclass(frozen=True, slots=True)
class Kept:
    """A round with its terms."""

    offer: Offer
    terms: tuple[TermDraft, ...]


def key_of(session: Session, case: Case) -> DataKey:
    """The key that seals a case's words."""
    return session.get_one(DataKey, case.key_id)


def rounds_of(session: Session, case_id: int, key: DataKey) -> tuple[Kept, ...]:
    """Every round of a case with its terms, oldest first, in one statement."""
    vault = vault_of(session)
    rows = session.execute(_rounds(), {"case": case_id})
    offers: dict[int, Offer] = {}
    terms: dict[int, list[TermDraft]] = {}
    for offer, term in rows:
        offers[offer.id] = offer
        terms.setdefault(offer.id, []).append(draft_of(term, vault, key))
    return tuple(Kept(offer, tuple(terms[offer.id])) for offer in offers.values())


@cache
def _rounds() -> Select[Offer, Term]:
    return (
        select(Offer, Term)
        .join(Term, Term.offer_id == Offer.id)
        .where(Offer.case_id == bindparam("case"))
        .order_by(Offer.round, Term.position)
    )


def draft_of(term: Term, vault: Vault, key: DataKey) -> TermDraft:
    """The term as it was written."""
    detail = vault.open(key, term.detail_sealed, SEAL_DETAIL) if term.detail_sealed else ""
    return TermDraft(term.kind, term.amount, term.method, term.due_days, term.freight, detail)


def pending_of(rounds: Sequence[Kept]) -> Kept | None:
    """The round that waits for an answer; the database allows one at most."""
    return next((one for one in rounds if one.offer.answer is Answer.PENDING), None)


@dataclass(frozen=True, slots=True)
class NewRound:
    """What a side puts forward, found to be allowed."""

    side: Side
    number: int
    terms: tuple[TermDraft, ...]
    message: str
    made_by: str
    visible_at: datetime
    expires_at: datetime


def add_round(session: Session, case: Case, key: DataKey, new: NewRound, *, now: datetime) -> Offer:
    """Store a round and its terms; the case's former round must not be pending any more."""
    vault = vault_of(session)
    terms = rules.in_order(new.terms)
    offer = Offer(
        case_id=case.id,
        round=new.number,
        side=new.side,
        outlay=rules.outlay(terms),
        message_sealed=vault.seal(key, new.message, SEAL_MESSAGE) if new.message else None,
        digest=rules.offer_digest(case.reference, new.number, terms),
        made_at=now,
        made_by=new.made_by,
        visible_at=new.visible_at,
        expires_at=new.expires_at,
    )
    session.add(offer)
    session.flush()
    for position, term in enumerate(terms):
        session.add(
            Term(
                offer_id=offer.id,
                position=position,
                kind=term.kind,
                amount=term.amount,
                method=term.method,
                due_days=term.due_days,
                freight=term.freight,
                detail_sealed=vault.seal(key, term.detail, SEAL_DETAIL) if term.detail else None,
            )
        )
    session.flush()
    return offer


def seal_reason(session: Session, key: DataKey, reason: str) -> bytes | None:
    """Seal the words with which a round was refused."""
    words = reason.strip()
    return vault_of(session).seal(key, words, SEAL_REASON) if words else None
