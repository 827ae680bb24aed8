"""What officers are told beside a complaint: signs, never findings; counts and windows are rows of limits, not law."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rapidfuzz import fuzz

MANY = 20  # from here on nobody counts


@dataclass(frozen=True, slots=True)
class HintLimits:
    """From when on officers are told (limits `hint_window`, `hint_people`, `hint_complaints`, `hint_likeness`)."""

    window: timedelta
    people: int
    complaints: int
    likeness: int  # per cent


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A filing as hints see it: by blind indexes, structured words and its case; no name and no number to call."""

    case_id: int
    reference: str
    source: str
    number: str
    registered_at: datetime
    phone: bytes | None
    name: bytes | None
    merchant_id: int | None  # dispatched to, or the only one that fits
    amount: int | None
    goods: str
    problem: str
    is_open: bool


def sentences(own: Neighbour, neighbours: Sequence[Neighbour], limits: HintLimits) -> tuple[str, ...]:
    """Say what is noticeable about a filing among those around it, its own case counted: in short：then in full."""
    near = [one for one in (*neighbours, own) if abs(one.registered_at - own.registered_at) <= limits.window]
    return tuple(text for text in (_people(own, near, limits), _complaints(own, near, limits)) if text)


def _people(own: Neighbour, near: Sequence[Neighbour], limits: HintLimits) -> str:
    names = {one.name for one in near if one.name and one.phone == own.phone} if own.phone else set()
    if len(names) < limits.people:
        return ""
    told = _counted(len(names), "个")
    return f"同一电话 {told}姓名：前后 {limits.window.days} 天内有 {told}不同姓名的投诉人使用这个电话。"


def _complaints(own: Neighbour, near: Sequence[Neighbour], limits: HintLimits) -> str:
    alike = [one for one in near if _alike(own, one)]
    by_phone = {one.case_id for one in alike if own.phone and one.phone == own.phone}
    by_name = {one.case_id for one in alike if own.name and one.name == own.name}
    cases, who = (by_phone, "同一电话") if len(by_phone) >= len(by_name) else (by_name, "同名投诉人")
    if len(cases) < limits.complaints:
        return ""
    told = _counted(len(cases), "件")
    return f"同类投诉 {told}：{who}前后 {limits.window.days} 天内有 {told}商品或问题相同的投诉。"


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}" if count < MANY else f"{MANY} {unit}以上"


def _alike(own: Neighbour, other: Neighbour) -> bool:
    if other.case_id == own.case_id:
        return True
    return bool(own.goods and own.goods == other.goods) or bool(own.problem and own.problem == other.problem)


def likeness(one: str, other: str) -> int:
    """Say how like two texts are, 0 to 100; shown to officers, never required for joining (decisions 9)."""
    return round(fuzz.token_set_ratio(one, other)) if one and other else 0


def why_apart(own: Neighbour, other: Neighbour, within: timedelta) -> str:
    """Say which condition of joining two filings of different cases do not meet, the plainest first (decisions 9)."""
    reasons = (
        (own.phone is None or own.phone != other.phone, "电话不同或没有可用电话"),
        (own.merchant_id is None or own.merchant_id != other.merchant_id, "企业不同或尚未确定"),
        (own.source == other.source, "同一渠道"),
        (own.amount is not None and other.amount is not None and own.amount != other.amount, "金额不一致"),
        (
            abs(own.registered_at - other.registered_at) > within,
            f"相隔超过 {round(within.total_seconds() / 3600)} 小时",
        ),
        (not other.is_open, "已办结"),
    )
    return next((words for holds, words in reasons if holds), "登记时另一件已不能并入")
