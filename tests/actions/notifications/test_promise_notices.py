"""Who is told what of a promise: the fact goes through the outbox to the desks, each once."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.commitments import actions
from portal.commitments.actions import EndPromise, KeepPromise, RemovePromise, Review, WithdrawSubmission
from portal.commitments.jobs import look_after_promises
from portal.commitments.list_files import read_list, take_list
from portal.core.actor import OPERATOR
from portal.notifications.models import Message, RecipientKind
from portal.notifications.templates import TemplateCode, compose, subject_of
from portal.worker import dispatch
from tests.conftest import NOW
from tests.factories import promises
from tests.factories.promises import TODAY

MERCHANT, OFFICER = RecipientKind.MERCHANT, RecipientKind.OFFICER


@pytest.fixture
def database():
    """What is told leans on no database's own ways."""
    return "sqlite"


@pytest.fixture
def cast(session):
    cast = promises.cast(session)
    session.commit()
    return cast


def told(runtime, session):
    """The notices so far, as (to whom, organisation, subject)."""
    dispatch(runtime)
    session.expire_all()
    query = select(Message).where(Message.template == TemplateCode.STAFF_PROMISE).order_by(Message.id)
    return [
        (row.recipient_kind, row.organisation_id, subject_of(row.template, row.parameters).split("：")[0])
        for row in session.scalars(query)
    ]


def test_each_level_and_the_merchant_hear_of_a_review(runtime, session, cast):
    version = promises.submitted(session, cast)
    review = Review(version.reference, passed=True)
    session.commit()
    assert told(runtime, session) == [(OFFICER, cast.district.id, "退货承诺待审核")]
    actions.review_first(session, cast.officer, review, now=NOW)
    session.commit()
    assert told(runtime, session)[1:] == [(OFFICER, cast.city.id, "退货承诺待复审")]
    actions.review_second(session, cast.city_officer, review, now=NOW)
    session.commit()
    assert told(runtime, session)[2:] == [(MERCHANT, cast.merchant.id, "退货承诺已生效")]
    message = session.scalars(select(Message).order_by(Message.id.desc())).first()
    assert compose(message.template, message.parameters).endswith(
        "第 1 版退货承诺从8月12日起生效，可以下载证书和海报。"
    )


def test_a_refusal_reaches_the_merchant(runtime, session, cast):
    version = promises.submitted(session, cast)
    actions.review_first(session, cast.officer, Review(version.reference, passed=False, opinion="不全"), now=NOW)
    session.commit()
    assert told(runtime, session)[1:] == [(MERCHANT, cast.merchant.id, "退货承诺没有通过")]


def test_nobody_is_told_of_a_draft_that_was_deleted(runtime, session, cast):
    version = promises.submitted(session, cast)
    actions.withdraw_submission(session, cast.principal, WithdrawSubmission(version.reference), now=NOW)
    session.commit()
    assert told(runtime, session) == [(OFFICER, cast.district.id, "退货承诺待审核")]


def test_endings_reach_whoever_did_not_decide_them(runtime, session, cast):
    version = promises.passed(session, cast)
    command = EndPromise(version.reference, "停业", TODAY + timedelta(days=3))
    actions.end_promise(session, cast.principal, command, now=NOW)
    actions.keep_promise(session, cast.principal, KeepPromise(version.reference), now=NOW)
    actions.remove_promise(session, cast.officer, RemovePromise(version.reference, "拒不兑现"), now=NOW)
    session.commit()
    assert told(runtime, session)[-2:] == [
        (OFFICER, cast.district.id, "退货承诺将退出"),
        (MERCHANT, cast.merchant.id, "退货承诺已摘牌"),
    ]


def test_a_coming_expiry_is_told_twice_and_the_expiry_once(runtime, session, cast, clock):
    version = promises.passed(session, cast)
    session.commit()
    before = len(told(runtime, session))
    for left in (30, 29, 7, 6, -1, -2):
        clock.moment = NOW + (version.expires_on - TODAY) - timedelta(days=left)
        look_after_promises(runtime)
    assert [subject for _, _, subject in told(runtime, session)[before:]] == [
        "退货承诺即将到期",
        "退货承诺即将到期",
        "退货承诺已到期",
    ]


def test_firms_of_a_list_have_no_desk(runtime, session, cast):
    with open("tests/samples/promises.csv", "rb") as stream:  # noqa: PTH123
        take_list(runtime, OPERATOR, cast.district.code, read_list(stream))
    assert told(runtime, session) == []
