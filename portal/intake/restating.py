"""What a case says once its filings are others than before: worked out again from the filings alone."""

from collections.abc import Iterable, Sequence
from typing import Any

from portal.cases.models import Case
from portal.core.privacy import DataKey, Vault, mask_name, usable_name
from portal.intake import rules
from portal.intake.models import Filing


def said_by(filings: Sequence[Filing], key: DataKey, vault: Vault) -> dict[str, Any]:
    """Return what these filings, all sealed under `key`, say together: the leading one's words, gaps filled by others.

    `filings` must not be empty.
    """
    ordered = in_order(filings)
    lead = ordered[0]
    text = vault.open(key, lead.text_sealed, "filing.text")
    goods, problem, demands = rules.leaf(lead.object_path), rules.leaf(lead.problem_path), rules.demands_in(text)
    names = [vault.open(key, one.name_sealed, "filing.name") if one.name_sealed else None for one in ordered]
    name = next((one for one in names if usable_name(one)), next((one for one in names if one), None))
    full = usable_name(name)
    return {
        "headline": rules.headline_of(goods, problem, demands),
        "goods": goods,
        "problem": problem,
        "demands": ",".join(demands),
        "amount": _first(one.amount for one in ordered),
        "purchased_on": _first(one.purchased_on for one in ordered),
        "sold_by": _first(one.sold_by for one in ordered),
        "consumer_mask": mask_name(name),
        "name_index": vault.blind(full, "name") if full else None,
        "registered_at": min(one.registered_at for one in ordered),
    }


def in_order(filings: Iterable[Filing]) -> list[Filing]:
    """Return filings with the one that speaks for the case first."""
    return sorted(filings, key=lambda one: (rules.rank_of(one.source), one.registered_at, one.number))


def _first(values: Iterable[Any]) -> Any:
    return next((value for value in values if value is not None), None)


def restate(case: Case, remaining: Sequence[Filing], gone: Filing, key: DataKey, vault: Vault) -> None:
    """Let a case say what its remaining filings say; what no filing ever kept for itself stays as it was.

    Filings imported before they kept amount, day and way of sale themselves leave the case's own in place.
    """
    said = said_by(remaining, key, vault)
    for name in ("amount", "purchased_on", "sold_by"):
        if said[name] is None and getattr(gone, name) is None:
            said.pop(name)
    for name, value in said.items():
        setattr(case, name, value)
