"""Who stands in for whom at a merchant (代理人): for a span of days, with that person's level and authority."""

import dataclasses
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, joinedload

from portal.accounts.models import Membership, Person
from portal.cases.models import Case, Substitution
from portal.cases.rules import Level, is_above
from portal.clocks.rules import local_day
from portal.core import facts
from portal.core.actor import Actor, ActorKind, Role
from portal.core.errors import NotFound, RuleBroken, Stale
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, can, require

MAX_DAYS = 366  # of one span, our limit
SHOWN = 50  # rows of the list
NOBODY = "这个人不在你的单位，或者已经停用。请另选一人。"


@dataclass(frozen=True, slots=True)
class Authority:
    """The level with which somebody acts, and the name of the person for whom; empty where it is his own."""

    level: Level
    acting_for: str = ""


def own_level(actor: Actor) -> Level:
    """The level of an actor's own role; the house itself has the highest."""
    if actor.kind is not ActorKind.MERCHANT:
        return Level.PRINCIPAL
    return Level(actor.role.value) if actor.role is not None else Level.AGENT


def authority_of(session: Session, actor: Actor, *, now: datetime) -> Authority:
    """The highest level with which the actor may act today: his own, else one lent by somebody he stands in for."""
    best = Authority(own_level(actor))
    if best.level is Level.PRINCIPAL:
        return best
    rows = session.execute(
        select(Membership.role, Person.name)
        .join(Person, Person.id == Membership.person_id)
        .join(Substitution, _is_of(Substitution.person_id))
        .where(*_stands_in(actor.person_id or 0, actor.organisation_id or 0, local_day(now)), Person.active)
        .order_by(Substitution.id)
    )
    for role, name in rows:
        if is_above(Level(role.value), best.level):
            best = Authority(Level(role.value), name)
    return best


def acting_as(actor: Actor, authority: Authority) -> Actor:
    """The actor with the role that an authority lends, as the access table asks for it."""
    return dataclasses.replace(actor, role=Role(authority.level.value)) if authority.acting_for else actor


def for_whom(acting_for: str) -> dict[str, Any]:
    """What a fact says of an authority that was lent."""
    return {"acting_for": acting_for} if acting_for else {}


def raised_to(actor: Actor, *, now: datetime) -> ColumnElement[bool]:
    """The condition that a case was handed up to the actor: by level or by name, or to someone he stands in for."""
    return handed_up_to(actor.person_id or 0, actor.organisation_id or 0, own_level(actor), local_day(now))


def handed_up_to(me: Any, house: Any, level: Any, today: Any) -> ColumnElement[bool]:
    """The same for a person of an organisation with his own level, on a day: values, or parameters that stand for them."""
    lent = (
        select(Substitution.id)
        .join(Membership, _is_of(Substitution.person_id))
        .where(
            *_stands_in(me, house, today),
            Membership.role == Case.raised_to,
            or_(Case.raised_person_id.is_(None), Case.raised_person_id == Substitution.person_id),
        )
        .correlate(Case)
    )
    own = and_(
        Case.raised_to == level,
        or_(Case.raised_person_id.is_(None), Case.raised_person_id == me),
    )
    return and_(Case.raised_to.is_not(None), or_(own, lent.exists()))


def _is_of(person_id: object) -> ColumnElement[bool]:
    return and_(Membership.person_id == person_id, Membership.organisation_id == Substitution.organisation_id)


def _stands_in(me: Any, house: Any, day: Any) -> tuple[ColumnElement[bool], ...]:
    return Substitution.substitute_id == me, Substitution.organisation_id == house, *_in_force(day)


def _in_force(day: Any) -> tuple[ColumnElement[bool], ...]:
    return Substitution.ended_at.is_(None), Substitution.starts_on <= day, Substitution.ends_on >= day


def substitute_of(session: Session, organisation_id: int | None, person_id: int, *, now: datetime) -> Person | None:
    """Who receives today what is handed to this person; None where nobody stands in."""
    return session.scalars(
        select(Person)
        .join(Substitution, Substitution.substitute_id == Person.id)
        .where(
            Substitution.organisation_id == organisation_id,
            Substitution.person_id == person_id,
            Person.active,
            *_in_force(local_day(now)),
        )
        .order_by(Substitution.id.desc())
        .limit(1)
    ).first()


@dataclass(frozen=True, slots=True)
class NameSubstitute:
    """Who stands in for whom, from the first to the last day, both included; names are sign-in names."""

    person: str
    substitute: str
    starts_on: date
    ends_on: date


