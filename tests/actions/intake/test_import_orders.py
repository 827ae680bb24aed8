"""Files of two channels give the same cases in whichever order they are imported."""

import json

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from portal.accounts.models import Organisation
from portal.cases.models import Case
from portal.core import search
from portal.core.actor import OPERATOR
from portal.core.facts import Fact, Topic
from portal.core.privacy import vault_of
from portal.intake.commands import import_upload, read_file
from portal.intake.dispatching import RouteCase, route_case
from portal.intake.models import Filing, Tip
from portal.intake.uploads import read_upload
from tests.factories.intake import HEADERS, SAMPLES, complaint, sample_world, workbook

NATIONAL, HOTLINE = "12315-export.xlsx", "12345-export.csv"
TOTALS = ("read", "created", "tips", "merged", "repeated", "changed", "refused")
ALIKE = (
    "channel", "source", "state", "turn", "is_open", "wait_reason", "headline", "goods", "problem", "demands",
    "sold_by", "amount", "purchased_on", "consumer_mask", "name_index", "phone_mask", "phone_source", "phone_index",
    "registered_at", "opened_at", "dispatched_at", "respond_by", "contact_by", "due_at", "next_action_at",
    "platform_due_on", "platform_due_inferred",
)  # fmt: skip
LOCAL = "100 本地市场监督管理机关"


@pytest.fixture
def world(session):
    return sample_world(session)


def imported(runtime, name):
    return import_upload(runtime, read_file(SAMPLES / name, None, None), None)


def cases_of(session):
    """Each case by the numbers of its filings, without keys, references and order: what people would call the same."""
    session.expire_all()
    names = dict(session.execute(select(Organisation.id, Organisation.name)).all())
    numbers: dict[int, set[str]] = {}
    for case_id, source, number in session.execute(select(Filing.case_id, Filing.source, Filing.number)):
        numbers.setdefault(case_id, set()).add(f"{source} {number}")
    found = {}
    for case in session.scalars(select(Case).options(selectinload(Case.key))):
        said = {name: getattr(case, name) for name in ALIKE}
        said["merchant"], said["authority"] = names.get(case.merchant_id), names[case.authority_id]
        said["suggested"] = sorted(names[key] for key in case.candidates["merchants"])
        said["phone"] = vault_of(session).open(case.key, case.phone_sealed, "case.phone") if case.phone_sealed else None
        found[frozenset(numbers[case.id])] = said
    return found


def register_of(session):
    tips = select(Tip.number, Tip.headline, Tip.company_name, Tip.registered_at)
    filings = select(
        Filing.number, Filing.admin_state, Filing.decide_by, Filing.platform_due_on, Filing.company_name,
        Filing.dispatch_label, Filing.authority_id,
    )  # fmt: skip
    return sorted(map(tuple, session.execute(tips))), sorted(map(str, session.execute(filings)))


def test_the_samples_give_the_same_cases_in_either_order(runtime, session, world):
    """Say what must differ: as much as follows from something having come first.

    Running numbers (references follow the order of storing), which key sealed what, how many of a file opened, waited
    or joined (the merged count falls to the file that comes second), and the facts a case is told by. Nothing else.
    """
    untouched = runtime.connection.begin_nested()
    forth = [imported(runtime, name) for name in (NATIONAL, HOTLINE)]
    cases, register = cases_of(session), register_of(session)
    session.rollback()
    untouched.rollback()
    assert not session.scalar(select(func.count()).select_from(Case))
    back = [imported(runtime, name) for name in (HOTLINE, NATIONAL)]
    assert {name: sum(one[name] for one in back) for name in TOTALS} == {
        name: sum(one[name] for one in forth) for name in TOTALS
    }
    assert [one["merged"] for one in (*forth, *back)] == [0, 20, 0, 20]
    assert json.dumps([forth[0]["refusals"]]) == json.dumps([back[1]["refusals"]])
    again = cases_of(session)
    assert again.keys() == cases.keys()
    assert sum(len(numbers) == 2 for numbers in again) == 20
    assert {numbers: said for numbers, said in again.items() if said != cases[numbers]} == {}
    assert register_of(session) == register


