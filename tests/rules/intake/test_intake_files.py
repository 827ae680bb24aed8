"""Files of every kind people choose: what is read, what is refused in one sentence, and the refused rows."""

import csv
import hashlib
import io
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest
from openpyxl.styles import PatternFill
from python_calamine import CalamineWorkbook

from portal.core.workbooks import check_workbook
from portal.intake import rules
from portal.intake.refused_rows import write_refused_rows
from portal.intake.rules import ColumnMap, Field, ParsedRow, Refusal, RefusalCode, Row, Source
from portal.intake.sheets import UnreadableFile, open_sheet, read_column_map

SAMPLE = Path(__file__).parents[2] / "samples" / "12315-export.xlsx"
NOW = datetime(2026, 10, 1, tzinfo=UTC)
HEADER = ["登记编号", "类型", "登记时间", "诉求内容", "企业名称", "备注"]
FIRST = ["35020600001", "投诉", "2026-06-07 19:17:24", "要求退款", "厦门五缘百货有限公司", ""]
SECOND = ["35020600002", "举报", "2026-06-08 19:17:24", "第一行\n第二行，带逗号", "某店", "无"]
LINES = [HEADER, FIRST, SECOND]


def xlsx(*sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, lines in enumerate(sheets):
        sheet = book.create_sheet(f"表{number + 1}")
        for line in lines:
            sheet.append(line)
    target = io.BytesIO()
    book.save(target)
    book.close()
    return target


def text(lines, encoding="utf-8", delimiter=","):
    target = io.StringIO(newline="")
    csv.writer(target, delimiter=delimiter).writerows(lines)
    return io.BytesIO(target.getvalue().encode(encoding))


def numbers(sheet):
    return [(row.line, sheet.columns.cell(row, Field.NUMBER)) for row in sheet.rows()]


def refusal(stream, **limits):
    with pytest.raises(UnreadableFile) as raised:
        open_sheet(stream, **limits)
    sentence = str(raised.value)
    assert sentence.endswith(("。", "）。"))
    return sentence


@pytest.mark.parametrize(
    "stream",
    [
        text(LINES),
        text(LINES, "utf-8-sig"),
        text(LINES, "gb18030"),
        text(LINES, delimiter="\t"),
        text(LINES, delimiter=";"),
        xlsx(LINES),
        xlsx([["说明"], ["此表无数据"]], LINES),
        xlsx([], LINES),
    ],
)
def test_each_kind_of_file_gives_its_rows_with_their_lines(stream):
    sheet = open_sheet(stream)
    assert numbers(sheet) == [(2, "35020600001"), (3, "35020600002")]
    assert numbers(sheet) == numbers(sheet)
    assert [row.line for row in sheet.rows(after=2)] == [3]
    assert (sheet.source, sheet.last_line) == (Source.NATIONAL, 3)
    assert sheet.sha256 == hashlib.sha256(stream.getvalue()).hexdigest()
    assert sheet.size == len(stream.getvalue())


FRAMED = [
    ["湖里区投诉举报信息表"],
    [],
    ["导出单位：湖里区局", "", "单位：元"],
    HEADER,
    FIRST,
    [],
    ["", "", "", "", "", ""],
    SECOND,
    HEADER,
    ["合计", "2", "", "", "", ""],
    ["共 2 条记录"],
    ["制表人：张三", "", "", "日期：2026-06-30"],
]


@pytest.mark.parametrize("stream", [text(FRAMED), xlsx(FRAMED)])
def test_title_totals_blank_and_repeated_header_rows_are_not_read(stream):
    sheet = open_sheet(stream)
    assert sheet.columns.line == 4
    assert numbers(sheet) == [(5, "35020600001"), (8, "35020600002")]


def test_a_complaint_whose_first_cell_looks_like_a_total_is_still_read():
    sheet = open_sheet(text([HEADER, ["", *FIRST[1:]], ["合计", *FIRST[1:]]]))
    assert [row.line for row in sheet.rows()] == [2, 3]


def test_a_row_without_number_is_read_so_that_it_can_be_refused():
    sheet = open_sheet(xlsx([HEADER, ["", *FIRST[1:]]]))
    parsed = [rules.parse_row(row, sheet.columns, source=sheet.source, now=NOW) for row in sheet.rows()]
    assert parsed == [Refusal(2, RefusalCode.NUMBER_MISSING, "")]


def test_spreadsheet_cells_of_every_type_are_read():
    moment = datetime(2026, 6, 7, 19, 17, 24)  # noqa: DTZ001
    sheet = open_sheet(
        xlsx([[*HEADER, "消费金额"], ["0012", "投诉", moment, "+1 要求退款", "某店", True, 19.9], [12, *FIRST[1:], 3]])
    )
    first, second = (rules.parse_row(row, sheet.columns, source=sheet.source, now=NOW) for row in sheet.rows())
    assert (first.number, first.registered_at, first.amount) == (
        "0012",
        datetime(2026, 6, 7, 11, 17, 24, tzinfo=UTC),
        1990,
    )
    assert first.extras == {"备注": "是"}
    assert second.number == "12"


def test_columns_to_the_right_and_lines_further_down_keep_their_numbers():
    sheet = open_sheet(xlsx([[], [], *(["", *line] for line in LINES)]))
    assert numbers(sheet) == [(4, "35020600001"), (5, "35020600002")]


@pytest.mark.parametrize(
    ("start", "word"),
    [
        (b"", "空"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"\x89PNG\r\n", "图片"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "XLS"),
        (b"\xff\xfeh\x00", "UTF-16"),
        (b"Rar!\x1a", "压缩包"),
        (b"<html><table><tr><td>", "网页"),
        (b"MZ\x90\x00\x03", "XLSX"),
        (b"\xff\xff\xff\xff", "编码"),
        ("これは日本語のファイルです".encode("shift-jis"), "编码"),
        ("今天天气不错".encode(), "表头"),
        (b"PK\x03\x04broken", "损坏"),
    ],
)
def test_a_wrong_file_is_refused_in_one_sentence(start, word):
    assert word in refusal(io.BytesIO(start))


def test_an_unclosed_quotation_mark_is_refused_with_its_line():
    stream = io.BytesIO((",".join(HEADER) + "\r\n" + ",".join(FIRST) + '\r\n3,投诉,"没有结束\r\n4,投诉\r\n').encode())
    assert "第3行" in refusal(stream)


def test_a_file_over_the_limit_is_refused_before_it_is_read():
    assert "100MB" in refusal(io.BytesIO(bytes(200_000_000)))
    assert "拆分" in refusal(text(LINES), size_limit=10)


def test_a_merchants_list_is_refused_with_the_missing_columns():
    with (SAMPLE.parent / "merchants.csv").open("rb") as file:
        assert "登记编号、类型、登记时间、诉求内容" in refusal(file)


def test_an_empty_workbook_and_a_foreign_archive_are_refused():
    assert "没有内容" in refusal(xlsx([], []))
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    assert "不是XLSX" in refusal(other)


def test_a_truncated_or_damaged_workbook_is_refused():
    whole = SAMPLE.read_bytes()
    assert "损坏" in refusal(io.BytesIO(whole[:40_000]))
    damaged = bytearray(whole)
    damaged[30_000:30_010] = bytes(10)
    assert "损坏" in refusal(io.BytesIO(bytes(damaged)))


def test_a_locked_a_strangely_packed_and_a_malformed_workbook_are_refused():
    whole = bytearray(SAMPLE.read_bytes())
    entry = whole.rfind(b"PK\x01\x02")
    whole[entry + 8] |= 1
    assert "密码" in refusal(io.BytesIO(bytes(whole)))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    assert "损坏" in refusal(packed)
    assert "损坏" in refusal(repacked("xl/workbook.xml", "<workbook><sheets><sheet name="))


def test_a_workbook_without_the_columns_or_without_a_header_is_refused():
    assert "登记编号" in refusal(xlsx([HEADER[1:], FIRST[1:]]))
    assert "表头" in refusal(xlsx([["甲", "乙"], ["1", "2"]]))


def repacked(name, content):
    """The sample with one part replaced, all others as they are."""
    target = io.BytesIO()
    with zipfile.ZipFile(SAMPLE) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in source.namelist():
            if part != name:
                archive.writestr(part, source.read(part))
        archive.writestr(name, content)
    return target


def test_a_bomb_is_refused_whether_it_declares_its_size_or_lies():
    bomb = repacked("xl/sharedStrings.xml", b"<si/>" * 2_000_000)
    with pytest.raises(UnreadableFile, match="过大"):
        check_workbook(bomb, unpacked_limit=5_000_000)
    lying = bytearray(bomb.getvalue())
    entry = lying.rfind(b"xl/sharedStrings.xml") - 46  # its record in the central directory
    lying[entry + 24 : entry + 28] = (1000).to_bytes(4, "little")
    with pytest.raises(UnreadableFile, match="过大"):
        check_workbook(io.BytesIO(bytes(lying)), unpacked_limit=5_000_000)


CELL = b'<row r="1"><c r="A1"><v>1</v></c></row>'


@pytest.mark.parametrize(
    "far",
    [
        b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        b"<row r='1048576'><c s='1' r = 'XFD1048576'><v>1</v></c></row>",
        b'<row r="1048576"><c x=">" r="XFD1048576"><v>1</v></c></row>',
        b'<x:row r="1048576"><x:c r="XFD1048576"><x:v>1</x:v></x:c></x:row>',
        b'<row r="1048576">' + b"<c><v>1</v></c>" * 3000 + b"</row>",
        b"x" * 3_000_000,
    ],
)
def test_a_sheet_that_would_not_fit_into_memory_is_refused(far):
    sheet = b"<worksheet><sheetData>" + CELL + far + b"</sheetData></worksheet>"
    with pytest.raises(UnreadableFile, match="范围过大"):
        check_workbook(repacked("xl/worksheets/sheet1.xml", sheet))


def test_a_formatted_but_empty_cell_far_away_does_no_harm():
    book = openpyxl.load_workbook(SAMPLE)
    book.active.cell(1_048_576, 16_384).fill = PatternFill("solid", fgColor="FFFF00")
    target = io.BytesIO()
    book.save(target)
    book.close()
    assert open_sheet(target).last_line == 410


def test_a_text_that_imitates_markup_is_only_text():
    hostile = '<c r="XFD1048576"><v>1</v></c> =HYPERLINK("http://example.invalid")'
    sheet = open_sheet(xlsx([HEADER, [*FIRST[:3], hostile, *FIRST[4:]]]))
    (row,) = sheet.rows()
    assert sheet.columns.cell(row, Field.TEXT) == hostile


def test_a_generic_file_is_read_by_its_map():
    mapped = read_column_map(
        'default_type = "投诉"\nnumber = "单据"\n"诉求内容" = "经过"\n[columns]\ncompany = "对方"\n'
    )
    assert mapped == ColumnMap({Field.NUMBER: "单据", Field.TEXT: "经过", Field.COMPANY: "对方"}, "投诉")
    sheet = open_sheet(
        text([["单据", "经过", "对方", "投诉日期"], ["A1", "要求换货", "某店", "2026-06-07"]]), mapped=mapped
    )
    assert sheet.source is Source.GENERIC
    (row,) = sheet.rows()
    assert isinstance(rules.parse_row(row, sheet.columns, source=sheet.source, now=NOW), ParsedRow)


@pytest.mark.parametrize("toml", ["= 1", 'nothing = "单据"', "number = 3", 'default_type = "咨询"', "columns = 1"])
def test_a_map_nobody_can_follow_is_refused(toml):
    with pytest.raises(UnreadableFile):
        read_column_map(toml)


def test_the_blank_map_names_every_field_and_changes_nothing_until_it_is_filled():
    blank = rules.blank_column_map()
    assert read_column_map(blank) == ColumnMap({}, None)
    filled = re.sub(r"^# (?=\w+ = )", "", blank, flags=re.MULTILINE)
    mapped = read_column_map(filled)
    assert set(mapped.headers) == set(Field)
    assert mapped.default_type == "投诉"


def test_a_header_that_only_the_map_knows_is_named_with_what_there_is():
    mapped = read_column_map('number = "单据号"\namount = "损失"')
    with pytest.raises(UnreadableFile, match="没有列对照所写的列：单据号、损失。表头是：登记编号、类型"):
        open_sheet(text(LINES), mapped=mapped)


def test_chinese_quotes_in_a_map_are_explained():
    with pytest.raises(UnreadableFile, match=r"第 2 行写法不对.*英文双引号"):
        read_column_map('text = "经过"\nnumber = “单据”')


def refused_of(stream):
    sheet = open_sheet(stream)
    parsed = [(row, rules.parse_row(row, sheet.columns, source=sheet.source, now=NOW)) for row in sheet.rows()]
    return sheet, [(row, refusal) for row, refusal in parsed if isinstance(refusal, Refusal)]


def test_refused_rows_are_written_corrected_and_imported_again():
    with SAMPLE.open("rb") as file:
        sheet, refused = refused_of(file)
    target = io.BytesIO()
    assert write_refused_rows(target, sheet.columns.headers, refused) == 8
    written, again = refused_of(io.BytesIO(target.getvalue()))
    assert [refusal.code for _, refusal in again] == [refusal.code for _, refusal in refused]
    assert written.columns.headers == ("行号", "原因", *sheet.columns.headers)
    assert [row.cells[0] for row, _ in again] == [39, 79, 98, 112, 140, 319, 395, 404]

    book = openpyxl.load_workbook(io.BytesIO(target.getvalue()))
    for line in book.active.iter_rows(min_row=2):
        for header, cell in zip(written.columns.headers, line, strict=True):
            mended = {"登记编号": f"M{cell.row}", "登记时间": "2026-06-07 19:17:24", "诉求内容": "要求退款"}
            cell.value = mended.get(header, cell.value)
    corrected = io.BytesIO()
    book.save(corrected)
    book.close()
    mended_sheet, still = refused_of(corrected)
    assert still == []
    assert mended_sheet.columns.extras == ()
    target_again = io.BytesIO()
    write_refused_rows(target_again, written.columns.headers, again)
    headers = CalamineWorkbook.from_filelike(io.BytesIO(target_again.getvalue())).get_sheet_by_index(0).to_python()[0]
    assert headers.count("行号") == headers.count("原因") == 1


def test_hostile_cells_of_refused_rows_stay_text():
    hostile = ('=cmd|"/c calc"!A1', "http://example.invalid", "@SUM(1)", "a\x00\x1b\ud800b", "0012", "x" * 40_000)
    target = io.BytesIO()
    refusal_ = Refusal(2, RefusalCode.TEXT_MISSING, "0012")
    write_refused_rows(target, HEADER, [(Row(2, hostile), refusal_), (Row(3, (None, 1.5, NOW.date(), True)), refusal_)])
    with zipfile.ZipFile(target) as archive:
        markup = archive.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in markup
    assert b"<hyperlink" not in markup
    lines = CalamineWorkbook.from_filelike(io.BytesIO(target.getvalue())).get_sheet_by_index(0).to_python()
    assert lines[1] == [
        2,
        refusal_.sentence,
        '=cmd|"/c calc"!A1',
        "http://example.invalid",
        "@SUM(1)",
        "ab",
        "0012",
        "x" * 32_767,
    ]
    assert lines[2][3:6] == [1.5, datetime(2026, 10, 1).date(), "是"]  # noqa: DTZ001
