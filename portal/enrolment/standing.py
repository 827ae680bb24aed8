"""How current a merchant's data are: its yearly confirmation, its licence, what it proposed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.clocks.queries import almanac
from portal.clocks.rules import local_day
from portal.enrolment.application_models import MerchantProposal, ProposalState
from portal.enrolment.keeping import FIELDS
from portal.enrolment.models import Merchant
from portal.enrolment.upkeep import confirm_on, confirmation_before

SHOWN = 5  # proposals on a page
PROPOSAL_STATES = {  # label, tone
    ProposalState.WAITING: ("待核准", "ours"),
    ProposalState.APPROVED: ("已核准", "good"),
    ProposalState.REJECTED: ("未核准", "bad"),
    ProposalState.WITHDRAWN: ("已撤回", "theirs"),
}


@dataclass(frozen=True, slots=True)
class ProposalLine:
    """A proposal as pages show it."""

    reference: str
    at: datetime
    proposer: str
    note: str
    changes: Sequence[tuple[str, str]]
    waiting: bool
    label: str
    tone: str
    reason: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How current the data are, in words with a tone."""

    confirm_on: date
    confirm_words: str
    confirm_tone: str
    licence_words: str
    licence_tone: str
    proposals: Sequence[ProposalLine]

    @property
    def waiting(self) -> ProposalLine | None:
        """The proposal that waits for the authority."""
        return next((one for one in self.proposals if one.waiting), None)


def standing_of(session: Session, merchant: Merchant, *, now: datetime) -> Standing:
    """How current a merchant's data are, for someone who was found to see the merchant."""
    today, book = local_day(now), almanac(session)
    on = confirm_on(session, merchant, now=now)
    words, tone = _until(on, today, today + timedelta(days=book.amount("data_ahead", today)))
    licence, licence_tone = "没有登记有效期，或长期有效", ""
    if merchant.licence_until_on is not None:
        ahead = today + timedelta(days=book.amount("licence_ahead", today))
        licence, licence_tone = _until(merchant.licence_until_on, today, ahead)
    return Standing(on, words, tone, licence, licence_tone, _proposals(session, merchant))


def due_filter(session: Session, due: str, *, now: datetime) -> dict[str, Any]:
    """What `MerchantFilter` is narrowed to by the word in the address; an unknown word narrows nothing."""
    if due == "confirm":
        return {"confirmed_before": confirmation_before(session, now=now)}
    if due == "licence":
        today = local_day(now)
        return {"licence_until": today + timedelta(days=almanac(session).amount("licence_ahead", today))}
    return {}


def _until(on: date, today: date, ahead: date) -> tuple[str, str]:
    if on < today:
        return f"{on.isoformat()} 已过期", "bad"
    return (f"{on.isoformat()} 前", "near") if on <= ahead else (f"{on.isoformat()} 前", "")


def _proposals(session: Session, merchant: Merchant) -> list[ProposalLine]:
    rows = session.scalars(
        select(MerchantProposal)
        .where(MerchantProposal.merchant_id == merchant.id)
        .order_by(MerchantProposal.id.desc())
        .limit(SHOWN)
    )
    return [
        ProposalLine(
            reference=row.reference,
            at=row.at,
            proposer=row.proposer,
            note=row.note,
            changes=[(FIELDS.get(field, field), value or "长期或未登记") for field, value in row.changes.items()],
            waiting=row.state is ProposalState.WAITING,
            label=PROPOSAL_STATES[row.state][0],
            tone=PROPOSAL_STATES[row.state][1],
            reason=row.reason,
        )
        for row in rows
    ]
