"""What a complaint's entry holds, how a typed row becomes one, and how amendments fold into the value that stands."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from portal.core.money import MAX_FEN
from portal.ledgers.rules import cells
from portal.ledgers.rules.cells import CellProblem as CellProblem
from portal.ledgers.rules.cells import Refusal
from portal.ledgers.rules.vocabulary import (
    BY_HAND,
    HAND_OUTCOMES,
    OTHER_NAMES,
    OUTCOME_NAMES,
    RECEIVED_NAMES,
    Outcome,
    Received,
)

W = TypeVar("W", bound=StrEnum)
Leaf = dict[str, str | int]

PERSONAL = ("consumer_name", "consumer_phone", "content", "refusal")  # commitments in the leaf, decisions 22
ENVELOPE = frozenset(
    {"seq", "kind", "number", "at", "author", "amends", "reference", "merchant", "v", "reason", "ledger"}
)  # what the log itself writes into a line; never amended
PROSE = frozenset({"consumer_name", "content", "refusal", "goods", "supplier", "staff"})  # kept as written
MAX_NAME = 50  # characters (domain 5.7)
MAX_GOODS = 100  # characters, our limit
MAX_CONTENT = 1000  # characters, our limit
MAX_STAFF = 50  # characters, our limit
UNPAID = frozenset({Outcome.OPEN, Outcome.FAILED, Outcome.WITHDRAWN})
UNGIVEN = ("未提供", "不愿提供", "匿名")  # what stands where a consumer gave no name or number


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a ledger: its name in code and leaf, its title, and the headers it also goes by."""

    name: str
    title: str
    aliases: tuple[str, ...] = ()
    required: bool = False


COMPLAINT_FIELDS = (
    Field("occurred_on", "日期", ("投诉日期", "受理日期", "登记日期"), required=True),
    Field("consumer_name", "消费者姓名", ("姓名", "消费者", "投诉人"), required=True),
    Field("consumer_phone", "消费者联系电话", ("联系电话", "电话", "消费者电话", "手机"), required=True),
    Field("content", "投诉内容", ("内容", "诉求内容", "投诉事项"), required=True),
    Field("received", "接收方式", ("渠道", "来源", "投诉渠道")),
    Field("staff", "经办人", ("经办", "处理人", "客服")),
    Field("outcome", "处理结果", ("结果", "处理情况")),
    Field("settled", "解决金额（元）", ("解决金额", "赔付金额", "退赔金额")),
    Field("first_response_on", "首次回应日期", ("首次回应", "首次联系日期")),
    Field("outlet", "门店", ("门店名称", "店铺")),
)


@dataclass(frozen=True, slots=True)
class ComplaintRow:
    """A complaint received over the counter, by phone, by the merchant's own net or by letter; amounts in 分."""

    occurred_on: date
    consumer_name: str
    consumer_phone: str
    content: str
    received: Received = Received.COUNTER
    staff: str = ""
    outcome: Outcome = Outcome.OPEN
    settled: int = 0
    first_response_on: date | None = None
    outlet: str = ""


def parse_complaint(written: Mapping[str, str], *, today: date) -> ComplaintRow | tuple[CellProblem, ...]:
    """Read a typed or imported row of 消费投诉记录; every problem of the row at once, none where it is good."""
    row = RowReader(written, COMPLAINT_FIELDS)
    row.read("occurred_on", lambda text: cells.day_of(text, today=today))
    row.read("consumer_name", lambda text: cells.text_within(_given(text), "消费者姓名", MAX_NAME))
    row.read("consumer_phone", lambda text: cells.phone_of(text) if _given(text) else "")
    row.read("content", lambda text: cells.text_within(text, "投诉内容", MAX_CONTENT))
    row.read("received", lambda text: cells.word_of(text, HAND_RECEIVED, "接收方式"))
    row.read("staff", lambda text: cells.text_within(text, "经办人", MAX_STAFF))
    row.read("outcome", lambda text: cells.word_of(text, HAND_OUTCOME, "处理结果"))
    row.read("settled", lambda text: cells.fen_of(text, "解决金额", limit=MAX_FEN))
    row.read("first_response_on", lambda text: cells.day_of(text, today=today))
    row.read("outlet", lambda text: cells.text_within(text, "门店", MAX_GOODS))
    if row.problems:
        return tuple(row.problems)
    found = ComplaintRow(**row.values)
    if found.first_response_on and found.first_response_on < found.occurred_on:
        row.object("first_response_on", "首次回应早于投诉日期。请核对两个日期。")
    if found.outcome in UNPAID and found.settled:
        name = OUTCOME_NAMES[found.outcome]
        row.object("settled", f"处理结果是“{name}”，没有解决金额。请去掉金额，或把结果改为“已解决”。")
    return tuple(row.problems) if row.problems else found


