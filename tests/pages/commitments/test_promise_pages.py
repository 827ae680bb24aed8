"""A merchant writes its promise step by step, hands it in, takes it back, changes, renews and ends it."""

import re
from datetime import date, timedelta

import pytest

from portal.commitments import actions
from portal.commitments.actions import Review
from portal.commitments.models import PromiseVersion
from portal.commitments.queries import promisor_of
from portal.commitments.rules import PromiseState
from portal.core.actor import Role
from tests.factories import people, promises
from tests.factories.promises import TODAY

HOME = "/merchant/promise"
DRAFT = f"{HOME}/draft"
SCOPE = {
    "way": "offline",
    "scopes-0-way": "offline",
    "scopes-0-category": "clothing",
    "scopes-0-goods": "",
    "scopes-0-days": "15",
    "scopes-1-way": "offline",
    "scopes-1-category": "all",
    "scopes-1-goods": "床品，毛巾",
    "scopes-1-days": "",
}
DAYS = {
    "days": "7",
    "pickup_start": "receipt_day",
    "delivery_start": "day_after_signing",
    "days_to_answer": "3",
    "days_to_refund": "7",
    "first_on": (TODAY + timedelta(days=3)).isoformat(),
}
TERMS = {
    "conditions": "商品完好，吊牌齐全",
    "procedure": "凭小票到服务台",
    "freight": "in_shop",
    "exclusions-0-ground": "offline:declared",
    "exclusions-0-text": "贴身内衣",
    "exclusions-0-basis": "店堂公告",
    "exclusions-0-category": "clothing",
    "exclusions-0-goods": "内衣、泳衣",
}
EXTRAS = {"easy_exchange": "y", "easy_exchange_note": "当场换", "other": ""}


@pytest.fixture
def cast(session):
    return promises.cast(session)


@pytest.fixture
def head(session, cast, client_for):
    membership = people.member(session, cast.merchant.id, Role.PRINCIPAL)
    session.commit()
    return client_for(membership)


@pytest.fixture
def clerk(session, cast, client_for):
    membership = people.member(session, cast.merchant.id, Role.AGENT)
    session.commit()
    return client_for(membership)


def step(client, name, values):
    return client.submit(f"{DRAFT}/{name}", values)


def written(client, merchant):
    """All steps, as a browser without script sends them; the address of the last answer."""
    client.submit(HOME, {}, page=HOME)
    outlet = {"outlets": merchant.organisation.name, "any_outlet": "y"}
    for name, values in (
        ("scope", SCOPE), ("days", DAYS), ("terms", TERMS), ("places", outlet), ("extras", EXTRAS)
    ):  # fmt: skip
        answer = step(client, name, values)
        assert answer.status_code == 303, f"{name}: {answer.text}"
    return answer.location


def of_merchant(session, merchant):
    session.expire_all()
    promisor = promisor_of(session, merchant.id)
    return session.query(PromiseVersion).filter_by(promisor_id=promisor.id).order_by(PromiseVersion.number).all()


def test_a_merchant_without_a_promise_learns_what_one_is(head, clerk):
    page = head.get(HOME).text
    assert "还没有作出承诺" in page
    assert "开始填写" in page
    assert "门店购买的要求" in page
    told = clerk.get(HOME).text
    assert "开始填写" not in told
    assert "由部门负责人或企业负责人填写" in told


def test_from_the_first_step_to_the_review(head, session, cast):
    preview = written(head, cast.merchant)
    assert preview.endswith("/draft/preview")
    seen = head.get(preview).text
    assert "门店购买的服装鞋帽类" in seen
    assert "贴身内衣" in seen
    assert "购买前明示，店堂公告" in seen
    (box,) = re.findall(r'<input[^>]*name="declared"[^>]*>', seen)
    assert "checked" not in box
    refused = head.submit(f"{DRAFT}/preview", {})
    assert refused.status_code == 422
    assert "请先勾选声明" in refused.text
    head.submit(f"{DRAFT}/preview", {"declared": "y"})
    home = head.get(HOME).text
    assert "等监管部门初审" in home
    (version,) = of_merchant(session, cast.merchant)
    assert version.state is PromiseState.SUBMITTED


def test_what_was_typed_is_kept_and_rows_come_and_go_without_script(head):
    head.submit(HOME, {}, page=HOME)
    more = step(head, "scope", {**SCOPE, "more": "scopes"})
    assert more.status_code == 200
    assert "床品，毛巾" in more.text
    assert 'name="scopes-2-goods"' in more.text
    fewer = step(head, "scope", {**SCOPE, "drop": "scopes:0"})
    assert 'value="15"' not in fewer.text
    assert "床品，毛巾" in fewer.text
    assert step(head, "scope", {**SCOPE, "then": "later"}).location == HOME
    kept = head.get(f"{DRAFT}/scope").text
    assert 'value="床品、毛巾"' in kept
    assert 'value="15"' in kept


def test_a_wrong_number_is_refused_at_its_field_and_nothing_is_lost(head):
    head.submit(HOME, {}, page=HOME)
    answer = step(head, "days", {**DAYS, "days": "0", "days_to_answer": "5"})
    assert answer.status_code == 422
    assert "天数应是 1 到" in answer.text
    assert 'value="5"' in answer.text


