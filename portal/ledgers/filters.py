"""What a list of entries is narrowed to and how it is sorted, read from an address and written back into one."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from portal.ledgers.page_models import Book
from portal.ledgers.rules.vocabulary import (
    CATEGORY_NAMES,
    DECISION_NAMES,
    DISPOSITION_NAMES,
    OUTCOME_NAMES,
    RECEIVED_NAMES,
)

TITLES = {Book.COMPLAINTS: "消费投诉记录台账", Book.RETURNS: "退换货台账"}
OUTCOME_TITLES = {Book.COMPLAINTS: ("处理结果", "接收方式"), Book.RETURNS: ("是否退换", "类别")}
KINDS = {"original": "原始登记", "amendment": "更正"}
AMENDED = {"yes": "被更正过", "no": "没有更正"}
SORTS = {"new": "新登记的在前", "old": "旧登记的在前", "day": "发生日期近的在前"}
LONGEST = 100  # characters of a search


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """The conditions of a list of one book; what an address says that is unknown falls away."""

    book: Book
    q: str = ""
    since: date | None = None  # the day of the return or complaint, in China
    until: date | None = None
    outcome: str = ""  # 是否退换, or what became of a complaint
    disposition: str = ""
    category: str = ""
    outlet: str = ""
    kind: str = ""
    amended: str = ""
    sort: str = ""

    @classmethod
    def read(cls, book: Book, arguments: Mapping[str, str]) -> "EntryFilter":
        """Read the arguments of an address."""
        since, until = _day(arguments.get("since", "")), _day(arguments.get("until", ""))
        if month := _month(arguments.get("month", "")):
            since, until = month
        lists = options(book)
        words = {
            name: value if value in lists[name] else ""
            for name in lists
            if (value := arguments.get(name, "")) is not None
        }
        return cls(
            book,
            q=arguments.get("q", "").strip()[:LONGEST],
            since=since,
            until=until,
            outlet=arguments.get("outlet", "").strip()[:LONGEST],
            **words,
        )

    @property
    def narrows(self) -> bool:
        """Say whether anything is asked besides the order."""
        return replace(self, sort="") != EntryFilter(self.book)

    @property
    def order(self) -> str:
        """The order in force: a span of days is read along the days, all else by the log."""
        return self.sort or ("day" if self.since or self.until else "new")

    def query(self) -> str:
        """The conditions as an address carries them."""
        said = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "book"}
        return urlencode({name: str(value) for name, value in said.items() if value})

    def address(self, path: str) -> str:
        """The path with these conditions."""
        query = self.query()
        return f"{path}?{query}" if query else path

    def chips(self, path: str) -> list[dict[str, str]]:
        """Each condition with the address of the list without it."""
        empty, lists = EntryFilter(self.book), options(self.book)
        outcome, category = OUTCOME_TITLES[self.book]
        said = (
            ("q", f"搜索：{self.q}"),
            ("since", f"日期：{self.since} 起"),
            ("until", f"日期：{self.until} 止"),
            ("outcome", f"{outcome}：{lists['outcome'].get(self.outcome, '')}"),
            ("disposition", f"处理方式：{lists['disposition'].get(self.disposition, '')}"),
            ("category", f"{category}：{lists['category'].get(self.category, '')}"),
            ("outlet", f"门店：{self.outlet}"),
            ("kind", f"只看：{KINDS.get(self.kind, '')}"),
            ("amended", f"更正：{AMENDED.get(self.amended, '')}"),
        )
        return [
            {"label": label, "href": replace(self, **{name: getattr(empty, name)}).address(path)}
            for name, label in said
            if getattr(self, name)
        ]


def options(book: Book) -> dict[str, dict[str, str]]:
    """The lists of a book's filters: value and name."""
    returns = book is Book.RETURNS
    return {
        "outcome": _named(DECISION_NAMES if returns else OUTCOME_NAMES),
        "disposition": _named(DISPOSITION_NAMES) if returns else {},
        "category": _named(CATEGORY_NAMES if returns else RECEIVED_NAMES),  # a complaint's: by which way it came
        "kind": KINDS,
        "amended": AMENDED,
        "sort": SORTS,
    }


def _named(names: Mapping[Any, str]) -> dict[str, str]:
    return {word.value: name for word, name in names.items()}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _month(text: str) -> tuple[date, date] | None:
    first = _day(f"{text.strip()}-01")
    if first is None:
        return None
    following = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    return first, following - timedelta(days=1)
