"""The filters of a merchant's worklist: read from a URL, written back canonically, each with its own way off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlencode

from portal.cases.rules import LEVEL_NAMES, NEVER_WITH_MERCHANT, STATE_NAMES, CaseState, Channel, Level
from portal.core.money import fen_from_yuan, plain_yuan, yuan

E = TypeVar("E", bound=StrEnum)

MAX_QUERY = 100  # characters
ME, NOBODY = "me", "none"  # words for assignees beside sign-in names
CHANNEL_CHIPS = {Channel.GREEN: "绿色通道", Channel.REGULATOR: "监管流转"}
MERCHANT_STATES = tuple(state for state in CaseState if state not in NEVER_WITH_MERCHANT)


class View(StrEnum):
    """The built-in views."""

    ALL = "all"
    OURS = "ours"
    MINE = "mine"
    RAISED = "raised"
    SOON = "soon"
    ANSWERED = "answered"
    OVERDUE = "overdue"
    TODAY = "today"
    NEW = "new"
    PAY = "pay"
    FINISHED = "finished"


VIEW_NAMES = {
    View.ALL: "全部在办",
    View.OURS: "轮到我们",
    View.MINE: "我负责的",
    View.RAISED: "上报给我的",
    View.SOON: "3 个工作日内到期",
    View.ANSWERED: "消费者已答复",
    View.OVERDUE: "逾期",
    View.TODAY: "今天到期",
    View.NEW: "新分派",
    View.PAY: "待履行",
    View.FINISHED: "已结束",
}
TABS = (View.ALL, View.OURS, View.MINE, View.RAISED, View.SOON, View.ANSWERED, View.OVERDUE)


class Sort(StrEnum):
    """The orders of the list."""

    DUE = "due"  # what burns first
    NEW = "new"  # registered last


@dataclass(frozen=True, slots=True)
class Chip:
    """A condition in force and the list without it."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Filters:
    """Everything a worklist's address may say; what cannot be read is left out."""

    view: View = View.ALL
    q: str = ""
    states: tuple[CaseState, ...] = ()
    channels: tuple[Channel, ...] = ()
    at_least: int | None = None  # 分
    assignee: str = ""  # a sign-in name, `me` or `none`
    level: Level | None = None  # which internal level has it
    outlet: str = ""  # its name
    since: date | None = None  # registered on or after
    until: date | None = None  # registered on or before
    sort: Sort = Sort.DUE
    found: str = ""  # a signed token of a search by full phone or name, never stored

    @classmethod
    def read(cls, arguments: Mapping[str, Sequence[str]]) -> "Filters":
        """Read the arguments of an address; forged or outdated parts fall away."""

        def one(name: str) -> str:
            return next(iter(arguments.get(name, ())), "").strip()

        return cls(
            view=member_of(View, one("view")) or View.ALL,
            q=one("q")[:MAX_QUERY],
            states=tuple(state for state in MERCHANT_STATES if state.value in arguments.get("state", ())),
            channels=tuple(channel for channel in Channel if channel.value in arguments.get("channel", ())),
            at_least=fen_from_yuan(one("min")) if one("min") else None,
            assignee=one("assignee")[:100],
            level=member_of(Level, one("level")),
            outlet=one("outlet")[:100],
            since=day_of(one("since")),
            until=day_of(one("until")),
            sort=member_of(Sort, one("sort")) or Sort.DUE,
            found=one("found")[:400],
        )

    @classmethod
    def from_query(cls, query: str) -> "Filters":
        """Read a query string, as a saved view holds it."""
        return cls.read(parse_qs(query))

    def pairs(self) -> list[tuple[str, str]]:
        """The arguments that say the same, defaults left out, always in the same order."""
        said = [
            ("view", "" if self.view is View.ALL else self.view.value),
            ("q", self.q),
            *(("state", state.value) for state in self.states),
            *(("channel", channel.value) for channel in self.channels),
            ("min", plain_yuan(self.at_least).removesuffix(".00") if self.at_least else ""),
            ("assignee", self.assignee),
            ("level", self.level.value if self.level else ""),
            ("outlet", self.outlet),
            ("since", self.since.isoformat() if self.since else ""),
            ("until", self.until.isoformat() if self.until else ""),
            ("sort", "" if self.sort is Sort.DUE else self.sort.value),
            ("found", self.found),
        ]
        return [(name, value) for name, value in said if value]

    def query(self) -> str:
        """The canonical query string, without question mark."""
        return urlencode(self.pairs())

    def kept_query(self) -> str:
        """The query string a saved view keeps: without the token of a search by phone."""
        return replace(self, found="").query()

    def address(self, path: str) -> str:
        """The path with these filters."""
        query = self.query()
        return f"{path}?{query}" if query else path

    @property
    def narrows(self) -> bool:
        """Say whether anything beside view and order is asked."""
        return self != Filters(view=self.view, sort=self.sort)

    def chips(self, path: str, assignee_name: str = "") -> list[Chip]:
        """Each condition with the address of the list without it."""
        return [
            Chip(label, replace(self, **{name: _DEFAULTS[name] for name in names}).address(path))
            for names, label in self._labels(assignee_name)
        ]

    def _labels(self, assignee_name: str) -> list[tuple[tuple[str, ...], str]]:
        dates = " 至 ".join(day.isoformat() if day else "" for day in (self.since, self.until)).strip()
        said = [
            (("view",), f"视图：{VIEW_NAMES[self.view]}" if self.view not in TABS else ""),
            (("q",), f"搜索：{self.q}" if self.q else ""),
            (("states",), f"状态：{'、'.join(STATE_NAMES[state] for state in self.states)}" if self.states else ""),
            (("channels",), f"渠道：{'、'.join(CHANNEL_CHIPS[one] for one in self.channels)}" if self.channels else ""),
            (("at_least",), f"金额：{yuan(self.at_least).removesuffix('.00')} 元以上" if self.at_least else ""),
            (("assignee",), f"经办：{assignee_name or self.assignee}" if self.assignee else ""),
            (("level",), f"层级：{LEVEL_NAMES[self.level]}" if self.level else ""),
            (("outlet",), f"门店：{self.outlet}" if self.outlet else ""),
            (("since",), f"登记：{self.since.isoformat()} 起" if self.since and not self.until else ""),
            (("until",), f"登记：{self.until.isoformat()} 止" if self.until and not self.since else ""),
            (("since", "until"), f"登记：{dates}" if self.since and self.until else ""),
            (("found",), "按手机号或姓名查到的" if self.found else ""),
        ]
        return [(names, label) for names, label in said if label]


_DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(Filters)}


def member_of(enum: type[E], value: str) -> E | None:
    """Read a member of an enum from an address; None for anything else."""
    try:
        return enum(value)
    except ValueError:
        return None


def day_of(value: str) -> date | None:
    """Read a date from an address; None for anything else."""
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None
