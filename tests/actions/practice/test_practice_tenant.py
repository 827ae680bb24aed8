"""Practising: the tenant is made at first use, invented consumers answer, and nothing counts or leaves the house."""

from collections import Counter
from datetime import timedelta
from zlib import crc32

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from portal.accounts import passwords
from portal.accounts.actions import SignIn, sign_in
from portal.accounts.models import Membership, Organisation, Person
from portal.accounts.queries import choices_of
from portal.accounts.rules import PRACTICE
from portal.cases.actions import AcceptCase, ReturnCase, accept_case, return_case
from portal.cases.models import Case
from portal.cases.rules import CaseState, FailureCause, ReturnReason
from portal.clocks.rules import local_day
from portal.core.actor import SYSTEM, VISITOR
from portal.core.errors import NotAllowed, NotFound, RuleBroken
from portal.documents.models import Document
from portal.documents.queries import verification
from portal.enrolment.models import Merchant
from portal.enrolment.queries import merchant_facts
from portal.indicators.models import CaseTally, Tally, TallyDelta
from portal.ledgers.checkpoints import SignCheckpoint, sign_checkpoint, sign_due_checkpoints
from portal.ledgers.published import published_ledger
from portal.notifications.models import Message, MessageChannel, MessageState
from portal.practice.actions import BeginAgain, EnterPractice, begin_again, enter_practice
from portal.practice.models import PracticeCase
from portal.practice.plots import PLOTS
from portal.settlements.actions import MakeOffer, RecordPerformance, make_offer, record_performance
from portal.settlements.models import Answer, Offer, Side
from portal.worker import dispatch, tick
from tests.conftest import NOW
from tests.factories import disputes, people, settling

BOTH = pytest.mark.parametrize("database", ["sqlite", "postgresql"])


@pytest.fixture
def database(request):
    """What consumers answer is tried on either database; that nothing counts or leaves the house, on both."""
    return ("sqlite", "postgresql")[crc32(request.node.nodeid.encode()) % 2]


@pytest.fixture
def merchant(session):
    return people.merchant(session, people.authority(session))


@pytest.fixture
def agent(session, merchant):
    return people.member(session, merchant.id)


class Practising:
    """Somebody in the practice tenant."""

    def __init__(self, runtime, session, agent, clock):
        self.runtime, self.session, self.clock = runtime, session, clock
        self.real = people.actor(session, agent)
        session.commit()
        membership_id = runtime.perform(self.real, enter_practice, EnterPractice())
        session.expire_all()
        self.membership = session.scalars(
            select(Membership)
            .where(Membership.id == membership_id)
            .options(joinedload(Membership.person), joinedload(Membership.organisation))
        ).one()
        self.actor = people.actor(session, self.membership)

    def case(self, plot):
        self.session.expire_all()
        return self.session.scalars(
            select(Case)
            .join(PracticeCase, PracticeCase.case_id == Case.id)
            .where(PracticeCase.plot == plot, PracticeCase.ended_at.is_(None))
        ).one()

    def offer(self, plot, amount):
        case = self.case(plot)
        if case.state is CaseState.DISPATCHED:
            self.runtime.perform(self.actor, accept_case, AcceptCase(case.reference))
        command = MakeOffer(case.reference, (settling.refund(amount),), consumer_asked=True)
        self.runtime.perform(self.actor, make_offer, command)
        self.wait(seconds=31)
        return self.case(plot)

    def wait(self, **span):
        self.clock.moment += timedelta(**span)
        dispatch(self.runtime)

    def performed(self, plot, remark="已原路退回，流水号 1234。"):
        case = self.case(plot)
        today = local_day(self.clock.now())
        self.runtime.perform(self.actor, record_performance, RecordPerformance(case.reference, today, remark=remark))
        self.wait(seconds=1)
        return self.case(plot)


@pytest.fixture
def practising(runtime, session, agent, clock):
    return Practising(runtime, session, agent, clock)


@BOTH
def test_a_set_of_believable_cases_waits_for_whoever_enters(practising, merchant, session):
    states = {plot: practising.case(plot).state for plot in PLOTS}
    assert states.pop("overdue") is CaseState.FAILED
    assert states.pop("breach") is CaseState.BREACHED
    assert set(states.values()) == {CaseState.DISPATCHED}
    assert practising.case("overdue").cause is FailureCause.MERCHANT_DELAY
    soon = practising.case("due_soon")
    assert NOW < soon.respond_by <= NOW + timedelta(days=4)
    assert soon.reference.startswith("LIANXI")
    firm = session.get_one(Merchant, practising.actor.organisation_id)
    assert firm.practice_of_id == merchant.id
    assert practising.actor.in_practice
    assert practising.actor.organisation_name.endswith("（练习）")


