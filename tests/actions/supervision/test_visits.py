"""Visits and breaches of promises, on both databases."""

import io
from dataclasses import replace
from datetime import date

import pytest
from PIL import Image
from sqlalchemy import select

from portal.commitments.rules import PromiseState
from portal.core.actor import SYSTEM, Role
from portal.core.errors import NotAllowed, NotFound, RuleBroken
from portal.core.uploads import Upload
from portal.notifications.queries import notices as desk
from portal.returns.actions import FindBreach, find_breach
from portal.returns.rules import Finding
from portal.supervision import violations, visit_queries, visits
from portal.supervision.attachments import opened
from portal.supervision.rules.triggers import Trigger
from portal.supervision.rules.visits import ViolationSource, ViolationState, VisitEvent, VisitState
from portal.supervision.sanction_models import SanctionProposal
from portal.supervision.triggers import Watch, watch_merchants
from portal.supervision.violations import AskRemoval, DecideRemoval, DecideViolation, RecordViolation, keep_found
from portal.supervision.visit_models import MysteryVisit, PromiseViolation, SupervisionFile
from portal.supervision.visits import AddVisitFiles, PlanVisit, RecheckVisit, RecordVisit, RectifyVisit, StepVisit
from portal.worker import dispatch
from tests.conftest import NOW
from tests.factories import people, promises, returning
from tests.factories import visits as made


class Place:
    """A district with a merchant that promises, and another district."""

    def __init__(self, session):
        self.district = people.authority(session)
        elsewhere = people.authority(session, "厦门市思明区市场监督管理局", prefix="SM")
        self.merchant = people.merchant(session, self.district)
        self.version = promises.promise(session, self.merchant)
        self.promisor = self.version.promisor
        self.officer = self._actor(session, self.district.id, Role.OFFICER)
        self.chief = self._actor(session, self.district.id, Role.CHIEF)
        self.auditor = self._actor(session, self.district.id, Role.AUDITOR)
        self.stranger = self._actor(session, elsewhere.id, Role.CHIEF)
        self.principal = self._actor(session, self.merchant.id, Role.PRINCIPAL)
        self.agent = self._actor(session, self.merchant.id, Role.AGENT)

    @staticmethod
    def _actor(session, organisation_id, role):
        return people.actor(session, people.member(session, organisation_id, role))


@pytest.fixture
def place(session):
    return Place(session)


def picture():
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "white").save(out, "PNG")
    return Upload("门店.png", out.getvalue())


def test_from_the_plan_to_the_recheck(session, place):
    row = made.released(session, place.officer, place.promisor)
    report = RectifyVisit(row.reference, "已撤下告示并培训店员", (picture(), picture()))
    visits.rectify_visit(session, place.principal, report, now=NOW)
    assert (row.state, row.lapses) == (VisitState.RECTIFIED, 1)
    again = RecheckVisit(row.reference, passed=False, text="告示仍在", rectify_on=date(2026, 9, 1))
    visits.recheck_visit(session, place.officer, again, now=NOW)
    assert (row.state, row.rectify_on) == (VisitState.RELEASED, date(2026, 9, 1))
    visits.recheck_visit(session, place.officer, replace(again, passed=True, text="已撤"), now=NOW)
    assert (row.state, row.closed_at) == (VisitState.CLOSED, NOW)


def test_the_merchant_sees_a_visit_only_once_it_is_released(session, place):
    row = made.made(session, place.officer, place.promisor)
    with pytest.raises(NotFound):
        visit_queries.visit_page(session, place.principal, row.reference)
    visits.step_visit(session, place.officer, StepVisit(row.reference, VisitEvent.RELEASE), now=NOW)
    assert visit_queries.visit_page(session, place.principal, row.reference).row is row


def test_photos_are_sealed_and_open_for_those_who_see_the_visit(session, place):
    row = made.planned(session, place.officer, place.promisor)
    record = RecordVisit(row.reference, made.RECORD, (picture(), picture()))
    visits.record_visit(session, place.officer, record, now=NOW)
    file = session.scalars(select(SupervisionFile).where(SupervisionFile.visit_id == row.id)).first()
    assert visit_queries.file_of(session, place.principal, file.reference) is None
    found = visit_queries.file_of(session, place.officer, file.reference)
    assert opened(session, found[1], found[0]).content.startswith(b"\xff\xd8\xff")


