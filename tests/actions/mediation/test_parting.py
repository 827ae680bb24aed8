"""Officers part joined filings: what goes, what stays, and until when."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from portal.accounts.models import ConsumerLink
from portal.cases.actions import AcceptCase, AddNote, accept_case, add_note
from portal.cases.models import Case, CaseNote, PhoneSource
from portal.cases.rules import CaseState, PartingReason
from portal.core import search
from portal.core.errors import NotAllowed, NotFound, RuleBroken
from portal.core.facts import Fact, SubjectKind, Topic
from portal.core.privacy import Erased, vault_of
from portal.enrolment.models import Merchant, MerchantState
from portal.intake.models import Filing
from portal.intake.rules import WaitingReason
from portal.intake.states import AdminState
from portal.ledgers import log
from portal.ledgers.models import EntryKind, LedgerEntry
from portal.mediation.parting import PartFiling, part_filing
from portal.settlements import actions
from tests.conftest import NOW
from tests.factories import people, settling
from tests.factories.intake import complaint
from tests.factories.joined import LOCAL, hotline, joined, take_in

NATIONAL, ORDER = complaint(1)["登记编号"], hotline(1)["工单编号"]


@pytest.fixture
def world(runtime, session):
    return joined(runtime, session)


def part(world, session, **changes):
    case = world.case_of(session, NATIONAL)
    said = {"source": "12345", "number": ORDER, "reason": PartingReason.PURCHASE, "dispatched": True, **changes}
    return part_filing(session, changes.pop("actor", world.actor), PartFiling(case.reference, **said), now=session.info.get("then", NOW))  # fmt: skip


def topics(session, case):
    found = select(Fact).where(Fact.subject_kind == SubjectKind.CASE, Fact.subject_id == case.id).order_by(Fact.id)
    return {fact.topic: fact for fact in session.scalars(found)}


def test_the_parted_filing_becomes_a_case_with_a_new_limit_and_the_old_ones_stays(world, session, clock):
    old = world.case_of(session, NATIONAL)
    limits = old.respond_by, old.due_at, old.contact_by, old.merchant_id
    session.info["then"] = NOW + timedelta(days=2)
    new = part(world, session)
    session.commit()
    assert (old.respond_by, old.due_at, old.contact_by, old.merchant_id) == limits
    assert (new.state, new.merchant_id) == (CaseState.DISPATCHED, old.merchant_id)
    assert new.respond_by == old.respond_by + timedelta(days=2)
    assert new.reference == "HL2608-0002"
    filing = session.scalars(select(Filing).where(Filing.number == ORDER)).one()
    assert (filing.case_id, filing.parted_from_id, filing.key_id) == (new.id, old.id, new.key_id)
    assert filing.decide_by is not None
    assert (new.registered_at, new.source, new.platform_due_on) == (
        filing.registered_at, "12345", filing.platform_due_on,
    )  # fmt: skip
    assert new.amount is None
    assert old.amount == 128_100


def test_facts_stand_on_both_cases_and_on_the_filing(world, session):
    new = part(world, session)
    session.commit()
    old = world.case_of(session, NATIONAL)
    said = {"source": "12345", "number": ORDER, "reason": "purchase"}
    assert topics(session, old)[Topic.CASE_PARTED].detail == {**said, "parted_to": new.reference}
    assert topics(session, new)[Topic.CASE_OPENED].detail == {**said, "parted_from": old.reference}
    assert topics(session, new)[Topic.CASE_DISPATCHED].detail["parted"] is True
    assert session.scalars(select(Fact.detail).where(Fact.topic == Topic.FILING_PARTED)).all() == [
        {"reason": "purchase"}
    ]


def test_words_and_search_follow_the_filings(world, session):
    part(world, session, source="12315", number=NATIONAL)  # the one that spoke for the case
    session.commit()
    old, new = world.case_of(session, ORDER), world.case_of(session, NATIONAL)
    assert (new.goods, new.problem, new.amount) == ("瓷砖", "色差", 128_100)
    assert (old.goods, old.amount, old.demands) == ("", None, "return")
    assert new.headline.startswith("瓷砖 色差")
    assert old.registered_at > new.registered_at
    for scope in (search.merchant_scope(world.merchant.id), search.authority_scope(world.district.id)):
        for words, expected in (("热线反映", old), ("第1件", new)):
            found = search.matches(session, search.CASE_SEARCH, Case.id.expression, words, scope)
            assert session.scalars(select(Case.reference).where(found)).all() == [expected.reference]


def test_evidence_notes_and_links_stay_and_either_case_is_erased_alone(world, session):
    old = world.case_of(session, NATIONAL)
    dispute = world.dispute(session, old)
    accept_case(session, dispute.agent, AcceptCase(old.reference), now=NOW)
    add_note(session, dispute.agent, AddNote(old.reference, "已电话"), now=NOW)
    new = part(world, session)
    session.commit()
    assert session.scalars(select(CaseNote.case_id)).all() == [old.id]
    assert session.scalars(select(ConsumerLink.case_id)).all() == [old.id]
    vault, filing = vault_of(session), session.scalars(select(Filing).where(Filing.number == ORDER)).one()
    session.refresh(old, ["key"])
    session.refresh(new, ["key"])
    assert vault.open(new.key, filing.text_sealed, "filing.text").startswith("热线反映")
    old.key.wrapped = None
    assert vault.open(new.key, new.phone_sealed, "case.phone") == complaint(1)["联系电话"]
    with pytest.raises(Erased):
        vault.open(old.key, old.phone_sealed, "case.phone")


def test_it_may_wait_for_triage_instead(world, session):
    new = part(world, session, dispatched=False)
    assert (new.state, new.merchant_id, new.wait_reason) == (CaseState.WAITING, None, WaitingReason.PARTED)
    assert new.candidates["only"] == world.merchant.id
    filing = session.scalars(select(Filing).where(Filing.number == ORDER)).one()
    assert new.due_at == filing.decide_by


def test_another_merchants_complaint_never_goes_to_the_same(world, session):
    with pytest.raises(RuleBroken, match="不能派给它"):
        part(world, session, reason=PartingReason.MERCHANT)
    new = part(world, session, reason=PartingReason.MERCHANT, dispatched=False)
    assert new.candidates == {"merchants": [], "only": None}


def test_nothing_goes_to_a_suspended_merchant(world, session):
    session.get_one(Merchant, world.merchant.id).state = MerchantState.SUSPENDED
    session.get_one(Merchant, world.merchant.id).suspended_at = NOW
    session.flush()
    with pytest.raises(RuleBroken, match="已暂停分流"):
        part(world, session)
    assert part(world, session, dispatched=False).state is CaseState.WAITING


def test_a_parted_filing_is_never_joined_again(world, session, runtime):
    part(world, session)
    session.commit()
    again = take_in(runtime, [hotline(1, 办结期限="2026-08-20")])
    assert (again["created"], again["repeated"], again["changed"]) == (0, 1, 1)
    assert world.case_of(session, ORDER).id != world.case_of(session, NATIONAL).id
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(update(Filing).where(Filing.number == ORDER).values(case_id=Filing.parted_from_id))


def test_an_officers_number_goes_with_the_consumer_but_not_to_another_one(world, session):
    old = world.case_of(session, NATIONAL)
    session.refresh(old, ["key"])
    old.phone_source, old.phone_mask = PhoneSource.OFFICER, "139****0000"
    old.phone_sealed = vault_of(session).seal(old.key, "13900000000", "case.phone")
    nested = session.begin_nested()
    new = part(world, session)
    assert (new.phone_mask, new.phone_source) == ("139****0000", PhoneSource.OFFICER)
    nested.rollback()
    new = part(world, session, reason=PartingReason.CONSUMER)
    assert (new.phone_mask, new.phone_source) == ("138****0001", PhoneSource.FILING)


def test_until_an_offer_was_answered(world, session):
    old = world.case_of(session, NATIONAL)
    dispute = world.dispute(session, old)
    accept_case(session, dispute.agent, AcceptCase(old.reference), now=NOW)
    offer = settling.offered(session, dispute)
    nested = session.begin_nested()
    part(world, session)  # it waits for its answer
    nested.rollback()
    refusal = actions.RefuseOffer(old.id, offer.digest, "太少")
    actions.refuse_offer(session, dispute.consumer, refusal, now=NOW + timedelta(minutes=1))
    with pytest.raises(RuleBroken, match="已有答复"):
        part(world, session)


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"state": CaseState.BREACHED}, "已经结束"),
        ({"state": CaseState.WITHDRAWN, "is_open": False}, "已经结束"),
        ({"cause": "merchant_delay", "state": CaseState.NEGOTIATING}, "已经结束"),
    ],
)
def test_what_has_ended_is_not_parted(world, session, change, words):
    old = world.case_of(session, NATIONAL)
    for name, value in change.items():
        setattr(old, name, value)
    session.flush()
    with pytest.raises(RuleBroken, match=words):
        part(world, session)


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_filing_alone_a_decided_one_and_a_strange_one_stay(world, session):
    filing = session.scalars(select(Filing).where(Filing.number == ORDER)).one()
    filing.admin_state = AdminState.REFUSED
    session.flush()
    with pytest.raises(RuleBroken, match="已有受理"):
        part(world, session)
    with pytest.raises(RuleBroken, match="已不在"):
        part(world, session, number="XM0")
    filing.admin_state = AdminState.RECEIVED
    session.flush()
    part(world, session)
    with pytest.raises(RuleBroken, match="只有一个"):
        part(world, session, source="12315", number=NATIONAL)


@pytest.mark.parametrize("database", ["sqlite"])
def test_only_an_officer_of_the_jurisdiction_parts(world, session):
    case = world.case_of(session, NATIONAL)
    command = PartFiling(case.reference, "12345", ORDER, PartingReason.PURCHASE, dispatched=True)
    with pytest.raises(NotAllowed):
        part_filing(session, world.clerk, command, now=NOW)
    stranger = people.member(session, people.authority(session, "厦门市思明区市场监督管理局", prefix="SM").id)
    with pytest.raises(NotFound):
        part_filing(session, people.actor(session, stranger), command, now=NOW)


def test_a_waiting_case_is_parted_into_two_waiting_ones(runtime, session):
    world = joined(runtime, session, national={"分流情况": LOCAL})
    old = world.case_of(session, NATIONAL)
    assert old.state is CaseState.WAITING
    with pytest.raises(RuleBroken, match="放进待分流"):
        part(world, session)
    new = part(world, session, source="12315", number=NATIONAL, dispatched=False)
    filings = {one.case_id: one for one in session.scalars(select(Filing))}
    for case in (old, new):
        assert case.state is CaseState.WAITING
        assert case.due_at == filings[case.id].decide_by


def test_the_ledger_keeps_only_what_remains_of_an_accepted_case(world, session):
    """Decisions 26: what was parted is erased for the merchant at once, and an amendment says so."""
    old = world.case_of(session, NATIONAL)
    accept_case(session, world.clerk, AcceptCase(old.reference), now=NOW)
    session.flush()
    new = part(world, session, source="12315", number=NATIONAL)
    session.flush()
    entries = session.scalars(
        select(LedgerEntry).where(LedgerEntry.reference == old.reference).order_by(LedgerEntry.seq)
    ).all()
    assert [entry.kind for entry in entries] == [EntryKind.COMPLAINT, EntryKind.AMENDMENT, EntryKind.COMPLAINT]
    opened = log.opened(session, entries)
    assert [entry.id in opened for entry in entries] == [False, False, True]
    assert opened[entries[2].id]["content"].startswith("热线反映")
    assert not session.scalars(select(LedgerEntry).where(LedgerEntry.reference == new.reference)).all()
