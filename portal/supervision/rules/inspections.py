"""An inspection of a merchant's ledgers, from the visit to the re-check.

Ledgers are inspected regularly, with a record of the inspection (seed 4 items 13 and 17); the record has no official
form, its fields are ours (domain 6.2).
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

LARGEST_SAMPLE = 100_000  # entries; more is a slip of the finger


class InspectionState(StrEnum):
    """Where an inspection stands."""

    RECORDED = "recorded"  # 已登记，待企业确认
    CONFIRMED = "confirmed"  # 企业已确认，待整改
    RECTIFIED = "rectified"  # 企业已整改，待复查
    CLOSED = "closed"  # 已办结


class InspectionEvent(StrEnum):
    """What happens to it."""

    CONFIRM = "confirm"  # 企业确认，有问题
    CONFIRM_CLEAN = "confirm_clean"  # 企业确认，没有问题
    RECTIFY = "rectify"  # 企业报告整改
    PASS_RECHECK = "pass_recheck"  # noqa: S105  复查合格
    FAIL_RECHECK = "fail_recheck"  # 复查不合格


S, E = InspectionState, InspectionEvent

TRANSITIONS: dict[tuple[InspectionState, InspectionEvent], InspectionState] = {
    (S.RECORDED, E.CONFIRM): S.CONFIRMED,
    (S.RECORDED, E.CONFIRM_CLEAN): S.CLOSED,
    (S.CONFIRMED, E.RECTIFY): S.RECTIFIED,
    (S.RECTIFIED, E.PASS_RECHECK): S.CLOSED,
    (S.RECTIFIED, E.FAIL_RECHECK): S.CONFIRMED,
}

STATE_NAMES: dict[InspectionState, tuple[str, str]] = {
    S.RECORDED: ("待企业确认", "ours"),
    S.CONFIRMED: ("待整改", "near"),
    S.RECTIFIED: ("待复查", "ours"),
    S.CLOSED: ("已办结", "good"),
}


class Manner(StrEnum):
    """How the ledgers were inspected; decides when the merchant learns of the look (decisions 19)."""

    ON_SITE = "on_site"  # 现场检查
    ONLINE = "online"  # 网上查阅
    UNANNOUNCED = "unannounced"  # 不预先通知的检查


MANNER_NAMES = {Manner.ON_SITE: "现场检查", Manner.ONLINE: "网上查阅", Manner.UNANNOUNCED: "不预先通知的检查"}


class FindingKind(StrEnum):
    """What may be wrong with a ledger."""

    MISSING = "missing"  # 应记未记
    LATE = "late"  # 记录不及时
    INCOMPLETE = "incomplete"  # 项目不全
    UNTRUE = "untrue"  # 与事实不符
    DISPOSITION = "disposition"  # 退回商品处理不当
    LABEL = "label"  # 再销售没有标识
    ALTERED = "altered"  # 验证不通过
    OTHER = "other"  # 其他


FINDING_NAMES: dict[FindingKind, str] = {
    FindingKind.MISSING: "应记未记",
    FindingKind.LATE: "记录不及时",
    FindingKind.INCOMPLETE: "项目不全",
    FindingKind.UNTRUE: "与事实不符",
    FindingKind.DISPOSITION: "退回商品处理不当",
    FindingKind.LABEL: "再销售没有标识",
    FindingKind.ALTERED: "台账验证不通过",
    FindingKind.OTHER: "其他",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found wrong; `seq` names an entry of the ledger where it is about one."""

    kind: FindingKind
    text: str
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """What is written down about an inspection, before it is stored."""

    inspected_on: date
    period_first: date
    period_last: date
    sample: int  # entries looked at
    second_officer: str
    findings: tuple[Finding, ...]
    rectify_on: date | None


def problem_of(visit: Visit, today: date) -> tuple[str, str] | None:
    """Say at which field and why a record can't be stored, or None."""
    late = visit.rectify_on is not None and visit.rectify_on < visit.inspected_on
    rules = (
        (visit.inspected_on > today, "inspected_on", "检查日期不能晚于今天。"),
        (visit.period_first > visit.period_last, "period_last", "检查期间的结束日期不能早于开始日期。"),
        (visit.period_last > visit.inspected_on, "period_last", "检查期间不能晚于检查日期。"),
        (not 0 < visit.sample <= LARGEST_SAMPLE, "sample", f"抽查笔数应在 1 到 {LARGEST_SAMPLE} 之间。"),
        (not visit.second_officer.strip(), "second_officer", "检查须由两人进行，请填写另一名检查人员。"),
        (bool(visit.findings) and visit.rectify_on is None, "rectify_on", "发现问题的，须写明整改期限。"),
        (late, "rectify_on", "整改期限不能早于检查日期。"),
        (not visit.findings and visit.rectify_on is not None, "rectify_on", "没有发现问题，不需要整改期限。"),
    )
    return next(((field, text) for broken, field, text in rules if broken), None)


class IllegalStep(Exception):  # noqa: N818
    """The table has no such step."""


def next_state(state: InspectionState, event: InspectionEvent) -> InspectionState:
    """Return the state behind an event; raises IllegalStep where the table has none."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise IllegalStep(f"{state} + {event}") from None


def allows(state: InspectionState, event: InspectionEvent) -> bool:
    """Say whether the table has this step."""
    return (state, event) in TRANSITIONS
