"""Where an offer starts: one template for each remedy, amounts taken from the demand."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from portal.settlements.rules.terms import MAX_TERMS, PAYS, TRAVELS, TermDraft
from portal.settlements.rules.words import KIND_NAMES, Payer, PaymentMethod, TermKind

ORIGINAL = PaymentMethod.ORIGINAL


@dataclass(frozen=True, slots=True)
class Template:
    """A start for an offer, under the code that the address names."""

    code: str
    label: str


TEMPLATES = (
    Template("refund", "退款"),
    Template("return_refund", "退货退款"),
    Template("exchange", "换货"),
    Template("repair", "修理"),
    Template("supply", "补足数量"),
    Template("redo", "重作"),
    Template("compensate", "补偿和道歉"),
)

PROMISED = "promise"  # what the case screen offers where the promise of the day of purchase covers
OF_PROMISE = "按购买当天有效的无理由退货承诺办理退货，全额退款。"

DEMANDED = {  # codes of the demand (投诉请求) and the template each leads to; the first that fits wins
    "return": "return_refund",
    "refund": "refund",
    "exchange": "exchange",
    "repair": "repair",
    "redo": "redo",
    "make_up_quantity": "supply",
    "compensation": "compensate",
    "apology": "compensate",
}

DEMAND_NAMES = {  # the same words as intake's, a stranger to this capability
    "repair": "修理",
    "redo": "重作",
    "exchange": "更换",
    "return": "退货",
    "make_up_quantity": "补足数量",
    "refund": "退款",
    "compensation": "赔偿",
    "apology": "道歉",
}

DETAILS = {
    TermKind.RETURN_REFUND: "快递上门取件",
    TermKind.EXCHANGE: "换同款新品一件，快递上门取换",
    TermKind.REPAIR: "免费修理，修好送回",
    TermKind.SUPPLY: "补足短缺的数量",
    TermKind.REDO: "重新制作",
}


def template_for(demands: Sequence[str]) -> str:
    """The template that fits the demands; 退款 where none is named."""
    return next((template for code, template in DEMANDED.items() if code in demands), "refund")


def start_from(template: str, demands: Sequence[str], in_dispute: int | None, due_days: int) -> tuple[TermDraft, ...]:
    """The terms of a template; the amount is what is in dispute, the days what the limits give where none is agreed."""
    known = {one.code for one in TEMPLATES}
    template = "return_refund" if template == PROMISED else template
    main = usual(TermKind(template if template in known else "refund"), due_days)
    if main.kind in (TermKind.REFUND, TermKind.RETURN_REFUND):
        main = replace(main, amount=in_dispute or None)
    apologises = main.kind is TermKind.COMPENSATE or "apology" in demands
    return (main, usual(TermKind.APOLOGY, due_days)) if apologises else (main,)


def opening_words(template: str) -> str:
    """What an offer says to the consumer from the start; only a return by promise has words of its own."""
    return OF_PROMISE if template == PROMISED else ""


def usual(kind: TermKind, due_days: int) -> TermDraft:
    """A term of this kind as it mostly is; amounts are for people to fill in."""
    return TermDraft(
        kind=kind,
        method=ORIGINAL if kind in PAYS else None,
        due_days=due_days,
        freight=Payer.MERCHANT if kind in TRAVELS else Payer.NONE,
        detail=DETAILS.get(kind, ""),
    )


def free_kinds(terms: Sequence[TermDraft]) -> tuple[tuple[TermKind, str], ...]:
    """The kinds that may still be added."""
    if len(terms) >= MAX_TERMS:
        return ()
    taken = {term.kind for term in terms}
    return tuple((kind, name) for kind, name in KIND_NAMES.items() if kind not in taken)
