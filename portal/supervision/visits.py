"""Mystery visits: planned, made, released to the merchant, put right, checked again."""

from sqlalchemy import ColumnElement, false, true

from portal.core.actor import Actor, ActorKind
from portal.supervision.visit_models import MysteryVisit


def may_see(actor: Actor, row: MysteryVisit) -> bool:
    """Say whether the actor may look at a visit; the twin of `visible_to`. The merchant only once it was released."""
    match actor.kind:
        case ActorKind.MERCHANT:
            return row.released_at is not None and row.merchant_id == actor.organisation_id
        case ActorKind.AUTHORITY:
            return not actor.is_council and row.authority_id in actor.jurisdiction
        case ActorKind.OPERATOR | ActorKind.SYSTEM:
            return True
        case _:
            return False


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The condition under which a visit is the actor's to see."""
    match actor.kind:
        case ActorKind.MERCHANT:
            if actor.organisation_id is None:
                return false()
            return MysteryVisit.released_at.is_not(None) & (MysteryVisit.merchant_id == actor.organisation_id)
        case ActorKind.AUTHORITY:
            return false() if actor.is_council else MysteryVisit.authority_id.in_(sorted(actor.jurisdiction))
        case ActorKind.OPERATOR | ActorKind.SYSTEM:
            return true()
        case _:
            return false()
