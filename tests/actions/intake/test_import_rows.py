"""What an import makes of rows that samples do not have: other orders, joining, changes, places, retention."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from portal.accounts.models import Organisation
from portal.cases.models import Case
from portal.cases.rules import CaseState, Channel
from portal.core.actor import OPERATOR
from portal.core.errors import NotFound, RuleBroken
from portal.core.facts import Fact, Topic
from portal.core.files import Damaged, get
from portal.core.privacy import vault_of
from portal.intake import jobs
from portal.intake.actions import RAW_FILE, StartImport, start_import
from portal.intake.commands import import_upload
from portal.intake.models import Filing, ImportRefusal, ImportRun, ImportState, Tip
from portal.intake.states import AdminState
from portal.intake.uploads import read_upload
from tests.factories.intake import HEADERS, complaint, sample_world, workbook

LOCAL = "100 本地市场监督管理机关"
TOTALS = ("created", "tips", "routed", "waiting", "merged", "repeated", "changed", "refused")


@pytest.fixture
def world(session):
    return sample_world(session)


@pytest.fixture
def take_in(runtime, world):
    def import_rows(rows, headers=HEADERS, authority=None, name="本周.xlsx", **changes):
        upload = read_upload(name, workbook(rows, headers), **changes)
        report = import_upload(runtime, upload, authority)
        return {key: report[key] for key in TOTALS if report[key]}

    return import_rows


def hotline(serial, **changes):
    row = complaint(serial)
    return {
        "工单编号": f"XM20260812{serial:05d}", "来电时间": "2026/08/12 17:59", "来电人": "李小明",
        "来电号码": row["联系电话"], "涉事主体": "厦门鹭岛建材市场", "诉求标题": "反映瓷砖问题", "诉求详情": "瓷砖色差，要求退货。",
        "诉求类型": "投诉", "承办单位": "湖里区市场监管局", "办结期限": "2026-08-19", **changes,
    }  # fmt: skip


HOTLINE = tuple(hotline(1))


def case_numbered(session, number):
    found = select(Case).join(Filing, Filing.case_id == Case.id).where(Filing.number == number)
    return session.scalars(found.execution_options(populate_existing=True)).one()


def test_other_orders_and_unknown_columns_make_no_difference(take_in, session):
    headers = [*HEADERS, "备注一", "流水"]
    random.Random(3).shuffle(headers)
    rows = [complaint(1, 备注一="来自大厅", 流水="0007")]
    assert take_in(rows, tuple(headers)) == {"created": 1, "routed": 1}
    filing = session.scalars(select(Filing)).one()
    session.refresh(filing, ["key"])
    extras = vault_of(session).open(filing.key, filing.extras_sealed, "filing.extras")
    assert "来自大厅" in extras
    assert "0007" in extras


def test_a_full_name_is_indexed_and_a_masked_one_is_not(take_in, session):
    take_in([complaint(1, 投诉人="买买提•吐尔逊"), complaint(2, 投诉人="李**"), complaint(3, 投诉人="李女士")])
    cases = session.scalars(select(Case).join(Filing, Filing.case_id == Case.id).order_by(Filing.row)).all()
    name = vault_of(session).blind("买买提·吐尔逊", "name")
    assert [case.name_index for case in cases] == [name, None, None]


def test_a_case_of_each_channel_has_the_clocks_of_its_channel(take_in, session):
    green = complaint(2, 分流情况="绿色通道企业")
    assert take_in([complaint(1), green, complaint(3, 分流情况=LOCAL)]) == {"created": 3, "routed": 2, "waiting": 1}
    rows = session.execute(select(Filing.channel, Filing.admin_state, Filing.decide_by).order_by(Filing.id)).all()
    assert [(channel, state) for channel, state, _ in rows] == [
        (Channel.REGULATOR, AdminState.RECEIVED),
        (Channel.GREEN, AdminState.NONE),
        (Channel.REGULATOR, AdminState.RECEIVED),
    ]
    assert rows[0].decide_by == datetime(2026, 8, 19, 16, tzinfo=UTC)  # 7 working days after 08-10, its last moment
    assert rows[1].decide_by is None
    routed, waiting = case_numbered(session, complaint(1)["登记编号"]), case_numbered(session, complaint(3)["登记编号"])
    assert routed.respond_by == datetime(2026, 8, 26, 16, tzinfo=UTC)  # 10 working days after 08-12
    assert waiting.due_at == rows[2].decide_by


def test_a_case_lies_with_the_office_below_the_files_authority(take_in, session):
    take_in([complaint(1), complaint(2, 处理部门="没有这个所"), complaint(3, 处理部门="")])
    names = select(Organisation.name).join(Case, Case.authority_id == Organisation.id).order_by(Case.id)
    district = "厦门市湖里区市场监督管理局"
    assert session.scalars(names).all() == ["江头市场监督管理所", district, district]
    assert all(one.startswith("HL2608-") for one in session.scalars(select(Case.reference)))


def test_the_hotlines_order_joins_and_keeps_its_own_number_and_clock(take_in, session):
    take_in([complaint(1, 登记时间="2026-08-10 09:30:00")])
    before = case_numbered(session, complaint(1)["登记编号"]).due_at
    assert take_in([hotline(1)], HOTLINE, name="热线.xlsx") == {"created": 1, "merged": 1}
    filings = session.scalars(select(Filing).order_by(Filing.id)).all()
    assert len({one.case_id for one in filings}) == 1
    assert [one.source for one in filings] == ["12315", "12345"]
    assert filings[1].decide_by
    assert case_numbered(session, filings[1].number).due_at == before  # the merchant's due date does not move
    told = session.scalars(select(Fact).where(Fact.topic == Topic.CASE_MERGED)).one()
    assert told.detail["number"] == filings[1].number


@pytest.mark.parametrize(
    ("changes", "totals"),
    [
        ({"来电号码": "13899990000"}, {"created": 1, "waiting": 1}),
        ({"来电号码": "138****0001"}, {"created": 1, "waiting": 1}),
        ({"来电时间": "2026/08/14 10:00"}, {"created": 1, "waiting": 1}),
        ({"涉事主体": "厦门海沧湾超市"}, {"created": 1, "waiting": 1}),
        ({"诉求类型": "举报"}, {"tips": 1}),
        ({"诉求详情": "瓷砖色差，要求退货，并要求查处。"}, {"created": 1, "waiting": 1}),
    ],
)
def test_what_does_not_fit_is_never_joined(take_in, changes, totals):
    take_in([complaint(1)])
    assert take_in([hotline(1, **changes)], HOTLINE, name="热线.xlsx") == totals


def test_a_closed_case_is_never_joined(take_in, session):
    take_in([complaint(1)])
    case = case_numbered(session, complaint(1)["登记编号"])
    case.state, case.is_open = CaseState.CLOSED_SETTLED, False
    session.commit()
    assert take_in([hotline(1)], HOTLINE, name="热线.xlsx") == {"created": 1, "waiting": 1}


def test_the_platforms_word_lifts_a_wait_for_it(take_in, session):
    assert take_in([hotline(1)], HOTLINE, name="热线.xlsx") == {"created": 1, "waiting": 1}
    assert take_in([complaint(1, 登记时间="2026-08-12 10:00:00")]) == {"created": 1, "merged": 1}
    assert session.scalars(select(Case.state)).all() == [CaseState.DISPATCHED]


def test_a_repeated_number_with_other_columns_updates_the_platforms_status(take_in, session):
    take_in([complaint(1), complaint(2), complaint(3, 类型="举报")])
    later = [complaint(1, 办理情况状态="已办结"), complaint(2), complaint(3, 类型="举报", 办理情况状态="已核查")]
    assert take_in(later, name="下周.xlsx") == {"repeated": 3, "changed": 2}
    assert session.scalars(select(Filing.platform_status).order_by(Filing.id)).all() == ["已办结", "处理中"]
    changed = session.scalars(select(Fact).where(Fact.topic == Topic.FILING_CHANGED)).one()
    assert (changed.detail["before"], changed.detail["status"]) == ("处理中", "已办结")
    assert take_in(later, name="下周.xlsx") == {"repeated": 3}


def test_a_given_platform_day_drives_the_warnings_and_an_inferred_one_only_informs(take_in, session):
    headers = (*HEADERS, "办结期限", "分流时间")
    rows = [
        complaint(1, 办结期限="2026-08-18"),
        complaint(2, 办结期限="2026-08-01"),
        complaint(3, 分流时间="2026-08-11 09:00:00"),
        complaint(4),
    ]
    take_in(rows, headers)
    cases = session.scalars(select(Case).order_by(Case.id)).all()
    assert [one.platform_due_inferred for one in cases] == [False, False, False, True]
    assert cases[0].due_at == datetime(2026, 8, 18, 16, tzinfo=UTC)
    assert cases[1].due_at == cases[1].respond_by  # already over: a backlog makes nobody late at the first tick
    assert cases[2].due_at == datetime(2026, 8, 25, 16, tzinfo=UTC)
    assert cases[3].due_at == cases[3].respond_by


def test_without_an_authority_the_file_is_refused(take_in, runtime):
    rows = [complaint(1, 处理机构="不知名的局", 处理部门="")]
    with pytest.raises(RuleBroken, match="处理机构"):
        take_in(rows)
    with pytest.raises(NotFound, match="999999"):
        take_in(rows, authority="999999")
    assert take_in(rows, authority="350206") == {"created": 1, "routed": 1}


def test_a_file_of_several_authorities_is_the_nearest_ones_above_them(take_in, session, world):
    other = Organisation(
        kind=world["350206"].kind, code="350203", name="厦门市思明区市场监督管理局", level="区",
        parent_id=world["350200"].id, prefix="SM",
    )  # fmt: skip
    session.add(other)
    session.flush()
    other.path = f"{world['350200'].path}{other.id}/"
    session.commit()
    take_in([complaint(1), complaint(2, 处理机构=other.name, 处理部门="")])
    assert session.scalars(select(ImportRun.authority_id)).one() == world["350200"].id
    assert session.scalars(select(Case.reference).order_by(Case.id)).all() == ["HL2608-0001", "SM2608-0001"]


def test_very_long_and_very_old_rows_are_taken(take_in, session):
    rows = [
        complaint(1, 诉求内容="很长的诉求。" * 5000, 登记时间="1995-01-01"),
        complaint(2, 登记时间="2099-01-01 10:00"),
    ]
    assert take_in(rows) == {"created": 2, "routed": 2}
    assert session.scalars(select(Filing.in_future).order_by(Filing.id)).all() == [False, True]


def test_raw_files_and_refused_rows_are_gone_seven_days_after_the_end(take_in, runtime, session, clock):
    take_in([complaint(1), complaint(2, 登记时间="")])
    run = session.scalars(select(ImportRun)).one()
    session.refresh(run, ["key"])
    assert run.state is ImportState.DONE
    address, key = run.stored_at, run.key
    assert get(session, key, address, RAW_FILE)
    clock.advance(days=6, hours=23)
    assert jobs.sweep_raw_imports(runtime).done == 0
    clock.advance(hours=2)
    assert jobs.sweep_raw_imports(runtime).done == 1
    assert jobs.sweep_raw_imports(runtime).done == 0
    session.expire_all()
    run = session.scalars(select(ImportRun)).one()
    session.refresh(run, ["key"])
    assert (run.stored_at, run.key.wrapped) == (None, None)
    assert session.scalars(select(ImportRefusal.cells_sealed)).all() == [None]
    with pytest.raises(Damaged):
        get(session, key, address, RAW_FILE)


def test_a_run_nobody_is_at_is_taken_up_by_the_schedule(runtime, session, world, clock):
    upload = read_upload("x.xlsx", workbook([complaint(1)]))
    run = runtime.perform(OPERATOR, start_import, StartImport(upload))
    assert jobs.continue_imports(runtime).done == 0  # somebody may just be about to
    clock.advance(minutes=2)
    assert jobs.continue_imports(runtime).done == 1
    session.expire_all()
    assert session.get_one(ImportRun, run.id).state is ImportState.DONE
    assert jobs.continue_imports(runtime).done == 0


def test_a_raw_file_that_is_gone_fails_the_run_in_words(runtime, session, world):
    upload = read_upload("x.xlsx", workbook([complaint(1)]))
    run = runtime.perform(OPERATOR, start_import, StartImport(upload))
    session.get_one(ImportRun, run.id).stored_at = "0" * 64
    session.commit()
    jobs.import_file(runtime, run_id=run.id)
    session.expire_all()
    failed = session.get_one(ImportRun, run.id)
    assert failed.state is ImportState.FAILED
    assert "重新上传" in failed.problem


def test_a_changed_map_starts_a_run_of_its_own(runtime, session, world):
    content = workbook([complaint(1)])
    first = runtime.perform(OPERATOR, start_import, StartImport(read_upload("x.xlsx", content)))
    mapped = read_upload("x.xlsx", content, toml='title = "接收方式"')
    second = runtime.perform(OPERATOR, start_import, StartImport(mapped))
    assert first.id != second.id
    session.expire_all()
    assert session.get_one(ImportRun, first.id).state is ImportState.FAILED


def test_times_are_told_within_the_day_of_the_import(take_in, session, clock):
    clock.advance(days=1)
    take_in([complaint(1), complaint(2, 类型="举报")])
    moments = {*session.scalars(select(Case.opened_at)), *session.scalars(select(Tip.created_at))}
    assert moments == {clock.now()}
    assert clock.now() - timedelta(days=1) < min(moments)


def test_a_change_is_told_on_the_case_and_marks_the_filing(take_in, session):
    take_in([complaint(1), complaint(2)])
    later = (*HEADERS, "办结期限")
    take_in([complaint(1, 办理情况状态="已分派", 办结期限="2026-08-20"), complaint(2)], later, name="下周.xlsx")
    case = case_numbered(session, complaint(1)["登记编号"])
    told = session.scalars(select(Fact).where(Fact.topic == Topic.CASE_PLATFORM_CHANGED)).one()
    assert told.subject_id == case.id
    assert told.detail == {
        "source": "12315", "number": complaint(1)["登记编号"], "before": "处理中", "status": "已分派", "due": "2026-08-20",
    }  # fmt: skip
    assert [one is not None for one in session.scalars(select(Filing.changed_at).order_by(Filing.row))] == [True, False]
    assert case.backfilled_at is None


def test_the_next_import_ticks_what_every_platform_has_closed(take_in, session, clock):
    take_in([complaint(1)])
    take_in([hotline(1)], HOTLINE, name="热线.xlsx")
    headers, closed = (*HOTLINE, "办理状态"), {"办理状态": "已办结"}
    take_in([hotline(1, **closed)], headers, name="早.xlsx")
    case = case_numbered(session, complaint(1)["登记编号"])
    assert case.backfilled_at is None  # it is still open here
    case.state, case.is_open = CaseState.CLOSED_SETTLED, False
    session.commit()
    clock.advance(days=1)
    take_in([complaint(1, 办理情况状态="待办结")], name="一.xlsx")
    assert case_numbered(session, complaint(1)["登记编号"]).backfilled_at is None
    take_in([complaint(1, 办理情况状态="已办结")], name="二.xlsx")
    assert case_numbered(session, complaint(1)["登记编号"]).backfilled_at == clock.now()
    assert session.scalars(select(Fact.detail).where(Fact.topic == Topic.CASE_BACKFILLED)).all() == [{"by": "import"}]
    take_in([complaint(1, 办理情况状态="已归档")], name="三.xlsx")
    assert len(session.scalars(select(Fact).where(Fact.topic == Topic.CASE_BACKFILLED)).all()) == 1