def complaint_leaf(row: ComplaintRow) -> tuple[Leaf, dict[str, str]]:
    """What the entry of a complaint by hand holds: open fields, and personal ones."""
    plain: Leaf = {
        "received": row.received.value,
        "staff": row.staff,
        "outcome": row.outcome.value,
        "settled": row.settled,
        "first_response_on": row.first_response_on.isoformat() if row.first_response_on else "",
        "outlet": row.outlet,
    }
    personal = {"consumer_name": row.consumer_name, "consumer_phone": row.consumer_phone, "content": row.content}
    return filled(plain), {name: value for name, value in personal.items() if value}


def filled(plain: Leaf) -> Leaf:
    """Leave out what says nothing: an entry's line holds only what is known."""
    return {name: value for name, value in plain.items() if value not in ("", 0)}


def fold(line: Mapping[str, str | int], amendments: Sequence[Mapping[str, str | int]]) -> Leaf:
    """Return an entry's fields as they stand after its amendments, in the order of the log.

    A value taken away is gone; what the log itself wrote stays that of the entry.
    """
    standing: Leaf = dict(line)
    for one in amendments:
        for name, value in one.items():
            if name in ENVELOPE or (name == "occurred_on" and value == ""):
                continue
            if value == "":
                standing.pop(name, None)
            else:
                standing[name] = value
    return standing


def difference(before: Leaf, after: Leaf) -> Leaf:
    """What an amendment's line must hold so that `before` becomes `after`; '' takes a value away."""
    changed: Leaf = {name: value for name, value in after.items() if before.get(name) != value}
    return changed | {name: "" for name in before if name not in after and name not in ENVELOPE}


class RowReader:
    """Reads the cells of one row, gathering every problem instead of stopping at the first."""

    def __init__(self, written: Mapping[str, str], fields: Sequence[Field]) -> None:
        """Keep the row's tidy texts."""
        self.texts = {
            field.name: (cells.prose if field.name in PROSE else cells.tidy)(written.get(field.name, ""))
            for field in fields
        }
        self.fields = {field.name: field for field in fields}
        self.values: dict[str, Any] = {}
        self.problems: list[CellProblem] = []

    def read(self, name: str, parse: Callable[[str], Any]) -> None:
        """Read one cell into `values`; an empty one is left out, or missed where its column is required."""
        text = self.texts[name]
        if not text:
            if self.fields[name].required:
                self.object(name, f"请填写{self.fields[name].title}。{_HINTS.get(name, '')}")
            return
        found = parse(text)
        if isinstance(found, Refusal):
            self.object(name, found.sentence)
        else:
            self.values[name] = found

    def object(self, name: str, sentence: str) -> None:
        """Write down a problem."""
        self.problems.append(CellProblem(name, sentence))


_HINTS = {
    "consumer_name": "消费者不愿提供的，请写“未提供”。",
    "consumer_phone": "消费者不愿提供的，请写“未提供”。",
}


def _given(text: str) -> str:
    return "" if text in UNGIVEN else text


def spellings(names: Mapping[W, str], only: Sequence[W] | None = None) -> dict[str, W]:
    """Every way to write a word of a list: its Chinese name first, its other names, its code."""
    words = [word for word in names if only is None or word in only]
    written = {names[word]: word for word in words}
    for word in words:
        written |= dict.fromkeys(OTHER_NAMES.get(word, ()), word)
        written[str(word)] = word
    return written


HAND_RECEIVED = spellings(RECEIVED_NAMES, BY_HAND)
HAND_OUTCOME = spellings(OUTCOME_NAMES, HAND_OUTCOMES)
