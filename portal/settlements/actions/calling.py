"""An officer calls a consumer back and writes down what came of it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases import access
from portal.cases.models import Case
from portal.cases.rules import CaseEvent, allows
from portal.core import facts
from portal.core.actor import Actor
from portal.core.errors import NotFound, RuleBroken, Stale
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require
from portal.core.privacy import DataKey, vault_of
from portal.settlements import rules
from portal.settlements.actions.outside import confirm_agreement, disown_agreement
from portal.settlements.actions.performing import breach, confirm, current_agreement
from portal.settlements.models import Callback, CallbackOccasion, CallbackResult

SEAL_NOTE = "callback.note"
MAX_NOTE = 1000  # characters, our limit
NEEDS_NOTE = {
    CallbackResult.COMPLAINED: "请写明消费者的意见。",
    CallbackResult.DISOWNED: "请写明消费者怎么说，企业和市场监管部门据此处理。",
}
MISSING = "没有这件回访，或者它不在你的辖区。"


@dataclass(frozen=True, slots=True)
class RecordCallback:
    """The result of one call, with what was said."""

    reference: str
    result: CallbackResult
    note: str = ""


def record_callback(session: Session, actor: Actor, command: RecordCallback, *, now: datetime) -> Callback:
    """Record a call; an unanswered one stays on the list, 没收到 opens the case again as not fulfilled.

    About an agreement that only the merchant recorded, the consumer's word confirms or disowns it.

    Raises Stale where a colleague recorded the result before, RuleBroken (field "note") for words too long or missing.
    """
    row = _locked(session, actor, command.reference)
    case = access.locked_by_id(session, actor, row.case_id)
    require(actor, Permission.CALLBACK_RECORD, case)
    if row.done_at is not None:
        raise Stale("这件回访已有结果，可能是同事刚刚登记的。请刷新列表。")
    if command.result not in rules.CALLBACK_RESULTS[row.occasion]:
        raise RuleBroken("这次回访没有这个结果。请另选一个。", field="result")
    note = command.note.strip()
    if len(note) > MAX_NOTE:
        raise RuleBroken(f"经过最多 {MAX_NOTE} 字。", field="note")
    if not note and command.result in NEEDS_NOTE:
        raise RuleBroken(NEEDS_NOTE[command.result], field="note")
    row.attempts += 1
    row.result, row.tried_at, row.tried_by = command.result, now, actor.name
    row.done_at = None if command.result is CallbackResult.UNREACHED else now
    if note:
        row.note_sealed = vault_of(session).seal(session.get_one(DataKey, case.key_id), note, SEAL_NOTE)
    facts.record(
        session,
        actor,
        Topic.CALLBACK_RECORDED,
        SubjectKind.CASE,
        case.id,
        at=now,
        occasion=row.occasion.value,
        result=command.result.value,
        attempt=row.attempts,
    )
    if row.occasion is CallbackOccasion.UNVERIFIED:
        _judge(session, actor, case, command.result, now=now)
    elif command.result is CallbackResult.NOT_RECEIVED:
        _open_again(session, actor, case, now=now)
    return row


def _judge(session: Session, actor: Actor, case: Case, result: CallbackResult, *, now: datetime) -> None:
    """Let the consumer's word decide about an agreement that only the merchant had recorded (decisions 10)."""
    if case.unverified_at is None or result is CallbackResult.UNREACHED:
        return
    if result is CallbackResult.DISOWNED:
        disown_agreement(session, actor, case, now=now)
        return
    confirm_agreement(session, actor, case, now=now)
    agreement = current_agreement(session, case.id)
    if result is CallbackResult.FULFILLED and agreement is not None and case.state in rules.CONFIRMABLE:
        confirm(session, actor, case, agreement, now=now)


def _open_again(session: Session, actor: Actor, case: Case, *, now: datetime) -> None:
    """Take the consumer's word on the phone as on the link; an open case has it already."""
    for event in (CaseEvent.DENY, CaseEvent.BREACH):
        if case.closed_at is not None and allows(case.state, event):
            breach(session, actor, case, event, "not_received", now=now)
            return


def _locked(session: Session, actor: Actor, reference: str) -> Callback:
    row = session.scalars(
        select(Callback)
        .join(Case, Case.id == Callback.case_id)
        .where(Callback.reference == reference, access.visible_to(actor))
        .with_for_update(of=Callback)
    ).first()
    if row is None:
        raise NotFound(MISSING)
    return row
