"""A merchant's public page: its promise now and before, whether it covers a purchase, its figures, its standing."""

from datetime import date, timedelta

import pytest
from sqlalchemy import insert, update

from portal.clocks.models import LegalLimit
from portal.commitments.models import Promisor
from portal.commitments.rules import PromiseState, Way
from portal.commitments.rules.body import OutletRow, ScopeRow
from portal.enrolment.models import MerchantState
from portal.indicators.models import CaseTally
from portal.ledgers.entry_models import MonthTotal
from portal.ledgers.log import ledger_of
from portal.ledgers.models import EntryKind
from tests.conftest import NOW
from tests.factories import disputes, people, promises, returning
from tests.queries import counted

BYTES = 35_000


@pytest.fixture
def district(session):
    return people.authority(session)


@pytest.fixture
def merchant(session, district):
    return people.merchant(session, district, "厦门鹭湾百货有限公司")


@pytest.fixture
def promised(session, merchant):
    """A merchant whose first version gave 15 days, whose second gives 30 for clothing."""
    promises.promise(
        session, merchant, state=PromiseState.REPLACED, days=15, first_on=date(2025, 1, 1), last_on=date(2025, 12, 31)
    )
    version = promises.promise(session, merchant, days=30, scopes=(ScopeRow(Way.OFFLINE, category="clothing"),))
    session.commit()
    return version


def asked(merchant, **values):
    query = "&".join(f"{name}={value}" for name, value in values.items())
    return f"/m/{merchant.slug}?{query}"


def test_the_page_tells_the_promise_in_force_and_the_former_ones(client, merchant, promised):
    answer = client.get(f"/m/{merchant.slug}")
    for said in (
        "厦门鹭湾百货有限公司",
        '<b class="fig good">30</b>',
        "服装鞋帽类",
        "贴身内衣",
        "店堂公告",
        "消费者付",
        "湖里总店",
    ):
        assert said in answer.text
    assert "2025年1月1日至2025年12月31日" in answer.text
    assert "第 1 版" in answer.text
    assert len(answer.data) < BYTES


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"bought": "2026-08-01", "way": "offline", "kind": "clothing", "goods": "羊毛大衣"}, "能退：在承诺期限内"),
        ({"bought": "2026-06-01", "way": "offline", "kind": "clothing", "goods": "羊毛大衣"}, "已经过了承诺的期限"),
        ({"bought": "2025-12-31", "way": "offline", "kind": "", "goods": "水壶"}, "第 1 版承诺"),
        ({"bought": "2026-08-01", "way": "offline", "kind": "clothing", "goods": "内衣"}, "店堂公告"),
        ({"bought": "2026-08-01", "way": "online", "kind": "", "goods": ""}, "承诺没有包括这次购买"),
        ({"bought": "2024-08-01", "way": "offline", "kind": "", "goods": ""}, "还没有承诺"),
        ({"bought": "2026-09-01", "way": "offline", "kind": "", "goods": ""}, "日期不对"),
    ],
)
def test_a_purchase_is_answered_by_the_version_of_its_day(client, merchant, promised, values, said):
    assert said in client.get(asked(merchant, **values)).text


def test_a_purchase_without_a_day_is_asked_for_it_and_keeps_what_was_typed(client, merchant, promised):
    text = client.get(asked(merchant, bought="", way="offline", goods="羊毛大衣")).text
    assert "请写购买日期" in text
    assert 'value="羊毛大衣"' in text


def test_a_suspended_merchant_keeps_its_promise(client, session, merchant, promised):
    merchant.state, merchant.suspended_at, merchant.suspension_reason = MerchantState.SUSPENDED, NOW, "多次逾期未办"
    session.commit()
    text = client.get(f"/m/{merchant.slug}").text
    assert "这家企业暂停分流" in text
    assert "继续有效" in text
    assert "多次逾期未办" not in text


def test_a_merchant_that_left_still_answers_for_earlier_purchases(client, session, merchant, promised):
    merchant.state = MerchantState.EXITED
    promised.state, promised.last_on = PromiseState.ENDED, promises.TODAY - timedelta(days=1)
    session.commit()
    text = client.get(asked(merchant, bought="2026-08-01", way="offline", kind="clothing")).text
    assert "已退出在线消费纠纷和解" in text
    assert "能退：在承诺期限内" in text
    assert "未入驻，投诉请到 12315" in text
    assert f"/complain/{merchant.slug}" not in text


def test_a_removed_promise_is_said_to_be_so(client, session, merchant, promised):
    promised.state = PromiseState.REMOVED
    promised.last_on = promised.removed_on = promises.TODAY - timedelta(days=1)
    session.commit()
    text = client.get(f"/m/{merchant.slug}").text
    assert "承诺已被摘牌" in text
    assert "现在没有有效的无理由退货承诺" in text


def test_a_shop_of_an_imported_list_is_sent_to_12315(client, session, district, merchant, promised):
    row = Promisor(
        code="91350206MA0000000X",
        slug="abcdefghijkl",
        name="悦湖家居城",
        normalised_name="悦湖家居城",
        authority_id=district.id,
        phone="0592-5500001",
        created_at=NOW,
    )
    session.add(row)
    session.flush()
    promised.promisor_id = row.id
    session.commit()
    text = client.get("/m/abcdefghijkl").text
    assert "未入驻的商家" in text
    assert "投诉请到 12315" in text
    assert "/complain/" not in text
    assert "办得怎么样" not in text


