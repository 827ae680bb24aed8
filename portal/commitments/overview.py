"""What a merchant sees of its own promise first: what holds, what is on its way and whose turn it is, what was."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from portal.clocks.rules import SHANGHAI
from portal.commitments.models import PromiseVersion
from portal.commitments.own import OwnPromise
from portal.commitments.rules import ORIGIN_NAMES, STATE_NAMES, Origin, PromiseState, wording
from portal.commitments.rules.spans import ONE_DAY
from portal.commitments.rules.states import EDITABLE, ON_ITS_WAY
from portal.commitments.rules.telling import plain_day
from portal.commitments.rules.terms import Terms

NONE_YET = ("没有承诺", "theirs")
SOON = timedelta(days=60)  # shown before the warnings begin: a review takes its time; ours, not law
OVER = {
    PromiseState.EXPIRED: "上一版承诺到期后没有续期。",
    PromiseState.ENDED: "上一版承诺已经退出。",
    PromiseState.REMOVED: "上一版承诺已被摘牌。",
}


@dataclass(frozen=True, slots=True)
class Coming:
    """The version on its way."""

    reference: str
    title: str
    state: tuple[str, str]
    words: str
    is_ours: bool  # the merchant's turn
    may_withdraw: bool
    may_discard: bool
    opinions: Sequence[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Current:
    """The version in force."""

    reference: str
    said: wording.Said
    reviewed: str
    may_end: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole page."""

    state: tuple[str, str]
    current: Current | None
    coming: Coming | None
    former: Sequence[dict[str, Any]]
    expiry: str
    ending: str
    over_words: str
    on_paper: str  # the version for which there is a certificate and posters
    public_page: str
    is_empty: bool
    may_change: bool


def overview_of(own: OwnPromise, terms: Terms | None, *, today: date) -> Overview:
    """The page of a merchant's promise; `terms` are those of the version in force."""
    current, coming, former = own.current, own.coming, own.former
    passed = coming.reference if coming is not None and coming.state is PromiseState.PASSED else ""
    return Overview(
        state=_state(current, coming, former),
        current=None if current is None or terms is None else _current(current, terms),
        coming=None if coming is None else _coming(coming),
        former=[former_line(one) for one in former],
        expiry="" if current is None or coming is not None else _expiry(current, today),
        ending="" if current is None or current.last_on is None else _ending(current.last_on),
        over_words=OVER.get(former[0].state, "") if former else "",
        on_paper=current.reference if current is not None else passed,
        public_page=f"/m/{current.promisor.slug}" if current is not None else "",
        is_empty=not own.versions,
        may_change=current is not None and coming is None,
    )


def former_line(version: PromiseVersion) -> dict[str, Any]:
    """A version that was in force once, for a list."""
    assert version.first_on is not None
    span = f"{plain_day(version.first_on)}至{plain_day(version.last_on)}" if version.last_on else "日期不明"
    return {
        "reference": version.reference,
        "title": version_title(version),
        "span": f"管 {span} 购买的商品",
        "state": STATE_NAMES[version.state],
    }


def version_title(version: PromiseVersion) -> str:
    """A version's name on pages."""
    return f"第 {version.number} 版"


def opinions_of(version: PromiseVersion) -> list[dict[str, str]]:
    """What the two levels wrote, with who and when."""
    said = (
        ("初审", version.first_at, version.first_by, version.first_opinion),
        ("复审", version.second_at, version.second_by, version.second_opinion),
    )
    return [
        {"text": opinion or "同意。", "who": f"{level} · {by or ''} · {day(at)}"}
        for level, at, by, opinion in said
        if at is not None
    ]


def course_of(version: PromiseVersion) -> list[dict[str, Any]]:
    """What happened to a version, newest first, for a timeline."""
    written = version.origin is Origin.MERCHANT
    said = [
        ("edit", "", "开始填写" if written else ORIGIN_NAMES[version.origin], version.created_at, "", ""),
        ("send", "", "提交审核", version.submitted_at if written else None, "", ""),
        ("check", "", "初审", version.first_at, version.first_by, version.first_opinion),
        ("check", "", "复审", version.second_at, version.second_by, version.second_opinion),
    ]
    items = [
        {"icon": icon, "tone": tone, "title": title, "when": day(at), "who": who or "", "text": text or ""}
        for icon, tone, title, at, who, text in said
        if at is not None
    ]
    dated = (
        ("eye", "", "公示", version.published_on, ""),
        ("done", "good", "最后一个有效的购买日期", version.last_on, version.ended_reason),
        ("x", "bad", "摘牌", version.removed_on, version.removal_reason),
    )
    items += [
        {"icon": icon, "tone": tone, "title": title, "when": on.isoformat(), "text": text or ""}
        for icon, tone, title, on, text in dated
        if on is not None
    ]
    return items[::-1]


def day(moment: datetime | None) -> str:
    """A day for lists: 2026-10-12; empty where there is none."""
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d}" if moment else ""


def _state(
    current: PromiseVersion | None, coming: PromiseVersion | None, former: Sequence[PromiseVersion]
) -> tuple[str, str]:
    shown = current or coming or (former[0] if former else None)
    return NONE_YET if shown is None else STATE_NAMES[shown.state]


def _current(version: PromiseVersion, terms: Terms) -> Current:
    return Current(
        reference=version.reference,
        said=wording.said(terms),
        reviewed=f"{version.published_on.isoformat()} 公示" if version.published_on else "",
        may_end=version.last_on is None,
    )


def _coming(version: PromiseVersion) -> Coming:
    return Coming(
        reference=version.reference,
        title=version_title(version),
        state=STATE_NAMES[version.state],
        words=_whose_turn(version),
        is_ours=version.state in EDITABLE,
        may_withdraw=version.state in ON_ITS_WAY,
        may_discard=version.state in EDITABLE and version.submitted_at is None,
        opinions=opinions_of(version) if version.state is not PromiseState.DRAFT else [],
    )


def _whose_turn(version: PromiseVersion) -> str:
    match version.state:
        case PromiseState.DRAFT:
            return "这份草稿只有我方能看到。填完以后提交审核。"
        case PromiseState.SUBMITTED:
            return f"{day(version.submitted_at)} 提交，等监管部门初审。要修改，先撤回。"
        case PromiseState.DISTRICT_PASSED:
            return "初审已通过，等复审。要修改，先撤回。"
        case PromiseState.PASSED:
            assert version.first_on is not None
            return f"审核已通过，{plain_day(version.first_on)}起购买的商品按它办理。"
        case PromiseState.REFUSED:
            return "没有通过初审。按意见修改后重新提交。"
        case _:
            return "没有通过复审。按意见修改后重新提交。"


def _expiry(version: PromiseVersion, today: date) -> str:
    if version.expires_on is None or version.last_on is not None or version.expires_on - today > SOON:
        return ""
    after = version.expires_on + ONE_DAY
    return (
        f"第 {version.number} 版到 {plain_day(version.expires_on)} 到期。不续期的话，"
        f"{plain_day(after)} 起购买的商品不再适用；以前的购买不受影响。续期要重新审核，请提早办。"
    )


def _ending(last_on: date) -> str:
    return f"已登记退出：{plain_day(last_on)} 是最后一个有效的购买日期，以前的购买仍按承诺办理。"
