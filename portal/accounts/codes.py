"""Six-digit codes: to the verified phone, bound to a link and an offer (decisions 13), or to prove a number as one's own."""

import hmac
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from portal.accounts import links
from portal.accounts.models import ConsumerLink, PhoneCode
from portal.core import facts
from portal.core.actor import Actor
from portal.core.errors import NotFound, RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require
from portal.core.privacy import vault_of

DIGITS = 6
CODE_MINUTES = 10
MAX_TRIES = 5
RESEND_SECONDS = 60  # our limit
MAX_SENT_AN_HOUR = 5  # our limit, per link: at most 25 guesses in a million an hour
SEAL = "link.code"


@dataclass(frozen=True, slots=True)
class SendCode:
    """Which link asks, and the hash of the offer that the code will confirm."""

    link_id: int
    bound_to: str


class CodeResult(StrEnum):
    """What came of a code; a result, not a refusal, because a wrong try must be kept."""

    RIGHT = "right"
    WRONG = "wrong"
    LATE = "late"  # ten minutes are over
    TOO_MANY = "too_many"  # five wrong tries: a new code is needed
    NONE = "none"  # no code was asked for this offer, or it was used


CODE_OBJECTIONS = {
    CodeResult.WRONG: "验证码不对。请核对短信里的 6 位数字后重新输入。",
    CodeResult.LATE: f"验证码已过 {CODE_MINUTES} 分钟。请重新获取。",
    CodeResult.TOO_MANY: f"验证码已输错 {MAX_TRIES} 次，不能再用。请重新获取。",
    CodeResult.NONE: "还没有获取这个方案的验证码。请先点“获取验证码”。",
}


def send_code(session: Session, actor: Actor, command: SendCode, now: datetime) -> PhoneCode:
    """Make a new code for a link and an offer and ask for its message; the former one ends at once.

    It goes to the case's verified phone only: the handler of CODE_ASKED looks that up. Refuses with RuleBroken when
    asked again within a minute or more than five times an hour.
    """
    link = session.scalars(select(ConsumerLink).where(ConsumerLink.id == command.link_id).with_for_update()).first()
    if link is None or not links.is_live(link, now=now):
        raise NotFound("这个链接已经失效。请打开最近一条短信里的链接。")
    require(actor, Permission.CONSUMER_ANSWER, link)
    of_link = PhoneCode.link_id == link.id
    if objection := _objection_to_sending(session, of_link, now=now):
        raise RuleBroken(objection, field="code")
    _end_former(session, of_link, now=now)
    code = _new_code(session, link.id, command.bound_to, None, now=now)
    facts.record(
        session, actor, Topic.CODE_ASKED, SubjectKind.CASE, link.case_id, at=now, link_id=link.id, code_id=code.id
    )
    return code


def new_proof(session: Session, phone: str, bound_to: str, *, now: datetime) -> PhoneCode:
    """Make a code by which somebody proves a number for what `bound_to` names; the caller asks for its message.

    Refuses with RuleBroken (field "code") a number that was sent one within a minute or five within an hour, whoever
    asked: nobody's phone is flooded through us.
    """
    index = vault_of(session).blind(phone, "phone")
    if objection := _objection_to_sending(session, PhoneCode.phone_index == index, now=now):
        raise RuleBroken(objection, field="code")
    _end_former(session, (PhoneCode.link_id.is_(None)) & (PhoneCode.bound_to == bound_to), now=now)
    return _new_code(session, None, bound_to, index, now=now)


def proof_went_to(session: Session, bound_to: str) -> bytes | None:
    """The blind index of the number to which the newest code for `bound_to` went."""
    return session.scalars(
        select(PhoneCode.phone_index)
        .where(PhoneCode.link_id.is_(None), PhoneCode.bound_to == bound_to)
        .order_by(PhoneCode.id.desc())
        .limit(1)
    ).first()


def forget_proofs(session: Session, bound_to: str) -> None:
    """Forget to which number the codes for `bound_to` went."""
    session.execute(
        update(PhoneCode)
        .where(PhoneCode.link_id.is_(None), PhoneCode.bound_to == bound_to)
        .values(phone_index=None, code_sealed=None)
    )


def _end_former(session: Session, former: ColumnElement[bool], *, now: datetime) -> None:
    session.execute(
        update(PhoneCode)
        .where(former, PhoneCode.used_at.is_(None), PhoneCode.expires_at > now)
        .values(expires_at=now, code_sealed=None)
    )


