"""What every step of a version shares: the table asked, the fact written, the words checked."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.commitments.models import PromiseVersion, Promisor
from portal.commitments.programmes import programmes_in_force
from portal.commitments.rules import BasisKind, PromiseState, Way
from portal.commitments.rules.body import ExclusionRow, OutletRow, PromiseBody
from portal.commitments.rules.programme import Requirements
from portal.commitments.rules.states import EVER_HELD, IllegalStep, PromiseEvent, next_state
from portal.commitments.rules.versions import Before, Objection, objections_to_body
from portal.core import facts
from portal.core.actor import Actor
from portal.core.errors import RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.enrolment.models import Outlet

MOVED_ON = "这份承诺的状态已经变了，这一步现在不能做。请刷新页面，按新的状态办理。"


def take_step(version: PromiseVersion, event: PromiseEvent) -> None:
    """Move the version along the table; refuses with RuleBroken where the table has no such step."""
    try:
        version.state = next_state(version.state, event)
    except IllegalStep:
        raise RuleBroken(MOVED_ON) from None


def note(
    session: Session, actor: Actor, topic: Topic, version: PromiseVersion, *, now: datetime, **detail: Any
) -> None:
    """Write the fact of a step; the subject is the promisor."""
    facts.record(
        session,
        actor,
        topic,
        SubjectKind.PROMISE,
        version.promisor_id,
        at=now,
        reference=version.reference,
        number=version.number,
        **detail,
    )


def current_of(session: Session, promisor_id: int) -> PromiseVersion | None:
    """The version in force, locked; None where none is."""
    query = select(PromiseVersion).where(
        PromiseVersion.promisor_id == promisor_id, PromiseVersion.state == PromiseState.CURRENT
    )
    return session.scalars(query.with_for_update()).first()


def last_held(session: Session, promisor_id: int, *, besides: int | None = None) -> PromiseVersion | None:
    """The newest version that holds or held."""
    query = select(PromiseVersion).where(
        PromiseVersion.promisor_id == promisor_id,
        PromiseVersion.state.in_(EVER_HELD),
        PromiseVersion.first_on.is_not(None),
        PromiseVersion.id != (besides or 0),
    )
    return session.scalars(query.order_by(PromiseVersion.first_on.desc(), PromiseVersion.number.desc())).first()


def objections(
    session: Session, promisor: Promisor, body: PromiseBody, *, today: date
) -> tuple[dict[Way, Requirements], tuple[Objection, ...]]:
    """The programme's rows of today, and everything that keeps this body from being submitted under them."""
    programmes = programmes_in_force(session, promisor.authority_id, today)
    held = last_held(session, promisor.id)
    before = None
    if held is not None and held.first_on is not None:
        before = Before(held.number, held.first_on, held.last_on, held.expires_on)
    return programmes, objections_to_body(body, programmes, today=today, before=before)


def refuse_first(found: Iterable[Objection]) -> None:
    """Refuse with RuleBroken, at its field, the first of these objections."""
    for field, sentence in found:
        raise RuleBroken(sentence, field=field)


def settled(
    session: Session, promisor: Promisor, body: PromiseBody, programmes: dict[Way, Requirements]
) -> PromiseBody:
    """The body with what others know better: the programme's words of its exclusions, names and addresses of outlets."""
    exclusions = tuple(_worded(row, programmes[row.way]) for row in body.exclusions)
    return replace(with_own_outlets(session, promisor, body), exclusions=exclusions)


def with_own_outlets(session: Session, promisor: Promisor, body: PromiseBody) -> PromiseBody:
    """The body with the outlets' own names; refuses with RuleBroken one that is closed or not the merchant's."""
    return replace(body, outlets=tuple(_outlets(session, promisor, body)))


def _worded(row: ExclusionRow, programme: Requirements) -> ExclusionRow:
    allowed = programme.exclusion(row.code)
    if allowed is None:
        return replace(row, basis_kind=BasisKind.DECLARED)
    return replace(row, text=row.text.strip() or allowed.text, basis_kind=allowed.basis_kind, basis=allowed.basis)


def _outlets(session: Session, promisor: Promisor, body: PromiseBody) -> Iterable[OutletRow]:
    ids = [row.outlet_id for row in body.outlets if row.outlet_id is not None]
    query = select(Outlet).where(Outlet.merchant_id == promisor.merchant_id, Outlet.closed_at.is_(None))
    own = {outlet.id: outlet for outlet in session.scalars(query.where(Outlet.id.in_(ids)))} if ids else {}
    for row in body.outlets:
        if row.outlet_id is None:
            yield row
        elif (outlet := own.get(row.outlet_id)) is not None:
            yield replace(row, name=outlet.name, address=row.address or outlet.address)
        else:
            raise RuleBroken("选中的门店已经停业，或者不是你单位的门店。请重新选择。", field="outlets")