def test_a_second_entry_goes_on_where_the_cases_stood(practising, session, runtime):
    case = practising.case("simple_refund")
    again = runtime.perform(practising.real, enter_practice, EnterPractice())
    assert again == practising.membership.id
    assert practising.case("simple_refund").id == case.id
    assert session.scalars(select(func.count()).select_from(PracticeCase)).one() == len(PLOTS)


def test_each_colleague_has_cases_of_ones_own(practising, session, merchant, runtime):
    colleague = people.actor(session, people.member(session, merchant.id))
    session.commit()
    runtime.perform(colleague, enter_practice, EnterPractice())
    counts = Counter(session.scalars(select(PracticeCase.person_id)))
    assert counts == {practising.real.person_id: len(PLOTS), colleague.person_id: len(PLOTS)}
    assert session.scalars(select(func.count()).where(Merchant.practice_of_id == merchant.id)).one() == 1


def test_an_offer_that_covers_the_demand_is_accepted_and_confirmed(practising):
    assert practising.offer("simple_refund", 39_900).state is CaseState.AGREED
    closed = practising.performed("simple_refund")
    assert (closed.state, closed.recovered) == (CaseState.CLOSED_SETTLED, 39_900)


@BOTH
def test_a_practice_agreement_is_nothing_that_could_be_verified(practising, session):
    practising.offer("simple_refund", 39_900)
    paper = session.scalars(select(Document).order_by(Document.id.desc()).limit(1)).one()
    assert paper.number.startswith("HJ-LIANXI")
    assert verification(session, paper.number, paper.check_code).kind == ""


def test_nothing_is_answered_before_the_offer_is_visible(practising, runtime):
    case = practising.case("simple_refund")
    runtime.perform(practising.actor, accept_case, AcceptCase(case.reference))
    runtime.perform(practising.actor, make_offer, MakeOffer(case.reference, (settling.refund(39_900),)))
    practising.wait(seconds=5)
    assert practising.case("simple_refund").state is CaseState.OFFERED
    practising.wait(seconds=26)
    assert practising.case("simple_refund").state is CaseState.AGREED


def test_a_low_offer_is_countered_once_and_then_refused(practising, session):
    assert practising.offer("counter_offer", 20_000).state is CaseState.NEGOTIATING
    counter = session.scalars(select(Offer).where(Offer.side == Side.CONSUMER)).one()
    assert (counter.outlay, counter.answer) == (30_900, Answer.PENDING)
    assert practising.offer("counter_offer", 21_000).state is CaseState.NEGOTIATING
    last = session.scalars(select(Offer).order_by(Offer.id.desc()).limit(1)).one()
    assert last.answer is Answer.REFUSED
    assert practising.offer("counter_offer", 30_000).state is CaseState.AGREED


def test_the_silent_consumer_says_nothing(practising):
    assert practising.offer("silent", 8_800).state is CaseState.OFFERED


def test_a_large_sum_is_accepted_with_a_code_as_by_anybody(practising):
    command_amount = 39_900
    case = practising.case("simple_refund")
    practising.runtime.perform(practising.actor, accept_case, AcceptCase(case.reference))
    terms = (settling.refund(command_amount), settling.voucher(90_000))
    practising.runtime.perform(practising.actor, make_offer, MakeOffer(case.reference, terms))
    practising.wait(seconds=31)
    assert practising.case("simple_refund").state is CaseState.AGREED


def test_without_a_proof_the_money_never_came(practising):
    practising.offer("proof", 26_000)
    assert practising.performed("proof").state is CaseState.BREACHED
    assert practising.performed("proof").state is CaseState.CLOSED_SETTLED


def test_a_broken_promise_and_an_overdue_case_can_still_be_put_right(practising):
    assert practising.performed("breach").state is CaseState.CLOSED_SETTLED
    assert practising.offer("overdue", 19_900).state is CaseState.AGREED


def test_a_case_of_another_shop_is_given_back(practising, session, runtime):
    case = practising.case("wrong_merchant")
    command = ReturnCase(case.reference, ReturnReason.NOT_OURS, "投诉的是海鹭鞋城。")
    runtime.perform(practising.actor, return_case, command)
    assert practising.case("wrong_merchant").state is CaseState.RETURNED


