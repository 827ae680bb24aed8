"""Who sees what an authority keeps for itself: its own people and those above it, never a merchant, never a council."""

from typing import Protocol

from sqlalchemy import ColumnElement, false, true
from sqlalchemy.orm import InstrumentedAttribute

from portal.core.actor import Actor, ActorKind


class OwnRecord(Protocol):
    """Anything that lies with one authority."""

    @property
    def authority_id(self) -> int:
        """The organisation that keeps it."""


def may_see_own(actor: Actor, row: OwnRecord) -> bool:
    """Say whether the actor may look at a record; the twin of `own_to`."""
    match actor.kind:
        case ActorKind.AUTHORITY:
            return not actor.is_council and row.authority_id in actor.jurisdiction
        case ActorKind.OPERATOR | ActorKind.SYSTEM:
            return True
        case _:
            return False


def own_to(actor: Actor, authority_id: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """The condition under which a record of this column's authority is the actor's to see."""
    match actor.kind:
        case ActorKind.AUTHORITY:
            return false() if actor.is_council else authority_id.in_(sorted(actor.jurisdiction))
        case ActorKind.OPERATOR | ActorKind.SYSTEM:
            return true()
        case _:
            return false()
