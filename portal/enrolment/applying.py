"""What an applicant does: fill in step by step, submit, withdraw, apply again. The link is the key to all of it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.rules import normalised_company
from portal.clocks.queries import almanac
from portal.clocks.rules import local_day
from portal.core import facts
from portal.core.actor import Actor
from portal.core.errors import RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.privacy import mask_phone, vault_of
from portal.enrolment import application_rules as rules
from portal.enrolment.application_contents import (
    Contact,
    chosen_authority,
    filled,
    mobile_of,
    refuse_admitted,
    seal_accounts,
    seal_contact,
)
from portal.enrolment.application_links import application_by_token
from portal.enrolment.application_models import Application, ApplicationRequest
from portal.enrolment.application_rules import Account, ApplicationEvent
from portal.enrolment.rules import TIERS


@dataclass(frozen=True, slots=True)
class SaveFirm:
    """The merchant's particulars as far as they are known; only the code stays as it was."""

    token: str
    name: str
    authority_code: str
    address: str
    phone: str
    tier: str
    licence_until_on: date | None
    licence_open_ended: bool
    outlets: tuple[tuple[str, str], ...]
    contact: Contact


def save_firm(session: Session, actor: Actor, command: SaveFirm, *, now: datetime) -> Application:
    """Keep the particulars. Refuses an expired licence with what to do, an unknown tier, too many outlets."""
    application = editable(session, command.token, now=now)
    if objection := rules.objection_to_licence(command.licence_until_on, command.licence_open_ended, local_day(now)):
        raise RuleBroken(objection, field="licence_until_on")
    if command.tier and command.tier not in TIERS:
        raise RuleBroken("请在列出的类别里选择。", field="tier")
    if len(command.outlets) > rules.MAX_OUTLETS:
        raise RuleBroken(f"门店最多 {rules.MAX_OUTLETS} 家，其余的入驻后再添加。", field="outlets")
    contact = Contact(command.contact.name.strip(), mobile_of(command.contact.phone), command.contact.mail.strip())
    application.authority = chosen_authority(session, command.authority_code)
    application.name, application.normalised_name = command.name.strip(), normalised_company(command.name)
    application.address, application.phone = command.address.strip(), command.phone.strip()
    application.tier = command.tier
    application.licence_until_on = None if command.licence_open_ended else command.licence_until_on
    application.licence_open_ended = command.licence_open_ended
    application.outlets = {"outlets": [list(one) for one in command.outlets]}
    application.phone_index = vault_of(session).blind(contact.phone, "phone")
    application.phone_mask = mask_phone(contact.phone)
    seal_contact(session, application, contact)
    return application


@dataclass(frozen=True, slots=True)
class SaveConditions:
    """The ticked conditions with their statements; an empty statement counts as not ticked."""

    token: str
    statements: tuple[tuple[str, str], ...]


def save_conditions(session: Session, actor: Actor, command: SaveConditions, *, now: datetime) -> Application:
    """Keep what is said of 四有一健全."""
    application = editable(session, command.token, now=now)
    known = {one.value for one in rules.CONDITIONS}
    application.conditions = {
        one: text.strip()[: rules.MAX_STATEMENT] for one, text in command.statements if one in known and text.strip()
    }
    return application


@dataclass(frozen=True, slots=True)
class SaveAccounts:
    """Who is to sign in."""

    token: str
    accounts: tuple[Account, ...]


def save_accounts(session: Session, actor: Actor, command: SaveAccounts, *, now: datetime) -> Application:
    """Keep who is to sign in, sealed. Refuses a sign-in name that stands there twice."""
    application = editable(session, command.token, now=now)
    if objection := rules.objection_to_accounts(command.accounts):
        raise RuleBroken(objection, field="accounts")
    seal_accounts(session, application, command.accounts)
    return application


@dataclass(frozen=True, slots=True)
class SubmitApplication:
    """The application as it stands; `answer` says what was mended after a request for more."""

    token: str
    declared: bool
    answer: str = ""


def submit_application(session: Session, actor: Actor, command: SubmitApplication, *, now: datetime) -> Application:
    """Send the application, or what was asked for, to the authority; its limit of review begins (our own rule)."""
    application = editable(session, command.token, now=now)
    if missing := rules.missing_parts(filled(session, application), local_day(now)):
        raise RuleBroken("申请还不完整：" + "".join(sentence for _, sentence in missing))
    if not command.declared:
        raise RuleBroken("请逐项确认声明后再提交。", field="declared")
    refuse_admitted(session, application.code)
    other = select(Application.id).where(
        Application.code == application.code,
        Application.state.in_(sorted(rules.UNDER_REVIEW)),
        Application.id != application.id,
    )
    if session.scalars(other).first() is not None:
        raise RuleBroken("这个统一社会信用代码已有一份申请正在审核，不能再提交一份。请等它的结果，或在那份申请里修改。")
    application.state = rules.next_state(application.state, ApplicationEvent.SUBMIT)
    application.round += 1
    application.submitted_at, application.concluded_at, application.reason = now, None, ""
    authorities = application.authority.ancestry()[::-1]
    application.review_by = almanac(session).derive("application_review", now, authorities).due_at
    asked = session.scalars(
        select(ApplicationRequest).where(
            ApplicationRequest.application_id == application.id, ApplicationRequest.answered_at.is_(None)
        )
    ).first()
    if asked is not None:
        asked.answered_at, asked.answer = now, command.answer.strip()
    _note(session, actor, Topic.APPLICATION_SUBMITTED, application, now=now, round=application.round)
    return application


@dataclass(frozen=True, slots=True)
class Turn:
    """A step that needs nothing but the link."""

    token: str


def withdraw_application(session: Session, actor: Actor, command: Turn, *, now: datetime) -> Application:
    """Take the application back; it can be made again from what was filled in."""
    application = application_by_token(session, command.token, lock=True)
    application.state = rules.next_state(application.state, ApplicationEvent.WITHDRAW)
    application.concluded_at, application.review_by, application.changed_at = now, None, now
    _note(session, actor, Topic.APPLICATION_WITHDRAWN, application, now=now)
    return application


def reopen_application(session: Session, actor: Actor, command: Turn, *, now: datetime) -> Application:
    """Apply again with everything that was filled in and uploaded before."""
    application = application_by_token(session, command.token, lock=True)
    application.state = rules.next_state(application.state, ApplicationEvent.REOPEN)
    application.concluded_at, application.changed_at = None, now
    _note(session, actor, Topic.APPLICATION_REOPENED, application, now=now)
    return application


def editable(session: Session, token: str, *, now: datetime) -> Application:
    """The application of a link, locked, where it is the applicant's turn; RuleBroken where it is not."""
    application = application_by_token(session, token, lock=True)
    if application.state not in rules.EDITABLE:
        name = rules.STATE_NAMES[application.state][0]
        raise RuleBroken(f"申请是“{name}”状态，现在不能修改。待审核的可以先撤回，修改后再提交。")
    application.changed_at = now
    return application


def _note(
    session: Session, actor: Actor, topic: Topic, application: Application, *, now: datetime, **detail: Any
) -> None:
    facts.record(session, actor, topic, SubjectKind.APPLICATION, application.id, at=now, **detail)
