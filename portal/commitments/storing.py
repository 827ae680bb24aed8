"""Rows of promises from plain values and back: who promises, one version, and everything it says."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TypeVar

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.commitments.models import (
    PromiseExclusion,
    PromiseOutlet,
    PromiseScope,
    PromiseShop,
    PromiseVersion,
    Promisor,
)
from portal.commitments.rules import Origin, PromiseState
from portal.commitments.rules.body import COLUMNS, ExclusionRow, OutletRow, PromiseBody, ScopeRow, ShopRow
from portal.enrolment.models import Merchant
from portal.enrolment.rules import slug_of

REFERENCE_BYTES = 12  # 24 hexadecimal characters
Part = TypeVar("Part", PromiseScope, PromiseExclusion, PromiseOutlet, PromiseShop)
PARTS = (PromiseScope, PromiseExclusion, PromiseOutlet, PromiseShop)


def promisor_for(session: Session, merchant: Merchant, *, now: datetime) -> Promisor:
    """The promisor that a merchant is, made at first use; one that a list brought in is taken over by its code."""
    organisation = session.get_one(Organisation, merchant.id)
    found = session.scalars(select(Promisor).where(Promisor.code == organisation.code)).first()
    if found is None:
        found = Promisor(code=organisation.code, slug=slug_of(organisation.code), association=None, created_at=now)
        session.add(found)
    found.merchant_id, found.authority_id = merchant.id, merchant.authority_id
    found.name, found.normalised_name, found.phone = organisation.name, merchant.normalised_name, merchant.phone
    session.flush()
    return found


def new_version(
    session: Session, promisor: Promisor, body: PromiseBody, *, now: datetime, origin: Origin = Origin.MERCHANT
) -> PromiseVersion:
    """Add a draft with the next number."""
    last = session.scalars(select(func.max(PromiseVersion.number)).where(PromiseVersion.promisor_id == promisor.id))
    version = PromiseVersion(
        reference=secrets.token_hex(REFERENCE_BYTES),
        promisor_id=promisor.id,
        promisor=promisor,
        number=(last.one() or 0) + 1,
        state=PromiseState.DRAFT,
        origin=origin,
        programme={},
        created_at=now,
    )
    store_columns(version, body)
    session.add(version)
    session.flush()
    add_parts(session, version, body)
    return version


def store_body(session: Session, version: PromiseVersion, body: PromiseBody) -> None:
    """Put other words into a version that is not submitted yet."""
    store_columns(version, body)
    for part in PARTS:
        session.execute(delete(part).where(part.version_id == version.id))
    add_parts(session, version, body)


def store_columns(version: PromiseVersion, body: PromiseBody) -> None:
    """Put the body's plain columns into the row."""
    for name in COLUMNS:
        setattr(version, name, getattr(body, name))


def body_of(session: Session, version: PromiseVersion, *, only: Collection[str] | None = None) -> PromiseBody:
    """What a version says, ready for a form, a copy or a comparison; a statement for each of its four lists.

    `only` names the lists that are wanted; the others stay empty.
    """
    wanted = {"scopes", "exclusions", "outlets", "shops"} if only is None else set(only)
    scopes = _rows(session, PromiseScope, version) if "scopes" in wanted else ()
    exclusions = _rows(session, PromiseExclusion, version) if "exclusions" in wanted else ()
    outlets = _rows(session, PromiseOutlet, version) if "outlets" in wanted else ()
    shops = _rows(session, PromiseShop, version) if "shops" in wanted else ()
    return PromiseBody(
        **{name: getattr(version, name) for name in COLUMNS},
        scopes=tuple(ScopeRow(row.way, row.category, row.goods, row.days) for row in scopes),
        exclusions=tuple(
            ExclusionRow(row.way, row.code, row.text, row.basis_kind, row.basis, row.category, row.goods)
            for row in exclusions
        ),
        outlets=tuple(
            OutletRow(row.name, row.outlet_id, row.region, row.city, row.district, row.address) for row in outlets
        ),
        shops=tuple(ShopRow(row.platform, row.name, row.url) for row in shops),
    )


def _rows(session: Session, model: type[Part], version: PromiseVersion) -> Sequence[Part]:
    query = select(model).where(model.version_id == version.id).order_by(model.position, model.id)
    return session.scalars(query).all()


def add_parts(session: Session, version: PromiseVersion, body: PromiseBody) -> None:
    """Write the body's four lists under a version that has its key."""
    for position, scope in enumerate(body.scopes):
        session.add(PromiseScope(version_id=version.id, position=position, **asdict(scope)))
    for position, exclusion in enumerate(body.exclusions):
        session.add(PromiseExclusion(version_id=version.id, position=position, **asdict(exclusion)))
    for position, outlet in enumerate(body.outlets):
        session.add(PromiseOutlet(version_id=version.id, position=position, **asdict(outlet)))
    for position, shop in enumerate(body.shops):
        session.add(PromiseShop(version_id=version.id, position=position, **asdict(shop)))
    session.flush()
