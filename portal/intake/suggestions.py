"""Merchants an officer may choose from: those routing found, those of like names, those searched for."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, false, literal, or_, select, union_all
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.core.actor import Actor
from portal.enrolment.models import Merchant, MerchantAlias, MerchantState, Outlet
from portal.intake.rules import MerchantFacts, MerchantIndex

FOUND = 20  # merchants a search shows


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A merchant to choose; `likeness` from 0 to 100 where only the name is like the written one."""

    id: int
    code: str
    name: str
    likeness: int | None = None
    suspended: bool = False
    note: str = ""  # address, and why nothing can be dispatched now


def known_for(
    session: Session, actor: Actor, candidates: Sequence[Collection[int]]
) -> tuple[MerchantIndex, dict[int, Suggestion]]:
    """Read what suggestions for some cases need, by all their names and by id; `candidates` are each case's own.

    One statement. A jurisdiction has thousands of merchants: all are read only where a case has no candidate left.
    """
    ids = {key for some in candidates for key in some}
    if all(candidates):
        known = admitted_named(session, actor, ids, nearby=False)
        if all(any(key in known[1] for key in some) for some in candidates):
            return known
    return admitted_named(session, actor, ids)


def admitted_named(
    session: Session, actor: Actor, ids: Collection[int], *, nearby: bool = True
) -> tuple[MerchantIndex, dict[int, Suggestion]]:
    """Read the merchants of `ids`, and those of the jurisdiction unless told otherwise, in one statement."""
    parted: list[ColumnElement[bool]] = [Merchant.id.in_(sorted(ids))] if ids else []
    if nearby:
        parted.append(Merchant.authority_id.in_(sorted(actor.jurisdiction)))
    mine = or_(false(), *parted)
    parts = [
        select(Merchant.id, Organisation.code, Organisation.name, literal(1).label("official"), Merchant.state)
        .join(Organisation, Organisation.id == Merchant.id)
        .where(mine, Merchant.state != MerchantState.EXITED),
        *(
            select(Merchant.id, literal(""), other.name, literal(0), Merchant.state)
            .select_from(other)
            .join(Merchant, Merchant.id == other.merchant_id)
            .where(mine, Merchant.state != MerchantState.EXITED)
            for other in (MerchantAlias, Outlet)
        ),
    ]
    official: dict[int, Suggestion] = {}
    others: dict[int, list[str]] = {}
    for key, code, name, is_official, state in session.execute(union_all(*parts)):
        if is_official:
            official[key] = Suggestion(key, code, name, suspended=MerchantState(state) is MerchantState.SUSPENDED)
        else:
            others.setdefault(key, []).append(name)
    facts = (
        MerchantFacts(one.id, one.code, one.name, aliases=tuple(others.get(one.id, ()))) for one in official.values()
    )
    return MerchantIndex.of(facts), official


def searched(session: Session, words: str) -> list[Suggestion]:
    """Find admitted merchants by a part of the name, an alias or the whole code; at most twenty, by name."""
    wanted = words.strip()
    if len(wanted) < 2:
        return []
    aliased = select(MerchantAlias.merchant_id).where(MerchantAlias.name.icontains(wanted, autoescape=True))
    rows = session.execute(
        select(Merchant.id, Organisation.code, Organisation.name, Merchant.state, Merchant.address)
        .join(Organisation, Organisation.id == Merchant.id)
        .where(
            Merchant.state != MerchantState.EXITED,
            Merchant.practice_of_id.is_(None),
            or_(
                Organisation.name.icontains(wanted, autoescape=True),
                Organisation.code == wanted.upper(),
                Merchant.id.in_(aliased),
            ),
        )
        .order_by(Organisation.name, Merchant.id)
        .limit(FOUND)
    )
    return [
        Suggestion(key, code, name, suspended=state is MerchantState.SUSPENDED, note=address)
        for key, code, name, state, address in rows
    ]
