"""Two versions side by side, term by term, for whoever reviews a change."""

from collections.abc import Iterable
from dataclasses import dataclass

from portal.commitments.rules import wording
from portal.commitments.rules.terms import Terms

NEW, GONE, CHANGED, SAME = "新增", "取消", "修改", "不变"


@dataclass(frozen=True, slots=True)
class Difference:
    """One term in both versions, as `ui.diff` draws it; empty where a version does not say it."""

    term: str
    ours: str
    theirs: str

    @property
    def moved(self) -> bool:
        """Say whether the versions differ here."""
        return self.ours != self.theirs

    @property
    def change(self) -> str:
        """The word for it."""
        if not self.moved:
            return SAME
        if not self.ours:
            return NEW
        return CHANGED if self.theirs else GONE


def differences(before: Terms | None, after: Terms) -> tuple[Difference, ...]:
    """Every term of either version in the order of the form; without a version before, all of them are new."""
    old, new = dict(_said(before)) if before is not None else {}, dict(_said(after))
    return tuple(Difference(term, old.get(term, ""), new.get(term, "")) for term in _ordered(old, new))


def _said(terms: Terms) -> Iterable[tuple[str, str]]:
    yield "退货期限", f"{terms.days} 天"
    yield "适用商品", "；".join(f"{what}，{days}" for days, what in wording.scope_pairs(terms))
    yield from wording.term_pairs(terms)
    yield "不适用的商品", "；".join(f"{what}（{basis}）" for what, basis in wording.exclusion_pairs(terms))
    yield "门店和网店", "；".join(wording.place_lines(terms))


def _ordered(old: dict[str, str], new: dict[str, str]) -> list[str]:
    """The new version's order, with what only the old one says behind the term it followed."""
    order = list(new)
    previous = ""
    for term in old:
        if term not in new:
            order.insert(order.index(previous) + 1 if previous in order else 0, term)
        previous = term
    return order
