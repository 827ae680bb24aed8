"""Which return requests an actor may see, how one is fetched, and the consumer's link to his own."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, false, select, true
from sqlalchemy.orm import Session, joinedload

from portal.accounts.links import hash_of
from portal.clocks.queries import almanac
from portal.clocks.rules import local_day
from portal.core import facts
from portal.core.actor import Actor, ActorKind
from portal.core.errors import NotFound, RuleBroken
from portal.core.facts import Fact, SubjectKind, Topic
from portal.core.privacy import vault_of
from portal.returns.models import ReturnRequest
from portal.returns.rules import ReturnEvent, ReturnState, allows

MISSING = "没有这件退货申请，或者它不归你的单位办理。"
DEAD_LINK = "这个链接已经失效，或者地址不完整。请从短信里重新打开；仍打不开的，请联系商家或拨打 12315。"
MOVED_ON = "这件申请的状态已经变了，这一步现在不能做。请刷新页面，按新的状态办理。"
LINK_SEAL = "return.token"
TOKEN_LENGTH = 20  # as accounts.links draws them
CONSUMER = Actor(ActorKind.CONSUMER)


def may_see(actor: Actor, request: ReturnRequest) -> bool:
    """Say whether the actor may see the request, masked; the twin of `visible_to`."""
    match actor.kind:
        case ActorKind.MERCHANT:
            return request.merchant_id == actor.organisation_id
        case ActorKind.AUTHORITY:
            return request.authority_id in actor.jurisdiction
        case ActorKind.OPERATOR | ActorKind.SYSTEM:
            return True
        case _:
            return False


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The condition under which a request is the actor's to see."""
    match actor.kind:
        case ActorKind.MERCHANT:
            return false() if actor.organisation_id is None else ReturnRequest.merchant_id == actor.organisation_id
        case ActorKind.AUTHORITY:
            return ReturnRequest.authority_id.in_(sorted(actor.jurisdiction))
        case ActorKind.OPERATOR | ActorKind.SYSTEM:
            return true()
        case _:
            return false()


def locked(session: Session, actor: Actor, reference: str) -> ReturnRequest:
    """The request of this reference with its key, locked for an action; raises NotFound for strangers."""
    query = (
        select(ReturnRequest)
        .where(ReturnRequest.reference == reference, visible_to(actor))
        .options(joinedload(ReturnRequest.key, innerjoin=True))
        .with_for_update(of=ReturnRequest)
    )
    row = session.scalars(query).first()
    if row is None:
        raise NotFound(MISSING)
    return row


def by_token(session: Session, token: str, *, now: datetime, lock: bool = False) -> ReturnRequest:
    """The request behind a consumer's link; raises NotFound for a forged or ended one, both alike."""
    query = (
        select(ReturnRequest)
        .where(ReturnRequest.token_hash == hash_of(token.strip().lower()[: 2 * TOKEN_LENGTH]))
        .options(joinedload(ReturnRequest.key, innerjoin=True))
    )
    row = session.scalars(query.with_for_update(of=ReturnRequest) if lock else query).first()
    if row is None or _has_ended(session, row, now=now):
        raise NotFound(DEAD_LINK)
    return row


def path_of(session: Session, request: ReturnRequest) -> str | None:
    """The address of the consumer's page, below the installation's own; None once the link was wiped."""
    if request.token_sealed is None:
        return None
    return f"/returns/{vault_of(session).open_secret(request.token_sealed, LINK_SEAL)}"


def check_step(request: ReturnRequest, event: ReturnEvent) -> None:
    """Refuse with RuleBroken where the table has no such step now."""
    if not allows(request.state, event):
        raise RuleBroken(MOVED_ON)


def move(request: ReturnRequest, event: ReturnEvent) -> None:
    """Move a request along the table; refuses with RuleBroken where the table has no such step."""
    check_step(request, event)
    request.apply(event)


def record(
    session: Session, actor: Actor, topic: Topic, request: ReturnRequest, *, now: datetime, **detail: Any
) -> Fact:
    """Write a fact about a request; its detail carries the reference."""
    return facts.record(
        session, actor, topic, SubjectKind.RETURN, request.id, at=now, reference=request.reference, **detail
    )


def _has_ended(session: Session, request: ReturnRequest, *, now: datetime) -> bool:
    """30 days behind the end; a year while 没收到 can still be said (limits link_after_closing, not_received)."""
    if request.erased_at is not None:
        return True
    if request.closed_at is None:
        return False
    may_deny = request.state is ReturnState.REFUNDED and request.confirmed_at is None
    limit = "not_received" if may_deny else "link_after_closing"
    return now >= request.closed_at + timedelta(days=almanac(session).amount(limit, local_day(request.closed_at)))
