"""Who may send which amount: what is above the limit waits ready for someone who may, and is sent or given back once."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from portal.cases import levels, substitutes
from portal.cases.rules import CaseState, Level
from portal.cases.substitutes import NameSubstitute
from portal.clocks.rules import local_day
from portal.core.actor import Role
from portal.core.errors import NotAllowed, RuleBroken, Stale
from portal.core.facts import Fact, Topic
from portal.settlements import actions, limits, rules
from portal.settlements.drafts import open_draft
from portal.settlements.limits import SetLimits
from portal.settlements.models import Agreement, Answer, DraftState, Offer, OfferDraft
from portal.settlements.rules import Limits
from tests.conftest import NOW
from tests.factories import people, settling

SEEN = NOW + timedelta(minutes=1)
LOW, MIDDLE, HIGH = 30_000, 60_000, 80_000


class House:
    """A merchant whose agents may send ¥300 and supervisors ¥600, with one case of ¥800."""

    def __init__(self, session):
        self.session = session
        self.dispute = settling.dispute(session)
        self.case, self.agent = self.dispute.case, self.dispute.agent
        merchant = self.dispute.merchant.id
        self.chief_member = people.member(session, merchant, Role.SUPERVISOR, name="王强")
        self.chief = people.actor(session, self.chief_member)
        self.head = people.actor(session, people.member(session, merchant, Role.PRINCIPAL, name="陈立"))
        limits.set_limits(session, self.head, SetLimits(30_000, 60_000), now=NOW)

    def offer(self, amount, message="抱歉。"):
        return actions.MakeOffer(self.case.reference, (settling.refund(amount),), message)

    def send(self, actor, amount):
        return actions.make_offer(self.session, actor, self.offer(amount), now=NOW)

    def hold(self, amount, actor=None, now=NOW):
        return actions.hold_offer(self.session, actor or self.agent, self.offer(amount), now=now)

    def approve(self, actor, draft, now=SEEN):
        return actions.send_draft(self.session, actor, actions.SendDraft(self.case.reference, draft.digest), now=now)

    def back(self, actor, draft, reason="先退一半看看。"):
        command = actions.GiveBack(self.case.reference, draft.digest, reason)
        return actions.give_back(self.session, actor, command, now=SEEN)

    def take_back(self, draft, actor=None):
        command = actions.TakeBackDraft(self.case.reference, draft.digest)
        return actions.take_back_draft(self.session, actor or self.agent, command, now=SEEN)


@pytest.fixture
def house(session):
    return House(session)


@pytest.mark.parametrize(
    ("outlay", "level"),
    [(0, Level.AGENT), (30_000, Level.AGENT), (30_001, Level.SUPERVISOR), (60_001, Level.PRINCIPAL)],
)
def test_the_lowest_level_that_may_is_the_one_that_is_asked(outlay, level):
    assert rules.needed_level(outlay, Limits(30_000, 60_000)) is level


def test_without_limits_everybody_sends_any_amount(session):
    dispute = settling.dispute(session)
    assert settling.offered(session, dispute, settling.refund(80_000)).answer is Answer.PENDING


def test_each_level_sends_up_to_its_limit(house):
    with pytest.raises(RuleBroken, match=r"客服最多可以承诺支出 ¥300\.00（陈立 2026-08-12 设定）") as refusal:
        house.send(house.agent, MIDDLE)
    assert refusal.value.field == "approval"
    assert "由部门负责人发送" in refusal.value.text
    with pytest.raises(RuleBroken, match="由企业负责人发送"):
        house.send(house.chief, HIGH)
    assert house.session.query(Offer).count() == 0
    assert house.send(house.head, HIGH).outlay == HIGH


def test_what_is_handed_up_is_sent_as_it_was_written_by_who_may(house, session):
    draft = house.hold(MIDDLE)
    assert (draft.needs, draft.state, house.case.raised_to) == (Level.SUPERVISOR, DraftState.WAITING, Level.SUPERVISOR)
    assert (session.query(Offer).count(), house.case.state) == (0, CaseState.NEGOTIATING)
    offer = house.approve(house.chief, draft)
    assert (offer.outlay, offer.made_by, offer.answer) == (MIDDLE, "王强", Answer.PENDING)
    assert (draft.state, draft.decided_by, house.case.raised_to) == (DraftState.SENT, "王强", None)
    fact = session.scalars(select(Fact).where(Fact.topic == Topic.OFFER_MADE)).one()
    assert (fact.actor_name, fact.detail["drafted_by"]) == ("王强", "林晓燕")
    raised = session.scalars(select(Fact).where(Fact.topic == Topic.CASE_RAISED)).one()
    assert (raised.detail["level"], raised.detail["outlay"], raised.detail["draft"]) == ("supervisor", MIDDLE, "offer")


def test_the_highest_sum_goes_to_the_head_at_once(house):
    draft = house.hold(HIGH)
    assert house.case.raised_to is Level.PRINCIPAL
    with pytest.raises(RuleBroken, match="由企业负责人或其代理人决定"):
        house.approve(house.chief, draft)
    assert house.approve(house.head, draft).outlay == HIGH


def test_nobody_approves_for_himself_what_he_may_not_send(house):
    draft = house.hold(MIDDLE)
    with pytest.raises(RuleBroken, match="由部门负责人或其代理人决定"):
        house.approve(house.agent, draft)
    assert draft.state is DraftState.WAITING


def test_what_one_may_send_oneself_needs_no_approval(house):
    with pytest.raises(RuleBroken, match="在你的权限以内"):
        house.hold(LOW)
    with pytest.raises(RuleBroken, match="在你的权限以内"):
        house.hold(MIDDLE, house.chief)


def test_a_draft_given_back_carries_its_reason_and_starts_the_next_one(house, session):
    draft = house.hold(MIDDLE)
    with pytest.raises(RuleBroken, match="请写明退回的理由"):
        house.back(house.chief, draft, " ")
    house.back(house.chief, draft)
    assert (draft.state, house.case.raised_to) == (DraftState.GIVEN_BACK, None)
    written = open_draft(session, settling.rounds.key_of(session, house.case), draft)
    assert (written.terms, written.message) == ((settling.refund(MIDDLE),), "抱歉。")
    assert house.send(house.agent, LOW).outlay == LOW


def test_sent_twice_is_sent_once(house, session):
    draft = house.hold(MIDDLE)
    house.approve(house.chief, draft)
    with pytest.raises(Stale, match="已经发送，王强"):
        house.approve(house.head, draft)
    assert session.query(Offer).count() == 1


def test_taken_back_while_it_was_looked_at_is_not_sent(house, session):
    draft = house.hold(MIDDLE)
    house.take_back(draft)
    with pytest.raises(Stale, match="已被提交人收回"):
        house.approve(house.chief, draft)
    with pytest.raises(Stale, match="收回"):
        house.back(house.chief, draft)
    assert session.query(Offer).count() == 0


def test_sent_while_it_was_taken_back_stays_sent(house):
    draft = house.hold(MIDDLE)
    house.approve(house.chief, draft)
    with pytest.raises(Stale, match="已经发送"):
        house.take_back(draft)


def test_only_its_author_takes_a_draft_back(house, session):
    draft = house.hold(MIDDLE)
    other = people.actor(session, people.member(session, house.dispute.merchant.id, name="赵敏"))
    with pytest.raises(RuleBroken, match="由林晓燕提交"):
        house.take_back(draft, other)


def test_a_new_draft_takes_the_old_ones_place_and_the_old_one_is_not_sent(house):
    first = house.hold(MIDDLE)
    second = house.hold(HIGH, now=SEEN)
    assert (first.state, second.state, house.case.raised_to) == (
        DraftState.DROPPED,
        DraftState.WAITING,
        Level.PRINCIPAL,
    )
    with pytest.raises(Stale, match="已作废"):
        house.approve(house.head, first)


def test_an_offer_sent_instead_puts_the_draft_aside(house):
    draft = house.hold(MIDDLE)
    house.send(house.chief, LOW)
    assert (draft.state, house.case.raised_to) == (DraftState.DROPPED, None)


def test_a_lowered_limit_holds_for_what_waits(house, session):
    draft = house.hold(MIDDLE)
    limits.set_limits(session, house.head, SetLimits(10_000, 20_000), now=SEEN)
    with pytest.raises(RuleBroken, match=r"部门负责人最多可以承诺支出 ¥200\.00"):
        house.approve(house.chief, draft)
    levels.hand_up(session, house.chief, levels.HandUp(house.case.reference, Level.PRINCIPAL, "超出限额。"), now=SEEN)
    assert house.approve(house.head, draft).outlay == MIDDLE


def test_a_draft_that_rules_forbid_meanwhile_goes_on_waiting(house):
    draft = house.hold(MIDDLE)
    with pytest.raises(RuleBroken, match="不足 1 个工作日"):
        house.approve(house.chief, draft, now=house.case.respond_by - timedelta(hours=1))


def test_a_substitute_sends_for_the_absent_and_it_says_so(house, session):
    today = local_day(NOW)
    names = (house.chief_member.person.sign_in_name, house.dispute.membership.person.sign_in_name)
    substitutes.name_substitute(session, house.chief, NameSubstitute(*names, today, today), now=NOW)
    house.send(house.agent, MIDDLE)
    fact = session.scalars(select(Fact).where(Fact.topic == Topic.OFFER_MADE)).one()
    assert (fact.actor_name, fact.detail["acting_for"]) == ("林晓燕", "王强")


def counter(house):
    offer = house.send(house.agent, LOW)
    command = actions.CounterOffer(house.case.id, offer.digest, (settling.refund(MIDDLE),))
    return actions.counter_offer(house.session, house.dispute.consumer, command, now=SEEN)


def test_a_yes_to_a_counter_above_the_limit_waits_likewise(house, session):
    asked = counter(house)
    accept = actions.AcceptCounter(house.case.reference, asked.digest)
    with pytest.raises(RuleBroken, match="由部门负责人发送") as refusal:
        actions.accept_counter(session, house.agent, accept, now=SEEN)
    assert refusal.value.field == "approval"
    draft = actions.hold_acceptance(session, house.agent, accept, now=SEEN)
    assert asked.answer is Answer.PENDING
    agreement = house.approve(house.chief, draft)
    assert (agreement.outlay, house.case.state, asked.answer) == (MIDDLE, CaseState.AGREED, Answer.ACCEPTED)


def test_a_yes_that_comes_after_the_counters_end_makes_no_agreement(house, session):
    asked = counter(house)
    accept = actions.AcceptCounter(house.case.reference, asked.digest)
    draft = actions.hold_acceptance(session, house.agent, accept, now=SEEN)
    with pytest.raises(Stale):
        house.approve(house.chief, draft, now=asked.expires_at)
    assert session.query(Agreement).count() == 0


def test_only_the_head_sets_limits_and_every_setting_stays(house, session):
    for actor in (house.agent, house.chief):
        with pytest.raises(NotAllowed):
            limits.set_limits(session, actor, SetLimits(None, None), now=SEEN)
    for command, said in (
        (SetLimits(None, 60_000), "客服也要有限额"),
        (SetLimits(50_000, 40_000), "不能低于客服"),
        (SetLimits(30_000, 60_000), "和现在的限额一样"),
    ):
        with pytest.raises(RuleBroken, match=said):
            limits.set_limits(session, house.head, command, now=SEEN)
    limits.set_limits(session, house.head, SetLimits(None, None), now=SEEN)
    assert [row.agent_limit for row in limits.former_limits(session, house.head)] == [None, 30_000]
    assert limits.former_limits(session, house.agent) == limits.former_limits(session, house.head)
    assert house.send(house.agent, HIGH).outlay == HIGH


def test_a_setting_is_never_changed(house, session):
    row = limits.former_limits(session, house.head)[0]
    row.agent_limit = 1
    with pytest.raises(DBAPIError, match="append-only"):
        session.flush()


def test_one_draft_waits_at_most(house, session):
    draft = house.hold(MIDDLE)
    values = {name: getattr(draft, name) for name in OfferDraft.__table__.columns.keys() if name != "id"}  # noqa: SIM118
    session.add(OfferDraft(**values))
    with pytest.raises(DBAPIError):
        session.flush()
