"""What happened with a case, in Chinese, newest first: facts, contacts and notes woven into one line of time."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from portal.cases.models import Case, ContactMethod, ContactResult, NoteKind
from portal.cases.queries import FACT, FILE, Record
from portal.cases.rules import (
    KEEP_REASON_NAMES,
    LEVEL_NAMES,
    PARTING_REASON_NAMES,
    RETURN_REASON_NAMES,
    FailureCause,
    KeepReason,
    Level,
    PartingReason,
    ReturnReason,
)
from portal.cases.wording import CAUSE_NAMES, METHOD_NAMES, RESULT_NAMES, full_time, staff_time
from portal.clocks.rules import local_day
from portal.core.actor import Actor, ActorKind
from portal.core.facts import Topic
from portal.core.money import yuan
from portal.core.privacy import DataKey, Vault, mask_text

Detail = Mapping[str, Any]
Words = Callable[[Detail], str]
TOLD_OTHERWISE = frozenset({Topic.CASE_NOTED, Topic.CASE_CONTACTED, Topic.OFFER_ACCEPTED})  # the note, or the agreement
BEFORE_THE_MERCHANT = frozenset({Topic.CASE_OPENED, Topic.CASE_MERGED})  # told to a merchant although it was not there
SIDES = {ActorKind.CONSUMER.value: "消费者", ActorKind.SYSTEM.value: "系统", ActorKind.OPERATOR.value: "系统"}
OFFICERS_ONLY = frozenset(  # what a consumer says on the phone, and what officers weigh, is not for the merchant
    {Topic.CALLBACK_RECORDED, Topic.PHONE_CHANGE_ASKED, Topic.PHONE_CHANGE_REFUSED}
)
MERCHANT_ONLY = frozenset(  # its internal levels are a merchant's own
    {Topic.CASE_RAISED, Topic.CASE_LOWERED, Topic.CASE_TAKEN_BACK, NoteKind.NOTE, NoteKind.RAISE, NoteKind.LOWER}
)
INSIDE_ONLY = frozenset({"drafted_by", "acting_for"})  # who wrote and who decided for whom, likewise
NOTE_TITLES = {
    NoteKind.NOTE: "内部备注",
    NoteKind.RETURN: "退回说明",
    NoteKind.RAISE: "上报理由",
    NoteKind.LOWER: "交回理由",
    NoteKind.FAILURE: "未和解说明",
}
OFFICERS_WORD = "other"
CLOSINGS = {"laid_aside": "不再处理，按未和解办结"}
WARNINGS = {
    "half": "到期提醒：时间已用一半",
    "three_left": "到期提醒：剩 3 个工作日",
    "one_left": "到期提醒：剩 1 个工作日",
    "overdue": "和解期限届满",
}
CALLS = {
    "fulfilled": "已收到或已解决",
    "not_received": "没收到",
    "complained": "有意见",
    "unreached": "联系不到",
    "confirmed": "承认协议",
    "disowned": "否认协议",
}
BREACH_CAUSES = {"not_received": "消费者没有收到", "overdue": "到期没有履行", "disowned": "消费者否认协议"}


def _plain(text: str) -> Words:
    return lambda _detail: text


def _money(detail: Detail, name: str = "outlay") -> str:
    fen = detail.get(name)
    return f"，支出 ¥{yuan(fen)}" if isinstance(fen, int) and fen > 0 else ""


def _round(detail: Detail) -> str:
    return f"第 {detail['round']} 轮" if "round" in detail else ""


def _owner(detail: Detail) -> str:
    return "消费者还价" if detail.get("side") == "consumer" else "我方方案"


def _opened(detail: Detail) -> str:
    if "parted_from" in detail:
        return f"由{detail[OFFICERS_WORD]}拆出，单独办理" if OFFICERS_WORD in detail else "由另一件纠纷拆出，单独办理"
    return "登记投诉"


def _parted(detail: Detail) -> str:
    known = str(detail.get("reason"))
    reason = PARTING_REASON_NAMES[PartingReason(known)] if known in set(PartingReason) else "不是同一争议"
    to = f"为{detail[OFFICERS_WORD]}" if OFFICERS_WORD in detail else ""
    return f"登记件 {detail.get('number', '')} 拆出{to}，另行办理：{reason}"


def _kept(detail: Detail) -> str:
    reason = str(detail.get("reason"))
    return (
        f"经办人员自行办理：{KEEP_REASON_NAMES[KeepReason(reason)]}"
        if reason in set(KeepReason)
        else "经办人员自行办理"
    )


def _sent_back(detail: Detail) -> str:
    reason = str(detail.get("reason"))
    return (
        f"退回来源单位：{RETURN_REASON_NAMES[ReturnReason(reason)]}" if reason in set(ReturnReason) else "退回来源单位"
    )


def _backfilled(detail: Detail) -> str:
    return "已回填：导入的平台状态为已办结" if detail.get("by") == "import" else "已回填"


def _changed(detail: Detail) -> str:
    before, status = str(detail.get("before") or "未注明"), str(detail.get("status") or "")
    said = f"状态由“{before}”变为“{status}”" if status and status != before else "登记内容有变化"
    day = f"，平台期限 {detail['due']}" if detail.get("due") else ""
    return f"平台更新 {detail.get('number', '')}：{said}{day}"


def _level(detail: Detail) -> str:
    known = str(detail.get("level"))
    return LEVEL_NAMES[Level(known)] if known in set(Level) else "上级"


def _acting(detail: Detail) -> str:
    return f"（代{detail['acting_for']}）" if detail.get("acting_for") else ""


def _raised(detail: Detail) -> str:
    held = {"offer": "，方案待审批", "acceptance": "，接受还价待审批"}.get(str(detail.get("draft")), "")
    return f"上报{_level(detail)}{held}{_money(detail)}"


def _lowered(detail: Detail) -> str:
    if detail.get("sent"):
        return f"审批通过{_acting(detail)}"
    return f"{'退回方案，' if detail.get('draft') else ''}交回{_level(detail)}{_acting(detail)}"


def _drafted(detail: Detail) -> str:
    drafted = f"，{detail['drafted_by']}拟稿" if detail.get("drafted_by") else ""
    return f"{drafted}{_acting(detail)}"


def _returned(detail: Detail) -> str:
    reason = str(detail.get("reason"))
    known = reason in {one.value for one in ReturnReason}
    return f"退回分派：{RETURN_REASON_NAMES[ReturnReason(reason)]}" if known else "退回分派"


def _failed(detail: Detail) -> str:
    cause = str(detail.get("cause"))
    known = cause in {one.value for one in FailureCause}
    return f"协商未达成：{CAUSE_NAMES[FailureCause(cause)]}" if known else "协商未达成"


def _redated(detail: Detail) -> str:
    dates = detail.get("moved", {})
    moved = dates.get("respond_by") or dates.get("due") or dates.get("contact_by")
    days = f"，期限由 {moved[0]} 改为 {moved[1]}" if moved else ""
    return f"{detail.get('year', '')} 年放假安排已公布{days}"


def _accepted(detail: Detail) -> str:
    if detail.get("unverified"):
        return f"我方登记在平台外达成的和解协议{_money(detail)}，未经消费者本人确认"
    by = "我方接受消费者的还价" if detail.get("accepted_by") == "merchant" else "消费者接受方案"
    return f"{by}，达成和解协议{_money(detail)}{_drafted(detail)}"


WORDS: dict[str, tuple[str, str, Words]] = {  # topic: icon, tone, words
    Topic.CASE_OPENED: ("inbox", "", _opened),
    Topic.CASE_MERGED: ("inbox", "", _plain("并入另一渠道的同一投诉")),
    Topic.CASE_PARTED: ("undo", "", _parted),
    Topic.CASE_KEPT: ("user", "", _kept),
    Topic.CASE_SENT_BACK: ("return", "", _sent_back),
    Topic.CASE_DISPATCHED: ("inbox", "", _plain("分派到企业")),
    Topic.CASE_ACCEPTED: ("check", "", _plain("已受理")),
    Topic.CASE_RETURNED: ("return", "", _returned),
    Topic.CASE_ASSIGNED: ("user", "", lambda detail: f"转给 {detail['name']}{_acting(detail)}" if detail.get("name") else "取消经办人"),
    Topic.CASE_RAISED: ("user", "", _raised),
    Topic.CASE_LOWERED: ("user", "", _lowered),
    Topic.CASE_TAKEN_BACK: ("undo", "", _plain("收回上报")),
    Topic.CASE_FAILED: ("failed", "bad", _failed),
    Topic.CASE_WITHDRAWN: ("x", "", _plain("消费者撤回投诉")),
    Topic.CASE_BREACHED: ("alert", "bad", lambda detail: f"未兑现：{BREACH_CAUSES.get(str(detail.get('cause')), '未按约定履行')}"),
    Topic.CASE_CLOSED: ("done", "", lambda detail: CLOSINGS.get(str(detail.get("outcome")), "确认期满，结案")),
    Topic.CASE_WARNED: ("clock", "near", lambda detail: WARNINGS.get(str(detail.get("severity")), "到期提醒")),
    Topic.CASE_REDATED: ("clock", "", _redated),
    Topic.CASE_BACKFILLED: ("check", "", _backfilled),
    Topic.CASE_PLATFORM_CHANGED: ("info", "", _changed),
    Topic.OFFER_MADE: ("send", "", lambda detail: f"{_round(detail)}方案{_money(detail)}{_drafted(detail)}"),
    Topic.OFFER_UNDONE: ("undo", "", lambda detail: f"撤回{_round(detail)}方案"),
    Topic.OFFER_COUNTERED: ("chat", "ours", lambda detail: f"消费者还价，{_round(detail)}{_money(detail)}"),
    Topic.OFFER_REFUSED: ("failed", "", lambda detail: f"不接受{_owner(detail)}，{_round(detail)}"),
    Topic.OFFER_EXPIRED: ("clock", "", lambda detail: f"{_owner(detail)}到期未答复，{_round(detail)}"),
    Topic.AGREEMENT_MADE: ("done", "good", _accepted),
    Topic.AGREEMENT_CONFIRMED: ("done", "good", _plain("消费者承认我方登记的协议")),
    Topic.AGREEMENT_DISOWNED: ("alert", "bad", _plain("消费者否认我方登记的协议，协议不再有效")),
    Topic.PERFORMANCE_RECORDED: ("yuan", "", _plain("我方记录已履行")),
    Topic.RECEIPT_ASKED: ("send", "", _plain("已通知消费者确认收到")),
    Topic.PAYEE_GIVEN: ("yuan", "", _plain("消费者填写收款账户")),
    Topic.CALLBACK_RECORDED: ("phone", "", lambda detail: f"回访：{CALLS.get(str(detail.get('result')), '已登记')}"),
    Topic.PHONE_CHANGE_ASKED: ("phone", "", _plain("申请更换消费者号码，待复核")),
    Topic.PHONE_CHANGE_REFUSED: ("phone", "", _plain("更换消费者号码没有通过复核")),
    Topic.PHONE_CHANGED: ("phone", "", _plain("更换消费者号码")),
    Topic.LETTER_MADE: ("doc", "", _plain("制作致消费者函")),
    Topic.PERFORMANCE_CONFIRMED: ("done", "good", _plain("消费者确认收到")),
    Topic.PERFORMANCE_DENIED: ("alert", "bad", _plain("消费者没有收到")),
    Topic.SETTLEMENT_RATED: ("chat", "", lambda detail: "消费者评价：满意" if detail.get("verdict") == "satisfied" else "消费者评价：不满意"),
    Topic.EVIDENCE_ADDED: ("upload", "", lambda detail: f"补充证据 {detail.get('count', 1)} 件"),
    Topic.FILING_ESCALATED: ("inbox", "", _plain("消费者请求市场监管部门处理")),
}  # fmt: skip


def history(
    records: Iterable[Record], actor: Actor, case: Case, vault: Vault, key: DataKey, *, now: datetime
) -> list[dict[str, Any]]:
    """The timeline as `ui.timeline` draws it, newest first, with only what this reader may see.

    A merchant sees nothing of a case's time with another merchant, and notes of its own people only; numbers inside
    texts are masked.
    """
    items = []
    for record in records:
        if not _is_for(record, actor, case):
            continue
        told = _fact(record, actor) if record.origin == FACT else _note(record, vault, key)
        if told is None:
            continue
        who = SIDES.get(record.side, record.who) if record.origin == FACT else record.who
        items.append(
            {
                **told,
                "when": staff_time(record.happened_at, now),
                "iso": record.happened_at.isoformat(),
                "day": full_time(record.happened_at),
                "who": who,
            }
        )
    items.reverse()  # of two lines of one moment the later written stands first
    items.sort(key=lambda item: item["iso"], reverse=True)
    return items


def _is_for(record: Record, actor: Actor, case: Case) -> bool:
    if record.origin == FILE:
        return False
    if actor.kind is not ActorKind.MERCHANT:
        return record.what not in MERCHANT_ONLY
    if record.origin == FACT and record.what in BEFORE_THE_MERCHANT:
        return True
    if case.dispatched_at is None or record.at < case.dispatched_at or record.what in OFFICERS_ONLY:
        return False
    return record.origin == FACT or record.organisation_id == actor.organisation_id


def _fact(record: Record, actor: Actor) -> dict[str, Any] | None:
    found = WORDS.get(record.what)
    if found is None or record.what in TOLD_OTHERWISE:
        return None
    icon, tone, words = found
    return {"title": words(_said_to(actor, record.detail)), "icon": icon, "tone": tone, "text": _caught_up(record)}


def _caught_up(record: Record) -> str:
    """Of a warning told on a later day than planned, after an outage: both moments."""
    if record.what != Topic.CASE_WARNED or "planned_at" not in record.detail:
        return ""
    planned = datetime.fromisoformat(str(record.detail["planned_at"]))
    if local_day(record.happened_at) <= local_day(planned):
        return ""
    return f"原定 {full_time(planned)} 提醒，{full_time(record.happened_at)} 补发"


def _said_to(actor: Actor, detail: Detail) -> Detail:
    """The detail as this reader may know it.

    Officers see the reference of the case on the other side of a parting, a merchant does not; who decided for whom
    inside a merchant is the merchant's own.
    """
    if actor.kind is not ActorKind.MERCHANT:
        detail = {name: value for name, value in detail.items() if name not in INSIDE_ONLY}
    other = detail.get("parted_to") or detail.get("parted_from")
    return {**detail, OFFICERS_WORD: other} if other and actor.kind is ActorKind.AUTHORITY else detail


def _note(record: Record, vault: Vault, key: DataKey) -> dict[str, Any]:
    text = mask_text(record.text(vault, key))
    if record.what == NoteKind.CONTACT:
        method = METHOD_NAMES[ContactMethod(record.detail["method"])]
        result = RESULT_NAMES[ContactResult(record.detail["result"])]
        return {"title": f"{method}沟通：{result}", "icon": "phone", "tone": "", "text": text}
    return {"title": NOTE_TITLES[NoteKind(record.what)], "icon": "edit", "tone": "", "text": text}