def test_what_is_no_picture_is_refused(session, place):
    row = made.planned(session, place.officer, place.promisor)
    with pytest.raises(RuleBroken, match="不是照片"):
        visits.record_visit(
            session, place.officer, RecordVisit(row.reference, made.RECORD, (Upload("a.exe", b"MZ"),)), now=NOW
        )


def test_only_promisors_of_the_area_are_visited_and_only_by_those_who_may(session, place):
    for actor, refusal in ((place.stranger, NotFound), (place.auditor, NotAllowed)):
        with pytest.raises(refusal):
            made.planned(session, actor, place.promisor)
    plan = PlanVisit(place.promisor.code, "总店", "情景", date(2026, 8, 11))
    with pytest.raises(RuleBroken, match="不能早于今天"):
        visits.plan_visit(session, place.officer, plan, now=NOW)
    row = made.released(session, place.officer, place.promisor)
    with pytest.raises(NotAllowed):
        visits.rectify_visit(session, place.agent, RectifyVisit(row.reference, "好"), now=NOW)


def test_a_shop_that_is_not_enrolled_gets_no_release_but_an_end(session, place):
    place.promisor.merchant_id = None
    session.flush()
    row = made.made(session, place.officer, place.promisor)
    with pytest.raises(RuleBroken, match="没有入驻"):
        visits.step_visit(session, place.officer, StepVisit(row.reference, VisitEvent.RELEASE), now=NOW)
    visits.step_visit(session, place.officer, StepVisit(row.reference, VisitEvent.CLOSE_UNSEEN), now=NOW)
    assert row.state is VisitState.CLOSED


def test_more_photos_come_until_the_visit_is_over(session, place):
    row = made.made(session, place.officer, place.promisor)
    more = AddVisitFiles(row.reference, (picture(),))
    assert visits.add_visit_files(session, place.officer, more, now=NOW) == 1
    assert visits.add_visit_files(session, place.officer, AddVisitFiles(row.reference, ()), now=NOW) == 0
    visits.step_visit(session, place.officer, StepVisit(row.reference, VisitEvent.CLOSE_UNSEEN), now=NOW)
    with pytest.raises(RuleBroken, match="已经办结"):
        visits.add_visit_files(session, place.officer, more, now=NOW)
    with pytest.raises(RuleBroken, match="状态已经变了"):
        visits.step_visit(session, place.officer, StepVisit(row.reference, VisitEvent.RELEASE), now=NOW)


def test_the_merchant_is_told_of_the_release_and_not_before(runtime, session, place):
    row = made.made(session, place.officer, place.promisor)
    session.commit()
    dispatch(runtime)
    assert not desk(session, place.principal, None).rows
    visits.step_visit(session, place.officer, StepVisit(row.reference, VisitEvent.RELEASE), now=NOW)
    session.commit()
    dispatch(runtime)
    assert [one.path for one in desk(session, place.principal, None).rows] == [f"/merchant/visits/{row.reference}"]


def test_two_confirmed_breaches_make_a_proposal(session, place):
    for text in ("拒绝退货", "另收手续费"):
        row = made.violated(session, place.officer, place.promisor, text, now=NOW)
        decision = DecideViolation(row.reference, confirmed=True, reason="经核实")
        violations.decide_violation(session, place.officer, decision, now=NOW)
    later = NOW.replace(day=13)
    assert watch_merchants(session, SYSTEM, Watch((place.merchant.id,)), now=later) == 1
    proposal = session.scalars(select(SanctionProposal)).one()
    assert (proposal.code, len(proposal.behind["violations"])) == (Trigger.PROMISES, 2)


def test_a_breach_of_a_visit_is_kept_once_and_names_that_visit(session, place):
    visit = made.made(session, place.officer, place.promisor)
    command = RecordViolation(place.promisor.code, ViolationSource.VISIT, visit.reference, made.DAY, "打折商品不退")
    violations.record_violation(session, place.officer, command, now=NOW)
    with pytest.raises(RuleBroken, match="已经登记过"):
        violations.record_violation(session, place.officer, command, now=NOW)
    for changes in ({"source_reference": "AF2608-9999"}, {"source": ViolationSource.FEEDBACK}):
        wrong = replace(command, **changes)
        with pytest.raises(RuleBroken, match="没有关于这家商家的这个编号"):
            violations.record_violation(session, place.officer, wrong, now=NOW)