@BOTH
def test_a_fresh_start_puts_the_former_set_away(practising, session, runtime):
    practising.offer("simple_refund", 39_900)
    practising.offer("counter_offer", 20_000)
    practising.offer("silent", 8_800)
    former = {plot: practising.case(plot).id for plot in PLOTS}
    assert runtime.perform(practising.actor, begin_again, BeginAgain()) == len(PLOTS)
    session.expire_all()
    states = {plot: session.get_one(Case, key).state for plot, key in former.items()}
    assert states.pop("simple_refund") is CaseState.CLOSED_SETTLED
    assert states.pop("breach") is CaseState.CLOSED_SETTLED
    assert set(states.values()) == {CaseState.WITHDRAWN}
    assert practising.case("simple_refund").id not in former.values()


def test_a_day_has_ten_sets(practising, session, runtime, clock):
    for second, row in enumerate(session.scalars(select(PracticeCase))):
        row.made_at = NOW + timedelta(seconds=second)  # as if each of the nine were of a set of its own
    session.commit()
    clock.moment += timedelta(minutes=1)
    runtime.perform(practising.actor, begin_again, BeginAgain())
    with pytest.raises(RuleBroken, match="一天最多编 10 套"):
        runtime.perform(practising.actor, begin_again, BeginAgain())
    clock.moment += timedelta(days=1)
    assert runtime.perform(practising.actor, begin_again, BeginAgain()) == len(PLOTS)


def test_only_people_of_a_merchant_practise_and_only_from_their_work(practising, session, runtime, merchant):
    officer = people.actor(session, people.member(session, merchant.authority_id))
    with pytest.raises(NotAllowed):
        runtime.perform(practising.actor, enter_practice, EnterPractice())
    for stranger in (officer, SYSTEM):
        with pytest.raises(NotAllowed):
            runtime.perform(stranger, enter_practice, EnterPractice())
    with pytest.raises(NotFound):
        runtime.perform(practising.real, begin_again, BeginAgain())


@BOTH
def test_no_message_of_practice_has_an_address_or_waits_to_be_sent(practising, session):
    practising.offer("simple_refund", 39_900)
    practising.performed("simple_refund")
    tick(practising.runtime)
    session.expire_all()
    messages = session.scalars(select(Message).where(Message.channel != MessageChannel.DESK)).all()
    assert messages
    assert {message.state for message in messages} == {MessageState.CANCELLED}
    assert all(message.to_sealed is None and message.link_id is None for message in messages)


@BOTH
def test_nobody_is_mailed_about_practice(practising, session, runtime):
    practising.membership.person.sign_in_name = "lin@example.cn"
    session.commit()
    practising.offer("simple_refund", 39_900)
    tick(runtime)
    mails = select(func.count()).where(Message.channel == MessageChannel.MAIL)
    assert session.scalars(mails).one() == 0


def test_whoever_practised_still_works_for_one_organisation(practising, session, runtime, agent):
    person = session.get_one(Person, practising.real.person_id)
    person.password_hash = passwords.hash_password("correct horse 7")
    session.commit()
    outcome = runtime.perform(VISITOR, sign_in, SignIn(person.sign_in_name, "correct horse 7"))
    assert outcome.membership_ids == (agent.id,)
    assert [one.membership_id for one in choices_of(session, person.id)] == [agent.id]


@BOTH
def test_the_ledger_of_practice_is_neither_signed_nor_published(practising, session, runtime, clock):
    practising.offer("simple_refund", 39_900)
    clock.moment += timedelta(days=2)
    assert sign_due_checkpoints(runtime) == 0
    runtime.perform(practising.actor, sign_checkpoint, SignCheckpoint(practising.actor.organisation_id))
    tick(runtime)
    code = practising.membership.organisation.code
    with pytest.raises(NotFound):
        published_ledger(session, code)
    told = select(func.count()).where(Message.channel == MessageChannel.MAIL)
    assert session.scalars(told).one() == 0


@BOTH
def test_nothing_of_practice_is_counted(practising, session, runtime):
    practising.offer("simple_refund", 39_900)
    practising.performed("simple_refund")
    tick(runtime)
    for model in (CaseTally, Tally, TallyDelta):
        assert session.scalars(select(func.count()).select_from(model)).one() == 0


@BOTH
def test_a_real_case_of_the_same_merchant_is_still_counted(practising, session, runtime, merchant):
    authority = session.get_one(Organisation, merchant.authority_id)
    disputes.case(session, authority, merchant)
    session.commit()
    practising.offer("simple_refund", 39_900)
    tick(runtime)
    authorities = set(session.scalars(select(CaseTally.authority_id)))
    hidden = session.scalars(select(Organisation.id).where(Organisation.code == PRACTICE)).one()
    assert hidden not in authorities


@BOTH
def test_complaints_are_never_routed_to_a_practice_merchant(practising, session):
    assert practising.actor.organisation_id not in {one.id for one in merchant_facts(session)}
