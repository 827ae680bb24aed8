"""Staff from a file: what each row comes to, the good ones added, the same file again changing nothing."""

import io

import pytest
from sqlalchemy import func, select

from portal.accounts import passwords
from portal.accounts.importing import ImportStaff, Password, StaffRow, Verdict, import_staff, judge, read_staff
from portal.accounts.models import Membership, Organisation, Person
from portal.core.actor import Role
from portal.core.errors import NotAllowed, RuleBroken
from portal.core.facts import Fact, Topic
from portal.core.tables import UnreadableFile
from tests.conftest import NOW
from tests.factories import people


@pytest.fixture
def merchant(session):
    return people.merchant(session, people.authority(session))


@pytest.fixture
def principal(session, merchant):
    return people.actor(session, people.member(session, merchant.id, Role.PRINCIPAL))


def row(line, name, sign_in, role="客服"):
    return StaffRow(line, name, sign_in, role)


def imported(session, actor, merchant, *rows):
    secrets = {one.sign_in_name.lower(): Password("kqwe-2345-asdf-8765", people.QUICK_HASH) for one in rows}
    code = session.get_one(Organisation, merchant.id).code
    return import_staff(session, actor, ImportStaff(code, rows, secrets), now=NOW)


def test_good_rows_are_added_and_faulty_ones_told(session, merchant, principal):
    taken = people.member(session, people.merchant(session, people.authority(session)).id)
    colleague = people.member(session, merchant.id)
    outcome = imported(
        session,
        principal,
        merchant,
        row(2, "陈一", "ChenYi"),
        row(3, "王二", "wanger", "部门负责人"),
        row(4, "王二", "WangEr"),
        row(5, "李三", taken.person.sign_in_name),
        row(6, "林四", colleague.person.sign_in_name, "企业负责人"),
        row(7, "", "nobody"),
        row(8, "赵五", "zhao wu"),
        row(9, "钱六", "qianliu", "经办人员"),
    )
    verdicts = {one.row.line: (one.verdict, one.note) for one in outcome.judged}
    assert [one.row.line for one, _plain in outcome.added] == [2, 3]
    assert verdicts[4][1] == "登录名 wanger 在第 3 行已经出现过。"
    assert "已经有人使用" in verdicts[5][1]
    assert verdicts[6][0] is Verdict.SAME
    assert "姓名应有" in verdicts[7][1]
    assert "不能有空格" in verdicts[8][1]
    assert "可用的岗位：客服、部门负责人、企业负责人" in verdicts[9][1]
    added = session.scalars(select(Person).where(Person.sign_in_name == "chenyi")).one()
    assert added.must_change_password
    assert session.scalars(select(Membership.role).where(Membership.person_id == added.id)).one() is Role.AGENT
    unchanged = session.scalars(select(Membership.role).where(Membership.id == colleague.id)).one()
    assert unchanged is Role.AGENT
    told = session.scalars(select(func.count()).where(Fact.topic == Topic.PERSON_ADDED)).one()
    assert told == 2


def test_the_same_file_again_changes_nothing(session, merchant, principal):
    rows = (row(2, "陈一", "chenyi"), row(3, "王二", "wanger"))
    imported(session, principal, merchant, *rows)
    before = session.scalars(select(Person.password_hash).order_by(Person.id)).all()
    again = imported(session, principal, merchant, *rows)
    assert again.added == ()
    assert {one.verdict for one in again.judged} == {Verdict.SAME}
    assert session.scalars(select(Person.password_hash).order_by(Person.id)).all() == before


def test_only_whoever_manages_people_imports_some(session, merchant):
    organisation = session.get_one(Organisation, merchant.id)
    for role in (Role.AGENT, Role.SUPERVISOR):
        actor = people.actor(session, people.member(session, merchant.id, role))
        with pytest.raises(NotAllowed):
            judge(session, actor, organisation, [row(2, "陈一", "chenyi")])


def test_a_chief_imports_officers_but_no_administrator(session):
    district = people.authority(session)
    chief = people.actor(session, people.member(session, district.id, Role.CHIEF))
    judged = judge(
        session, chief, district, [row(2, "陈一", "cheny", "经办人员"), row(3, "王二", "wange", "系统管理员")]
    )
    assert [one.verdict for one in judged] == [Verdict.NEW, Verdict.FAULTY]


def test_a_table_is_read_whatever_the_order_of_its_columns():
    text = "岗位,登录名,姓名,备注\n客服,chenyi,陈一,新人\n"
    assert read_staff(io.BytesIO(text.encode())) == (StaffRow(2, "陈一", "chenyi", "客服"),)


def test_what_is_no_table_of_people_is_refused():
    with pytest.raises(UnreadableFile, match="岗位"):
        read_staff(io.BytesIO("姓名,登录名\n陈一,chenyi\n".encode()))
    with pytest.raises(RuleBroken, match="没有内容"):
        read_staff(io.BytesIO("姓名,登录名,岗位\n".encode()))
    many = "姓名,登录名,岗位\n" + "".join(f"某人,name{one},客服\n" for one in range(201))
    with pytest.raises(RuleBroken, match="一次最多导入 200 人"):
        read_staff(io.BytesIO(many.encode()))


def test_generated_passwords_are_good_ones():
    assert passwords.objection_to_password(passwords.generated_password(), sign_in_name="chenyi") is None
