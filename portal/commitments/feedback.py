"""Consumers' word on a promise: given without sign-in, handled by the authority, passed on when an officer says so."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from portal.clocks.rules import local_day
from portal.commitments.feedback_models import FeedbackReason, FeedbackState, PromiseFeedback
from portal.commitments.models import Promisor
from portal.core import facts
from portal.core.access import grant_reading
from portal.core.actor import Actor, ActorKind
from portal.core.errors import NotFound, RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, can, require
from portal.core.privacy import DataKey, Erased, Vault, mask_phone, mask_text, usable_phone, vault_of
from portal.documents.numbers import take_numbers

TEXT_SEAL, PHONE_SEAL, RESULT_SEAL = "promise_feedback.text", "promise_feedback.phone", "promise_feedback.result"
LEAST_TEXT, MOST_TEXT = 5, 500  # characters, our limits
MISSING = "没有这条反馈，或者它不归你的单位办理。"
ERASED = "内容已按期清除"


@dataclass(frozen=True, slots=True)
class GiveFeedback:
    """What a visitor says about a promisor's promise; the phone is optional."""

    promisor_id: int
    reason: FeedbackReason
    text: str
    phone: str = ""
    place: str = ""
    happened_on: date | None = None


@dataclass(frozen=True, slots=True)
class HandleFeedback:
    """The result, and whether the merchant may read the feedback."""

    reference: str
    result: str
    pass_on: bool


@dataclass(frozen=True, slots=True)
class RevealFeedback:
    """A look at the unmasked words and the phone, with its reason."""

    reference: str
    reason: str


@dataclass(frozen=True, slots=True)
class Opened:
    """What was said, as its reader may see it."""

    text: str
    phone: str
    result: str


def may_see(actor: Actor, row: PromiseFeedback) -> bool:
    """Say whether the actor may look at a feedback; the twin of `visible_to`. The promisor is loaded."""
    return can(actor, Permission.FEEDBACK_READ, _subject(row))


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The condition under which a feedback is the actor's to see; the statement joins Promisor."""
    match actor.kind:
        case ActorKind.AUTHORITY:
            ours = PromiseFeedback.authority_id.in_(sorted(actor.jurisdiction))
            return false() if actor.is_council else ours
        case ActorKind.MERCHANT:
            if actor.organisation_id is None:
                return false()
            return and_(Promisor.merchant_id == actor.organisation_id, PromiseFeedback.passed_at.is_not(None))
        case _:
            return false()


def give_feedback(session: Session, actor: Actor, command: GiveFeedback, *, now: datetime) -> PromiseFeedback:
    """Store what a visitor says, sealed under a key of its own, for the promise's authority."""
    promisor = session.get(Promisor, command.promisor_id)
    if promisor is None:
        raise NotFound("没有这家商家的承诺。")
    text, phone = command.text.strip(), command.phone.strip()
    if not LEAST_TEXT <= len(text) <= MOST_TEXT:
        raise RuleBroken(f"请写明情况，{LEAST_TEXT} 至 {MOST_TEXT} 字。", field="text")
    if command.happened_on is not None and command.happened_on > local_day(now):
        raise RuleBroken("日期晚于今天，请核对。", field="happened_on")
    plain_phone = usable_phone(phone)
    if phone and plain_phone is None:
        raise RuleBroken("电话号码不完整。手机写 11 位，固定电话带区号；不想留可以空着。", field="phone")
    vault = vault_of(session)
    key = vault.new_key(session, now=now)
    session.flush()
    row = PromiseFeedback(
        reference=_reference(session, now),
        promisor_id=promisor.id,
        authority_id=promisor.authority_id,
        reason=command.reason,
        place=command.place,
        happened_on=command.happened_on,
        key_id=key.id,
        text_sealed=vault.seal(key, text, TEXT_SEAL),
        phone_sealed=vault.seal(key, plain_phone, PHONE_SEAL) if plain_phone else None,
        given_at=now,
    )
    session.add(row)
    session.flush()
    _note(session, actor, Topic.FEEDBACK_GIVEN, row, now=now, reason=command.reason.value)
    return row


