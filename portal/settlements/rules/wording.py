"""Terms, answers and consequences in words: the same for merchant, consumer and paper."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from portal.core.money import button_yuan, yuan
from portal.settlements.rules.terms import TRAVELS, TermDraft, outlay
from portal.settlements.rules.words import KIND_NAMES, METHOD_NAMES, PAYER_NAMES, Answer, Payer, Side, TermKind


@dataclass(frozen=True, slots=True)
class TermLine:
    """One term ready to read."""

    name: str
    amount: str  # ¥1,280.00 原路退回, empty without money
    detail: str
    freight: str  # 商家承担, empty where nothing travels
    due: str  # 接受后 7 天内

    @property
    def text(self) -> str:
        """All of it in one line."""
        parts = (self.amount, self.detail, f"运费{self.freight}" if self.freight else "", self.due)
        return "，".join(part for part in parts if part)


def term_line(term: TermDraft) -> TermLine:
    """Word one term."""
    return TermLine(
        name=KIND_NAMES[term.kind],
        amount=amount_words(term),
        detail=term.detail,
        freight=PAYER_NAMES[term.freight] if term.freight is not Payer.NONE else "",
        due=days_words(term.due_days),
    )


def amount_words(term: TermDraft) -> str:
    """An amount with its way: ¥100.00 购物卡; empty without money."""
    if term.amount is None:
        return ""
    method = METHOD_NAMES[term.method] if term.method else ""
    return f"¥{yuan(term.amount)} {method}".strip()


def days_words(days: int) -> str:
    """A span after acceptance in words."""
    return f"接受后 {days} 天内" if days else "接受当天"


def headline(terms: Sequence[TermDraft]) -> str:
    """An offer in one phrase: 退货退款、补偿."""
    return "、".join(KIND_NAMES[term.kind] for term in terms)


def accept_label(terms: Sequence[TermDraft]) -> str:
    """The consumer's first button: 接受，收到 ¥1,280, or what is done where no money flows."""
    money = outlay(terms)
    return f"接受，收到 {button_yuan(money)}" if money else f"接受，{headline(terms)}"


def money_words(money: int, in_dispute: int | None) -> str:
    """How the offered sum compares with what is in dispute, for the consumer; empty where nothing can be said."""
    if not money or not in_dispute:
        return ""
    if money == in_dispute:
        return f"争议金额是 ¥{yuan(in_dispute)}，金额一致"
    word = "少" if money < in_dispute else "多"
    return f"争议金额是 ¥{yuan(in_dispute)}，{word} ¥{yuan(abs(in_dispute - money))}"


def consumers_part(terms: Sequence[TermDraft]) -> str:
    """What the consumer has to do, from the freight of what goes back; empty where nothing does."""
    going = [term for term in terms if term.kind in TRAVELS]
    if not going:
        return ""
    payer = "运费由商家承担" if any(t.freight is Payer.MERCHANT for t in going) else "运费由你承担"
    return f"把商品交回商家，{payer}"


def consequence(number_tail: str, terms: Sequence[TermDraft]) -> str:
    """What accepting does to the official complaint (decisions 4), for the accept screen."""
    until = "款项到账前" if outlay(terms) else "商家履行完成前"
    named = f"（编号尾号 {number_tail}）" if number_tail else ""
    return f"接受后，{until}你的投诉{named}不会被撤销；未按期收到，可在本页要求市场监管部门处理。"


def what_became(side: Side, answer: Answer) -> str:
    """What happened to an offer that somebody still wants to answer, and what to do."""
    own = {
        Side.MERCHANT: {
            Answer.ACCEPTED: "这个方案已经接受，双方已达成和解。请刷新页面查看协议。",
            Answer.REFUSED: "这个方案已经答复为不接受，不能再答复一次。请等商家的新方案。",
            Answer.COUNTERED: "这个方案已经用还价答复，不能再答复一次。请等商家答复还价。",
            Answer.EXPIRED: "这个方案已过答复期限，不能再答复。请等商家的新方案，或请市场监管部门处理。",
            Answer.UNDONE: "商家已撤回这个方案。请刷新页面，查看有没有新方案。",
            Answer.VOID: "投诉已撤回或已转市场监管部门处理，这个方案不再有效。",
        },
        Side.CONSUMER: {
            Answer.ACCEPTED: "这个还价已经接受，双方已达成和解。请刷新页面查看协议。",
            Answer.REFUSED: "这个还价已经答复为不接受。可以再提方案。",
            Answer.COUNTERED: "对这个还价已经提出新方案，不能再答复。请等消费者答复。",
            Answer.EXPIRED: "这个还价已过答复期限。可以再提方案。",
            Answer.UNDONE: "这个还价已撤回。请刷新页面。",
            Answer.VOID: "消费者已撤回投诉或已转市场监管部门处理，这个还价不再有效。",
        },
    }
    return own[side].get(answer, CHANGED)


CHANGED = "方案已经变了，你看到的不是现在的内容。请刷新页面，看过新方案再答复。"
NO_OFFER = "现在没有等待答复的方案。请刷新页面，查看最新进展。"


def agreement_sentences(terms: Sequence[TermDraft], perform_on: date) -> tuple[str, ...]:
    """The terms as numbered sentences of the agreement; the last one names the last day."""
    lines = [f"{line.name}：{line.text}。" for line in map(term_line, terms)]
    return (*lines, f"以上内容最迟于 {perform_on.isoformat()} 履行完毕。")


def is_money_only(terms: Sequence[TermDraft]) -> bool:
    """Say whether nothing but payment is promised."""
    return all(term.kind in (TermKind.REFUND, TermKind.COMPENSATE, TermKind.ADVANCE) for term in terms)
