"""What the clock does with a version: it begins, is warned of, expires or ends; each safe to do twice."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.clocks.queries import almanac
from portal.clocks.rules import local_day
from portal.commitments.models import PromiseVersion, Promisor
from portal.commitments.papers import retire_certificate
from portal.commitments.rules import PromiseState
from portal.commitments.rules.spans import ONE_DAY, expiry, first_day, next_look, unbroken_since
from portal.commitments.rules.states import PromiseEvent
from portal.commitments.steps import current_of, last_held, note, take_step
from portal.core.actor import Actor
from portal.core.errors import NotFound
from portal.core.facts import Topic

WARNINGS = ("promise_warning", "promise_warning_last")  # limits: natural days before the expiry


@dataclass(frozen=True, slots=True)
class LookAgain:
    """A version whose day has come."""

    version_id: int


def look_again(session: Session, actor: Actor, command: LookAgain, *, now: datetime) -> bool:
    """Do what is due with a version: begin it, warn of its expiry, or end it. Says whether anything was."""
    query = select(PromiseVersion).where(PromiseVersion.id == command.version_id)
    version = session.scalars(query.with_for_update()).first()
    if version is None:
        raise NotFound("没有这份承诺。")
    today = local_day(now)
    if version.next_on is None or version.next_on > today:
        return False
    if version.state is PromiseState.PASSED:
        begin_version(session, actor, version, now=now)
    elif version.state is not PromiseState.CURRENT:
        version.next_on = None
    elif version.last_on is not None and version.last_on < today:
        end_version(session, actor, version, last_on=version.last_on, now=now)
    elif version.expires_on is not None and version.expires_on < today:
        successor = _successor(session, version, today)
        if successor is None:
            expire_version(session, actor, version, now=now)
        else:  # renewed: it never expired
            begin_version(session, actor, successor, now=now)
    else:
        warn_of(session, actor, version, now=now)
    return True


def admit_to_force(session: Session, actor: Actor, version: PromiseVersion, *, now: datetime) -> None:
    """Publish a version that passed its reviews; its first day is set, and where that is today it begins."""
    today = local_day(now)
    current = current_of(session, version.promisor_id)
    version.published_on = today
    version.first_on = first_day(version.first_on or today, today, replaces=current is not None)
    version.next_on = version.first_on
    if version.first_on <= today:
        begin_version(session, actor, version, now=now)


def begin_version(session: Session, actor: Actor, version: PromiseVersion, *, now: datetime) -> None:
    """Put a passed version into force; the one before it ends the day before, whatever its own end was."""
    assert version.first_on is not None
    former = current_of(session, version.promisor_id)
    if former is not None:
        take_step(former, PromiseEvent.REPLACE)
        former.last_on = min(former.last_on or date.max, former.expires_on or date.max, version.first_on - ONE_DAY)
        former.next_on = None
        retire_certificate(session, former)
        session.flush()  # before the newcomer: at most one is current
    held = former or last_held(session, version.promisor_id, besides=version.id)
    take_step(version, PromiseEvent.BEGIN)
    version.since_on = unbroken_since(version.first_on, held.last_on if held else None, held.since_on if held else None)
    if version.programme:  # a list says itself until when its promises are valid
        months = [row.get("valid_months") for row in version.programme.values()]
        version.expires_on = expiry(version.first_on, min((one for one in months if one), default=None))
    version.next_on = next_attention(session, version, after=local_day(now))
    session.flush()
    note(session, actor, Topic.PROMISE_BEGUN, version, now=now, first_on=version.first_on.isoformat())


def expire_version(session: Session, actor: Actor, version: PromiseVersion, *, now: datetime) -> None:
    """Let a version that nobody renewed go; its last day of purchase is that of its validity."""
    take_step(version, PromiseEvent.EXPIRE)
    version.last_on, version.next_on = version.expires_on, None
    retire_certificate(session, version)
    assert version.last_on is not None
    note(session, actor, Topic.PROMISE_EXPIRED, version, now=now, last_on=version.last_on.isoformat())


def end_version(session: Session, actor: Actor, version: PromiseVersion, *, last_on: date, now: datetime) -> None:
    """End the version in force; purchases up to `last_on` stay covered."""
    take_step(version, PromiseEvent.END)
    version.last_on, version.next_on = last_on, None
    retire_certificate(session, version)
    note(session, actor, Topic.PROMISE_ENDED, version, now=now, last_on=last_on.isoformat())


def warn_of(session: Session, actor: Actor, version: PromiseVersion, *, now: datetime) -> None:
    """Tell the merchant that its promise expires soon, once for each warning."""
    today = local_day(now)
    version.next_on = next_attention(session, version, after=today)
    if version.expires_on is None or version.last_on is not None:
        return
    version.warned_on = today
    note(session, actor, Topic.PROMISE_WARNED, version, now=now, days=(version.expires_on - today).days)


def next_attention(session: Session, version: PromiseVersion, *, after: date) -> date | None:
    """The next day behind `after` on which the clock has something to do with a version in force."""
    authority = session.get_one(Organisation, session.get_one(Promisor, version.promisor_id).authority_id)
    limits = almanac(session)
    upwards = authority.ancestry()[::-1]
    return next_look(
        version.last_on,
        version.expires_on,
        [limits.amount(code, after, upwards) for code in WARNINGS],
        after=after,
    )


def _successor(session: Session, version: PromiseVersion, today: date) -> PromiseVersion | None:
    query = select(PromiseVersion).where(
        PromiseVersion.promisor_id == version.promisor_id,
        PromiseVersion.state == PromiseState.PASSED,
        PromiseVersion.first_on <= today,
    )
    return session.scalars(query.with_for_update()).first()