def handle_feedback(session: Session, actor: Actor, command: HandleFeedback, *, now: datetime) -> PromiseFeedback:
    """Write the result of a feedback; with `pass_on` the merchant may read the masked words."""
    row = _locked(session, actor, command.reference)
    require(actor, Permission.FEEDBACK_HANDLE, _subject(row))
    if row.state is not FeedbackState.WAITING:
        raise RuleBroken("这条反馈已经处理。请刷新页面。")
    result = command.result.strip()
    if not LEAST_TEXT <= len(result) <= MOST_TEXT:
        raise RuleBroken(f"请写明怎么核实、怎么处理，{LEAST_TEXT} 至 {MOST_TEXT} 字。", field="result")
    if command.pass_on and row.promisor.merchant_id is None:
        raise RuleBroken("这家商家没有入驻，不能在平台上转交。请去掉“转交商家”。", field="pass_on")
    row.result_sealed = vault_of(session).seal(row.key, result, RESULT_SEAL)
    row.state, row.handled_at, row.handled_by = FeedbackState.HANDLED, now, actor.name
    _note(session, actor, Topic.FEEDBACK_HANDLED, row, now=now)
    if command.pass_on:
        row.passed_at = now
        _note(session, actor, Topic.FEEDBACK_PASSED_ON, row, now=now)
    return row


def reveal_feedback(session: Session, actor: Actor, command: RevealFeedback, *, now: datetime) -> PromiseFeedback:
    """Let an officer read the words and the phone unmasked for thirty minutes, recorded with the reason."""
    row = _locked(session, actor, command.reference)
    require(actor, Permission.FEEDBACK_HANDLE, _subject(row))
    grant_reading(session, actor, SubjectKind.PROMISE_FEEDBACK, row.id, reason=command.reason, now=now)
    return row


@dataclass(frozen=True, slots=True)
class EraseFeedback:
    """Everything that was handled before this moment."""

    before: datetime
    at_once: int = 500


def erase_feedback(session: Session, actor: Actor, command: EraseFeedback, *, now: datetime) -> int:
    """Destroy the keys of what was handled long ago; reason, place, day and state stay for the statistics."""
    rows = session.scalars(
        select(PromiseFeedback)
        .join(PromiseFeedback.key)
        .where(PromiseFeedback.handled_at < command.before, DataKey.wrapped.is_not(None))
        .options(contains_eager(PromiseFeedback.key))
        .order_by(PromiseFeedback.id)
        .limit(command.at_once)
    ).all()
    for row in rows:
        row.key.wrapped, row.key.destroyed_at = None, now
        _note(session, actor, Topic.FEEDBACK_ERASED, row, now=now)
    return len(rows)


def seen(session: Session, actor: Actor, reference: str) -> PromiseFeedback:
    """The feedback of this reference with its promisor and key; raises NotFound for strangers."""
    return _one(session, _by_reference(actor, reference))


def opened(vault: Vault, row: PromiseFeedback, *, unmasked: bool) -> Opened:
    """Read what was said; masked unless a look was granted. What was erased says so."""
    try:
        text = vault.open(row.key, row.text_sealed, TEXT_SEAL)
        phone = vault.open(row.key, row.phone_sealed, PHONE_SEAL) if row.phone_sealed else ""
        result = vault.open(row.key, row.result_sealed, RESULT_SEAL) if row.result_sealed else ""
    except Erased:
        return Opened(ERASED, "", ERASED if row.result_sealed else "")
    return Opened(text, phone, result) if unmasked else Opened(mask_text(text), mask_phone(phone), mask_text(result))


@dataclass(frozen=True, slots=True)
class _Subject:
    """What the access table asks about."""

    authority_id: int
    merchant_id: int | None
    passed_at: datetime | None


def _subject(row: PromiseFeedback) -> _Subject:
    return _Subject(row.authority_id, row.promisor.merchant_id, row.passed_at)


def _locked(session: Session, actor: Actor, reference: str) -> PromiseFeedback:
    return _one(session, _by_reference(actor, reference).with_for_update(of=PromiseFeedback))


def _by_reference(actor: Actor, reference: str) -> Select[Any]:
    return (
        select(PromiseFeedback)
        .join(PromiseFeedback.promisor)
        .where(PromiseFeedback.reference == reference, visible_to(actor))
        .options(contains_eager(PromiseFeedback.promisor), joinedload(PromiseFeedback.key, innerjoin=True))
    )


def _one(session: Session, query: Select[Any]) -> PromiseFeedback:
    row: PromiseFeedback | None = session.scalars(query).first()
    if row is None:
        raise NotFound(MISSING)
    return row


def _note(session: Session, actor: Actor, topic: Topic, row: PromiseFeedback, *, now: datetime, **detail: Any) -> None:
    facts.record(session, actor, topic, SubjectKind.PROMISE_FEEDBACK, row.id, at=now, reference=row.reference, **detail)


def _reference(session: Session, now: datetime) -> str:
    series = f"FK{local_day(now):%y%m}"
    return f"{series}-{take_numbers(session, series)[0]:04d}"
