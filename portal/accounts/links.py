"""Consumers' links: one per case and recipient, found by their hash, sealed so that a message can repeat them.

A link's own end is `expires_at`: the cases above set it through `expire_links` when a dispute closes, and take it back
when it reopens (decisions 12).
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.orm import Session

from portal.accounts.models import ConsumerLink, PhoneCode
from portal.core import facts
from portal.core.actor import Actor, ActorKind
from portal.core.facts import Fact, SubjectKind, Topic
from portal.core.privacy import vault_of

ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"  # base32 of RFC 4648, lower case
TOKEN_LENGTH = 20  # characters of 5 bits: 100 random bits
FRESH_LINK_DAYS = 30  # our limit: how long a link lives that replaces one which had ended
ASK_AGAIN_MINUTES = 10  # our limit
MAX_ASKED_A_DAY = 5  # our limit, per case
WIPED_AT_ONCE = 1000  # rows a transaction

PAPER = b""  # the recipient of a link on a letter
SEAL = "link.token"

_TOKEN = re.compile(rf"[{ALPHABET}]{{{TOKEN_LENGTH}}}")


def issue_link(
    session: Session, case_id: int, recipient_phone: str | None, *, now: datetime, expires_at: datetime | None = None
) -> tuple[ConsumerLink, str]:
    """Return the live link of this case and recipient with its token; make one where there is none.

    `recipient_phone` is None for a paper letter. `expires_at` matters for a new link only. An ended link is revoked
    and replaced.
    """
    vault = vault_of(session)
    recipient = vault.blind(recipient_phone, "phone") if recipient_phone else PAPER
    existing = session.scalars(
        select(ConsumerLink)
        .where(
            ConsumerLink.case_id == case_id,
            ConsumerLink.recipient == recipient,
            ConsumerLink.revoked_at.is_(None),
        )
        .with_for_update()
    ).first()
    if existing is not None:
        if is_live(existing, now=now) and existing.token_sealed is not None:
            return existing, vault.open_secret(existing.token_sealed, SEAL)
        existing.revoked_at, existing.token_sealed = now, None
        session.flush()  # before the new row, for only one may be unrevoked
    token = new_token()
    link = ConsumerLink(
        case_id=case_id,
        recipient=recipient,
        token_hash=hash_of(token),
        token_sealed=vault.seal_secret(token, SEAL),
        issued_at=now,
        expires_at=expires_at,
    )
    session.add(link)
    session.flush()
    return link, token


def open_link(session: Session, token: str, *, now: datetime) -> ConsumerLink | None:
    """Find the live link of a token; None for a forged, ended or revoked one, all alike.

    The look-up is by SHA-256, so its time says nothing about how much of a guess was right.
    """
    link = _by_token(session, token)
    return link if link is not None and is_live(link, now=now) else None


def consumer_of(link: ConsumerLink) -> Actor:
    """The actor that holds a link."""
    return Actor(ActorKind.CONSUMER, case_id=link.case_id, link_id=link.id)


def is_live(link: ConsumerLink, *, now: datetime) -> bool:
    """Say whether a link still opens its page."""
    return link.revoked_at is None and (link.expires_at is None or link.expires_at > now)


def token_of(session: Session, link: ConsumerLink) -> str | None:
    """The token of a link, for composing a message; None once it was wiped."""
    return vault_of(session).open_secret(link.token_sealed, SEAL) if link.token_sealed else None


def expire_links(session: Session, case_id: int, at: datetime | None) -> None:
    """Let every link of a case end at `at`; None takes an end back that is still to come (a case that reopens)."""
    session.execute(
        update(ConsumerLink)
        .where(ConsumerLink.case_id == case_id, ConsumerLink.revoked_at.is_(None))
        .values(expires_at=at)
    )


def revoke_links(session: Session, case_id: int, recipient_phone: str | None, *, now: datetime) -> None:
    """End one recipient's link at once and forget its token, as when an officer corrects the number."""
    vault = vault_of(session)
    recipient = vault.blind(recipient_phone, "phone") if recipient_phone else PAPER
    session.execute(
        update(ConsumerLink)
        .where(
            ConsumerLink.case_id == case_id,
            ConsumerLink.recipient == recipient,
            ConsumerLink.revoked_at.is_(None),
        )
        .values(revoked_at=now, token_sealed=None)
    )


