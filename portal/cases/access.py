"""Which cases an actor may see: one pair of predicates that agree, and the two ways to fetch one."""

from sqlalchemy import ColumnElement, false, select, true
from sqlalchemy.orm import Session, joinedload

from portal.cases.models import Case
from portal.core.actor import Actor, ActorKind
from portal.core.errors import NotFound

MISSING = "没有这件纠纷，或者它不归你的单位办理。"


def may_see(actor: Actor, case: Case) -> bool:
    """Say whether the actor may see this case; the twin of `visible_to`."""
    match actor.kind:
        case ActorKind.MERCHANT:
            return case.merchant_id is not None and case.merchant_id == actor.organisation_id
        case ActorKind.AUTHORITY:
            return case.authority_id in actor.jurisdiction
        case ActorKind.CONSUMER:
            return case.id == actor.case_id
        case ActorKind.OPERATOR | ActorKind.SYSTEM:
            return True
        case _:
            return False


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The condition under which a row is the actor's to see; every list of cases carries it."""
    match actor.kind:
        case ActorKind.MERCHANT:
            # without this guard `= NULL` becomes IS NULL and shows what waits for a merchant
            return false() if actor.organisation_id is None else Case.merchant_id == actor.organisation_id
        case ActorKind.AUTHORITY:
            ids = sorted(actor.jurisdiction)
            if not ids:
                return false()
            return Case.authority_id == ids[0] if len(ids) == 1 else Case.authority_id.in_(ids)
        case ActorKind.CONSUMER:
            return Case.id == actor.case_id
        case ActorKind.OPERATOR | ActorKind.SYSTEM:
            return true()
        case _:
            return false()


def fetched(session: Session, actor: Actor, reference: str) -> Case:
    """The case of this reference with merchant, authority, assignee and key, to look at; raises NotFound for strangers."""
    row = session.scalars(
        select(Case)
        .where(Case.reference == reference, visible_to(actor))
        .options(
            joinedload(Case.merchant),
            joinedload(Case.authority),
            joinedload(Case.assignee),
            joinedload(Case.outlet),
            joinedload(Case.raised_person),
            joinedload(Case.key),
        )
    ).first()
    if row is None:
        raise NotFound(MISSING)
    return row


def locked(session: Session, actor: Actor, reference: str) -> Case:
    """The case of this reference, locked for an action; raises NotFound for strangers."""
    row = session.scalars(select(Case).where(Case.reference == reference, visible_to(actor)).with_for_update()).first()
    if row is None:
        raise NotFound(MISSING)
    return row


def locked_by_id(session: Session, actor: Actor, case_id: int) -> Case:
    """The case of this key, locked for an action; raises NotFound for strangers."""
    row = session.scalars(select(Case).where(Case.id == case_id, visible_to(actor)).with_for_update()).first()
    if row is None:
        raise NotFound(MISSING)
    return row
