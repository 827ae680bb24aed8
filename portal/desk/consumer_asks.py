"""The questions before acts that can't be taken back; a sentence instead where the act is not possible."""

from portal.desk.consumer_view import Ask, ConsumerView


def escalation(view: ConsumerView) -> Ask | str:
    """请求市场监管部门处理."""
    if view.objection_to_asking:
        return view.objection_to_asking
    ends = "和商家的协商会结束，等待答复的方案作废；以后商家仍可以再提方案。" if view.ends_negotiation else ""
    stands = "和商家的协议仍然有效，商家仍要按约定履行。" if view.slip else ""
    return Ask(
        title=f"请{view.authority_name}处理",
        lines=tuple(line for line in ("投诉材料会直接转过去，不用重新提交。", ends, stands) if line),
        action="escalate",
        label="确认请求处理",
        result="是否受理会告诉你",
    )


def withdrawal(view: ConsumerView) -> Ask | str:
    """撤回投诉."""
    if view.objection_to_withdrawal:
        return view.objection_to_withdrawal
    return Ask(
        title="撤回投诉",
        lines=(
            "撤回后，商家和市场监督管理部门都不再处理这件投诉，等待答复的方案作废，也不能恢复。",
            "如果是因为商家答应了你，建议先在本页接受方案，收到后再说。",
        ),
        action="withdraw",
        label="确认撤回",
        result="投诉不再办理，不能恢复",
    )


def rest(view: ConsumerView) -> Ask | str:
    """不再处理."""
    if view.objection_to_rest:
        return view.objection_to_rest
    return Ask(
        title="不再处理",
        lines=("投诉按未和解办结，不算商家办好。", "改变主意的，30 天内仍可用这个链接请市场监督管理部门处理。"),
        action="lay_aside",
        label="确认不再处理",
        result="按未和解办结",
    )