@dataclass(frozen=True, slots=True)
class AskForLink:
    """The token of a link that may be dead, as it stood in the address."""

    token: str


def ask_for_fresh_link(session: Session, actor: Actor, command: AskForLink, *, now: datetime) -> None:
    """Ask that a fresh link be sent to the registered phone, if the token was ever one of ours.

    Gives no answer on purpose, so that nobody can probe: a strange token, an own one and one that asks too often
    (10 minutes, 5 a day) all end alike.
    """
    link = _by_token(session, command.token)
    if link is None or _asked_too_often(session, link.case_id, now=now):
        return
    had_ended = link.expires_at is not None
    facts.record(
        session,
        actor,
        Topic.LINK_ASKED,
        SubjectKind.CASE,
        link.case_id,
        at=now,
        link_id=link.id,
        days=FRESH_LINK_DAYS if had_ended else None,
    )


def ask_link_of_case(session: Session, actor: Actor, case_id: int, *, now: datetime) -> bool:
    """Ask that the registered phone be sent its link to a case; False where that was asked too often of late.

    The caller has made sure that whoever asks holds this phone.
    """
    if _asked_too_often(session, case_id, now=now):
        return False
    facts.record(session, actor, Topic.LINK_ASKED, SubjectKind.CASE, case_id, at=now, link_id=None, days=None)
    return True


def _asked_too_often(session: Session, case_id: int, *, now: datetime) -> bool:
    count, latest = session.execute(
        select(func.count(), func.max(Fact.at)).where(
            Fact.subject_kind == SubjectKind.CASE,
            Fact.subject_id == case_id,
            Fact.topic == Topic.LINK_ASKED,
            Fact.at > now - timedelta(days=1),
        )
    ).one()
    return count >= MAX_ASKED_A_DAY or (latest is not None and latest > now - timedelta(minutes=ASK_AGAIN_MINUTES))


@dataclass(frozen=True, slots=True)
class WipeEnded:
    """How many rows to wipe in one transaction."""

    limit: int = WIPED_AT_ONCE


def wipe_expired_links(session: Session, actor: Actor, command: WipeEnded, *, now: datetime) -> int:
    """Forget the tokens of links and the codes that have ended; return how many were wiped.

    Safe to run at any time and twice; run again while it returns `limit` or more.
    """
    # a revoked link lost its token when it was revoked
    links = select(ConsumerLink.id).where(ConsumerLink.token_sealed.is_not(None), ConsumerLink.expires_at <= now)
    codes = select(PhoneCode.id).where(PhoneCode.code_sealed.is_not(None), PhoneCode.expires_at <= now)
    wiped_links = session.execute(
        update(ConsumerLink).where(ConsumerLink.id.in_(links.limit(command.limit))).values(token_sealed=None)
    )
    wiped_codes = session.execute(
        update(PhoneCode).where(PhoneCode.id.in_(codes.limit(command.limit))).values(code_sealed=None)
    )
    assert isinstance(wiped_links, CursorResult)
    assert isinstance(wiped_codes, CursorResult)
    return wiped_links.rowcount + wiped_codes.rowcount


def new_token() -> str:
    """Draw 100 random bits as 20 characters of lower-case base32."""
    bits = secrets.randbits(5 * TOKEN_LENGTH)
    return "".join(ALPHABET[bits >> 5 * position & 31] for position in range(TOKEN_LENGTH))


def hash_of(token: str) -> bytes:
    """The SHA-256 under which a token is kept."""
    return hashlib.sha256(token.encode()).digest()


def _by_token(session: Session, token: str) -> ConsumerLink | None:
    cleaned = token.strip().lower()
    if not _TOKEN.fullmatch(cleaned):
        return None
    return session.scalars(select(ConsumerLink).where(ConsumerLink.token_hash == hash_of(cleaned))).first()
