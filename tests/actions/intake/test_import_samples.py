"""The samples through the command's own function: totals, refusals, joining, and what the rows became."""

import json

import pytest
from sqlalchemy import func, select

from portal.cases.models import Case
from portal.cases.rules import CaseState
from portal.core.facts import Fact, Outbox, Topic
from portal.intake.commands import import_upload, read_file
from portal.intake.models import Filing, ImportRun, ImportState, Tip
from tests.factories.intake import SAMPLES, sample_world

EXPECTED = json.loads((SAMPLES / "expected.json").read_text())


@pytest.fixture
def both(runtime, session):
    """Both samples imported in their order; their reports."""
    sample_world(session)
    return {name: imported(runtime, name) for name in EXPECTED}


def imported(runtime, name):
    return import_upload(runtime, read_file(SAMPLES / name, None, None), None)


def test_the_reports_are_those_of_the_contract(both):
    assert both == EXPECTED


def test_a_second_reading_creates_nothing(runtime, session, both):
    before = [session.scalar(select(func.count()).select_from(table)) for table in (Case, Filing, Tip)]
    for name, expected in EXPECTED.items():
        again = imported(runtime, name)
        assert (again["created"], again["tips"], again["changed"]) == (0, 0, 0)
        assert again["repeated"] == expected["read"] - expected["refused"]
        assert again["refusals"] == expected["refusals"]
    assert [session.scalar(select(func.count()).select_from(table)) for table in (Case, Filing, Tip)] == before
    assert set(session.scalars(select(ImportRun.state))) == {ImportState.DONE}
    assert session.scalar(select(func.count()).select_from(ImportRun)) == 4


def test_each_case_is_told_once_and_each_tip_without_details(session, both):
    told = dict(session.execute(select(Fact.topic, func.count()).group_by(Fact.topic)).all())
    assert told[Topic.CASE_OPENED] == 341
    assert told[Topic.CASE_DISPATCHED] == 166 + dispatched_by_joining(session)
    assert told[Topic.CASE_MERGED] == 20
    assert told[Topic.TIP_REGISTERED] == 51
    assert session.scalar(select(func.count()).select_from(Outbox)) == sum(told.values())
    assert all(fact.detail == {} for fact in session.scalars(select(Fact).where(Fact.topic == Topic.TIP_REGISTERED)))


def dispatched_by_joining(session):
    topic = select(Fact).where(Fact.topic == Topic.CASE_DISPATCHED)
    return sum(fact.detail.get("joined", False) for fact in session.scalars(topic))


def test_references_are_consecutive_and_unique(session, both):
    references = session.scalars(select(Case.reference).order_by(Case.id)).all()
    assert references == [f"HL2608-{number:04d}" for number in range(1, 342)]


def test_dispatched_cases_have_their_clocks_and_waiting_ones_their_reason(session, both):
    cases = session.scalars(select(Case)).all()
    for case in cases:
        if case.state is CaseState.DISPATCHED:
            assert case.merchant_id
            assert case.respond_by == case.due_at
            assert case.next_action_at is not None
            assert case.wait_reason is None
        else:
            assert case.state is CaseState.WAITING
            assert case.merchant_id is None
            assert case.wait_reason
            assert case.due_at
    assert {case.platform_due_inferred for case in cases} == {True}


def test_headlines_hold_no_free_text_and_lists_no_phone(session, both):
    for case in session.scalars(select(Case)):
        assert len(case.headline) <= 80
        assert "<" not in case.headline
        assert case.phone_mask == "" or "****" in case.phone_mask
        assert case.consumer_mask == "匿名" or case.consumer_mask.endswith("**")
