"""Typed and pasted rows: what is understood, and the sentence for what is not."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.ledgers.rules import cells
from portal.ledgers.rules.amendments import Amended, amended_complaint, amended_return
from portal.ledgers.rules.cells import Refusal
from portal.ledgers.rules.entries import (
    COMPLAINT_FIELDS,
    ComplaintRow,
    complaint_leaf,
    difference,
    fold,
    parse_complaint,
)
from portal.ledgers.rules.returns import RETURN_FIELDS, ReturnRow, parse_return, return_leaf, typed_cells
from portal.ledgers.rules.vocabulary import (
    OTHER_NAMES,
    Category,
    Cause,
    Condition,
    Decision,
    Disposition,
    Outcome,
    Received,
)
from tests.factories.books import complaint_cells, return_cells

TODAY = date(2026, 8, 12)


def row(**changes: str) -> ReturnRow:
    found = parse_return(return_cells(**changes), today=TODAY)
    assert isinstance(found, ReturnRow), found
    return found


def problems(**changes: str) -> dict[str, str]:
    found = parse_return(return_cells(**changes), today=TODAY)
    assert isinstance(found, tuple), "the row was taken"
    return {one.field: one.sentence for one in found}


def test_a_row_is_read() -> None:
    one = row(quantity="2", goods=" 不粘炒锅 ", price="￥1,268.50元", barcode="6901234567892", label_number="")
    assert (one.occurred_on, one.goods, one.price, one.quantity) == (date(2026, 8, 11), "不粘炒锅", 126850, Decimal(2))
    assert (one.category, one.cause, one.condition) == (Category.DAILY_GOODS, Cause.GOODWILL, Condition.INTACT)
    assert (one.decision, one.disposition) == (Decision.RETURNED, Disposition.SUPPLIER)
    assert one.refund == 253700


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-08-12", TODAY),
        ("2026/8/1", date(2026, 8, 1)),
        ("2026.08.01", date(2026, 8, 1)),
        ("2026年8月1日", date(2026, 8, 1)),
        ("20260801", date(2026, 8, 1)),
        ("8-12", TODAY),
        ("08/01", date(2026, 8, 1)),
        ("12-31", date(2025, 12, 31)),
        ("2026-08-01 10:20:30", date(2026, 8, 1)),
        ("2026-08-01 00:00:00", date(2026, 8, 1)),
        ("46235", date(2026, 8, 1)),
        ("２０２６－０８－０１", date(2026, 8, 1)),
    ],
)
def test_a_day_is_read_as_people_write_it(written, day) -> None:
    assert row(occurred_on=written).occurred_on == day


@pytest.mark.parametrize(
    ("field", "written", "said"),
    [
        ("occurred_on", "", "请填写日期。"),
        ("occurred_on", "昨天", "日期看不懂。请写成 2026-08-12 或 8-12。"),
        ("occurred_on", "2026-02-30", "日期看不懂。请写成 2026-08-12 或 8-12。"),
        ("occurred_on", "2026-08-13", "日期 2026-08-13 在今天以后。只能登记今天或以前发生的事。"),
        ("occurred_on", "8-13", "日期 2026-08-13 在今天以后。只能登记今天或以前发生的事。"),
        ("occurred_on", "2020-08-13", "日期 2020-08-13 距今超过三年。请核对年份；更早的记录不用补录。"),
        ("goods", "无", "请填写退换商品名称。"),
        ("goods", "锅" * 101, "退换商品名称最多 100 字，现在 101 字。"),
        ("price", "", "请填写单价（元）。"),
        ("price", "-5", "单价不能是负数。请写 0 或更大的金额。"),
        ("price", "三十", "单价要写成数字，单位元，例如 36.80。"),
        ("price", "3.999", "单价最多两位小数（精确到分）。"),
        ("price", "99999999", "单价超过 1,000,000.00 元，像是多写了几位。请核对金额。"),
        ("quantity", "0", "数量要大于 0。"),
        ("quantity", "-1", "数量要大于 0。"),
        ("quantity", "若干", "数量要写成数字，可以带单位，例如 2 或 0.75公斤。"),
        ("quantity", "1.2345", "数量最多三位小数。"),
        ("quantity", "9999999", "数量超过 100000，像是多写了几位。请核对数量。"),
        ("category", "食物", "商品类别里没有“食物”。可以写：散装食品、鲜活食品、定型包装食品、日用百货、服装、家用电器、其他商品。"),
        ("decision", "再看看", "是否给予退换里没有“再看看”。可以写：退货退款、换货、不予退换。"),
        ("consumer_phone", "138****1234", "电话被星号遮住了。请填完整号码，或留空。"),
        ("consumer_phone", "12345", "电话要写 11 位手机号，或带区号的座机号。没有电话请留空。"),
        ("barcode", "6.9E+12", "条形码被表格改成了科学计数法，末几位已经丢失。请把这一列设为文本后重填。"),
        ("barcode", "<b>", "条形码只能用字母、数字、汉字和横线，最多 32 位。"),
        ("refund", "300", "退款不能超过单价×数量 268.00 元。多给的补偿请登记在投诉的解决金额里。"),
        ("refusal", "超过期限", "已经给予退换，不用写不予退换理由。请去掉理由，或把“是否给予退换”改为“不予退换”。"),
        ("lab_result", "合格", "只有质量问题的商品才有检测结果。请去掉检测结果，或把退换原因改为“质量问题”。"),
        ("recovery", "已追回", None),
        ("disposition", "", "商品已经退回，要写明怎么处理。请选“退回供货商”、“退回生产者”、“销毁”、“贴标识再销售”、“送检”。"),
    ],
)  # fmt: skip
def test_a_bad_cell_is_told_in_one_sentence(field, written, said) -> None:
    found = problems(**{field: written})
    if said is None:
        assert found == {"recovered": "请填写向供货商追偿的金额，单位元；没有追偿的，请去掉追偿情况。"}
    else:
        assert found == {field: said}


def test_everything_that_is_wrong_with_a_row_is_told_at_once() -> None:
    assert set(problems(occurred_on="2027-01-01", price="-1", category="?", disposition="扔掉")) == {
        "occurred_on", "price", "category", "disposition",
    }  # fmt: skip


def test_a_refusal_needs_its_reason_and_pays_nothing() -> None:
    said = problems(decision="不予退换", disposition="", refund="10")
    assert set(said) == {"refusal", "refund"}
    one = row(decision="否", disposition="", refusal="已超过承诺的十五天")
    assert (one.decision, one.disposition, one.refund) == (Decision.REFUSED, Disposition.NONE, 0)


def test_an_exchange_pays_nothing_unless_it_says_so() -> None:
    assert row(decision="换货").refund == 0
    assert row(decision="换货", refund="20").refund == 2000


def test_what_did_not_come_back_needs_no_handling() -> None:
    assert row(condition="空包", disposition="").disposition is Disposition.NONE
    assert row(condition="未收回商品", disposition="").refund == 26800


def test_recovery_from_a_supplier_is_written_whole() -> None:
    assert set(problems(recovered="50", supplier="")) == {"recovery"}
    assert set(problems(recovered="50", recovery="追偿中", supplier="")) == {"supplier"}
    assert row(recovered="50", recovery="追偿中").recovered == 5000


def test_weight_has_three_decimals_and_a_unit() -> None:
    one = row(category="散装", price="36.80", quantity="0.755公斤")
    assert (one.quantity, one.unit, one.refund) == (Decimal("0.755"), "公斤", 2778)
    assert return_leaf(one)[0]["quantity"] == "0.755"


@pytest.mark.parametrize("word", [word for word in OTHER_NAMES if isinstance(word, Category | Decision)])
def test_other_words_for_the_same_are_understood(word) -> None:
    field = "category" if isinstance(word, Category) else "decision"
    for written in OTHER_NAMES[word]:
        changes = {field: written}
        if word is Decision.REFUSED:
            changes |= {"refusal": "超过期限", "disposition": ""}
        assert getattr(row(**changes), field) is word


def test_every_field_of_a_row_is_a_column() -> None:
    assert {one.name for one in RETURN_FIELDS} == set(ReturnRow.__slots__) - {"unit"}
    assert {one.name for one in COMPLAINT_FIELDS} == set(ComplaintRow.__slots__)
    for fields in (RETURN_FIELDS, COMPLAINT_FIELDS):
        headers = [header for one in fields for header in (one.title, *one.aliases)]
        assert len(headers) == len(set(headers))


def test_an_entry_can_be_typed_again() -> None:
    one = row(quantity="2件", label_number="T-1", disposition="贴标识再销售", lab_result="", outlet="五缘湾店")
    leaf, personal = return_leaf(one)
    again = parse_return({**typed_cells(leaf), **personal, "occurred_on": "2026-08-11"}, today=TODAY)
    assert again == one


@given(st.text(), st.text())
def test_no_text_makes_the_reader_fall(first, second) -> None:
    typed = dict.fromkeys((one.name for one in RETURN_FIELDS), first) | {"price": second, "occurred_on": second}
    assert isinstance(parse_return(typed, today=TODAY), ReturnRow | tuple)
    assert isinstance(parse_complaint(typed | {"content": first}, today=TODAY), ComplaintRow | tuple)


@given(st.integers(0, cells.MAX_PRICE))
def test_money_is_read_as_it_is_written(fen) -> None:
    assert cells.fen_of(f"{fen // 100}.{fen % 100:02d}", "单价") == fen
    assert isinstance(cells.fen_of(f"-{fen + 1}", "单价"), Refusal)


def test_a_complaint_by_hand_is_read() -> None:
    one = parse_complaint(complaint_cells(outcome="已解决", settled="50", consumer_phone="未提供"), today=TODAY)
    assert isinstance(one, ComplaintRow)
    assert (one.received, one.outcome, one.settled, one.consumer_phone) == (Received.COUNTER, Outcome.SETTLED, 5000, "")
    plain, personal = complaint_leaf(one)
    assert set(personal) == {"consumer_name", "content"}
    assert "settled" in plain


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"consumer_name": ""}, "consumer_name"),
        ({"consumer_phone": ""}, "consumer_phone"),
        ({"content": ""}, "content"),
        ({"received": "12315"}, "received"),
        ({"outcome": "已达成，待履行"}, "outcome"),
        ({"outcome": "处理中", "settled": "5"}, "settled"),
        ({"first_response_on": "2026-08-01"}, "first_response_on"),
        ({"staff": "人" * 51}, "staff"),
    ],
)
def test_a_bad_complaint_is_told_at_its_cell(changes, field) -> None:
    found = parse_complaint(complaint_cells(**changes), today=TODAY)
    assert isinstance(found, tuple)
    assert [one.field for one in found] == [field]


def test_folding_takes_the_last_word_and_forgets_what_was_taken_away() -> None:
    line = {"seq": 1, "kind": "return", "occurred_on": "2026-08-11", "goods": "锅", "label_number": "T-1"}
    first = {"seq": 2, "kind": "amendment", "occurred_on": "2026-08-10", "goods": "炒锅", "reason": "sha256:00"}
    second = {"seq": 3, "kind": "amendment", "occurred_on": "2026-08-10", "label_number": ""}
    assert fold(line, [first, second]) == {"seq": 1, "kind": "return", "occurred_on": "2026-08-10", "goods": "炒锅"}


@given(
    st.dictionaries(st.sampled_from("abcd"), st.integers(1, 3)),
    st.dictionaries(st.sampled_from("abcd"), st.integers(1, 3)),
)
def test_a_difference_folded_in_gives_the_result(before, after) -> None:
    assert fold({**before, "seq": 1}, [difference({**before, "seq": 1}, after)]) == {**after, "seq": 1}


def standing(**changes: str):
    leaf, personal = return_leaf(row(**changes))
    return {**leaf, "occurred_on": "2026-08-11", "seq": 1, "kind": "return"}, personal


def test_a_changed_quantity_changes_the_refund_that_followed_it() -> None:
    leaf, personal = standing(quantity="2")
    found = amended_return(leaf, personal, {"quantity": "1"}, today=TODAY)
    assert isinstance(found, Amended)
    assert found.changed == {"quantity": "1", "refund": 26800}
    given_refund = standing(quantity="2", refund="100")
    kept = amended_return(*given_refund, {"quantity": "1"}, today=TODAY)
    assert isinstance(kept, Amended)
    assert kept.changed == {"quantity": "1"}


def test_a_correction_is_judged_by_what_results() -> None:
    found = amended_return(
        *standing(), {"category": "散装食品", "disposition": "贴标识再销售", "label_number": "T-1"}, today=TODAY
    )
    assert isinstance(found, tuple)
    assert [one.field for one in found] == ["disposition"]


def test_personal_values_change_only_where_they_are_named() -> None:
    leaf, _ = standing()
    found = amended_return(leaf, {}, {"price": "10"}, today=TODAY)  # erased: nothing is known any more
    assert isinstance(found, Amended)
    assert found.personal == {}
    renamed = amended_return(*standing(), {"consumer_name": "洪丽花", "consumer_phone": ""}, today=TODAY)
    assert isinstance(renamed, Amended)
    assert renamed.personal == {"consumer_name": "洪丽花", "consumer_phone": ""}


def test_a_complaint_that_a_case_wrote_follows_the_case() -> None:
    leaf = {"received": "12315", "outcome": "open", "occurred_on": "2026-08-11", "seq": 1, "kind": "complaint"}
    refused = amended_complaint(leaf, {}, {"outcome": "已解决"}, today=TODAY)
    assert isinstance(refused, tuple)
    assert refused[0].field == "outcome"
    taken = amended_complaint(leaf, {}, {"staff": "王珂"}, today=TODAY)
    assert isinstance(taken, Amended)
    assert taken.changed == {"staff": "王珂"}


def by_hand(**changes: str):
    row = parse_complaint(complaint_cells(**changes), today=TODAY)
    assert isinstance(row, ComplaintRow)
    leaf, personal = complaint_leaf(row)
    return {**leaf, "occurred_on": "2026-08-11", "seq": 1, "kind": "complaint"}, personal


def test_a_complaint_by_hand_is_corrected_in_every_part() -> None:
    found = amended_complaint(*by_hand(), {"outcome": "已解决", "settled": "50", "content": "换货"}, today=TODAY)
    assert isinstance(found, Amended)
    assert (found.changed, found.personal) == ({"outcome": "settled", "settled": 5000}, {"content": "换货"})
    moved = amended_complaint(*by_hand(), {"occurred_on": "2026-08-10"}, today=TODAY)
    assert isinstance(moved, Amended)
    assert moved.moved
    assert not moved.changes_nothing
    refused = amended_complaint(*by_hand(), {"settled": "50"}, today=TODAY)
    assert isinstance(refused, tuple)
    assert [one.field for one in refused] == ["settled"]


def test_an_erased_complaint_is_corrected_without_what_was_erased() -> None:
    leaf, _ = by_hand()
    found = amended_complaint(leaf, {}, {"outcome": "未解决"}, today=TODAY)
    assert isinstance(found, Amended)
    assert (found.changed, found.personal) == ({"outcome": "failed"}, {})


def test_what_a_case_wrote_takes_no_name_longer_than_its_column() -> None:
    leaf = {"received": "green", "outcome": "open", "staff": "王珂", "occurred_on": "2026-08-11", "seq": 1}
    found = amended_complaint(leaf, {}, {"staff": "人" * 51}, today=TODAY)
    assert isinstance(found, tuple)
    assert [one.field for one in found] == ["staff"]
    emptied = amended_complaint(leaf, {}, {"staff": ""}, today=TODAY)
    assert isinstance(emptied, Amended)
    assert emptied.changed == {"staff": ""}


def test_an_exchange_keeps_paying_nothing_when_its_price_changes() -> None:
    found = amended_return(*standing(decision="换货"), {"price": "300"}, today=TODAY)
    assert isinstance(found, Amended)
    assert found.changed == {"price": 30000}


def test_putting_a_return_where_it_stands_changes_nothing() -> None:
    leaf, personal = standing()
    found = amended_return({**leaf, "complaint": 7}, personal, {"price": "268"}, today=TODAY)
    assert isinstance(found, Amended)
    assert found.inside(7).changes_nothing
    assert found.inside(8).changed == {"complaint": 8}


def test_a_row_worth_more_than_any_shop_sells_is_a_slip() -> None:
    assert set(problems(price="1000000", quantity="1000")) == {"quantity"}


def test_a_shelf_life_needs_its_year() -> None:
    said = problems(shelf_life_on="8-30")
    assert said == {"shelf_life_on": "日期看不懂。请连同年份写成 2026-08-12。"}
