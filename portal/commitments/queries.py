"""Promises as others read them: whose they are, every version's words, and who may see what."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import fields
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, false, or_, select, true
from sqlalchemy.orm import Session, contains_eager

from portal.clocks.rules import local_day
from portal.commitments.models import (
    PromiseExclusion,
    PromiseOutlet,
    PromiseScope,
    PromiseShop,
    PromiseVersion,
    Promisor,
)
from portal.commitments.rules.matching import split_goods
from portal.commitments.rules.states import EVER_HELD
from portal.commitments.rules.terms import Exclusion, Place, Scope, Shop, Terms
from portal.core.actor import Actor, ActorKind
from portal.core.errors import NotFound

MISSING = "没有这份承诺，或者它不归你的单位办理。"
Part = TypeVar("Part", PromiseScope, PromiseExclusion, PromiseOutlet, PromiseShop)


def promisor_by_slug(session: Session, slug: str) -> Promisor | None:
    """Whose public page this is; None for an unknown one."""
    return session.scalars(select(Promisor).where(Promisor.slug == slug)).first()


def promisor_of(session: Session, merchant_id: int) -> Promisor | None:
    """The promisor that a merchant is; None where it never wrote a promise."""
    return session.scalars(select(Promisor).where(Promisor.merchant_id == merchant_id)).first()


def history_of(session: Session, promisor_id: int) -> tuple[Terms, ...]:
    """Every version that ever took effect, oldest first; five statements."""
    query = (
        select(PromiseVersion)
        .where(
            PromiseVersion.promisor_id == promisor_id,
            PromiseVersion.state.in_(EVER_HELD),
            PromiseVersion.first_on.is_not(None),
        )
        .order_by(PromiseVersion.first_on, PromiseVersion.number)
    )
    return terms_of_all(session, session.scalars(query).all())


def terms_of(session: Session, version_id: int) -> Terms:
    """One version's words, whatever its state; a wished first day stands for one that is not set yet."""
    return terms_of_all(session, [session.get_one(PromiseVersion, version_id)])[0]


def terms_of_all(session: Session, versions: Sequence[PromiseVersion]) -> tuple[Terms, ...]:
    """The words of several versions, in their order; four statements for all of them."""
    ids = [version.id for version in versions]
    scopes = _parts(session, PromiseScope, ids)
    exclusions = _parts(session, PromiseExclusion, ids)
    outlets = _parts(session, PromiseOutlet, ids)
    shops = _parts(session, PromiseShop, ids)
    return tuple(
        _terms(version, scopes[version.id], exclusions[version.id], outlets[version.id], shops[version.id])
        for version in versions
    )


def may_see(actor: Actor, promisor: Promisor) -> bool:
    """Say whether the actor may see the promisor's drafts and reviews; the twin of `visible_to`."""
    match actor.kind:
        case ActorKind.MERCHANT:
            return promisor.merchant_id is not None and promisor.merchant_id == actor.organisation_id
        case ActorKind.AUTHORITY:
            return promisor.authority_id in actor.jurisdiction or promisor.council_id in actor.jurisdiction
        case ActorKind.OPERATOR | ActorKind.SYSTEM:
            return True
        case _:
            return False


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The condition under which a promisor's drafts and reviews are the actor's to see."""
    match actor.kind:
        case ActorKind.MERCHANT:
            return false() if actor.organisation_id is None else Promisor.merchant_id == actor.organisation_id
        case ActorKind.AUTHORITY:
            jurisdiction = sorted(actor.jurisdiction)
            return or_(Promisor.authority_id.in_(jurisdiction), Promisor.council_id.in_(jurisdiction))
        case ActorKind.OPERATOR | ActorKind.SYSTEM:
            return true()
        case _:
            return false()


def seen_version(session: Session, actor: Actor, reference: str) -> PromiseVersion:
    """The version of this reference with its promisor loaded; raises NotFound for strangers."""
    return _one(session, _by_reference(actor, reference))


def locked_version(session: Session, actor: Actor, reference: str) -> PromiseVersion:
    """The same, locked together with its promisor for an action."""
    return _one(session, _by_reference(actor, reference).with_for_update())


def _by_reference(actor: Actor, reference: str) -> Select[PromiseVersion]:
    return (
        select(PromiseVersion)
        .join(PromiseVersion.promisor)
        .where(PromiseVersion.reference == reference, visible_to(actor))
        .options(contains_eager(PromiseVersion.promisor))
    )


def _one(session: Session, query: Select[PromiseVersion]) -> PromiseVersion:
    version = session.scalars(query).first()
    if version is None:
        raise NotFound(MISSING)
    return version


def _parts(session: Session, model: type[Part], ids: Sequence[int]) -> dict[int, list[Part]]:
    found: dict[int, list[Part]] = defaultdict(list)
    if ids:
        query = select(model).where(model.version_id.in_(ids)).order_by(model.version_id, model.position, model.id)
        for row in session.scalars(query):
            found[row.version_id].append(row)
    return found


def _terms(
    version: PromiseVersion,
    scopes: Sequence[PromiseScope],
    exclusions: Sequence[PromiseExclusion],
    outlets: Sequence[PromiseOutlet],
    shops: Sequence[PromiseShop],
) -> Terms:
    plain = {name: getattr(version, name) for name in _PLAIN}
    plain["first_on"] = version.first_on or local_day(version.created_at)
    return Terms(
        version_id=version.id,
        scopes=tuple(Scope(row.way, row.category, split_goods(row.goods), row.days) for row in scopes),
        exclusions=tuple(_exclusion(row) for row in exclusions),
        places=tuple(Place(row.outlet_id, row.name, row.address, row.district) for row in outlets),
        shops=tuple(Shop(row.platform, row.name, row.url) for row in shops),
        **plain,
    )


def _exclusion(row: PromiseExclusion) -> Exclusion:
    return Exclusion(
        row.id, row.way, row.code, row.text, row.basis_kind, row.basis, row.category, split_goods(row.goods)
    )


_OWN = {"version_id", "scopes", "exclusions", "places", "shops"}
_PLAIN = tuple(field.name for field in fields(Terms) if field.name not in _OWN)
