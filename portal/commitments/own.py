"""A merchant's own promise: its versions, which one is on its way, what it says, and what it would have to change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from portal.accounts.models import Organisation
from portal.commitments import queries
from portal.commitments.models import PromiseScope, PromiseVersion, Promisor
from portal.commitments.programmes import programmes_in_force
from portal.commitments.rules import PromiseState, Way
from portal.commitments.rules.body import OutletRow, PromiseBody, ScopeRow
from portal.commitments.rules.matching import split_goods
from portal.commitments.rules.programme import Requirements
from portal.commitments.rules.states import EDITABLE, EVER_HELD, OPEN_STATES
from portal.commitments.rules.terms import Exclusion, Place, Scope, Shop, Terms
from portal.commitments.rules.versions import Before, Objection, objections_to_body
from portal.core.actor import Actor
from portal.core.errors import NotFound
from portal.enrolment.models import Merchant, Outlet

NO_DRAFT = "没有正在填写的承诺。请回到“无理由退货承诺”重新开始。"
USUAL_CONDITIONS = "商品完好、配件齐全，不影响再次销售。"


@dataclass(frozen=True, slots=True)
class Own:
    """A merchant as the access table asks for it, before it ever promised."""

    merchant_id: int | None


@dataclass(frozen=True, slots=True)
class OwnPromise:
    """Every version of the actor's merchant, newest first; `authority` is who reviews first."""

    versions: Sequence[PromiseVersion]
    authority: Organisation | None = None  # kept, so that the session knows it when the programme asks for it

    @property
    def current(self) -> PromiseVersion | None:
        """The version in force."""
        return next((one for one in self.versions if one.state is PromiseState.CURRENT), None)

    @property
    def coming(self) -> PromiseVersion | None:
        """The version on its way: drafted, reviewed, or passed and not begun."""
        return next((one for one in self.versions if one.state in OPEN_STATES), None)

    @property
    def former(self) -> list[PromiseVersion]:
        """What was in force once."""
        return [one for one in self.versions if one.state in EVER_HELD and one is not self.current]

    @property
    def before(self) -> Before | None:
        """What the version on its way must not overlap."""
        held = [(one.first_on, one) for one in self.versions if one.state in EVER_HELD and one.first_on is not None]
        if not held:
            return None
        first_on, last = max(held, key=lambda pair: (pair[0], pair[1].number))
        return Before(last.number, first_on, last.last_on, last.expires_on)


def own_promise(session: Session, actor: Actor) -> OwnPromise:
    """The versions of the actor's own promise, in one statement."""
    query = (
        select(PromiseVersion, Organisation)
        .join(PromiseVersion.promisor)
        .join(Organisation, Organisation.id == Promisor.authority_id)
        .where(queries.visible_to(actor), Promisor.merchant_id == actor.organisation_id)
        .order_by(PromiseVersion.number.desc(), PromiseVersion.id.desc())
        .options(contains_eager(PromiseVersion.promisor))
    )
    rows = session.execute(query).all()
    return OwnPromise([row[0] for row in rows], rows[0][1] if rows else None)


def scopes_of(session: Session, *versions: PromiseVersion) -> dict[int, tuple[ScopeRow, ...]]:
    """The rows of 适用商品 of some versions by their ids, in one statement."""
    query = select(PromiseScope).where(PromiseScope.version_id.in_([version.id for version in versions]))
    found: dict[int, tuple[ScopeRow, ...]] = {version.id: () for version in versions}
    for row in session.scalars(query.order_by(PromiseScope.version_id, PromiseScope.position, PromiseScope.id)):
        found[row.version_id] += (ScopeRow(row.way, row.category, row.goods, row.days),)
    return found


def draft_of(own: OwnPromise) -> PromiseVersion:
    """The version that may be written; raises NotFound where there is none."""
    if own.coming is None or own.coming.state not in EDITABLE:
        raise NotFound(NO_DRAFT)
    return own.coming


def own_programmes(session: Session, actor: Actor, own: OwnPromise, *, today: date) -> dict[Way, Requirements]:
    """What the actor's promise may say today."""
    if own.versions:
        return programmes_in_force(session, own.versions[0].promisor.authority_id, today)
    return programmes_in_force(session, session.get_one(Merchant, actor.organisation_id).authority_id, today)


def own_outlets(session: Session, actor: Actor) -> list[OutletRow]:
    """The merchant's open outlets; without any, its own premises."""
    query = (
        select(Merchant, Outlet)
        .join(Outlet, (Outlet.merchant_id == Merchant.id) & Outlet.closed_at.is_(None), isouter=True)
        .where(Merchant.id == actor.organisation_id)
        .order_by(Outlet.name, Outlet.id)
    )
    rows = session.execute(query).all()
    found = [OutletRow(outlet.name, outlet.id, address=outlet.address) for _merchant, outlet in rows if outlet]
    return found or [OutletRow(actor.organisation_name, address=merchant.address) for merchant, _none in rows[:1]]


def beginning(own: OwnPromise, programmes: Mapping[Way, Requirements], *, today: date) -> PromiseBody:
    """The first words of a first promise: as few days as the programme allows, to be changed in the steps."""
    row = programmes[Way.OFFLINE]
    return PromiseBody(
        days=row.least_days,
        conditions=USUAL_CONDITIONS,
        days_to_answer=min(3, row.most_days_to_answer),
        days_to_refund=min(7, row.most_days_to_refund),
        first_on=today + timedelta(days=1),
    )


def faults(
    own: OwnPromise, body: PromiseBody, programmes: Mapping[Way, Requirements], *, today: date
) -> tuple[Objection, ...]:
    """Everything that keeps the version on its way from being submitted, by field."""
    return objections_to_body(body, programmes, today=today, before=own.before)


def terms_as_written(version: PromiseVersion, body: PromiseBody, *, today: date) -> Terms:
    """A draft as consumers would read it, from what is loaded already."""
    return Terms(
        version_id=version.id,
        reference=version.reference,
        number=version.number,
        state=version.state,
        way=body.way,
        days=body.days,
        pickup_start=body.pickup_start,
        delivery_start=body.delivery_start,
        first_on=body.first_on or today,
        last_on=None,
        conditions=body.conditions,
        freight=body.freight,
        freight_note=body.freight_note,
        gifts=body.gifts,
        procedure=body.procedure,
        receipt_lost=body.receipt_lost,
        days_to_answer=body.days_to_answer,
        days_to_refund=body.days_to_refund,
        any_outlet=body.any_outlet,
        any_outlet_note=body.any_outlet_note,
        easy_exchange=body.easy_exchange,
        easy_exchange_note=body.easy_exchange_note,
        advances=body.advances,
        advances_note=body.advances_note,
        other=body.other,
        scopes=tuple(Scope(row.way, row.category, split_goods(row.goods), row.days) for row in body.scopes),
        exclusions=tuple(
            Exclusion(0, row.way, row.code, row.text, row.basis_kind, row.basis, row.category, split_goods(row.goods))
            for row in body.exclusions
        ),
        places=tuple(Place(row.outlet_id, row.name, row.address, row.district) for row in body.outlets),
        shops=tuple(Shop(row.platform, row.name, row.url) for row in body.shops),
    )
