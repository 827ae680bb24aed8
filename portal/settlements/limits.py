"""The limits up to which people of a merchant may send offers: set, read, and every former setting."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal.cases.models import Case
from portal.cases.substitutes import Authority, authority_of, own_level
from portal.clocks.rules import local_day
from portal.core import facts
from portal.core.actor import Actor, ActorKind
from portal.core.errors import NotAllowed, RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require
from portal.enrolment.models import Merchant
from portal.settlements import rules
from portal.settlements.models import SendingLimits
from portal.settlements.rules import Limits

SHOWN = 50  # former settings on the page


@dataclass(frozen=True, slots=True)
class SetLimits:
    """The limits from now on, in 分; None for any amount."""

    agent: int | None
    supervisor: int | None


def set_limits(session: Session, actor: Actor, command: SetLimits, *, now: datetime) -> SendingLimits:
    """Set the limits of the actor's own merchant, from now on; what waits for approval is measured by them too.

    For the 企业负责人 only. Refuses with RuleBroken (fields "agent", "supervisor") what contradicts or changes nothing.
    """
    if actor.kind is not ActorKind.MERCHANT or actor.organisation_id is None:
        raise NotAllowed("只有企业负责人可以设定发送权限。")
    row = SendingLimits(
        merchant_id=actor.organisation_id,
        agent_limit=command.agent,
        supervisor_limit=command.supervisor,
        set_at=now,
        set_by_id=actor.person_id,
        set_by=actor.name,
    )
    require(actor, Permission.SENDING_LIMIT, row)
    if objection := rules.objection_to_limits(command.agent, command.supervisor):
        raise RuleBroken(objection[1], field=objection[0])
    session.execute(select(Merchant.id).where(Merchant.id == row.merchant_id).with_for_update())
    before = limits_of(session, row.merchant_id)
    if (before.agent, before.supervisor) == (command.agent, command.supervisor):
        raise RuleBroken("和现在的限额一样，没有需要保存的。", field="agent")
    session.add(row)
    session.flush()
    facts.record(
        session,
        actor,
        Topic.SENDING_LIMIT_SET,
        SubjectKind.MERCHANT,
        row.merchant_id,
        at=now,
        agent=command.agent,
        supervisor=command.supervisor,
    )
    return row


def latest_limits(merchant_id: int | None) -> Select[SendingLimits]:
    """Select the row in force of a merchant."""
    return (
        select(SendingLimits)
        .where(SendingLimits.merchant_id == (merchant_id or 0))
        .order_by(SendingLimits.id.desc())
        .limit(1)
    )


def limits_of(session: Session, merchant_id: int | None) -> Limits:
    """The limits in force of a merchant; none where none were ever set."""
    return as_limits(session.scalars(latest_limits(merchant_id)).first())


def as_limits(row: SendingLimits | None) -> Limits:
    """A row as the rules know it."""
    if row is None:
        return Limits()
    return Limits(row.agent_limit, row.supervisor_limit, row.set_by, local_day(row.set_at))


def former_limits(session: Session, actor: Actor) -> list[SendingLimits]:
    """Every setting of the actor's own merchant, the newest first; at most SHOWN."""
    return list(
        session.scalars(
            select(SendingLimits)
            .where(SendingLimits.merchant_id == (actor.organisation_id or 0))
            .order_by(SendingLimits.id.desc())
            .limit(SHOWN)
        )
    )


@dataclass(frozen=True, slots=True)
class Sending:
    """With which authority an actor would send, and by which rule he may not; the limits it was measured by."""

    authority: Authority
    limits: Limits
    objection: str | None


def sending(session: Session, actor: Actor, case: Case, outlay: int, *, now: datetime) -> Sending:
    """Say whether the actor may send an offer of this outlay (分), by his own level or one that was lent to him.

    One statement, two where his own level is not enough.
    """
    return measured(session, actor, limits_of(session, case.merchant_id), outlay, now=now)


def measured(session: Session, actor: Actor, limits: Limits, outlay: int, *, now: datetime) -> Sending:
    """The same by limits that were read before; a statement only where the actor's own level is not enough."""
    own = Authority(own_level(actor))
    if rules.objection_to_sending(outlay, own.level, limits) is None:
        return Sending(own, limits, None)
    best = authority_of(session, actor, now=now)
    return Sending(best, limits, rules.objection_to_sending(outlay, best.level, limits))


def refuse_above_limit(session: Session, actor: Actor, case: Case, outlay: int, *, now: datetime) -> Authority:
    """Refuse with RuleBroken (field "approval") what the actor may not send; the authority by which he may."""
    found = sending(session, actor, case, outlay, now=now)
    if found.objection:
        raise RuleBroken(f"{found.objection}请提交审批。", field="approval")
    return found.authority
