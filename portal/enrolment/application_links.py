"""The way back to an application: 100 random bits in an address, found by their hash, sealed so that a message repeats them."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from portal.accounts.links import ALPHABET, ASK_AGAIN_MINUTES, MAX_ASKED_A_DAY, TOKEN_LENGTH, hash_of
from portal.core import facts
from portal.core.actor import Actor
from portal.core.errors import NotFound
from portal.core.facts import Fact, SubjectKind, Topic
from portal.core.privacy import vault_of
from portal.enrolment.application_models import Application
from portal.enrolment.rules import code_of

TOKEN_SEAL, INVITE_SEAL = "application.token", "application.invite"
GONE = "没有这份申请，或者链接已经失效。请打开最近一条短信里的链接，或在“申请入驻”页面重新获取。"

_TOKEN = re.compile(rf"[{ALPHABET}]{{{TOKEN_LENGTH}}}")
_SENDING = (Topic.APPLICATION_LINK_ASKED, Topic.APPLICATION_STARTED, Topic.INVITATION_ASKED)


def application_by_token(session: Session, token: str, *, lock: bool = False) -> Application:
    """The application of a link, locked for a change where asked; NotFound for a forged or ended one, all alike."""
    query = select(Application).options(joinedload(Application.key), joinedload(Application.authority))
    found = None
    if _TOKEN.fullmatch(token):
        query = query.where(Application.token_hash == hash_of(token))
        found = session.scalars(query.with_for_update(of=Application) if lock else query).first()
    if found is None:
        raise NotFound(GONE)
    return found


def application_by_invite(session: Session, token: str, *, now: datetime, lock: bool = False) -> Application:
    """The admitted application whose first password is still to be set through this link; else NotFound."""
    found = None
    if _TOKEN.fullmatch(token):
        query = select(Application).where(
            Application.invite_hash == hash_of(token),
            Application.activated_at.is_(None),
            Application.invite_until > now,
        )
        found = session.scalars(query.with_for_update() if lock else query).first()
    if found is None:
        raise NotFound(
            "这个首次登录链接已经用过或过期。已经设过密码的，直接登录；还没有的，在申请进度页面重新获取链接。"
        )
    return found


def application_path(session: Session, application: Application) -> str | None:
    """The path of the applicant's page with its token; None once it was erased."""
    if application.token_sealed is None:
        return None
    return f"/apply/{vault_of(session).open_secret(application.token_sealed, TOKEN_SEAL)}"


def invitation_path(session: Session, application: Application) -> str | None:
    """The path of the page of the first password with its token; None once it was used."""
    if application.invite_sealed is None:
        return None
    return f"/apply/welcome/{vault_of(session).open_secret(application.invite_sealed, INVITE_SEAL)}"


@dataclass(frozen=True, slots=True)
class AskForLink:
    """Whoever lost the link of a merchant's application knows the merchant's code."""

    code: str


def ask_for_link(session: Session, actor: Actor, command: AskForLink, *, now: datetime) -> None:
    """Send the link of the code's newest application to its registered phone, if there is one.

    Gives no answer on purpose, so that nobody can probe; asking too often (10 minutes, 5 a day) ends alike.
    """
    newest = session.scalars(
        select(Application)
        .where(Application.code == code_of(command.code), Application.token_sealed.is_not(None))
        .order_by(Application.id.desc())
        .limit(1)
    ).first()
    if newest is not None:
        send_link(session, actor, newest, now=now)


def send_link(session: Session, actor: Actor, application: Application, *, now: datetime) -> None:
    """Ask that the link go to the registered phone, unless that happened a moment ago or too often today."""
    if not asked_too_often(session, application.id, now=now):
        _note(session, actor, Topic.APPLICATION_LINK_ASKED, application, now=now)


def asked_too_often(session: Session, application_id: int, *, now: datetime) -> bool:
    """Say whether links of an application went out within ten minutes or five times within a day."""
    count, latest = session.execute(
        select(func.count(), func.max(Fact.at)).where(
            Fact.subject_kind == SubjectKind.APPLICATION,
            Fact.subject_id == application_id,
            Fact.topic.in_(_SENDING),
            Fact.at > now - timedelta(days=1),
        )
    ).one()
    return count >= MAX_ASKED_A_DAY or (latest is not None and latest > now - timedelta(minutes=ASK_AGAIN_MINUTES))


def _note(session: Session, actor: Actor, topic: Topic, application: Application, *, now: datetime) -> None:
    facts.record(session, actor, topic, SubjectKind.APPLICATION, application.id, at=now)
