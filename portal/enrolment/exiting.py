"""A merchant leaves the list of ODR enterprises, and comes back.

It gets no new complaints; open cases stay to be finished, and its people sign in as before for these and for the
ledgers. That enterprises are taken off dynamically (动态退出) is verified, how is local (domain 1.1).
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from portal.clocks.rules import local_day
from portal.core import facts
from portal.core.actor import Actor
from portal.core.errors import RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require
from portal.enrolment.actions import locked
from portal.enrolment.models import Merchant, MerchantState


@dataclass(frozen=True, slots=True)
class ExitMerchant:
    """Take a merchant off the list; `readmit_on` is the earliest day on which it may come back."""

    code: str
    reason: str
    readmit_on: date


def exit_merchant(session: Session, actor: Actor, command: ExitMerchant, *, now: datetime) -> Merchant:
    """Take a merchant off the list, also one that is suspended; refuses with RuleBroken one that has left."""
    merchant = locked(session, actor, command.code)
    require(actor, Permission.MERCHANT_EXIT, merchant)
    today = local_day(now)
    if merchant.state is MerchantState.EXITED:
        raise RuleBroken("这家企业已经退出，不用再办理。")
    if not command.reason.strip():
        raise RuleBroken("请写明退出的理由，企业会看到。", field="reason")
    if command.readmit_on < today:
        raise RuleBroken("最早可以重新申请的日期不能早于今天。", field="readmit_on")
    merchant.state = MerchantState.EXITED
    merchant.suspended_at = merchant.suspension_reason = None
    merchant.exited_on, merchant.exit_reason, merchant.readmit_on = today, command.reason.strip(), command.readmit_on
    facts.record(
        session,
        actor,
        Topic.MERCHANT_EXITED,
        SubjectKind.MERCHANT,
        merchant.id,
        at=now,
        exited_on=today.isoformat(),
        readmit_on=command.readmit_on.isoformat(),
    )
    return merchant


@dataclass(frozen=True, slots=True)
class ReadmitMerchant:
    """Put a merchant that left on the list again."""

    code: str


def readmit_merchant(session: Session, actor: Actor, command: ReadmitMerchant, *, now: datetime) -> Merchant:
    """Put a merchant on the list again, not before the day that was fixed; its promises do not come back with it."""
    merchant = locked(session, actor, command.code)
    require(actor, Permission.MERCHANT_EXIT, merchant)
    if merchant.state is not MerchantState.EXITED:
        raise RuleBroken("这家企业没有退出，不用恢复。")
    if merchant.readmit_on is not None and local_day(now) < merchant.readmit_on:
        raise RuleBroken(f"退出时写明最早 {merchant.readmit_on.isoformat()} 可以恢复，请到那天以后再办理。")
    merchant.state = MerchantState.ADMITTED
    merchant.exited_on = merchant.exit_reason = merchant.readmit_on = None
    facts.record(session, actor, Topic.MERCHANT_READMITTED, SubjectKind.MERCHANT, merchant.id, at=now)
    return merchant
