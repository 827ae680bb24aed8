"""Telling invited merchants of a training, of a new day or place, and that it is called off."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.core.facts import Fact, Topic
from portal.notifications import rules
from portal.notifications.drafting import draft_for_desks
from portal.notifications.models import RecipientKind
from portal.notifications.templates import TemplateCode
from portal.training.models import Training, TrainingInvitation

TEMPLATES = {
    Topic.TRAINING_RECORDED: TemplateCode.STAFF_TRAINING,
    Topic.TRAINING_CHANGED: TemplateCode.STAFF_TRAINING_MOVED,
    Topic.TRAINING_CANCELLED: TemplateCode.STAFF_TRAINING_OFF,
}


def tell_invited(session: Session, fact: Fact, *, now: datetime) -> None:
    """Put a training on the desks of those it invites; of a change only where day or place moved before it was held."""
    if fact.topic is Topic.TRAINING_CHANGED and not fact.detail["moved"]:
        return
    training = session.get_one(Training, fact.subject_id)
    invited = select(TrainingInvitation.merchant_id).where(TrainingInvitation.training_id == training.id)
    draft_for_desks(
        session,
        fact,
        TEMPLATES[fact.topic],
        RecipientKind.MERCHANT,
        session.scalars(invited.order_by(TrainingInvitation.merchant_id)).all(),
        now=now,
        parameters={
            "title": training.title,
            "day": rules.day_words(training.held_on),
            "place": training.place,
            "path": f"/merchant/trainings/{training.reference}",
        },
    )
