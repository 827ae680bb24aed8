"""期限 on the authority's desk, and on the command line: read by all, set by the chief, from tomorrow at the earliest."""

import json
import re

import pytest
from click.testing import CliRunner

from portal.cli import portal
from portal.core.actor import Role
from tests.factories import people

pytestmark = pytest.mark.usefixtures("fresh_almanac")

PATH = "/regulator/limits"
ROW = {"code": "odr", "amount": "8", "first_on": "2026-08-17", "basis": "湖里区市监〔2026〕12 号"}


@pytest.fixture
def database():
    """The database does not matter to a page."""
    return "sqlite"


@pytest.fixture
def desks(session, client_for):
    district = people.authority(session)
    members = {role: people.member(session, district.id, role) for role in (Role.CHIEF, Role.OFFICER)}
    session.commit()
    return {role: client_for(member) for role, member in members.items()}


def row_of(page, title):
    return next(row for row in re.findall(r"<tr role=\"row\">.*?</tr>", page, re.DOTALL) if f"<b>{title}</b>" in row)


def test_an_officer_reads_what_holds_and_the_chief_sets_the_own(desks):
    officer, chief = desks[Role.OFFICER], desks[Role.CHIEF]
    page = officer.get(PATH).text
    assert "第十五条" in row_of(page, "受理决定")
    assert "10 个工作日" in row_of(page, "企业和解")
    assert "登记期限" not in page
    assert "登记期限" in chief.get(PATH).text
    assert chief.submit(PATH, ROW).status_code == 303
    page = officer.get(PATH).text
    coming = page[page.index("以后生效") :]
    assert "8 个工作日" in row_of(coming, "企业和解")
    assert "本单位" in row_of(coming, "企业和解")
    assert "湖里区市监〔2026〕12 号" in coming


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"first_on": "2026-08-12"}, "不能早于明天"),
        ({"amount": "八"}, "“八”不是数值"),
        ({"code": "code_threshold", "amount": "500.505"}, "不是数值"),
        ({"basis": ""}, "请写明依据"),
        ({"first_on": ""}, "请填写生效日期"),
    ],
)
def test_a_refused_limit_keeps_what_was_typed(desks, changes, words):
    answer = desks[Role.CHIEF].submit(PATH, ROW | changes)
    assert answer.status_code == 422
    assert words in answer.text
    assert (ROW | changes)["amount"] in answer.text


def test_money_is_typed_in_yuan(desks):
    chief = desks[Role.CHIEF]
    chief.submit(PATH, ROW | {"code": "code_threshold", "amount": "500"})
    assert "500.00 元" in chief.get(PATH).text


def test_the_command_line_sets_lists_and_explains_for_one_authority(tmp_path, monkeypatch):
    monkeypatch.setenv("PORTAL_DATA", str(tmp_path))

    def run(*arguments, code=0):
        done = CliRunner().invoke(portal, arguments)
        assert (done.exit_code == 0) is (code == 0), done.output
        return done

    tree = tmp_path / "tree.csv"
    tree.write_text("代码,名称,上级代码\n350206,厦门市湖里区市场监督管理局,\n", encoding="utf-8")
    run("db", "upgrade")
    run("authorities", "import", str(tree))
    run("limits", "set", "odr", "8", "--from", "2099-01-05", "--basis", "某局〔2098〕1 号", "--authority", "350206")
    own = ("--authority", "350206", "--json")
    [listed] = [
        one
        for one in json.loads(run("limits", "list", "--at", "2099-01-05", *own).output)["limits"]
        if one["limit"] == "odr"
    ]
    assert (listed["amount"], listed["basis"], listed["is_law"]) == (8, "某局〔2098〕1 号", False)
    assert json.loads(run("deadlines", "explain", "odr", "2099-01-05", *own).output)["due"] == "2099-01-15"
    assert json.loads(run("deadlines", "explain", "odr", "2099-01-05", "--json").output)["due"] == "2099-01-19"
    run("limits", "set", "odr", "--from", "2099-02-02", "--authority", "350206")
    assert json.loads(run("deadlines", "explain", "odr", "2099-02-02", *own).output)["due"] == "2099-02-16"
    for wrong in (
        ("limits", "set", "triage", "5", "--from", "2099-01-05", "--basis", "某局", "--authority", "350206"),
        ("limits", "set", "odr", "8", "--from", "2099-01-05", "--basis", "某局", "--authority", "999999"),
        ("limits", "set", "odr", "八", "--from", "2099-01-05", "--basis", "某局"),
        ("deadlines", "explain", "lunch", "2099-01-05"),
    ):
        run(*wrong, code=1)
