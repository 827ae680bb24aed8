"""A promise from draft to removal, by whom and when, on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.accounts.models import OrganisationKind
from portal.commitments import actions, jobs, programmes
from portal.commitments.actions import (
    DiscardDraft,
    DraftVersion,
    EditProgramme,
    EndPromise,
    KeepPromise,
    LookAgain,
    RemovePromise,
    Renew,
    Review,
    SaveDraft,
    SubmitVersion,
    WithdrawSubmission,
)
from portal.commitments.models import Promisor
from portal.commitments.queries import history_of, may_see, promisor_by_slug, promisor_of, terms_of, visible_to
from portal.commitments.rules import BasisKind, PromiseState, Way
from portal.commitments.rules.body import ExclusionRow, OutletRow, ScopeRow
from portal.commitments.storing import body_of
from portal.core.actor import OPERATOR, SYSTEM, VISITOR, Role
from portal.core.errors import NotAllowed, NotFound, RuleBroken
from portal.core.facts import Fact, SubjectKind, Topic
from portal.enrolment.models import MerchantState, Outlet
from tests.conftest import NOW
from tests.factories import people, promises
from tests.factories.promises import BODY, ONLINE_BODY, TODAY

DAY = timedelta(days=1)


@pytest.fixture
def cast(session):
    return promises.cast(session)


def topics(session, version):
    query = select(Fact.topic).where(Fact.subject_kind == SubjectKind.PROMISE, Fact.subject_id == version.promisor_id)
    return list(session.scalars(query.order_by(Fact.id)))


def test_two_levels_pass_a_promise_and_it_holds_at_once(session, cast):
    version = promises.passed(session, cast)
    assert (version.state, version.first_on, version.published_on) == (PromiseState.CURRENT, TODAY, TODAY)
    assert version.since_on == TODAY
    assert version.expires_on == TODAY.replace(year=TODAY.year + 1) - DAY
    assert version.next_on == version.expires_on - timedelta(days=30)
    assert topics(session, version) == [
        Topic.PROMISE_SUBMITTED,
        Topic.PROMISE_REVIEWED,
        Topic.PROMISE_REVIEWED,
        Topic.PROMISE_BEGUN,
    ]


def test_what_is_kept_is_what_was_written(session, cast):
    outlet = Outlet(merchant_id=cast.merchant.id, name="湖里店", normalised="湖里店", address="嘉禾路11号")
    session.add(outlet)
    session.flush()
    body = replace(
        BODY, outlets=(OutletRow("", outlet_id=outlet.id),), scopes=(ScopeRow(Way.OFFLINE, "food", "饼干", 9),)
    )
    version = promises.submitted(session, cast, body)
    kept = body_of(session, version)
    assert kept.outlets == (OutletRow("湖里店", outlet_id=outlet.id, address="嘉禾路11号"),)
    assert (kept.scopes, kept.exclusions, kept.conditions) == (body.scopes, body.exclusions, body.conditions)
    assert terms_of(session, version.id).scopes[0].days == 9


def test_a_clerk_may_not_promise_for_the_merchant(session, cast):
    with pytest.raises(NotAllowed):
        actions.draft_version(session, cast.clerk, DraftVersion(BODY), now=NOW)


def test_a_second_draft_waits_for_the_first(session, cast):
    first = actions.draft_version(session, cast.principal, DraftVersion(BODY), now=NOW)
    with pytest.raises(RuleBroken, match="第 1 版"):
        actions.draft_version(session, cast.principal, DraftVersion(BODY), now=NOW)
    actions.discard_draft(session, cast.principal, DiscardDraft(first.reference), now=NOW)
    assert actions.draft_version(session, cast.principal, DraftVersion(BODY), now=NOW).number == 1


def test_what_was_once_submitted_is_not_deleted(session, cast):
    version = promises.submitted(session, cast)
    actions.withdraw_submission(session, cast.principal, WithdrawSubmission(version.reference), now=NOW)
    with pytest.raises(RuleBroken, match="提交过"):
        actions.discard_draft(session, cast.principal, DiscardDraft(version.reference), now=NOW)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"days": 6}, "days"),
        ({"scopes": ()}, "scopes"),
        ({"outlets": ()}, "outlets"),
        ({"days_to_answer": 4}, "days_to_answer"),
        ({"first_on": TODAY - DAY}, "first_on"),
    ],
)
def test_what_the_programme_forbids_is_refused_at_its_field(session, cast, change, field):
    version = actions.draft_version(session, cast.principal, DraftVersion(replace(BODY, **change)), now=NOW)
    with pytest.raises(RuleBroken) as refused:
        actions.submit_version(session, cast.principal, SubmitVersion(version.reference), now=NOW)
    assert refused.value.field == field
    assert version.state is PromiseState.DRAFT


def test_another_merchants_outlet_is_not_promised_for(session, cast):
    rival = people.merchant(session, cast.district)
    outlet = Outlet(merchant_id=rival.id, name="别人的店", normalised="别人的店", address="")
    session.add(outlet)
    session.flush()
    body = replace(BODY, outlets=(OutletRow("", outlet_id=outlet.id),))
    with pytest.raises(RuleBroken) as refused:
        actions.draft_version(session, cast.principal, DraftVersion(body), now=NOW)
    assert refused.value.field == "outlets"


def test_online_the_exclusions_are_those_of_the_law(session, cast):
    own = ExclusionRow(Way.ONLINE, "declared", "特价商品", BasisKind.DECLARED, "店铺公告")
    version = actions.draft_version(
        session, cast.principal, DraftVersion(replace(ONLINE_BODY, exclusions=(own,))), now=NOW
    )
    with pytest.raises(RuleBroken, match="消费者权益保护法") as refused:
        actions.submit_version(session, cast.principal, SubmitVersion(version.reference), now=NOW)
    assert refused.value.field == "exclusions-0-code"
    legal = ExclusionRow(Way.ONLINE, "made_to_order", "", BasisKind.DECLARED, "", goods="定制相册")
    actions.save_draft(
        session, cast.principal, SaveDraft(version.reference, replace(ONLINE_BODY, exclusions=(legal,))), now=NOW
    )
    actions.submit_version(session, cast.principal, SubmitVersion(version.reference), now=NOW)
    kept = terms_of(session, version.id).exclusions[0]
    assert (kept.text, kept.basis_kind) == ("消费者定作的商品", BasisKind.LAW)
    assert kept.basis == "《消费者权益保护法》第二十五条第一款第一项"


def test_a_submitted_version_is_not_edited(session, cast):
    version = promises.submitted(session, cast)
    with pytest.raises(RuleBroken, match="先撤回"):
        actions.save_draft(session, cast.principal, SaveDraft(version.reference, BODY), now=NOW)


def test_a_refusal_says_why_and_the_merchant_hands_it_in_again(session, cast):
    version = promises.submitted(session, cast)
    with pytest.raises(RuleBroken) as refused:
        actions.review_first(session, cast.officer, Review(version.reference, passed=False), now=NOW)
    assert refused.value.field == "opinion"
    actions.review_first(
        session, cast.officer, Review(version.reference, passed=False, opinion="门店地址不全"), now=NOW
    )
    assert (version.state, version.first_opinion) == (PromiseState.REFUSED, "门店地址不全")
    actions.submit_version(session, cast.principal, SubmitVersion(version.reference), now=NOW)
    assert (version.state, version.first_opinion) == (PromiseState.SUBMITTED, None)


def test_the_second_level_is_another_person_and_another_authority(session, cast):
    version = promises.submitted(session, cast)
    review = Review(version.reference, passed=True)
    actions.review_first(session, cast.city_officer, review, now=NOW)
    assert version.state is PromiseState.DISTRICT_PASSED
    with pytest.raises(RuleBroken, match="另一位"):
        actions.review_second(session, cast.city_officer, review, now=NOW)
    with pytest.raises(NotAllowed, match="上一级"):
        actions.review_second(session, cast.officer, review, now=NOW)
    other = people.actor(session, people.member(session, cast.city.id, Role.OFFICER))
    actions.review_second(session, other, Review(version.reference, passed=False, opinion="名称有误"), now=NOW)
    assert version.state is PromiseState.SECOND_REFUSED


def test_where_nobody_stands_above_the_first_level_decides(session):
    district = people.authority(session)
    merchant = people.merchant(session, district)
    principal, officer = (
        people.actor(session, people.member(session, owner, role))
        for owner, role in ((merchant.id, Role.PRINCIPAL), (district.id, Role.OFFICER))
    )
    version = actions.draft_version(session, principal, DraftVersion(BODY), now=NOW)
    actions.submit_version(session, principal, SubmitVersion(version.reference), now=NOW)
    actions.review_first(session, officer, Review(version.reference, passed=True), now=NOW)
    assert version.state is PromiseState.CURRENT


def test_a_council_that_the_programme_names_reviews_second(session, cast):
    council = people.authority(session, "湖里区消费者权益保护委员会", kind=OrganisationKind.COUNCIL)
    member = people.actor(session, people.member(session, council.id, Role.OFFICER))
    actions.edit_programme(session, cast.officer, offline_row(council_code=council.code), now=NOW)
    version = promises.submitted(session, cast, replace(BODY, days=10, days_to_answer=2, days_to_refund=5))
    review = Review(version.reference, passed=True)
    with pytest.raises(NotAllowed):
        actions.review_first(session, member, review, now=NOW)
    actions.review_first(session, cast.officer, review, now=NOW)
    actions.review_second(session, member, review, now=NOW)
    assert version.state is PromiseState.CURRENT


def test_strangers_find_nothing(session, cast):
    version = promises.submitted(session, cast)
    elsewhere = people.authority(session, "厦门市思明区市场监督管理局", prefix="SM")
    stranger = people.actor(session, people.member(session, elsewhere.id, Role.OFFICER))
    rival = people.actor(session, people.member(session, people.merchant(session, elsewhere).id, Role.PRINCIPAL))
    for actor in (stranger, rival, VISITOR):
        with pytest.raises(NotFound):
            actions.review_first(session, actor, Review(version.reference, passed=True), now=NOW)
    promisor = session.get_one(Promisor, version.promisor_id)
    for actor in (cast.principal, cast.officer, cast.city_officer, stranger, rival, VISITOR, OPERATOR, SYSTEM):
        seen = session.scalars(select(Promisor).where(visible_to(actor))).all()
        assert may_see(actor, promisor) == (promisor in seen)


def test_a_changed_promise_replaces_the_former_the_next_day_at_the_earliest(session, cast):
    first = promises.passed(session, cast)
    later = NOW + timedelta(days=10)
    body = replace(BODY, days=15, first_on=TODAY + timedelta(days=10))
    second = promises.passed(session, cast, body, now=later)
    assert (first.state, second.state) == (PromiseState.CURRENT, PromiseState.PASSED)
    assert second.first_on == TODAY + timedelta(days=11)
    assert actions.look_again(session, SYSTEM, LookAgain(second.id), now=later) is False
    assert actions.look_again(session, SYSTEM, LookAgain(second.id), now=later + DAY) is True
    assert (first.state, first.last_on) == (PromiseState.REPLACED, TODAY + timedelta(days=10))
    assert (second.state, second.since_on) == (PromiseState.CURRENT, TODAY)
    assert [terms.number for terms in history_of(session, second.promisor_id)] == [1, 2]


def test_a_renewed_promise_goes_on_without_a_gap(session, cast):
    first = promises.passed(session, cast)
    draft = actions.renew(session, cast.principal, Renew(), now=NOW + DAY)
    assert body_of(session, draft) == replace(body_of(session, first), first_on=first.expires_on + DAY)
    actions.submit_version(session, cast.principal, SubmitVersion(draft.reference), now=NOW + DAY)
    for review, actor in ((actions.review_first, cast.officer), (actions.review_second, cast.city_officer)):
        review(session, actor, Review(draft.reference, passed=True), now=NOW + DAY)
    behind = NOW + timedelta(days=366)
    actions.look_again(session, SYSTEM, LookAgain(first.id), now=behind)
    assert (first.state, first.last_on) == (PromiseState.REPLACED, first.expires_on)
    assert (draft.state, draft.since_on) == (PromiseState.CURRENT, TODAY)


def test_removal_ends_the_promise_and_says_why(session, cast):
    version = promises.passed(session, cast)
    draft = promises.submitted(session, cast, replace(BODY, first_on=TODAY + DAY))
    with pytest.raises(RuleBroken):
        actions.remove_promise(session, cast.officer, RemovePromise(version.reference, " "), now=NOW)
    with pytest.raises(NotAllowed):
        actions.remove_promise(session, cast.principal, RemovePromise(version.reference, "不想要"), now=NOW)
    actions.remove_promise(session, cast.officer, RemovePromise(version.reference, "拒不兑现"), now=NOW)
    assert (version.state, version.last_on, version.removed_on) == (PromiseState.REMOVED, TODAY, TODAY)
    assert draft.state is PromiseState.DRAFT


def test_a_merchant_ends_its_promise_with_a_day_and_may_think_again(session, cast):
    version = promises.passed(session, cast)
    on = TODAY + timedelta(days=20)
    with pytest.raises(RuleBroken) as refused:
        actions.end_promise(session, cast.principal, EndPromise(version.reference, "停业", TODAY - DAY), now=NOW)
    assert refused.value.field == "on"
    actions.end_promise(session, cast.principal, EndPromise(version.reference, "停业", on), now=NOW)
    assert (version.state, version.last_on, version.next_on) == (PromiseState.CURRENT, on, on + DAY)
    actions.keep_promise(session, cast.principal, KeepPromise(version.reference), now=NOW)
    assert (version.last_on, version.ended_reason) == (None, None)
    assert version.next_on == version.expires_on - timedelta(days=30)
    actions.end_promise(session, cast.principal, EndPromise(version.reference, "停业", TODAY), now=NOW)
    assert (version.state, version.last_on) == (PromiseState.ENDED, TODAY)


def test_who_leaves_takes_its_promise_along(session, cast):
    version = promises.passed(session, cast)
    cast.merchant.state = MerchantState.EXITED
    fact = Fact(topic=Topic.MERCHANT_EXITED, subject_kind=SubjectKind.MERCHANT, subject_id=cast.merchant.id)
    for _ in range(2):
        jobs.end_of_exited(session, fact, now=NOW)
    assert (version.state, version.last_on) == (PromiseState.ENDED, TODAY)
    with pytest.raises(RuleBroken, match="已退出"):
        actions.draft_version(session, cast.principal, DraftVersion(BODY), now=NOW)


def test_a_promisor_follows_its_merchant(session, cast):
    promises.passed(session, cast)
    cast.merchant.phone = "0592-5511111"
    fact = Fact(topic=Topic.MERCHANT_CHANGED, subject_kind=SubjectKind.MERCHANT, subject_id=cast.merchant.id)
    jobs.follow_merchant(session, fact, now=NOW)
    promisor = promisor_of(session, cast.merchant.id)
    assert promisor.phone == "0592-5511111"
    assert promisor_by_slug(session, cast.merchant.slug) is promisor


def offline_row(**changes):
    row = EditProgramme(
        way=Way.OFFLINE,
        valid_from=TODAY,
        least_days=10,
        most_days_to_answer=2,
        most_days_to_refund=5,
        valid_months=None,
        second_review=True,
        free=True,
        allowed=(),
        basis="湖里区线下无理由退货工作指引",
    )
    return replace(row, **changes)


def test_the_nearest_authoritys_own_row_holds_from_its_day_on(session, cast):
    actions.edit_programme(session, cast.city_officer, offline_row(least_days=8), now=NOW)
    actions.edit_programme(session, cast.officer, offline_row(valid_from=TODAY + DAY), now=NOW)
    assert programmes.programmes_in_force(session, cast.district.id, TODAY)[Way.OFFLINE].least_days == 8
    assert programmes.programmes_in_force(session, cast.district.id, TODAY + DAY)[Way.OFFLINE].least_days == 10
    assert programmes.programmes_in_force(session, cast.city.id, TODAY + DAY)[Way.OFFLINE].least_days == 8
    actions.edit_programme(session, cast.officer, offline_row(valid_from=TODAY + 3 * DAY, least_days=9), now=NOW)
    ends = [(row.valid_from, row.valid_to) for row in programmes.own_rows(session, cast.district.id)]
    assert ends == [(TODAY + 3 * DAY, None), (TODAY + DAY, TODAY + 2 * DAY)]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"valid_from": TODAY - DAY}, "valid_from"),
        ({"least_days": 0}, "least_days"),
        ({"basis": " "}, "basis"),
        ({"way": Way.ONLINE, "least_days": 6}, "least_days"),
        ({"way": Way.ONLINE, "most_days_to_refund": 8}, "most_days_to_refund"),
        ({"way": Way.ONLINE, "free": True}, "exclusions"),
        ({"council_code": "NOSUCH"}, "council_code"),
    ],
)
def test_a_local_row_never_lowers_the_law(session, cast, changes, field):
    with pytest.raises(RuleBroken) as refused:
        actions.edit_programme(session, cast.officer, offline_row(**changes), now=NOW)
    assert refused.value.field == field


def test_only_officers_of_the_authority_edit_its_row(session, cast):
    auditor = people.actor(session, people.member(session, cast.district.id, Role.AUDITOR))
    for actor in (cast.principal, auditor):
        with pytest.raises(NotAllowed):
            actions.edit_programme(session, actor, offline_row(), now=NOW)


def test_a_version_is_reviewed_under_the_rows_of_the_day_it_was_handed_in(session, cast):
    version = promises.submitted(session, cast)
    actions.edit_programme(session, cast.officer, offline_row(valid_months=6), now=NOW)
    review = Review(version.reference, passed=True)
    actions.review_first(session, cast.officer, review, now=NOW)
    actions.review_second(session, cast.city_officer, review, now=NOW)
    assert version.expires_on == TODAY.replace(year=TODAY.year + 1) - DAY


def test_the_second_level_stands_above_whoever_was_the_first(session, cast):
    station = people.authority(session, "江头市场监督管理所", parent=cast.district)
    cast.merchant.authority_id = station.id
    first, colleague, city = (
        people.actor(session, people.member(session, owner.id, Role.OFFICER))
        for owner in (cast.district, cast.district, cast.city)
    )
    version = promises.submitted(session, cast)
    review = Review(version.reference, passed=True)
    actions.review_first(session, first, review, now=NOW)
    with pytest.raises(NotAllowed, match="上一级"):
        actions.review_second(session, colleague, review, now=NOW)
    actions.review_second(session, city, review, now=NOW)
    assert version.state is PromiseState.CURRENT
