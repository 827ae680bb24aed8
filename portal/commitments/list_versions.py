"""The version that a directory list makes of a firm: new, replaced, corrected before it holds, or left alone."""

import secrets
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.clocks.rules import local_day
from portal.commitments.actions.lasting import begin_version, next_attention
from portal.commitments.models import PromiseVersion, Promisor
from portal.commitments.rules import Origin, PromiseState
from portal.commitments.rules.body import PromiseBody
from portal.commitments.rules.lists import Firm
from portal.commitments.rules.states import EVER_HELD, OPEN_STATES
from portal.commitments.steps import note
from portal.commitments.storing import REFERENCE_BYTES, add_parts, body_of, new_version, store_body, store_columns
from portal.core.actor import Actor
from portal.core.errors import RuleBroken
from portal.core.facts import Topic

ONE_DAY = timedelta(days=1)


class Standing(StrEnum):
    """What came of a firm."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Versions:
    """The promisor's newest version that held, and the one on its way."""

    held: PromiseVersion | None
    coming: PromiseVersion | None


def standing_of(session: Session, promisor: Promisor) -> Versions:
    """Read the newest version that holds or held, and the one that is on its way."""
    rows = session.scalars(
        select(PromiseVersion).where(PromiseVersion.promisor_id == promisor.id).order_by(PromiseVersion.number)
    ).all()
    held = [row for row in rows if row.state in EVER_HELD and row.first_on is not None]
    coming = [row for row in rows if row.state in OPEN_STATES]
    newest = max(held, key=lambda row: (row.first_on or date.min, row.number), default=None)
    return Versions(newest, coming[0] if coming else None)


def take_firm(
    session: Session,
    actor: Actor,
    promisor: Promisor,
    versions: Versions | None,
    firm: Firm,
    *,
    origin: Origin,
    now: datetime,
) -> Standing:
    """Let the list's words hold for a firm; refuses with RuleBroken what its merchant or an authority has settled.

    `versions` is None for a firm that is new here. What replaces a promise in force holds from tomorrow on: who
    bought this morning did so under the words that were public then.
    """
    held = versions.held if versions else None
    coming = versions.coming if versions else None
    if coming is not None and coming.origin is Origin.MERCHANT:
        raise RuleBroken("这家企业在本平台有一份正在办理的承诺，请先办完，名录导入不能代替。")
    if coming is not None:
        return _correct(session, coming, firm)
    if held is not None and held.state is PromiseState.CURRENT:
        if held.origin is Origin.MERCHANT:
            return _own_words(held, firm)
        if _same(session, held, firm):
            return Standing.UNCHANGED
    first_on = _first_day(held, firm, local_day(now))
    if versions is None:
        _begin_first(session, actor, promisor, firm, first_on, origin=origin, now=now)
        return Standing.CREATED
    version = _passed(session, promisor, firm, first_on, origin=origin, now=now)
    if first_on <= local_day(now):
        begin_version(session, actor, version, now=now)
    return Standing.CREATED if held is None else Standing.CHANGED


def _begin_first(
    session: Session, actor: Actor, promisor: Promisor, firm: Firm, first_on: date, *, origin: Origin, now: datetime
) -> None:
    """A new firm's first version, in force at once: there is nothing that it could follow or replace.

    Most of a list is this; asking for what cannot be there would double the time of a provincial file.
    """
    version = PromiseVersion(
        reference=secrets.token_hex(REFERENCE_BYTES),
        promisor=promisor,
        number=1,
        state=PromiseState.CURRENT,
        origin=origin,
        programme={},
        since_on=first_on,
        expires_on=firm.expires_on,
        published_on=local_day(now),
        submitted_at=now,
        created_at=now,
    )
    store_columns(version, replace(firm.body, first_on=first_on))
    session.add_all([promisor, version])
    session.flush()
    add_parts(session, version, firm.body)
    if firm.expires_on is not None:
        version.next_on = next_attention(session, version, after=local_day(now))
    note(session, actor, Topic.PROMISE_BEGUN, version, now=now, first_on=first_on.isoformat())


def _passed(
    session: Session, promisor: Promisor, firm: Firm, first_on: date, *, origin: Origin, now: datetime
) -> PromiseVersion:
    version = new_version(session, promisor, replace(firm.body, first_on=first_on), now=now, origin=origin)
    version.state, version.next_on, version.published_on = PromiseState.PASSED, first_on, local_day(now)
    version.submitted_at, version.expires_on = now, firm.expires_on
    return version


def _correct(session: Session, coming: PromiseVersion, firm: Firm) -> Standing:
    """A version of a list that has not begun may still be put right."""
    words = replace(firm.body, first_on=coming.first_on)
    if body_of(session, coming) == words and coming.expires_on == firm.expires_on:
        return Standing.UNCHANGED
    store_body(session, coming, words)
    coming.expires_on = firm.expires_on
    return Standing.CHANGED


def _own_words(held: PromiseVersion, firm: Firm) -> Standing:
    if held.days != firm.body.days:
        raise RuleBroken(
            f"这家企业在本平台有自己提交的第 {held.number} 版承诺（{held.days} 天），名录导入不能改它。"
            "请由企业提交新版本，或更正名录。"
        )
    return Standing.UNCHANGED


def _same(session: Session, held: PromiseVersion, firm: Firm) -> bool:
    words: PromiseBody = replace(firm.body, first_on=held.first_on)
    return body_of(session, held) == words and held.expires_on == firm.expires_on


def _first_day(held: PromiseVersion | None, firm: Firm, today: date) -> date:
    if held is None or held.first_on is None:
        return firm.applied_on or today
    if held.state is not PromiseState.CURRENT:
        ended = held.last_on or held.first_on
        if firm.applied_on is None or firm.applied_on <= ended:
            raise RuleBroken(
                f"这家企业的承诺已于 {ended.isoformat()} 结束，名录里没有此后的申请。"
                "重新承诺的，请在企业申请日期一栏填写新的日期。"
            )
        return firm.applied_on
    return today + ONE_DAY
