"""What may be done with goods that came back: every combination, against a table written out by hand."""

import itertools
from datetime import date

import pytest

from portal.ledgers.rules.dispositions import (
    Goods,
    Particulars,
    objections_to_disposition,
    possible,
)
from portal.ledgers.rules.vocabulary import (
    DISPOSITION_NAMES,
    Category,
    Cause,
    Condition,
    Decision,
    DestroyBasis,
    Disposition,
    LabResult,
)

DAY = date(2026, 8, 11)
# What a row lists is possible; S 退回供货商, P 退回生产者, D 销毁, R 贴标识再销售, T 送检, - 无退回商品.
LETTERS = {
    "S": Disposition.SUPPLIER,
    "P": Disposition.PRODUCER,
    "D": Disposition.DESTROY,
    "R": Disposition.RESALE,
    "T": Disposition.TESTING,
    "-": Disposition.NONE,
}
#                        quality | promise  online  agreed  goodwill  other
#                        (before its test, after it)
TABLE = {
    # 完好
    ("bulk_food", "intact"): "SPDT SPDT | SPD SPD SPD SPD SPD",
    ("fresh_food", "intact"): "SPDT SPDT | SPD SPD SPD SPD SPD",
    ("packaged_food", "intact"): "SPT SPDT | SPDRT SPDRT SPDRT SPDRT SPDRT",
    ("daily_goods", "intact"): "SPT SPDT | SPDRT SPDRT SPDRT SPDRT SPDRT",
    ("clothing", "intact"): "SPT SPDT | SPDRT SPDRT SPDRT SPDRT SPDRT",
    ("appliance", "intact"): "SPT SPDT | SPDRT SPDRT SPDRT SPDRT SPDRT",
    ("other", "intact"): "SPT SPDT | SPDRT SPDRT SPDRT SPDRT SPDRT",
    # 损坏
    ("bulk_food", "damaged"): "SPDT SPDT | SPD SPD SPD SPD SPD",
    ("fresh_food", "damaged"): "SPDT SPDT | SPD SPD SPD SPD SPD",
    ("packaged_food", "damaged"): "SPT SPDT | SPDT SPDT SPDT SPDT SPDT",
    ("daily_goods", "damaged"): "SPT SPDT | SPDT SPDT SPDT SPDT SPDT",
    ("clothing", "damaged"): "SPT SPDT | SPDT SPDT SPDT SPDT SPDT",
    ("appliance", "damaged"): "SPT SPDT | SPDT SPDT SPDT SPDT SPDT",
    ("other", "damaged"): "SPT SPDT | SPDT SPDT SPDT SPDT SPDT",
    # 缺件
    ("bulk_food", "incomplete"): "SPDT SPDT | SPD SPD SPD SPD SPD",
    ("fresh_food", "incomplete"): "SPDT SPDT | SPD SPD SPD SPD SPD",
    ("packaged_food", "incomplete"): "SPT SPDT | SPDT SPDT SPDT SPDT SPDT",
    ("daily_goods", "incomplete"): "SPT SPDT | SPDT SPDT SPDT SPDT SPDT",
    ("clothing", "incomplete"): "SPT SPDT | SPDT SPDT SPDT SPDT SPDT",
    ("appliance", "incomplete"): "SPT SPDT | SPDT SPDT SPDT SPDT SPDT",
    ("other", "incomplete"): "SPT SPDT | SPDT SPDT SPDT SPDT SPDT",
    # 与单不符
    ("bulk_food", "mismatched"): "SPDT SPDT | SPD SPD SPD SPD SPD",
    ("fresh_food", "mismatched"): "SPDT SPDT | SPD SPD SPD SPD SPD",
    ("packaged_food", "mismatched"): "SPT SPDT | SPDT SPDT SPDT SPDT SPDT",
    ("daily_goods", "mismatched"): "SPT SPDT | SPDT SPDT SPDT SPDT SPDT",
    ("clothing", "mismatched"): "SPT SPDT | SPDT SPDT SPDT SPDT SPDT",
    ("appliance", "mismatched"): "SPT SPDT | SPDT SPDT SPDT SPDT SPDT",
    ("other", "mismatched"): "SPT SPDT | SPDT SPDT SPDT SPDT SPDT",
    # 空包
    ("bulk_food", "empty"): "- - | - - - - -",
    ("fresh_food", "empty"): "- - | - - - - -",
    ("packaged_food", "empty"): "- - | - - - - -",
    ("daily_goods", "empty"): "- - | - - - - -",
    ("clothing", "empty"): "- - | - - - - -",
    ("appliance", "empty"): "- - | - - - - -",
    ("other", "empty"): "- - | - - - - -",
    # 未收回商品
    ("bulk_food", "not_returned"): "- - | - - - - -",
    ("fresh_food", "not_returned"): "- - | - - - - -",
    ("packaged_food", "not_returned"): "- - | - - - - -",
    ("daily_goods", "not_returned"): "- - | - - - - -",
    ("clothing", "not_returned"): "- - | - - - - -",
    ("appliance", "not_returned"): "- - | - - - - -",
    ("other", "not_returned"): "- - | - - - - -",
}
CAUSES = (Cause.PROMISE, Cause.ONLINE, Cause.AGREED, Cause.GOODWILL, Cause.OTHER)


def by_hand(category, cause, condition, lab_result):
    faulty, sound = TABLE[category.value, condition.value].split(" | ")
    letters = faulty.split()[lab_result is not None] if cause is Cause.QUALITY else sound.split()[CAUSES.index(cause)]
    return {LETTERS[letter] for letter in letters}


