"""Which open case a filing belongs to: the same grievance, filed through another channel (decisions 9)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class OpenCase:
    """An open case of the same usable phone, as joining sees it."""

    id: int
    merchant_id: int  # dispatched to, or the only one that fits while it waits
    amount: int | None  # 分
    filings: tuple[tuple[str, datetime], ...]  # source and registration of each


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A filing that may join: its phone is usable and exactly one merchant fits."""

    source: str
    merchant_id: int
    amount: int | None  # 分
    registered_at: datetime


def case_to_join(newcomer: Newcomer, cases: Iterable[OpenCase], within: timedelta) -> int | None:
    """Return the id of the case nearest in time that the filing joins, None where it makes a case of its own.

    Merchant equal, no filing of the same channel, at most `within` apart, amounts not contradicting where both
    are known. That the phones are equal is the caller's doing; likeness of text is never asked.
    """
    near = [(_apart(newcomer, case), case.id) for case in cases if _fits(newcomer, case)]
    return min(((apart, key) for apart, key in near if apart <= within), default=(None, None))[1]


def _fits(newcomer: Newcomer, case: OpenCase) -> bool:
    contradicting = newcomer.amount is not None and case.amount is not None and newcomer.amount != case.amount
    own_channel = any(source == newcomer.source for source, _ in case.filings)
    return case.merchant_id == newcomer.merchant_id and bool(case.filings) and not own_channel and not contradicting


def _apart(newcomer: Newcomer, case: OpenCase) -> timedelta:
    return min(abs(registered_at - newcomer.registered_at) for _, registered_at in case.filings)
