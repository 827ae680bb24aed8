"""What results when fields of an entry change, and what an amendment's line must hold for it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from portal.ledgers.rules import cells
from portal.ledgers.rules.cells import CellProblem
from portal.ledgers.rules.entries import (
    ENVELOPE,
    MAX_GOODS,
    MAX_STAFF,
    PERSONAL,
    UNGIVEN,
    ComplaintRow,
    Leaf,
    complaint_leaf,
    difference,
    parse_complaint,
)
from portal.ledgers.rules.returns import ReturnRow, parse_return, return_leaf, total_of, typed_cells
from portal.ledgers.rules.vocabulary import BY_HAND, Decision

FOLLOWS_THE_CASE = "这一笔随纠纷自动登记，处理结果也随纠纷更新，这里只能更正经办人和门店。其他内容请在那件纠纷里办理。"
OF_A_CASE = ("staff", "outlet")  # what the merchant may correct in a complaint that a case wrote


@dataclass(frozen=True, slots=True)
class Amended:
    """What an entry will be: its open fields, its day, and of both open and personal fields what changes."""

    leaf: Leaf
    occurred_on: date
    changed: Leaf
    personal: Mapping[str, str]  # '' takes a value away
    moved: bool = False  # to another day

    @property
    def changes_nothing(self) -> bool:
        """Say whether everything stays as it is."""
        return not (self.changed or self.personal or self.moved)

    def inside(self, complaint: int) -> "Amended":
        """The same, standing in the complaint at this place of the log."""
        if self.leaf.get("complaint") == complaint:
            return self
        link: Leaf = {"complaint": complaint}
        return replace(self, leaf=self.leaf | link, changed=self.changed | link)


def amended_return(
    standing: Leaf, personal: Mapping[str, str], changes: Mapping[str, str], *, today: date
) -> Amended | tuple[CellProblem, ...]:
    """Apply changes to a return as it stands; every problem of the result.

    A refund that was price × quantity stays so when these change, unless it is itself given.
    """
    before = open_fields(standing)
    typed = {**typed_cells(before), **personal, "occurred_on": str(standing["occurred_on"]), "reference": ""}
    if "refund" not in changes and before.get("refund", 0) == _usual_refund(before):
        typed["refund"] = ""
    row = parse_return({**typed, **changes, "reference": ""}, today=today)
    if not isinstance(row, ReturnRow):
        return row
    leaf, given = return_leaf(row)
    if "complaint" in before:
        leaf["complaint"] = before["complaint"]
    return _amended(standing, before, leaf, row.occurred_on, _changed(personal, given, changes))


def amended_complaint(
    standing: Leaf, personal: Mapping[str, str], changes: Mapping[str, str], *, today: date
) -> Amended | tuple[CellProblem, ...]:
    """Apply changes to a complaint as it stands; one that a case wrote follows the case."""
    before = open_fields(standing)
    if before.get("received") not in {one.value for one in BY_HAND}:
        return _of_a_case(standing, before, changes)
    ungiven = {"consumer_name": UNGIVEN[0], "consumer_phone": UNGIVEN[0], "content": UNGIVEN[0]}
    typed = {**ungiven, **typed_cells(before), **personal, "occurred_on": str(standing["occurred_on"])}
    row = parse_complaint({**typed, **changes}, today=today)
    if not isinstance(row, ComplaintRow):
        return row
    leaf, given = complaint_leaf(row)
    return _amended(standing, before, leaf, row.occurred_on, _changed(personal, given, changes))


def _of_a_case(standing: Leaf, before: Leaf, changes: Mapping[str, str]) -> Amended | tuple[CellProblem, ...]:
    problems = [CellProblem(name, FOLLOWS_THE_CASE) for name in changes if name not in OF_A_CASE]
    leaf = dict(before)
    for name, limit in zip(OF_A_CASE, (MAX_STAFF, MAX_GOODS), strict=True):
        text = cells.tidy(changes.get(name, before.get(name, "")))
        if len(text) > limit:
            problems.append(CellProblem(name, f"最多 {limit} 字，现在 {len(text)} 字。"))
        leaf[name] = text
    if problems:
        return tuple(problems)
    leaf = {name: value for name, value in leaf.items() if value != ""}
    return _amended(standing, before, leaf, date.fromisoformat(str(standing["occurred_on"])), {})


def open_fields(standing: Leaf) -> Leaf:
    """An entry's own open fields, without commitments and without what the log wrote."""
    return {
        name: value
        for name, value in standing.items()
        if name not in ENVELOPE and name not in PERSONAL and name != "occurred_on"
    }


def _usual_refund(leaf: Leaf) -> int:
    if leaf.get("decision") != Decision.RETURNED.value:
        return 0
    return total_of(int(leaf.get("price", 0)), str(leaf.get("quantity", "1")))


def _changed(before: Mapping[str, str], after: Mapping[str, str], changes: Mapping[str, str]) -> dict[str, str]:
    """Personal values that differ, of those that were to change; what is erased or was never given is ''."""
    named = [name for name in PERSONAL if name in changes]
    return {name: after.get(name, "") for name in named if after.get(name, "") != before.get(name, "")}


def _amended(standing: Leaf, before: Leaf, leaf: Leaf, occurred_on: date, personal: Mapping[str, str]) -> Amended:
    moved = standing["occurred_on"] != occurred_on.isoformat()
    return Amended(leaf, occurred_on, difference(before, leaf), personal, moved)
