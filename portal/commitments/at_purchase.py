"""A merchant's promises as a case screen needs them, in one statement: enough to say what covers a purchase."""

from collections import defaultdict
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, CompoundSelect, Date, String, bindparam, cast, literal, null, select, union_all
from sqlalchemy.orm import Session

from portal.commitments.models import PromiseExclusion, PromiseOutlet, PromiseScope, PromiseVersion, Promisor
from portal.commitments.rules.matching import split_goods
from portal.commitments.rules.states import EVER_HELD
from portal.commitments.rules.terms import Exclusion, Place, Scope, Terms
from portal.commitments.rules.words import BasisKind, DeliveryStart, PickupStart, PromiseState, Way

VERSION, SCOPE, EXCLUSION, OUTLET = range(4)


def promises_of(session: Session, merchant_id: int) -> tuple[Terms, ...]:
    """Every version of a merchant that ever took effect, oldest first, with what decides coverage; one statement.

    Freight, procedure and the like are left at their defaults: `queries.history_of` reads versions whole.
    """
    parts: dict[int, dict[int, list[Any]]] = defaultdict(lambda: defaultdict(list))
    versions = []
    for row in session.execute(_everything(), {"merchant": merchant_id}):
        if row.kind == VERSION:
            versions.append(row)
        else:
            parts[row.version_id][row.kind].append(row)
    versions.sort(key=lambda row: (row.first_on, row.number))
    return tuple(_terms(row, parts[row.version_id]) for row in versions)


@cache
def _everything() -> CompoundSelect[Any]:
    held = (
        select(PromiseVersion)
        .join(Promisor, Promisor.id == PromiseVersion.promisor_id)
        .where(
            Promisor.merchant_id == bindparam("merchant"),
            PromiseVersion.state.in_(EVER_HELD),
            PromiseVersion.first_on.is_not(None),
        )
    )
    ids = held.with_only_columns(PromiseVersion.id)
    v, s, e, o = PromiseVersion, PromiseScope, PromiseExclusion, PromiseOutlet
    return union_all(
        held.with_only_columns(
            *_columns(
                VERSION, v.id, v.id, number=v.number, days=v.days, way=v.way, first=v.state, second=v.pickup_start,
                third=v.delivery_start, fourth=v.reference, first_on=v.first_on, last_on=v.last_on,
                expires_on=v.expires_on,
            )
        ),
        select(*_columns(SCOPE, s.version_id, s.position, days=s.days, way=s.way, first=s.category, second=s.goods))
        .where(s.version_id.in_(ids)),
        select(
            *_columns(
                EXCLUSION, e.version_id, e.position, number=e.id, way=e.way, first=e.category, second=e.goods,
                third=e.code, fourth=e.text, fifth=e.basis_kind, sixth=e.basis,
            )
        ).where(e.version_id.in_(ids)),
        select(*_columns(OUTLET, o.version_id, o.position, number=o.outlet_id, first=o.name, second=o.address,
                         third=o.district)).where(o.version_id.in_(ids)),
    )  # fmt: skip


def _columns(kind: int, version_id: Any, position: Any, **given: Any) -> list[Any]:
    """One row of the union: what a part has, and nothing elsewhere, each of its type."""
    kinds = dict.fromkeys(("number", "days"), BigInteger) | dict.fromkeys(
        ("way", "first", "second", "third", "fourth", "fifth", "sixth"), String
    )
    dates = ("first_on", "last_on", "expires_on")
    return [
        literal(kind).label("kind"),
        version_id.label("version_id"),
        position.label("position"),
        *(cast(given.get(name, null()), plain).label(name) for name, plain in kinds.items()),
        *((given[name] if name in given else cast(null(), Date())).label(name) for name in dates),
    ]


def _terms(row: Any, parts: dict[int, list[Any]]) -> Terms:
    def ordered(kind: int) -> list[Any]:
        return sorted(parts[kind], key=lambda one: one.position)

    return Terms(
        version_id=row.version_id,
        reference=row.fourth,
        number=row.number,
        state=PromiseState(row.first),
        way=Way(row.way),
        days=row.days,
        pickup_start=PickupStart(row.second),
        delivery_start=DeliveryStart(row.third),
        first_on=row.first_on,
        last_on=row.last_on,
        expires_on=row.expires_on,
        scopes=tuple(Scope(Way(one.way), one.first, split_goods(one.second), one.days) for one in ordered(SCOPE)),
        exclusions=tuple(
            Exclusion(
                one.number, Way(one.way), one.third, one.fourth, BasisKind(one.fifth), one.sixth, one.first,
                split_goods(one.second),
            )
            for one in ordered(EXCLUSION)
        ),
        places=tuple(Place(one.number, one.first, one.second, one.third) for one in ordered(OUTLET)),
    )  # fmt: skip
