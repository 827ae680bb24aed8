"""Directory lists of an authority: what a file brings, what a second run changes, what is told back."""

import csv
import io
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from portal.accounts.rules import normalised_company
from portal.commitments import actions
from portal.commitments.actions import EndPromise
from portal.commitments.jobs import look_after_promises
from portal.commitments.list_files import read_list, take_list
from portal.commitments.models import PromiseVersion, Promisor
from portal.commitments.queries import history_of, promisor_by_slug
from portal.commitments.rules import Origin, PromiseState
from portal.core.actor import Role
from portal.core.errors import NotAllowed, RuleBroken
from portal.core.facts import Fact, Topic
from portal.core.tables import UnreadableFile
from portal.enrolment.models import Outlet
from portal.enrolment.rules import slug_of
from tests.factories import people, promises
from tests.factories.promises import TODAY

SAMPLE = Path("tests/samples/promises.csv")
ENROLLED, CLOTHES, FOOD, SMALL = (
    "91350206MA0070000N",
    "92350206MA2XQ0001H",
    "92350206MA2XQ0002L",
    "92350206MA2XQ0003P",
)


class Office:
    """A district with an enrolled merchant of the file, and its officer."""

    def __init__(self, runtime, session):
        self.runtime = runtime
        self.cast = promises.cast(session)
        self.merchant = people.merchant(session, self.cast.district, "厦门鹭岛建材市场有限公司", code=ENROLLED)
        name = "鹭岛建材总店"
        session.add(Outlet(merchant_id=self.merchant.id, name=name, normalised=normalised_company(name), address=""))
        session.commit()

    def take(self, text=None, *, actor=None, code=None):
        stream = io.BytesIO(text.encode() if text else SAMPLE.read_bytes())
        return take_list(self.runtime, actor or self.cast.officer, code or self.cast.district.code, read_list(stream))

    def history(self, code):
        with self.runtime.reading() as session:
            promisor = promisor_by_slug(session, slug_of(code))
            return history_of(session, promisor.id) if promisor else ()

    def promisor(self, code):
        with self.runtime.reading() as session:
            return promisor_by_slug(session, slug_of(code))


@pytest.fixture
def office(runtime, session):
    return Office(runtime, session)


def changed(**cells):
    """The sample with other cells in the rows of one code: `code={heading: value}`."""
    lines = list(csv.reader(io.StringIO(SAMPLE.read_text("utf-8-sig"))))
    heading = lines[1]
    for line in lines[2:]:
        for name, value in cells.get(f"c{line[1][-5:]}", {}).items():
            line[heading.index(name)] = value
    out = io.StringIO()
    csv.writer(out).writerows(lines)
    return out.getvalue()


def test_a_list_becomes_promises_in_force(office):
    done = office.take()
    assert (done.read, done.created, done.changed, done.unchanged) == (10, 6, 0, 0)
    (terms,) = office.history(ENROLLED)
    assert (terms.state, terms.days, terms.first_on, terms.since_on) == (
        PromiseState.CURRENT,
        15,
        date(2026, 5, 1),
        date(2026, 5, 1),
    )
    assert [place.name for place in terms.places] == ["鹭岛建材总店", "鹭岛建材枋湖店"]
    assert [place.outlet_id is not None for place in terms.places] == [True, False]
    assert [(row.category, row.goods) for row in terms.scopes] == [("building", ("瓷砖", "地板"))]
    assert office.promisor(ENROLLED).merchant_id == office.merchant.id


def test_words_of_exception_become_an_exclusion_and_goods_keep_their_own_days(office):
    office.take()
    (clothes,) = office.history(CLOTHES)
    assert [row.category for row in clothes.scopes] == ["clothing", "daily"]
    assert [row.text for row in clothes.exclusions] == ["除贴身内衣外的全部商品"]
    assert [place.name for place in clothes.places] == ["湖里区阿梅服装店"]
    (small,) = office.history(SMALL)
    assert [(row.goods, row.days) for row in small.scopes] == [(("电风扇",), None), (("电饭煲",), 30)]
    assert small.days == 10


def test_neither_names_nor_mobile_numbers_of_people_are_kept(office):
    office.take()
    assert office.promisor(CLOTHES).phone == ""
    assert office.promisor(FOOD).phone == "0592-5500003"


def test_each_refused_row_is_told_by_line_and_reason(office):
    problems = {one.line: one.text for one in office.take().problems}
    assert list(problems) == [9, 10, 11, 12]
    assert "校验码" in problems[9]
    assert "少于 7 天" in problems[10]
    assert "第 12 行有误" in problems[11]
    assert "古玩类" in problems[12]


def test_a_second_run_changes_nothing(office):
    office.take()
    with office.runtime.reading() as session:
        facts = session.scalars(select(func.count()).select_from(Fact)).one()
    again = office.take()
    assert (again.created, again.changed, again.unchanged, len(again.problems)) == (0, 0, 6, 4)
    with office.runtime.reading() as session:
        assert session.scalars(select(func.count()).select_from(Fact)).one() == facts


def test_a_changed_row_makes_a_new_version_and_the_old_one_keeps_its_purchases(office, clock):
    office.take()
    text = changed(c0002L={"退货期限(天)": "15"})
    done = office.take(text)
    assert (done.changed, done.unchanged) == (1, 5)
    assert [terms.days for terms in office.history(FOOD)] == [7]
    clock.advance(days=1)
    look_after_promises(office.runtime)
    first, second = office.history(FOOD)
    assert (first.state, first.days, first.last_on) == (PromiseState.REPLACED, 7, TODAY)
    assert (second.days, second.first_on, second.since_on) == (15, TODAY + timedelta(days=1), date(2026, 6, 9))
    assert office.take(text).changed == 0


