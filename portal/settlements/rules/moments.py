"""When an offer may be made, how long it stands, when a code is needed, and what the end of a limit means."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.cases.rules import CaseState, FailureCause
from portal.settlements.rules.words import Answer, Side

MAY_OFFER = frozenset(
    {CaseState.ACCEPTED, CaseState.NEGOTIATING, CaseState.FAILED, CaseState.BREACHED}  # settling stays possible
)


def expiry(answer_by: datetime, respond_by: datetime | None, now: datetime) -> datetime:
    """When an offer ends: at the answer limit's end or at the merchant's, whichever is first (decisions 5).

    After the merchant's limit only the answer limit counts: settling stays possible after failure.
    """
    if respond_by is None or respond_by <= now:
        return answer_by
    return min(answer_by, respond_by)


def needs_request(notice_ends_at: datetime, respond_by: datetime | None, now: datetime) -> bool:
    """Say whether less than the notice (1 working day) is left, so that only the consumer can ask for an offer."""
    return respond_by is not None and now < respond_by < notice_ends_at


NO_OFFER_NOW: dict[CaseState, str] = {
    CaseState.DISPATCHED: "请先受理这件纠纷，再提方案。",
    CaseState.AGREED: "双方已经达成和解，不能再提方案。请按协议履行。",
    CaseState.PERFORMED: "协议已经履行，不能再提方案。请等消费者确认。",
    CaseState.CLOSED_SETTLED: "这件纠纷已经和解结案，不能再提方案。",
    CaseState.CLOSED_UNCONFIRMED: "这件纠纷已经和解结案，不能再提方案。",
    CaseState.WITHDRAWN: "消费者已撤回投诉，不用再提方案。",
    CaseState.WAITING: "这件纠纷还没有分派给你的单位，不能提方案。",
    CaseState.RETURNED: "这件纠纷已退回分派，不能提方案。",
    CaseState.KEPT: "这件纠纷由市场监督管理部门自行办理，不能提方案。",
    CaseState.SENT_BACK: "这件纠纷已退回来源单位，不能提方案。",
}


def objection_to_offering(state: CaseState, pending: Side | None) -> str | None:
    """Say why no offer can be made in this state, or None."""
    if pending is Side.MERCHANT:
        return "上一个方案还在等消费者答复。请等答复或到期；刚发出的可以先撤回。"
    return None if state in MAY_OFFER else NO_OFFER_NOW.get(state, "现在不能提方案。请刷新页面，按新的状态办理。")


NEEDS_REQUEST = "离到期不足 1 个工作日，只有消费者要求时才能提方案。消费者确实要求的，请先记沟通记录，再勾选“消费者要求现在提方案”。"


def code_needed(*, in_dispute: int | None, offered: int, threshold: int, phone_set_after_filing: bool) -> bool:
    """Say whether accepting needs a code to the verified phone (decisions 13); amounts in 分."""
    return in_dispute is None or max(in_dispute, offered) >= threshold or phone_set_after_filing


@dataclass(frozen=True, slots=True)
class PastRound:
    """What the end of a limit needs to know of a round; `stood_from` is the end of its notice of 2 working days."""

    side: Side
    answer: Answer
    stood_from: datetime


def failure_cause(rounds: Sequence[PastRound], respond_by: datetime) -> FailureCause:
    """Why a negotiation failed at the end of the merchant's limit (decisions 5); rounds oldest first.

    The consumer's silence needs an unanswered offer made at least two working days before the end.
    """
    counting = [one for one in rounds if one.answer is not Answer.UNDONE]
    if not counting:
        return FailureCause.MERCHANT_DELAY
    last = counting[-1]
    unanswered = last.answer in (Answer.PENDING, Answer.EXPIRED)
    if last.side is Side.CONSUMER:
        return FailureCause.MERCHANT_DELAY if unanswered else FailureCause.NO_AGREEMENT
    if unanswered:
        in_time = last.stood_from <= respond_by
        return FailureCause.CONSUMER_SILENT if in_time else FailureCause.MERCHANT_DELAY
    return FailureCause.NO_AGREEMENT


CONFIRMABLE = frozenset({CaseState.AGREED, CaseState.PERFORMED, CaseState.BREACHED, CaseState.CLOSED_UNCONFIRMED})


def objection_to_confirming(state: CaseState) -> str | None:
    """Say why 收到 cannot be said now, or None."""
    if state in CONFIRMABLE:
        return None
    if state is CaseState.CLOSED_SETTLED:
        return "你已确认收到，不用重复确认。"
    return "现在还没有和解协议，不能确认收到。"


def objection_to_denying(state: CaseState, *, due_passed: bool, window_open: bool, due_words: str) -> str | None:
    """Say why 没收到 cannot be said now, or None; `due_words` is the agreed day in words (decisions 6)."""
    texts: dict[CaseState, str | None] = {
        CaseState.PERFORMED: None,
        CaseState.AGREED: None
        if due_passed
        else f"约定的日期是{due_words}，还没有到。到期没有收到，再来本页告诉我们。",
        CaseState.CLOSED_UNCONFIRMED: None if window_open else "已超过可以反映没收到的期限。请拨打 12315。",
        CaseState.BREACHED: "已经记为未兑现，商家和市场监管部门已收到提醒，不用重复提交。",
        CaseState.CLOSED_SETTLED: "你已确认收到。有问题可以在评价里说明，或拨打 12315。",
    }
    return texts.get(state, "现在还没有和解协议，不能反映没收到。")


def objection_to_rating(state: CaseState, *, has_rated: bool, window_open: bool) -> str | None:
    """Say why a rating is refused, or None: once, after fulfilment, within the window (decisions 6)."""
    if has_rated:
        return "你已经评价过了，一份协议只能评价一次。"
    if state not in (CaseState.CLOSED_SETTLED, CaseState.CLOSED_UNCONFIRMED):
        return "履行完成后才能评价。"
    return None if window_open else "评价的期限已过。有问题请拨打 12315。"


def is_drawn(lot: bytes, share: int) -> bool:
    """Say whether a lot of uniformly distributed bytes falls into a share of per cent."""
    return int.from_bytes(lot[:8]) % 10_000 < share * 100
