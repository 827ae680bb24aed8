"""The second factor: time-based codes (RFC 6238), each used once; set up, confirmed, taken off by its owner.

The moment comes from the edge as real seconds: an authenticator knows nothing of a rehearsal's shifted clock.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import pyotp
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.actions import SignInResult, count_failure
from portal.accounts.models import Person
from portal.core import facts
from portal.core.actor import Actor
from portal.core.errors import NotFound, RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.privacy import vault_of

STEP_SECONDS = 30  # RFC 6238, 5.2
DRIFT = (0, -1, 1)  # steps by which a phone's clock may be off (RFC 6238, 5.2 advises one)
ISSUER = "企业自助门户"
SEAL = "person.totp"
WRONG_CODE = "验证码不对。请输入验证器此刻显示的 6 位数字；如果一直不对，请检查手机时间。"


class FactorResult(StrEnum):
    """What came of a code; a result, not a refusal, because a failure must be kept."""

    RIGHT = "right"
    WRONG = "wrong"
    USED = "used"
    LOCKED = "locked"


OBJECTIONS = {
    FactorResult.WRONG: WRONG_CODE,
    FactorResult.USED: "这个验证码已经用过。请等验证器换出下一个再输入。",
    FactorResult.LOCKED: "连续输错次数太多，这个登录名暂停使用 15 分钟。请稍后再试。",
}


@dataclass(frozen=True, slots=True)
class SetSecondFactor:
    """A secret that the person's authenticator has just learnt, proven by a code; `at` in seconds since 1970."""

    secret: str
    code: str
    at: int


@dataclass(frozen=True, slots=True)
class ConfirmSecondFactor:
    """A code at sign-in; `at` in seconds since 1970."""

    code: str
    at: int


def new_secret() -> str:
    """Make a secret of 160 bits in base32 (RFC 4226, 4 R6)."""
    return pyotp.random_base32()


def address_of(secret: str, sign_in_name: str) -> str:
    """The otpauth address that a QR code carries to the authenticator."""
    return pyotp.TOTP(secret).provisioning_uri(name=sign_in_name, issuer_name=ISSUER)


def step_of(secret: str, code: str, at: int) -> int | None:
    """The time step whose code this is, within the drift; None for a wrong one."""
    typed = "".join(code.split())
    for drift in DRIFT:
        moment = at + drift * STEP_SECONDS
        if hmac.compare_digest(pyotp.TOTP(secret).at(moment).encode(), typed.encode()):
            return moment // STEP_SECONDS
    return None


def set_second_factor(session: Session, actor: Actor, command: SetSecondFactor, *, now: datetime) -> Person:
    """Keep one's own second factor, sealed. Refuses a wrong code, and a second one while the first is there."""
    person = _self(session, actor)
    if person.second_factor is not None:
        raise RuleBroken("已经设置了第二验证。要换验证器，请先在“我的账号”里停用原来的。", field="code")
    step = step_of(command.secret, command.code, command.at)
    if step is None:
        raise RuleBroken(WRONG_CODE, field="code")
    person.second_factor = vault_of(session).seal_secret(command.secret, SEAL)
    person.second_factor_step = step
    facts.record(session, actor, Topic.SECOND_FACTOR_SET, SubjectKind.PERSON, person.id, at=now)
    return person


def confirm_second_factor(
    session: Session, actor: Actor, command: ConfirmSecondFactor, *, now: datetime
) -> FactorResult:
    """Check a code; each time step counts once (RFC 6238, 5.2), and five failures lock the name as passwords do."""
    person = _self(session, actor)
    if person.locked_until is not None and person.locked_until > now:
        return FactorResult.LOCKED
    if person.second_factor is None:
        return FactorResult.WRONG
    step = step_of(vault_of(session).open_secret(person.second_factor, SEAL), command.code, command.at)
    if step is None:
        outcome = count_failure(session, person, now=now)
        return FactorResult.LOCKED if outcome.result is SignInResult.LOCKED else FactorResult.WRONG
    if person.second_factor_step is not None and step <= person.second_factor_step:
        return FactorResult.USED
    person.second_factor_step, person.failures = step, 0
    return FactorResult.RIGHT


def remove_second_factor(
    session: Session, actor: Actor, command: ConfirmSecondFactor, *, now: datetime
) -> FactorResult:
    """Take off one's own second factor with a valid code, to change the phone; where compulsory, a new one is due at once."""
    result = confirm_second_factor(session, actor, command, now=now)
    if result is FactorResult.RIGHT:
        person = _self(session, actor)
        person.second_factor = person.second_factor_step = None
        facts.record(
            session, actor, Topic.PERSON_CHANGED, SubjectKind.PERSON, person.id, at=now, change="second_factor_removed"
        )
    return result


def _self(session: Session, actor: Actor) -> Person:
    person = session.scalars(select(Person).where(Person.id == actor.person_id).with_for_update()).first()
    if person is None:
        raise NotFound("没有这个人员。")
    return person
