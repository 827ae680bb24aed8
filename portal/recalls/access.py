"""Which problem goods an actor may see: one pair of predicates that agree, and how one is fetched."""

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import Session

from portal.core.actor import Actor, ActorKind
from portal.core.errors import NotFound, RuleBroken
from portal.recalls.models import ProblemGoods, RecallAnswer, RecallNotice
from portal.recalls.rules import REPORTED_STATES, GoodsEvent, allows

MISSING = "没有这条问题商品记录，或者它不归你的单位办理。"
MOVED_ON = "这条记录的状态已经变了，这一步现在不能做。请刷新页面，按新的状态办理。"


def may_see(actor: Actor, goods: ProblemGoods) -> bool:
    """Say whether the actor may see the article; the twin of `visible_to`.

    A merchant sees its own; an authority what was reported to it or found by it, not what is only suspected.
    """
    match actor.kind:
        case ActorKind.MERCHANT:
            return goods.merchant_id is not None and goods.merchant_id == actor.organisation_id
        case ActorKind.AUTHORITY:
            reported = goods.merchant_id is None or goods.state in REPORTED_STATES
            return goods.authority_id in actor.jurisdiction and reported
        case ActorKind.OPERATOR | ActorKind.SYSTEM:
            return True
        case _:
            return False


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The condition under which an article is the actor's to see."""
    match actor.kind:
        case ActorKind.MERCHANT:
            return false() if actor.organisation_id is None else ProblemGoods.merchant_id == actor.organisation_id
        case ActorKind.AUTHORITY:
            reported = or_(ProblemGoods.merchant_id.is_(None), ProblemGoods.state.in_(sorted(REPORTED_STATES)))
            return and_(ProblemGoods.authority_id.in_(sorted(actor.jurisdiction)), reported)
        case ActorKind.OPERATOR | ActorKind.SYSTEM:
            return true()
        case _:
            return false()


def locked(session: Session, actor: Actor, reference: str) -> ProblemGoods:
    """The article of this reference, locked for an action; raises NotFound for strangers."""
    query = select(ProblemGoods).where(ProblemGoods.reference == reference, visible_to(actor)).with_for_update()
    row = session.scalars(query).first()
    if row is None:
        raise NotFound(MISSING)
    return row


def locked_answer(session: Session, actor: Actor, reference: str) -> RecallAnswer:
    """The merchant's own duty to confirm about an article, locked; raises NotFound where it was not told of it."""
    row = session.scalars(
        select(RecallAnswer)
        .join(RecallNotice, RecallNotice.id == RecallAnswer.notice_id)
        .join(ProblemGoods, ProblemGoods.id == RecallNotice.goods_id)
        .where(ProblemGoods.reference == reference, RecallAnswer.merchant_id == actor.organisation_id)
        .with_for_update(of=RecallAnswer)
    ).first()
    if row is None or actor.kind is not ActorKind.MERCHANT:
        raise NotFound("没有发给你单位的这份通报。")
    return row


def move(goods: ProblemGoods, event: GoodsEvent) -> None:
    """Move the article along the table; refuses with RuleBroken where the table has no such step."""
    if not allows(goods.state, event):
        raise RuleBroken(MOVED_ON)
    goods.apply(event)
