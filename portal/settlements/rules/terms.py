"""Typed terms: what each kind needs, why a set of them is refused, what they cost, and the digest that binds an answer."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from portal.core.money import yuan
from portal.settlements.rules.words import KIND_NAMES, Payer, PaymentMethod, TermKind

MAX_TERMS = 6  # our limit, not law
MAX_DETAIL = 200  # characters, our limit
MAX_DUE_DAYS = 60  # natural days after acceptance, our limit
MAX_MESSAGE = 500  # characters, our limit
MAX_REASON = 200  # characters, our limit

K = TermKind
PAYS = frozenset({K.REFUND, K.RETURN_REFUND, K.COMPENSATE, K.ADVANCE})  # an amount is needed
MAY_PAY = PAYS | {K.OTHER}
WITHIN_DISPUTE = frozenset({K.REFUND, K.RETURN_REFUND, K.ADVANCE})  # at most what is in dispute; more is 补偿
TRAVELS = frozenset({K.RETURN_REFUND, K.EXCHANGE, K.REPAIR})  # goods go back, so somebody pays the freight
NEEDS_DETAIL = frozenset({K.EXCHANGE, K.REPAIR, K.SUPPLY, K.REDO, K.OTHER})


@dataclass(frozen=True, slots=True)
class TermDraft:
    """One term as somebody wrote it; `amount` in 分, `due_days` in natural days after acceptance."""

    kind: TermKind
    amount: int | None = None
    method: PaymentMethod | None = None
    due_days: int = 7
    freight: Payer = Payer.NONE
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a set of terms is refused: the term's position from 0 (None: the whole), the field, and the sentence."""

    position: int | None
    field: str
    text: str


def objections_to_terms(terms: Sequence[TermDraft], in_dispute: int | None) -> tuple[Objection, ...]:
    """Say everything that is wrong with a set of terms; `in_dispute` in 分 or None where unknown."""
    found = list(_objections_to_the_set(terms))
    for position, term in enumerate(terms):
        found += [Objection(position, field, text) for field, text in _objections_to_term(term, in_dispute)]
    return tuple(found)


def outlay(terms: Sequence[TermDraft]) -> int:
    """What the merchant pays in money, all terms together, in 分."""
    return sum(term.amount or 0 for term in terms)


def in_order(terms: Sequence[TermDraft]) -> tuple[TermDraft, ...]:
    """The terms in the order of their kinds, detail trimmed: equal offers have equal digests."""
    tidy = [TermDraft(t.kind, t.amount, t.method, t.due_days, t.freight, " ".join(t.detail.split())) for t in terms]
    return tuple(sorted(tidy, key=lambda term: list(TermKind).index(term.kind)))


def canonical_json(content: Any) -> str:
    """Write JSON in one way only: sorted keys, no spaces, ASCII (RFC 8785 for integers and strings)."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def offer_digest(reference: str, round_number: int, terms: Sequence[TermDraft]) -> str:
    """The SHA-256 in hexadecimal over case, round and terms: an answer carries it and fits no other offer."""
    content = {"case": reference, "round": round_number, "terms": [term_content(term) for term in in_order(terms)]}
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def term_content(term: TermDraft) -> dict[str, Any]:
    """A term as the canonical JSON holds it."""
    return {
        "kind": term.kind.value,
        "amount": term.amount,
        "method": term.method.value if term.method else None,
        "due_days": term.due_days,
        "freight": term.freight.value,
        "detail": term.detail,
    }


def perform_on(terms: Sequence[TermDraft], accepted_on: date) -> date:
    """The last day in China on which everything must be done."""
    return accepted_on + timedelta(days=max((term.due_days for term in terms), default=0))


def _objections_to_the_set(terms: Sequence[TermDraft]) -> list[Objection]:
    if not terms:
        return [Objection(None, "terms", "方案里还没有内容。请至少选一种处理方式。")]
    found = []
    kinds = [term.kind for term in terms]
    if len(terms) > MAX_TERMS:
        found.append(Objection(None, "terms", f"一个方案最多 {MAX_TERMS} 条（本平台的限制）。请合并后再提交。"))
    for position, kind in enumerate(kinds):
        if kind in kinds[:position]:
            name = KIND_NAMES[kind]
            found.append(Objection(position, "kind", f"“{name}”已经有一条。同一种处理方式请写在一条里。"))
    if K.REFUND in kinds and K.RETURN_REFUND in kinds:
        position = max(kinds.index(K.REFUND), kinds.index(K.RETURN_REFUND))
        found.append(Objection(position, "kind", "“退款”和“退货退款”只能选一种。要退回商品请选“退货退款”。"))
    return found


def _objections_to_term(term: TermDraft, in_dispute: int | None) -> list[tuple[str, str]]:
    checks = (
        ("amount", _objection_to_amount(term, in_dispute)),
        ("method", _objection_to_method(term)),
        ("due_days", _objection_to_days(term)),
        ("freight", _objection_to_freight(term)),
        ("detail", _objection_to_detail(term)),
    )
    return [(field, text) for field, text in checks if text]


def _objection_to_amount(term: TermDraft, in_dispute: int | None) -> str | None:
    name = KIND_NAMES[term.kind]
    if term.amount is None:
        return f"“{name}”要有金额。请填写金额，单位元。" if term.kind in PAYS else None
    if term.kind not in MAY_PAY:
        return f"“{name}”不涉及付款。请去掉金额，另付的钱请加一条“补偿”。"
    if term.amount <= 0:
        return "金额要大于 0。"
    if in_dispute and term.kind in WITHIN_DISPUTE and term.amount > in_dispute:
        return f"{name}金额不能超过争议金额 ¥{yuan(in_dispute)}。多出的部分请填在“补偿”。"
    return None


def _objection_to_method(term: TermDraft) -> str | None:
    if term.amount is not None and term.method is None:
        return "请选择付款方式。"
    if term.amount is None and term.method is not None and term.kind not in PAYS:  # there the amount is what lacks
        return "没有金额就不用选付款方式。"
    return None


def _objection_to_days(term: TermDraft) -> str | None:
    if not 0 <= term.due_days <= MAX_DUE_DAYS:
        return f"完成期限应在接受后 0 到 {MAX_DUE_DAYS} 天之间（本平台的限制）。"
    return None


def _objection_to_freight(term: TermDraft) -> str | None:
    if term.kind in TRAVELS and term.freight is Payer.NONE:
        return "商品要寄回或送回，请说明运费由谁承担。"
    if term.kind not in TRAVELS and term.freight is not Payer.NONE:
        return f"“{KIND_NAMES[term.kind]}”不用寄回商品，运费请选“无”。"
    return None


def _objection_to_detail(term: TermDraft) -> str | None:
    if term.kind in NEEDS_DETAIL and not term.detail.strip():
        return f"请写明“{KIND_NAMES[term.kind]}”具体做什么，例如型号、数量、怎么取送。"
    if len(term.detail) > MAX_DETAIL:
        return f"说明最多 {MAX_DETAIL} 字，现在 {len(term.detail)} 字。"
    return None