def test_fewer_days_than_the_programme_allows_are_kept_but_not_let_through(head):
    head.submit(HOME, {}, page=HOME)
    online = {**SCOPE, "way": "online", "scopes-0-way": "online", "scopes-0-days": "3"}
    answer = step(head, "scope", online)
    assert answer.status_code == 422
    assert "最少 7 天" in answer.text
    assert "消费者权益保护法" in answer.text
    assert "内容已保存" in answer.text
    assert 'value="3"' in head.get(f"{DRAFT}/scope").text
    assert "最少 7 天" in head.get(f"{DRAFT}/preview").text


def test_an_exclusion_says_where_it_is_declared(head):
    head.submit(HOME, {}, page=HOME)
    answer = step(head, "terms", {**TERMS, "exclusions-0-basis": ""})
    assert answer.status_code == 422
    assert "在哪里明示" in answer.text
    assert "贴身内衣" in answer.text


def test_fewer_days_than_now_name_the_purchases_that_keep_the_old_ones(head, session, cast):
    promises.promise(session, cast.merchant, days=30)
    session.commit()
    head.submit(HOME, {}, page=HOME)
    step(head, "days", DAYS)
    seen = head.get(f"{DRAFT}/preview").text
    assert "新的天数比现在少" in seen
    assert "以前购买的商品，仍按第 1 版的 30 天办理" in seen


def test_a_submission_is_taken_back_and_a_draft_dropped(head, session, cast):
    promises.submitted(session, cast)
    session.commit()
    head.submit(f"{HOME}/withdraw", {}, page=HOME)
    assert "已撤回" in head.get(HOME).text
    (version,) = of_merchant(session, cast.merchant)
    assert version.state is PromiseState.DRAFT


def test_an_unseen_draft_is_dropped(head, session, cast):
    head.submit(HOME, {}, page=HOME)
    head.submit(f"{DRAFT}/discard", {}, page=HOME)
    assert "草稿已删去" in head.get(HOME).text
    assert of_merchant(session, cast.merchant) == []


def test_a_refusal_shows_its_opinion_and_whose_turn_it_is(head, session, cast):
    version = promises.submitted(session, cast)
    actions.review_first(
        session, cast.officer, Review(version.reference, passed=False, opinion="请写明定制商品"), now=promises.NOW
    )
    session.commit()
    home = head.get(HOME).text
    assert "没有通过初审" in home
    assert "请写明定制商品" in home
    assert "继续填写" in home


def test_the_end_is_asked_and_leaves_earlier_purchases_bound(head, session, cast):
    promises.promise(session, cast.merchant)
    session.commit()
    on = TODAY + timedelta(days=10)
    asked = head.submit(f"{HOME}/end", {"on": on.isoformat(), "reason": "停业装修"})
    assert asked.status_code == 422
    assert "停业装修" in asked.text
    head.submit(f"{HOME}/end", {"on": on.isoformat(), "reason": "停业装修", "sure": "y"})
    home = head.get(HOME).text
    assert f"{on.year}年{on.month}月{on.day}日 是最后一个有效的购买日期" in home
    head.submit(f"{HOME}/keep", {}, page=HOME)
    assert "承诺继续有效" in head.get(HOME).text
    past = head.submit(f"{HOME}/end", {"on": "2026-01-02", "reason": "停业", "sure": "y"})
    assert past.status_code == 422
    assert "不能早于今天" in past.text


def test_a_promise_that_expires_soon_is_renewed(head, session, cast):
    promises.promise(session, cast.merchant, expires_on=TODAY + timedelta(days=20))
    session.commit()
    assert "承诺快到期了" in head.get(HOME).text
    preview = head.submit(f"{HOME}/renew", {}, page=HOME).location
    assert "续期的版本" in head.get(preview).text
    assert of_merchant(session, cast.merchant)[1].first_on == TODAY + timedelta(days=21)


def test_former_versions_are_listed_with_their_spans(head, session, cast):
    promises.promise(
        session, cast.merchant, state=PromiseState.REPLACED, first_on=date(2025, 1, 1), last_on=date(2025, 12, 31)
    )
    promises.promise(session, cast.merchant, days=15)
    session.commit()
    home = head.get(HOME).text
    assert "2025年1月1日至2025年12月31日" in home
    former = of_merchant(session, cast.merchant)[0]
    assert "已有新版本" in head.get(f"{HOME}/versions/{former.reference}").text


def test_a_clerk_reads_and_does_not_write(clerk, session, cast):
    version = promises.promise(session, cast.merchant)
    draft = promises.promise(session, cast.merchant, state=PromiseState.DRAFT)
    session.commit()
    home = clerk.get(HOME).text
    assert f"{HOME}/end" not in home
    assert clerk.get(f"{HOME}/versions/{version.reference}").status_code == 200
    assert clerk.get(f"{DRAFT}/scope").status_code == 403
    assert clerk.get(f"{HOME}/end").status_code == 403
    assert clerk.submit(f"{HOME}/renew", {}, page="/account").status_code == 403
    assert draft.state is PromiseState.DRAFT


def test_a_stranger_finds_no_version(session, cast, client_for):
    version = promises.promise(session, cast.merchant)
    other = people.member(session, people.merchant(session, cast.district).id, Role.PRINCIPAL)
    session.commit()
    client = client_for(other)
    assert client.get(f"{HOME}/versions/{version.reference}").status_code == 404
    assert client.get(f"{HOME}/versions/{version.reference}/poster-a4.pdf").status_code == 404
