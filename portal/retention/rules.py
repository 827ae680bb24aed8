"""When personal fields fall due for erasure, and whose two words carry a list out (decisions 22, 29; domain 4.5).

A ledger is kept at least two years (seed 4 item 6); by default three, because complaints may come for three years
(令121第十六条第四项); then what names a person is erased, for nothing is kept longer than its purpose needs
(个人信息保护法第十九条). Entries, numbers and hashes stay for ever.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from portal.clocks.rules import local_day


class ListState(StrEnum):
    """Where a disposal list stands."""

    DRAWN = "drawn"  # 待审批
    APPROVED = "approved"  # 已批准，待执行
    DONE = "done"  # 已清除
    REJECTED = "rejected"  # 不同意


class Side(StrEnum):
    """The two that must agree: the merchant whose ledger it is, and the authority that inspects it."""

    MERCHANT = "merchant"
    AUTHORITY = "authority"


LIST_STATES: dict[ListState, tuple[str, str]] = {
    ListState.DRAWN: ("待审批", "ours"),
    ListState.APPROVED: ("已批准，待执行", "near"),
    ListState.DONE: ("已清除", "good"),
    ListState.REJECTED: ("不同意清除", "theirs"),
}
SIDE_NAMES = {Side.MERCHANT: "企业负责人", Side.AUTHORITY: "监管部门"}


@dataclass(frozen=True, slots=True)
class Word:
    """One person's approval."""

    side: Side
    person_id: int


def cutoff(now: datetime, kept_days: int, floor_days: int) -> date:
    """The last day whose entries are due now: kept for the longer of the two spans of natural days."""
    return local_day(now) - timedelta(days=max(kept_days, floor_days))


def approval_problem(given: tuple[Word, ...], new: Word) -> str | None:
    """Say why a person can't approve, or None: one of the merchant's leads and one officer, two different people."""
    if any(word.side is new.side for word in given):
        return f"{SIDE_NAMES[new.side]}已经审批过。还需要{SIDE_NAMES[_other(new.side)]}审批。"
    if any(word.person_id == new.person_id for word in given):
        return "清除须由两个人分别批准，同一人不能批准两次。"
    return None


def is_approved(given: tuple[Word, ...]) -> bool:
    """Say whether both sides have agreed, by two different people."""
    return {word.side for word in given} == set(Side) and len({word.person_id for word in given}) > 1


def _other(side: Side) -> Side:
    return Side.AUTHORITY if side is Side.MERCHANT else Side.MERCHANT
