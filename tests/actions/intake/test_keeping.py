"""An officer keeps a waiting case himself, or returns it to the unit that it came from."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from portal.accounts.models import Organisation
from portal.cases.actions import ReturnCase, return_case
from portal.cases.models import Case, CaseNote, NoteKind
from portal.cases.rules import CaseState, Channel, KeepReason, ReturnReason, Turn
from portal.cases.steps import NEVER
from portal.clocks.queries import almanac
from portal.core.actor import Role
from portal.core.errors import NotAllowed, NotFound, RuleBroken
from portal.core.facts import Fact, Topic
from portal.core.privacy import vault_of
from portal.enrolment.models import Merchant, MerchantState
from portal.intake.dispatching import ConfirmRoutes, RouteCase, confirm_routes, route_case
from portal.intake.keeping import KeepCase, SendBack, keep_case, send_back
from portal.intake.models import Filing
from portal.intake.states import AdminState
from tests.conftest import NOW
from tests.factories import people
from tests.factories.intake import complaint, sample_world
from tests.factories.joined import LOCAL, hotline, take_in

CODE = "91350206MA0070000N"


@pytest.fixture
def world(runtime, session):
    found = sample_world(session)
    session.commit()
    return found


@pytest.fixture
def officer(session, world):
    return people.actor(session, people.member(session, world["350206"].id, Role.OFFICER))


def waiting(runtime, session, **changes):
    take_in(runtime, [complaint(1, **{"分流情况": LOCAL, **changes})])
    session.expire_all()
    return session.scalars(select(Case)).one()


def filings(session, case):
    return session.scalars(select(Filing).where(Filing.case_id == case.id).order_by(Filing.id)).all()


def test_a_kept_case_leaves_triage_and_its_filing_goes_on(runtime, session, officer):
    case = waiting(runtime, session)
    before = filings(session, case)[0].decide_by
    keep_case(session, officer, KeepCase(case.reference, KeepReason.MEDIATES), now=NOW)
    session.commit()
    assert (case.state, case.turn, case.is_open) == (CaseState.KEPT, Turn.OFFICER, True)
    assert (case.keeper_id, case.kept_reason, case.kept_at) == (officer.person_id, "mediates", NOW)
    filing = filings(session, case)[0]
    assert (filing.admin_state, filing.decide_by) == (AdminState.RECEIVED, before)
    assert case.due_at == before
    assert case.next_action_at is None
    fact = session.scalars(select(Fact).where(Fact.topic == Topic.CASE_KEPT)).one()
    assert fact.detail == {"reason": "mediates"}


def test_a_kept_case_of_the_green_channel_starts_the_limit_of_acceptance_now(runtime, session, world, officer):
    session.execute(
        Merchant.__table__.update()
        .where(Merchant.id.in_(select(Organisation.id).where(Organisation.code == CODE)))
        .values(state=MerchantState.SUSPENDED, suspended_at=NOW)
    )
    session.commit()
    case = waiting(runtime, session, 分流情况="绿色通道企业")
    assert case.channel is Channel.GREEN
    keep_case(session, officer, KeepCase(case.reference, KeepReason.SUSPENDED), now=NOW)
    filing = filings(session, case)[0]
    limit = almanac(session).derive("triage", NOW, [case.authority_id]).due_at
    assert (filing.admin_state, filing.decide_by, case.due_at) == (AdminState.RECEIVED, limit, limit)
    assert session.scalars(select(Fact.detail).where(Fact.topic == Topic.FILING_TAKEN)).all() == [{"case_id": case.id}]


def test_a_kept_case_may_still_go_to_a_merchant_alone_but_not_in_bulk(runtime, session, officer):
    case = waiting(runtime, session)
    keep_case(session, officer, KeepCase(case.reference, KeepReason.NO_MERCHANT), now=NOW)
    outcome = confirm_routes(session, officer, ConfirmRoutes((case.reference,)), now=NOW)
    assert (outcome.count, outcome.left) == (0, ((case.reference, "已不在待分流里"),))
    route_case(session, officer, RouteCase(case.reference, CODE), now=NOW)
    assert case.state is CaseState.DISPATCHED


def test_a_kept_suspected_tip_still_has_to_be_redacted_before_a_merchant_reads_it(runtime, session, officer):
    case = waiting(runtime, session, 诉求内容="瓷砖开裂，请查处。要求退货。")
    keep_case(session, officer, KeepCase(case.reference, KeepReason.NOT_FOR_ODR), now=NOW)
    with pytest.raises(RuleBroken, match="遮去举报内容"):
        route_case(session, officer, RouteCase(case.reference, CODE), now=NOW)


def test_a_returned_case_may_be_kept_and_none_twice(runtime, session, officer):
    take_in(runtime, [complaint(1)])
    case = session.scalars(select(Case)).one()
    agent = people.actor(session, people.member(session, case.merchant_id, Role.AGENT))
    with pytest.raises(RuleBroken, match="已不在待分流里"):
        keep_case(session, officer, KeepCase(case.reference, KeepReason.MEDIATES), now=NOW)
    return_case(session, agent, ReturnCase(case.reference, ReturnReason.NOT_OURS, "不是我们的"), now=NOW)
    keep_case(session, officer, KeepCase(case.reference, KeepReason.MEDIATES), now=NOW)
    with pytest.raises(RuleBroken, match="已不在待分流里"):
        keep_case(session, officer, KeepCase(case.reference, KeepReason.MEDIATES), now=NOW)


def test_another_channels_filing_joins_what_an_officer_keeps(runtime, session, officer):
    case = waiting(runtime, session, 登记时间="2026-08-12 08:00:00")
    keep_case(session, officer, KeepCase(case.reference, KeepReason.MEDIATES), now=NOW)
    session.commit()
    assert take_in(runtime, [hotline(1)])["merged"] == 1
    session.expire_all()
    case = session.scalars(select(Case)).one()
    assert case.state is CaseState.KEPT
    assert case.due_at == min(one.decide_by for one in filings(session, case))


def test_what_was_wrongly_assigned_ends_and_its_filings_with_it(runtime, session, officer):
    case = waiting(runtime, session)
    take_in(runtime, [hotline(1)])
    session.expire_all()
    command = SendBack(case.reference, ReturnReason.NOT_OURS, "应由思明区办理")
    send_back(session, officer, command, now=NOW)
    session.commit()
    assert (case.state, case.turn, case.is_open) == (CaseState.SENT_BACK, Turn.NOBODY, False)
    assert (case.closed_at, case.sent_back_reason, case.due_at) == (NOW, "not_ours", NEVER)
    assert case.concluded_at is None  # nothing was negotiated: no indicator counts it
    for filing in filings(session, case):
        assert (filing.admin_state, filing.decided_at, filing.decide_by) == (AdminState.SENT_BACK, NOW, None)
    assert len(session.scalars(select(Fact).where(Fact.topic == Topic.FILING_SENT_BACK)).all()) == 2
    assert session.scalars(select(Fact.detail).where(Fact.topic == Topic.CASE_SENT_BACK)).all() == [
        {"reason": "not_ours"}
    ]
    note = session.scalars(select(CaseNote)).one()
    session.refresh(case, ["key"])
    assert note.kind is NoteKind.RETURN
    assert vault_of(session).open(case.key, note.text_sealed, "note.text") == "应由思明区办理"


def test_a_kept_case_may_be_sent_back_until_it_is_accepted(runtime, session, officer):
    case = waiting(runtime, session)
    keep_case(session, officer, KeepCase(case.reference, KeepReason.MEDIATES), now=NOW)
    filing = filings(session, case)[0]
    filing.admin_state = AdminState.ACCEPTED
    with pytest.raises(RuleBroken, match="已经受理"):
        send_back(session, officer, SendBack(case.reference, ReturnReason.NOT_OURS), now=NOW)
    filing.admin_state = AdminState.RECEIVED
    send_back(session, officer, SendBack(case.reference, ReturnReason.NOT_OURS), now=NOW)
    assert case.state is CaseState.SENT_BACK


@pytest.mark.parametrize("database", ["sqlite"])
def test_other_needs_words_and_only_officers_of_the_jurisdiction_decide(runtime, session, world, officer):
    case = waiting(runtime, session)
    with pytest.raises(RuleBroken, match="写明原因"):
        send_back(session, officer, SendBack(case.reference, ReturnReason.OTHER, " "), now=NOW)
    auditor = people.actor(session, people.member(session, world["350206"].id, Role.AUDITOR))
    stranger = people.actor(session, people.member(session, people.authority(session).id, Role.OFFICER))
    for refuse, error in ((auditor, NotAllowed), (stranger, NotFound)):
        with pytest.raises(error):
            keep_case(session, refuse, KeepCase(case.reference, KeepReason.MEDIATES), now=NOW)
        with pytest.raises(error):
            send_back(session, refuse, SendBack(case.reference, ReturnReason.NOT_OURS), now=NOW)


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_number_that_comes_again_after_it_was_sent_back_is_marked_changed(runtime, session, officer):
    case = waiting(runtime, session)
    send_back(session, officer, SendBack(case.reference, ReturnReason.ELEMENTS_MISSING), now=NOW)
    session.commit()
    again = take_in(runtime, [complaint(1, 分流情况=LOCAL, 办理情况状态="补正后重新分派")])
    assert (again["repeated"], again["changed"]) == (1, 1)


def test_the_database_itself_knows_the_new_states_and_no_others(runtime, session, officer):
    """The CHECKs were widened in place on both databases (revision 0011)."""
    case = waiting(runtime, session)
    for table, column, right in (
        ("dispute_case", "state", "kept"),
        ("dispute_case", "state", "sent_back"),
        ("filing", "admin_state", "sent_back"),
        ("legal_limit", "unit", "count"),
    ):
        for value in (right, "nonsense"):
            change = text(f"UPDATE {table} SET {column} = :value")
            nested = session.begin_nested()
            if value == right:
                session.execute(change, {"value": value})
            else:
                with pytest.raises(IntegrityError):
                    session.execute(change, {"value": value})
            nested.rollback()
    with pytest.raises(IntegrityError), session.begin_nested():  # a dispatched case has a merchant, as before
        session.execute(text("UPDATE dispute_case SET state = 'failed' WHERE id = :id"), {"id": case.id})
