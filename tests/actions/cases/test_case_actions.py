"""What a merchant's staff do with a case, and what is refused."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Membership, Organisation
from portal.cases import actions
from portal.cases.access import fetched
from portal.cases.actions import (
    AcceptCase,
    AddNote,
    AssignCases,
    RecordContact,
    ReturnCase,
    RevealConsumer,
    TickBackfilled,
)
from portal.cases.models import Case, CaseNote, ContactMethod, ContactResult, NoteKind
from portal.cases.rules import CaseState, ReturnReason, RevealReason
from portal.clocks.rules import due_day
from portal.core import search
from portal.core.access import AccessKind, AccessRecord, granted_until
from portal.core.actor import Actor, Role
from portal.core.errors import NotAllowed, NotFound, RuleBroken
from portal.core.facts import Fact, SubjectKind, Topic
from portal.core.privacy import DataKey, vault_of
from portal.enrolment.models import Merchant
from tests.conftest import NOW
from tests.factories import disputes, people


@dataclass(frozen=True)
class Desk:
    authority: Organisation
    merchant: Merchant
    membership: Membership
    actor: Actor


@pytest.fixture
def desk(session: Session) -> Desk:
    authority = people.authority(session)
    merchant = people.merchant(session, authority)
    membership = people.member(session, merchant.id)
    return Desk(authority, merchant, membership, people.actor(session, membership))


def topics(session: Session, case: Case) -> list[Topic]:
    found = select(Fact.topic).where(Fact.subject_kind == SubjectKind.CASE, Fact.subject_id == case.id)
    return list(session.scalars(found.order_by(Fact.id)))


def contact(case: Case, **changes: object) -> RecordContact:
    values = {
        "reference": case.reference,
        "happened_at": NOW,
        "method": ContactMethod.PHONE,
        "text": "已致歉，愿意退款。",
        "result": ContactResult.REACHED,
    }
    return RecordContact(**{**values, **changes})  # type: ignore[arg-type]


def test_who_accepts_handles_the_case(session: Session, desk: Desk) -> None:
    case = disputes.case(session, desk.authority, desk.merchant)
    actions.accept_case(session, desk.actor, AcceptCase(case.reference), now=NOW)
    assert (case.state, case.accepted_at, case.assignee_id) == (CaseState.ACCEPTED, NOW, desk.actor.person_id)
    assert topics(session, case) == [Topic.CASE_ACCEPTED]


def test_accepting_twice_is_refused_in_a_sentence(session: Session, desk: Desk) -> None:
    case = disputes.case(session, desk.authority, desk.merchant)
    actions.accept_case(session, desk.actor, AcceptCase(case.reference), now=NOW)
    with pytest.raises(RuleBroken, match="状态已经变了"):
        actions.accept_case(session, desk.actor, AcceptCase(case.reference), now=NOW)


def test_another_merchant_finds_no_such_case(session: Session, desk: Desk) -> None:
    stranger = people.actor(session, people.member(session, people.merchant(session, desk.authority).id))
    case = disputes.case(session, desk.authority, desk.merchant)
    for action, command in (
        (actions.accept_case, AcceptCase(case.reference)),
        (actions.return_case, ReturnCase(case.reference, ReturnReason.NOT_OURS, "不是我们的")),
        (actions.add_note, AddNote(case.reference, "看一眼")),
        (actions.record_contact, contact(case)),
        (actions.assign_cases, AssignCases((case.reference,), None)),
        (actions.reveal_consumer, RevealConsumer(case.reference, RevealReason.CONTACT)),
        (actions.tick_backfilled, TickBackfilled((case.reference,))),
    ):
        with pytest.raises(NotFound):
            action(session, stranger, command, now=NOW)  # type: ignore[operator]


def test_an_officer_does_not_do_the_merchants_work(session: Session, desk: Desk) -> None:
    officer = people.actor(session, people.member(session, desk.authority.id, Role.OFFICER))
    case = disputes.case(session, desk.authority, desk.merchant)
    with pytest.raises(NotAllowed):
        actions.accept_case(session, officer, AcceptCase(case.reference), now=NOW)


def test_a_returned_case_leaves_the_desk_and_the_search(session: Session, desk: Desk) -> None:
    case = disputes.case(session, desk.authority, desk.merchant)
    own = search.merchant_scope(desk.merchant.id)
    officers = search.authority_scope(desk.authority.id)
    search.index_documents(session, search.CASE_SEARCH, [search.Document(case.id, "羊毛大衣起球", (own, officers))])
    command = ReturnCase(case.reference, ReturnReason.NOT_OURS, "该门店三月起已转让。")
    actions.return_case(session, desk.actor, command, now=NOW)
    assert case.state is CaseState.RETURNED
    assert case.merchant_id is None
    assert due_day(case.due_at).isoformat() == "2026-08-20"  # 7 working days from the registration on 08-11
    with pytest.raises(NotFound):
        fetched(session, desk.actor, case.reference)
    key = Case.id.expression
    hidden = search.matches(session, search.CASE_SEARCH, key, "羊毛大衣", own)
    shown = search.matches(session, search.CASE_SEARCH, key, "羊毛大衣", officers)
    assert session.scalars(select(Case.id).where(hidden)).all() == []
    assert session.scalars(select(Case.id).where(shown)).all() == [case.id]
    note = session.scalars(select(CaseNote).where(CaseNote.case_id == case.id)).one()
    assert note.kind is NoteKind.RETURN
    assert topics(session, case) == [Topic.CASE_RETURNED]


def test_a_case_under_negotiation_is_not_given_back(session: Session, desk: Desk) -> None:
    case = disputes.case(session, desk.authority, desk.merchant, state=CaseState.NEGOTIATING)
    with pytest.raises(RuleBroken):
        actions.return_case(session, desk.actor, ReturnCase(case.reference, ReturnReason.OTHER, "不想办"), now=NOW)


def test_the_first_contact_opens_the_negotiation(session: Session, desk: Desk) -> None:
    case = disputes.case(session, desk.authority, desk.merchant, state=CaseState.ACCEPTED)
    unreached = contact(case, result=ContactResult.UNREACHED, text="没有人接。")
    actions.record_contact(session, desk.actor, unreached, now=NOW)
    assert (case.state, case.first_contact_at) == (CaseState.ACCEPTED, None)
    actions.record_contact(session, desk.actor, contact(case), now=NOW + timedelta(hours=1))
    assert (case.state, case.first_contact_at) == (CaseState.NEGOTIATING, NOW)
    assert topics(session, case) == [Topic.CASE_CONTACTED] * 2


def test_what_is_written_is_sealed(session: Session, desk: Desk) -> None:
    case = disputes.case(session, desk.authority, desk.merchant)
    note = actions.add_note(session, desk.actor, AddNote(case.reference, "已电话13860001234"), now=NOW)
    assert b"13860001234" not in note.text_sealed
    key = session.get_one(DataKey, case.key_id)
    assert vault_of(session).open(key, note.text_sealed, "note.text") == "已电话13860001234"


@pytest.mark.parametrize(
    ("state", "happened_at", "said"),
    [
        (CaseState.DISPATCHED, NOW, "还没有受理"),
        (CaseState.CLOSED_SETTLED, NOW, "已经结束"),
        (CaseState.ACCEPTED, NOW + timedelta(hours=2), "现在以后"),
        (CaseState.ACCEPTED, NOW - timedelta(days=3), "早于投诉登记"),
    ],
)
def test_an_impossible_contact_is_refused(
    session: Session, desk: Desk, state: CaseState, happened_at: object, said: str
) -> None:
    case = disputes.case(session, desk.authority, desk.merchant, state=state)
    with pytest.raises(RuleBroken, match=said):
        actions.record_contact(session, desk.actor, contact(case, happened_at=happened_at), now=NOW)


def test_cases_are_handed_to_a_colleague_together(session: Session, desk: Desk) -> None:
    colleague = people.member(session, desk.merchant.id, name="王珂")
    cases = [disputes.case(session, desk.authority, desk.merchant) for _ in range(3)]
    closed = disputes.case(session, desk.authority, desk.merchant, state=CaseState.CLOSED_SETTLED)
    chosen = tuple(case.reference for case in (*cases, closed))
    command = AssignCases(chosen, colleague.person.sign_in_name)
    assert actions.assign_cases(session, desk.actor, command, now=NOW) == 3
    assert {case.assignee_id for case in cases} == {colleague.person_id}
    assert actions.assign_cases(session, desk.actor, command, now=NOW) == 0
    assert actions.assign_cases(session, desk.actor, AssignCases(chosen[:1], None), now=NOW) == 1
    assert cases[0].assignee_id is None


def test_nobody_outside_the_merchant_is_handed_a_case(session: Session, desk: Desk) -> None:
    outsider = people.member(session, desk.authority.id, Role.OFFICER)
    case = disputes.case(session, desk.authority, desk.merchant)
    with pytest.raises(RuleBroken, match="不在你的单位"):
        actions.assign_cases(session, desk.actor, AssignCases((case.reference,), outsider.person.sign_in_name), now=NOW)
    with pytest.raises(RuleBroken, match="还没有选择"):
        actions.assign_cases(session, desk.actor, AssignCases((), None), now=NOW)


def test_only_what_is_finished_is_ticked_as_filled_in(session: Session, desk: Desk) -> None:
    finished = disputes.case(session, desk.authority, desk.merchant, state=CaseState.CLOSED_SETTLED, closed_at=NOW)
    running = disputes.case(session, desk.authority, desk.merchant)
    assert actions.tick_backfilled(session, desk.actor, TickBackfilled((finished.reference,)), now=NOW) == 1
    assert actions.tick_backfilled(session, desk.actor, TickBackfilled((finished.reference,)), now=NOW) == 0
    with pytest.raises(RuleBroken, match="还在办理"):
        actions.tick_backfilled(session, desk.actor, TickBackfilled((running.reference,)), now=NOW)


def test_a_look_is_recorded_and_ends_after_thirty_minutes(session: Session, desk: Desk) -> None:
    case = disputes.case(session, desk.authority, desk.merchant)
    actions.reveal_consumer(session, desk.actor, RevealConsumer(case.reference, RevealReason.CONTACT), now=NOW)
    session.flush()
    record = session.scalars(select(AccessRecord).where(AccessRecord.subject_id == case.id)).one()
    assert (record.kind, record.reason) == (AccessKind.REVEAL, "contact")
    soon, late = NOW + timedelta(minutes=29), NOW + timedelta(minutes=31)
    assert granted_until(session, desk.actor, SubjectKind.CASE, case.id, now=soon)
    assert granted_until(session, desk.actor, SubjectKind.CASE, case.id, now=late) is None
