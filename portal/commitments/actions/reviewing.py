"""The authorities' part: the first level, the second one, and removal from the list (摘牌)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.clocks.rules import local_day
from portal.commitments.actions.drafting import take_back
from portal.commitments.actions.lasting import admit_to_force
from portal.commitments.models import PromiseVersion
from portal.commitments.papers import retire_certificate
from portal.commitments.queries import locked_version
from portal.commitments.rules.states import ON_ITS_WAY, PromiseEvent
from portal.commitments.steps import note, take_step
from portal.core.actor import Actor
from portal.core.errors import NotAllowed, RuleBroken
from portal.core.facts import Topic
from portal.core.permissions import Permission, require

MAX_OPINION = 500  # characters, our limit
SAME_PERSON = "第一级审核是你做的，复审要由另一位人员办理。"
SAME_LEVEL = "复审由初审单位的上一级市场监管部门或消委会办理，本级不能复审自己的初审。"


@dataclass(frozen=True, slots=True)
class Review:
    """One level's word; an opinion must say why not."""

    reference: str
    passed: bool
    opinion: str = ""


def review_first(session: Session, actor: Actor, command: Review, *, now: datetime) -> PromiseVersion:
    """Pass or refuse a version at the first level (县级); without a second one, what is passed is published."""
    version = locked_version(session, actor, command.reference)
    require(actor, Permission.PROMISE_REVIEW, version.promisor)
    opinion = _opinion(command)
    second = needs_second(session, version)
    if not command.passed:
        take_step(version, PromiseEvent.REFUSE_FIRST)
    else:
        take_step(version, PromiseEvent.APPROVE_FIRST if second else PromiseEvent.APPROVE_ONLY)
    version.first_at, version.first_by, version.first_opinion = now, _named(actor), opinion
    version.first_person_id, version.first_organisation_id = actor.person_id, actor.organisation_id
    note(session, actor, Topic.PROMISE_REVIEWED, version, now=now, level=1, passed=command.passed)
    if command.passed and not second:
        admit_to_force(session, actor, version, now=now)
    return version


def review_second(session: Session, actor: Actor, command: Review, *, now: datetime) -> PromiseVersion:
    """Pass or refuse a version at the second level (市级或协会); never by the person who passed it first."""
    version = locked_version(session, actor, command.reference)
    require(actor, Permission.PROMISE_SECOND, version.promisor)
    opinion = _opinion(command)
    if version.first_person_id is not None and version.first_person_id == actor.person_id:
        raise RuleBroken(SAME_PERSON)
    if not stands_above(session, actor, version):
        raise NotAllowed(SAME_LEVEL)
    take_step(version, PromiseEvent.APPROVE_SECOND if command.passed else PromiseEvent.REFUSE_SECOND)
    version.second_at, version.second_by, version.second_opinion = now, _named(actor), opinion
    note(session, actor, Topic.PROMISE_REVIEWED, version, now=now, level=2, passed=command.passed)
    if command.passed:
        admit_to_force(session, actor, version, now=now)
    return version


@dataclass(frozen=True, slots=True)
class RemovePromise:
    """Why a promise is taken off the list; everyone reads the reason."""

    reference: str
    reason: str


def remove_promise(session: Session, actor: Actor, command: RemovePromise, *, now: datetime) -> PromiseVersion:
    """Take the promise in force off the list (摘牌) from tomorrow on; purchases up to today stay covered.

    A version on its way goes back to its merchant as a draft.
    """
    version = locked_version(session, actor, command.reference)
    require(actor, Permission.PROMISE_REMOVE, version.promisor)
    reason = command.reason.strip()
    if not reason:
        raise RuleBroken("请写明摘牌原因，商家和消费者都会看到。", field="reason")
    if len(reason) > MAX_OPINION:
        raise RuleBroken(f"摘牌原因最多 {MAX_OPINION} 个字，请缩短。", field="reason")
    take_step(version, PromiseEvent.REMOVE)
    today = local_day(now)
    version.last_on = min(version.last_on or today, today)
    version.removed_on, version.removal_reason, version.next_on = today, reason, None
    retire_certificate(session, version)
    send_back_others(session, actor, version.promisor_id, now=now)
    note(session, actor, Topic.PROMISE_REMOVED, version, now=now)
    return version


def send_back_others(session: Session, actor: Actor, promisor_id: int, *, now: datetime) -> None:
    """Make a version that is still on its way a draft again: the promise it was to continue has ended."""
    query = select(PromiseVersion).where(
        PromiseVersion.promisor_id == promisor_id, PromiseVersion.state.in_(sorted(ON_ITS_WAY))
    )
    for version in session.scalars(query.with_for_update()):
        take_back(session, actor, version, now=now)


def needs_second(session: Session, version: PromiseVersion) -> bool:
    """Whether a second level reviews: the programme's rows want it, and there is somebody above or a council."""
    wanted = any(row.get("second_review") for row in version.programme.values())
    above = len(session.get_one(Organisation, version.promisor.authority_id).ancestry()) > 1
    return wanted and (above or version.promisor.council_id is not None)


def stands_above(session: Session, actor: Actor, version: PromiseVersion) -> bool:
    """Whether the actor's organisation is the council asked, or an authority above the one that reviewed first.

    Where the highest authority reviewed first for one below it, another of its people reviews second.
    """
    promisor = version.promisor
    if actor.is_council:
        return promisor.council_id is not None and promisor.council_id in actor.jurisdiction
    first = session.get_one(Organisation, version.first_organisation_id or promisor.authority_id)
    above = first.ancestry()[:-1]
    return actor.organisation_id in above or (
        not above and actor.organisation_id == first.id and first.id != promisor.authority_id
    )


def _opinion(command: Review) -> str:
    opinion = command.opinion.strip()
    if not command.passed and not opinion:
        raise RuleBroken("不通过时请写明原因和怎样修改，商家按它重新提交。", field="opinion")
    if len(opinion) > MAX_OPINION:
        raise RuleBroken(f"审核意见最多 {MAX_OPINION} 个字，请缩短。", field="opinion")
    return opinion


def _named(actor: Actor) -> str:
    """Unit and person, as 意见 name them (domain 3.3)."""
    return f"{actor.organisation_name} {actor.name}".strip()
