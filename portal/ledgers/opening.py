"""Opening a merchant's ledger with a reason, and whose thirty minutes are running (decisions 19)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.core.access import AccessGrant, grant_reading
from portal.core.actor import Actor, ActorKind
from portal.core.errors import NotAllowed, NotFound, RuleBroken
from portal.core.facts import SubjectKind
from portal.core.permissions import REFUSAL, Permission, require
from portal.enrolment.models import Merchant
from portal.enrolment.queries import NO_MERCHANT, visible_to
from portal.enrolment.rules import code_of
from portal.ledgers.models import Ledger
from portal.ledgers.rules.disclosure import OpeningReason, weightiest

CLOSED = "本台账没有打开，或者 30 分钟已过。请选择查阅理由重新打开。"


class LedgerClosed(NotAllowed):
    """A regulator's GET without a grant: the page asks for the reason first."""


@dataclass(frozen=True, slots=True)
class Firm:
    """Whose ledger it is."""

    id: int
    code: str
    name: str
    authority_id: int
    ledger_id: int | None  # None before the first entry

    @property
    def merchant_id(self) -> int:
        """Its own id, as the access table asks for it."""
        return self.id


@dataclass(frozen=True, slots=True)
class Standing:
    """Until when the actor may read a ledger, and under which reason its reads are kept."""

    until: datetime
    reason: OpeningReason


def firm_of(session: Session, actor: Actor, code: str) -> Firm:
    """The merchant of this code in what the actor may see; raises NotFound for strangers."""
    return _firm(session, actor, Organisation.code == code_of(code))


def own_firm(session: Session, actor: Actor) -> Firm:
    """The actor's own merchant."""
    return _firm(session, actor, Merchant.id == actor.organisation_id)


def own_book(actor: Actor) -> Firm:
    """The actor's own merchant as far as the actor itself says, for a list that reads the ledger anyway."""
    if actor.kind is not ActorKind.MERCHANT or actor.organisation_id is None:
        raise NotFound(NO_MERCHANT)
    return Firm(actor.organisation_id, "", actor.organisation_name, 0, None)


def _firm(session: Session, actor: Actor, condition: ColumnElement[bool]) -> Firm:
    row = session.execute(
        select(Merchant.id, Organisation.code, Organisation.name, Merchant.authority_id, Ledger.id)
        .join(Merchant.organisation)
        .outerjoin(Ledger, Ledger.merchant_id == Merchant.id)
        .where(condition, visible_to(actor))
    ).first()
    if row is None:
        raise NotFound(NO_MERCHANT)
    return Firm(*row)


@dataclass(frozen=True, slots=True)
class OpenLedger:
    """Read a merchant's ledger for thirty minutes, for a reason of the list."""

    code: str
    reason: OpeningReason


def open_ledger(session: Session, actor: Actor, command: OpenLedger, *, now: datetime) -> AccessGrant:
    """Open a ledger of the jurisdiction to the actor, recorded with the reason."""
    firm = firm_of(session, actor, command.code)
    if actor.kind is not ActorKind.AUTHORITY:
        raise NotAllowed(REFUSAL)
    require(actor, Permission.LEDGER_READ, firm)
    if firm.ledger_id is None:
        raise RuleBroken(f"{firm.name}还没有登记过台账，没有可以查阅的内容。", field="reason")
    return grant_reading(session, actor, SubjectKind.LEDGER, firm.ledger_id, reason=command.reason.value, now=now)


def standing(session: Session, actor: Actor, firm: Firm, *, now: datetime) -> Standing | None:
    """The grants in force: until the last ends; a reason that is held back outweighs the others."""
    if actor.person_id is None or firm.ledger_id is None:
        return None
    rows = session.execute(
        select(AccessGrant.expires_at, AccessGrant.reason)
        .where(
            AccessGrant.person_id == actor.person_id,
            AccessGrant.subject_kind == SubjectKind.LEDGER,
            AccessGrant.subject_id == firm.ledger_id,
            AccessGrant.expires_at > now,
        )
        .order_by(AccessGrant.expires_at.desc(), AccessGrant.id.desc())
    ).all()
    if not rows:
        return None
    return Standing(rows[0].expires_at, weightiest([OpeningReason(row.reason) for row in rows]))


def opened_firm(session: Session, actor: Actor, code: str, *, now: datetime) -> tuple[Firm, Standing]:
    """A firm whose ledger the actor has open; raises LedgerClosed without a grant, NotFound for strangers."""
    firm = firm_of(session, actor, code)
    held = standing(session, actor, firm, now=now)
    if held is None:
        raise LedgerClosed(CLOSED)
    return firm, held
