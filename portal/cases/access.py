"""Which cases an actor may see: one pair of predicates that agree, and the two ways to fetch one."""

from collections.abc import Callable
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, false, select, true
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


class Sight(StrEnum):
    """How far an actor sees: what the condition of `visible_to` is made of, without its values."""

    MERCHANT = "merchant"
    AUTHORITY = "authority"
    AUTHORITIES = "authorities"
    CASE = "case"
    ALL = "all"
    NOTHING = "nothing"


def sight_of(actor: Actor) -> Sight:
    """How far the actor sees."""
    match actor.kind:
        case ActorKind.MERCHANT:
            # without this guard `= NULL` becomes IS NULL and shows what waits for a merchant
            return Sight.NOTHING if actor.organisation_id is None else Sight.MERCHANT
        case ActorKind.AUTHORITY:
            below = len(actor.jurisdiction)
            return Sight.NOTHING if not below else Sight.AUTHORITY if below == 1 else Sight.AUTHORITIES
        case ActorKind.CONSUMER:
            return Sight.CASE
        case ActorKind.OPERATOR | ActorKind.SYSTEM:
            return Sight.ALL
        case _:
            return Sight.NOTHING


def sight_values(actor: Actor) -> dict[str, Any]:
    """The values of the condition of the actor's sight, by the names of `visible`."""
    match sight_of(actor):
        case Sight.MERCHANT:
            return {"own_merchant": actor.organisation_id}
        case Sight.AUTHORITY:
            return {"own_authority": next(iter(actor.jurisdiction))}
        case Sight.AUTHORITIES:
            return {"own_authorities": sorted(actor.jurisdiction)}
        case Sight.CASE:
            return {"own_case": actor.case_id}
        case _:
            return {}


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The condition under which a row is the actor's to see; every list of cases carries it."""
    return visible(sight_of(actor), sight_values(actor).__getitem__)


def visible(sight: Sight, value: Callable[[str], Any] = bindparam) -> ColumnElement[bool]:
    """The same condition over parameters, for statements that are made once and filled with `sight_values`."""
    match sight:
        case Sight.MERCHANT:
            return Case.merchant_id == value("own_merchant")
        case Sight.AUTHORITY:
            return Case.authority_id == value("own_authority")
        case Sight.AUTHORITIES:
            return Case.authority_id.in_(value("own_authorities"))
        case Sight.CASE:
            return Case.id == value("own_case")
        case Sight.ALL:
            return true()
        case Sight.NOTHING:
            return false()


def fetched(session: Session, actor: Actor, reference: str) -> Case:
    """The case of this reference with merchant, authority, assignee and key, to look at; raises NotFound for strangers."""
    values = {"reference": reference, **sight_values(actor)}
    if (row := session.scalars(_looking(sight_of(actor)), values).first()) is None:
        raise NotFound(MISSING)
    return row


@cache
def _looking(sight: Sight) -> Select[Case]:
    return (
        select(Case)
        .where(Case.reference == bindparam("reference"), visible(sight))
        .options(
            joinedload(Case.merchant),
            joinedload(Case.authority),
            joinedload(Case.assignee),
            joinedload(Case.outlet),
            joinedload(Case.raised_person),
            joinedload(Case.key),
        )
    )


def locked(session: Session, actor: Actor, reference: str) -> Case:
    """The case of this reference, locked for an action; raises NotFound for strangers."""
    values = {"reference": reference, **sight_values(actor)}
    if (row := session.scalars(_locking(sight_of(actor)), values).first()) is None:
        raise NotFound(MISSING)
    return row


@cache
def _locking(sight: Sight) -> Select[Case]:
    return select(Case).where(Case.reference == bindparam("reference"), visible(sight)).with_for_update()


def locked_by_id(session: Session, actor: Actor, case_id: int) -> Case:
    """The case of this key, locked for an action; raises NotFound for strangers."""
    row = session.scalars(select(Case).where(Case.id == case_id, visible_to(actor)).with_for_update()).first()
    if row is None:
        raise NotFound(MISSING)
    return row
