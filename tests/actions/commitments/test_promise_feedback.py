"""Who may read a consumer's word on a promise: the rule for a row and the rule for a list agree."""

import itertools

import pytest
from sqlalchemy import select

from portal.commitments.feedback import (
    GiveFeedback,
    HandleFeedback,
    give_feedback,
    handle_feedback,
    may_see,
    visible_to,
)
from portal.commitments.feedback_models import FeedbackReason, PromiseFeedback
from portal.commitments.models import Promisor
from portal.commitments.queries import promisor_of
from portal.core.actor import OPERATOR, SYSTEM, VISITOR, Actor, ActorKind, Role
from portal.core.errors import NotAllowed, NotFound, RuleBroken
from portal.notifications.models import Message
from portal.notifications.queries import notices
from portal.notifications.templates import TemplateCode
from portal.worker import dispatch
from tests.conftest import NOW
from tests.factories import people, promises


@pytest.fixture
def stage(session):
    """Two districts, a merchant in each with a waiting, a handled and a passed-on feedback, and everyone who may ask."""
    actors, rows = [OPERATOR, SYSTEM, VISITOR], []
    for name in ("厦门市湖里区市场监督管理局", "厦门市思明区市场监督管理局"):
        district = people.authority(session, name)
        merchant = people.merchant(session, district)
        promises.promise(session, merchant)
        officer = people.actor(session, people.member(session, district.id, Role.OFFICER))
        actors += [officer, people.actor(session, people.member(session, district.id, Role.AUDITOR))]
        actors += [people.actor(session, people.member(session, merchant.id))]
        actors += [Actor(ActorKind.AUTHORITY, organisation_id=1, jurisdiction=officer.jurisdiction, is_council=True)]
        promisor = promisor_of(session, merchant.id)
        given = [given_about(session, promisor) for _ in range(3)]
        for row, pass_on in ((given[1], False), (given[2], True)):
            handle_feedback(session, officer, HandleFeedback(row.reference, "已核实处理", pass_on=pass_on), now=NOW)
        rows += given
    session.flush()
    return actors, rows


def given_about(session, promisor):
    command = GiveFeedback(promisor.id, FeedbackReason.SLOW, "退款拖了两个星期没有办。")
    return give_feedback(session, VISITOR, command, now=NOW)


def test_the_row_and_the_list_agree(session, stage):
    actors, _rows = stage
    listed = select(PromiseFeedback).join(PromiseFeedback.promisor)
    for actor in actors:
        seen = set(session.scalars(listed.where(visible_to(actor))))
        for row in session.scalars(listed):
            session.refresh(row, ["promisor"])
            assert may_see(actor, row) == (row in seen), (actor.kind, actor.role, row.reference)


def test_only_the_promises_authority_handles_it(session, stage):
    actors, rows = stage
    waiting = rows[0]
    command = HandleFeedback(waiting.reference, "已核实处理", pass_on=False)
    for actor in actors:
        if actor.role is Role.OFFICER and waiting.authority_id in actor.jurisdiction:
            continue
        with pytest.raises((NotAllowed, NotFound)):
            handle_feedback(session, actor, command, now=NOW)


def test_a_shop_that_never_enrolled_is_passed_nothing(session):
    district = people.authority(session)
    officer = people.actor(session, people.member(session, district.id, Role.OFFICER))
    promisor = Promisor(
        code="91350206MA0000000X",
        slug="abcdefghijkl",
        name="悦湖家居城",
        normalised_name="悦湖家居城",
        authority_id=district.id,
        phone="",
        created_at=NOW,
    )
    session.add(promisor)
    session.flush()
    row = given_about(session, promisor)
    with pytest.raises(RuleBroken, match="没有入驻"):
        handle_feedback(session, officer, HandleFeedback(row.reference, "已核实处理", pass_on=True), now=NOW)
    assert handle_feedback(
        session, officer, HandleFeedback(row.reference, "已核实处理", pass_on=False), now=NOW
    ).handled_by


def test_numbers_run_on_through_the_month(session):
    district = people.authority(session)
    merchant = people.merchant(session, district)
    promises.promise(session, merchant)
    promisor = promisor_of(session, merchant.id)
    numbers = [given_about(session, promisor).reference for _ in range(3)]
    assert [b > a for a, b in itertools.pairwise(numbers)] == [True, True]


def test_each_desk_is_told_once_and_of_nothing_that_was_written(runtime, session):
    district = people.authority(session)
    merchant = people.merchant(session, district)
    promises.promise(session, merchant)
    officer = people.actor(session, people.member(session, district.id, Role.OFFICER))
    principal = people.actor(session, people.member(session, merchant.id, Role.PRINCIPAL))
    row = given_about(session, promisor_of(session, merchant.id))
    session.commit()
    dispatch(runtime)
    dispatch(runtime)
    [told] = notices(session, officer, None).rows
    assert told.path == f"/regulator/promise-feedback/{row.reference}"
    assert notices(session, principal, None).rows == []
    handle_feedback(session, officer, HandleFeedback(row.reference, "已核实处理", pass_on=True), now=NOW)
    session.commit()
    dispatch(runtime)
    [passed] = notices(session, principal, None).rows
    assert passed.path == f"/merchant/promise-feedback/{row.reference}"
    known = session.scalars(select(Message.parameters).where(Message.template == TemplateCode.STAFF_FEEDBACK)).all()
    assert len(known) == 2
    assert "两个星期" not in str(known)
