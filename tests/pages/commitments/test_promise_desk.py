"""The authority's desk of promises: the roll, the two reviews, removal from the list, the programme."""

import io
from datetime import timedelta

import openpyxl
import pytest

from portal.accounts.models import OrganisationKind
from portal.commitments.rules import PromiseState
from portal.core.actor import Role
from tests.conftest import NOW
from tests.factories import people, promises
from tests.factories.promises import BODY, TODAY

ROLL = "/regulator/promises"


@pytest.fixture
def cast(session):
    found = promises.cast(session)
    found.district.level = "区"  # a unit that reviews by itself; a 所 leaves it to the district
    return found


def client_of(session, client_for, organisation, role=Role.OFFICER):
    membership = people.member(session, organisation.id, role)
    session.commit()
    return client_for(membership)


@pytest.fixture
def officer(session, cast, client_for):
    return client_of(session, client_for, cast.district)


@pytest.fixture
def above(session, cast, client_for):
    return client_of(session, client_for, cast.city)


def test_two_levels_pass_a_version_and_the_list_says_whose_turn_it_is(officer, above, session, cast):
    version = promises.submitted(session, cast)
    session.commit()
    page = f"{ROLL}/{version.reference}"
    name = cast.merchant.organisation.name
    assert name in officer.get(ROLL).text
    assert "没有等你审核的承诺" in above.get(ROLL).text
    officer.submit(f"{page}/review", {"verdict": "pass", "opinion": ""}, page=page)
    waiting = officer.get(page).text
    assert "县级审核通过" in waiting
    assert "等上一级市场监督管理部门复审" in waiting
    assert name in above.get(ROLL).text
    assert "复审" in above.get(page).text
    above.submit(f"{page}/review", {"verdict": "pass", "opinion": "同意公示"}, page=page)
    assert "同意公示" in above.get(page).text
    assert name in officer.get(f"{ROLL}?view=current").text


def test_a_refusal_without_a_reason_is_refused_at_its_field(officer, session, cast):
    version = promises.submitted(session, cast)
    session.commit()
    page = f"{ROLL}/{version.reference}"
    nothing = officer.submit(f"{page}/review", {"opinion": "看过"}, page=page)
    assert nothing.status_code == 422
    assert "看过" in nothing.text
    answer = officer.submit(f"{page}/review", {"verdict": "refuse", "opinion": ""}, page=page)
    assert answer.status_code == 422
    assert "不通过时请写明原因" in answer.text
    officer.submit(f"{page}/review", {"verdict": "refuse", "opinion": "请写明定制商品"}, page=page)
    assert "请写明定制商品" in officer.get(page).text


def test_a_change_is_shown_term_by_term(officer, session, cast):
    promises.promise(session, cast.merchant, days=30)
    version = promises.promise(
        session, cast.merchant, state=PromiseState.SUBMITTED, first_on=TODAY, days=7, gifts=BODY.gifts
    )
    session.commit()
    page = officer.get(f"{ROLL}/{version.reference}").text
    assert "和现在的第 1 版逐项比较" in page
    assert "<del>30 天</del>" in page
    assert "<ins>7 天</ins>" in page


def test_a_removal_is_asked_and_leaves_todays_purchases_bound(officer, session, cast):
    version = promises.promise(session, cast.merchant)
    session.commit()
    page = f"{ROLL}/{version.reference}"
    asked = officer.submit(f"{page}/remove", {"reason": "暗访三次拒不退货"}, page=f"{page}/remove")
    assert asked.status_code == 422
    assert "暗访三次拒不退货" in asked.text
    officer.submit(f"{page}/remove", {"reason": "暗访三次拒不退货", "sure": "y"}, page=f"{page}/remove")
    shown = officer.get(page).text
    assert "已摘牌" in shown
    assert "暗访三次拒不退货" in shown
    assert cast.merchant.organisation.name in officer.get(f"{ROLL}?view=removed").text
    assert officer.get(f"{page}/remove").status_code == 404


def test_an_auditor_reads_and_decides_nothing(session, cast, client_for):
    version = promises.submitted(session, cast)
    auditor = client_of(session, client_for, cast.district, Role.AUDITOR)
    page = auditor.get(f"{ROLL}/{version.reference}").text
    assert "登记审核结果" not in page
    assert "初审。" in page
    posted = auditor.submit(f"{ROLL}/{version.reference}/review", {"verdict": "pass"}, page="/account")
    assert posted.status_code == 403


