"""What an officer decides about a waiting case beside a merchant: handle it himself, or return it to its sender."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases import steps
from portal.cases.access import locked
from portal.cases.models import Case, CaseNote, NoteKind
from portal.cases.rules import CaseEvent, KeepReason, ReturnReason, allows
from portal.clocks.queries import almanac
from portal.core import facts
from portal.core.actor import Actor
from portal.core.errors import RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require
from portal.core.privacy import DataKey, vault_of
from portal.intake.dispatching import MOVED_ON
from portal.intake.models import Filing
from portal.intake.rules import Source
from portal.intake.states import ADMIN_TRANSITIONS, DECIDED, AdminEvent, AdminState, next_admin_state

TAKEN_UP = "登记件已经受理或作出决定，不能再退回来源单位。请按已有的决定办理。"
NO_SENDER = "绿色通道的投诉由消费者直接提交，没有来源单位可退。请派发给企业，或者由你自行办理。"
SAY_WHY = "退回原因选“其他”的，请写明原因。"


@dataclass(frozen=True, slots=True)
class KeepCase:
    """自办: no merchant negotiates; the officer who says so handles the case."""

    reference: str
    reason: KeepReason


def keep_case(session: Session, actor: Actor, command: KeepCase, *, now: datetime) -> Case:
    """Take a waiting case out of triage into the officer's own hands; its filings go on administratively.

    Filings of channel A start their limit of 受理 now, as when the consumer asks the authority; those of channel B
    keep theirs, and the earliest is the case's. Refuses with RuleBroken what no longer waits.
    """
    case = _waiting(session, actor, command.reference, CaseEvent.KEEP)
    steps.move(case, CaseEvent.KEEP, now=now)
    case.keeper_id, case.kept_reason, case.kept_at = actor.person_id, command.reason.value, now
    filings = _filings(session, case)
    for filing in filings:
        if (filing.admin_state, AdminEvent.TAKE) in ADMIN_TRANSITIONS:
            _take(session, actor, filing, now=now)
    ends = [one.decide_by for one in filings if one.decide_by is not None and one.admin_state not in DECIDED]
    case.due_at = min(ends, default=case.due_at)
    steps.set_clocks(session, case, now=now)
    facts.record(session, actor, Topic.CASE_KEPT, SubjectKind.CASE, case.id, at=now, reason=command.reason.value)
    return case


def _take(session: Session, actor: Actor, filing: Filing, *, now: datetime) -> None:
    filing.admin_state = next_admin_state(filing.admin_state, AdminEvent.TAKE)
    authorities = steps.authorities_upwards(session, filing.authority_id)
    filing.decide_by = almanac(session).derive("triage", now, authorities).due_at
    facts.record(session, actor, Topic.FILING_TAKEN, SubjectKind.FILING, filing.id, at=now, case_id=filing.case_id)


@dataclass(frozen=True, slots=True)
class SendBack:
    """退回来源单位: wrongly assigned, so it goes back to the unit it came from and is not passed on (令121第四十一条)."""

    reference: str
    reason: ReturnReason
    explanation: str = ""


def send_back(session: Session, actor: Actor, command: SendBack, *, now: datetime) -> Case:
    """End a case without merchant and each of its filings as returned to its sender.

    Refuses with RuleBroken what no longer waits, what came from the consumer's own hand or was decided, and 其他 without words (field
    "explanation"). Doing the same on the platform is the officer's: the list of returned cases has the columns for it.
    """
    case = _waiting(session, actor, command.reference, CaseEvent.SEND_BACK)
    explanation = command.explanation.strip()
    if command.reason is ReturnReason.OTHER and not explanation:
        raise RuleBroken(SAY_WHY, field="explanation")
    filings = _filings(session, case)
    if any(one.source == Source.GREEN for one in filings):
        raise RuleBroken(NO_SENDER)
    if any((one.admin_state, AdminEvent.SEND_BACK) not in ADMIN_TRANSITIONS for one in filings):
        raise RuleBroken(TAKEN_UP)
    steps.move(case, CaseEvent.SEND_BACK, now=now)
    case.closed_at, case.sent_back_reason = now, command.reason.value
    steps.set_clocks(session, case, now=now)
    if explanation:
        _write(session, actor, case, explanation, now=now)
    for filing in filings:
        filing.admin_state = next_admin_state(filing.admin_state, AdminEvent.SEND_BACK)
        filing.decided_at, filing.decide_by = now, None
        facts.record(
            session, actor, Topic.FILING_SENT_BACK, SubjectKind.FILING, filing.id, at=now, case_id=case.id,
            admin_state=AdminState.SENT_BACK.value,
        )  # fmt: skip
    facts.record(session, actor, Topic.CASE_SENT_BACK, SubjectKind.CASE, case.id, at=now, reason=command.reason.value)
    return case


def _waiting(session: Session, actor: Actor, reference: str, event: CaseEvent) -> Case:
    case = locked(session, actor, reference)
    require(actor, Permission.FILING_ROUTE, case)
    if not allows(case.state, event):
        raise RuleBroken(MOVED_ON)
    return case


def _filings(session: Session, case: Case) -> Sequence[Filing]:
    return session.scalars(select(Filing).where(Filing.case_id == case.id).order_by(Filing.id).with_for_update()).all()


def _write(session: Session, actor: Actor, case: Case, text: str, *, now: datetime) -> None:
    key = session.get_one(DataKey, case.key_id)
    session.add(
        CaseNote(
            case_id=case.id,
            author_id=actor.person_id,
            author_name=actor.name,
            organisation_id=actor.organisation_id,
            kind=NoteKind.RETURN,
            text_sealed=vault_of(session).seal(key, text, "note.text"),
            happened_at=now,
            at=now,
        )
    )
