"""回填: the four fields that the platform asks for when a dispute has ended, ready to be copied (decisions 7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.cases.models import Case, ContactMethod, NoteKind
from portal.cases.queries import FACT, NOTE, Record
from portal.cases.rules import CaseState
from portal.cases.wording import CAUSE_NAMES, METHOD_NAMES, full_time
from portal.clocks import rules as clocks
from portal.core.facts import Topic
from portal.core.money import yuan

MAX_PROCESS = 1200  # characters of 调解情况 in the systems behind the platform (domain 5.7)
OFFERED = frozenset({Topic.OFFER_MADE, Topic.OFFER_COUNTERED})


@dataclass(frozen=True, slots=True)
class Filled:
    """处理时间、协商过程、协商方式、协商结果."""

    handled_at: str
    process: str
    methods: str
    result: str

    def rows(self) -> list[tuple[str, str]]:
        """The fields under the platform's own names."""
        return [
            ("处理时间", self.handled_at),
            ("协商过程", self.process),
            ("协商方式", self.methods),
            ("协商结果", self.result),
        ]


def filled(case: Case, lines: Sequence[Record], history: Sequence[Mapping[str, Any]]) -> Filled:
    """Write the four fields of a finished case from its history (newest first), numbers in texts masked."""
    told = [item for item in reversed(history) if item["title"] != "内部备注"]
    process = "\n".join(f"{item['day']} {item['title']}{'：' + item['text'] if item['text'] else ''}" for item in told)
    return Filled(
        handled_at=full_time(case.closed_at or case.concluded_at or case.last_event_at),
        process=process if len(process) <= MAX_PROCESS else f"{process[: MAX_PROCESS - 1]}…",
        methods=_methods(lines),
        result=_result(case, lines),
    )


def _methods(lines: Sequence[Record]) -> str:
    used = {line.detail["method"] for line in lines if line.origin == NOTE and line.what == NoteKind.CONTACT}
    names = [METHOD_NAMES[method] for method in ContactMethod if method.value in used]
    if (
        any(line.origin == FACT and line.what in OFFERED for line in lines)
        and METHOD_NAMES[ContactMethod.PLATFORM] not in names
    ):
        names.append(METHOD_NAMES[ContactMethod.PLATFORM])
    return "、".join(names) or "未联系"


def _result(case: Case, lines: Sequence[Record]) -> str:
    if case.state in (CaseState.CLOSED_SETTLED, CaseState.CLOSED_UNCONFIRMED):
        made = [line for line in lines if line.origin == FACT and line.what == Topic.AGREEMENT_MADE]
        outlay = made[-1].detail.get("outlay") if made else None
        money = f"，商家支付 {yuan(outlay)} 元" if isinstance(outlay, int) and outlay else ""
        number = f"，协议编号 {made[-1].detail['number']}" if made and made[-1].detail.get("number") else ""
        confirmed = "消费者已确认" if case.state is CaseState.CLOSED_SETTLED else "消费者未在期限内答复"
        done = f"，{clocks.local_day(case.performed_at).isoformat()} 履行" if case.performed_at else ""
        return f"达成和解{money}{done}，{confirmed}{number}。"
    if case.state is CaseState.WITHDRAWN:
        return "消费者撤回投诉。"
    cause = f"：{CAUSE_NAMES[case.cause]}" if case.cause else ""
    return f"未达成和解{cause}。"
