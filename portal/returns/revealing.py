"""A clerk reads a consumer's name and phone to reach him; every time is recorded (decisions 19)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.core.access import AccessGrant, grant_reading
from portal.core.actor import Actor
from portal.core.facts import SubjectKind
from portal.core.permissions import Permission, require
from portal.returns.access import locked

REASON = "contact"  # 联系消费者


@dataclass(frozen=True, slots=True)
class Reveal:
    """Which request."""

    reference: str


def reveal_contact(session: Session, actor: Actor, command: Reveal, *, now: datetime) -> AccessGrant:
    """Let the merchant's clerk read name and phone for thirty minutes; an authority sees the mask only."""
    request = locked(session, actor, command.reference)
    require(actor, Permission.RETURN_ANSWER, request)
    return grant_reading(session, actor, SubjectKind.RETURN, request.id, reason=REASON, now=now)
