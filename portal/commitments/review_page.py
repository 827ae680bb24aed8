"""One promise on the authority's desk: its versions, what a new one changes, and whose word is waited for."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from portal.accounts.models import Organisation
from portal.commitments.actions.reviewing import stands_above
from portal.commitments.models import PromiseVersion, Promisor
from portal.commitments.queries import MISSING, terms_of_all, visible_to
from portal.commitments.rules import PromiseState
from portal.commitments.rules.differences import Difference, differences
from portal.commitments.rules.terms import Terms
from portal.core.actor import Actor
from portal.core.errors import NotFound
from portal.core.permissions import Permission, can

FIRST = "等{authority}初审。"
SECOND = "初审已通过，等上一级市场监督管理部门复审。"
COUNCIL = "初审已通过，等消委会复审。"
SAME_PERSON = "初审是你做的，复审要由另一位人员办理。"


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """A version with everything its page shows."""

    version: PromiseVersion
    authority: Organisation
    others: Sequence[PromiseVersion]  # newest first, without drafts
    terms: Terms
    changed: Sequence[Difference]  # against the version in force; empty where there is none
    against: int | None  # the number of that version
    level: int  # 1 or 2 where the actor's own word is waited for, else 0
    waits: str  # whose word is waited for, where it is not the actor's
    may_remove: bool


def review_page(session: Session, actor: Actor, reference: str) -> ReviewPage:
    """The page of a version; NotFound for strangers, and for a draft, which is its merchant's own."""
    versions = _versions(session, actor, reference)
    version = next((one for one in versions if one.reference == reference), None)
    if version is None or version.state is PromiseState.DRAFT:
        raise NotFound(MISSING)
    authority = session.get_one(Organisation, version.promisor.authority_id)
    current = next((one for one in versions if one.state is PromiseState.CURRENT and one is not version), None)
    terms = terms_of_all(session, [version, *([current] if current else [])])
    level, waits = _turn(session, actor, version, authority)
    return ReviewPage(
        version=version,
        authority=authority,
        others=[one for one in versions if one.state is not PromiseState.DRAFT],
        terms=terms[0],
        changed=differences(terms[1], terms[0]) if current else (),
        against=current.number if current else None,
        level=level,
        waits=waits,
        may_remove=version.state is PromiseState.CURRENT and can(actor, Permission.PROMISE_REMOVE, version.promisor),
    )


def _versions(session: Session, actor: Actor, reference: str) -> list[PromiseVersion]:
    """Every version of the promise to which the reference belongs, in one statement."""
    whose = select(PromiseVersion.promisor_id).where(PromiseVersion.reference == reference).scalar_subquery()
    query = (
        select(PromiseVersion)
        .join(PromiseVersion.promisor)
        .where(PromiseVersion.promisor_id == whose, visible_to(actor))
        .order_by(PromiseVersion.number.desc(), PromiseVersion.id.desc())
        .options(contains_eager(PromiseVersion.promisor))
    )
    return list(session.scalars(query))


def _turn(session: Session, actor: Actor, version: PromiseVersion, authority: Organisation) -> tuple[int, str]:
    promisor: Promisor = version.promisor
    if version.state is PromiseState.SUBMITTED:
        if can(actor, Permission.PROMISE_REVIEW, promisor):
            return 1, ""
        return 0, FIRST.format(authority=authority.name)
    if version.state is not PromiseState.DISTRICT_PASSED:
        return 0, ""
    if not can(actor, Permission.PROMISE_SECOND, promisor) or not stands_above(session, actor, version):
        return 0, COUNCIL if promisor.council_id is not None else SECOND
    if version.first_person_id is not None and version.first_person_id == actor.person_id:
        return 0, SAME_PERSON
    return 2, ""
