"""Entering the practice tenant, and beginning again with a fresh set of cases."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.core import facts
from portal.core.actor import Actor, ActorKind
from portal.core.errors import NotAllowed, NotFound, RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.enrolment.models import Merchant
from portal.practice.filing import Tenant
from portal.practice.founding import membership_in, practice_authority, practice_merchant
from portal.practice.making import end_set, make_set
from portal.practice.models import PracticeCase

MOST_A_DAY = 10  # sets of one person: our limit
FOR_MERCHANTS = "练习环境是给企业人员用的。"


@dataclass(frozen=True, slots=True)
class EnterPractice:
    """A person of a merchant wants to practise."""


def enter_practice(session: Session, actor: Actor, command: EnterPractice, *, now: datetime) -> int:
    """Prepare the practice tenant for a person; returns the id of the membership to go on with.

    Merchant, membership and cases are made at the first time; later the cases go on where they stood.
    """
    if actor.kind is not ActorKind.MERCHANT or actor.in_practice or actor.person_id is None:
        raise NotAllowed(FOR_MERCHANTS)
    assert actor.organisation_id is not None
    assert actor.role is not None
    merchant = practice_merchant(session, actor.organisation_id, now=now)
    membership = membership_in(session, actor.person_id, merchant.id, actor.role)
    running = select(func.count()).where(
        PracticeCase.person_id == actor.person_id,
        PracticeCase.merchant_id == merchant.id,
        PracticeCase.ended_at.is_(None),
    )
    if not session.scalars(running).one():
        _begin(session, actor, _tenant(session, merchant), now=now)
    return membership.id


@dataclass(frozen=True, slots=True)
class BeginAgain:
    """The present set is to be put away and a fresh one made."""


def begin_again(session: Session, actor: Actor, command: BeginAgain, *, now: datetime) -> int:
    """Put one's own practice cases away and make a fresh set; returns how many are new. For those who practise.

    Refuses with RuleBroken more than ten sets a day.
    """
    if not actor.in_practice or actor.person_id is None:
        raise NotFound("不在练习环境里。")
    merchant = session.get_one(Merchant, actor.organisation_id)
    made = select(func.count(PracticeCase.made_at.distinct())).where(
        PracticeCase.person_id == actor.person_id, PracticeCase.made_at > now - timedelta(days=1)
    )
    if session.scalars(made).one() >= MOST_A_DAY:
        raise RuleBroken(f"一天最多编 {MOST_A_DAY} 套练习。请先办完现在的，明天再重新开始。")
    end_set(session, actor.person_id, merchant.id, now=now)
    return _begin(session, actor, _tenant(session, merchant), now=now)


def _tenant(session: Session, merchant: Merchant) -> Tenant:
    real = session.get_one(Organisation, merchant.practice_of_id)
    return Tenant(merchant, practice_authority(session), real)


def _begin(session: Session, actor: Actor, tenant: Tenant, *, now: datetime) -> int:
    assert actor.person_id is not None
    made = make_set(session, tenant, actor.person_id, now=now)
    facts.record(session, actor, Topic.PRACTICE_STARTED, SubjectKind.PERSON, actor.person_id, at=now, cases=len(made))
    return len(made)
