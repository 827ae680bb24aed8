"""What a merchant's staff do with a case: accept, return, note, record a contact, assign, tick 已回填, look."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Membership, Person
from portal.cases.access import locked, visible_to
from portal.cases.bookkeeping import book_complaint, strike_from_book
from portal.cases.models import Case, CaseNote, ContactMethod, ContactResult, NoteKind
from portal.cases.rules import CaseEvent, CaseState, Channel, ReturnReason, RevealReason, allows
from portal.cases.steps import authorities_upwards, move, rescope, set_clocks
from portal.cases.substitutes import for_whom, substitute_of
from portal.clocks.queries import almanac
from portal.core import facts
from portal.core.access import AccessGrant, grant_reading
from portal.core.actor import Actor
from portal.core.errors import NotFound, RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require
from portal.core.privacy import DataKey, vault_of

MAX_TEXT = 1000  # characters of a note or a contact, our limit
MAX_AT_ONCE = 200  # cases one bulk action may touch, our limit
BACKFILL_SOURCES = ("12315", "12345")  # platforms that keep their own record (decisions 7)


@dataclass(frozen=True, slots=True)
class AcceptCase:
    """受理: the case is ours to negotiate."""

    reference: str


def accept_case(session: Session, actor: Actor, command: AcceptCase, *, now: datetime) -> Case:
    """Accept a dispatched case; whoever accepts handles it unless it has an assignee already."""
    case = locked(session, actor, command.reference)
    require(actor, Permission.CASE_HANDLE, case)
    move(case, CaseEvent.ACCEPT, now=now)
    case.accepted_at = now
    case.assignee_id = case.assignee_id or actor.person_id
    set_clocks(session, case, now=now)
    book_complaint(session, actor, case, now=now)
    facts.record(session, actor, Topic.CASE_ACCEPTED, SubjectKind.CASE, case.id, at=now)
    return case


@dataclass(frozen=True, slots=True)
class ReturnCase:
    """退回分派, with a reason of domain 5.7 and its explanation."""

    reference: str
    reason: ReturnReason
    explanation: str


def return_case(session: Session, actor: Actor, command: ReturnCase, *, now: datetime) -> Case:
    """Give a case back to the officer; the merchant sees it no longer, by page or by search."""
    case = locked(session, actor, command.reference)
    require(actor, Permission.CASE_HANDLE, case)
    move(case, CaseEvent.RETURN, now=now)
    write_note(session, actor, case, Line(NoteKind.RETURN, command.explanation, now), now=now)
    strike_from_book(session, actor, case, now=now)
    case.merchant_id = case.outlet_id = case.assignee_id = None
    case.raised_to = case.raised_person_id = case.raised_by_id = case.raised_at = None
    case.dispatched_at = case.respond_by = case.contact_by = case.accepted_at = case.first_contact_at = None
    case.due_at = officers_limit(session, case, now=now)
    set_clocks(session, case, now=now)
    rescope(session, case, authorities_upwards(session, case.authority_id))
    facts.record(
        session,
        actor,
        Topic.CASE_RETURNED,
        SubjectKind.CASE,
        case.id,
        at=now,
        reason=command.reason.value,
        merchant_id=actor.organisation_id,
    )
    return case


def officers_limit(session: Session, case: Case, *, now: datetime) -> datetime:
    """When a case without a merchant burns: the decision to accept (令121第十五条), else the local limit to dispatch."""
    authorities = authorities_upwards(session, case.authority_id)
    if case.channel is Channel.REGULATOR:
        return almanac(session).derive("triage", case.registered_at, authorities).due_at
    return almanac(session).derive("dispatch", now, authorities).due_at


@dataclass(frozen=True, slots=True)
class AddNote:
    """A line for one's own colleagues."""

    reference: str
    text: str


def add_note(session: Session, actor: Actor, command: AddNote, *, now: datetime) -> CaseNote:
    """Write a note that only the merchant's own staff read."""
    case = locked(session, actor, command.reference)
    require(actor, Permission.CASE_HANDLE, case)
    note = write_note(session, actor, case, Line(NoteKind.NOTE, command.text, now), now=now)
    case.last_event_at = now
    facts.record(session, actor, Topic.CASE_NOTED, SubjectKind.CASE, case.id, at=now)
    return note


@dataclass(frozen=True, slots=True)
class RecordContact:
    """A contact with the consumer: 时间、方式、过程、结果 (回填's four fields)."""

    reference: str
    happened_at: datetime
    method: ContactMethod
    text: str
    result: ContactResult


def record_contact(session: Session, actor: Actor, command: RecordContact, *, now: datetime) -> Case:
    """Record a contact; the first one that reached the consumer turns an accepted case into a negotiation.

    Refuses with RuleBroken a moment after now or before the complaint was registered, and a case not yet accepted.
    """
    case = locked(session, actor, command.reference)
    require(actor, Permission.CASE_HANDLE, case)
    if case.state is CaseState.DISPATCHED:
        raise RuleBroken("这件纠纷还没有受理。请先受理，再记录沟通。")
    if not allows(case.state, CaseEvent.CONTACT):
        raise RuleBroken("这件纠纷已经结束，不能再记录沟通。需要补充时请写备注。")
    if command.happened_at > now + timedelta(minutes=1):
        raise RuleBroken("沟通时间在现在以后。请填写实际发生的时间。", field="happened_at")
    if command.happened_at < case.registered_at:
        raise RuleBroken("沟通时间早于投诉登记时间。请核对日期和时间。", field="happened_at")
    reached = command.result is not ContactResult.UNREACHED
    if reached:
        move(case, CaseEvent.CONTACT, now=now)
        case.first_contact_at = case.first_contact_at or command.happened_at
    line = Line(NoteKind.CONTACT, command.text, command.happened_at, command.method, command.result)
    write_note(session, actor, case, line, now=now)
    case.last_event_at = now
    set_clocks(session, case, now=now)
    facts.record(
        session,
        actor,
        Topic.CASE_CONTACTED,
        SubjectKind.CASE,
        case.id,
        at=now,
        method=command.method.value,
        result=command.result.value,
    )
    return case


