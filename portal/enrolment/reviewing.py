"""What the authority does with an application: open what is sealed, ask for more, admit, refuse."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.accounts.invitations import Invited, invite_people
from portal.accounts.links import hash_of, new_token
from portal.accounts.models import Organisation
from portal.accounts.rules import normalised_company
from portal.clocks.queries import almanac
from portal.clocks.rules import local_day
from portal.core import access, facts
from portal.core.actor import Actor, Role
from portal.core.errors import NotAllowed, NotFound, RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, can, require
from portal.core.privacy import vault_of
from portal.enrolment import application_rules as rules
from portal.enrolment.actions import AdmitMerchant, admit_merchant
from portal.enrolment.application_contents import accounts_of, outlets_of
from portal.enrolment.application_documents import OpenedPage, opened_page
from portal.enrolment.application_links import INVITE_SEAL
from portal.enrolment.application_models import Application, ApplicationRequest
from portal.enrolment.application_rules import ApplicationEvent, Part
from portal.enrolment.models import Merchant, Outlet

MISSING = "没有这份入驻申请，或者它不是向你的辖区提交的。"
OPEN_FIRST = "申请材料含有个人信息。请先在申请页面选择理由查看，30 分钟内可以打开材料。"


@dataclass(frozen=True, slots=True)
class OpenApplication:
    """Why an officer looks at what is sealed."""

    reference: str
    reason: str


def open_application(session: Session, actor: Actor, command: OpenApplication, *, now: datetime) -> Application:
    """Let the officer read contact person, accounts and documents for thirty minutes, on record (decisions 19)."""
    application = locked(session, actor, command.reference)
    access.grant_reading(session, actor, SubjectKind.APPLICATION, application.id, reason=command.reason, now=now)
    return application


def open_page(session: Session, actor: Actor, reference: str, page: str, *, now: datetime) -> OpenedPage:
    """Read a page of a document; NotFound for strangers, NotAllowed without the thirty-minute grant."""
    application = found(session, actor, reference)
    if not access.granted_until(session, actor, SubjectKind.APPLICATION, application.id, now=now):
        raise NotAllowed(OPEN_FIRST)
    return opened_page(session, application, page)


@dataclass(frozen=True, slots=True)
class AskForMore:
    """What is wanted, in words, of which parts, until when."""

    reference: str
    parts: tuple[Part, ...]
    words: str
    reply_on: date


def ask_for_more(session: Session, actor: Actor, command: AskForMore, *, now: datetime) -> ApplicationRequest:
    """Give the application back to the applicant with what is to be added; its limit of review rests."""
    application = locked(session, actor, command.reference)
    require(actor, Permission.APPLICATION_DECIDE, application)
    if not command.parts:
        raise RuleBroken("请勾选要补正的部分。", field="parts")
    if command.reply_on < local_day(now):
        raise RuleBroken("补正日期不能早于今天。", field="reply_on")
    application.state = rules.next_state(application.state, ApplicationEvent.ASK)
    application.review_by, application.changed_at = None, now
    request = ApplicationRequest(
        application_id=application.id,
        parts={"parts": [one.value for one in command.parts]},
        words=command.words.strip(),
        reply_on=command.reply_on,
        asked_at=now,
        officer=actor.name,
    )
    session.add(request)
    _note(session, actor, Topic.APPLICATION_MORE_ASKED, application, now=now)
    return request


@dataclass(frozen=True, slots=True)
class Admit:
    """The decision: which tier, under which authority."""

    reference: str
    tier: str
    authority_code: str


def admit(session: Session, actor: Actor, command: Admit, *, now: datetime) -> Merchant:
    """Admit the applicant: merchant, outlets and accounts at once; the way to the first password goes to its phone.

    Refuses a tier that another desk admits, a licence that has ended meanwhile, a code that was admitted meanwhile.
    """
    application = locked(session, actor, command.reference)
    require(actor, Permission.APPLICATION_DECIDE, application)
    state = rules.next_state(application.state, ApplicationEvent.ADMIT)
    own = session.get_one(Organisation, actor.organisation_id)
    if objection := rules.objection_to_tier(command.tier, own.level):
        raise RuleBroken(objection, field="tier")
    if objection := rules.objection_to_licence(
        application.licence_until_on, application.licence_open_ended, local_day(now)
    ):
        raise RuleBroken(f"{objection}可以用“要求补正”请企业更新。")
    particulars = AdmitMerchant(
        code=application.code,
        name=application.name,
        authority_code=command.authority_code,
        address=application.address,
        phone=application.phone,
        tier=command.tier,
    )
    merchant = admit_merchant(session, actor, particulars, now=now)
    merchant.licence_until_on = application.licence_until_on
    _add_outlets(session, merchant, application)
    people = [
        Invited(one.name, one.sign_in_name, Role(one.role))
        for one in accounts_of(session, application, application.key)
    ]
    invite_people(session, actor, merchant.organisation, people, now=now)
    application.state, application.merchant_id = state, merchant.id
    _conclude(application, actor, now=now)
    invite(session, application, now=now)
    _note(session, actor, Topic.APPLICATION_ADMITTED, application, now=now)
    return merchant


@dataclass(frozen=True, slots=True)
class RefuseApplication:
    """The decision against, with the reason that the applicant reads."""

    reference: str
    reason: str


def refuse_application(session: Session, actor: Actor, command: RefuseApplication, *, now: datetime) -> Application:
    """Refuse an application; the applicant reads the reason and can apply again from what was filled in."""
    application = locked(session, actor, command.reference)
    require(actor, Permission.APPLICATION_DECIDE, application)
    if not command.reason.strip():
        raise RuleBroken("请写明不予入驻的理由，企业会看到。", field="reason")
    application.state = rules.next_state(application.state, ApplicationEvent.REFUSE)
    application.reason = command.reason.strip()
    _conclude(application, actor, now=now)
    _note(session, actor, Topic.APPLICATION_REFUSED, application, now=now)
    return application


def invite(session: Session, application: Application, *, now: datetime) -> None:
    """Make a fresh way to the first password; a former one ends."""
    token = new_token()
    application.invite_hash = hash_of(token)
    application.invite_sealed = vault_of(session).seal_secret(token, INVITE_SEAL)
    application.invite_until = almanac(session).derive("application_invitation", now).due_at


def found(session: Session, actor: Actor, reference: str) -> Application:
    """The application that the officer may look at; NotFound for strangers and for what was never submitted."""
    return _seen(actor, session.scalars(_by_reference(reference)).first())


def locked(session: Session, actor: Actor, reference: str) -> Application:
    """The same, locked for a change."""
    return _seen(actor, session.scalars(_by_reference(reference).with_for_update(of=Application)).first())


def _by_reference(reference: str) -> Any:
    return (
        select(Application)
        .where(Application.reference == reference, Application.round > 0)
        .options(joinedload(Application.key), joinedload(Application.authority))
    )


def _seen(actor: Actor, application: Application | None) -> Application:
    if application is None or not can(actor, Permission.APPLICATION_READ, application):
        raise NotFound(MISSING)
    return application


def _add_outlets(session: Session, merchant: Merchant, application: Application) -> None:
    known: set[str] = set()
    for name, address in outlets_of(application):
        normalised = normalised_company(name)
        if normalised and normalised not in known:
            known.add(normalised)
            session.add(Outlet(merchant_id=merchant.id, name=name, normalised=normalised, address=address))


def _conclude(application: Application, actor: Actor, *, now: datetime) -> None:
    application.concluded_at, application.changed_at, application.review_by = now, now, None
    application.decider = actor.name


def _note(session: Session, actor: Actor, topic: Topic, application: Application, *, now: datetime) -> None:
    facts.record(session, actor, topic, SubjectKind.APPLICATION, application.id, at=now)
