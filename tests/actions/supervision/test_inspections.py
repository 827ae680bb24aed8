"""Inspections from the record to the re-check, on both databases."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from portal.core.actor import Role
from portal.core.errors import NotAllowed, NotFound, RuleBroken
from portal.enrolment.models import Merchant
from portal.notifications.queries import notices as desk
from portal.supervision import actions, queries
from portal.supervision.actions import ConfirmInspection, RecheckInspection, ReportRectification
from portal.supervision.models import Inspection
from portal.supervision.queries import InspectionFilter
from portal.supervision.rules import Finding, FindingKind, InspectionState
from portal.worker import dispatch
from tests.conftest import NOW
from tests.factories import inspections, ledgers, people


class Place:
    """A district with an officer and a merchant, and another district."""

    def __init__(self, session):
        district = people.authority(session)
        station = people.authority(session, "江头市场监督管理所", parent=district)
        elsewhere = people.authority(session, "厦门市思明区市场监督管理局", prefix="SM")
        self.merchant = people.merchant(session, station)
        self.other = people.merchant(session, elsewhere)
        self.officer = self._actor(session, district.id, Role.OFFICER)
        self.station_officer = self._actor(session, station.id, Role.OFFICER)
        self.auditor = self._actor(session, district.id, Role.AUDITOR)
        self.stranger = self._actor(session, elsewhere.id, Role.CHIEF)
        self.principal = self._actor(session, self.merchant.id, Role.PRINCIPAL)
        self.agent = self._actor(session, self.merchant.id, Role.AGENT)
        self.rival = self._actor(session, self.other.id, Role.PRINCIPAL)

    @staticmethod
    def _actor(session, organisation_id, role):
        return people.actor(session, people.member(session, organisation_id, role))


@pytest.fixture
def place(session):
    return Place(session)


def test_from_the_visit_to_the_second_recheck(session, place):
    row = inspections.recorded(session, place.officer, place.merchant)
    actions.confirm_inspection(session, place.principal, ConfirmInspection(row.reference, "当日已补记"), now=NOW)
    assert (row.state, row.objection) == (InspectionState.CONFIRMED, "当日已补记")
    actions.report_rectification(session, place.principal, ReportRectification(row.reference, "已补记"), now=NOW)
    again = RecheckInspection(row.reference, passed=False, text="仍缺一笔", rectify_on=date(2026, 8, 30))
    actions.recheck_inspection(session, place.officer, again, now=NOW)
    assert (row.state, row.rectify_on) == (InspectionState.CONFIRMED, date(2026, 8, 30))
    actions.report_rectification(session, place.principal, ReportRectification(row.reference, "补齐"), now=NOW)
    passed = RecheckInspection(row.reference, passed=True, text="已补齐")
    actions.recheck_inspection(session, place.officer, passed, now=NOW)
    assert (row.state, row.closed_at) == (InspectionState.CLOSED, NOW)


def test_a_clean_one_ends_with_the_merchants_word(session, place):
    row = inspections.recorded(session, place.officer, place.merchant, inspections.CLEAN)
    actions.confirm_inspection(session, place.principal, ConfirmInspection(row.reference), now=NOW)
    assert (row.state, row.closed_at) == (InspectionState.CLOSED, NOW)


def test_each_side_does_its_own_part(session, place):
    row = inspections.recorded(session, place.officer, place.merchant)
    for wrong in (place.agent, place.officer):
        with pytest.raises(NotAllowed):
            actions.confirm_inspection(session, wrong, ConfirmInspection(row.reference), now=NOW)
    for stranger in (place.rival, place.stranger):
        with pytest.raises(NotFound):
            actions.confirm_inspection(session, stranger, ConfirmInspection(row.reference), now=NOW)
    with pytest.raises(NotAllowed):
        inspections.recorded(session, place.auditor, place.merchant)
    with pytest.raises(NotFound):
        inspections.recorded(session, place.stranger, place.merchant)


def test_a_step_out_of_turn_is_refused(session, place):
    row = inspections.recorded(session, place.officer, place.merchant)
    with pytest.raises(RuleBroken, match="状态已经变了"):
        actions.report_rectification(session, place.principal, ReportRectification(row.reference, "早了"), now=NOW)


def test_a_finding_names_an_entry_that_exists(session, place):
    ledgers.entered(session, place.merchant.id, list(ledgers.mixed(2)))
    good = replace(inspections.VISIT, findings=(Finding(FindingKind.UNTRUE, "数量不符", 2),))
    assert inspections.recorded(session, place.officer, place.merchant, good).findings == 1
    beyond = replace(inspections.VISIT, findings=(Finding(FindingKind.UNTRUE, "数量不符", 3),))
    with pytest.raises(RuleBroken, match="没有第 3 笔"):
        inspections.recorded(session, place.officer, place.merchant, beyond)


def test_the_merchant_is_told_and_then_the_authority(runtime, session, place):
    row = inspections.recorded(session, place.officer, place.merchant)
    actions.confirm_inspection(session, place.principal, ConfirmInspection(row.reference), now=NOW)
    actions.report_rectification(session, place.principal, ReportRectification(row.reference, "已补记"), now=NOW)
    session.commit()
    dispatch(runtime)
    dispatch(runtime)
    assert [one.path for one in desk(session, place.principal, None).rows] == [f"/merchant/inspections/{row.reference}"]
    assert [one.path for one in desk(session, place.officer, None).rows] == [f"/regulator/inspections/{row.reference}"]


def test_what_may_be_seen_is_what_lists_show(session, place):
    for maker in (place.officer, place.station_officer):
        inspections.recorded(session, maker, place.merchant)
    rows = session.scalars(select(Inspection)).all()
    for row in rows:
        row.merchant = session.get_one(Merchant, row.merchant_id)
    everyone = (place.officer, place.station_officer, place.stranger, place.principal, place.rival, place.auditor)
    for actor in everyone:
        listed = {one.reference for one in queries.inspections(session, actor, InspectionFilter(), None).rows}
        assert listed == {row.reference for row in rows if actions.may_see(actor, row)}
