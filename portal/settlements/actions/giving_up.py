"""A merchant says that the negotiation came to nothing; the complaint goes on where its channel leads (decisions 3)."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases import access, steps
from portal.cases.actions import Line, write_note
from portal.cases.models import Case, CaseNote, ContactResult, NoteKind
from portal.cases.rules import FailureCause
from portal.clocks.queries import almanac
from portal.clocks.rules import local_day
from portal.core.actor import Actor
from portal.core.errors import RuleBroken
from portal.core.permissions import Permission, require
from portal.settlements import rounds, rules

NOT_NOW = "这件纠纷现在不能记为未和解。请刷新页面，按新的状态办理。"


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Why it came to nothing, and how it was negotiated, for the officer."""

    reference: str
    cause: FailureCause
    explanation: str


def give_up(session: Session, actor: Actor, command: GiveUp, *, now: datetime) -> Case:
    """Fail the negotiation by the merchant's word; settling stays possible, as after the end of the limit.

    A case of channel B is the officer's at once, the consumer of channel A is asked. Refuses with RuleBroken (field
    cause) a consumer to whom nothing was offered, or who was not called on enough days (limit `unreached_days`).
    """
    case = access.locked(session, actor, command.reference)
    require(actor, Permission.CASE_HANDLE, case)
    if not rules.may_give_up(case.state, limit_runs=steps.limit_runs(case)) or case.raised_at is not None:
        raise RuleBroken(NOT_NOW)
    known = rounds.rounds_of(session, case.id, rounds.key_of(session, case))
    authorities = steps.authorities_upwards(session, case.authority_id)
    objection = rules.objection_to_giving_up(
        command.cause,
        [(one.offer.side, one.offer.answer) for one in known],
        _unreached(session, case),
        almanac(session).amount("unreached_days", local_day(now), authorities),
    )
    if objection:
        raise RuleBroken(objection, field="cause")
    write_note(session, actor, case, Line(NoteKind.FAILURE, command.explanation, now), now=now)
    steps.fail(session, actor, case, command.cause, now=now)
    return case


def _unreached(session: Session, case: Case) -> set[date]:
    """The days since dispatch on which the merchant recorded that nobody answered, after the last time somebody did."""
    calls = session.execute(
        select(CaseNote.happened_at, CaseNote.result)
        .where(CaseNote.case_id == case.id, CaseNote.kind == NoteKind.CONTACT)
        .where(CaseNote.organisation_id == case.merchant_id)
        .order_by(CaseNote.happened_at, CaseNote.id)
    ).all()
    days: set[date] = set()
    for call in calls:
        days = days | {local_day(call.happened_at)} if call.result is ContactResult.UNREACHED else set()
    return days
