"""Visits as people look at them."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.core.actor import Actor
from portal.core.privacy import DataKey
from portal.supervision import visits
from portal.supervision.visit_models import MysteryVisit, SupervisionFile


def file_of(session: Session, actor: Actor, reference: str) -> tuple[SupervisionFile, DataKey] | None:
    """A file of a visit, for who may see the visit; None for anyone else."""
    row = session.execute(
        select(SupervisionFile, DataKey)
        .join(MysteryVisit, MysteryVisit.id == SupervisionFile.visit_id)
        .join(DataKey, DataKey.id == MysteryVisit.key_id)
        .where(SupervisionFile.reference == reference, visits.visible_to(actor))
    ).first()
    return (row[0], row[1]) if row else None
