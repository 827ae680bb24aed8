"""Where transferred money goes: what an account looks like, when it may be given, how little of it is shown."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from portal.cases.rules import CaseState
from portal.settlements.rules.terms import TermDraft
from portal.settlements.rules.words import PaymentMethod


class PayeeKind(StrEnum):
    """What kind of account it is."""

    CARD = "card"  # 银行卡
    ALIPAY = "alipay"  # 支付宝
    WECHAT = "wechat"  # 微信


PAYEE_KIND_NAMES: dict[PayeeKind, str] = {
    PayeeKind.CARD: "银行卡",
    PayeeKind.ALIPAY: "支付宝",
    PayeeKind.WECHAT: "微信",
}
AWAITS_MONEY = frozenset({CaseState.AGREED, CaseState.BREACHED})
MAX_HOLDER, MAX_BANK, MAX_NUMBER = 40, 40, 64

_HOLDER = re.compile(r"[^\W\d_](?:[^\W\d_]|[·•.'()（） -])*")
_BANK = re.compile(r"[^\W_](?:[^\W_]|[·()（） -])*")
_CARD = re.compile(r"[0-9]{12,22}")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
_WECHAT = re.compile(r"[A-Za-z][\w-]{5,19}", re.ASCII)


@dataclass(frozen=True, slots=True)
class PayeeAccount:
    """An account to which money is sent."""

    kind: PayeeKind
    holder: str
    number: str
    bank: str = ""  # of a card only

    @property
    def tail(self) -> str:
        """As much of the number as lets its owner know it again: 尾号 1234, w***@163.com."""
        if "@" in self.number:
            name, _, host = self.number.partition("@")
            return f"{name[0]}***@{host}"
        return f"尾号 {self.number[-min(4, len(self.number) // 3) :]}"

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """All of it, for the one who pays."""
        rows = (
            ("收款账户", PAYEE_KIND_NAMES[self.kind]),
            ("户名", self.holder),
            ("账号", self.number),
            ("开户银行", self.bank),
        )
        return tuple((name, value) for name, value in rows if value)

    @property
    def is_doubtful(self) -> bool:
        """Say whether a card's check digit does not fit: often a slip, though some accounts carry none."""
        return self.kind is PayeeKind.CARD and not passes_luhn(self.number)


def is_by_transfer(terms: Sequence[TermDraft]) -> bool:
    """Say whether some of the money is transferred, so that it needs an account to go to."""
    return any(term.method is PaymentMethod.TRANSFER for term in terms)


def objection_to_payee(state: CaseState, *, by_transfer: bool) -> str | None:
    """Why no account is taken now (decisions 14); None where one is."""
    if state not in AWAITS_MONEY:
        return "现在没有等待付款的协议，不用填写收款账户。下面是最新进展。"
    if not by_transfer:
        return "这份协议的款项不用转账支付，不需要填写收款账户。"
    return None


def tidied(account: PayeeAccount) -> PayeeAccount:
    """The account without blanks and full-width characters in its number; a bank belongs to a card only."""
    number = "".join(unicodedata.normalize("NFKC", account.number).split())
    is_plain = account.kind is PayeeKind.CARD or re.fullmatch(r"[0-9-]+", number)
    return replace(
        account,
        holder=" ".join(account.holder.split()),
        number=number.replace("-", "") if is_plain else number,
        bank=" ".join(account.bank.split()) if account.kind is PayeeKind.CARD else "",
    )


def objections_to_account(account: PayeeAccount) -> Iterator[tuple[str, str]]:
    """What cannot be right about a tidied account: field and sentence."""
    if not 2 <= len(account.holder) <= MAX_HOLDER or not _HOLDER.fullmatch(account.holder):
        yield "holder", f"户名填收款人的姓名，2 到 {MAX_HOLDER} 个字，不含数字和符号。"
    if objection := _objection_to_number(account):
        yield "number", objection
    if account.kind is PayeeKind.CARD and (not 2 <= len(account.bank) <= MAX_BANK or not _BANK.fullmatch(account.bank)):
        yield "bank", f"请填写开户银行，2 到 {MAX_BANK} 个字，例如 中国工商银行。"


def _objection_to_number(account: PayeeAccount) -> str | None:
    number = account.number
    if account.kind is PayeeKind.CARD:
        return None if _CARD.fullmatch(number) else "银行卡号是 12 到 22 位数字。"
    if _MOBILE.fullmatch(number):
        return None
    if account.kind is PayeeKind.ALIPAY:
        is_right = len(number) <= MAX_NUMBER and _EMAIL.fullmatch(number)
        return None if is_right else "支付宝账号是手机号或邮箱地址。"
    return None if _WECHAT.fullmatch(number) else "微信号以字母开头，6 到 20 位；也可以填绑定微信的手机号。"


def passes_luhn(number: str) -> bool:
    """Say whether a card number's check digit fits (ISO/IEC 7812-1, annex B)."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number)))
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0
