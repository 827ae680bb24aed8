"""The first password of a new merchant's head: by a link that only its registered phone received."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.accounts.invitations import set_first_password
from portal.accounts.models import Membership, Person
from portal.core import facts
from portal.core.actor import Actor, Role
from portal.core.errors import NotFound, RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.enrolment.application_links import (
    GONE,
    application_by_invite,
    application_by_token,
    asked_too_often,
)
from portal.enrolment.application_models import Application
from portal.enrolment.reviewing import invite


@dataclass(frozen=True, slots=True)
class Welcome:
    """Whose first password is to be set, and who else got an account."""

    name: str
    sign_in_name: str
    merchant: str
    others: tuple[tuple[str, str], ...]  # name and sign-in name


def welcome(session: Session, token: str, *, now: datetime) -> Welcome:
    """What the page of a first password shows; NotFound where the link was used or has ended."""
    application = application_by_invite(session, token, now=now)
    members = _members(session, application)
    head = _head(members)
    others = tuple((one.person.name, one.person.sign_in_name) for one in members if one is not head)
    return Welcome(head.person.name, head.person.sign_in_name, application.name, others)


@dataclass(frozen=True, slots=True)
class FirstPassword:
    """The password that the merchant's head typed."""

    token: str
    new: str


def use_invitation(session: Session, actor: Actor, command: FirstPassword, *, now: datetime) -> Person:
    """Set the first password of the merchant's head, once; a weak one is refused and the link still holds."""
    application = application_by_invite(session, command.token, now=now, lock=True)
    person = _head(_members(session, application)).person
    set_first_password(session, actor, person, command.new, now=now)
    application.activated_at = now
    application.invite_hash = application.invite_sealed = application.invite_until = None
    facts.record(session, actor, Topic.INVITATION_USED, SubjectKind.APPLICATION, application.id, at=now)
    return person


@dataclass(frozen=True, slots=True)
class AskForInvitation:
    """The link of an admitted application, whose holder has no way to the first password any more."""

    token: str


def ask_for_invitation(session: Session, actor: Actor, command: AskForInvitation, *, now: datetime) -> None:
    """Send a fresh way to the first password to the registered phone, unless it was used or asked for too often."""
    application = application_by_token(session, command.token, lock=True)
    if application.merchant_id is None:
        raise RuleBroken("申请还没有通过，暂时没有账号。")
    if application.activated_at is not None:
        raise RuleBroken("企业负责人已经设置过密码，请直接登录。忘记密码的，联系系统管理员重置。")
    if asked_too_often(session, application.id, now=now):
        return
    invite(session, application, now=now)
    facts.record(session, actor, Topic.INVITATION_ASKED, SubjectKind.APPLICATION, application.id, at=now)


def _members(session: Session, application: Application) -> list[Membership]:
    return list(
        session.scalars(
            select(Membership)
            .where(Membership.organisation_id == application.merchant_id)
            .options(joinedload(Membership.person))
            .order_by(Membership.id)
        )
    )


def _head(members: list[Membership]) -> Membership:
    head = next((one for one in members if one.role is Role.PRINCIPAL), None)
    if head is None:
        raise NotFound(GONE)
    return head