@dataclass(frozen=True, slots=True)
class AssignCases:
    """Who handles these cases from now on; no name takes them from everybody."""

    references: tuple[str, ...]
    sign_in_name: str | None


def assign_cases(session: Session, actor: Actor, command: AssignCases, *, now: datetime) -> int:
    """Hand cases to a colleague, or to whoever stands in for him today; returns how many changed hands.

    Refuses with RuleBroken an empty or too long selection and someone who is not (or no longer) of this merchant.
    """
    _check_selection(command.references)
    person = _colleague(session, actor, command.sign_in_name) if command.sign_in_name else None
    stands_in = substitute_of(session, actor.organisation_id, person.id, now=now) if person else None
    away = person.name if person and stands_in else ""
    person = stands_in or person
    changed = 0
    for case in _locked_many(session, actor, command.references):
        require(actor, Permission.CASE_ASSIGN, case)
        if not case.is_open or case.assignee_id == (person.id if person else None):
            continue
        case.assignee_id = person.id if person else None
        changed += 1
        facts.record(
            session,
            actor,
            Topic.CASE_ASSIGNED,
            SubjectKind.CASE,
            case.id,
            at=now,
            person_id=case.assignee_id,
            name=person.name if person else None,
            **for_whom(away),
        )
    return changed


@dataclass(frozen=True, slots=True)
class TickBackfilled:
    """The results of these cases were typed into the platform by hand."""

    references: tuple[str, ...]


def tick_backfilled(session: Session, actor: Actor, command: TickBackfilled, *, now: datetime) -> int:
    """Tick 已回填 on finished cases; returns how many were still open. Refuses a case that is not finished."""
    _check_selection(command.references)
    ticked = 0
    for case in _locked_many(session, actor, command.references):
        require(actor, Permission.CASE_HANDLE, case)
        if case.is_open:
            raise RuleBroken(f"{case.reference} 还在办理，结束以后才能回填。")
        if case.backfilled_at is not None:
            continue
        case.backfilled_at = now
        ticked += 1
        facts.record(session, actor, Topic.CASE_BACKFILLED, SubjectKind.CASE, case.id, at=now, by="hand")
    return ticked


@dataclass(frozen=True, slots=True)
class RevealConsumer:
    """Look at the consumer's name, phone and address, for a reason of the list."""

    reference: str
    reason: RevealReason


def reveal_consumer(session: Session, actor: Actor, command: RevealConsumer, *, now: datetime) -> AccessGrant:
    """Open the consumer's particulars to the actor for thirty minutes, recorded with the reason (decisions 19)."""
    case = locked(session, actor, command.reference)
    require(actor, Permission.PERSONAL_REVEAL, case)
    return grant_reading(session, actor, SubjectKind.CASE, case.id, reason=command.reason.value, now=now)


@dataclass(frozen=True, slots=True)
class Line:
    """What staff write down about a case."""

    kind: NoteKind
    text: str
    happened_at: datetime
    method: ContactMethod | None = None
    result: ContactResult | None = None


def write_note(session: Session, actor: Actor, case: Case, line: Line, *, now: datetime) -> CaseNote:
    """Keep a line of staff under the key of a locked case, without a fact."""
    key = session.get_one(DataKey, case.key_id)
    note = CaseNote(
        case_id=case.id,
        author_id=actor.person_id,
        author_name=actor.name,
        organisation_id=actor.organisation_id,
        kind=line.kind,
        method=line.method,
        result=line.result,
        text_sealed=vault_of(session).seal(key, line.text, "note.text"),
        happened_at=line.happened_at,
        at=now,
    )
    session.add(note)
    return note


def _check_selection(references: tuple[str, ...]) -> None:
    if not references:
        raise RuleBroken("还没有选择纠纷。请先在列表里勾选。")
    if len(references) > MAX_AT_ONCE:
        raise RuleBroken(f"一次最多处理 {MAX_AT_ONCE} 件。请分几次办理。")


def _locked_many(session: Session, actor: Actor, references: tuple[str, ...]) -> list[Case]:
    wanted = set(references)
    rows = list(
        session.scalars(
            select(Case).where(Case.reference.in_(wanted), visible_to(actor)).order_by(Case.id).with_for_update()
        )
    )
    if len(rows) != len(wanted):
        raise NotFound("选中的纠纷有的已经不归你的单位办理。请刷新列表后再选。")
    return rows


def _colleague(session: Session, actor: Actor, sign_in_name: str) -> Person:
    person = session.scalars(
        select(Person)
        .join(Membership, Membership.person_id == Person.id)
        .where(
            Person.sign_in_name == sign_in_name,
            Person.active,
            Membership.organisation_id == actor.organisation_id,
        )
    ).first()
    if person is None:
        raise RuleBroken("这个人不在你的单位，或者已经停用。请另选一人。", field="person")
    return person
