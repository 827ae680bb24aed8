"""The merchant's part before a review: draft, save, submit, take back, copy for a renewal."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal.clocks.rules import local_day
from portal.commitments.models import PromiseVersion, Promisor
from portal.commitments.programmes import council_of
from portal.commitments.queries import locked_version, promisor_of
from portal.commitments.rules import PromiseState
from portal.commitments.rules.body import PromiseBody
from portal.commitments.rules.states import EDITABLE, OPEN_STATES, PromiseEvent
from portal.commitments.rules.versions import objections_to_draft, ways_of
from portal.commitments.steps import (
    MOVED_ON,
    current_of,
    note,
    objections,
    refuse_first,
    settled,
    take_step,
    with_own_outlets,
)
from portal.commitments.storing import PARTS, body_of, new_version, promisor_for, store_body
from portal.core.actor import Actor, ActorKind
from portal.core.errors import NotAllowed, RuleBroken
from portal.core.facts import Topic
from portal.core.permissions import REFUSAL, Permission, require
from portal.enrolment.models import Merchant, MerchantState

ONE_OPEN = "已经有一份还没有生效的承诺（第 {number} 版）。请先把它办完，或撤回、删去后再写新的。"
LEFT = "你单位已退出，不能再作新的承诺。此前的购买仍按当时的承诺办理。"


@dataclass(frozen=True, slots=True)
class DraftVersion:
    """The first words of a new version."""

    body: PromiseBody


def draft_version(session: Session, actor: Actor, command: DraftVersion, *, now: datetime) -> PromiseVersion:
    """Begin a new version of the actor's own promise. A draft is nobody's business: no fact is written."""
    promisor = _own(session, actor, now=now)
    refuse_first(objections_to_draft(command.body))
    return new_version(session, promisor, with_own_outlets(session, promisor, command.body), now=now)


@dataclass(frozen=True, slots=True)
class SaveDraft:
    """Other words for a version that is not submitted."""

    reference: str
    body: PromiseBody


def save_draft(session: Session, actor: Actor, command: SaveDraft, *, now: datetime) -> PromiseVersion:
    """Keep what was written so far; a version that was refused keeps the opinion until it is submitted again."""
    version = _editable(session, actor, command.reference)
    refuse_first(objections_to_draft(command.body))
    store_body(session, version, with_own_outlets(session, version.promisor, command.body))
    return version


@dataclass(frozen=True, slots=True)
class DiscardDraft:
    """A draft that nobody wants any more."""

    reference: str


def discard_draft(session: Session, actor: Actor, command: DiscardDraft, *, now: datetime) -> Promisor:
    """Delete a version that no authority has seen yet; what was once submitted stays on record."""
    version = _editable(session, actor, command.reference)
    if version.submitted_at is not None:
        raise RuleBroken("这份承诺提交过，留有审核记录，不能删去。可以修改后再提交。")
    for part in PARTS:
        session.execute(delete(part).where(part.version_id == version.id))
    session.delete(version)
    session.flush()
    return version.promisor


@dataclass(frozen=True, slots=True)
class SubmitVersion:
    """A version that its merchant stands by."""

    reference: str


def submit_version(session: Session, actor: Actor, command: SubmitVersion, *, now: datetime) -> PromiseVersion:
    """Hand a version to the authority; refuses with RuleBroken, at its field, what the programme does not allow.

    The rows in force today are kept with the version: it is reviewed under them whatever changes meanwhile.
    """
    version = _editable(session, actor, command.reference)
    promisor = version.promisor
    _check_member(session.get_one(Merchant, promisor.merchant_id))
    body = body_of(session, version)
    programmes, found = objections(session, promisor, body, today=local_day(now))
    refuse_first(found)
    store_body(session, version, settled(session, promisor, body, programmes))
    take_step(version, PromiseEvent.SUBMIT)
    ways = ways_of(body)
    version.programme = {way.value: programmes[way].snapshot() for way in ways}
    version.submitted_at = now
    version.first_at = version.first_by = version.first_person_id = version.first_opinion = None
    version.first_organisation_id = None
    version.second_at = version.second_by = version.second_opinion = None
    promisor.council_id = council_of(programmes, ways)
    note(session, actor, Topic.PROMISE_SUBMITTED, version, now=now)
    return version


@dataclass(frozen=True, slots=True)
class WithdrawSubmission:
    """A version that its merchant wants back before it holds."""

    reference: str


def withdraw_submission(
    session: Session, actor: Actor, command: WithdrawSubmission, *, now: datetime
) -> PromiseVersion:
    """Take a version back while it is reviewed, or passed and not begun; it is a draft again."""
    version = locked_version(session, actor, command.reference)
    require(actor, Permission.PROMISE_WRITE, version.promisor)
    take_back(session, actor, version, now=now)
    return version


def take_back(session: Session, actor: Actor, version: PromiseVersion, *, now: datetime) -> None:
    """Make a version on its way a draft again, with the fact."""
    take_step(version, PromiseEvent.WITHDRAW)
    version.next_on = version.published_on = None
    note(session, actor, Topic.PROMISE_WITHDRAWN, version, now=now)


@dataclass(frozen=True, slots=True)
class Renew:
    """The current promise once more."""


def renew(session: Session, actor: Actor, command: Renew, *, now: datetime) -> PromiseVersion:
    """Draft a version with the words of the current one, from the day behind its expiry on."""
    promisor = _own(session, actor, now=now)
    current = current_of(session, promisor.id)
    if current is None:
        raise RuleBroken("现在没有在期的承诺可以续期。请写一份新的承诺。")
    tomorrow = local_day(now) + timedelta(days=1)
    first = tomorrow if current.expires_on is None else max(tomorrow, current.expires_on + timedelta(days=1))
    return new_version(session, promisor, replace(body_of(session, current), first_on=first), now=now)


def _own(session: Session, actor: Actor, *, now: datetime) -> Promisor:
    """The actor's own promisor, made at first use, without any other version on its way."""
    if actor.kind is not ActorKind.MERCHANT or actor.organisation_id is None:
        raise NotAllowed(REFUSAL)
    merchant = session.get_one(Merchant, actor.organisation_id, with_for_update=True)
    require(actor, Permission.PROMISE_WRITE, merchant)
    _check_member(merchant)
    promisor = promisor_of(session, merchant.id) or promisor_for(session, merchant, now=now)
    query = select(PromiseVersion).where(
        PromiseVersion.promisor_id == promisor.id, PromiseVersion.state.in_(sorted(OPEN_STATES))
    )
    if (other := session.scalars(query).first()) is not None:
        raise RuleBroken(ONE_OPEN.format(number=other.number))
    return promisor


def _check_member(merchant: Merchant) -> None:
    if merchant.state is MerchantState.EXITED:
        raise RuleBroken(LEFT)


def _editable(session: Session, actor: Actor, reference: str) -> PromiseVersion:
    version = locked_version(session, actor, reference)
    require(actor, Permission.PROMISE_WRITE, version.promisor)
    if version.state not in EDITABLE:
        raise RuleBroken(
            MOVED_ON if version.state is not PromiseState.SUBMITTED else "承诺已提交，审核期间不能改。请先撤回。"
        )
    return version
