"""Hints beside a complaint: officers read them on triage and on the case, merchants nowhere."""

import ast
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from portal.cases.models import Case
from portal.clocks.models import LegalLimit
from portal.clocks.queries import forget_almanac
from portal.core.actor import Role
from portal.enrolment.models import Merchant
from portal.intake.models import Filing
from tests.factories import people
from tests.factories.intake import complaint, sample_world
from tests.factories.joined import LOCAL, hotline, take_in
from tests.queries import counted

PHONE = "13912345678"
CODE = "91350206MA0070000N"
TOLD = (
    "办理提示",
    "个姓名",
    "个不同姓名的投诉人",
    "同类投诉",
    "件商品或问题相同的投诉",
    "内容相近、没有合并",
    "仅监管人员可见",
)
ROWS = [
    complaint(1, 联系电话=PHONE, 投诉人="李小明", 登记时间="2026-08-10 09:10:00"),
    complaint(2, 联系电话=PHONE, 投诉人="王大力", 分流情况=LOCAL),
    complaint(3, 联系电话=PHONE, 投诉人="陈一凡", 分流情况=LOCAL, 诉求内容="第1件：买的瓷砖色差明显，商家不肯处理。要求退货退款。"),
    complaint(4, 投诉人="赵六一", 分流情况=LOCAL, 客体类别全称="商品（产品）->食品->茶叶", 问题类别全称="食品->过期"),
]  # fmt: skip


@pytest.fixture
def world(runtime, session):
    found = sample_world(session)
    session.commit()
    take_in(runtime, ROWS)
    return found


@pytest.fixture
def officer(session, world, client_for):
    member = people.member(session, world["350206"].id, Role.OFFICER)
    session.commit()
    return client_for(member)


@pytest.fixture
def agent(session, world, client_for):
    merchant = session.scalars(select(Merchant).where(Merchant.organisation.has(code=CODE))).one()
    member = people.member(session, merchant.id, Role.PRINCIPAL)
    session.commit()
    return client_for(member)


def reference_of(session, serial):
    session.expire_all()
    number = complaint(serial)["登记编号"]
    return session.scalars(
        select(Case.reference).join(Filing, Filing.case_id == Case.id).where(Filing.number == number)
    ).one()


def test_the_officer_is_told_on_the_list_and_on_both_screens(officer, session, runtime):
    with counted(runtime.engine) as said:
        triage = officer.get("/regulator/triage").text
    assert len(said) <= 8, said
    assert triage.count("同一电话 3 个姓名") == 2  # of the three one was dispatched, the fourth is another's
    assert triage.count("同类投诉 3 件") == 2
    for path in ("triage", "cases"):
        reference = reference_of(session, 3)
        with counted(runtime.engine) as said:
            page = officer.get(f"/regulator/{path}/{reference}").text
        assert len(said) <= 8, said
        assert all(word in page for word in TOLD)
        assert reference_of(session, 1) in page
        assert "没有合并：同一渠道" in page
        other = officer.get(f"/regulator/{path}/{reference_of(session, 4)}").text
        assert not any(word in other for word in TOLD[:-1])


def test_a_look_ends_at_the_newest_of_one_phone_and_of_one_name(officer, session, monkeypatch):
    monkeypatch.setattr("portal.intake.neighbours.LOOKED_AT", 2)  # the third of the same phone is too long ago
    path = f"/regulator/cases/{reference_of(session, 3)}"
    assert "同一电话 2 个姓名" in officer.get(path).text
    assert "同一电话 2 个姓名" in officer.get("/regulator/triage").text
    monkeypatch.setattr("portal.intake.neighbours.LOOKED_AT", 3)
    assert "同一电话 3 个姓名" in officer.get(path).text
    assert "同一电话 3 个姓名" in officer.get("/regulator/triage").text


@pytest.mark.parametrize("database", ["sqlite"])
def test_searching_the_list_still_takes_eight_statements(officer, runtime):
    with counted(runtime.engine) as said:
        assert "个姓名" in officer.get("/regulator/triage?q=瓷砖").text
    assert len(said) <= 8, said


@pytest.mark.parametrize("database", ["sqlite"])
def test_an_authority_sets_its_own_counts(officer, session):
    session.add(
        LegalLimit(
            code="hint_people", amount=9, unit="count", rolls=False, article="", basis="区局规定", is_law=False,
            valid_from=session.scalars(select(LegalLimit.valid_from)).first(),
            organisation_id=session.scalars(select(Merchant.authority_id)).first(),
        )
    )  # fmt: skip
    session.commit()
    forget_almanac()
    page = officer.get("/regulator/triage").text
    forget_almanac()
    assert "个姓名" not in page
    assert "同类投诉" in page


@pytest.mark.parametrize("database", ["sqlite"])
def test_what_another_district_has_is_not_told(session, world, client_for, officer):
    member = people.member(
        session, people.authority(session, "厦门市思明区市场监督管理局", prefix="SM").id, Role.OFFICER
    )
    session.commit()
    stranger = client_for(member)
    assert "个姓名" not in stranger.get("/regulator/triage").text


@pytest.mark.parametrize("database", ["sqlite"])
def test_no_page_of_a_merchant_carries_a_hint(runtime, session, agent, officer, app: Flask):
    """Every page a merchant may open without naming a row, and every one of its cases, also of joined filings."""
    take_in(runtime, [hotline(1, 来电号码=PHONE)])
    merchant = session.scalars(select(Merchant).where(Merchant.organisation.has(code=CODE))).one()
    for case in session.scalars(select(Case).where(Case.merchant_id.is_(None))):
        page = officer.get(f"/regulator/triage/{case.reference}")
        officer.submit(f"/regulator/triage/{case.reference}", {"merchant": CODE}, page=page.request.path)
    session.expire_all()
    references = session.scalars(select(Case.reference).where(Case.merchant_id == merchant.id)).all()
    assert len(references) >= 4
    addresses = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/merchant/") and "GET" in (rule.methods or ()) and not rule.arguments
    ]
    addresses += [f"/merchant/cases/{one}" for one in references]
    assert len(addresses) > 8
    for address in addresses:
        text = agent.get(address).text
        assert not [word for word in TOLD if word in text], address


def test_only_officers_modules_know_of_hints():
    root = Path(__file__).parents[3] / "portal"
    knowing = set()
    for file in root.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == "portal.intake.hints":
                knowing.add(file.relative_to(root).as_posix())
    assert knowing == {"intake/triage.py", "intake/triage_case.py", "desk/officer_case.py"}
