"""The term-by-term difference of two offers, as look/merchant-case.html draws it."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.core.money import yuan
from portal.settlements.rules.terms import TermDraft, outlay
from portal.settlements.rules.wording import amount_words, days_words
from portal.settlements.rules.words import KIND_NAMES, PAYER_NAMES, Payer, TermKind

CHANGED, ADDED, REMOVED, SAME = "修改", "新增", "删除", "不变"

AMOUNT_NAMES = {
    TermKind.REFUND: "退款金额",
    TermKind.RETURN_REFUND: "退款金额",
    TermKind.COMPENSATE: "补偿",
    TermKind.ADVANCE: "先行赔付",
    TermKind.OTHER: "其他金额",
}
EXTRAS = frozenset({TermKind.COMPENSATE, TermKind.APOLOGY})  # beside the remedy, not the remedy itself


@dataclass(frozen=True, slots=True)
class DiffRow:
    """One aspect of both offers; `moved` where they differ."""

    term: str
    ours: str
    theirs: str
    change: str

    @property
    def moved(self) -> bool:
        """Say whether the two differ."""
        return self.change != SAME


@dataclass(frozen=True, slots=True)
class Difference:
    """All rows, and the merchant's cost in the foot."""

    rows: tuple[DiffRow, ...]
    foot: DiffRow

    @property
    def moved(self) -> int:
        """How many aspects differ."""
        return sum(row.moved for row in self.rows)


def compare(ours: Sequence[TermDraft], theirs: Sequence[TermDraft]) -> Difference:
    """Compare two offers aspect by aspect: remedy, amounts, details, freight, days."""
    by_kind = any(len({term.due_days for term in side}) > 1 for side in (ours, theirs))
    left, right = _aspects(ours, by_kind=by_kind), _aspects(theirs, by_kind=by_kind)
    rows = tuple(
        _row(name, left.get((order, name), ""), right.get((order, name), "")) for order, name in sorted({*left, *right})
    )
    before, after = outlay(ours), outlay(theirs)
    change = SAME if before == after else f"{'+' if after > before else '−'}¥{yuan(abs(after - before))}"
    return Difference(rows, DiffRow("我方支出", f"¥{yuan(before)}", f"¥{yuan(after)}", change))


def _row(name: str, ours: str, theirs: str) -> DiffRow:
    if ours == theirs:
        return DiffRow(name, ours, theirs, SAME)
    change = ADDED if not ours else REMOVED if not theirs else CHANGED
    return DiffRow(name, ours, theirs, change)


def _aspects(terms: Sequence[TermDraft], *, by_kind: bool) -> dict[tuple[int, str], str]:
    """The aspects of one offer by (order, name), so that both sides' rows meet and stay in reading order."""
    found: dict[tuple[int, str], str] = {}
    if remedies := [KIND_NAMES[term.kind] for term in terms if term.kind not in EXTRAS]:
        found[0, "处理方式"] = "、".join(remedies)
    for term in terms:
        order, name = list(TermKind).index(term.kind) + 1, KIND_NAMES[term.kind]
        if term.amount is not None:
            paid = AMOUNT_NAMES.get(term.kind, f"{name}金额")
            found[10 if paid == "退款金额" else 10 + order, paid] = amount_words(term)
        elif term.kind in EXTRAS:
            found[10 + order, name] = "有"
        if term.detail:
            found[30 + order, f"{name}说明"] = term.detail
        if by_kind:
            found[60 + order, f"{name}期限"] = days_words(term.due_days)
    if going := [term for term in terms if term.freight is not Payer.NONE]:
        found[50, "退货运费"] = _freight(going)
    if terms and not by_kind:
        found[60, "完成期限"] = days_words(terms[0].due_days)
    return found


def _freight(going: Sequence[TermDraft]) -> str:
    if len({term.freight for term in going}) == 1:
        return PAYER_NAMES[going[0].freight]
    return "、".join(f"{KIND_NAMES[term.kind]}{PAYER_NAMES[term.freight]}" for term in going)
