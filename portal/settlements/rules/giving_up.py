"""When a merchant may say itself that a negotiation came to nothing, before its limit ends (our rule, not law)."""

from collections.abc import Collection, Sequence
from datetime import date

from portal.cases.rules import CaseState, FailureCause
from portal.settlements.rules.words import Answer, Side

GIVING_UP_CAUSES = (FailureCause.NO_AGREEMENT, FailureCause.UNREACHABLE)  # the clock and the consumer have theirs
NEGOTIATED = frozenset({CaseState.ACCEPTED, CaseState.NEGOTIATING})


def may_give_up(state: CaseState, *, limit_runs: bool) -> bool:
    """Say whether the case stands where giving up can be thought of: accepted, without a word that waits."""
    return limit_runs and state in NEGOTIATED


def objection_to_giving_up(
    cause: FailureCause, rounds: Sequence[tuple[Side, Answer]], unreached: Collection[date], days: int
) -> str | None:
    """Say why this cause may not be recorded, or None; `unreached` are the days on which nobody answered, of `days`.

    Nobody is given up to whom no offer was made, or whom one call missed: otherwise giving up would be the quick way.
    """
    if any(answer is Answer.PENDING for _side, answer in rounds):
        return "还有方案在等答复。请等消费者答复或先答复消费者的还价。"
    if cause is FailureCause.NO_AGREEMENT:
        turned_down = any(
            side is Side.MERCHANT and answer in (Answer.REFUSED, Answer.COUNTERED) for side, answer in rounds
        )
        return None if turned_down else "消费者拒绝过我方的方案，才能记为协商未达成。请先提方案。"
    if cause is FailureCause.UNREACHABLE:
        enough = len(set(unreached)) >= days
        return None if enough else f"在 {days} 个不同的日子记录过没有联系上，才能记为联系不到当事人。请先记录沟通。"
    return "请选择协商未达成或联系不到当事人。"
