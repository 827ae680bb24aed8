"""When the consumer must prove to hold the registered phone: above a sum, at an unknown one, at a changed number."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.accounts import codes
from portal.cases import steps
from portal.cases.models import Case, PhoneSource
from portal.clocks.queries import almanac
from portal.clocks.rules import local_day
from portal.core.actor import Actor
from portal.core.errors import RuleBroken
from portal.settlements import rules

VERIFIED = frozenset({PhoneSource.FILING, PhoneSource.OFFICER})
ACCEPTING, COUNTERING, GIVING_ACCOUNT = "接受这个方案", "提出这个要求", "填写收款账户"


def confirmed_by_code(
    session: Session, actor: Actor, case: Case, digest: str, outlay: int, *, act: str, now: datetime
) -> bool:
    """Say whether a right code was given for the round of this digest; `outlay` in 分 is what the act is about.

    Refuses with RuleBroken (field "code") where decisions 13 asks for a code and none was given.
    """
    if actor.link_id is not None and codes.is_confirmed(session, actor.link_id, digest, now=now):
        return True
    if code_asked(session, case, outlay, now=now):
        raise RuleBroken(_missing(case, act), field="code")
    return False


def code_asked(session: Session, case: Case, outlay: int, *, now: datetime) -> bool:
    """Say whether an act of the consumer about this outlay (分) needs a code (decisions 13)."""
    authorities = steps.authorities_upwards(session, case.authority_id)
    return rules.code_needed(
        in_dispute=case.amount,
        offered=outlay,
        threshold=almanac(session).amount("code_threshold", local_day(now), authorities),
        phone_set_after_filing=case.phone_set_at is not None,
    )


def _missing(case: Case, act: str) -> str:
    if case.phone_source in VERIFIED:
        return f"{act}要先用手机验证码确认。请获取验证码并输入 6 位数字。"
    return f"{act}要用手机验证码确认，但登记的手机号没有核实。请拨打 12315，由市场监管部门登记手机号。"
