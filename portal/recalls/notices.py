"""The authority's part: tell every merchant of the area, gather what each took off the shelves, chase, close."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, insert, literal, select, update
from sqlalchemy.orm import Session

from portal.clocks.queries import almanac
from portal.clocks.rules import end_of_day, local_day
from portal.core import facts
from portal.core.actor import Actor
from portal.core.errors import RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require
from portal.enrolment.models import Merchant, MerchantState
from portal.recalls.access import locked, locked_answer, move
from portal.recalls.actions import check_removal
from portal.recalls.models import ProblemGoods, RecallAnswer, RecallNotice
from portal.recalls.rules import Disposal, GoodsEvent, Standing, closing_problem


@dataclass(frozen=True, slots=True)
class IssueNotice:
    """What the area is told, and until when each merchant answers."""

    reference: str
    text: str
    answer_on: date


def issue_notice(session: Session, actor: Actor, command: IssueNotice, *, now: datetime) -> RecallNotice:
    """Tell every merchant of the issuer's area that has not left; each has a row to confirm, in one statement."""
    goods = locked(session, actor, command.reference)
    require(actor, Permission.RECALL_ISSUE, goods)
    move(goods, GoodsEvent.NOTIFY)
    if command.answer_on < local_day(now):
        raise RuleBroken("答复日期不能早于今天。", field="answer_on")
    assert actor.organisation_id is not None
    notice = RecallNotice(
        goods_id=goods.id,
        authority_id=actor.organisation_id,
        text=command.text,
        answer_by=end_of_day(command.answer_on),
        issued_at=now,
        issuer_name=actor.name,
    )
    session.add(notice)
    session.flush()
    area = (
        select(literal(notice.id), Merchant.id)
        .where(
            Merchant.authority_id.in_(sorted(actor.jurisdiction)),
            Merchant.state != MerchantState.EXITED,
            Merchant.id != (goods.merchant_id or 0),  # its own take-down stands on the article itself
        )
        .order_by(Merchant.id)
    )
    session.execute(insert(RecallAnswer).from_select(["notice_id", "merchant_id"], area))
    told = select(func.count()).where(RecallAnswer.notice_id == notice.id)
    notice.asked = session.scalars(told).one()
    facts.record(
        session,
        actor,
        Topic.RECALL_ISSUED,
        SubjectKind.GOODS,
        goods.id,
        at=now,
        merchants=notice.asked,
        answer_on=command.answer_on.isoformat(),
    )
    return notice


def proposed_answer_day(session: Session, *, now: datetime, authorities: list[int]) -> date:
    """The day until which merchants usually answer (limit `recall_answer`, not law)."""
    return almanac(session).derive("recall_answer", now, authorities).due


@dataclass(frozen=True, slots=True)
class ConfirmRemoval:
    """What this merchant took off its shelves; 0 pieces: not in stock."""

    reference: str
    quantity: int
    removed_on: date | None = None
    disposal: Disposal | None = None
    remark: str = ""


def confirm_removal(session: Session, actor: Actor, command: ConfirmRemoval, *, now: datetime) -> RecallAnswer:
    """Answer the authority's notice for one's own shops; once."""
    answer = locked_answer(session, actor, command.reference)
    require(actor, Permission.RECALL_ANSWER, answer)
    if answer.answered_at is not None:
        raise RuleBroken("已经确认过。数量有误请联系发出通报的监管部门。")
    if command.quantity > 0 and (command.removed_on is None or command.disposal is None):
        raise RuleBroken("有存货的，请写明下架日期和处理方式。", field="removed_on")
    check_removal(command.quantity, command.removed_on or local_day(now), earliest=None, now=now)
    answer.quantity, answer.answered_at, answer.author_name = command.quantity, now, actor.name
    answer.removed_on = command.removed_on if command.quantity else None
    answer.disposal = command.disposal if command.quantity else None
    answer.remark = command.remark or None
    session.flush()
    session.execute(
        update(RecallNotice)
        .where(RecallNotice.id == answer.notice_id)
        .values(answered=RecallNotice.answered + 1, pieces=RecallNotice.pieces + command.quantity)
    )
    goods_id = session.scalars(select(RecallNotice.goods_id).where(RecallNotice.id == answer.notice_id)).one()
    facts.record(session, actor, Topic.RECALL_ANSWERED, SubjectKind.GOODS, goods_id, at=now, pieces=command.quantity)
    return answer


@dataclass(frozen=True, slots=True)
class Chase:
    """The notice of an article whose merchants are to be reminded."""

    reference: str


def chase(session: Session, actor: Actor, command: Chase, *, now: datetime) -> int:
    """Remind every merchant that has not confirmed; returns how many. At most once a day for each notice."""
    goods = locked(session, actor, command.reference)
    require(actor, Permission.RECALL_ISSUE, goods)
    notice = _notice(session, goods)
    waiting = notice.asked - notice.answered
    if goods.closed_at is not None or not waiting:
        raise RuleBroken("没有需要催办的企业。")
    if notice.chased_at is not None and local_day(notice.chased_at) == local_day(now):
        raise RuleBroken("今天已经催办过，明天可以再催。")
    notice.chased_at, notice.chases = now, notice.chases + 1
    facts.record(session, actor, Topic.RECALL_CHASED, SubjectKind.GOODS, goods.id, at=now, merchants=waiting)
    return waiting


@dataclass(frozen=True, slots=True)
class CloseGoods:
    """An article that is dealt with; a reason where some have not answered."""

    reference: str
    reason: str = ""


def close_goods(session: Session, actor: Actor, command: CloseGoods, *, now: datetime) -> ProblemGoods:
    """Close the matter once every merchant has confirmed, or with a reason why nobody waits for the rest."""
    goods = locked(session, actor, command.reference)
    require(actor, Permission.RECALL_ISSUE, goods)
    notice = session.scalars(select(RecallNotice).where(RecallNotice.goods_id == goods.id)).first()
    unanswered = notice.asked - notice.answered if notice else 0
    removal_open = goods.merchant_id is not None and goods.removed_on is None
    if problem := closing_problem(Standing(removal_open, unanswered), command.reason):
        raise RuleBroken(problem, field="reason")
    if notice is None and not command.reason.strip():
        raise RuleBroken("没有通报辖区就办结的，请写明理由。", field="reason")
    move(goods, GoodsEvent.CLOSE)
    goods.closed_at, goods.close_reason = now, command.reason.strip() or None
    facts.record(session, actor, Topic.GOODS_CLOSED, SubjectKind.GOODS, goods.id, at=now, unanswered=unanswered)
    return goods


def _notice(session: Session, goods: ProblemGoods) -> RecallNotice:
    notice = session.scalars(select(RecallNotice).where(RecallNotice.goods_id == goods.id).with_for_update()).first()
    if notice is None:
        raise RuleBroken("还没有通报辖区企业，没有可以催办的。")
    return notice
