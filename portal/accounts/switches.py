"""What an authority may switch for its cases."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.authorities import KINDS
from portal.accounts.models import Organisation
from portal.core import facts
from portal.core.actor import Actor
from portal.core.errors import NotFound
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require


@dataclass(frozen=True, slots=True)
class SwitchOdr:
    """Whether merchants negotiate before the authority of this code decides on 受理; those below follow."""

    code: str
    before_acceptance: bool


def switch_odr(session: Session, actor: Actor, command: SwitchOdr, *, now: datetime) -> bool:
    """Set the switch `odr_before_acceptance` (decisions 2); say whether it changed. Cases dispatched before keep theirs."""
    require(actor, Permission.AUTHORITY_IMPORT, None)
    authority = session.scalars(
        select(Organisation).where(Organisation.code == command.code, Organisation.kind.in_(KINDS)).with_for_update()
    ).first()
    if authority is None:
        raise NotFound(f"没有代码为 {command.code} 的监管部门。")
    if authority.odr_before_acceptance is command.before_acceptance:
        return False
    authority.odr_before_acceptance = command.before_acceptance
    facts.record(
        session,
        actor,
        Topic.AUTHORITY_CHANGED,
        SubjectKind.ORGANISATION,
        authority.id,
        at=now,
        odr_before_acceptance=command.before_acceptance,
    )
    return True
