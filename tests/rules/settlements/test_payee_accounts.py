"""Accounts: what they look like, when they are taken, how little of them is shown."""

import pytest

from portal.cases.rules import CaseState
from portal.settlements import rules
from portal.settlements.rules import PayeeAccount, PayeeKind

CARD = "6222021234567890128"


@pytest.mark.parametrize(
    ("account", "wrong"),
    [
        (PayeeAccount(PayeeKind.CARD, "李小明", CARD, "中国工商银行"), []),
        (PayeeAccount(PayeeKind.CARD, " 阿依古丽·买买提 ", "６２２２ 0212-3456 7890 128", "中国银行（湖里支行）"), []),
        (PayeeAccount(PayeeKind.ALIPAY, "李小明", "13860001234"), []),
        (PayeeAccount(PayeeKind.ALIPAY, "李小明", "li.xiao-ming@163.com"), []),
        (PayeeAccount(PayeeKind.WECHAT, "Li Xiaoming", "wx_li-2026"), []),
        (PayeeAccount(PayeeKind.CARD, "李小明", CARD), ["bank"]),
        (PayeeAccount(PayeeKind.CARD, "李小明", "62220212345", "工商银行"), ["number"]),
        (PayeeAccount(PayeeKind.CARD, "李小明", "6222abcd12345678", "工商银行"), ["number"]),
        (PayeeAccount(PayeeKind.CARD, "李", CARD, "<b>"), ["holder", "bank"]),
        (PayeeAccount(PayeeKind.ALIPAY, "李小明1", "not an address"), ["holder", "number"]),
        (PayeeAccount(PayeeKind.ALIPAY, "李小明", f"{'a' * 64}@163.com"), ["number"]),
        (PayeeAccount(PayeeKind.WECHAT, "李小明", "12345"), ["number"]),
    ],
)
def test_what_an_account_looks_like(account, wrong):
    assert [field for field, _text in rules.objections_to_account(rules.tidied(account))] == wrong


def test_a_bank_belongs_to_a_card_only_and_blanks_to_nobody():
    tidy = rules.tidied(PayeeAccount(PayeeKind.ALIPAY, "李  小明", "138 6000 1234", "中国银行"))
    assert tidy == PayeeAccount(PayeeKind.ALIPAY, "李 小明", "13860001234")


@pytest.mark.parametrize(("number", "fits"), [("4539578763621486", True), ("4539578763621487", False), ("0", True)])
def test_the_check_digit_of_a_card(number, fits):
    assert rules.passes_luhn(number) is fits


@pytest.mark.parametrize(
    ("number", "tail"),
    [("6222021234567890128", "尾号 0128"), ("wx_abc", "尾号 bc"), ("li@163.com", "l***@163.com")],
)
def test_little_of_a_number_is_shown(number, tail):
    assert PayeeAccount(PayeeKind.CARD, "李小明", number).tail == tail


@pytest.mark.parametrize("state", list(CaseState))
def test_an_account_is_taken_while_a_transfer_is_awaited(state):
    awaited = state in (CaseState.AGREED, CaseState.BREACHED)
    assert (rules.objection_to_payee(state, by_transfer=True) is None) is awaited
    assert rules.objection_to_payee(state, by_transfer=False)