def _new_code(
    session: Session, link_id: int | None, bound_to: str, phone_index: bytes | None, *, now: datetime
) -> PhoneCode:
    digits = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    code = PhoneCode(
        link_id=link_id,
        phone_index=phone_index,
        bound_to=bound_to,
        code_hash=_keyed_hash(session, link_id, bound_to, digits),
        code_sealed=vault_of(session).seal_secret(digits, SEAL),
        sent_at=now,
        expires_at=now + timedelta(minutes=CODE_MINUTES),
    )
    session.add(code)
    session.flush()
    return code


def check_code(session: Session, link_id: int | None, bound_to: str, code: str, now: datetime) -> CodeResult:
    """Try a code for a link and an offer, or (without a link) a proof; a right one is used up, a wrong one counts.

    The count lives in the session's transaction: an action that raises after WRONG rolls it back. So an action that
    asks for a code must *return* what came of it, or be preceded by `try_code` in a transaction of its own.
    """
    row = session.scalars(
        select(PhoneCode)
        .where(PhoneCode.link_id == link_id, PhoneCode.bound_to == bound_to, PhoneCode.used_at.is_(None))
        .order_by(PhoneCode.id.desc())
        .limit(1)
        .with_for_update()
    ).first()
    if row is None:
        return CodeResult.NONE
    if row.tries >= MAX_TRIES:
        return CodeResult.TOO_MANY
    if row.expires_at <= now:
        return CodeResult.LATE
    typed = "".join(unicodedata.normalize("NFKC", code).split())  # a Chinese keyboard may type wide digits
    if not hmac.compare_digest(row.code_hash, _keyed_hash(session, link_id, bound_to, typed)):
        row.tries += 1
        return CodeResult.TOO_MANY if row.tries >= MAX_TRIES else CodeResult.WRONG
    row.used_at, row.code_sealed = now, None
    return CodeResult.RIGHT


@dataclass(frozen=True, slots=True)
class TryCode:
    """A code as the consumer typed it."""

    link_id: int
    bound_to: str
    code: str


def try_code(session: Session, actor: Actor, command: TryCode, *, now: datetime) -> CodeResult:
    """Try a code in a transaction of its own, so that a wrong try is kept; then `is_confirmed` holds for ten minutes."""
    link = session.get(ConsumerLink, command.link_id)
    if link is None or not links.is_live(link, now=now):
        raise NotFound("这个链接已经失效。请打开最近一条短信里的链接。")
    require(actor, Permission.CONSUMER_ANSWER, link)
    return check_code(session, command.link_id, command.bound_to, command.code, now)


def is_confirmed(session: Session, link_id: int, bound_to: str, *, now: datetime) -> bool:
    """Say whether a right code was given for exactly this link and offer in the last ten minutes."""
    used = session.scalars(
        select(PhoneCode.id)
        .where(
            PhoneCode.link_id == link_id,
            PhoneCode.bound_to == bound_to,
            PhoneCode.used_at > now - timedelta(minutes=CODE_MINUTES),
        )
        .limit(1)
    ).first()
    return used is not None


def digits_of(session: Session, code: PhoneCode, *, now: datetime) -> str | None:
    """The digits of a code, for composing its message; None once it was used, replaced or late."""
    if code.code_sealed is None or code.used_at is not None or code.expires_at <= now:
        return None
    return vault_of(session).open_secret(code.code_sealed, SEAL)


def _objection_to_sending(session: Session, former: ColumnElement[bool], *, now: datetime) -> str | None:
    count, latest = session.execute(
        select(func.count(), func.max(PhoneCode.sent_at)).where(former, PhoneCode.sent_at > now - timedelta(hours=1))
    ).one()
    if latest is not None and latest > now - timedelta(seconds=RESEND_SECONDS):
        left = int((latest + timedelta(seconds=RESEND_SECONDS) - now).total_seconds())
        return f"验证码刚刚发过。没有收到的话，{max(left, 1)} 秒后再获取。"
    if count >= MAX_SENT_AN_HOUR:
        return f"一小时内最多获取 {MAX_SENT_AN_HOUR} 次验证码。请稍后再试，或拨打 12315。"
    return None


def _keyed_hash(session: Session, link_id: int | None, bound_to: str, digits: str) -> bytes:
    return vault_of(session).blind(f"{link_id}\0{bound_to}\0{digits}", "phone_code")
