"""The filters of an officer's list of cases: read from a URL, written back canonically, each with its own way off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from portal.cases.filters import CHANNEL_CHIPS, Chip, day_of, member_of
from portal.cases.rules import STATE_NAMES, CaseState, Channel, FailureCause
from portal.cases.wording import CAUSE_NAMES, SOURCE_NAMES
from portal.indicators.queries import DEFINITIONS, Indicator, Part

MAX_QUERY = 100  # characters
PATH = "/regulator/cases"
CHANGED_NAMES = {"week": "7 天内", "any": "有过更新"}
PART_NAMES = {Part.ALL: "全部", Part.MET: "已达到", Part.MISSED: "未达到"}


class Tab(StrEnum):
    """The views; those of the board's numbers hold exactly what the board counted."""

    OPEN = "open"
    WAITING = "waiting"
    OVERDUE = "overdue"
    FAILED = "failed"
    CHOICE = "choice"
    BREACHED = "breached"
    UNVERIFIED = "unverified"
    UNPAID = "unpaid"
    SETTLED = "settled"
    ALL = "all"


TAB_NAMES = {
    Tab.OPEN: "在办",
    Tab.WAITING: "待分流",
    Tab.OVERDUE: "逾期未结",
    Tab.FAILED: "未和解待处理",
    Tab.CHOICE: "待消费者选择",
    Tab.BREACHED: "未兑现",
    Tab.UNVERIFIED: "未经本人确认",
    Tab.UNPAID: "应付未付",
    Tab.SETTLED: "已和解",
    Tab.ALL: "全部",
}


class Sort(StrEnum):
    """The orders of the list."""

    DUE = "due"  # what burns first
    NEW = "new"  # registered last


@dataclass(frozen=True, slots=True)
class OfficerFilters:
    """Everything the list's address may say; what cannot be read is left out."""

    tab: Tab = Tab.OPEN
    q: str = ""
    area: str = ""  # an authority's code inside the jurisdiction
    merchant: str = ""  # a merchant's code
    states: tuple[CaseState, ...] = ()
    channels: tuple[Channel, ...] = ()
    source: str = ""
    changed: str = ""  # the platform said something new: within a week, or ever
    cause: FailureCause | None = None
    indicator: Indicator | None = None
    part: Part = Part.ALL
    since: date | None = None  # of registration; of the indicator or the failure where one is asked
    until: date | None = None
    sort: Sort = Sort.DUE
    found: str = ""  # a signed token of a search by full phone or name, never stored

    @classmethod
    def read(cls, arguments: Mapping[str, Sequence[str]]) -> "OfficerFilters":
        """Read the arguments of an address; forged or outdated parts fall away."""

        def one(name: str) -> str:
            return next(iter(arguments.get(name, ())), "").strip()

        return cls(
            tab=member_of(Tab, one("tab")) or Tab.OPEN,
            q=one("q")[:MAX_QUERY],
            area=one("area")[:40],
            merchant=one("merchant")[:40],
            states=tuple(state for state in CaseState if state.value in arguments.get("state", ())),
            channels=tuple(channel for channel in Channel if channel.value in arguments.get("channel", ())),
            source=one("source") if one("source") in SOURCE_NAMES else "",
            changed=one("changed") if one("changed") in CHANGED_NAMES else "",
            cause=member_of(FailureCause, one("cause")),
            indicator=member_of(Indicator, one("indicator")),
            part=member_of(Part, one("part")) or Part.ALL,
            since=day_of(one("since")),
            until=day_of(one("until")),
            sort=member_of(Sort, one("sort")) or Sort.DUE,
            found=one("found")[:400],
        )

    def pairs(self) -> list[tuple[str, str]]:
        """The arguments that say the same, defaults left out, always in the same order."""
        said = [
            ("tab", "" if self.tab is Tab.OPEN else self.tab.value),
            ("q", self.q),
            ("area", self.area),
            ("merchant", self.merchant),
            *(("state", state.value) for state in self.states),
            *(("channel", channel.value) for channel in self.channels),
            ("source", self.source),
            ("changed", self.changed),
            ("cause", self.cause.value if self.cause else ""),
            ("indicator", self.indicator.value if self.indicator else ""),
            ("part", self.part.value if self.indicator and self.part is not Part.ALL else ""),
            ("since", self.since.isoformat() if self.since else ""),
            ("until", self.until.isoformat() if self.until else ""),
            ("sort", "" if self.sort is Sort.DUE else self.sort.value),
            ("found", self.found),
        ]
        return [(name, value) for name, value in said if value]

    def address(self, path: str = PATH) -> str:
        """The path with these filters."""
        query = urlencode(self.pairs())
        return f"{path}?{query}" if query else path

    def in_tab(self, tab: Tab) -> str:
        """The address of another view under the same conditions."""
        return replace(self, tab=tab).address()

    @property
    def narrows(self) -> bool:
        """Say whether anything beside view and order is asked."""
        return self != OfficerFilters(tab=self.tab, sort=self.sort)

    def chips(self, area_name: str = "", merchant_name: str = "") -> list[Chip]:
        """Each condition with the address of the list without it."""
        return [
            Chip(label, replace(self, **{name: _DEFAULTS[name] for name in names}).address())
            for names, label in self._labels(area_name, merchant_name)
        ]

    def _labels(self, area_name: str, merchant_name: str) -> list[tuple[tuple[str, ...], str]]:
        indicator = f"{DEFINITIONS[self.indicator].title}：{PART_NAMES[self.part]}" if self.indicator else ""
        said = [
            (("q",), f"搜索：{self.q}" if self.q else ""),
            (("area",), f"辖区：{area_name}" if area_name else ""),
            (("merchant",), f"企业：{merchant_name or self.merchant}" if self.merchant else ""),
            (("states",), f"状态：{'、'.join(STATE_NAMES[state] for state in self.states)}" if self.states else ""),
            (("channels",), f"渠道：{'、'.join(CHANNEL_CHIPS[one] for one in self.channels)}" if self.channels else ""),
            (("source",), f"来源：{SOURCE_NAMES[self.source]}" if self.source else ""),
            (("changed",), f"平台更新：{CHANGED_NAMES[self.changed]}" if self.changed else ""),
            (("cause",), f"未和解原因：{CAUSE_NAMES[self.cause]}" if self.cause else ""),
            (("indicator", "part"), indicator),
            (("since", "until"), self._dates()),
            (("found",), "按手机号或姓名查到的" if self.found else ""),
        ]
        return [(names, label) for names, label in said if label]

    def _dates(self) -> str:
        if self.since is None and self.until is None:
            return ""
        of = "指标期间" if self.indicator else "结束" if self.cause else "登记"
        first, last = (day.isoformat() if day else "" for day in (self.since, self.until))
        if first and last:
            return f"{of}：{first} 至 {last}"
        return f"{of}：{first} 起" if first else f"{of}：{last} 止"


_DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(OfficerFilters)}
