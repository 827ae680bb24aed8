"""How a merchant's promise ends: by its own word, or because the merchant leaves. Earlier purchases stay covered."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from portal.clocks.rules import local_day
from portal.commitments.actions.lasting import end_version, next_attention
from portal.commitments.actions.reviewing import send_back_others
from portal.commitments.models import PromiseVersion
from portal.commitments.queries import locked_version, promisor_of
from portal.commitments.rules import PromiseState
from portal.commitments.steps import MOVED_ON, current_of, note
from portal.core.actor import Actor
from portal.core.errors import RuleBroken
from portal.core.facts import Topic
from portal.core.permissions import Permission, require

MAX_REASON = 500  # characters, our limit
LEFT = "商家已退出在线消费纠纷解决企业"


@dataclass(frozen=True, slots=True)
class EndPromise:
    """The merchant's own exit; `on` is the last day of purchase for which the promise holds."""

    reference: str
    reason: str
    on: date


def end_promise(session: Session, actor: Actor, command: EndPromise, *, now: datetime) -> PromiseVersion:
    """End the promise in force with a day, today at the earliest; a version on its way becomes a draft again.

    Purchases up to and on that day stay covered for as long as the promise said.
    """
    version = locked_version(session, actor, command.reference)
    require(actor, Permission.PROMISE_WRITE, version.promisor)
    if version.state is not PromiseState.CURRENT:
        raise RuleBroken(MOVED_ON)
    today, reason = local_day(now), command.reason.strip()
    if not reason or len(reason) > MAX_REASON:
        raise RuleBroken(f"请写明退出原因（最多 {MAX_REASON} 个字），消费者会看到。", field="reason")
    if command.on < today:
        raise RuleBroken("退出日期不能早于今天：已经发生的购买仍受承诺约束。请改为今天或以后。", field="on")
    if version.expires_on is not None and command.on > version.expires_on:
        raise RuleBroken(f"承诺本来就到 {version.expires_on.isoformat()} 为止，退出日期请填更早的一天。", field="on")
    version.ended_reason = reason
    send_back_others(session, actor, version.promisor_id, now=now)
    if command.on == today:
        end_version(session, actor, version, last_on=today, now=now)
    else:
        version.last_on, version.next_on = command.on, command.on + timedelta(days=1)
        note(session, actor, Topic.PROMISE_ENDING, version, now=now, last_on=command.on.isoformat())
    return version


@dataclass(frozen=True, slots=True)
class KeepPromise:
    """A promise whose end its merchant takes back."""

    reference: str


def keep_promise(session: Session, actor: Actor, command: KeepPromise, *, now: datetime) -> PromiseVersion:
    """Take a planned end back while it still lies ahead; the promise goes on as it was."""
    version = locked_version(session, actor, command.reference)
    require(actor, Permission.PROMISE_WRITE, version.promisor)
    if version.state is not PromiseState.CURRENT or version.last_on is None:
        raise RuleBroken(MOVED_ON)
    version.last_on = version.ended_reason = None
    version.next_on = next_attention(session, version, after=local_day(now))
    note(session, actor, Topic.PROMISE_ENDING, version, now=now, last_on=None)
    return version


def end_with_merchant(session: Session, actor: Actor, merchant_id: int, *, now: datetime) -> bool:
    """End the promise of a merchant that left, with today; says whether there was one. Safe to do twice."""
    promisor = promisor_of(session, merchant_id)
    if promisor is None:
        return False
    send_back_others(session, actor, promisor.id, now=now)
    current = current_of(session, promisor.id)
    if current is None:
        return False
    today = local_day(now)
    current.ended_reason = current.ended_reason or LEFT
    end_version(session, actor, current, last_on=min(current.last_on or today, today), now=now)
    return True
