"""What a consumer does on the page of his link; the token is the permission."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.core.actor import Actor
from portal.core.errors import RuleBroken
from portal.core.facts import Topic
from portal.core.uploads import Upload
from portal.returns import proofs
from portal.returns.access import MOVED_ON, by_token, move, record
from portal.returns.actions import look_again, mark
from portal.returns.models import ReturnRequest
from portal.returns.proofs import Kept
from portal.returns.rules import OPEN_STATES, Breach, ReturnEvent, ReturnState

NO_FILES = "没有选择文件。请先选照片或 PDF。"


@dataclass(frozen=True, slots=True)
class AddProofs:
    """More photos."""

    token: str
    uploads: tuple[Upload, ...]


def add_proofs(session: Session, actor: Actor, command: AddProofs, *, now: datetime) -> Kept:
    """Store more photos with an open request; refuses with RuleBroken where none could be stored."""
    request = by_token(session, command.token, now=now, lock=True)
    if request.state not in OPEN_STATES:
        raise RuleBroken(MOVED_ON)
    if not command.uploads:
        raise RuleBroken(NO_FILES, field="files")
    kept = proofs.keep_files(session, request, command.uploads, now=now)
    if kept.problems and not kept.stored:
        raise RuleBroken(" ".join(kept.problems), field="files")
    if kept.stored:
        record(session, actor, Topic.RETURN_FILES_ADDED, request, now=now, count=kept.stored)
    return kept


@dataclass(frozen=True, slots=True)
class WithdrawReturn:
    """The consumer no longer wants it."""

    token: str


def withdraw_return(session: Session, actor: Actor, command: WithdrawReturn, *, now: datetime) -> ReturnRequest:
    """Take a request back, before the goods are with the merchant."""
    request = by_token(session, command.token, now=now, lock=True)
    move(request, ReturnEvent.WITHDRAW)
    request.closed_at, request.lapses_at = now, None
    look_again(session, request, now=now)
    record(session, actor, Topic.RETURN_WITHDRAWN, request, now=now)
    return request


@dataclass(frozen=True, slots=True)
class AnswerRefund:
    """收到 or 没收到."""

    token: str
    received: bool


def answer_refund(session: Session, actor: Actor, command: AnswerRefund, *, now: datetime) -> ReturnRequest:
    """Confirm the refund, or say that it did not come: then the authority sees a possible breach."""
    request = by_token(session, command.token, now=now, lock=True)
    if request.state is not ReturnState.REFUNDED or request.confirmed_at is not None:
        raise RuleBroken(MOVED_ON)
    if command.received:
        request.confirmed_at = now
        record(session, actor, Topic.RETURN_CONFIRMED, request, now=now)
        return request
    move(request, ReturnEvent.DENY)
    request.denied_at, request.closed_at = now, None
    mark(request, Breach.DENIED, now=now)
    look_again(session, request, now=now)
    record(session, actor, Topic.RETURN_DENIED, request, now=now, breach=Breach.DENIED.value)
    return request
