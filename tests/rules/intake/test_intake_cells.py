"""Numbers, times, money, phones, codes and hostile text, one cell at a time."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from portal.intake.rules import cells

MOMENT = datetime(2026, 6, 7, 11, 17, 24, tzinfo=UTC)
CODES = ["91350206MA0000000G", "92350206MA0000001G", "12350206000000000J", "91350206MA0070002W"]


@pytest.mark.parametrize(
    "cell",
    [
        "2026-06-07 19:17:24",
        "2026/06/07 19:17:24",
        "2026/6/7 19:17:24",
        "2026.06.07 19:17:24",
        "2026年6月7日 19时17分24秒",
        "2026年06月07日19:17:24",
        "２０２６－０６－０７　１９：１７：２４",
        "2026-06-07T19:17:24+08:00",
        "2026-06-07T11:17:24Z",
        "2026-06-07 19:17:24.0",
        "2026/6/7 下午7:17:24",
        "2026年6月7日 星期日 19:17:24",
        "20260607191724",
        20260607191724,
        46180.80375,
        "46180.80375",
        datetime(2026, 6, 7, 19, 17, 24),  # noqa: DTZ001
        datetime(2026, 6, 7, 19, 17, 23, 999_990),  # noqa: DTZ001
    ],
)
def test_a_time_is_read_in_every_usual_form(cell):
    assert cells.moment_of(cell) == MOMENT


@pytest.mark.parametrize(
    ("cell", "hour", "minute"),
    [
        ("2026年6月7日 19时17分", 19, 17),
        ("2026/06/07 19:17", 19, 17),
        ("2026年6月7日 19时", 19, 0),
        ("2026-06-07", 0, 0),
    ],
)
def test_a_shorter_time_is_read(cell, hour, minute):
    assert cells.moment_of(cell) == datetime(2026, 6, 7, hour, minute, tzinfo=cells.SHANGHAI)


@pytest.mark.parametrize(
    "cell",
    [
        "", None, "2026年13月45日", "2026-02-30 10:00:00", "2026-06-07 25:00:00", "昨天", "6/7/2026", "*****", "0001-01-01",
        "9999-12-31 23:59:59", "2026-06-07 19:17:24 或以后", True, 0, -5.0, float("nan"), float("inf"), 1e300, 10**40,
        time(3, 4), timedelta(days=3), "99999999999999", "٢٠٢٦-٠٦-٠٧",
    ],
)  # fmt: skip
def test_what_is_no_time_is_none(cell):
    assert cells.moment_of(cell) is None


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("3502060000000020260607404", "3502060000000020260607404"),
        ("０００１２３", "000123"),
        ("'0012345", "0012345"),
        ('="3502060000000020260607404"', "3502060000000020260607404"),
        ("\t3502060000000020260607404 ", "3502060000000020260607404"),
        ("a" * 32, "a" * 32),
        (123456.0, "123456"),
        (20260607000123, "20260607000123"),
    ],
)
def test_a_number_stays_the_text_it_is(cell, number):
    assert cells.number_of(cell) == (number, True)


@pytest.mark.parametrize("cell", ["a" * 33, 3.502060000000002e24, "3.50206E+24", 12.5, -3, datetime(2026, 1, 1), True])  # noqa: DTZ001
def test_a_number_too_long_or_with_lost_digits_is_not_trusted(cell):
    number, trusted = cells.number_of(cell)
    assert number
    assert not trusted


@pytest.mark.parametrize("cell", [None, "", "  ", "*****", "-", "无", "　"])
def test_a_blank_or_masked_number_is_missing(cell):
    assert cells.number_of(cell) == ("", False)


@pytest.mark.parametrize(
    ("cell", "fen"),
    [
        (19.9, 1990), (2599.0, 259900), (0, 0), ("2,599.00", 259900), ("￥1,299元", 129900), ("１２．５", 1250),
        ("1.28万元", 1280000), ("人民币100元整", 10000), ("0.005", 1), (0.1 + 0.2, 30),
    ],
)  # fmt: skip
def test_an_amount_becomes_whole_fen(cell, fen):
    assert cells.amount_of(cell) == fen


@pytest.mark.parametrize(
    "cell", ["-1", -5, "1e9", 1e300, float("nan"), "99999999999999", "约三百", "", "9" * 5000, "12.3.4"]
)
def test_an_absurd_amount_is_unknown(cell):
    assert cells.amount_of(cell) is None


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("15909375836", "15909375836"),
        ("１５９０９３７５８３６", "15909375836"),
        ("+86 159-0937-5836", "15909375836"),
        ("008615909375836", "15909375836"),
        ("0592-5500037", "05925500037"),
        ("0591—87550315/87510700", "059187550315"),
        ("(0592)5500037", "05925500037"),
        ("无；15909375836", "15909375836"),
        ("159****5836", None),
        ("12345", None),
        ("12909375836", None),
        ("159093758361", None),
        ("400-800-8000", None),
        ("١٥٩٠٩٣٧٥٨٣٦", None),
        ("", None),
    ],
)
def test_only_a_well_formed_phone_is_usable(text, phone):
    assert cells.phone_of(text) == phone


@pytest.mark.parametrize("code", CODES)
def test_a_credit_code_is_checked_by_the_standard(code):
    assert cells.is_credit_code(code)
    assert uscc.is_valid(code)
    swapped = code[:-1] + ("0" if code[-1] != "0" else "1")
    assert not cells.is_credit_code(swapped)


def test_a_full_width_code_is_normalised():
    assert cells.code_of(" ９１３５０２０６ｍａ００７０００２Ｗ　") == "91350206MA0070002W"
    assert not cells.is_credit_code("350206100012345")


@given(st.text("0123456789", min_size=8, max_size=8), st.text(cells.CODE_ALPHABET, min_size=10, max_size=10))
def test_the_check_character_agrees_with_another_implementation(region, rest):
    code = region + rest
    assert cells.is_credit_code(code) == uscc.is_valid(code)


def test_hostile_text_stays_text_without_its_controls():
    assert cells.text_of('=cmd|"/c calc"!A1') == '=cmd|"/c calc"!A1'
    assert cells.text_of("<script>alert(1)</script>") == "<script>alert(1)</script>"
    assert cells.text_of("a\x00b\x1b[31m\u202egnp.exe\ud800\ufeff") == "ab[31mgnp.exe"
    assert cells.text_of("一\r\n二\t三\r四") == "一\n二\t三\n四"


def test_numbers_and_dates_are_read_as_a_person_reads_them():
    assert [cells.text_of(c) for c in (15909375836.0, 19.9, 1e22, float("nan"), True, None)] == [
        "15909375836",
        "19.9",
        "1" + "0" * 22,
        "",
        "是",
        "",
    ]
    assert cells.text_of(date(2026, 1, 2)) == "2026-01-02"
    assert cells.storable(date(2026, 1, 2)) == "2026-01-02"
    assert cells.storable(1.5) == 1.5


CELLS = st.one_of(
    st.none(),
    st.text(),
    st.floats(),
    st.integers(),
    st.booleans(),
    st.datetimes(),
    st.dates(),
    st.times(),
    st.timedeltas(),
)


@given(CELLS)
def test_no_cell_breaks_a_reader(cell):
    text = cells.text_of(cell)
    text.encode("utf-8")
    cells.moment_of(cell)
    cells.day_of(cell)
    cells.number_of(cell)
    amount = cells.amount_of(cell)
    assert amount is None or 0 <= amount <= cells.MAX_AMOUNT
    cells.phone_of(text)
    cells.is_credit_code(cells.code_of(text))