def complete(disposition):
    """Particulars in which nothing is missing that this disposition may ask for."""
    return Particulars(
        on=DAY,
        label_number="T-1" if disposition is Disposition.RESALE else "",
        shelf_life_on=date(2026, 12, 31),
        supplier="厦门鹭顺供应链有限公司",
        destroy_basis=DestroyBasis.TWO_SIGNATURES,
        witnesses=("王珂", "林晓燕"),
        photo="IMG-1",
    )


ALL = list(itertools.product(Category, Cause, Condition, (None, *LabResult), Disposition))


def test_the_table_has_every_class_and_condition() -> None:
    assert set(TABLE) == {(one.value, other.value) for one, other in itertools.product(Category, Condition)}
    assert {Cause.QUALITY, *CAUSES} == set(Cause)


@pytest.mark.parametrize("category", Category)
def test_every_combination_is_as_the_table_says(category) -> None:
    for _, cause, condition, lab_result, disposition in (one for one in ALL if one[0] is category):
        for decision in (Decision.RETURNED, Decision.EXCHANGED):
            goods = Goods(category, cause, condition, decision, lab_result)
            objections = objections_to_disposition(goods, disposition, complete(disposition))
            allowed = disposition in by_hand(category, cause, condition, lab_result)
            assert bool(objections) is not allowed, (goods, disposition, objections)


def test_what_is_refused_names_the_rule_and_only_what_is_possible() -> None:
    for category, cause, condition, lab_result, disposition in ALL:
        goods = Goods(category, cause, condition, Decision.RETURNED, lab_result)
        for one in objections_to_disposition(goods, disposition, complete(disposition)):
            assert one.field == "disposition"
            assert one.sentence.endswith("。")
            instead = one.sentence.partition("请")[2]
            offered = {word for word, name in DISPOSITION_NAMES.items() if f"“{name}”" in instead}
            assert offered, one.sentence
            assert offered <= possible(goods), (goods, one.sentence)


def test_a_refused_return_has_nothing_to_dispose_of() -> None:
    for category, cause, condition, lab_result, disposition in ALL:
        goods = Goods(category, cause, condition, Decision.REFUSED, lab_result)
        objections = objections_to_disposition(goods, disposition, complete(disposition))
        assert bool(objections) is (disposition is not Disposition.NONE)


def test_bulk_food_is_never_sold_again_and_the_sentence_says_what_to_do() -> None:
    goods = Goods(Category.BULK_FOOD, Cause.GOODWILL, Condition.INTACT, Decision.RETURNED)
    (one,) = objections_to_disposition(goods, Disposition.RESALE, complete(Disposition.RESALE))
    assert one.sentence == "散装食品不能再销售。请改为“退回供货商”或“退回生产者”。"


def sold_again(category=Category.PACKAGED_FOOD, **changes):
    given = {"on": DAY, "label_number": "T-1", "shelf_life_on": date(2026, 8, 11), **changes}
    goods = Goods(category, Cause.GOODWILL, Condition.INTACT, Decision.RETURNED)
    return [one.field for one in objections_to_disposition(goods, Disposition.RESALE, Particulars(**given))]


def test_packaged_food_is_sold_again_up_to_the_last_day_of_its_shelf_life() -> None:
    assert sold_again() == []
    assert sold_again(shelf_life_on=date(2026, 8, 10)) == ["shelf_life_on"]
    assert sold_again(shelf_life_on=None) == ["shelf_life_on"]
    assert sold_again(Category.CLOTHING, shelf_life_on=None) == []
    assert sold_again(Category.DAILY_GOODS, shelf_life_on=date(2026, 8, 10)) == ["shelf_life_on"]


def test_goods_sold_again_carry_a_label() -> None:
    assert sold_again(label_number="") == ["label_number"]
    goods = Goods(Category.CLOTHING, Cause.GOODWILL, Condition.INTACT, Decision.RETURNED)
    given = Particulars(on=DAY, label_number="T-1")
    assert [one.field for one in objections_to_disposition(goods, Disposition.SUPPLIER, given)] == ["label_number"]


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, ["destroy_basis"]),
        ({"destroy_basis": DestroyBasis.SUPPLIER}, ["supplier"]),
        ({"destroy_basis": DestroyBasis.SUPPLIER, "supplier": "鹭顺"}, []),
        ({"destroy_basis": DestroyBasis.TWO_SIGNATURES}, ["witnesses", "photo"]),
        ({"destroy_basis": DestroyBasis.TWO_SIGNATURES, "witnesses": ("王珂",), "photo": "1"}, ["witnesses"]),
        ({"destroy_basis": DestroyBasis.TWO_SIGNATURES, "witnesses": ("王珂", "林晓燕")}, ["photo"]),
        ({"destroy_basis": DestroyBasis.TWO_SIGNATURES, "witnesses": ("王珂", "林晓燕"), "photo": "1"}, []),
    ],
)
@pytest.mark.parametrize("category", [Category.BULK_FOOD, Category.FRESH_FOOD])
def test_food_is_destroyed_on_the_suppliers_word_or_two_signatures_with_a_photo(category, given, missing) -> None:
    goods = Goods(category, Cause.QUALITY, Condition.INTACT, Decision.RETURNED)
    objections = objections_to_disposition(goods, Disposition.DESTROY, Particulars(on=DAY, **given))
    assert [one.field for one in objections] == missing


def test_other_goods_are_destroyed_without_a_basis() -> None:
    goods = Goods(Category.CLOTHING, Cause.GOODWILL, Condition.DAMAGED, Decision.RETURNED)
    assert objections_to_disposition(goods, Disposition.DESTROY, Particulars(on=DAY)) == ()
