"""Problem goods from suspicion to take-down, on both databases."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from portal.clocks.rules import local_day
from portal.core.actor import SYSTEM, Role
from portal.core.errors import NotAllowed, NotFound, RuleBroken
from portal.core.facts import Fact, SubjectKind, Topic
from portal.enrolment.models import MerchantState
from portal.notifications.models import Message
from portal.notifications.queries import notices as desk
from portal.recalls import access, actions, jobs, notices, queries
from portal.recalls.actions import RecordResult, RemoveGoods, SendForTesting
from portal.recalls.models import ProblemGoods, RecallAnswer
from portal.recalls.notices import Chase, CloseGoods, ConfirmRemoval, IssueNotice
from portal.recalls.rules import Disposal, GoodsState
from portal.worker import dispatch
from tests.conftest import NOW
from tests.factories import goods, people

TODAY = local_day(NOW)


class Area:
    """A district with a station, three merchants in it and one elsewhere."""

    def __init__(self, session):
        self.district = people.authority(session)
        self.station = people.authority(session, "江头市场监督管理所", parent=self.district)
        elsewhere = people.authority(session, "厦门市思明区市场监督管理局", prefix="SM")
        self.ours = people.merchant(session, self.station)
        self.second = people.merchant(session, self.station)
        self.third = people.merchant(session, self.district)
        self.stranger = people.merchant(session, elsewhere)
        self.officer = self._actor(session, self.district.id, Role.OFFICER)
        self.station_officer = self._actor(session, self.station.id, Role.OFFICER)
        self.stranger_officer = self._actor(session, elsewhere.id, Role.OFFICER)
        self.clerk, self.second_clerk, self.third_clerk, self.stranger_clerk = (
            self._actor(session, one.id, Role.AGENT) for one in (self.ours, self.second, self.third, self.stranger)
        )
        self.everyone = (
            self.officer,
            self.station_officer,
            self.stranger_officer,
            self.clerk,
            self.second_clerk,
            self.stranger_clerk,
        )

    @staticmethod
    def _actor(session, organisation_id, role):
        return people.actor(session, people.member(session, organisation_id, role))


@pytest.fixture
def area(session):
    return Area(session)


def asked(session):
    return set(session.scalars(select(RecallAnswer.merchant_id)))


def test_a_bad_result_reaches_the_regulator_at_once(session, area):
    row = goods.registered(session, area.clerk)
    assert queries.goods_list(session, area.officer, queries.GoodsFilter(), None).rows == []
    actions.send_for_testing(session, area.clerk, SendForTesting(row.reference, "市质检院", TODAY), now=NOW)
    actions.record_result(
        session, area.clerk, RecordResult(row.reference, False, TODAY, "XM-1", "泄漏电流超标"), now=NOW
    )
    assert row.state is GoodsState.DEFECTIVE
    assert row.reported_at == NOW
    [line] = queries.goods_list(session, area.officer, queries.GoodsFilter(), None).rows
    assert line.reference == row.reference
    assert queries.goods_list(session, area.stranger_officer, queries.GoodsFilter(), None).rows == []


def test_a_bad_result_says_what_is_bad(session, area):
    row = goods.registered(session, area.clerk)
    actions.send_for_testing(session, area.clerk, SendForTesting(row.reference, "市质检院", TODAY), now=NOW)
    with pytest.raises(RuleBroken, match="不合格项目") as refusal:
        actions.record_result(session, area.clerk, RecordResult(row.reference, False, TODAY, "", " "), now=NOW)
    assert refusal.value.field == "finding"


def test_a_good_result_ends_the_matter_unreported(session, area):
    row = goods.with_result(session, area.clerk, passed=True)
    assert row.state is GoodsState.PASSED
    assert row.reported_at is None
    with pytest.raises(NotFound):
        queries.goods_page(session, area.officer, row.reference)


def test_a_result_before_the_sending_is_refused(session, area):
    row = goods.registered(session, area.clerk)
    actions.send_for_testing(session, area.clerk, SendForTesting(row.reference, "市质检院", TODAY), now=NOW)
    early = RecordResult(row.reference, True, TODAY - timedelta(days=1), "", "")
    with pytest.raises(RuleBroken, match="不能早于送检日期"):
        actions.record_result(session, area.clerk, early, now=NOW)


@pytest.mark.parametrize("content", [b"MZ\x90\x00 not a report", b"%PDF-1.7 cut off", b"\xff\xd8\xff broken"])
def test_a_report_that_is_none_is_refused(session, area, content):
    row = goods.registered(session, area.clerk)
    actions.send_for_testing(session, area.clerk, SendForTesting(row.reference, "市质检院", TODAY), now=NOW)
    command = RecordResult(row.reference, True, TODAY, "", "", content)
    with pytest.raises(RuleBroken) as refusal:
        actions.record_result(session, area.clerk, command, now=NOW)
    assert refusal.value.field == "report"


def test_a_report_comes_back_as_it_was(session, area):
    row = goods.registered(session, area.clerk)
    actions.send_for_testing(session, area.clerk, SendForTesting(row.reference, "市质检院", TODAY), now=NOW)
    pdf = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
    actions.record_result(session, area.clerk, RecordResult(row.reference, True, TODAY, "", "", pdf), now=NOW)
    assert actions.open_report(session, row) == (pdf, "application/pdf")


@pytest.mark.parametrize(("pieces", "days"), [(-1, 0), (2_000_000, 0), (3, 1)])
def test_an_absurd_take_down_is_refused_and_stores_nothing(session, area, pieces, days):
    row = goods.with_result(session, area.clerk)
    command = RemoveGoods(row.reference, pieces, TODAY + timedelta(days=days), Disposal.TO_SUPPLIER)
    with pytest.raises(RuleBroken):
        actions.remove_goods(session, area.clerk, command, now=NOW)
    session.rollback()


def test_every_merchant_of_the_area_is_told_and_nobody_else(session, area):
    area.third.state = MerchantState.EXITED
    row = goods.removed(session, area.clerk)
    notice = goods.notified(session, area.officer, row)
    assert asked(session) == {area.second.id}  # not the registering one, not who left, not the other district
    assert (notice.asked, notice.answered) == (1, 0)
    assert row.state is GoodsState.NOTIFIED


def test_a_station_tells_its_own_merchants_only(session, area):
    row = goods.removed(session, area.clerk)
    goods.notified(session, area.station_officer, row)
    assert asked(session) == {area.second.id}


def test_a_notice_lands_on_every_desk_and_leads_to_its_page(runtime, session, area):
    row = goods.removed(session, area.clerk)
    goods.notified(session, area.officer, row)
    session.commit()
    dispatch(runtime)
    dispatch(runtime)
    for clerk in (area.second_clerk, area.third_clerk):
        [line] = desk(session, clerk, None).rows
        assert line.path == f"/merchant/recalls/{row.reference}"
        assert "电热水壶" in line.title
    assert desk(session, area.stranger_clerk, None).rows == []
    officers = [line.path for line in desk(session, area.station_officer, None).rows]
    assert officers == [f"/regulator/goods/{row.reference}"]
    assert session.scalar(select(func.count()).select_from(Message)) == 3


def test_each_merchant_confirms_once_and_the_counts_follow(session, area):
    row = goods.removed(session, area.clerk)
    notice = goods.notified(session, area.officer, row)
    confirm = ConfirmRemoval(row.reference, 7, TODAY, Disposal.SEALED, "仓库 7 件")
    notices.confirm_removal(session, area.second_clerk, confirm, now=NOW)
    notices.confirm_removal(session, area.third_clerk, ConfirmRemoval(row.reference, 0), now=NOW)
    session.refresh(notice)
    assert (notice.asked, notice.answered, notice.pieces) == (2, 2, 7)
    with pytest.raises(RuleBroken, match="已经确认过"):
        notices.confirm_removal(session, area.second_clerk, confirm, now=NOW)
    page = queries.answers(session, area.officer, row.reference, waiting=False, cursor=None)
    assert [line.quantity for line in page.rows] == [7, 0]
    assert queries.answers(session, area.second_clerk, row.reference, waiting=False, cursor=None).rows == []


def test_pieces_in_stock_need_a_day_and_a_disposal(session, area):
    row = goods.removed(session, area.clerk)
    goods.notified(session, area.officer, row)
    with pytest.raises(RuleBroken, match="下架日期和处理方式"):
        notices.confirm_removal(session, area.second_clerk, ConfirmRemoval(row.reference, 2), now=NOW)


def test_whoever_was_not_told_has_nothing_to_confirm(session, area):
    row = goods.removed(session, area.clerk)
    goods.notified(session, area.officer, row)
    for stranger in (area.stranger_clerk, area.clerk, area.officer):
        with pytest.raises(NotFound):
            notices.confirm_removal(session, stranger, ConfirmRemoval(row.reference, 0), now=NOW)


def test_the_silent_are_chased_once_by_the_clock(runtime, session, area, clock):
    row = goods.removed(session, area.clerk)
    goods.notified(session, area.officer, row)
    session.commit()
    dispatch(runtime)
    runtime.perform(area.second_clerk, notices.confirm_removal, ConfirmRemoval(row.reference, 0))
    assert jobs.chase_overdue(runtime) == 0  # the day is not over
    clock.moment = NOW + timedelta(days=1)
    assert jobs.chase_overdue(runtime) == 1
    assert jobs.chase_overdue(runtime) == 0
    dispatch(runtime)
    assert desk(session, area.third_clerk, None).rows[0].title.startswith("催办")
    assert len(desk(session, area.second_clerk, None).rows) == 1


def test_a_person_chases_at_most_once_a_day(session, area):
    row = goods.removed(session, area.clerk)
    goods.notified(session, area.officer, row)
    assert notices.chase(session, area.officer, Chase(row.reference), now=NOW) == 2
    with pytest.raises(RuleBroken, match="今天已经催办过"):
        notices.chase(session, area.officer, Chase(row.reference), now=NOW + timedelta(hours=3))
    assert notices.chase(session, area.officer, Chase(row.reference), now=NOW + timedelta(days=1)) == 2


def test_closing_waits_for_every_answer_or_a_reason(session, area):
    row = goods.with_result(session, area.clerk)
    goods.notified(session, area.officer, row)
    with pytest.raises(RuleBroken, match="登记企业还没有确认下架"):
        notices.close_goods(session, area.officer, CloseGoods(row.reference, "都看过了"), now=NOW)
    actions.remove_goods(session, area.clerk, RemoveGoods(row.reference, 24, TODAY, Disposal.TO_SUPPLIER), now=NOW)
    with pytest.raises(RuleBroken, match="还有 2 家"):
        notices.close_goods(session, area.officer, CloseGoods(row.reference), now=NOW)
    notices.close_goods(session, area.officer, CloseGoods(row.reference, "两家已停业，现场核实"), now=NOW)
    assert (row.state, row.closed_at) == (GoodsState.CLOSED, NOW)


def test_an_authoritys_own_find_is_notified_without_a_merchant(session, area):
    row = goods.registered(session, area.officer)
    assert (row.merchant_id, row.state) == (None, GoodsState.DEFECTIVE)
    notice = goods.notified(session, area.officer, row)
    assert notice.asked == 3
    for clerk in (area.clerk, area.second_clerk, area.third_clerk):
        notices.confirm_removal(session, clerk, ConfirmRemoval(row.reference, 0), now=NOW)
    notices.close_goods(session, area.officer, CloseGoods(row.reference), now=NOW)
    assert row.state is GoodsState.CLOSED


def test_only_those_who_work_cases_notify(session, area):
    auditor = people.actor(session, people.member(session, area.district.id, Role.AUDITOR))
    row = goods.removed(session, area.clerk)
    with pytest.raises(NotAllowed):
        notices.issue_notice(session, auditor, IssueNotice(row.reference, "下架", TODAY), now=NOW)
    with pytest.raises(NotFound):
        notices.issue_notice(session, area.stranger_officer, IssueNotice(row.reference, "下架", TODAY), now=NOW)
    with pytest.raises(NotAllowed):
        actions.register_goods(session, SYSTEM, goods.REGISTRATION, now=NOW)


def test_each_step_is_one_fact_of_the_article(session, area):
    row = goods.removed(session, area.clerk)
    goods.notified(session, area.officer, row)
    topics = session.scalars(
        select(Fact.topic).where(Fact.subject_kind == SubjectKind.GOODS, Fact.subject_id == row.id).order_by(Fact.id)
    ).all()
    assert topics == [
        Topic.GOODS_REGISTERED,
        Topic.GOODS_SENT,
        Topic.GOODS_TESTED,
        Topic.GOODS_REMOVED,
        Topic.RECALL_ISSUED,
    ]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(state=st.sampled_from(GoodsState), own=st.booleans(), who=st.integers(0, 5))
def test_what_may_be_seen_is_what_lists_show(session, area, state, own, who):
    maker = area.clerk if own else area.officer
    row = goods.registered(session, maker)
    row.state = state
    row.closed_at = NOW if state is GoodsState.CLOSED else None
    session.flush()
    actor = area.everyone[who]
    listed = session.scalars(select(ProblemGoods.id).where(access.visible_to(actor))).all()
    assert (row.id in listed) is access.may_see(actor, row)
