"""The three internal levels 客服 → 部门负责人 → 企业负责人 (domain 4.4): a case is handed up, handed down, taken back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Membership, Person
from portal.cases.access import locked
from portal.cases.actions import MAX_TEXT, Line, write_note
from portal.cases.models import Case, NoteKind
from portal.cases.rules import LEVEL_NAMES, LEVELS, WITH_MERCHANT, CaseState, Level, is_above
from portal.cases.substitutes import Authority, authority_of, for_whom, own_level
from portal.core import facts
from portal.core.actor import Actor, Role
from portal.core.errors import RuleBroken, Stale
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, can, require

RAISABLE = WITH_MERCHANT | {CaseState.FAILED}  # settling stays possible after failure
LOWERED = "这件纠纷已经不在上级那里，可能刚刚交回或收回。请刷新页面。"


@dataclass(frozen=True, slots=True)
class HandUp:
    """上报: to a level, or to one person of that level by sign-in name, with the reason."""

    reference: str
    to: Level
    reason: str
    person: str | None = None


def hand_up(session: Session, actor: Actor, command: HandUp, *, now: datetime) -> Case:
    """Hand a case up inside the merchant; the clocks run on.

    Refuses with RuleBroken (fields "to", "person", "reason") a level that is not above the present one or has nobody.
    """
    case = locked(session, actor, command.reference)
    require(actor, Permission.CASE_RAISE, case)
    refuse_raising(session, case, command.to)
    _refuse_reason(command.reason, "请写明上报的理由，接手的人据此决定。")
    person = _of_level(session, case, command.person, command.to) if command.person else None
    write_note(session, actor, case, Line(NoteKind.RAISE, command.reason.strip(), now), now=now)
    raise_case(session, actor, case, command.to, person_id=person.id if person else None, now=now)
    return case


def refuse_raising(session: Session, case: Case, to: Level) -> None:
    """Refuse with RuleBroken (field "to") a level that is not above the case's present one, or where nobody works."""
    if case.state not in RAISABLE:
        raise RuleBroken("这件纠纷现在不由我方办理，不能上报。请刷新页面。")
    if not is_above(to, level_of(case)):
        raise RuleBroken(f"这件纠纷已经在{LEVEL_NAMES[level_of(case)]}那里。请选更高一级。", field="to")
    if not _has_anyone(session, case, to):
        higher = "请上报企业负责人" if to is Level.SUPERVISOR else "请先由系统管理员或监管部门为单位添加企业负责人"
        raise RuleBroken(f"单位里还没有{LEVEL_NAMES[to]}。{higher}。", field="to")


def raise_case(
    session: Session, actor: Actor, case: Case, to: Level, *, person_id: int | None = None, now: datetime, **detail: Any
) -> None:
    """Put a locked case before a level (fact CASE_RAISED)."""
    case.raised_to, case.raised_person_id = to, person_id
    case.raised_by_id, case.raised_at = actor.person_id, now
    case.last_event_at = now
    facts.record(
        session,
        actor,
        Topic.CASE_RAISED,
        SubjectKind.CASE,
        case.id,
        at=now,
        level=to.value,
        person_id=person_id,
        **detail,
    )


@dataclass(frozen=True, slots=True)
class HandDown:
    """交回下级, with the reason."""

    reference: str
    to: Level
    reason: str


def hand_down(session: Session, actor: Actor, command: HandDown, *, now: datetime) -> Case:
    """Give a case back to a lower level; for the level it was handed up to, its substitutes, and any level above.

    Refuses with Stale a case that is not handed up any more, RuleBroken (fields "to", "reason").
    """
    case = locked(session, actor, command.reference)
    require(actor, Permission.CASE_RAISE, case)
    authority = deciding(session, actor, case, now=now)
    if not is_above(level_of(case), command.to):
        raise RuleBroken(f"请交回比{LEVEL_NAMES[level_of(case)]}低的一级。", field="to")
    _refuse_reason(command.reason, "请写明交回的理由，经办的人据此继续办理。")
    write_note(session, actor, case, Line(NoteKind.LOWER, command.reason.strip(), now), now=now)
    lower_case(session, actor, case, command.to, Topic.CASE_LOWERED, now=now, **for_whom(authority.acting_for))
    return case


