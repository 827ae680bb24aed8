"""Headers in any order and wording, and a row's one reason to be refused."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.intake import rules
from portal.intake.rules import ColumnMap, Demand, Diversion, Field, Flag, ParsedRow, Refusal, RefusalCode, Row, Source
from portal.intake.rules.words import demands_in, diversion_of, kind_of

NOW = datetime(2026, 8, 12, tzinfo=UTC)
HEADERS = (
    "登记编号",
    "类型",
    "登记时间",
    "诉求内容",
    "企业名称",
    "统一社会信用代码",
    "联系电话",
    "消费金额(单位:元)",
    "购买日期",
    "备注",
)
GOOD = {
    "登记编号": "3502060000000020260607404",
    "类型": "投诉",
    "登记时间": "2026-06-07 19:17:24",
    "诉求内容": "买的鞋开胶，要求退款并赔偿损失。",
    "企业名称": "厦门五缘百货有限公司",
    "统一社会信用代码": "91350206MA0070002W",
    "联系电话": "15909375836",
    "消费金额(单位:元)": 19.9,
    "购买日期": "2026/05/24",
}


def read(headers=HEADERS, **changed):
    columns = rules.match_header(Row(1, tuple(headers)))
    cells = GOOD | changed
    return rules.parse_row(Row(2, tuple(cells.get(h) for h in headers)), columns, source=Source.NATIONAL, now=NOW)


def test_a_good_row_is_read_whole():
    parsed = read(备注="加急")
    assert isinstance(parsed, ParsedRow)
    assert (parsed.line, parsed.number) == (2, "3502060000000020260607404")
    assert parsed.registered_at == datetime(2026, 6, 7, 11, 17, 24, tzinfo=UTC)
    assert (parsed.amount, parsed.purchased_on, parsed.in_future) == (1990, date(2026, 5, 24), False)
    assert parsed.demands == (Demand.REFUND, Demand.COMPENSATION)
    assert (parsed.extras, parsed.masked, parsed.flags) == ({"备注": "加急"}, frozenset(), frozenset())


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"登记编号": ""}, RefusalCode.NUMBER_MISSING),
        ({"登记编号": "*****"}, RefusalCode.NUMBER_MISSING),
        ({"登记编号": "1" * 33}, RefusalCode.NUMBER_INVALID),
        ({"类型": "咨询"}, RefusalCode.TYPE_UNKNOWN),
        ({"类型": ""}, RefusalCode.TYPE_UNKNOWN),
        ({"登记时间": "2026年13月45日"}, RefusalCode.TIME_INVALID),
        ({"登记时间": None}, RefusalCode.TIME_INVALID),
        ({"诉求内容": " 　"}, RefusalCode.TEXT_MISSING),
        ({"诉求内容": "****"}, RefusalCode.TEXT_MISSING),
        ({"企业名称": ""}, RefusalCode.COMPANY_MISSING),
    ],
)
def test_a_fault_refuses_the_row_with_its_code(changed, code):
    refusal = read(**changed)
    assert isinstance(refusal, Refusal)
    assert refusal.code is code
    assert refusal.sentence.endswith("。")


def test_of_several_faults_the_first_in_order_is_reported():
    blank = {"登记编号": "", "类型": "", "登记时间": "", "诉求内容": "", "企业名称": ""}
    mends = {"登记编号": "1" * 40, **{key: GOOD[key] for key in ("登记编号", "类型", "登记时间", "诉求内容")}}
    codes = [read(**blank).code]
    blank["登记编号"] = "1" * 40
    codes.append(read(**blank).code)
    for key, value in mends.items():
        blank[key] = value
        codes.append(read(**blank).code)
    assert codes == list(RefusalCode)


def test_a_time_to_come_is_accepted_and_marked():
    assert read(登记时间="2026-12-31 00:00:00").in_future


def test_masked_cells_are_none_and_named():
    parsed = read(联系电话="*****", 统一社会信用代码="＊＊＊＊")
    assert (parsed.phone, parsed.phone_written, parsed.code, parsed.code_written) == (None, None, None, None)
    assert parsed.masked == {Field.PHONE, Field.CODE}
    assert parsed.flags == frozenset()


def test_doubtful_cells_are_flagged_and_kept_but_refuse_nothing():
    wrong = {
        "统一社会信用代码": "350206100012345",
        "联系电话": "159****5836",
        "消费金额(单位:元)": -5,
        "购买日期": "上周",
    }
    parsed = read(**wrong)
    assert parsed.flags == {Flag.CODE_INVALID, Flag.PHONE_UNUSABLE, Flag.AMOUNT_INVALID, Flag.DATE_INVALID}
    assert (parsed.code, parsed.phone, parsed.amount, parsed.purchased_on) == (None, None, None, None)
    assert parsed.code_written == "350206100012345"
    assert parsed.phone_written == "159****5836"
    assert parsed.extras == {"统一社会信用代码": "350206100012345", "消费金额(单位:元)": "-5", "购买日期": "上周"}


def test_columns_are_found_in_any_order_and_dress():
    dressed = [" 购买日期 ", "企业\n名称", "＊登记编号", "诉求内容（必填）", "【类型】", "登记时间：", "消费金额（元）"]
    columns = rules.match_header(Row(1, tuple(dressed)))
    assert columns.positions == {
        Field.PURCHASED_ON: 0,
        Field.COMPANY: 1,
        Field.NUMBER: 2,
        Field.TEXT: 3,
        Field.TYPE: 4,
        Field.TIME: 5,
        Field.AMOUNT: 6,
    }
    assert columns.missing == ()


def test_the_unit_of_the_header_counts():
    columns = rules.match_header(
        Row(1, ("登记编号", "类型", "登记时间", "诉求内容", "企业名称", "消费金额（单位：万元）"))
    )
    cells = ("1", "投诉", "2026-06-07", "退款", "某店", 1.5)
    assert rules.parse_row(Row(2, cells), columns, source=Source.NATIONAL, now=NOW).amount == 1_500_000


def test_of_two_columns_of_one_field_the_usual_name_wins_and_the_other_is_kept():
    parsed = read(headers=(*HEADERS, "投诉内容", "投诉内容"), 投诉内容="另一段")
    assert parsed.text == GOOD["诉求内容"]
    assert parsed.extras == {"投诉内容": "另一段", "投诉内容（2）": "另一段"}


def test_a_cell_beyond_the_header_is_kept_and_a_short_row_is_read():
    columns = rules.match_header(Row(1, HEADERS[:5]))
    cells = tuple(GOOD[h] for h in HEADERS[:5])
    longer = rules.parse_row(Row(2, (*cells, "多出")), columns, source=Source.NATIONAL, now=NOW)
    assert longer.extras == {"第6列": "多出"}
    shorter = rules.parse_row(Row(2, cells[:4]), columns, source=Source.NATIONAL, now=NOW)
    assert shorter.code is RefusalCode.COMPANY_MISSING


def test_a_map_names_columns_nobody_else_has():
    mapped = ColumnMap({Field.NUMBER: "单据", Field.TEXT: "经过", Field.COMPANY: "对方"}, default_type="投诉")
    columns = rules.match_header(Row(1, ("单据", "经过", "对方", "登记时间")), mapped)
    assert columns.missing == ()
    parsed = rules.parse_row(Row(2, ("A1", "要求换货", "某店", "2026-06-07")), columns, source=Source.GENERIC, now=NOW)
    assert (parsed.number, parsed.text, parsed.company) == ("A1", "要求换货", "某店")


def test_our_own_columns_of_a_corrected_file_are_no_part_of_the_complaint():
    assert read(headers=("行号", "原因", *HEADERS), 行号=7, 原因="没有登记编号").extras == {}


def test_content_differs_exactly_when_the_channel_says_something_else():
    moved = rules.match_header(Row(1, HEADERS))
    same = rules.parse_row(Row(9, tuple(GOOD.get(h) for h in HEADERS)), moved, source=Source.NATIONAL, now=NOW)
    assert rules.content(read()) == rules.content(same)
    assert rules.content(read()) != rules.content(read(备注="已受理"))


@pytest.mark.parametrize(
    ("text", "demands"),
    [
        ("七日无理由退货，与商家协商未果，要求修理。", (Demand.REPAIR,)),
        ("要求退货退款。", (Demand.RETURN, Demand.REFUND)),
        ("要求换货。", (Demand.EXCHANGE,)),
        ("要求退一赔三。", (Demand.REFUND, Demand.COMPENSATION)),
        ("要求补足数量。", (Demand.MAKE_UP_QUANTITY,)),
        ("希望商家赔礼道歉。也请求重做。", (Demand.REDO, Demand.APOLOGY)),
        ("商家拒绝退款，要求处理。", ()),
        ("商家拒绝退款", ()),
    ],
)
def test_demands_are_what_is_asked_for(text, demands):
    assert demands_in(text) == demands


@pytest.mark.parametrize("word", ["举报", "查处", "处罚"])
def test_a_complaint_that_accuses_is_suspected(word):
    assert read(诉求内容=f"要求退款，并请{word}该店").suspected_tip
    assert not read().suspected_tip


@pytest.mark.parametrize(
    ("text", "diversion"),
    [
        ("700 监督ODR企业开展和解", Diversion.ODR),
        ("７００监督ＯＤＲ企业开展和解", Diversion.ODR),
        ("绿色通道企业", Diversion.GREEN),
        ("100 本地市场监督管理机关", Diversion.LOCAL),
        ("102 向下分流", Diversion.LOCAL),
        ("非绿色通道企业", Diversion.LOCAL),
        ("7000", Diversion.LOCAL),
        ("", Diversion.ABSENT),
    ],
)
def test_diversion_is_read_by_code_or_words(text, diversion):
    assert diversion_of(text) is diversion


def test_only_complaints_and_tips_are_known():
    assert (kind_of("投　诉"), kind_of("举报"), kind_of("投诉举报"), kind_of("咨询")) == (
        "complaint",
        "tip",
        None,
        None,
    )


ANY_CELL = st.one_of(
    st.text(), st.none(), st.floats(), st.integers(), st.datetimes(), st.sampled_from(list(GOOD.values()))
)
ALL_HEADERS = ("登记编号", "类型", "登记时间", "诉求内容", "企业名称", "统一社会信用代码", "投诉人", "联系电话", "消费金额",
               "购买日期", "分流情况", "分流时间", "办结期限", "是否同意公示", "诉求标题", "其他")  # fmt: skip


@given(st.lists(ANY_CELL, max_size=18))
def test_no_row_breaks_the_reader(cells):
    columns = rules.match_header(Row(1, ALL_HEADERS))
    parsed = rules.parse_row(Row(2, tuple(cells)), columns, source=Source.GENERIC, now=NOW)
    if isinstance(parsed, ParsedRow):
        rules.content(parsed)
        assert len(parsed.number) <= 32


@given(st.lists(ANY_CELL, min_size=16, max_size=16))
def test_no_row_with_good_essentials_breaks_the_reader_or_is_refused(cells):
    columns = rules.match_header(Row(1, ALL_HEADERS))
    essential = tuple(GOOD[h] for h in ALL_HEADERS[:5])
    parsed = rules.parse_row(Row(2, essential + tuple(cells[5:])), columns, source=Source.GENERIC, now=NOW)
    assert isinstance(parsed, ParsedRow)
    rules.content(parsed)


@given(st.lists(st.one_of(st.text(), st.floats(), st.none())))
def test_no_line_breaks_the_search_for_a_header(cells):
    rules.detect_source(rules.match_header(Row(1, tuple(cells))))