def test_an_enrolled_merchant_without_a_promise_says_what_the_law_gives(client, session, merchant):
    session.commit()
    text = client.get(f"/m/{merchant.slug}").text
    assert "现在没有有效的无理由退货承诺" in text
    assert "第二十五条" in text
    assert "我的东西能退吗" not in text


def test_nobodys_page_is_not_found_and_says_where_to_look(client):
    answer = client.get("/m/aaaaaaaaaaaa")
    assert answer.status_code == 404
    assert "承诺名录里按店名查找" in answer.text


def tallied(session, district, merchant, count, met):
    day = promises.TODAY - timedelta(days=10)
    for serial in range(count):
        case = disputes.case(session, district, merchant)
        values = {"authority_id": district.id, "merchant_id": merchant.id, "on_time_on": day, "settled_on": day}
        rest = dict.fromkeys(("performed_on", "contacted_on", "failed_on", "cause", "standing", "owed"))
        flags = {"on_time_met": True, "settled_met": serial < met, "performed_met": False, "contacted_met": False}
        session.execute(insert(CaseTally).values(id=case.id, **values, **rest, **flags))


def test_rates_are_shown_with_numerator_denominator_and_period(client, session, district, merchant, promised):
    tallied(session, district, merchant, 20, 15)
    ledger = ledger_of(session, merchant.id, now=NOW)
    session.add(MonthTotal(ledger_id=ledger.id, kind=EntryKind.RETURN, month_on=date(2026, 7, 1), entries=31, amount=1))
    session.add(MonthTotal(ledger_id=ledger.id, kind=EntryKind.RETURN, month_on=date(2026, 8, 1), entries=7, amount=1))
    session.commit()
    text = client.get(f"/m/{merchant.slug}").text
    for said in (
        "75.0%",
        "20 件中 15 件达成和解的",
        "100.0%",
        "2025-08-12 至 2026-08-11",
        "31 笔",
        "2025-08 至 2026-07",
    ):
        assert said in text


def test_how_many_return_requests_were_granted_is_told_beside_how_many_were_answered(
    client, session, district, merchant, promised
):
    clerk = people.actor(session, people.member(session, merchant.id))
    yesterday = NOW - timedelta(days=1)
    for serial in range(3):
        request = returning.asked(session, merchant, again=True)
        answer = returning.refused if serial == 2 else returning.agreed
        answer(session, clerk, request)
        request.asked_at = yesterday
    session.execute(update(LegalLimit).where(LegalLimit.code == "public_figures_least").values(amount=3))
    session.commit()
    text = client.get(f"/m/{merchant.slug}").text
    assert "66.7%" in text
    assert "3 件中 2 件同意的" in text
    assert "不足 3 件（本平台设定）" in text


def test_rates_of_few_cases_are_not_published_and_the_page_says_why(client, session, district, merchant, promised):
    tallied(session, district, merchant, 19, 19)
    session.commit()
    text = client.get(f"/m/{merchant.slug}").text
    assert "只有 19 件，不足 20 件（本平台设定）" in text
    assert "100.0%" not in text


def test_the_page_asks_little_of_the_database_and_stays_small(client, session, runtime, merchant):
    outlets = tuple(
        OutletRow(f"鹭湾百货第{serial}分店", district="湖里区", address="金湖路 101 号") for serial in range(80)
    )
    for year in range(2014, 2026):
        first, last = date(year, 1, 1), date(year, 12, 31)
        promises.promise(session, merchant, state=PromiseState.REPLACED, first_on=first, last_on=last)
    promises.promise(session, merchant, outlets=outlets)
    session.commit()
    with counted(runtime.engine) as said:
        answer = client.get(asked(merchant, bought="2026-08-11", way="offline"))
    assert len(said) <= 8
    assert len(answer.data) < BYTES
    assert "在名录里看全部 80 家" in answer.text


def test_the_enrolled_are_found_by_name_area_and_tier(client, session, district, merchant):
    other = people.merchant(session, people.authority(session, "厦门市思明区市场监督管理局"), "东浦鞋业有限公司")
    other.tier = "维权网点"
    gone = people.merchant(session, district, "云帆商贸有限公司")
    gone.state = MerchantState.EXITED
    session.commit()
    every = client.get("/firms").text
    assert "2 家企业" in every
    assert "云帆商贸" not in every
    assert "东浦鞋业" not in client.get("/firms?q=鹭湾").text
    assert "东浦鞋业" not in client.get(f"/firms?region={district.code}").text
    tier = client.get("/firms?tier=维权网点").text
    assert "东浦鞋业" in tier
    assert "鹭湾百货" not in tier
    assert "没有符合这些条件的企业" in client.get("/firms?q=没有这家").text


def test_the_home_page_leads_consumers_first(client):
    text = client.get("/").text
    places = [
        text.index(said)
        for said in ("找一家店", "找承诺退货的店", "申请退货", "向企业投诉", "核验文书", "企业和监管人员登录")
    ]
    assert places == sorted(places)
