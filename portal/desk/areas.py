"""The areas of a jurisdiction that an officer can narrow a page to."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.cases.access import visible_to
from portal.cases.models import Case
from portal.core.actor import Actor
from portal.indicators.queries import Reach


@dataclass(frozen=True, slots=True)
class Area:
    """One authority of the jurisdiction, with the ids of all below it."""

    id: int
    code: str
    name: str
    below: frozenset[int]


def choices(session: Session, actor: Actor) -> list[Area]:
    """The authorities of the actor's jurisdiction except the actor's own, by code."""
    rows = session.execute(
        select(Organisation.id, Organisation.code, Organisation.name, Organisation.path)
        .where(Organisation.id.in_(actor.jurisdiction))
        .order_by(Organisation.code)
    ).all()
    return [
        Area(row.id, row.code, row.name, frozenset(one.id for one in rows if one.path.startswith(row.path)))
        for row in rows
        if row.id != actor.organisation_id
    ]


def chosen(areas: Sequence[Area], code: str) -> Area | None:
    """The area with this code, None for all or for a code outside the jurisdiction."""
    return next((area for area in areas if area.code == code), None)


def scope(actor: Actor, area: Area | None) -> ColumnElement[bool]:
    """The condition of the cases that the actor may see, narrowed to an area."""
    if area is None:
        return visible_to(actor)
    return visible_to(actor) & Case.authority_id.in_(sorted(area.below))


def reach(actor: Actor, area: Area | None) -> Reach:
    """The same cases as `scope`, as the rollups know them."""
    if area is None:
        return Reach(tuple(sorted(actor.jurisdiction)), actor.organisation_id)
    return Reach(tuple(sorted(area.below)), area.id)
