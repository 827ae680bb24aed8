"""Three internal levels: up with a reason, down or back as a fact; substitutes receive and act for whom they stand in."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.cases import levels, substitutes
from portal.cases import queries as case_queries
from portal.cases.actions import AssignCases, ReturnCase, assign_cases, return_case
from portal.cases.levels import HandDown, HandUp, TakeBack
from portal.cases.models import Case, CaseNote, NoteKind
from portal.cases.rules import CaseState, Level, ReturnReason
from portal.cases.sections import history_of
from portal.cases.substitutes import EndSubstitute, NameSubstitute
from portal.clocks.rules import local_day
from portal.core.actor import Actor, ActorKind, Role
from portal.core.errors import NotAllowed, NotFound, RuleBroken, Stale
from portal.core.facts import Fact, Topic
from tests.conftest import NOW
from tests.factories import people, settling

TODAY = local_day(NOW)


class House:
    """A merchant with all three levels and one case."""

    def __init__(self, session):
        self.session = session
        self.dispute = settling.dispute(session)
        self.case = self.dispute.case
        self.agent = self.dispute.agent
        merchant = self.dispute.merchant.id
        self.chief_member = people.member(session, merchant, Role.SUPERVISOR, name="王强")
        self.head_member = people.member(session, merchant, Role.PRINCIPAL, name="陈立")
        self.chief = people.actor(session, self.chief_member)
        self.head = people.actor(session, self.head_member)

    def up(self, actor=None, to=Level.SUPERVISOR, person=None, reason="消费者要求三倍赔偿，超出我的权限。"):
        return levels.hand_up(
            self.session, actor or self.agent, HandUp(self.case.reference, to, reason, person), now=NOW
        )

    def down(self, actor, to=Level.AGENT, reason="按成本价退一赔一，请你联系。", now=NOW):
        return levels.hand_down(self.session, actor, HandDown(self.case.reference, to, reason), now=now)

    def raised_to(self, actor, now=NOW):
        return self.session.scalars(select(Case.id).where(substitutes.raised_to(actor, now=now))).all()

    def stand_in(self, actor, person, substitute, starts=TODAY, ends=TODAY):
        command = NameSubstitute(person.person.sign_in_name, substitute.person.sign_in_name, starts, ends)
        return substitutes.name_substitute(self.session, actor, command, now=NOW)


@pytest.fixture
def house(session):
    return House(session)


def topics(session, case):
    return session.scalars(select(Fact.topic).where(Fact.subject_id == case.id).order_by(Fact.id)).all()


def test_a_case_goes_up_with_its_reason_and_comes_down_with_another(house, session):
    house.up()
    assert (house.case.raised_to, house.case.raised_by_id) == (Level.SUPERVISOR, house.agent.person_id)
    assert house.raised_to(house.chief) == [house.case.id]
    assert house.raised_to(house.agent) == house.raised_to(house.head) == []
    house.down(house.chief)
    assert (house.case.raised_to, house.case.raised_at) == (None, None)
    kinds = session.scalars(select(CaseNote.kind).order_by(CaseNote.id)).all()
    assert kinds == [NoteKind.RAISE, NoteKind.LOWER]
    assert [one for one in topics(session, house.case) if one in (Topic.CASE_RAISED, Topic.CASE_LOWERED)] == [
        Topic.CASE_RAISED,
        Topic.CASE_LOWERED,
    ]


def test_the_levels_are_told_to_the_merchant_and_to_nobody_else(house, session):
    house.up()
    lines = case_queries.records(session, [house.case.id])[house.case.id]
    told = [one["title"] for one in history_of(session, house.agent, house.case, lines, now=NOW).items]
    assert told[:2] == ["上报理由", "上报部门负责人"] or set(told[:2]) == {"上报理由", "上报部门负责人"}
    officer = Actor(ActorKind.AUTHORITY, 1, jurisdiction=frozenset({house.case.authority_id}))
    assert all("上报" not in one["title"] for one in history_of(session, officer, house.case, lines, now=NOW).items)


def test_the_person_named_receives_it_and_no_other_of_the_level(house, session):
    other = people.actor(session, people.member(session, house.dispute.merchant.id, Role.SUPERVISOR, name="李敏"))
    house.up(person=house.chief_member.person.sign_in_name)
    assert house.raised_to(house.chief) == [house.case.id]
    assert house.raised_to(other) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"reason": " "}, "请写明上报的理由"),
        ({"to": Level.AGENT}, "请选更高一级"),
        ({"person": "nobody"}, "不是你单位的部门负责人"),
    ],
)
def test_what_is_missing_or_not_above_is_refused(house, changes, said):
    with pytest.raises(RuleBroken, match=said):
        house.up(**changes)
    assert house.case.raised_to is None


def test_a_level_without_anybody_is_refused_with_the_next_one_named(session):
    dispute = settling.dispute(session)
    command = HandUp(dispute.case.reference, Level.SUPERVISOR, "超出权限。")
    with pytest.raises(RuleBroken, match="还没有部门负责人。请上报企业负责人"):
        levels.hand_up(session, dispute.agent, command, now=NOW)


def test_from_the_second_level_it_goes_on_to_the_third_and_down_by_steps(house):
    house.up()
    with pytest.raises(RuleBroken, match="已经在部门负责人那里"):
        house.up(house.chief)
    house.up(house.chief, Level.PRINCIPAL)
    with pytest.raises(RuleBroken, match="由企业负责人或其代理人决定"):
        house.down(house.chief)
    house.down(house.head, Level.SUPERVISOR)
    assert house.case.raised_to is Level.SUPERVISOR
    house.down(house.head)  # whoever stands above may as well
    with pytest.raises(Stale, match="已经不在上级那里"):
        house.down(house.chief)


def test_only_the_one_who_handed_up_takes_back(house, session):
    house.up()
    other = people.actor(session, people.member(session, house.dispute.merchant.id, name="赵敏"))
    with pytest.raises(RuleBroken, match="只有上报的人可以收回"):
        levels.take_back(session, other, TakeBack(house.case.reference), now=NOW)
    levels.take_back(session, house.agent, TakeBack(house.case.reference), now=NOW)
    assert house.case.raised_to is None
    with pytest.raises(Stale):
        levels.take_back(session, house.agent, TakeBack(house.case.reference), now=NOW)


def test_a_strange_merchant_hands_nothing_up(house, session):
    stranger = people.actor(session, people.member(session, people.merchant(session, house.dispute.authority).id))
    with pytest.raises(NotFound):
        house.up(stranger)


def test_a_case_given_back_to_the_officer_stands_before_no_level(session):
    dispute = settling.dispute(session, state=CaseState.DISPATCHED)
    people.member(session, dispute.merchant.id, Role.SUPERVISOR)
    levels.hand_up(session, dispute.agent, HandUp(dispute.case.reference, Level.SUPERVISOR, "不是我们卖的。"), now=NOW)
    given = ReturnCase(dispute.case.reference, ReturnReason.NOT_OURS, "门店已转让。")
    return_case(session, dispute.agent, given, now=NOW)
    assert dispute.case.raised_to is None


def test_a_substitute_receives_and_acts_for_days_and_no_longer(house, session):
    house.up(person=house.chief_member.person.sign_in_name)
    house.stand_in(house.chief, house.chief_member, house.dispute.membership, ends=TODAY + timedelta(days=2))
    assert house.raised_to(house.agent) == [house.case.id]
    assert house.raised_to(house.agent, NOW + timedelta(days=3)) == []
    with pytest.raises(RuleBroken, match="由部门负责人或其代理人决定"):
        house.down(house.agent, now=NOW + timedelta(days=3))
    house.down(house.agent)
    fact = session.scalars(select(Fact).where(Fact.topic == Topic.CASE_LOWERED)).one()
    assert (fact.actor_name, fact.detail["acting_for"]) == ("林晓燕", "王强")


def test_what_is_assigned_to_the_absent_goes_to_the_substitute(house, session):
    other = people.member(session, house.dispute.merchant.id, name="赵敏")
    house.stand_in(house.head, house.dispute.membership, other)
    command = AssignCases((house.case.reference,), house.dispute.membership.person.sign_in_name)
    assert assign_cases(session, house.head, command, now=NOW) == 1
    assert house.case.assignee_id == other.person_id
    fact = session.scalars(select(Fact).where(Fact.topic == Topic.CASE_ASSIGNED)).one()
    assert (fact.detail["name"], fact.detail["acting_for"]) == ("赵敏", "林晓燕")


def test_one_names_a_substitute_for_oneself_and_the_head_for_anybody(house, session):
    with pytest.raises(NotAllowed):
        house.stand_in(house.agent, house.chief_member, house.dispute.membership)
    house.stand_in(house.agent, house.dispute.membership, house.chief_member)
    house.stand_in(house.head, house.chief_member, house.dispute.membership)
    stranger = people.member(session, people.merchant(session, house.dispute.authority).id, Role.PRINCIPAL)
    with pytest.raises(RuleBroken, match="不在你的单位"):
        house.stand_in(house.head, house.chief_member, stranger, TODAY + timedelta(days=9), TODAY + timedelta(days=9))


@pytest.mark.parametrize(
    ("starts", "ends", "said"),
    [(1, 0, "不能早于第一天"), (-3, -1, "已经过去"), (0, 366, "最多代理 366 天")],
)
def test_days_that_cannot_be_are_refused(house, starts, ends, said):
    with pytest.raises(RuleBroken, match=said):
        house.stand_in(
            house.head,
            house.chief_member,
            house.dispute.membership,
            TODAY + timedelta(days=starts),
            TODAY + timedelta(days=ends),
        )


def test_nobody_has_two_substitutes_on_one_day_and_one_that_ended_lends_nothing(house, session):
    row = house.stand_in(house.chief, house.chief_member, house.dispute.membership, ends=TODAY + timedelta(days=4))
    with pytest.raises(RuleBroken, match="已由林晓燕代理"):
        house.stand_in(
            house.head, house.chief_member, house.head_member, TODAY + timedelta(days=4), TODAY + timedelta(days=8)
        )
    with pytest.raises(RuleBroken, match="代理人不能是本人"):
        house.stand_in(house.head, house.head_member, house.head_member)
    substitutes.end_substitute(session, house.chief, EndSubstitute(row.reference), now=NOW)
    house.up()
    assert house.raised_to(house.agent) == []
    with pytest.raises(Stale):
        substitutes.end_substitute(session, house.head, EndSubstitute(row.reference), now=NOW)
    assert [one.state for one in substitutes.substitutions(session, house.head, now=NOW)] == ["已提前结束"]
