"""An entry's fields as people read them: titles, words for codes, amounts in yuan."""

from collections.abc import Mapping
from typing import Any

from portal.core.money import yuan
from portal.ledgers.rules.entries import COMPLAINT_FIELDS, ENVELOPE
from portal.ledgers.rules.returns import MONEY, RETURN_FIELDS
from portal.ledgers.rules.vocabulary import (
    CATEGORY_NAMES,
    CAUSE_NAMES,
    CONDITION_NAMES,
    DECISION_NAMES,
    DESTROY_BASIS_NAMES,
    DISPOSITION_NAMES,
    LAB_RESULT_NAMES,
    OUTCOME_NAMES,
    RECEIVED_NAMES,
    RECOVERY_NAMES,
)

WORDS: dict[str, Mapping[Any, str]] = {
    "category": CATEGORY_NAMES,
    "cause": CAUSE_NAMES,
    "condition": CONDITION_NAMES,
    "decision": DECISION_NAMES,
    "destroy_basis": DESTROY_BASIS_NAMES,
    "disposition": DISPOSITION_NAMES,
    "lab_result": LAB_RESULT_NAMES,
    "outcome": OUTCOME_NAMES,
    "received": RECEIVED_NAMES,
    "recovery": RECOVERY_NAMES,
}
TITLES = {
    **{field.name: field.title for field in (*COMPLAINT_FIELDS, *RETURN_FIELDS)},
    "claimed": "请求金额（元）",
    "goods": "退换商品名称",
}
NONE = "无"

Leaf = Mapping[str, str | int]


def shown(field: str, value: str | int | None) -> str:
    """Write one value: words for codes, yuan for 分; 无 for what is not there."""
    if value is None or value == "":
        return NONE
    if field in MONEY:
        return yuan(int(value))
    return WORDS.get(field, {}).get(value, str(value))


def quantity(leaf: Leaf) -> str:
    """The number with its unit: 2, 0.75 公斤."""
    return f"{leaf.get('quantity', '')} {leaf.get('unit', '')}".strip() or NONE


def facts(leaf: Leaf, personal: frozenset[str]) -> list[tuple[str, str]]:
    """Every open field of an entry with its title, in the order of the ledger's columns."""
    names = [name for name in TITLES if name in leaf and name not in personal]
    return [(TITLES[name], quantity(leaf) if name == "quantity" else shown(name, leaf[name])) for name in names]


def changes(before: Leaf, after: Leaf, personal: frozenset[str]) -> list[tuple[str, str, str]]:
    """What an amendment changed: title, former value, present value; of personal fields only that they changed."""
    told = []
    for name in dict.fromkeys([*TITLES, *after]):
        if name in ENVELOPE or name == "unit" or before.get(name) == after.get(name):
            continue
        title = TITLES.get(name, name)
        if name in personal:
            told.append((title, "（原内容）", "（已更正）" if after.get(name) else NONE))
        elif name == "quantity":
            told.append((title, quantity(before), quantity(after)))
        else:
            told.append((title, shown(name, before.get(name)), shown(name, after.get(name))))
    return told
