"""Which trainings an actor may see: one pair of predicates that agree, and how one is fetched."""

from sqlalchemy import ColumnElement, exists, false, select, true
from sqlalchemy.orm import Session, aliased

from portal.accounts.models import Organisation
from portal.core.actor import Actor, ActorKind
from portal.core.errors import NotFound
from portal.enrolment.models import Merchant
from portal.training.models import Training, TrainingInvitation

MISSING = "没有这次培训，或者它与你的单位无关。"
NOT_INVITED = "这家企业不在这次培训的通知范围里。"

Asked = aliased(TrainingInvitation, name="asked")  # apart from the invitation that a statement may itself look at


def may_see(actor: Actor, training: Training, invited: frozenset[int]) -> bool:
    """Say whether the actor may see a training that invited these merchants; the twin of `visible_to`."""
    match actor.kind:
        case ActorKind.MERCHANT:
            return actor.organisation_id in invited
        case ActorKind.AUTHORITY:
            return training.authority_id in actor.jurisdiction
        case ActorKind.OPERATOR | ActorKind.SYSTEM:
            return True
        case _:
            return False


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The condition under which a training is the actor's to see: held in its jurisdiction, or it was invited."""
    match actor.kind:
        case ActorKind.MERCHANT:
            return exists().where(Asked.training_id == Training.id, Asked.merchant_id == actor.organisation_id)
        case ActorKind.AUTHORITY:
            return Training.authority_id.in_(sorted(actor.jurisdiction))
        case ActorKind.OPERATOR | ActorKind.SYSTEM:
            return true()
        case _:
            return false()


def locked(session: Session, actor: Actor, reference: str) -> Training:
    """The training of this reference, locked for an action; raises NotFound for strangers."""
    query = select(Training).where(Training.reference == reference, visible_to(actor)).with_for_update()
    row = session.scalars(query).first()
    if row is None:
        raise NotFound(MISSING)
    return row


def locked_invitation(session: Session, training: Training, code: str) -> TrainingInvitation:
    """A merchant's invitation to a training, locked; raises NotFound where it was not invited."""
    row = session.scalars(
        select(TrainingInvitation)
        .join(Merchant, Merchant.id == TrainingInvitation.merchant_id)
        .join(Organisation, Organisation.id == Merchant.id)
        .where(TrainingInvitation.training_id == training.id, Organisation.code == code.strip().upper())
        .with_for_update(of=TrainingInvitation)
    ).first()
    if row is None:
        raise NotFound(NOT_INVITED)
    return row


def area_of(actor: Actor) -> ColumnElement[bool]:
    """The merchants of an authority's own area, without those that exist for practice only."""
    return Merchant.authority_id.in_(sorted(actor.jurisdiction)) & Merchant.practice_of_id.is_(None)
