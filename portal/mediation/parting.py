"""Officers part a joined filing from its case, as long as no offer was answered (decisions 9)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.cases import access
from portal.cases.models import Case
from portal.cases.rules import PartingReason
from portal.cases.wording import SOURCE_NAMES, full_time
from portal.core.actor import Actor
from portal.core.errors import RuleBroken
from portal.core.permissions import Permission, require
from portal.intake import parting, rules
from portal.intake.models import Filing
from portal.intake.parting import Parting
from portal.intake.states import ADMIN_STATE_NAMES
from portal.settlements.models import Answer, Offer

ANSWERS = (Answer.ACCEPTED, Answer.REFUSED, Answer.COUNTERED)  # given by a person; expiry and undoing are none


@dataclass(frozen=True, slots=True)
class PartFiling:
    """A filing, named by source and number, that does not belong to the case of this reference."""

    reference: str
    source: str
    number: str
    reason: PartingReason
    dispatched: bool  # to the same merchant, its limit afresh; else it waits for triage


def part_filing(session: Session, actor: Actor, command: PartFiling, *, now: datetime) -> Case:
    """Make a case of its own of a joined filing; returns the new case.

    Refuses with RuleBroken a case with one filing, one of which an offer was answered or the negotiation has ended,
    a decided filing (field "filing"), and a merchant that may not have it (field "then").
    """
    case = access.locked(session, actor, command.reference)
    require(actor, Permission.FILING_ROUTE, case)
    if objection := objection_to_parting(session, case):
        raise RuleBroken(objection)
    filing = parting.filing_to_part(session, case, command.source, command.number)
    session.refresh(case, ["key"])
    return parting.part(session, actor, Parting(case, filing, command.reason, command.dispatched), now=now)


def objection_to_parting(session: Session, case: Case) -> str | None:
    """Say why no filing may leave this case, or None."""
    numbers = session.scalars(select(Filing.id).where(Filing.case_id == case.id).limit(2)).all()
    answered = session.scalar(select(exists().where(Offer.case_id == case.id, Offer.answer.in_(ANSWERS))))
    return rules.objection_to_parting(
        case.state, filings=len(numbers), answered=bool(answered), failed_before=case.cause is not None
    )


@dataclass(frozen=True, slots=True)
class PartingView:
    """The question before a filing is parted."""

    case: Case
    merchant: str
    objection: str
    filings: tuple[tuple[str, str, str], ...]  # value, label, when and where it stands


def parting_view(session: Session, actor: Actor, reference: str) -> PartingView:
    """Read what may be parted from a case of the jurisdiction; raises NotFound for strangers."""
    case = access.fetched(session, actor, reference)
    filings = session.scalars(
        select(Filing).where(Filing.case_id == case.id).order_by(Filing.registered_at, Filing.id)
    ).all()
    return PartingView(
        case=case,
        merchant=_merchant(session, case),
        objection=objection_to_parting(session, case) or "",
        filings=tuple(
            (
                f"{one.source} {one.number}",
                f"{SOURCE_NAMES.get(one.source, one.source)} {one.number}",
                f"{full_time(one.registered_at)} · {one.company_name} · {ADMIN_STATE_NAMES[one.admin_state]}",
            )
            for one in filings
        ),
    )


def _merchant(session: Session, case: Case) -> str:
    if case.merchant_id is None:
        return ""
    return session.scalars(select(Organisation.name).where(Organisation.id == case.merchant_id)).one()
