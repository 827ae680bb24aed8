"""The parts of a green complaint: what each has to say, what is wrong with it, and the words around it."""

from dataclasses import replace
from datetime import date

import pytest

from portal.intake.rules import demands_in
from portal.intake.rules.greens import (
    Recipient,
    Said,
    Step,
    composed_text,
    consent_to_settle,
    consent_to_share,
    goods_said,
    objections_to,
    suspicion_sentence,
    unfinished,
    words_of_a_tip,
)
from portal.intake.rules.words import Demand

TODAY = date(2026, 8, 12)
WHOLE = Said(
    name="陈小满",
    phone="139 5920 1234",
    address="厦门市湖里区嘉禾路 321 号",
    category="clothing",
    goods="羽绒服",
    nature="quality",
    bought_by="shop",
    purchased_on="2026-08-02",
    amount="499",
    text="穿两次就跑绒，商家说穿过不能退。",
    demands=("refund", "return"),
    detail="退 499 元。",
    settle=True,
    share=True,
)


def test_a_whole_complaint_has_nothing_left() -> None:
    assert unfinished(WHOLE, today=TODAY) == []
    assert unfinished(Said(), today=TODAY) == list(Step)


@pytest.mark.parametrize(
    ("step", "changes", "field"),
    [
        (Step.YOU, {"name": "陈"}, "name"),
        (Step.YOU, {"name": "陈**"}, "name"),
        (Step.YOU, {"phone": "0592-5500000"}, "phone"),  # a landline gets no code
        (Step.YOU, {"phone": "1395920123"}, "phone"),
        (Step.YOU, {"address": "厦门"}, "address"),
        (Step.MATTER, {"category": ""}, "category"),
        (Step.MATTER, {"goods": ""}, "goods"),
        (Step.MATTER, {"nature": "weather"}, "nature"),
        (Step.MATTER, {"bought_by": ""}, "bought_by"),
        (Step.MATTER, {"purchased_on": "2026-08-13"}, "purchased_on"),
        (Step.MATTER, {"purchased_on": "昨天"}, "purchased_on"),
        (Step.MATTER, {"amount": "四百"}, "amount"),
        (Step.MATTER, {"order": "9" * 61}, "order"),
        (Step.MATTER, {"text": "坏了"}, "text"),
        (Step.MATTER, {"text": "坏" * 2001}, "text"),
        (Step.WISH, {"demands": ()}, "demands"),
        (Step.WISH, {"demands": ("money",)}, "demands"),
        (Step.WISH, {"detail": "退" * 501}, "detail"),
        (Step.CONSENT, {"settle": False}, "settle"),
        (Step.CONSENT, {"share": False}, "share"),
    ],
)
def test_each_mistake_is_named_at_its_field(step: Step, changes: dict[str, object], field: str) -> None:
    said = WHOLE.with_parts(changes)
    assert [name for name, _ in objections_to(step, said, today=TODAY)] == [field]
    assert unfinished(said, today=TODAY) == [step]


@pytest.mark.parametrize("name", ["purchased_on", "amount", "order", "detail", "publish"])
def test_what_need_not_be_said_may_be_left_out(name: str) -> None:
    assert unfinished(WHOLE.with_parts({name: False if name == "publish" else ""}), today=TODAY) == []


def test_what_was_typed_survives_being_written_down() -> None:
    assert Said.of_json(WHOLE.to_json()) == WHOLE
    assert Said().with_parts({"unknown": "x", "purchased_on": TODAY}) == Said(purchased_on="2026-08-12")


def test_another_text_has_another_digest() -> None:
    assert WHOLE.digest == replace(WHOLE).digest
    assert WHOLE.digest != replace(WHOLE, detail="退 4990 元。").digest


def test_the_composed_text_says_what_is_asked_and_for_which_goods() -> None:
    text = composed_text(WHOLE, "湖里店")
    assert text.startswith(WHOLE.text)
    assert goods_said(text) == "羽绒服"
    assert set(demands_in(text)) == {Demand.RETURN, Demand.REFUND}  # as another filing's text would say it
    assert "门店：湖里店" in text
    assert "购买日期：2026年8月2日" in text
    assert goods_said("别的渠道写的内容") == ""


@pytest.mark.parametrize("field", ["text", "detail", "goods"])
def test_words_of_a_tip_are_found_wherever_they_stand(field: str) -> None:
    assert words_of_a_tip(WHOLE) == ()
    assert words_of_a_tip(replace(WHOLE, **{field: "请查处并处罚"})) == ("查处", "处罚")
    assert "12315" in suspicion_sentence(("查处",), "湖里区市场监督管理局")


def test_a_consent_names_who_gets_the_data_and_what_it_means() -> None:
    recipient = Recipient("厦门五缘百货有限公司", "0592-5500000")
    assert "0592-5500000" in consent_to_share(recipient)
    assert "联系电话" not in consent_to_share(Recipient("厦门五缘百货有限公司", ""))
    words = consent_to_settle(recipient, "湖里区市场监督管理局", 7)
    assert "7 个工作日" in words
    assert "不算进市场监督管理部门的办理时限" in words
