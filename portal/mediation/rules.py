"""Whether the consumer may ask the authority, take the complaint back, or let it rest (decisions 1, 3, 4)."""

from collections.abc import Collection

from portal.cases.rules import BEFORE_AGREEMENT, CaseEvent, CaseState, Channel, allows
from portal.intake.states import ADMIN_TRANSITIONS, AdminEvent, AdminState

UNDECIDED = frozenset(
    {AdminState.NONE, AdminState.RECEIVED, AdminState.ACCEPTED, AdminState.MEDIATING, AdminState.TESTING}
)

ENDED: dict[CaseState, str] = {
    CaseState.CLOSED_SETTLED: "你已经确认收到，这件投诉办结了。如果又出现问题，请拨打 12315。",
    CaseState.CLOSED_UNCONFIRMED: "商家登记为已办，投诉已经办结。还没有收到的话，请先点“没收到”，投诉会重新打开。",
    CaseState.KEPT: "市场监督管理部门正在直接处理这件投诉，不用再请求。",
    CaseState.SENT_BACK: "这件投诉已经退回登记它的单位办理。请向原登记单位或拨打 12315 查询。",
    CaseState.WITHDRAWN: "这件投诉已经撤回。需要再次投诉，请拨打 12315 重新提交。",
}
DECIDED = "市场监督管理部门已经对这件投诉作出决定，不能再次请求。有疑问请拨打 12315。"
BOUND = "你已经接受方案，协议生效了，投诉不能撤回。商家没有按约定做的，可以请市场监督管理部门处理。"


def objection_to_asking(state: CaseState, filings: Collection[AdminState]) -> str | None:
    """Say why the authority can't be asked to take the complaint up, or None where it can.

    It can be asked in every state of the negotiation that has not ended well, also before and after an agreement.
    """
    if state in ENDED:
        return ENDED[state]
    return None if UNDECIDED & set(filings) else DECIDED


def ends_negotiation(state: CaseState) -> bool:
    """Say whether asking the authority ends the negotiation; an agreement stands, its money is still owed."""
    return state in BEFORE_AGREEMENT


def objection_to_withdrawal(state: CaseState) -> str | None:
    """Say why the complaint can't be taken back, or None where it can."""
    if allows(state, CaseEvent.WITHDRAW):
        return None
    return ENDED.get(state, BOUND)


def is_choice_open(state: CaseState, channel: Channel, filings: Collection[AdminState]) -> bool:
    """Say whether a failed case of channel A still waits for the consumer's choice (decisions 3)."""
    return state is CaseState.FAILED and channel is Channel.GREEN and set(filings) == {AdminState.NONE}


def admin_event_of_asking(state: AdminState) -> AdminEvent | None:
    """The administrative step that asking means for a filing; None where the authority already has it."""
    return AdminEvent.ESCALATE if (state, AdminEvent.ESCALATE) in ADMIN_TRANSITIONS else None


def may_withdraw_filing(state: AdminState) -> bool:
    """Say whether the filing is withdrawn along with the complaint; a decided one stays as decided."""
    return (state, AdminEvent.WITHDRAW) in ADMIN_TRANSITIONS