def test_a_change_that_has_not_begun_may_still_be_put_right(office):
    office.take()
    for days in ("15", "20"):
        corrected = changed(c0002L={"退货期限(天)": days})
        assert office.take(corrected).changed == 1
        assert office.take(corrected).changed == 0
    with office.runtime.reading() as session:
        coming = session.scalars(select(PromiseVersion).where(PromiseVersion.state == PromiseState.PASSED)).one()
    assert (coming.days, coming.first_on) == (20, TODAY + timedelta(days=1))


def test_a_list_may_say_until_when_its_promises_are_valid(office, clock):
    text = SAMPLE.read_text("utf-8-sig").replace("企业申请日期", "企业申请日期,有效止")
    text = text.replace("2026年6月9日", "2026年6月9日,2026-10-31")
    office.take(text)
    assert office.history(FOOD)[0].expires_on == date(2026, 10, 31)
    assert office.take(text).changed == 0
    longer = text.replace("2026-10-31", "2026-12-31")
    assert office.take(longer).changed == 1
    clock.advance(days=1)
    look_after_promises(office.runtime)
    assert office.history(FOOD)[-1].expires_on == date(2026, 12, 31)
    assert office.take(longer).changed == 0


def test_a_firm_that_promises_again_after_its_end_begins_anew(office):
    office.take()
    with office.runtime.writing() as session:
        version = session.scalars(
            select(PromiseVersion).join(PromiseVersion.promisor).where(Promisor.code == FOOD)
        ).one()
        version.state, version.last_on = PromiseState.ENDED, date(2026, 7, 1)
        session.commit()
    assert office.take(changed(c0002L={"企业申请日期": "2026-08-01"})).changed == 1
    assert [(row.state, row.since_on) for row in office.history(FOOD)] == [
        (PromiseState.ENDED, date(2026, 6, 9)),
        (PromiseState.CURRENT, date(2026, 8, 1)),
    ]


def test_a_promise_that_its_merchant_is_writing_goes_before_the_list(office):
    with office.runtime.writing() as session:
        promises.promise(session, session.merge(office.merchant), state=PromiseState.DRAFT)
        session.commit()
    assert "正在办理的承诺" in office.take().problems[0].text


def test_a_list_that_says_what_the_merchant_promised_itself_changes_nothing(office):
    with office.runtime.writing() as session:
        promises.promise(session, session.merge(office.merchant), days=15)
        session.commit()
    done = office.take()
    assert (done.unchanged, len(done.problems)) == (2, 4)


def test_an_enrolled_firm_without_a_promise_gets_the_lists(office):
    with office.runtime.writing() as session:
        promises.promisor_for(session, session.merge(office.merchant), now=promises.NOW)
        session.commit()
    assert office.take().created == 6
    assert [terms.days for terms in office.history(ENROLLED)] == [15]


def test_a_changed_name_is_no_new_promise(office):
    office.take()
    assert office.take(changed(c0002L={"注册名称": "湖里区好味道食品店"})).changed == 1
    assert office.promisor(FOOD).name == "湖里区好味道食品店"
    assert len(office.history(FOOD)) == 1
    with office.runtime.reading() as session:
        assert session.scalars(select(Fact).where(Fact.topic == Topic.PROMISOR_CHANGED)).one()


def test_a_list_does_not_bring_back_what_has_ended(office):
    office.take()
    with office.runtime.writing() as session:
        head = people.actor(session, people.member(session, office.merchant.id, Role.PRINCIPAL))
        session.commit()
    (terms,) = office.history(ENROLLED)
    office.runtime.perform(head, actions.end_promise, EndPromise(terms.reference, "停业", TODAY))
    again = office.take()
    assert "已于 2026-08-12 结束" in again.problems[0].text
    assert [terms.state for terms in office.history(ENROLLED)] == [PromiseState.ENDED]


def test_a_merchants_own_promise_is_not_overwritten(office):
    with office.runtime.writing() as session:
        promises.promise(session, session.merge(office.merchant), days=30)
        session.commit()
    assert "自己提交的第 1 版承诺（30 天）" in office.take().problems[0].text
    assert [terms.days for terms in office.history(ENROLLED)] == [30]


@pytest.mark.parametrize(("level", "origin"), [("市", Origin.CITY), ("区", Origin.DISTRICT)])
def test_the_level_of_the_authority_is_the_origin(office, session, level, origin):
    office.cast.city.level = level
    session.commit()
    office.take(actor=office.cast.city_officer, code=office.cast.city.code)
    assert set(session.scalars(select(PromiseVersion.origin))) == {origin}


def test_nobody_imports_for_another_authority(office):
    with pytest.raises(NotAllowed):
        office.take(code=office.cast.city.code)
    with pytest.raises(NotAllowed):
        office.take(actor=office.cast.principal)
    with pytest.raises(RuleBroken, match="没有代码"):
        office.take(code="NOSUCH")


def test_a_firm_of_another_district_is_left_to_it(office, session):
    office.take()
    elsewhere = people.authority(session, "厦门市思明区市场监督管理局", parent=office.cast.city)
    officer = people.actor(session, people.member(session, elsewhere.id, Role.OFFICER))
    session.commit()
    done = office.take(actor=officer, code=elsewhere.code)
    assert (done.created, done.unchanged) == (0, 0)
    assert "别的监管部门" in done.problems[0].text
    assert session.scalars(select(func.count()).select_from(Promisor)).one() == 4


def test_a_file_without_the_templates_columns_says_which_is_missing(office):
    with pytest.raises(UnreadableFile, match="信用代码"):
        office.take("注册名称,门店名称,退货期限(天)\n某店,某店,7\n")
