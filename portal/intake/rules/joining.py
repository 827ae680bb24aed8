"""Which open case a filing belongs to: the same grievance, filed through another channel (decisions 9)."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
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


def cases_to_join(newcomers: Sequence[Newcomer], cases: Iterable[OpenCase], within: timedelta) -> list[int | None]:
    """Return for each filing of one phone the id of the case that it joins, None where it makes a case of its own.

    Merchant equal, no filing of the same channel, at most `within` apart, amounts not contradicting where both are
    known; likeness of text is never asked. The pair nearest in time joins first, whatever the order of the rows, so
    that either of two files may come first.
    """
    open_cases = {case.id: case for case in cases}
    joined: list[int | None] = [None] * len(newcomers)
    pairs = [pair for case in open_cases.values() for pair in _pairs(newcomers, case, within)]
    heapq.heapify(pairs)
    while pairs:
        _near, place, case_id = heapq.heappop(pairs)
        newcomer, case = newcomers[place], open_cases[case_id]
        if joined[place] is not None or not _fits(newcomer, case):
            continue
        joined[place] = case_id
        open_cases[case_id] = _with(case, newcomer)
        for pair in _pairs(newcomers, open_cases[case_id], within):  # the new filing may be nearer to others
            heapq.heappush(pairs, pair)
    return joined


def case_to_join(newcomer: Newcomer, cases: Iterable[OpenCase], within: timedelta) -> int | None:
    """Return the id of the case nearest in time that one filing joins, None where it makes a case of its own."""
    return cases_to_join([newcomer], cases, within)[0]


# Of equally near pairs the one registered first, then the one whose amounts say more: the order of rows says nothing.
_Nearness = tuple[timedelta, datetime, datetime, tuple[int, ...]]


def _pairs(newcomers: Sequence[Newcomer], case: OpenCase, within: timedelta) -> Iterator[tuple[_Nearness, int, int]]:
    for place, newcomer in enumerate(newcomers):
        if _fits(newcomer, case) and (near := _nearness(newcomer, case))[0] <= within:
            yield near, place, case.id


def _fits(newcomer: Newcomer, case: OpenCase) -> bool:
    contradicting = newcomer.amount is not None and case.amount is not None and newcomer.amount != case.amount
    own_channel = any(source == newcomer.source for source, _ in case.filings)
    return case.merchant_id == newcomer.merchant_id and bool(case.filings) and not own_channel and not contradicting


def _nearness(newcomer: Newcomer, case: OpenCase) -> _Nearness:
    amounts = tuple(sorted(-1 if amount is None else amount for amount in (newcomer.amount, case.amount)))
    return min(
        (
            abs(registered_at - newcomer.registered_at),
            min(registered_at, newcomer.registered_at),
            max(registered_at, newcomer.registered_at),
            tuple(-amount for amount in amounts),
        )
        for _, registered_at in case.filings
    )


def _with(case: OpenCase, newcomer: Newcomer) -> OpenCase:
    return replace(
        case,
        amount=newcomer.amount if case.amount is None else case.amount,
        filings=(*case.filings, (newcomer.source, newcomer.registered_at)),
    )
