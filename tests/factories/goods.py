"""Problem goods in the states that tests begin with."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.clocks.rules import local_day
from portal.core.actor import Actor
from portal.recalls import actions, notices
from portal.recalls.actions import RecordResult, RegisterGoods, RemoveGoods, SendForTesting
from portal.recalls.models import ProblemGoods, RecallNotice
from portal.recalls.notices import IssueNotice
from portal.recalls.rules import Disposal, Source
from tests.conftest import NOW

REGISTRATION = RegisterGoods(
    goods="电热水壶",
    brand="鹭泉",
    model="LQ-15",
    batch="20260701",
    barcode="6901234567892",
    supplier="厦门鹭泉电器有限公司",
    problem="壶底漏电",
    on_hand=24,
    source=Source.RETURN,
)


def registered(session: Session, actor: Actor, *, now: datetime = NOW) -> ProblemGoods:
    """An article just registered by a merchant, or found by an authority."""
    return actions.register_goods(session, actor, REGISTRATION, now=now)


def with_result(session: Session, actor: Actor, *, passed: bool = False, now: datetime = NOW) -> ProblemGoods:
    """An article whose test has ended."""
    row = registered(session, actor, now=now)
    actions.send_for_testing(session, actor, SendForTesting(row.reference, "市质检院", local_day(now)), now=now)
    command = RecordResult(row.reference, passed, local_day(now), "XM2026-118", "" if passed else "泄漏电流超标")
    return actions.record_result(session, actor, command, now=now)


def removed(session: Session, actor: Actor, *, now: datetime = NOW) -> ProblemGoods:
    """A bad article that its merchant took off the shelves."""
    row = with_result(session, actor, now=now)
    command = RemoveGoods(row.reference, 24, local_day(now), Disposal.TO_SUPPLIER)
    return actions.remove_goods(session, actor, command, now=now)


def notified(session: Session, officer: Actor, row: ProblemGoods, *, now: datetime = NOW) -> RecallNotice:
    """The authority's notice to its area."""
    return notices.issue_notice(session, officer, IssueNotice(row.reference, "立即下架。", local_day(now)), now=now)