def hotline(serial, **changes):
    return {
        "工单编号": f"XM20260812{serial:05d}", "来电时间": "2026/08/11 17:59", "来电人": "李小明",
        "来电号码": complaint(serial)["联系电话"], "涉事主体": "厦门鹭岛建材市场", "诉求标题": "反映瓷砖问题",
        "诉求详情": "瓷砖色差，要求退货。", "诉求类型": "投诉", "承办单位": "湖里区市场监管局", "办结期限": "2026-08-19", **changes,
    }  # fmt: skip


PAIRS = {
    "dispatched": ([complaint(1)], [hotline(1)], 1),
    "green": ([complaint(1, 分流情况="绿色通道企业")], [hotline(1)], 1),
    "both wait": ([complaint(1, 分流情况=LOCAL)], [hotline(1)], 1),
    "hotline first": ([complaint(1, 分流情况=LOCAL, 登记时间="2026-08-12 08:00:00")], [hotline(1)], 1),
    "masked name": ([complaint(1, 投诉人="*****")], [hotline(1)], 1),
    "suspected tip": ([complaint(1)], [hotline(1, 诉求详情="瓷砖色差，要求查处。")], 0),
    "suspected on the platform": ([complaint(1, 诉求内容="瓷砖色差，请查处。")], [hotline(1)], 0),
    "another office": ([complaint(1, 分流情况=LOCAL, 处理部门="殿前市场监督管理所")], [hotline(1)], 1),
    "nearest of two": (
        [complaint(1, 登记时间="2026-08-10 09:30:00"), complaint(2, 联系电话=complaint(1)["联系电话"], 登记时间="2026-08-11 12:00:00")],
        [hotline(1)],
        1,
    ),
    "two of each": (
        [complaint(1, 登记时间="2026-08-10 09:30:00"), complaint(2, 联系电话=complaint(1)["联系电话"], 登记时间="2026-08-11 12:00:00")],
        [hotline(1), hotline(1, 工单编号="XM2", 来电时间="2026/08/10 20:00")],
        2,
    ),
}  # fmt: skip


def take_in(runtime, rows):
    headers = HEADERS if "登记编号" in rows[0] else tuple(rows[0])
    return import_upload(runtime, read_upload("x.xlsx", workbook(rows, headers)), None)["merged"]


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize("name", list(PAIRS))
def test_two_rows_make_the_same_cases_in_either_order(runtime, session, world, name):
    national, hotlines, merged = PAIRS[name]
    outcomes = []
    for rows in ((national, hotlines), (hotlines, national), (hotlines[::-1], national[::-1])):
        untouched = runtime.connection.begin_nested()
        assert sum(take_in(runtime, some) for some in rows) == merged
        outcomes.append(cases_of(session))
        session.rollback()
        untouched.rollback()
    assert outcomes[0] == outcomes[1] == outcomes[2]


@pytest.mark.parametrize("database", ["sqlite"])
def test_once_dispatched_only_the_words_still_change(runtime, session, world):
    """Say what must differ where an officer dispatched the hotline's order before the platform's export came.

    The merchant's due date, the channel and the authority stay as they were given (decisions 9); what is said grows.
    """
    take_in(runtime, [hotline(1)])
    case = session.scalars(select(Case)).one()
    merchant = session.scalars(select(Organisation).where(Organisation.name.contains("鹭岛建材"))).one()
    runtime.perform(OPERATOR, route_case, RouteCase(case.reference, merchant.code))
    session.expire_all()
    before = {name: getattr(session.get_one(Case, case.id), name) for name in ALIKE}
    assert take_in(runtime, [complaint(1, 分流情况="绿色通道企业")]) == 1
    session.expire_all()
    after = {name: getattr(session.get_one(Case, case.id), name) for name in ALIKE}
    changed = {name for name in ALIKE if after[name] != before[name]}
    assert changed == {"headline", "goods", "problem", "demands", "amount", "registered_at"}
    assert session.scalars(select(Fact.topic).where(Fact.subject_id == case.id).order_by(Fact.id)).all()[-1] == (
        Topic.CASE_MERGED
    )


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_joined_case_is_found_by_the_words_of_both(runtime, session, world):
    take_in(runtime, [hotline(1, 诉求详情="瓷砖色差，要求退货，电话里说过三次。")])
    take_in(runtime, [complaint(1)])
    scope = search.authority_scope(world["350206"].id)
    for words in ("说过三次", "色差明显"):
        found = search.matches(session, search.CASE_SEARCH, Case.id.expression, words, scope)
        assert len(session.scalars(select(Case.id).where(found)).all()) == 1
