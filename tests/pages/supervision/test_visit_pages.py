"""Visits and breaches of promises on both desks, as browsers without script see them."""

import io

import openpyxl
import pytest
from PIL import Image

from portal.core.actor import Role
from tests.factories import people, promises
from tests.factories import visits as made


@pytest.fixture
def database():
    """The database does not matter to a page."""
    return "sqlite"


@pytest.fixture
def district(session):
    return people.authority(session)


@pytest.fixture
def promisor(session, district):
    return promises.promise(session, people.merchant(session, district)).promisor


@pytest.fixture
def desks(session, district, promisor, client_for):
    """The officer's, the chief's and the merchant's browsers."""
    members = (
        people.member(session, district.id, Role.OFFICER, name="陈立"),
        people.member(session, district.id, Role.CHIEF, name="黄志远"),
        people.member(session, promisor.merchant_id, Role.PRINCIPAL),
    )
    session.commit()
    return tuple(client_for(one) for one in members)


def picture(name):
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "white").save(out, "PNG")
    out.seek(0)
    return (out, name)


def record(**changes):
    lines = {f"findings-{number}-kind": "not_shown" for number in range(5)}
    values = {
        "visited_on": "2026-08-12",
        "second_officer": "王珂",
        "asked": "买一件毛衣，问能不能退",
        "answered": "店员说打折商品一律不退",
        "findings-0-text": "收银台没有承诺标识",
        "rectify_on": "2026-08-26",
    }
    return {**lines, **values, **changes}


def test_from_the_plan_to_the_recheck(desks, promisor):
    officer, _chief, principal = desks
    plan = {"code": promisor.code, "outlet": "湖里总店", "planned_on": "2026-08-12", "scenario": "次日要求退货"}
    shown = officer.submit("/regulator/visits/new", plan).location
    mine = shown.replace("/regulator/", "/merchant/")
    typed = record(files=[picture("收银台.png"), picture("门口.png")])
    officer.submit(f"{shown}/record", typed, page=shown)
    assert "收银台没有承诺标识" in officer.get(shown).text
    assert "门口" in officer.get(shown).text
    assert principal.get(mine).status_code == 404
    officer.submit(f"{shown}/release", {}, page=shown)
    principal.submit(f"{mine}/rectify", {"text": "已张贴", "files": [picture("新标识.png")]}, page=mine)
    assert "新标识" in officer.get(shown).text
    refused = officer.submit(f"{shown}/recheck", {"verdict": "failed", "text": "没有贴"}, page=shown)
    assert "新的整改期限" in refused.text
    officer.submit(f"{shown}/recheck", {"verdict": "passed", "text": "属实"}, page=shown)
    assert "已办结" in principal.get("/merchant/visits?state=closed").text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rectify_on": ""}, "须写明整改期限"),
        ({"second_officer": ""}, "走访须由两人进行"),
        ({"visited_on": "2026-08-13"}, "不能晚于今天"),
        ({"files": [(io.BytesIO(b"MZ"), "a.exe")]}, "不是照片"),
    ],
)
def test_a_record_that_can_not_be_is_refused_and_kept_in_the_form(session, desks, district, promisor, changes, said):
    officer = people.actor(session, people.member(session, district.id, Role.OFFICER))
    shown = f"/regulator/visits/{made.planned(session, officer, promisor).reference}"
    session.commit()
    answer = desks[0].submit(f"{shown}/record", record(**changes), page=shown)
    assert answer.status_code == 422
    assert said in answer.text
    assert "收银台没有承诺标识" in answer.text


def test_a_breach_leads_to_the_removal_of_the_promise(desks, promisor):
    officer, chief, _principal = desks
    typed = {"code": promisor.code, "source": "officer", "happened_on": "2026-08-12", "text": "拒不退货"}
    shown = officer.submit("/regulator/violations/new", typed).location
    officer.submit(f"{shown}/decide", {"verdict": "yes", "reason": "有录音"}, page=shown)
    officer.submit(f"{shown}/ask-removal", {"ask_reason": "多次拒退"}, page=shown)
    assert "决定是否摘牌" not in officer.get(shown).text
    chief.submit(f"{shown}/removal", {"removed": "yes", "reason": "多次拒不兑现承诺"}, page=shown)
    assert "已摘牌" in officer.get("/regulator/violations?state=removed").text


def test_an_unknown_shop_is_refused_with_what_to_do(desks):
    plan = {"code": "91350206MA0000000G", "outlet": "总店", "planned_on": "2026-08-12", "scenario": "退货"}
    assert "承诺名录里没有这个代码" in desks[0].submit("/regulator/visits/new", plan).text


def test_lists_are_exported(desks):
    for path, title in (("visits", "暗访"), ("violations", "违反承诺")):
        answer = desks[0].submit(f"/regulator/{path}/export", {}, page=f"/regulator/{path}")
        assert openpyxl.load_workbook(io.BytesIO(answer.data)).active.title == title
