"""Importing staff in a browser without script: check first, then add, the first passwords shown once."""

import html
import io
import re

import openpyxl
import pytest
from sqlalchemy import select

from portal.accounts import passwords
from portal.accounts.models import Person
from portal.core.actor import Role
from tests.factories import people

PAGE = "/staff/import"
TABLE = "姓名,登录名,岗位\n陈一,chenyi,客服\n王二,wang er,客服\n"


@pytest.fixture
def merchant(session):
    return people.merchant(session, people.authority(session))


@pytest.fixture
def principal(session, merchant, client_for):
    membership = people.member(session, merchant.id, Role.PRINCIPAL)
    session.commit()
    return client_for(membership)


def checked(client, text=TABLE):
    return client.submit(f"{PAGE}/check", {"file": (io.BytesIO(text.encode()), "人员.csv")}, page=PAGE)


def rows_of(answer):
    return html.unescape(re.search(r'name="rows" value="([^"]*)"', answer.text).group(1))


def test_a_file_is_checked_then_added_and_passwords_shown_once(principal, session):
    preview = checked(principal)
    assert "新增 1 人，已有 0 人，有错 1 行" in preview.text
    assert session.scalars(select(Person).where(Person.sign_in_name == "chenyi")).first() is None
    done = principal.submit(PAGE, {"rows": rows_of(preview)}, page=PAGE)
    assert done.headers["Cache-Control"] == "no-store"
    shown = re.search(r"<code>([a-z0-9-]{19})</code>", done.text).group(1)
    session.expire_all()
    person = session.scalars(select(Person).where(Person.sign_in_name == "chenyi")).one()
    assert passwords.matches(person.password_hash, shown)
    assert "第 3 行" in done.text
    again = principal.submit(PAGE, {"rows": rows_of(preview)}, page=PAGE)
    assert "<code>" not in again.text
    assert "1 人已经是本单位人员" in again.text
    assert shown not in principal.get("/staff").text


def test_a_wrong_file_is_told_at_its_field(principal):
    answer = checked(principal, "甲,乙\n1,2\n")
    assert answer.status_code == 422
    assert "表格缺少必需的列" in answer.text
    assert principal.submit(f"{PAGE}/check", {}, page=PAGE).status_code == 422
    assert principal.submit(PAGE, {"rows": "[1]"}, page=PAGE).status_code == 422


def test_the_template_can_be_filled_in(principal):
    sheet = openpyxl.load_workbook(io.BytesIO(principal.get(f"{PAGE}/template").data)).active
    assert [cell.value for cell in sheet[1]] == ["姓名", "登录名", "岗位"]
    assert [sheet.cell(line, 3).value for line in (2, 3, 4)] == ["客服", "部门负责人", "企业负责人"]


def test_whoever_manages_nobody_imports_nobody(session, merchant, client_for):
    supervisor = client_for(people.member(session, merchant.id, Role.SUPERVISOR))
    session.commit()
    assert supervisor.get(PAGE).status_code == 403
    assert "从表格导入" not in supervisor.get("/staff").text
