"""Whether a joined filing may leave its case again, and where it then goes (decisions 9)."""

from portal.cases.rules import CaseState, PartingReason

PARTABLE = frozenset(
    {
        CaseState.WAITING, CaseState.RETURNED, CaseState.KEPT,
        CaseState.DISPATCHED, CaseState.ACCEPTED, CaseState.NEGOTIATING, CaseState.OFFERED,
    }
)  # fmt: skip
ALONE = "这件纠纷只有一个登记件，不能拆分。"
ANSWERED = "企业的方案或消费者的还价已有答复，登记件不能再拆出（合并件在方案答复前可以拆分）。请在本案内一并处理。"
ENDED = "这件纠纷的协商已经结束，登记件不能再拆出。"
FILING_DECIDED = "这个登记件已有受理或办结决定，不能再拆出。请选择别的登记件。"
NOT_TO_THE_SAME = "投诉的不是这家企业，拆出后不能派给它。请选择“放进待分流”。"
NO_MERCHANT = "这件纠纷还没有派给企业，拆出的登记件请放进待分流。"


def objection_to_parting(state: CaseState, *, filings: int, answered: bool, failed_before: bool) -> str | None:
    """Say why no filing of a case may be parted from it, or None.

    `answered`: an offer of either side was answered; `failed_before`: the negotiation has once ended without agreement.
    """
    if filings < 2:
        return ALONE
    if answered:
        return ANSWERED
    return None if state in PARTABLE and not failed_before else ENDED


def objection_to_dispatching_parted(reason: PartingReason, *, has_merchant: bool) -> str | None:
    """Say why a parted filing may not go to the merchant of the case that it leaves, or None."""
    if reason is PartingReason.MERCHANT:
        return NOT_TO_THE_SAME
    return None if has_merchant else NO_MERCHANT