def name_substitute(session: Session, actor: Actor, command: NameSubstitute, *, now: datetime) -> Substitution:
    """Name a substitute: one's own, or anybody's by the 企业负责人.

    Refuses with RuleBroken (fields "person", "substitute", "starts_on", "ends_on") strangers, days that are over or
    too many, and a second substitute for the same days.
    """
    away = _member(session, actor, command.person, "person")
    require(actor, Permission.SUBSTITUTE_NAME, away)
    other = _member(session, actor, command.substitute, "substitute")
    if away.person_id == other.person_id:
        raise RuleBroken("代理人不能是本人。请另选一位同事。", field="substitute")
    _refuse_days(command, today=local_day(now))
    if taken := _overlapping(session, away, command):
        raise RuleBroken(
            f"{away.person.name} {taken.starts_on.isoformat()} 至 {taken.ends_on.isoformat()} 已由"
            f"{taken.substitute.name}代理。请先结束那一条，或者改日期。",
            field="starts_on",
        )
    row = Substitution(
        reference=secrets.token_hex(8),
        organisation_id=away.organisation_id,
        person_id=away.person_id,
        substitute_id=other.person_id,
        starts_on=command.starts_on,
        ends_on=command.ends_on,
        named_at=now,
        named_by=actor.name,
        ended_by="",
    )
    session.add(row)
    session.flush()
    _record(session, actor, Topic.SUBSTITUTE_NAMED, row, now=now)
    return row


@dataclass(frozen=True, slots=True)
class EndSubstitute:
    """A substitution to take back."""

    reference: str


def end_substitute(session: Session, actor: Actor, command: EndSubstitute, *, now: datetime) -> Substitution:
    """Take a substitution back at once; raises Stale where it is over already."""
    row = session.scalars(
        select(Substitution)
        .where(Substitution.reference == command.reference, Substitution.organisation_id == actor.organisation_id)
        .with_for_update()
    ).first()
    if row is None:
        raise NotFound("没有这条代理，或者它不属于你的单位。")
    require(actor, Permission.SUBSTITUTE_NAME, row)
    if row.ended_at is not None or row.ends_on < local_day(now):
        raise Stale("这条代理已经结束，不用再结束一次。")
    row.ended_at, row.ended_by = now, actor.name
    _record(session, actor, Topic.SUBSTITUTE_ENDED, row, now=now)
    return row


@dataclass(frozen=True, slots=True)
class SubstitutionRow:
    """One line of the list."""

    reference: str
    person: str
    substitute: str
    starts_on: date
    ends_on: date
    named_by: str
    state: str  # 代理中, 未开始, 已到期, 已提前结束
    may_end: bool


def substitutions(session: Session, actor: Actor, *, now: datetime) -> list[SubstitutionRow]:
    """The newest substitutions of the actor's organisation, in one statement."""
    rows = session.scalars(
        select(Substitution)
        .where(Substitution.organisation_id == (actor.organisation_id or 0))
        .options(joinedload(Substitution.person), joinedload(Substitution.substitute))
        .order_by(Substitution.id.desc())
        .limit(SHOWN)
    )
    return [_row(actor, row, local_day(now)) for row in rows]


def _row(actor: Actor, row: Substitution, today: date) -> SubstitutionRow:
    is_live = row.ended_at is None and row.ends_on >= today
    running = "代理中" if row.starts_on <= today else "未开始"
    over = "已提前结束" if row.ended_at is not None else "已到期"
    return SubstitutionRow(
        reference=row.reference,
        person=row.person.name,
        substitute=row.substitute.name,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        named_by=row.named_by,
        state=running if is_live else over,
        may_end=is_live and can(actor, Permission.SUBSTITUTE_NAME, row),
    )


def _refuse_days(command: NameSubstitute, *, today: date) -> None:
    if command.ends_on < command.starts_on:
        raise RuleBroken("最后一天不能早于第一天。", field="ends_on")
    if command.ends_on < today:
        raise RuleBroken("最后一天已经过去。请填今天或以后的日期。", field="ends_on")
    if command.ends_on - command.starts_on >= timedelta(days=MAX_DAYS):
        raise RuleBroken(f"一次最多代理 {MAX_DAYS} 天。请分几次设定。", field="ends_on")


def _overlapping(session: Session, away: Membership, command: NameSubstitute) -> Substitution | None:
    return session.scalars(
        select(Substitution)
        .where(
            Substitution.organisation_id == away.organisation_id,
            Substitution.person_id == away.person_id,
            Substitution.ended_at.is_(None),
            Substitution.starts_on <= command.ends_on,
            Substitution.ends_on >= command.starts_on,
        )
        .options(joinedload(Substitution.substitute))
        .limit(1)
    ).first()


def _member(session: Session, actor: Actor, sign_in_name: str, field: str) -> Membership:
    """The colleague's membership, locked: of two who name a substitute for the same person one comes second."""
    found = session.scalars(
        select(Membership)
        .join(Person, Person.id == Membership.person_id)
        .where(
            Person.sign_in_name == sign_in_name,
            Person.active,
            Membership.organisation_id == (actor.organisation_id or 0),
        )
        .options(joinedload(Membership.person))
        .with_for_update(of=Membership)
    ).first()
    if found is None:
        raise RuleBroken(NOBODY, field=field)
    return found


def _record(session: Session, actor: Actor, topic: Topic, row: Substitution, *, now: datetime) -> None:
    facts.record(
        session,
        actor,
        topic,
        SubjectKind.PERSON,
        row.person_id,
        at=now,
        substitute_id=row.substitute_id,
        organisation_id=row.organisation_id,
        starts_on=row.starts_on.isoformat(),
        ends_on=row.ends_on.isoformat(),
    )
