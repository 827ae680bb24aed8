"""Limits set from a day on: for everyone by the operator, for one authority by its chief; what has begun stays."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from portal.cases import steps
from portal.cases.rules import CaseState
from portal.clocks.queries import read_almanac
from portal.clocks.rules import SHANGHAI, Setting, due_day
from portal.clocks.setting import SetLimit, set_limit
from portal.core.actor import OPERATOR, SYSTEM, Role
from portal.core.errors import NotAllowed, RuleBroken
from portal.core.facts import Fact, Topic
from tests.conftest import NOW
from tests.factories import disputes, people

pytestmark = pytest.mark.usefixtures("fresh_almanac")

TODAY = date(2026, 8, 12)  # of NOW, a Wednesday
MONDAY = date(2026, 8, 17)
BASIS = "湖里区市监〔2026〕12 号"


@pytest.fixture
def district(session):
    return people.authority(session)


@pytest.fixture
def chief(session, district):
    return people.actor(session, people.member(session, district.id, Role.CHIEF))


def eight_days(district, first_on=MONDAY, amount=8, code="odr", basis=BASIS):
    return SetLimit(Setting(code, amount, first_on, basis), district.id if district else None)


def ladder(session, authority):
    return steps.authorities_upwards(session, authority.id)


def nine(day):
    return datetime(day.year, day.month, day.day, 9, tzinfo=SHANGHAI).astimezone(UTC)


def dispatched(session, authority, merchant, on):
    case = disputes.case(session, authority, state=CaseState.WAITING, registered_at=nine(on), now=nine(on))
    steps.dispatch(session, SYSTEM, case, merchant.id, now=nine(on))
    return case


def test_a_merchant_has_the_days_that_its_authority_set_from_their_first_day_on(session, district, chief):
    office = people.authority(session, "江头市场监督管理所", parent=district)
    other = people.authority(session, "厦门市思明区市场监督管理局", prefix="SM")
    merchant = people.merchant(session, district)
    set_limit(session, chief, eight_days(district), now=NOW)
    before = dispatched(session, district, merchant, date(2026, 8, 14))
    after = dispatched(session, district, merchant, MONDAY)
    below = dispatched(session, office, merchant, MONDAY)
    elsewhere = dispatched(session, other, merchant, MONDAY)
    assert due_day(before.respond_by) == date(2026, 8, 28)  # ten working days
    assert due_day(after.respond_by) == due_day(below.respond_by) == date(2026, 8, 27)  # eight
    assert due_day(elsewhere.respond_by) == date(2026, 8, 31)
    [fact] = session.scalars(select(Fact).where(Fact.topic == Topic.LIMIT_SET)).all()
    assert fact.detail == {"limit": "odr", "amount": 8, "first_on": "2026-08-17"}


def test_a_later_row_ends_the_former_and_what_was_planned_behind_it_falls(session, district, chief):
    for first_on, amount in ((MONDAY, 8), (date(2026, 10, 12), 6), (date(2026, 9, 14), 7)):
        set_limit(session, chief, eight_days(district, first_on, amount), now=NOW)
    book = read_almanac(session)
    assert [(row.amount, row.valid_from, row.valid_to) for row in book.own[district.id]] == [
        (8, MONDAY, date(2026, 9, 13)),
        (7, date(2026, 9, 14), None),
    ]


def test_an_authority_follows_the_general_row_again(session, district, chief):
    set_limit(session, chief, eight_days(district), now=NOW)
    assert set_limit(session, chief, eight_days(district, date(2026, 9, 1), None, basis=""), now=NOW) is None
    book, upwards = read_almanac(session), ladder(session, district)
    assert book.amount("odr", date(2026, 8, 31), upwards) == 8
    assert book.amount("odr", date(2026, 9, 1), upwards) == 10


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"first_on": TODAY}, "first_on", "不能早于明天"),
        ({"code": "triage"}, "code", "由法规规定"),
        ({"code": "ledger_kept"}, "code", "全平台统一"),
        ({"code": "lunch"}, "code", "没有“lunch”"),
        ({"amount": 0}, "amount", "1 到 250 个工作日"),
        ({"amount": 251}, "amount", "1 到 250 个工作日"),
        ({"code": "callback_share", "amount": 101}, "amount", "0 到 100 %"),
        ({"basis": ""}, "basis", "依据"),
    ],
)
def test_what_an_authority_may_not_set_is_refused(session, district, chief, changes, field, words):
    with pytest.raises(RuleBroken, match=words) as refused:
        set_limit(session, chief, eight_days(district, **changes), now=NOW)
    assert refused.value.field == field


@pytest.mark.parametrize("role", [Role.OFFICER, Role.AUDITOR])
def test_only_the_chief_sets_and_only_the_own_authority(session, district, chief, role):
    office = people.authority(session, "江头市场监督管理所", parent=district)
    officer = people.actor(session, people.member(session, district.id, role))
    for actor, whose in ((officer, district), (chief, office), (chief, None)):
        with pytest.raises(NotAllowed):
            set_limit(session, actor, eight_days(whose), now=NOW)


def test_the_operator_enters_a_new_law_and_the_old_one_holds_until_its_eve(session, district):
    law = Setting("triage", 5, date(2027, 1, 1), "某新办法", "第九条")
    set_limit(session, OPERATOR, SetLimit(law, None, is_law=True), now=NOW)
    book, upwards = read_almanac(session), ladder(session, district)
    assert [book.amount("triage", day, upwards) for day in (date(2026, 12, 31), date(2027, 1, 1))] == [7, 5]
    held = book.limits_in_force("triage", date(2027, 1, 1) + timedelta(days=400), upwards)
    assert [row.source for row in held] == ["某新办法第九条"]


def test_a_general_limit_is_never_taken_away(session):
    with pytest.raises(RuleBroken, match="不能取消"):
        set_limit(session, OPERATOR, eight_days(None, amount=None), now=NOW)