def deciding(session: Session, actor: Actor, case: Case, *, now: datetime) -> Authority:
    """The authority with which the actor decides on a case handed up; refuses with Stale or RuleBroken."""
    if case.raised_to is None:
        raise Stale(LOWERED)
    authority = authority_of(session, actor, now=now)
    if is_above(case.raised_to, authority.level):
        raise RuleBroken(
            f"这件纠纷已上报{LEVEL_NAMES[case.raised_to]}，由{LEVEL_NAMES[case.raised_to]}或其代理人决定。"
        )
    return authority


@dataclass(frozen=True, slots=True)
class TakeBack:
    """收回: a case that one has handed up oneself."""

    reference: str


def take_back(session: Session, actor: Actor, command: TakeBack, *, now: datetime) -> Case:
    """Take a case back that one handed up, as long as it was not decided; raises Stale where it was."""
    case = locked(session, actor, command.reference)
    require(actor, Permission.CASE_RAISE, case)
    if case.raised_to is None:
        raise Stale(LOWERED)
    if case.raised_by_id != actor.person_id:
        raise RuleBroken("只有上报的人可以收回。需要交回的，请由接手的负责人交回。")
    lower_case(session, actor, case, own_level(actor), Topic.CASE_TAKEN_BACK, now=now)
    return case


def lower_case(
    session: Session, actor: Actor, case: Case, to: Level, topic: Topic, *, now: datetime, **detail: Any
) -> None:
    """Let a locked case stand before a lower level again; the lowest holds it without having been raised."""
    case.raised_person_id = case.raised_by_id = case.raised_at = None
    case.raised_to = None if to is Level.AGENT or to is case.raised_to else to
    case.last_event_at = now
    facts.record(session, actor, topic, SubjectKind.CASE, case.id, at=now, level=to.value, **detail)


def level_of(case: Case) -> Level:
    """The level that has the case."""
    return case.raised_to or Level.AGENT


def is_at_least(case: Case, level: Level) -> bool:
    """Say whether a case stands at a level or above it."""
    return not is_above(level, level_of(case))


@dataclass(frozen=True, slots=True)
class LevelView:
    """Where a case stands inside the merchant, and what this reader may do about it."""

    words: str  # 已上报部门负责人; empty while the 客服 have it
    upwards: tuple[Level, ...]
    downwards: tuple[Level, ...]  # empty for those who may not hand down
    may_take_back: bool
    acting_for: str


def level_view(session: Session, actor: Actor, case: Case, *, now: datetime) -> LevelView:
    """Say where a case stands; one statement at most, for those below the level that has it. Reads `raised_person`."""
    now_at = level_of(case)
    may = can(actor, Permission.CASE_RAISE, case)
    authority = Authority(own_level(actor))
    if may and case.raised_to is not None and is_above(case.raised_to, authority.level):
        authority = authority_of(session, actor, now=now)
    decides = may and case.raised_to is not None and not is_above(case.raised_to, authority.level)
    named = f" {case.raised_person.name}" if case.raised_person else ""
    return LevelView(
        words=f"已上报{LEVEL_NAMES[case.raised_to]}{named}" if case.raised_to else "",
        upwards=tuple(one for one in LEVELS if is_above(one, now_at)) if may and case.state in RAISABLE else (),
        downwards=tuple(one for one in LEVELS if is_above(now_at, one)) if decides else (),
        may_take_back=may and case.raised_to is not None and case.raised_by_id == actor.person_id,
        acting_for=authority.acting_for if decides else "",
    )


def _has_anyone(session: Session, case: Case, level: Level) -> bool:
    found = (
        select(Membership.id)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.organisation_id == case.merchant_id, Membership.role == Role(level.value), Person.active)
        .limit(1)
    )
    return session.scalars(found).first() is not None


def _of_level(session: Session, case: Case, sign_in_name: str, level: Level) -> Person:
    person = session.scalars(
        select(Person)
        .join(Membership, Membership.person_id == Person.id)
        .where(
            Person.sign_in_name == sign_in_name,
            Person.active,
            Membership.organisation_id == case.merchant_id,
            Membership.role == Role(level.value),
        )
    ).first()
    if person is None:
        raise RuleBroken(f"这个人不是你单位的{LEVEL_NAMES[level]}，或者已经停用。请另选一人。", field="person")
    return person


def _refuse_reason(reason: str, missing: str) -> None:
    if not reason.strip():
        raise RuleBroken(missing, field="reason")
    if len(reason) > MAX_TEXT:
        raise RuleBroken(f"理由最多 {MAX_TEXT} 字，现在 {len(reason)} 字。", field="reason")
