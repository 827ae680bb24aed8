"""What the house says no to, and what happens late, twice or out of order, to promises."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete

from portal.commitments import actions, jobs, programmes
from portal.commitments.actions import (
    DraftVersion,
    EditProgramme,
    EndPromise,
    KeepPromise,
    LookAgain,
    RemovePromise,
    Renew,
    Review,
    SubmitVersion,
    WithdrawSubmission,
)
from portal.commitments.models import Programme
from portal.commitments.queries import promisor_of, terms_of_all
from portal.commitments.rules import PromiseState, Way
from portal.core.actor import OPERATOR, SYSTEM
from portal.core.errors import NotAllowed, NotFound, RuleBroken
from portal.core.facts import Fact, SubjectKind, Topic
from portal.enrolment.models import MerchantState
from tests.conftest import NOW
from tests.factories import promises
from tests.factories.promises import BODY, TODAY

DAY = timedelta(days=1)


@pytest.fixture
def database():
    """The same words are said on both databases."""
    return "sqlite"


@pytest.fixture
def cast(session):
    return promises.cast(session)


def refusal(call, *arguments):
    with pytest.raises(RuleBroken) as refused:
        call(*arguments, now=NOW)
    return refused.value


def test_only_merchants_promise(session, cast):
    for actor in (cast.officer, OPERATOR):
        with pytest.raises(NotAllowed):
            actions.draft_version(session, actor, DraftVersion(BODY), now=NOW)


def test_nothing_in_force_can_be_renewed_kept_or_ended(session, cast):
    refused = refusal(actions.renew, session, cast.principal, Renew())
    assert "没有在期的承诺" in refused.text
    version = promises.submitted(session, cast)
    ended = EndPromise(version.reference, "停业", TODAY)
    assert "状态已经变了" in refusal(actions.end_promise, session, cast.principal, ended).text
    assert "状态已经变了" in refusal(actions.keep_promise, session, cast.principal, KeepPromise(version.reference)).text


def test_an_end_says_why_and_lies_before_the_expiry(session, cast):
    version = promises.passed(session, cast)
    late = EndPromise(version.reference, "停业", version.expires_on + DAY)
    for command, field in ((EndPromise(version.reference, " ", TODAY), "reason"), (late, "on")):
        assert refusal(actions.end_promise, session, cast.principal, command).field == field


def test_texts_of_authorities_have_an_end(session, cast):
    version = promises.passed(session, cast)
    remove = RemovePromise(version.reference, "长" * 501)
    assert refusal(actions.remove_promise, session, cast.officer, remove).field == "reason"
    draft = promises.submitted(session, cast, replace(BODY, first_on=TODAY + DAY))
    review = Review(draft.reference, passed=True, opinion="长" * 501)
    assert refusal(actions.review_first, session, cast.officer, review).field == "opinion"


def test_a_review_that_comes_second_to_another_is_refused(session, cast):
    version = promises.passed(session, cast)
    for review, actor in ((actions.review_first, cast.officer), (actions.review_second, cast.city_officer)):
        answer = refusal(review, session, actor, Review(version.reference, passed=False, opinion="不全"))
        assert "状态已经变了" in answer.text or "另一位" in answer.text
    assert version.state is PromiseState.CURRENT
    submit = SubmitVersion(version.reference)
    assert "状态已经变了" in refusal(actions.submit_version, session, cast.principal, submit).text


def test_a_passed_version_may_be_taken_back_before_it_begins(session, cast):
    version = promises.passed(session, cast, replace(BODY, first_on=TODAY + 5 * DAY))
    assert (version.state, version.next_on) == (PromiseState.PASSED, TODAY + 5 * DAY)
    actions.withdraw_submission(session, cast.principal, WithdrawSubmission(version.reference), now=NOW)
    assert (version.state, version.next_on, version.published_on) == (PromiseState.DRAFT, None, None)


def test_who_left_meanwhile_submits_nothing(session, cast):
    version = actions.draft_version(session, cast.principal, DraftVersion(BODY), now=NOW)
    cast.merchant.state = MerchantState.EXITED
    assert "已退出" in refusal(actions.submit_version, session, cast.principal, SubmitVersion(version.reference)).text


def test_the_exit_of_a_merchant_without_a_promise_in_force_ends_nothing(session, cast):
    fact = Fact(topic=Topic.MERCHANT_EXITED, subject_kind=SubjectKind.MERCHANT, subject_id=cast.merchant.id)
    jobs.end_of_exited(session, fact, now=NOW)  # still enrolled: the fact came late
    assert actions.end_with_merchant(session, SYSTEM, cast.merchant.id, now=NOW) is False
    jobs.follow_merchant(session, fact, now=NOW)
    assert promisor_of(session, cast.merchant.id) is None
    version = promises.submitted(session, cast)
    assert actions.end_with_merchant(session, SYSTEM, cast.merchant.id, now=NOW) is False
    assert version.state is PromiseState.DRAFT


def test_the_clock_looks_only_at_what_is_due(session, cast):
    with pytest.raises(NotFound):
        actions.look_again(session, SYSTEM, LookAgain(999_999), now=NOW)
    version = promises.promise(session, cast.merchant, state=PromiseState.ENDED, last_on=TODAY)
    version.next_on = TODAY
    assert actions.look_again(session, SYSTEM, LookAgain(version.id), now=NOW) is True
    assert version.next_on is None
    assert actions.look_again(session, SYSTEM, LookAgain(version.id), now=NOW) is False


def test_a_version_whose_end_is_set_is_not_warned_of(session, cast):
    version = promises.promise(session, cast.merchant, last_on=TODAY + 40 * DAY, expires_on=TODAY + 60 * DAY)
    version.next_on = TODAY
    actions.look_again(session, SYSTEM, LookAgain(version.id), now=NOW)
    assert (version.warned_on, version.next_on) == (None, TODAY + 41 * DAY)


def test_a_day_without_a_programme_is_told(session, cast):
    session.execute(delete(Programme).where(Programme.way == Way.OFFLINE))
    with pytest.raises(RuleBroken, match="没有生效的退货承诺项目规则"):
        programmes.programmes_in_force(session, cast.district.id, TODAY)


def row(**changes):
    wished = EditProgramme(Way.OFFLINE, TODAY, 7, 3, 7, 12, second_review=True, free=True, allowed=(), basis="工作指引")
    return replace(wished, **changes)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"most_days_to_answer": 31}, "most_days_to_answer"),
        ({"most_days_to_refund": 0}, "most_days_to_refund"),
        ({"valid_months": 61}, "valid_months"),
        ({"way": Way.ONLINE, "free": False, "most_days_to_answer": 16}, "most_days_to_answer"),
    ],
)
def test_a_row_says_what_can_be(session, cast, changes, field):
    assert refusal(actions.edit_programme, session, cast.officer, row(**changes)).field == field


def test_a_row_that_asks_for_more_than_the_law_is_fine(session, cast):
    law = programmes.programmes_in_force(session, cast.district.id, TODAY)[Way.ONLINE]
    actions.edit_programme(
        session,
        cast.officer,
        row(way=Way.ONLINE, least_days=15, free=False, allowed=law.allowed[:2], valid_months=None),
        now=NOW,
    )
    held = programmes.programmes_in_force(session, cast.district.id, TODAY)[Way.ONLINE]
    assert (held.least_days, len(held.allowed), held.is_law) == (15, 2, False)


def test_who_belongs_nowhere_edits_nothing(session, cast):
    with pytest.raises(NotAllowed):
        actions.edit_programme(session, OPERATOR, row(), now=NOW)


def test_a_row_edited_twice_for_one_day_has_one_word(session, cast):
    for least in (9, 8):
        actions.edit_programme(session, cast.officer, row(least_days=least), now=NOW)
    assert [one.least_days for one in programmes.own_rows(session, cast.district.id)] == [8]


def test_nothing_is_asked_for_no_versions(session):
    assert terms_of_all(session, []) == ()