def test_what_an_officer_finds_broken_in_a_return_is_kept_once(runtime, session, place):
    clerk = place.principal
    request = returning.refused(session, clerk, returning.asked(session, place.merchant))
    find_breach(session, place.officer, FindBreach(request.reference, Finding.BROKEN, "吊牌完好"), now=NOW)
    session.commit()
    dispatch(runtime)
    dispatch(runtime)
    row = session.scalars(select(PromiseViolation)).one()
    assert (row.source, row.source_reference) == (ViolationSource.RETURN, request.reference)
    assert (row.state, row.text) == (ViolationState.CONFIRMED, "吊牌完好")
    keep_found(session, request.id, now=NOW)
    assert len(session.scalars(select(PromiseViolation)).all()) == 1


def test_what_was_found_in_order_is_no_breach(session, place):
    request = returning.refused(session, place.principal, returning.asked(session, place.merchant))
    find_breach(session, place.officer, FindBreach(request.reference, Finding.KEPT, "吊牌确已剪"), now=NOW)
    keep_found(session, request.id, now=NOW)
    assert not session.scalars(select(PromiseViolation)).all()


def test_nothing_is_decided_without_a_word(session, place):
    row = made.violated(session, place.officer, place.promisor)
    decision = DecideViolation(row.reference, confirmed=True, reason=" ")
    with pytest.raises(RuleBroken, match="请写明核实情况"):
        violations.decide_violation(session, place.officer, decision, now=NOW)
    with pytest.raises(RuleBroken, match="请写明违反了"):
        made.violated(session, place.officer, place.promisor, " ")
    with pytest.raises(RuleBroken, match="不能晚于今天"):
        made.violated(session, place.officer, place.promisor, now=NOW.replace(day=10))


def test_a_removal_is_declined_or_finds_no_promise(session, place):
    row = made.violated(session, place.officer, place.promisor)
    decision = DecideViolation(row.reference, confirmed=True, reason="经核实")
    violations.decide_violation(session, place.officer, decision, now=NOW)
    for removed in (False, True):
        violations.ask_removal(session, place.officer, AskRemoval(row.reference, "拒不兑现"), now=NOW)
        if removed:
            place.version.state = PromiseState.EXPIRED
            session.flush()
            with pytest.raises(RuleBroken, match="没有在期的承诺"):
                violations.decide_removal(session, place.chief, DecideRemoval(row.reference, removed, "摘"), now=NOW)
            continue
        violations.decide_removal(session, place.chief, DecideRemoval(row.reference, removed, "先整改"), now=NOW)
        assert row.state is ViolationState.CONFIRMED


def test_the_chief_removes_the_promise_for_a_breach(session, place):
    row = made.violated(session, place.officer, place.promisor)
    with pytest.raises(RuleBroken, match="状态已经变了"):
        violations.ask_removal(session, place.officer, AskRemoval(row.reference, "拒不兑现"), now=NOW)
    decision = DecideViolation(row.reference, confirmed=True, reason="经核实")
    violations.decide_violation(session, place.officer, decision, now=NOW)
    violations.ask_removal(session, place.officer, AskRemoval(row.reference, "拒不兑现"), now=NOW)
    removal = DecideRemoval(row.reference, removed=True, reason="拒不兑现承诺")
    with pytest.raises(NotAllowed):
        violations.decide_removal(session, place.officer, removal, now=NOW)
    violations.decide_removal(session, place.chief, removal, now=NOW)
    assert (row.state, place.version.state) == (ViolationState.REMOVED, PromiseState.REMOVED)


def test_what_may_be_seen_is_what_the_condition_shows(session, place):
    made.made(session, place.officer, place.promisor)
    made.released(session, place.officer, place.promisor)
    breach = made.violated(session, place.officer, place.promisor)
    everyone = (place.officer, place.stranger, place.principal, place.auditor, SYSTEM)
    for actor in everyone:
        shown = set(session.scalars(select(MysteryVisit).where(visits.visible_to(actor))))
        assert shown == {row for row in session.scalars(select(MysteryVisit)) if visits.may_see(actor, row)}
        found = session.scalars(select(PromiseViolation).where(violations.visible_to(actor))).all()
        assert (breach in found) is violations.may_see(actor, breach)