def test_another_districts_promises_and_drafts_are_not_found(officer, session, cast, client_for):
    version = promises.promise(session, cast.merchant, state=PromiseState.DRAFT)
    session.commit()
    assert officer.get(f"{ROLL}/{version.reference}").status_code == 404
    held = promises.promise(session, people.merchant(session, cast.district))
    stranger = client_of(session, client_for, people.authority(session, "厦门市思明区市场监督管理局", prefix="SM"))
    assert stranger.get(f"{ROLL}/{held.reference}").status_code == 404
    assert cast.merchant.organisation.name not in stranger.get(f"{ROLL}?view=all").text


def test_the_roll_is_searched_narrowed_sorted_and_paged(officer, session, cast):
    names = ["鹭湾百货", "东浦鞋业", "云帆数码"]
    for place, name in enumerate(names):
        firm = people.merchant(session, cast.district, name)
        promises.promise(session, firm, days=7 * (place + 1), expires_on=TODAY + timedelta(days=30 + 60 * place))
    session.commit()
    current = officer.get(f"{ROLL}?view=current&sort=days").text
    assert [current.index(name) for name in reversed(names)] == sorted(current.index(name) for name in names)
    found = officer.get(f"{ROLL}?view=current&q=鞋业").text
    assert "东浦鞋业" in found
    assert "鹭湾百货" not in found
    assert "云帆数码" not in officer.get(f"{ROLL}?view=current&days=7").text
    assert "东浦鞋业" not in officer.get(f"{ROLL}?view=expiring").text
    assert "鹭湾百货" in officer.get(f"{ROLL}?view=expiring").text
    assert "没有符合条件的承诺" in officer.get(f"{ROLL}?view=current&class=food").text
    for sort in ("newest", "name", "days"):
        assert officer.get(f"{ROLL}?view=all&sort={sort}&cursor=forged").status_code == 200


def test_the_list_is_exported_with_the_status_codes(officer, session, cast):
    promises.promise(session, cast.merchant)
    promises.promise(session, people.merchant(session, cast.district, "=1+1 商行"), state=PromiseState.EXPIRED)
    session.commit()
    answer = officer.submit(f"{ROLL}/export?view=all", {}, page=ROLL)
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    head, *rows = ([cell.value for cell in row] for row in sheet.rows)
    lines = [dict(zip(head, row, strict=True)) for row in rows]
    assert {line["经营者注册名称"]: line["状态码"] for line in lines} == {
        "=1+1 商行": "2",
        cast.merchant.organisation.name: "1",
    }
    assert {line["不适用商品"] for line in lines} == {"贴身内衣"}


def test_a_district_asks_for_more_from_a_day_on(officer, session, cast):
    page = f"{ROLL}/programmes"
    assert "门店购买的要求" in officer.get(page).text
    wished = {
        "way": "offline",
        "valid_from": (TODAY + timedelta(days=1)).isoformat(),
        "least_days": "10",
        "most_days_to_answer": "2",
        "most_days_to_refund": "5",
        "valid_months": "12",
        "free": "y",
        "basis": "湖里区线下无理由退货工作指引",
    }
    late = officer.submit(page, {**wished, "valid_from": NOW.replace(year=2025).date().isoformat()})
    assert late.status_code == 422
    assert "不能早于今天" in late.text
    officer.submit(page, wished)
    assert "最少 10 天" in officer.get(page).text
    less = officer.submit(page, {**wished, "way": "online", "least_days": "3"})
    assert less.status_code == 422
    assert "本地项目不能更少" in less.text


def test_a_council_reviews_second_where_the_programme_names_it(officer, session, cast, client_for):
    council = people.authority(session, "湖里区消费者权益保护委员会", kind=OrganisationKind.COUNCIL, prefix=None)
    version = promises.submitted(session, cast)
    version.promisor.council_id = council.id
    member = client_of(session, client_for, council)
    page = f"{ROLL}/{version.reference}"
    assert "没有等你审核的承诺" in member.get(ROLL).text
    officer.submit(f"{page}/review", {"verdict": "pass"}, page=page)
    assert "等消委会复审" in officer.get(page).text
    assert cast.merchant.organisation.name in member.get(ROLL).text
    member.submit(f"{page}/review", {"verdict": "refuse", "opinion": "期限写得不清楚"}, page=page)
    assert "复审不通过" in member.get(page).text
    assert "摘牌" not in member.get(page).text.partition("<main")[2].partition("</main")[0]
